// Each main task by keyboard alone, in English and in Arabic.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, full, languages, signedIn, start, tabTo } from "./stoa.mjs";

let stoa;
before(async () => { stoa = await start(); }, { timeout: 120_000 });
after(async () => { await stoa?.stop(); });

const type = async (page, selector, text) => {
  await tabTo(page, selector);
  await page.keyboard.type(text);
};
const path = (page) => new URL(page.url()).pathname;

for (const language of languages) {
  test(`design, publish, fill, search, change, delete in ${language}`, { timeout: 180_000 }, async () => {
    const page = await signedIn(stoa, language);
    const code = `towns-${language}`;
    await tabTo(page, "nav a[href='/console/registries']");
    await enter(page);
    await tabTo(page, "a[href='/console/registries/new']");
    await enter(page);

    // Sent empty: the focus goes to the summary, and its first link leads to the field.
    await tabTo(page, "main form button.first");
    await enter(page);
    assert.ok(await page.evaluate(() => document.activeElement.classList.contains("summary")), "the summary has the focus");
    await tabTo(page, ".summary a");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "f-name");
    await page.keyboard.type("Towns");
    await type(page, "#f-code", code);
    await tabTo(page, "main form button.first");
    await enter(page);
    assert.equal(path(page), `/console/registries/${code}/schema`);

    for (const [name, rule] of [["code", "#f-rules-3"], ["name", "#f-rules-5"]]) {
      await tabTo(page, `a[href='/console/registries/${code}/schema/fields/new']`);
      await enter(page);
      await type(page, "#f-name", name);
      await tabTo(page, "#f-rules-1");
      await page.keyboard.press("Space");
      await tabTo(page, rule);
      await page.keyboard.press("Space");
      await tabTo(page, "main form button.first");
      await enter(page);
      assert.equal(path(page), `/console/registries/${code}/schema`);
    }
    await tabTo(page, `a[href='/console/registries/${code}/schema/publish']`);
    await enter(page);
    await tabTo(page, "main form button.first");
    await enter(page);
    assert.equal(path(page), `/console/registries/${code}`);

    await tabTo(page, `a[href='/console/registries/${code}/records/new']`);
    await enter(page);
    await type(page, "#f-v1", "TL");
    await type(page, "#f-v2", "Tallinn");
    await tabTo(page, "main form button.first");
    await enter(page);
    const record = path(page);
    assert.match(record, new RegExp(`/console/registries/${code}/records/[0-9a-f-]{36}`));

    await tabTo(page, `a[href='${record}/edit']`);
    await enter(page);
    await tabTo(page, "#f-v2");
    await page.keyboard.type(" (Reval)");
    await tabTo(page, "main form button.first");
    await enter(page);
    assert.match(await page.$eval("main", (main) => main.textContent), /Reval/);

    await tabTo(page, `.crumbs a[href='/console/registries/${code}/records']`);
    await enter(page);
    await type(page, "#f-search", "reval");
    await page.keyboard.press("Enter");
    await page.waitForNavigation();
    assert.equal((await page.$$("main tbody tr")).length, 1);
    await tabTo(page, "main tbody th a");
    await enter(page);

    // The question before the deletion opens by keyboard and closes with Escape.
    await tabTo(page, "details.confirm > summary");
    await page.keyboard.press("Enter");
    assert.ok(await page.$("details.confirm[open]"));
    await page.keyboard.press("Escape");
    assert.equal(await page.$("details.confirm[open]"), null);
    await page.keyboard.press("Enter");
    await type(page, "#f-reason", "entered twice");
    await tabTo(page, "details.confirm button.danger");
    await enter(page);
    assert.equal(path(page), `/console/registries/${code}/records`);
    await page.browserContext().close();
  });

  test(`keys, evidence, language and signing out in ${language}`, { timeout: 120_000 }, async () => {
    const page = await signedIn(stoa, language);
    await tabTo(page, "nav a[href='/console/keys']");
    await enter(page);
    await tabTo(page, "a[href='/console/keys/new']");
    await enter(page);
    await type(page, "#f-name", "import");
    await tabTo(page, "#f-roles-2");
    await page.keyboard.press("Space");
    await tabTo(page, "main form button.first");
    await enter(page);
    assert.match(await page.$eval("main pre code", (code) => code.textContent), /^stoa_/);
    await tabTo(page, "nav a[href='/console/audit']");
    await enter(page);
    await type(page, "#f-action", "node.key.create");
    await tabTo(page, "#f-room");
    await page.keyboard.press("Home");
    await tabTo(page, "main form.filter button");
    await enter(page);
    await tabTo(page, "main a[href='/console/audit/verify']");
    await enter(page);
    assert.ok(await page.$(".notice.good"), "the evidence is whole");

    const other = language === "en" ? "fr" : "en";
    await tabTo(page, "details.pop > summary");
    await page.keyboard.press("Enter");
    await tabTo(page, `button[name=language][value=${other}]`);
    await enter(page);
    assert.equal(await page.$eval("html", (html) => html.lang), other);
    await tabTo(page, "details.pop:last-of-type > summary");
    await page.keyboard.press("Enter");
    await tabTo(page, "form[action='/console/sign-out'] button");
    await enter(page);
    assert.equal(path(page), "/");
    await page.goto(`${stoa.address}/console`);
    assert.equal(path(page), "/sign-in");
    await page.browserContext().close();
  });
}

test("the first Tab leads past the navigation", async () => {
  const page = await signedIn(stoa);
  await page.goto(`${stoa.address}/console/registries`);
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement.classList.contains("skip")));
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  if (full) await page.browserContext().close();
});
