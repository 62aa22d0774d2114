// The real binary with real data, and a real browser: what every test here begins with.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
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
export const colours = full ? ["light", "dark"] : ["light"];

/** Starts the server on an empty folder with the registers of `iso-codes` and a few made-up people. */
export async function start() {
  const folder = mkdtempSync(join(tmpdir(), "stoa-browser-"));
  const data = join(folder, "data");
  const server = spawn(binary, ["up", "--listen", "127.0.0.1:0", "--data", data], { stdio: ["ignore", "pipe", "inherit"] });
  const said = await new Promise((resolve, reject) => {
    let text = "";
    server.stdout.on("data", (piece) => {
      text += piece;
      if (text.includes("Stop with")) resolve(text);
    });
    server.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
  });
  const address = said.match(/http:\/\/[\d.:]+/)[0];
  const run = (...args) => {
    const done = spawnSync(binary, [...args, "--data", data], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`stoa ${args.join(" ")}: ${done.stderr}`);
    return done.stdout.trim();
  };
  run("registry", "import", "iso-codes", "--yes");
  run("sample", "people", "--count", "60", "--seed", "3");
  const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
  const stop = async () => {
    await browser.close();
    const ended = new Promise((resolve) => server.on("exit", resolve));
    server.removeAllListeners("exit");
    server.on("exit", () => {});
    server.kill("SIGTERM");
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 3000))]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, browser, run, stop };
}

/** A page of somebody signed in as administrator, in a language. Signing in is itself done by keyboard. */
export async function signedIn(stoa, language = "en") {
  const context = await stoa.browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 1280, height: 800 });
  await page.setExtraHTTPHeaders({ "accept-language": language });
  page.on("requestfailed", (request) => foreign(stoa, request));
  page.on("request", (request) => foreign(stoa, request));
  await page.goto(stoa.run("link"));
  await tabTo(page, "main button");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  return page;
}

function foreign(stoa, request) {
  const url = request.url();
  if (!url.startsWith(stoa.address) && !url.startsWith("data:")) throw new Error(`the page asks ${url}`);
}

/** Presses Tab until the element has the focus, and makes sure that the focus can be seen there. */
export async function tabTo(page, selector, most = 250) {
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate((selector) => {
      const active = document.activeElement;
      if (!active?.matches(selector)) return null;
      const style = getComputedStyle(active);
      return { seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0, box: active.getBoundingClientRect().width };
    }, selector);
    if (found) {
      if (!found.seen) throw new Error(`the focus on ${selector} cannot be seen`);
      return;
    }
  }
  throw new Error(`${selector} cannot be reached by Tab`);
}

/** Follows the focused link or presses the focused button, and waits for the next page. */
export async function enter(page) {
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

/** What axe-core finds, as readable lines. */
export async function violations(page) {
  await page.evaluate(axe);
  const results = await page.evaluate(async () => window.axe.run(document, { resultTypes: ["violations"] }));
  return results.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id} (${violation.impact}): ${node.target.join(" ")}: ${node.failureSummary}`),
  );
}
