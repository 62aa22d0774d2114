// The real binary with real data, and a real browser: what every suite here works with.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const root = join(import.meta.dirname, "../..");
const binary = join(root, "target/debug/stoa");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export const full = process.env.STOA_BROWSER_FULL === "1";
export const languages = full ? ["en", "fr", "ar", "sw"] : ["en", "ar"];
export const widths = full ? [360, 768, 1280] : [360, 1280];
/** Looked at in both lights: everything in the full matrix, else the English pages on a large screen. */
export const colours = (language, width) =>
  full || (language === "en" && width === 1280) ? ["light", "dark"] : ["light"];

const START_TIME = 60_000;

/** A mail server that takes every letter (RFC 5321, as far as it goes without extensions) and keeps them. */
async function letterBox() {
  const letters = [];
  const server = createServer((socket) => {
    let [rest, letter] = ["", null];
    const say = (line) => socket.write(`${line}\r\n`);
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      const lines = (rest + piece).split("\r\n");
      rest = lines.pop();
      for (const line of lines) {
        if (letter !== null) {
          if (line !== ".") { letter += `${line}\n`; continue; }
          letters.push(letter);
          letter = null;
          say("250 kept");
        } else if (/^DATA/i.test(line)) { letter = ""; say("354 go on"); }
        else if (/^QUIT/i.test(line)) { say("221 bye"); socket.end(); }
        else say("250 yes");
      }
    });
    say("220 ready");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const to = async (address) => {
    const last = Date.now() + START_TIME;
    for (;;) {
      const found = letters.find((letter) => letter.includes(`To: ${address}`));
      if (found) {
        const [head, body] = [found.slice(0, found.indexOf("\n\n")), found.slice(found.indexOf("\n\n"))];
        return /^Content-Transfer-Encoding: base64$/im.test(head) ? Buffer.from(body, "base64").toString() : body;
      }
      if (Date.now() > last) throw new Error(`no letter to ${address} came`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  return { to, url: `smtp://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

/** A server on an empty folder. Whatever goes wrong on the way, nothing of it stays behind. */
async function serve(...options) {
  return serveWith({}, ...options);
}

async function serveWith(settings, ...options) {
  const folder = mkdtempSync(join(tmpdir(), "stoa-browser-"));
  const data = join(folder, "data");
  const server = spawn(binary, ["up", "--listen", "127.0.0.1:0", "--data", data, ...options], {
    stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...settings },
  });
  const ended = new Promise((resolve) => server.once("close", resolve));
  const kill = () => { server.kill("SIGKILL"); };
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    server.kill("SIGTERM");
    const late = setTimeout(kill, 5_000);
    await ended;
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const said = await within(START_TIME, "the server did not start", new Promise((resolve, reject) => {
      let text = "";
      server.stdout.on("data", (piece) => {
        text += piece;
        if (text.includes("Stop with") || text.includes("stop: Ctrl-C")) resolve(text);
      });
      server.once("error", reject);
      server.once("close", (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
    }));
    return { address: said.match(/http:\/\/[\d.:]+/)[0], data, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Two subjects of the compliance monitor, each with a signed report: one passes, of the other one test case fails. */
async function report(stoa) {
  const key = stoa.run("key", "create", "--name", "browser", "--role", "admin").match(/stoa_[\w-]+/)[0];
  const file = join(stoa.folder, "report-key");
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  const call = async (method, path, body, headers) => {
    const answer = await fetch(`${stoa.address}/monitor${path}`, {
      method, body, headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const { scope } = await call("GET", "/v1/scopes/scs-compatible-iaas");
  const cases = scope.versions.find((version) => version.name === "v5.1").targets.main;
  const publicKey = readFileSync(`${file}.pub`, "utf8").trim();
  stoa.reports = {};
  for (const [subject, failing] of [["cloud-1", []], ["cloud-2", [cases[3]]]]) {
    const keys = [{ name: "primary", publicKey }];
    await call("POST", "/v1/accounts", JSON.stringify({ subject, keys }));
    await call("PUT", "/v1/listings", JSON.stringify({ name: subject, title: `Cloud ${subject}`, operator: "One Ltd." }));
    const { secret } = await call("POST", `/v1/accounts/${subject}/secrets`);
    const [id, run] = [crypto.randomUUID(), crypto.randomUUID()];
    const now = new Date().toISOString().slice(0, 19).replace("T", " ");
    const text = JSON.stringify({
      spec: { uuid: scope.uuid, name: scope.name, url: scope.url }, checked_at: now, reference_date: now.slice(0, 10), subject,
      run: {
        uuid: id, argv: [], assignment: {}, sections: null, forced_version: null, forced_tests: null,
        invocations: { [run]: {
          id: run, cmd: "check", results: Object.fromEntries(cases.map((name) => [name, failing.includes(name) ? -1 : 1])),
          rc: 0, stdout: cases.map((name) => `${name}: ${failing.includes(name) ? "FAIL" : "PASS"}`),
          stderr: failing.map((name) => `ERROR: ${name}: image <b>Debian</b>: has no such property`),
          info: 0, warning: 0, error: failing.length, critical: 0,
        } },
      },
    });
    const body = stoa.file(`${subject}.json`, text);
    spawnSync("ssh-keygen", ["-q", "-Y", "sign", "-f", file, "-n", "report", body]);
    await call("POST", "/reports", `${readFileSync(`${body}.sig`, "utf8").trim()}\n&${text}`, {
      authorization: `Basic ${Buffer.from(`${subject}:${secret}`).toString("base64")}`,
      "content-type": "application/x-signed-json",
    });
    stoa.reports[subject] = id;
  }
  const wish = { subject: "cloud-1", scope: "scs-compatible-iaas", version: "v5.1", holder: "One Ltd." };
  stoa.certificate = (await call("POST", "/v1/certificates", JSON.stringify(wish))).number;
}

/** A service, and a person with a password who can sign in to it. */
async function identify(stoa) {
  const key = stoa.run("key", "create", "--name", "identity", "--role", "admin").match(/stoa_[\w-]+/)[0];
  const call = async (path, body, headers = {}) => {
    const answer = await fetch(`${stoa.address}/identity${path}`, {
      method: "POST", body: JSON.stringify(body),
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  stoa.identity = call;
  await call("/v1/clients", {
    client_id: "pension", client_name: "Pension service", redirect_uris: ["http://127.0.0.1:8/callback"],
    scope: "openid profile email", purpose: "To pay your pension to the right account.",
  });
  const person = await call("/v1/people", {
    profile: { name: "Amina Juma", birthdate: "1990-04-21", email: "amina@example.org" },
    identifiers: [{ kind: "username", value: "amina" }],
  });
  const page = await stoa.browser.newPage();
  await page.goto(person.activation_url);
  for (const field of ["#f-password", "#f-again"]) await page.type(field, stoa.password);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await page.close();
  stoa.person = person.id;
}

function within(time, what, promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what} within ${time} ms`)), time); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Starts one server for all suites, with made-up people and the registers of `iso-codes`, and a browser. The import goes
 * on beside the first suites; `imported` says when countries and subdivisions are there.
 */
export async function start(stoa) {
  const box = await letterBox();
  const server = await serveWith({ STOA_MAIL__SMTP_URL: box.url, STOA_MAIL__FROM: "identity@example.org" });
  let importing;
  let browser;
  const stop = async () => {
    await browser?.close();
    importing?.kill("SIGKILL");
    await server.stop();
    box.stop();
  };
  try {
    const run = (...args) => {
      const done = spawnSync(binary, [...args, "--data", server.data], { encoding: "utf8", timeout: START_TIME });
      if (done.status !== 0) throw new Error(`stoa ${args.join(" ")}: ${done.stderr}`);
      return done.stdout.trim();
    };
    browser = await puppeteer.launch({
      executablePath: chromium,
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    });
    // The same object for all: what is added to it later is seen by every suite.
    Object.assign(stoa, { ...server, browser, run, stop, letterTo: box.to, foreign: [] });
    stoa.file = (name, text) => {
      const path = join(server.folder, name);
      writeFileSync(path, text);
      return path;
    };
    stoa.begin = () => {
      stoa.monitored = report(stoa);
      stoa.monitored.catch(() => {});
      stoa.password = "correct horse battery staple";
      stoa.identified = identify(stoa);
      stoa.identified.catch(() => {});
      run("sample", "people", "--count", "60", "--seed", "3");
      importing = spawn(binary, ["registry", "import", "iso-codes", "--yes", "--data", server.data], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      stoa.imported = within(240_000, "iso-codes were not imported", new Promise((resolve, reject) => {
        let text = "";
        importing.stdout.on("data", (piece) => {
          text += piece;
          if (text.includes("subdivisions: ")) resolve();
        });
        importing.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`the import ended with ${code}`))));
      }));
      // Whoever waits for it hears of a failure; nobody waiting yet is no reason to end the process.
      stoa.imported.catch(() => {});
    };
    return stoa;
  } catch (error) {
    await stop();
    throw error;
  }
}

