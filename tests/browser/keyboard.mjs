// Each main task by keyboard alone, in English and in Arabic; the English ones on a phone too.

import assert from "node:assert/strict";
import { test } from "node:test";
import { close, enter, full, path, press, signedIn, tabTo, type, until, languages } from "./stoa.mjs";

const R = "/console/registries";
/** Language and width of each round. */
const rounds = [...languages.map((language) => [language, 1280]), ["en", 360], ...(full ? [["ar", 360]] : [])];
const submit = "main form button.first";
const link = (address) => `a[href='${address}']`;
/** Where there is no room the navigation is behind its menu. */
async function go(page, href) {
  const menu = await page.$("details.menu:not([open]) > summary");
  if (menu && (await menu.isVisible())) {
    await tabTo(page, "details.menu > summary");
    await page.keyboard.press("Enter");
  }
  await press(page, `nav ${link(href)}`);
}
const text = (page, selector = "main") => page.$eval(selector, (part) => part.textContent);

export function suite(stoa) {
  for (const [language, width] of rounds) {
    const code = `towns-${language}-${width}`;
    const at = (rest) => `${R}/${code}${rest}`;

    test(`design, publish, fill, search, change, delete in ${language} at ${width}`, { timeout: 300_000 }, async () => {
      const page = await signedIn(stoa, language, width);
      await go(page, R);
      await press(page, link(`${R}/new`));

      // Sent empty: the focus goes to the summary, and its first link leads to the field.
      await press(page, submit);
      assert.ok(await page.evaluate(() => document.activeElement.classList.contains("summary")), "the summary has the focus");
      await tabTo(page, ".summary a");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.id), "f-name");
      await page.keyboard.type("Towns");
      await type(page, "#f-code", code);
      await press(page, submit);
      assert.equal(path(page), at("/schema"));

      for (const [name, rule] of [["code", "#f-rules-3"], ["name", "#f-rules-5"], ["old", "#f-rules-5"]]) {
        await press(page, link(at("/schema/fields/new")));
        await type(page, "#f-name", name);
        await tabTo(page, "#f-rules-1");
        if (name !== "old") await page.keyboard.press("Space");
        await tabTo(page, rule);
        await page.keyboard.press("Space");
        await press(page, submit);
        assert.equal(path(page), at("/schema"));
      }

      // A field is changed, moved, and taken away; another type shows its own rules.
      await press(page, link(at("/schema/fields/2")));
      await type(page, "#f-description", "As it is spoken");
      await press(page, submit);
      await press(page, "form[action$='/fields/2/move'] button[value=up]");
      assert.equal(await text(page, "main tbody tr th a"), "name");
      await press(page, "form[action$='/fields/2/move'] button[value=down]");
      await tabTo(page, "tr:last-child details.confirm > summary");
      await page.keyboard.press("Enter");
      await press(page, "form[action$='/fields/3/remove'] button.danger");
      assert.equal((await page.$$("main tbody tr")).length, 2);
      await press(page, link(at("/schema/fields/new")));
      await tabTo(page, "#f-kind");
      await page.keyboard.press("ArrowDown");
      await press(page, "main form button[value=kind]");
      assert.equal(await page.$("#f-pattern"), null, "a whole number has no pattern");
      await press(page, "main form .buttons a");

      await press(page, link(at("/schema/publish")));
      await press(page, submit);
      assert.equal(path(page), at(""));
      await press(page, link(at("/schema/details")));
      await type(page, "#f-institution", "The land registry");
      await press(page, submit);
      assert.match(await text(page), /The land registry/);

      await press(page, link(at("/records/new")));
      await type(page, "#f-v1", "TL");
      await type(page, "#f-v2", "Tallinn");
      await page.keyboard.press("Enter");
      await page.waitForNavigation();
      const record = path(page);
      assert.match(record, new RegExp(`^${at("/records/")}[0-9a-f-]{36}$`), "Enter sends the form, and switches no language");

      await press(page, link(`${record}/edit`));
      await type(page, "#f-v2", " (Reval)");
      await press(page, submit);
      assert.match(await text(page), /Reval/);

      await press(page, `.crumbs ${link(at("/records"))}`);
      await type(page, "#f-search", "reval");
      await page.keyboard.press("Enter");
      await page.waitForNavigation();
      assert.equal((await page.$$("main tbody tr")).length, 1);
      await press(page, "main thead a");
      assert.equal(await page.$eval("main thead th", (head) => head.getAttribute("aria-sort")), "ascending");
      await press(page, "main tbody th a");

      // The question before the deletion opens by keyboard and closes with Escape.
      await tabTo(page, "details.confirm > summary");
      await page.keyboard.press("Enter");
      assert.ok(await page.$("details.confirm[open]"));
      await page.keyboard.press("Escape");
      assert.equal(await page.$("details.confirm[open]"), null);
      await page.keyboard.press("Enter");
      await type(page, "#f-reason", "entered twice");
      await press(page, "details.confirm button.danger");
      assert.equal(path(page), at("/records"));

      await go(page, R);
      await press(page, link(`${R}/population`));
      await press(page, link(`${R}/population/records`));
      await tabTo(page, "#f-purpose-1");
      await page.keyboard.press("ArrowDown");
      await press(page, submit);
      await press(page, "main tbody th a");
      assert.match(await text(page), /\d{11}/);
      await page.goto(stoa.address + at("/records"));

      await press(page, link(at("/changes")));
      assert.match(await text(page, "main tbody"), /Tallinn/);
      await press(page, link(at("/reads")));
      await press(page, link(at("")));
      await tabTo(page, "details.confirm > summary");
      await page.keyboard.press("Enter");
      await press(page, "details.confirm button.danger");
      assert.equal(path(page), R);
      await close(page);
    });

    test(`files in and out in ${language} at ${width}`, { timeout: 300_000 }, async () => {
      const page = await signedIn(stoa, language, width);
      const choose = async (name, content) => {
        await tabTo(page, "#f-file");
        // What follows on the key is the system's own dialog.
        await (await page.$("#f-file")).uploadFile(stoa.file(name, content));
        await press(page, submit);
      };
      const rows = Array.from({ length: 60 }, (_, nth) => `K${nth},Place ${nth}`).join("\n");
      await go(page, R);
      await press(page, link(`${R}/new-from-file`));
      await choose(`file-${language}-${width}.csv`, `code,name\n${rows}\n`);
      assert.match(path(page), /new-from-file\/[0-9a-f-]{36}$/);
      await press(page, submit);
      await until(page, ".notice.good");
      const code = path(page).split("/")[3];
      await press(page, link(`${R}/${code}/records`));
      await press(page, "a[rel=next]");
      await press(page, "a[rel=prev]");
      assert.match(await text(page, ".paging"), /60/);
      await press(page, `.crumbs ${link(`${R}/${code}`)}`);
      await press(page, link(`${R}/${code}/import`));
      await choose("more.csv", "code,name\nK0,Renamed\n");
      await press(page, "main form button[value=try]");
      await until(page, ".notice.good");
      await press(page, submit);
      await until(page, ".notice.good");
      await page.goto(`${stoa.address}${R}/${code}`);
      await press(page, link(`${R}/${code}/export`));
      await tabTo(page, "main form button");
      const [file] = await Promise.all([
        page.waitForResponse((response) => response.url().includes("/export/file")),
        page.keyboard.press("Enter"),
      ]);
      assert.match(file.headers()["content-disposition"], /attachment; filename="file-/);
      await close(page);
    });

    test(`keys, work, evidence, language and signing out in ${language} at ${width}`, { timeout: 300_000 }, async () => {
      const page = await signedIn(stoa, language, width);
      await go(page, "/console/keys");
      await press(page, link("/console/keys/new"));
      const name = `import ${language} ${width}`;
      await type(page, "#f-name", name);
      await tabTo(page, "#f-roles-2");
      await page.keyboard.press("Space");
      await press(page, submit);
      assert.match(await text(page, "main pre code"), /^stoa_/);
      await press(page, "main a.button");
      await tabTo(page, "main tbody details.confirm > summary");
      await page.keyboard.press("Enter");
      await press(page, "main tbody details.confirm[open] button.danger");
      assert.ok(await page.$(".notice.good"), "the key was revoked");

      await go(page, "/console/jobs");
      await tabTo(page, "#f-state");
      await page.keyboard.press("End");
      await press(page, "main form.filter button");
      assert.match(page.url(), /state=dead/);

      await go(page, "/console/audit");
      await type(page, "#f-action", "node.key.create");
      await tabTo(page, "#f-room");
      await page.keyboard.press("Home");
      await press(page, "main form.filter button");
      await press(page, "main tbody th a");
      assert.match(await text(page), /node\.key\.create/);
      await press(page, `.crumbs a[href^='/console/audit']`);
      await tabTo(page, link("/console/audit/checkpoint"));
      const [checkpoint] = await Promise.all([
        page.waitForResponse((response) => response.url().endsWith("/checkpoint")),
        page.keyboard.press("Enter"),
      ]);
      assert.match(checkpoint.headers()["content-disposition"], /attachment/);
      await press(page, link("/console/audit/verify"));
      await press(page, "main form button");
      await until(page, ".notice.good");

      // What was typed survives a switch of language.
      await page.goto(`${stoa.address}${R}/new`);
      await type(page, "#f-name", "Half done");
      const other = language === "en" ? "fr" : "en";
      await page.goto(`${stoa.address}${R}/new`);
      await type(page, "#f-name", "Half done");
      for (let back = 0; back < 60; back += 1) {
        await page.keyboard.down("Shift");
        await page.keyboard.press("Tab");
        await page.keyboard.up("Shift");
        if (await page.evaluate(() => document.activeElement.matches("details.pop > summary"))) break;
      }
      await tabTo(page, "details.pop:first-of-type > summary");
      await page.keyboard.press("Enter");
      await press(page, `.pop button[lang=${other}]`);
      assert.equal(await page.$eval("html", (html) => html.lang), other);
      assert.equal(await page.$eval("#f-name", (input) => input.value), "Half done");

      await tabTo(page, "details.pop:last-of-type > summary");
      await page.keyboard.press("Enter");
      await press(page, "form[action='/sign-out'] button");
      assert.equal(path(page), "/");
      await page.goto(`${stoa.address}/console`);
      assert.equal(path(page), "/sign-in");
      await close(page);
    });
  }

  test("the first Tab leads past the navigation", { timeout: 60_000 }, async () => {
    const page = await signedIn(stoa);
    await page.goto(`${stoa.address}${R}`);
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement.classList.contains("skip")));
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await close(page);
  });
}

/** Work that was given up is tried again or dropped, by keyboard. The states' suite has made some. */
export function work(stoa) {
  for (const [language, width] of rounds) {
    test(`work that was given up in ${language} at ${width}`, { timeout: 120_000 }, async () => {
      const page = await signedIn(stoa, language, width);
      await page.goto(`${stoa.address}/console/jobs?room=registries&state=dead`);
      const before = (await page.$$("input[name=pick]")).length;
      assert.ok(before > 0);
      await press(page, "form#acts button[value=retry]");
      assert.ok(await page.$(".notice.warning"), "nothing was marked");
      await tabTo(page, "input[name=pick]");
      await page.keyboard.press("Space");
      await tabTo(page, "form#acts details.confirm > summary");
      await page.keyboard.press("Enter");
      await press(page, "form#acts button[value=drop]");
      assert.ok(await page.$(".notice.good"));
      await close(page);
    });
  }
}
