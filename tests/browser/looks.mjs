// What surrounds the pages: menus on a phone, print, zoom, high contrast, and a browser without scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { close, faults, signedIn, visitor } from "./stoa.mjs";

const R = "/console/registries";
const sent = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

export function suite(stoa) {
  for (const language of ["en", "ar"]) {
    test(`menus open on the screen of a phone in ${language}`, { timeout: 60_000 }, async () => {
      const page = await signedIn(stoa, language, 360);
      for (const width of [320, 360]) {
        await page.setViewport({ width, height: 800 });
        await page.goto(`${stoa.address}/console`);
        assert.ok((await page.$eval(".top", (top) => top.getBoundingClientRect().height)) < 80, "the header is one row");
        const menus = await page.$$("details.pop");
        assert.equal(menus.length, 2);
        for (const menu of menus) {
          await (await menu.$("summary")).click();
          const box = await menu.$eval("form", (form) => form.getBoundingClientRect().toJSON());
          assert.ok(box.left >= 0 && box.right <= width, `${width}: from ${box.left} to ${box.right}`);
          await page.keyboard.press("Escape");
        }
      }
      await close(page);
    });
  }

  test("a page is printed dark on light, whatever the colours of the screen", { timeout: 60_000 }, async () => {
    const page = await signedIn(stoa);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    for (const path of [`${R}/population/statistics`, `${R}/countries/records`, "/console/audit/verify"]) {
      await page.goto(stoa.address + path);
      await page.emulateMediaType("print");
      const found = (await faults(page, "en")).filter((fault) => fault.includes("color-contrast"));
      assert.deepEqual(found, [], path);
      const dark = await page.evaluate(() => {
        const light = (colour) => { const [r, g, b] = colour.match(/[\d.]+/g).map(Number); return r + g + b > 380; };
        return [...document.querySelectorAll("body, main *")]
          // The marks of a chart's series are ink, not paper.
          .filter((part) => part.checkVisibility() && !/\bs\d\b/.test(part.getAttribute("class") ?? ""))
          .map((part) => [part.outerHTML.slice(0, 80), getComputedStyle(part)])
          .filter(([, style]) => style.backgroundColor !== "rgba(0, 0, 0, 0)" && !light(style.backgroundColor))
          .map(([name, style]) => `${name}: ${style.backgroundColor}`);
      });
      assert.deepEqual(dark, [], path);
      assert.equal(await page.$eval(".top", (top) => getComputedStyle(top).display), "none");
      await page.emulateMediaType(null);
    }
    await close(page);
  });

  test("at 400 % nothing is wider than the screen", { timeout: 120_000 }, async () => {
    const page = await signedIn(stoa);
    await page.setViewport({ width: 320, height: 256, deviceScaleFactor: 4 });
    for (const path of ["/", "/console", "/console/audit", "/console/system", `${R}/countries/records`, `${R}/population/schema`,
      `${R}/countries/changes`, `${R}/population/records/new`, `${R}/countries/schema/fields/1`, "/problems"]) {
      await page.goto(stoa.address + path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${path}: ${wide} px wider than the screen`);
    }
    await close(page);
  });

  test("with forced colours every control keeps an edge", { timeout: 60_000 }, async () => {
    const page = await signedIn(stoa);
    const client = await page.createCDPSession();
    await client.send("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
    await page.goto(`${stoa.address}${R}/countries/records`);
    const bare = await page.$$eval("main button, main .button, main input, main select", (parts) =>
      parts.filter((part) => part.checkVisibility() && parseFloat(getComputedStyle(part).borderTopWidth) === 0).map((part) => part.outerHTML));
    assert.deepEqual(bare, []);
    await close(page);
  });

  test("pages work without scripts", { timeout: 120_000 }, async () => {
    const page = await visitor(stoa);
    await page.setJavaScriptEnabled(false);
    await page.goto(stoa.run("link"));
    await sent(page, "main button");
    const entry = await page.$(`nav a[href='${R}']`);
    assert.ok(await entry.isVisible(), "the navigation is open where there is room");
    await Promise.all([page.waitForNavigation(), entry.click()]);
    await page.setViewport({ width: 360, height: 800 });
    await page.goto(`${stoa.address}${R}/countries/records`);
    await page.type("#f-search", "ألمانيا");
    await sent(page, "main form.filter button");
    assert.match(await page.$eval("main tbody", (rows) => rows.textContent), /Germany/);
    await page.click("details.menu > summary");
    assert.ok(await (await page.$(`nav a[href='${R}']`)).isVisible(), "the menu opens");

    // A form is refused, kept in another language, and taken; a question is asked and answered; a file is read.
    await page.goto(`${stoa.address}${R}/new`);
    await page.type("#f-code", "no-script");
    await sent(page, "main form button.first");
    assert.ok(await page.$(".summary a[href='#f-name']"));
    await page.click("details.pop > summary");
    await sent(page, ".pop button[lang=ar]");
    assert.equal(await page.$eval("#f-code", (input) => input.value), "no-script");
    await page.type("#f-name", "Without");
    await sent(page, "main form button.first");
    await page.goto(`${stoa.address}${R}/no-script`);
    await page.click("details.confirm > summary");
    await sent(page, "details.confirm button.danger");
    assert.equal(new URL(page.url()).pathname, R);
    await page.goto(`${stoa.address}${R}/new-from-file`);
    await (await page.$("#f-file")).uploadFile(stoa.file("without.csv", "code,name\nA,B\n"));
    await sent(page, "main form button.first");
    await sent(page, "main form button.first");
    for (let wait = 0; wait < 100 && (await page.$("progress")); wait += 1) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await page.reload();
    }
    assert.ok(await page.$(".notice.good"), "the file was read");
    await close(page);
  });
}
