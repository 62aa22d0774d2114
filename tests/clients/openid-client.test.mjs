// npm openid-client against the provider: what a service written in JavaScript does.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as oidc from "openid-client";
import { Browser, api, callback, enrol, issuer, register } from "./stoa.mjs";

const insecure = { execute: [oidc.allowInsecureRequests] };
const scope = "openid profile email offline_access";

before(() => enrol("amina"));

async function discovered(client, authentication, metadata = {}) {
  return oidc.discovery(new URL(issuer), client.client_id, metadata, authentication, insecure);
}

async function codeFlow(config, { par = false, dpop, extra = {} } = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const asked = {
    redirect_uri: callback,
    scope,
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...extra,
  };
  const build = par ? oidc.buildAuthorizationUrlWithPAR : oidc.buildAuthorizationUrl;
  const address = await build(config, asked, ...(par && dpop ? [{ DPoP: dpop }] : []));
  const browser = new Browser();
  const back = await browser.authorize(address, "amina");
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
  const tokens = await oidc.authorizationCodeGrant(config, back, checks, undefined, dpop && { DPoP: dpop });
  return { tokens, browser };
}

async function whole(config, options) {
  const { tokens, browser } = await codeFlow(config, options);
  const dpop = options?.dpop && { DPoP: options.dpop };
  const claims = tokens.claims();
  assert.equal(claims.iss, issuer);
  const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub, dpop);
  assert.equal(info.name, "Amina Juma");
  assert.equal(info.email, "amina@example.org");
  assert.equal(info.email_verified, false);
  const again = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, dpop);
  assert.notEqual(again.refresh_token, tokens.refresh_token);
  assert.equal(again.claims().sub, claims.sub);
  return { tokens: again, browser };
}

test("code with PKCE, userinfo, refresh, introspection, revocation, log-out, by a secret in the header", async () => {
  const home = "http://127.0.0.1:8/bye";
  const client = await register({ post_logout_redirect_uris: [home] });
  const config = await discovered(client, oidc.ClientSecretBasic(client.client_secret));
  const { tokens, browser } = await whole(config);
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, true);
  await oidc.tokenRevocation(config, tokens.refresh_token);
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false);
  const address = oidc.buildEndSessionUrl(config, {
    post_logout_redirect_uri: home,
    id_token_hint: tokens.id_token,
    state: "s",
  });
  const page = await browser.open(address);
  const { left } = await browser.submit(page, "/identity/logout", []);
  assert.equal(left.href, `${home}?state=s`);
});

test("pushed requests, by a secret in the form", async () => {
  const client = await register({
    token_endpoint_auth_method: "client_secret_post",
    require_pushed_authorization_requests: true,
  });
  await whole(await discovered(client, oidc.ClientSecretPost(client.client_secret)), { par: true });
});

for (const [alg, parameters] of [
  ["ES256", { name: "ECDSA", namedCurve: "P-256" }],
  ["RS256", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }],
  ["PS256", { name: "RSA-PSS", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }],
  ["EdDSA", { name: "Ed25519" }],
]) {
  test(`private_key_jwt with ${alg}, and tokens signed by ${alg}`, async () => {
    const pair = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
    const { kty, n, e, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const client = await register({
      token_endpoint_auth_method: "private_key_jwt",
      id_token_signed_response_alg: alg,
      userinfo_signed_response_alg: alg,
      jwks: { keys: [{ kty, n, e, crv, x, y, kid: "k", alg, use: "sig" }] },
    });
    const metadata = { id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg };
    const config = await discovered(client, oidc.PrivateKeyJwt({ key: pair.privateKey, kid: "k" }), metadata);
    await whole(config);
  });
}

test("an application on a device: no secret, tokens bound to its key", async () => {
  const client = await register({
    token_endpoint_auth_method: "none",
    application_type: "native",
    dpop_bound_access_tokens: true,
  });
  const config = await discovered(client, oidc.None());
  const dpop = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
  const { tokens } = await whole(config, { dpop, par: true });
  assert.equal(tokens.token_type, "dpop");
  const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: other }), /invalid_grant|server responded/);
});

test("a program for itself", async () => {
  const client = await register({
    grant_types: ["client_credentials"],
    redirect_uris: [],
    scope: "reports.read",
    audiences: ["https://api.example.org"],
  });
  const config = await discovered(client, oidc.ClientSecretBasic(client.client_secret));
  const tokens = await oidc.clientCredentialsGrant(config, { scope: "reports.read", resource: "https://api.example.org" });
  const said = await oidc.tokenIntrospection(config, tokens.access_token);
  assert.equal(said.active, true);
  assert.equal(said.sub, client.client_id);
});

test("dynamic registration, guarded", async () => {
  const metadata = { client_name: "Dynamic", redirect_uris: [callback], scope: "openid" };
  await assert.rejects(oidc.dynamicClientRegistration(new URL(issuer), metadata, undefined, insecure));
  const config = await oidc.dynamicClientRegistration(new URL(issuer), metadata, undefined, {
    ...insecure,
    initialAccessToken: process.env.STOA_KEY,
  });
  const client = await api("GET", `/v1/clients/${config.clientMetadata().client_id}`);
  assert.equal(client.client_name, "Dynamic");
});

test("a key turns in the middle of a flow", async () => {
  const client = await register({});
  const config = await discovered(client, oidc.ClientSecretBasic(client.client_secret));
  const { tokens } = await codeFlow(config);
  await api("POST", "/v1/signing-keys", {});
  await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  const again = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  await oidc.fetchUserInfo(config, again.access_token, tokens.claims().sub);
});
