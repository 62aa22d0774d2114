// The states that pages come into while people work: empty, refused, conflicting, waiting, opened, done.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { close, enter, faults, languages, path, serve, signedIn, tabTo, until, visitor, widths } from "./stoa.mjs";

const R = "/console/registries";
const sent = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

/** Looks at a page as it stands there, at all widths. What lies behind something that is open is not looked at. */
async function look(page, language, name, { behind = false } = {}) {
  const found = [];
  const overlapped = (fault) => behind && fault.includes("overlapped by another element");
  for (const width of widths) {
    await page.setViewport({ width, height: 2400 });
    const here = (await faults(page, language)).filter((fault) => !overlapped(fault));
    found.push(...here.map((fault) => `${name} at ${width}: ${fault}`));
  }
  await page.setViewport({ width: 1280, height: 800 });
  assert.deepEqual(found, []);
}

/** Before there is any data. */
export function ofAnEmptyNode(stoa) {
  for (const language of languages) {
    test(`an empty node in ${language}`, { timeout: 120_000 }, async () => {
      const anonymous = await visitor(stoa, language);
      await anonymous.goto(`${stoa.address}/sign-in`);
      await look(anonymous, language, "sign-in without a link");
      const link = stoa.run("link");
      await anonymous.goto(link);
      await look(anonymous, language, "sign-in with a link");
      await sent(anonymous, "main button");
      await close(anonymous);

      const late = await visitor(stoa, language);
      await late.goto(link);
      await sent(late, "main button");
      await look(late, language, "a link that was used");
      await close(late);

      const page = await signedIn(stoa, language);
      for (const path of ["/console", R, "/console/jobs", "/console/keys", "/console/audit", "/console/audit/verify"]) {
        await page.goto(stoa.address + path);
        await look(page, language, `empty ${path}`);
      }
      await close(page);
    });
  }
}

