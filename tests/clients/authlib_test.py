"""PyPI Authlib against the provider: what a service written in Python does."""

import json
import os
import re
import secrets
import unittest
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken

BASE = os.environ["STOA_BASE"]
KEY = os.environ["STOA_KEY"]
ISSUER = f"{BASE}/identity"
CALLBACK = "http://127.0.0.1:8/callback"
PASSWORD = "correct horse battery staple"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


def api(method, path, body=None):
    answer = requests.request(method, ISSUER + path, json=body, headers={"authorization": f"Bearer {KEY}"}, timeout=20)
    assert answer.ok, answer.text
    return answer.json()


def register(**changes):
    return api("POST", "/v1/clients", {
        "client_name": "Client test", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile offline_access", **changes})


def submit(browser, page, action, typed):
    form = next(part for part in page.text.split("<form ") if f'action="{action}"' in part).split("</form>")[0]
    fields = [(name, unescape(value)) for name, value in
              re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)]
    return follow(browser, browser.post(urljoin(page.url, action), data=fields + typed, allow_redirects=False, timeout=20))


def follow(browser, answer):
    while answer.is_redirect:
        to = urljoin(answer.url, answer.headers["location"])
        if not to.startswith(BASE):
            return to
        answer = browser.get(to, allow_redirects=False, timeout=20)
    return answer


def authorize(address, name):
    browser = requests.Session()
    browser.headers["accept"] = "text/html"
    page = follow(browser, browser.get(address, allow_redirects=False, timeout=20))
    page = submit(browser, page, "/identity/sign-in", [("name", name), ("password", PASSWORD)])
    if not isinstance(page, str):
        page = submit(browser, page, "/identity/sign-in/consent", [("claims", "name"), ("claims", "birthdate")])
    return page


class Authlib(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = api("POST", "/v1/people", {
            "profile": {"name": "Baraka Otieno", "birthdate": "1985-01-02"},
            "identifiers": [{"kind": "username", "value": "baraka"}]})
        browser = requests.Session()
        page = browser.get(made["activation_url"], timeout=20)
        submit(browser, page, "/identity/activate", [("password", PASSWORD), ("again", PASSWORD)])
        cls.metadata = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=20).json()

    def flow(self, client):
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(8)
        address, state = client.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
        back = authorize(address, "baraka")
        token = client.fetch_token(self.metadata["token_endpoint"], authorization_response=back, code_verifier=verifier,
                                   state=state)
        keys = JsonWebKey.import_key_set(requests.get(self.metadata["jwks_uri"], timeout=20).json())
        claims = jwt.decode(token["id_token"], keys, claims_cls=CodeIDToken,
                            claims_options={"iss": {"value": ISSUER}}, claims_params={"nonce": nonce})
        claims.validate()
        info = client.get(self.metadata["userinfo_endpoint"]).json()
        self.assertEqual(info["name"], "Baraka Otieno")
        self.assertEqual(info["sub"], claims["sub"])
        first = token["refresh_token"]
        again = client.refresh_token(self.metadata["token_endpoint"])
        self.assertNotEqual(again["refresh_token"], first)
        self.assertEqual(client.get(self.metadata["userinfo_endpoint"]).status_code, 200)
        client.revoke_token(self.metadata["revocation_endpoint"], token=again["refresh_token"])
        self.assertEqual(client.get(self.metadata["userinfo_endpoint"]).status_code, 401)
        self.assertEqual(parse_qs(urlsplit(back).query)["iss"], [ISSUER])

    def test_code_with_pkce_and_a_secret(self):
        made = register()
        self.flow(OAuth2Session(made["client_id"], made["client_secret"], scope="openid profile offline_access",
                                redirect_uri=CALLBACK, code_challenge_method="S256"))

    def test_code_with_a_key_of_its_own(self):
        self.with_key(JsonWebKey.generate_key("EC", "P-256", is_private=True))

    def test_code_with_a_key_whose_coordinates_are_cut_short(self):
        # Authlib leaves out zero bytes in front, of one key in a hundred.
        keys = (JsonWebKey.generate_key("EC", "P-256", is_private=True) for _ in range(20_000))
        self.with_key(next(key for key in keys if len(key.as_dict()["x"]) < 43))

    def with_key(self, key):
        made = register(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [json.loads(key.as_json(is_private=False))]})
        client = OAuth2Session(made["client_id"], key.as_pem(is_private=True), scope="openid profile offline_access",
                               redirect_uri=CALLBACK, code_challenge_method="S256",
                               token_endpoint_auth_method="private_key_jwt", revocation_endpoint_auth_method="private_key_jwt")
        client.register_client_auth_method(PrivateKeyJWT(self.metadata["token_endpoint"], alg="ES256"))
        self.flow(client)

    def test_a_program_for_itself(self):
        made = register(grant_types=["client_credentials"], redirect_uris=[], scope="reports.read")
        client = OAuth2Session(made["client_id"], made["client_secret"], scope="reports.read")
        token = client.fetch_token(self.metadata["token_endpoint"], grant_type="client_credentials")
        said = client.introspect_token(self.metadata["introspection_endpoint"], token=token["access_token"]).json()
        self.assertTrue(said["active"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
