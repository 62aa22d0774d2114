//! Whoever looks at a page: signed in or not, in their language and their light.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use stoa_core::{Actor, ActorKind, Permission};

use crate::caller::{Asked, RequestInfo, SESSION_COOKIE, cookie};

/// The cookie that remembers a chosen language.
pub const LANGUAGE_COOKIE: &str = "stoa_lang";
/// The cookie that remembers a chosen light: `light` or `dark`.
pub const THEME_COOKIE: &str = "stoa_theme";

/// The cookie that holds why a person looks at personal data, for the pages of one register and as long as the browser
/// is open.
pub(crate) const PURPOSE_COOKIE: &str = "stoa_purpose";

/// Whoever looks at a page. Takes no permission: pages that need one take [`Allowed`](crate::Allowed) beside it.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who it is, when signed in.
    pub actor: Option<Actor>,
    /// What every form must carry in its field `csrf`; empty when not signed in.
    pub csrf: String,
    /// The chosen language, if one was chosen.
    pub language: Option<String>,
    /// The languages that the browser asks for (`Accept-Language`), as sent.
    pub accepts: String,
    /// The chosen light, if one was chosen.
    pub theme: Option<String>,
    /// The address of the page, with its query.
    pub address: String,
    /// What the request says about itself.
    pub info: RequestInfo,
}

impl Visitor {
    /// Whether the visitor is signed in and holds the permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.actor.as_ref().is_some_and(|actor| actor.permissions.contains(permission))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

impl Visitor {
    pub(crate) fn of(parts: &Parts) -> Self {
        let caller = parts.extensions.get::<Asked>().map(|asked| &asked.0);
        let chosen = |name: &str| {
            cookie(&parts.headers, name)
                .filter(|value| {
                    (1..=20).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
                })
                .map(str::to_owned)
        };
        let accepts = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        // Nested routers see the rest of the address only; a page wants to link to itself.
        let uri = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |original| &original.0);
        Self {
            actor: caller.map(|caller| caller.actor.clone()).filter(|actor| actor.kind != ActorKind::Anonymous),
            csrf: caller.and_then(|caller| caller.session.as_ref()).map(|seen| seen.csrf.clone()).unwrap_or_default(),
            language: chosen(LANGUAGE_COOKIE),
            accepts: accepts.chars().take(200).collect(),
            theme: chosen(THEME_COOKIE),
            address: uri.path_and_query().map_or_else(|| "/".to_owned(), |address| address.as_str().to_owned()),
            info: caller.map(|caller| caller.info.clone()).unwrap_or_default(),
        }
    }
}

/// The `Set-Cookie` of a session; `secure` where the node is reached by https.
pub fn session_cookie(secret: &str, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{SESSION_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// The `Set-Cookie` that ends a session.
pub fn end_session_cookie() -> HeaderValue {
    HeaderValue::from_static("stoa_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// The `Set-Cookie` that remembers a chosen language or light for a year.
pub fn preference_cookie(name: &str, value: &str, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}")).ok()
}

/// The `Set-Cookie` that states a purpose for the pages below `path`.
pub fn purpose_cookie(purpose: &str, path: &str, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let purpose = stoa_ui::Address::segment(purpose);
    HeaderValue::try_from(format!("{PURPOSE_COOKIE}={purpose}; Path={path}; SameSite=Lax; HttpOnly{secure}")).ok()
}

/// The secret of the request's session cookie.
pub fn session_secret(headers: &axum::http::HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_COOKIE)
}