export function suite(stoa) {
  for (const language of languages) {
    const code = `states-${language}`;

    test(`a code by mail, and a wallet, in ${language}`, { timeout: 120_000 }, async () => {
      await stoa.identified;
      const name = `mail-${language}`;
      const person = await stoa.identity("/v1/people", {
        profile: { name: "Zuri Abasi", birthdate: "1991-02-03", email: `${name}@example.org` },
        identifiers: [{ kind: "username", value: name }], is_distinct: true,
      });
      const page = await visitor(stoa, language);
      await page.goto(person.activation_url);
      for (const field of ["#f-password", "#f-again"]) await page.type(field, stoa.password);
      await enter(page);
      await page.goto(`${stoa.address}/identity/me`);
      await sent(page, "a[href*='/sign-in/mail']");
      await look(page, language, "whom a code is sent to");
      await page.type("#f-name", name);
      await enter(page);
      await look(page, language, "a code that was sent");
      await page.type("#f-code", "wrong");
      await enter(page);
      await look(page, language, "a code that is wrong");
      const letter = await stoa.letterTo(`${name}@example.org`);
      await page.type("#f-code", letter.match(/\b\d{6}\b/)[0]);
      await enter(page);
      assert.equal(new URL(page.url()).pathname, "/identity/me");

      const maker = `maker-${language}`;
      const { client_secret: secret } = await stoa.identity("/v1/clients", {
        client_id: maker, client_name: "Wallet maker", grant_types: ["client_credentials"], redirect_uris: [],
      });
      const { publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
      const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
      const bound = await stoa.identity("/wallet-binding", { requestTime: new Date().toISOString(), request: {
        individualId: name, authFactorType: "WLA", format: "jwt", publicKey: { kty, crv, x, y },
        challengeList: [{ authFactorType: "PIN", challenge: stoa.password, format: "alpha-numeric" }],
      } }, { "partner-id": maker, "partner-api-key": secret });
      assert.deepEqual(bound.errors, []);
      await page.goto(`${stoa.address}/identity/me/security`);
      await look(page, language, "a person with a wallet");
      await sent(page, "form[action$='/wallet/remove'] button");
      await look(page, language, "a wallet that was removed");
      assert.equal(await page.$("form[action$='/wallet/remove']"), null);
      await close(page);
    });

    test(`refused, conflicting and opened in ${language}`, { timeout: 300_000 }, async () => {
      const page = await signedIn(stoa, language);
      await page.goto(`${stoa.address}${R}/new`);
      await sent(page, "main form button.first");
      await look(page, language, "a register without a name");
      await page.type("#f-name", "States");
      await page.type("#f-code", code);
      await sent(page, "main form button.first");
      await look(page, language, "a draft without fields");

      await page.goto(`${stoa.address}${R}/${code}/schema/fields/new`);
      await page.type("#f-min", "x");
      await page.type("#f-pattern", "(");
      await page.click("#f-rules-1");
      await page.click("#f-rules-4");
      await sent(page, "main form button.first");
      await look(page, language, "a field that is refused");
      await page.goto(`${stoa.address}${R}/${code}/schema/fields/new`);
      await page.select("#f-kind", "integer");
      await sent(page, "main form button[value=kind]");
      await look(page, language, "a field of another type");
      await page.goto(`${stoa.address}${R}/${code}/schema/fields/new`);
      await page.type("#f-name", "name");
      await page.click("#f-rules-1");
      await sent(page, "main form button.first");
      await page.goto(`${stoa.address}${R}/${code}`);
      await look(page, language, "a register that is a draft");
      await page.goto(`${stoa.address}${R}/${code}/schema/publish`);
      await look(page, language, "the first version");
      await sent(page, "main form button.first");
      await look(page, language, "a version that was just published");
      for (const name of ["records", "changes", "reads", "statistics"]) {
        await page.goto(`${stoa.address}${R}/${code}/${name}`);
        await look(page, language, `no ${name} yet`);
      }

      await page.goto(`${stoa.address}${R}/${code}/records/new`);
      await sent(page, "main form button.first");
      await look(page, language, "a record that is refused");
      await page.type("#f-v1", "Tallinn");
      await sent(page, "main form button.first");
      await look(page, language, "a record that was just made");
      const record = path(page);
      for (const opened of ["details.pop", "details.pop:last-of-type", "main details.confirm"]) {
        await page.click(`${opened} > summary`);
        await look(page, language, `${opened} opened`, { behind: true });
        await page.keyboard.press("Escape");
      }
      await page.goto(`${stoa.address}${record}/edit`);
      const other = await signedIn(stoa, language);
      await other.goto(`${stoa.address}${record}/edit`);
      await other.type("#f-v1", " (Reval)");
      await sent(other, "main form button.first");
      await close(other);
      await page.type("#f-v1", " (Lindanisa)");
      await sent(page, "main form button.first");
      assert.ok(await page.$("#f-v1-error"), "both changed one field");
      await look(page, language, "a record that two people changed");

      await page.goto(`${stoa.address}${R}/${code}/schema/fields/1`);
      await page.type("#f-name", "s");
      await sent(page, "main form button.first");
      await look(page, language, "a draft beside a version");
      await page.goto(`${stoa.address}${R}/${code}/schema/publish`);
      await look(page, language, "a version that breaks programs");
      await close(page);
    });

    test(`files in ${language}`, { timeout: 300_000 }, async () => {
      const page = await signedIn(stoa, language);
      const send = async (address, name, text) => {
        await page.goto(stoa.address + address);
        await (await page.$("#f-file")).uploadFile(stoa.file(name, text));
        await sent(page, "main form button.first");
      };
      await send(`${R}/new-from-file`, "broken.csv", "code,name\nTL,\"Tallinn\n");
      await look(page, language, "a file that is broken");
      await send(`${R}/new-from-file`, `files-${language}.csv`, "code,name,people\nTL,Tallinn,457572\nTR,=1+1,97435\n");
      await look(page, language, "a file that was recognised");
      await sent(page, "main form button.first");
      await look(page, language, "formulas that nobody wanted");
      await page.click("#f-formulas");
      await sent(page, "main form button.first");
      await until(page, ".notice.good");
      await look(page, language, "a file that became a register");
      const rows = Array.from({ length: 3000 }, (_, nth) => `X${nth},Town ${nth},${nth % 100 === 0 ? "many" : nth}`);
      await send(`${R}/files-${language}/import`, "more.csv", `code,name,people\n${rows.join("\n")}\n`);
      await look(page, language, "a file that waits for an answer");
      await sent(page, "main form button.first");
      assert.ok(await page.$("progress"), "the progress is shown");
      await look(page, language, "a file that is being read");
      await until(page, ".notice.warning");
      await look(page, language, "a file with refused rows");
      await close(page);
    });

    test(`keys, work and evidence in ${language}`, { timeout: 300_000 }, async () => {
      const page = await signedIn(stoa, language);
      await page.goto(`${stoa.address}/console/keys/new`);
      await page.type("#f-days", "x");
      await sent(page, "main form button.first");
      await look(page, language, "a key that is refused");
      await page.goto(`${stoa.address}/console/keys/new`);
      await page.type("#f-name", `import ${language}`);
      await page.click("#f-roles-6");
      await sent(page, "main form button.first");
      await look(page, language, "a key that was just made");
      const key = await page.$eval("main pre code", (code) => code.textContent);
      await page.goto(`${stoa.address}/console/keys`);
      await page.click("main details.confirm > summary");
      await look(page, language, "the question before a key is revoked");

      const auditor = await visitor(stoa, language);
      await auditor.setExtraHTTPHeaders({ "accept-language": language, authorization: `Bearer ${key}` });
      await auditor.goto(`${stoa.address}/console/keys`);
      await look(auditor, language, "a page that one may not see");
      await close(auditor);

      await giveUp(stoa);
      await page.goto(`${stoa.address}/console/jobs?room=registries`);
      assert.ok(await page.$("input[name=pick]"), "there is a dead letter");
      await page.click("form#acts details.confirm > summary");
      await look(page, language, "work that was given up");
      await page.goto(`${stoa.address}/console`);
      await look(page, language, "the console when work was given up");

      await page.goto(`${stoa.address}/console/audit?from=x`);
      await look(page, language, "a search by a day that is none");
      await page.goto(`${stoa.address}/console/audit/verify`);
      await sent(page, "main form button");
      await look(page, language, "a verification under way");
      await until(page, ".notice.good");
      await look(page, language, "a verification that is done");

      const records = `${R}/population/records`;
      await page.goto(stoa.address + records);
      assert.equal(path(page), `${R}/population/purpose`);
      await sent(page, "main form button.first");
      await look(page, language, "a purpose that nobody stated");
      await page.click("#f-purpose-2");
      await sent(page, "main form button.first");
      await look(page, language, "personal data with its purpose");
      await page.deleteCookie(...(await page.cookies()).filter((cookie) => cookie.name === "stoa_session"));
      await page.goto(`${stoa.address}${records}`);
      assert.equal(path(page), "/sign-in");
      await close(page);
    });
  }

  test("the profile for conformance suites says what it is", { timeout: 120_000 }, async () => {
    const server = await serve("--profile", "govstack", "--only", "registries");
    try {
      const page = await visitor({ ...server, browser: stoa.browser, foreign: stoa.foreign });
      await page.goto(`${server.address}/docs`);
      assert.ok(await page.$(".banner"));
      await look(page, "en", "profile govstack");
      await close(page);
    } finally {
      await server.stop();
    }
  });

  test("a session that ended says so, and leads back", { timeout: 60_000 }, async () => {
    const page = await signedIn(stoa);
    await page.goto(`${stoa.address}${R}/new`);
    await page.type("#f-name", "Lost");
    await page.deleteCookie(...(await page.cookies()).filter((cookie) => cookie.name === "stoa_session"));
    await tabTo(page, "main form button.first");
    await enter(page);
    assert.equal(path(page), "/sign-in");
    await look(page, "en", "a session that ended");
    assert.equal(await page.$eval("input[name=back]:not([form])", (input) => input.form.action && input.value), "/sign-in?back=%2Fconsole%2Fregistries%2Fnew&ended=yes");
    assert.equal(await page.$eval("main input[name=back]", (input) => input.value), `${R}/new`);
    await close(page);
  });
}

/** Jobs that have failed for good. By itself that takes hours; the rows are made by hand. */
async function giveUp(stoa) {
  const script = `
import sqlite3, sys, uuid
with sqlite3.connect(sys.argv[1], timeout=30) as db:
    for nth in range(3):
        db.execute("INSERT INTO stoa_job (id, kind, key, payload, state, run_at, attempts, again, last_error, created_at, updated_at) "
                   "VALUES (?, 'test.work', ?, 'null', 'dead', 0, 12, 0, 'the receiver is away', 0, 0)", (uuid.uuid4().bytes, str(uuid.uuid4())))
`;
  const done = spawnSync("python3", ["-c", script, join(stoa.data, "registries.db")], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
}
