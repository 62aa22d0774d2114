//! A relying party and a person's browser, as tests play them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_lc_rs::digest;
use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use stoa_test::{Answer, Caller, TestStoa};

/// Where the provider's addresses begin.
pub(crate) const ISSUER: &str = "http://127.0.0.1:8080/identity";
/// Where the relying party is called back.
pub(crate) const CALLBACK: &str = "https://rp.example.org/callback";
/// The password of people in tests.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// A verifier for a code, and its challenge.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The challenge of a verifier.
pub(crate) fn challenge(verifier: &str) -> String {
    BASE64.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// Percent-encodes a form.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Registers a client; gives what was answered.
pub(crate) async fn register(stoa: &TestStoa, changes: Value) -> Value {
    let mut body = json!({"client_id": "rp", "client_name": "Relying party", "redirect_uris": [CALLBACK],
        "scope": "openid profile email offline_access", "grant_types": ["authorization_code", "refresh_token"]});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    stoa.post(&stoa.role("admin").await, "/identity/v1/clients", &body).await.expect(201).json()
}

/// Enrols a person with a user name, who sets [`PASSWORD`]; gives what was answered.
pub(crate) async fn enrol(stoa: &TestStoa, name: &str, username: &str) -> Value {
    let body = json!({"profile": {"name": name, "email": format!("{username}@example.org"), "birthdate": "1990-04-21"},
        "identifiers": [{"kind": "username", "value": username}], "is_distinct": true});
    let made = stoa.post(&stoa.role("admin").await, "/identity/v1/people", &body).await.expect(201).json();
    let code = made["activation_url"].as_str().unwrap().split("code=").nth(1).unwrap().to_owned();
    let browser = Browser::new(stoa);
    let page = browser.get(&format!("/identity/activate?code={code}")).await.expect(200);
    browser.submit(&page, "/identity/activate", &[("password", PASSWORD), ("again", PASSWORD)]).await.expect(303);
    made
}

/// A browser with its cookies.
pub(crate) struct Browser<'a> {
    stoa: &'a TestStoa,
    address: Option<std::net::IpAddr>,
    pub(crate) cookies: Mutex<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(stoa: &'a TestStoa) -> Self {
        Self { stoa, address: None, cookies: Mutex::default() }
    }

    /// A browser at this address.
    pub(crate) fn at(stoa: &'a TestStoa, address: &str) -> Self {
        Self { address: Some(address.parse().unwrap()), ..Self::new(stoa) }
    }

    async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let jar = self.cookies.lock().unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ");
        let mut request = Request::builder().method(method).uri(path).header(header::ACCEPT, "text/html");
        if !jar.is_empty() {
            request = request.header(header::COOKIE, jar);
        }
        request = request.header(header::USER_AGENT, "A browser for tests");
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        if let Some(address) = self.address {
            stoa_web::Network::of_request(request.extensions_mut(), address);
        }
        let answer = self.stoa.send_request(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.lock().unwrap().remove(name);
            } else {
                self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Sends the form of a page with what is typed, and everything that is hidden in it.
    pub(crate) async fn submit(&self, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
        let text = page.text();
        let found = text.split("<form ").skip(1).find(|form| form.contains(&format!("action=\"{action}\"")));
        let Some(found) = found else { panic!("no form to {action} on: {text}") };
        let inner = found.split("</form>").next().unwrap();
        let mut pairs: Vec<(String, String)> = Vec::new();
        for field in inner.split("<input type=\"hidden\" ").skip(1) {
            let value = |name: &str| field.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
            pairs.push((value("name").to_owned(), value("value").replace("&amp;", "&")));
        }
        pairs.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.send(Method::POST, action, Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, Some(form(pairs))).await
    }

    /// Follows redirects of this site.
    pub(crate) async fn follow(&self, mut answer: Answer) -> Answer {
        for _ in 0..8 {
            let to = answer.header("location").to_owned();
            if !to.starts_with('/') {
                break;
            }
            answer = self.get(&to).await;
        }
        answer
    }

    /// Signs in where a page asks for it.
    pub(crate) async fn sign_in(&self, page: &Answer, name: &str, password: &str) -> Answer {
        let answer = self.submit(page, "/identity/sign-in", &[("name", name), ("password", password)]).await;
        self.follow(answer).await
    }
}

/// A relying party.
pub(crate) struct Rp<'a> {
    pub(crate) stoa: &'a TestStoa,
    pub(crate) client_id: String,
    pub(crate) secret: Option<String>,
}

impl<'a> Rp<'a> {
    /// Registers one.
    pub(crate) async fn new(stoa: &'a TestStoa, changes: Value) -> Self {
        let made = register(stoa, changes).await;
        Self {
            stoa,
            client_id: made["client_id"].as_str().unwrap().to_owned(),
            secret: made["client_secret"].as_str().map(str::to_owned),
        }
    }

    /// The address to which it sends a browser.
    pub(crate) fn address(&self, changes: &[(&str, &str)]) -> String {
        let challenge = challenge(VERIFIER);
        let mut pairs = vec![
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("state", "a state"),
            ("nonce", "a nonce"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            pairs.retain(|(held, _)| held != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        format!("/identity/authorize?{}", form(&pairs))
    }

    pub(crate) fn basic(&self) -> Caller {
        match &self.secret {
            Some(secret) => {
                let pair = STANDARD.encode(format!("{}:{secret}", self.client_id));
                Caller::anonymous().with("authorization", &format!("Basic {pair}"))
            }
            None => Caller::anonymous(),
        }
    }

    pub(crate) async fn post_as(&self, by: &Caller, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.stoa.send_text(by, Method::POST, &format!("/identity{path}"), kind, form(pairs)).await
    }

    pub(crate) async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.post_as(&self.basic(), path, pairs).await
    }

    /// Redeems a code.
    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", &self.client_id),
        ];
        self.post("/oauth/token", &pairs).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &self.client_id)];
        self.post("/oauth/token", &pairs).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        let by = Caller::anonymous().with("authorization", &format!("Bearer {token}"));
        self.stoa.get(&by, "/identity/oidc/userinfo").await
    }

    /// Whether a token holds, as introspection says.
    pub(crate) async fn is_active(&self, token: &str) -> bool {
        self.post("/oauth/introspect", &[("token", token)]).await.expect(200).json()["active"] == json!(true)
    }

    /// The whole way: sends a browser, somebody signs in and agrees; the code.
    pub(crate) async fn code(&self, browser: &Browser<'_>, name: &str, changes: &[(&str, &str)]) -> String {
        let answer = browser.get(&self.address(changes)).await;
        let mut page = browser.follow(answer).await;
        if page.text().contains("name=\"password\"") {
            page = browser.sign_in(&page, name, PASSWORD).await;
        }
        if page.text().contains("/identity/sign-in/consent") {
            let claims = [("claims", "name"), ("claims", "birthdate"), ("claims", "email")];
            let answer = browser.submit(&page, "/identity/sign-in/consent", &claims).await;
            page = browser.follow(answer).await;
        }
        parameter(&page, "code")
    }
}

/// A parameter of the answer that a browser carries to the relying party.
pub(crate) fn parameter(answer: &Answer, name: &str) -> String {
    let to = answer.header("location");
    assert!(to.starts_with(CALLBACK), "not sent back: {} {to} {}", answer.status, answer.text());
    let query = to.split('?').nth(1).unwrap_or("");
    let found = form_urlencoded::parse(query.as_bytes()).find(|(held, _)| held == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
}

/// The header of a token.
pub(crate) fn head(token: &str) -> Value {
    serde_json::from_slice(&BASE64.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}