export { serve };

/** A new window that nobody is signed in to. What it asks of other hosts is collected, to be looked at in the end. */
export async function visitor(stoa, language = "en", width = 1280) {
  const context = await stoa.browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width, height: 800 });
  await page.setExtraHTTPHeaders({ "accept-language": language });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${stoa.address}/`) && !url.startsWith("data:")) stoa.foreign.push(url);
  });
  return page;
}

/** A page of somebody signed in as administrator, in a language. Signing in is itself done by keyboard. */
export async function signedIn(stoa, language = "en", width = 1280) {
  const page = await visitor(stoa, language, width);
  await page.goto(stoa.run("link"));
  await tabTo(page, "main button");
  await enter(page);
  return page;
}

export const close = (page) => page.browserContext().close();

/**
 * Presses Tab until the element has the focus, and makes sure that the focus can be seen: with an outline, on the screen,
 * clipped away by nothing. Every stop on the way is looked at too.
 */
export async function tabTo(page, selector, most = 300) {
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(focused, selector);
    if (stop.fault) throw new Error(`on the way to ${selector}: the focus on ${stop.name} ${stop.fault}`);
    if (stop.found) return;
  }
  throw new Error(`${selector} cannot be reached by Tab`);
}

/** What has the focus, whether it is the one that is looked for, and why it cannot be seen. Runs in the page. */
function focused(selector) {
  const active = document.activeElement;
  if (!active || active === document.body) return {};
  const name = active.id ? `#${active.id}` : active.outerHTML.slice(0, 120);
  const style = getComputedStyle(active);
  const box = active.getBoundingClientRect();
  let fault;
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) === 0) fault = "has no outline";
  if (box.width < 2 || box.height < 2) fault = "is too small to be seen";
  if (box.right < 1 || box.left > innerWidth - 1 || box.bottom < 1 || box.top > innerHeight - 1) fault = "is off the screen";
  for (let at = active; at && at !== document.documentElement; at = at.parentElement) {
    const own = getComputedStyle(at);
    if (own.visibility === "hidden" || own.opacity === "0") fault = "is hidden";
    if (own.clipPath.startsWith("inset(50%")) fault = "is clipped away";
  }
  return { name, fault, found: active.matches(selector) };
}

