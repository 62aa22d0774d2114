//! A browser without scripts: it keeps its session, sends forms with the token of the page, and asks for pages.

use axum::body::Body;
use axum::http::{Request, header};

use crate::{Answer, Caller, TestStoa};

/// Where the browser finds the node.
const HOST: &str = "node.test";

/// Somebody signed in who clicks through pages.
pub struct Browser<'a> {
    stoa: &'a TestStoa,
    session: String,
    language: &'static str,
}

impl TestStoa {
    /// Somebody who signed in with a one-time link and has these roles.
    ///
    /// # Panics
    /// When the system makes no link or does not take it.
    #[expect(clippy::expect_used, reason = "a test that cannot sign in cannot go on")]
    pub async fn browser(&self, roles: &[&str]) -> Browser<'_> {
        let by = stoa_core::Actor::system("test", stoa_core::Tenant::default());
        let link = self.node.create_link(&by, "test-person", roles).await.expect("a link");
        let session = self.node.use_link(&link).await.expect("an answer").expect("a fresh link");
        Browser { stoa: self, session, language: "en" }
    }
}

impl Browser<'_> {
    /// The same person in another language.
    #[must_use]
    pub fn in_language(self, language: &'static str) -> Self {
        Self { language, ..self }
    }

    /// The same person's session, as a program would use it: answers are documents, not pages.
    pub fn as_program(&self) -> Caller {
        Caller::anonymous().with("cookie", &format!("stoa_session={}", self.session))
    }

    /// Opens a page.
    ///
    /// # Panics
    /// When the address is none.
    #[expect(clippy::expect_used, reason = "a test that cannot ask cannot go on")]
    pub async fn open(&self, path: &str) -> Answer {
        let request = self.request("GET", path).body(Body::empty()).expect("a request");
        self.stoa.send_request(request).await
    }

    /// Opens a page with one more cookie.
    ///
    /// # Panics
    /// When the address is none.
    #[expect(clippy::expect_used, reason = "a test that cannot ask cannot go on")]
    pub async fn open_with(&self, path: &str, cookie: &str) -> Answer {
        let request = self.request("GET", path).header(header::COOKIE, cookie).body(Body::empty()).expect("a request");
        self.stoa.send_request(request).await
    }

    /// Sends a form with the token of a page that has one.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = token_of(&self.open(page).await.text());
        let fields: Vec<_> = std::iter::once(("csrf", token.as_str())).chain(fields.iter().copied()).collect();
        self.send(self.request("POST", action).header(header::REFERER, format!("http://{HOST}{page}")), &fields).await
    }

    /// Sends a form as it is, whatever token it has.
    pub async fn send_form(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request("POST", action), fields).await
    }

    #[expect(clippy::expect_used, reason = "a test that cannot ask cannot go on")]
    async fn send(&self, request: axum::http::request::Builder, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.join("&")))
            .expect("a request");
        self.stoa.send_request(request).await
    }

    /// Sends a form with a file.
    ///
    /// # Panics
    /// When the address is none.
    #[expect(clippy::expect_used, reason = "a test that cannot ask cannot go on")]
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: &str, content: &[u8]) -> Answer {
        let token = token_of(&self.open(path).await.text());
        let mut body = Vec::new();
        for (name, value) in std::iter::once(&("csrf", token.as_str())).chain(fields) {
            body.extend(
                format!("--part\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        let head = format!("--part\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{file}\"\r\n\r\n");
        body.extend(head.bytes());
        body.extend(content);
        body.extend(b"\r\n--part--\r\n");
        let request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=part")
            .body(Body::from(body))
            .expect("a request");
        self.stoa.send_request(request).await
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::COOKIE, format!("stoa_session={}", self.session))
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::ACCEPT_LANGUAGE, self.language)
    }
}

/// The token of the first form of a page.
fn token_of(page: &str) -> String {
    let rest = page.split_once("name=\"csrf\" value=\"").map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or("").to_owned()
}

/// As browsers encode a form (URL Standard, "application/x-www-form-urlencoded percent-encode set").
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
