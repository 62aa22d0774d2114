// A running provider with clients and a person, and a browser that the person uses: pages are read as they are, forms are
// sent as a browser sends them.

import assert from "node:assert/strict";

export const base = process.env.STOA_BASE;
export const key = process.env.STOA_KEY;
export const issuer = `${base}/identity`;
export const callback = "http://127.0.0.1:8/callback";
const password = "correct horse battery staple";

export async function api(method, path, body) {
  const answer = await fetch(issuer + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

export async function register(changes) {
  return api("POST", "/v1/clients", {
    client_name: "Client test",
    redirect_uris: [callback],
    grant_types: ["authorization_code", "refresh_token"],
    scope: "openid profile email offline_access",
    ...changes,
  });
}

export class Browser {
  cookies = new Map();

  async ask(address, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(address, {
      redirect: "manual",
      ...options,
      headers: { accept: "text/html", ...(cookie && { cookie }), ...options.headers },
    });
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = set.match(/^([^=]+)=([^;]*)/);
      this.cookies.set(name, value);
    }
    return answer;
  }

  // Goes on until a page stands there, or another site is meant.
  async follow(answer, at) {
    for (;;) {
      const to = answer.headers.get("location");
      if (!to) return { page: await answer.text(), at };
      at = new URL(to, at).href;
      if (!at.startsWith(base)) return { left: new URL(at) };
      answer = await this.ask(at);
    }
  }

  async open(address) {
    return this.follow(await this.ask(address), String(address));
  }

  async submit({ page, at }, action, typed) {
    const form = page.split("<form ").find((part) => part.includes(`action="${action}"`));
    assert.ok(form, `no form to ${action}: ${page}`);
    const body = new URLSearchParams();
    for (const [, name, value] of form.split("</form>")[0].matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
      body.append(name, value.replaceAll("&amp;", "&"));
    }
    for (const [name, value] of typed) body.append(name, value);
    const to = new URL(action, at).href;
    return this.follow(await this.ask(to, { method: "POST", body }), to);
  }

  // Signs in and agrees, where a page asks for it; gives the address of the service that the browser was sent to.
  async authorize(address, name) {
    let now = await this.open(address);
    if (now.page?.includes('name="password"')) {
      now = await this.submit(now, "/identity/sign-in", [["name", name], ["password", password]]);
    }
    if (now.page?.includes("/identity/sign-in/consent")) {
      const claims = ["name", "given_name", "family_name", "birthdate", "email", "email_verified"];
      now = await this.submit(now, "/identity/sign-in/consent", claims.map((claim) => ["claims", claim]));
    }
    assert.ok(now.left, `not sent back: ${now.page}`);
    return now.left;
  }
}

export async function enrol(name) {
  const made = await api("POST", "/v1/people", {
    profile: { name: "Amina Juma", birthdate: "1990-04-21", email: `${name}@example.org` },
    identifiers: [{ kind: "username", value: name }],
    is_distinct: true,
  });
  const browser = new Browser();
  const page = await browser.open(made.activation_url);
  await browser.submit(page, "/identity/activate", [["password", password], ["again", password]]);
  return made;
}
