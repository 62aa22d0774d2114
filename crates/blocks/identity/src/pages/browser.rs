//! A person's browser: its own cookie, which every form answers for, and the session in it.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use stoa_core::{Problem, Refusal};
use stoa_ui::Field;
use stoa_web::{Fault, Network, RawBody, RequestInfo, cookie};

use crate::error::IdentityError;
use crate::jose::random;
use crate::model::parameters::Parameters;
use crate::service::{At, BROWSER_TIME, Identity, Session};

/// The names of the cookies; where the node is reached by https, browsers keep other hosts and ways from setting them.
const BROWSER_COOKIE: &str = "stoa_browser";
const SESSION_COOKIE: &str = "stoa_person";
/// The field that says that a form is this browser's own.
pub(super) const GUARD: &str = "guard";

/// The browser that a request came from.
pub(super) struct Browser {
    /// What stands in its cookie; made now where there was none.
    secret: String,
    is_new: bool,
    session: Option<String>,
    is_https: bool,
    device: String,
    network: Option<u64>,
}

fn name(of: &str, is_https: bool) -> String {
    if is_https { format!("__Host-{of}") } else { of.to_owned() }
}

fn set(of: &str, value: &str, is_https: bool, age: u64) -> Option<HeaderValue> {
    let secure = if is_https { "; Secure" } else { "" };
    let age = if age == 0 && !value.is_empty() { String::new() } else { format!("; Max-Age={age}") };
    HeaderValue::try_from(format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", name(of, is_https))).ok()
}

impl FromRequestParts<Identity> for Browser {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, identity: &Identity) -> Result<Self, Fault> {
        let is_https = identity.is_https();
        let held = cookie(&parts.headers, &name(BROWSER_COOKIE, is_https)).filter(|value| value.len() == 43);
        let is_new = held.is_none();
        let secret = match held {
            Some(value) => value.to_owned(),
            None => BASE64.encode(random::<32>().map_err(IdentityError::from)?),
        };
        let device = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let device = device.chars().take(400).collect();
        let Ok(Network(network)) = Network::from_request_parts(parts, identity).await;
        Ok(Self {
            is_new,
            secret,
            session: cookie(&parts.headers, &name(SESSION_COOKIE, is_https)).map(str::to_owned),
            is_https,
            device,
            network,
        })
    }
}

impl Browser {
    /// What the database knows the browser by.
    pub(super) fn hash(&self) -> [u8; 32] {
        stoa_web::secret_hash(&self.secret)
    }

    /// The cookie to be set, where the browser has none yet.
    pub(super) fn new_cookie(&self) -> Option<HeaderValue> {
        self.is_new.then(|| set(BROWSER_COOKIE, &self.secret, self.is_https, BROWSER_TIME.as_secs())).flatten()
    }

    /// The cookie of a session that begins.
    pub(super) fn session_cookie(&self, secret: &str) -> Option<HeaderValue> {
        set(SESSION_COOKIE, secret, self.is_https, 0)
    }

    /// The cookie that ends a session.
    pub(super) fn end_cookie(&self) -> Option<HeaderValue> {
        set(SESSION_COOKIE, "", self.is_https, 0)
    }

    /// Where the request came from, for counting.
    pub(super) fn network(&self) -> Option<u64> {
        self.network
    }

    /// Whoever is signed in here.
    pub(super) async fn session(&self, identity: &Identity) -> Result<Option<Session>, IdentityError> {
        match &self.session {
            Some(cookie) => identity.session(cookie).await,
            None => Ok(None),
        }
    }

    /// Where somebody signs in.
    pub(super) async fn at(&self, identity: &Identity, info: RequestInfo) -> Result<At, IdentityError> {
        Ok(At {
            browser: self.hash(),
            device: self.device.clone(),
            session: self.session(identity).await?,
            network: self.network,
            info,
        })
    }

    /// What a form of this browser carries: other sites cannot know it.
    fn guard(&self) -> String {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, self.secret.as_bytes());
        BASE64.encode(aws_lc_rs::hmac::sign(&key, b"identity.guard"))
    }

    /// The field that carries it.
    pub(super) fn guard_field(&self) -> Field {
        Field::hidden(GUARD, self.guard())
    }

    /// Refuses a form that another site wrote, and one of a browser that keeps no cookies.
    pub(super) fn check(&self, typed: &Parameters) -> Result<(), Problem> {
        let sent = typed.get(GUARD).unwrap_or("");
        let is_own = !self.is_new
            && aws_lc_rs::constant_time::verify_slices_are_equal(self.guard().as_bytes(), sent.as_bytes()).is_ok();
        if is_own {
            return Ok(());
        }
        Err(Problem::new(Refusal::Forbidden, "web.forged_request")
            .detail("The form did not come from a page of this browser. Open the page again, and allow its cookies."))
    }
}

/// What was typed into a form, exactly as it was: blanks belong to a password.
pub(super) struct Typed(pub(super) Parameters);

impl<S: Send + Sync> FromRequest<S> for Typed {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let RawBody(body) = RawBody::from_request(request, state).await?;
        Ok(Self(Parameters::read(&body)))
    }
}

impl Typed {
    /// The text of a field, without white space around it; empty when it was not sent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or("").trim()
    }
}
