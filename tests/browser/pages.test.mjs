// Every page: no violation that axe-core knows, nothing wider than the screen, under 60 kB with everything, nothing
// from another host, and the same without scripts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { colours, languages, signedIn, start, violations, widths } from "./stoa.mjs";

const BYTES_MAX = 60_000;

let stoa;
before(async () => { stoa = await start(); }, { timeout: 120_000 });
after(async () => { await stoa?.stop(); });

async function paths(page) {
  const at = async (path, selector) => {
    await page.goto(stoa.address + path);
    return page.$eval(selector, (link) => new URL(link.href).pathname);
  };
  const country = await at("/console/registries/countries/records?search=Kenya", "main tbody th a");
  const person = await at("/console/registries/population/records", "main tbody th a");
  const record = await at("/console/audit", "main tbody th a");
  const field = await at("/console/registries/countries/schema", "main tbody th a");
  return [
    "/", "/sign-in", "/docs", "/docs/registries", "/docs/registries/create_record",
    "/docs/registries/schemas/DraftBody", "/problems", "/problems/web.forbidden", "/no/such/page",
    "/console", "/console/jobs", "/console/audit", "/console/audit/verify", record, "/console/keys", "/console/keys/new",
    "/console/system", "/console/registries", "/console/registries/new", "/console/registries/countries",
    "/console/registries/countries/records", "/console/registries/countries/records?search=Kenya&sort=-name",
    "/console/registries/countries/records/new", country, `${country}/edit`, "/console/registries/subdivisions/records",
    person, "/console/registries/population/records/new", "/console/registries/countries/schema", field,
    "/console/registries/countries/schema/fields/new", "/console/registries/countries/schema/details",
    "/console/registries/countries/schema/publish", "/console/registries/countries/changes",
    "/console/registries/countries/import", "/console/registries/countries/export", "/console/registries/new-from-file",
    "/console/registries/population/reads", "/console/registries/population/statistics",
  ];
}

test("a page with a fault is found out", async () => {
  const page = await stoa.browser.newPage();
  await page.setContent("<html><body><img src='data:,'><input></body></html>");
  const found = (await violations(page)).join();
  assert.match(found, /image-alt/);
  assert.match(found, /label/);
  await page.close();
});

for (const language of languages) {
  test(`every page in ${language}`, { timeout: 600_000 }, async () => {
    const page = await signedIn(stoa, language);
    const faults = [];
    for (const path of await paths(page)) {
      for (const width of widths) {
        for (const colour of colours) {
          await page.setViewport({ width, height: 800 });
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: colour }]);
          await page.goto(stoa.address + path);
          const here = `${path} at ${width} in ${colour}`;
          const look = await page.evaluate(() => ({
            language: document.documentElement.lang,
            wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            headings: document.querySelectorAll("h1").length,
          }));
          if (look.language !== language) faults.push(`${here}: the page says it is ${look.language}`);
          if (look.wide > 0) faults.push(`${here}: ${look.wide} px wider than the screen`);
          if (look.headings !== 1) faults.push(`${here}: ${look.headings} first headings`);
          faults.push(...(await violations(page)).map((violation) => `${here}: ${violation}`));
        }
      }
    }
    assert.deepEqual(faults, []);
    await page.browserContext().close();
  });
}

test("every page weighs little with everything", { timeout: 120_000 }, async () => {
  const page = await signedIn(stoa);
  await page.setCacheEnabled(false);
  const heavy = [];
  for (const path of await paths(page)) {
    let bytes = 0;
    const count = async (response) => { bytes += (await response.buffer().catch(() => Buffer.alloc(0))).length; };
    page.on("response", count);
    await page.goto(stoa.address + path, { waitUntil: "networkidle0" });
    page.off("response", count);
    if (bytes > BYTES_MAX) heavy.push(`${path}: ${bytes} bytes`);
  }
  assert.deepEqual(heavy, []);
});

test("pages work without scripts", { timeout: 120_000 }, async () => {
  const page = await signedIn(stoa);
  await page.setJavaScriptEnabled(false);
  await page.setViewport({ width: 1280, height: 800 });
  await page.goto(`${stoa.address}/console`);
  const link = await page.$("nav a[href='/console/registries']");
  assert.ok(await link.isVisible(), "the navigation is open where there is room");
  await Promise.all([page.waitForNavigation(), link.click()]);
  await page.setViewport({ width: 360, height: 800 });
  await page.goto(`${stoa.address}/console/registries/countries/records`);
  await page.type("#f-search", "ألمانيا");
  await Promise.all([page.waitForNavigation(), page.click("main form.filter button")]);
  assert.match(await page.$eval("main tbody", (rows) => rows.textContent), /Germany/);
  await page.click("details.menu > summary");
  assert.ok(await (await page.$("nav a[href='/console/registries']")).isVisible(), "the menu opens");
});