/** Follows the focused link or presses the focused button, and waits for the next page. */
export async function enter(page) {
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

/** Types into a field that is reached by Tab. */
export async function type(page, selector, text) {
  await tabTo(page, selector);
  await page.keyboard.type(text);
}

/** Reaches something by Tab and presses Enter on it. */
export async function press(page, selector) {
  await tabTo(page, selector);
  await enter(page);
}

export const path = (page) => new URL(page.url()).pathname;

/** Waits until a page that looks again by itself has something. */
export async function until(page, selector, time = 60_000) {
  const last = Date.now() + time;
  while (!(await page.$(selector))) {
    if (Date.now() > last) throw new Error(`${selector} did not come: ${await page.$eval("main", (main) => main.innerText)}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await page.reload();
  }
}

/**
 * What axe-core finds or cannot decide, as readable lines. Undecided is as bad as wrong, but for one thing: what stands
 * behind a textarea that scrolls it never knows.
 */
export async function violations(page) {
  await page.evaluate(axe);
  const results = await page.evaluate(async () => window.axe.run(document, { resultTypes: ["violations", "incomplete"] }));
  const lines = (found, word) => found.flatMap((rule) =>
    rule.nodes
      .filter((node) => !(word && rule.id === "color-contrast" && node.html.startsWith("<textarea")))
      .map((node) => `${word}${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary ?? node.any[0]?.message}`));
  return [...lines(results.violations, ""), ...lines(results.incomplete, "undecided: ")];
}

/** Everything that is wrong with how a page stands there. */
export async function faults(page, language) {
  const look = await page.evaluate(() => ({
    language: document.documentElement.lang,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    headings: document.querySelectorAll("h1").length,
    keys: document.body.innerText.match(/\b(ui|portal|registries|monitor|problem|action|block)-[a-z]+(-[a-z]+)+/g) ?? [],
  }));
  const found = await violations(page);
  if (look.language !== language) found.push(`the page says it is ${look.language}`);
  if (look.wide > 0) found.push(`${look.wide} px wider than the screen`);
  if (look.headings !== 1) found.push(`${look.headings} first headings`);
  if (look.keys.length > 0) found.push(`texts are missing: ${look.keys.join(", ")}`);
  return found;
}
