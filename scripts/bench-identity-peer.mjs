// The peer of scripts/bench-identity.sh: npm oidc-provider with its memory adapter, with the same clients and one person who
// is signed in and has agreed. Writes the cookie of that session into a file.
//
//   node bench-identity-peer.mjs PORT FOLDER-WITH-NODE-MODULES COOKIE-FILE

import fs from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [port, folder, cookieFile] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));
const { exportJWK, generateKeyPair } = await import(pathToFileURL(require.resolve("jose")));

const base = `http://127.0.0.1:${port}`;
const key = async (alg) => ({ ...(await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey)), alg, use: "sig" });
const api = "https://api.example.org";
const provider = new Provider(base, {
  clients: [
    { client_id: "program", client_secret: "secret", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] },
    {
      client_id: "service",
      client_secret: "secret",
      redirect_uris: ["https://rp.example.org/callback"],
      grant_types: ["authorization_code"],
      id_token_signed_response_alg: "ES256",
    },
  ],
  jwks: { keys: [await key("RS256"), await key("ES256")] },
  pkce: { required: () => true },
  scopes: ["openid", "profile", "reports.read"],
  claims: { openid: ["sub"], profile: ["name", "birthdate"] },
  cookies: { keys: ["a key"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: "Amina Juma", birthdate: "1990-04-21" }) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, client) => (client.clientId === "program" ? api : undefined),
      getResourceServerInfo: () => ({
        scope: "reports.read",
        audience: api,
        accessTokenFormat: "jwt",
        accessTokenTTL: 300,
        jwt: { sign: { alg: "ES256" } },
      }),
      useGrantedResource: () => true,
    },
  },
});
provider.listen(Number(port), "127.0.0.1", async () => {
  const jar = new Map();
  const ask = async (address, body) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(new URL(address, base), {
      redirect: "manual",
      method: body ? "POST" : "GET",
      body: body && new URLSearchParams(body),
      headers: cookie ? { cookie } : {},
    });
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = set.match(/^([^=]+)=([^;]*)/);
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    return answer.headers.get("location");
  };
  const asked = new URLSearchParams({
    client_id: "service",
    redirect_uri: "https://rp.example.org/callback",
    response_type: "code",
    scope: "openid profile",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  let to = await ask(`/auth?${asked}`);
  for (const prompt of [{ prompt: "login", login: "amina", password: "x" }, { prompt: "consent" }]) {
    to = await ask(to, prompt);
    to = await ask(to);
  }
  if (!to.startsWith("https://rp.example.org/callback?code=")) throw new Error(`no code: ${to}`);
  fs.writeFileSync(cookieFile, [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
});
