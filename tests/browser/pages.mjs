// Every page: no violation that axe-core knows, nothing that it cannot decide, nothing wider than the screen, under 60 kB
// with everything.

import assert from "node:assert/strict";
import { test } from "node:test";
import { close, colours, faults, languages, signedIn, violations, visitor, widths } from "./stoa.mjs";

const BYTES_MAX = 60_000;
const R = "/console/registries";
const M = "/monitor/page";

async function paths(stoa, page) {
  const at = async (path, selector) => {
    await page.goto(stoa.address + path);
    return page.$eval(selector, (link) => new URL(link.href).pathname);
  };
  await page.goto(`${stoa.address}${R}/population/records`);
  await page.click("#f-purpose-1");
  await Promise.all([page.waitForNavigation(), page.click("main form button.first")]);
  const country = await at(`${R}/countries/records?search=Kenya`, "main tbody th a");
  const person = await at(`${R}/population/records`, "main tbody th a");
  const record = await at("/console/audit", "main tbody th a");
  const field = await at(`${R}/countries/schema`, "main tbody th a");
  await stoa.monitored;
  await stoa.identified;
  await page.goto(`${stoa.address}/identity/me`);
  await page.type("#f-name", "amina");
  await page.type("#f-password", stoa.password);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  const asked = new URLSearchParams({
    client_id: "pension", redirect_uri: "http://127.0.0.1:8/callback", response_type: "code", scope: "openid profile email",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  });
  const C = "/console/identity";
  const scope = "scs-compatible-iaas";
  return [
    `${M}/table`, `${M}/table?state=fail`, `${M}/detail/cloud-1/${scope}`, `${M}/detail/cloud-2/${scope}`,
    `${M}/history/cloud-1/${scope}`, `${M}/scope/${scope}`, `${M}/report/${stoa.reports["cloud-2"]}`, `${M}/changes`, `${M}/certificates`, `${M}/certificate/${stoa.certificate}`,
    `${M}/subject/cloud-2`, `${M}/version/scs-compatible-iaas/v5.1`, `${M}/standard/scs-compatible-iaas/scs-0100-v3.1`,
    `${M}/test-case/scs-compatible-iaas/scs-0100-syntax-check`, `${M}/table?version=v5.1`,
    `${M}/subscribe`, `${M}/methodology`, "/console/monitor", "/console/monitor/accounts/new",
    "/console/monitor/accounts/cloud-1", "/console/monitor/listings", "/console/monitor/listings/cloud-1",
    "/console/monitor/scopes", "/console/monitor/certificates", "/console/monitor/certificates/issue",
    `/console/monitor/certificates/${stoa.certificate}`, "/console/monitor/decisions", "/console/monitor/decisions/waive",
    "/console/monitor/decisions/record",
    "/identity/me", "/identity/me/security", "/identity/me/services", "/identity/me/history", "/identity/me/password",
    `/identity/authorize?${asked}`, `/identity/authorize?${asked}&prompt=login`, `/identity/authorize?${asked}&prompt=select_account`,
    "/identity/authorize?client_id=nobody", "/identity/logout", "/identity/forgot", "/identity/activate?code=none",
    `${C}/clients`, `${C}/clients/new`, `${C}/clients/pension`, `${C}/clients/pension/edit`,
    `${C}/people`, `${C}/people/new`, `${C}/people/${stoa.person}`, `${C}/people/${stoa.person}/edit`,
    "/", "/docs", "/docs/registries", "/problems", "/problems/web.forbidden", "/no/such/page",
    "/console", "/console/jobs", "/console/audit", "/console/audit?room=node", "/console/audit/verify", record,
    "/console/keys", "/console/keys/new", "/console/system", R, `${R}/new`,
    `${R}/countries`, `${R}/population`, `${R}/subdivisions`, `${R}/languages`,
    `${R}/countries/records`, `${R}/countries/records?search=Kenya&sort=-name`, `${R}/countries/records?page=3`,
    `${R}/countries/records/new`, country, `${country}/edit`, `${R}/subdivisions/records`, `${R}/languages/records`,
    `${R}/population/purpose`, `${R}/population/records`, person, `${person}/edit`, `${R}/population/records/new`,
    `${R}/countries/schema`, `${R}/population/schema`, field, `${R}/countries/schema/fields/new`,
    `${R}/countries/schema/preview`, `${R}/population/schema/preview`, `${R}/countries/schema/details`,
    `${R}/countries/schema/publish`, `${R}/countries/changes`, `${R}/population/changes`, `${R}/subdivisions/changes`,
    `${R}/languages/changes`, `${R}/countries/reads`, `${R}/population/reads`, `${R}/population/statistics`,
    `${R}/countries/statistics`, `${R}/countries/import`, `${R}/countries/export`, `${R}/new-from-file`,
  ];
}

export function suite(stoa) {
  test("a page with a fault is found out", async () => {
    const page = await visitor(stoa);
    await page.setContent("<html><body><img src='data:,'><input></body></html>");
    const found = (await violations(page)).join();
    assert.match(found, /image-alt/);
    assert.match(found, /label/);
    await close(page);
  });

  // Both languages at once: a browser that waits for the server and a server that waits for the browser.
  test("every page", { concurrency: 2, timeout: 1_800_000 }, (all) => Promise.all(languages.map((language) =>
    all.test(`in ${language}`, async () => {
      const page = await signedIn(stoa, language);
      const found = [];
      for (const path of await paths(stoa, page)) {
        for (const width of widths) {
          // As high as most pages: what axe-core does not see it cannot decide.
          await page.setViewport({ width, height: 2400 });
          for (const colour of colours(language, width)) {
            await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: colour }]);
            await page.goto(stoa.address + path);
            found.push(...(await faults(page, language)).map((fault) => `${path} at ${width} in ${colour}: ${fault}`));
          }
        }
      }
      assert.deepEqual(found, []);
      await close(page);
    }))));

  for (const language of ["en", "ar"]) {
    test(`every page weighs little with everything in ${language}`, { timeout: 300_000 }, async () => {
      const page = await signedIn(stoa, language);
      const all = await paths(stoa, page);
      await page.setCacheEnabled(false);
      // The browser asks for the icon when it likes: it is weighed once, and counts for every page.
      const icon = await page.$eval("link[rel~=icon]", async (link) => (await (await fetch(link.href)).arrayBuffer()).byteLength);
      assert.ok(icon > 0, "there is an icon");
      const heavy = [];
      for (const path of all) {
        await page.goto(stoa.address + path, { waitUntil: "load" });
        const sizes = await page.evaluate(() => ["navigation", "resource"]
          .flatMap((kind) => performance.getEntriesByType(kind)).map((entry) => entry.decodedBodySize));
        assert.ok(sizes.length >= 3 && sizes.every((size) => size > 0), `${path} loads its style and script: ${sizes}`);
        const bytes = sizes.reduce((sum, size) => sum + size, icon);
        if (bytes > BYTES_MAX) heavy.push(`${path}: ${bytes} bytes`);
      }
      assert.deepEqual(heavy, []);
      await close(page);
    });
  }
}
