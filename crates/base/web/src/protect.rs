//! The headers that protect whoever looks at an answer in a browser.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Pages and data come from this host only, and no script stands in a page's text.
const CONTENT_SECURITY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                                font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                                frame-ancestors 'none'";
/// No page of ours asks a browser for any of these, so nothing that slips into one may.
const PERMISSIONS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), \
                           gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()";
/// Once reached by TLS, by TLS only, for two years (RFC 6797). Subdomains are not ours to speak for.
const TRANSPORT: &str = "max-age=63072000";

/// The protection of a page whose form leads, in the end, to another site: browsers hold the whole way against
/// `form-action`. `to` is that site's origin, or a scheme of an application's own with its colon.
pub fn content_security_to(to: &str) -> Option<HeaderValue> {
    let plain = !to.is_empty() && to.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b';' | b',' | b'\'' | b'"'));
    let policy = CONTENT_SECURITY.replace("form-action 'self'", &format!("form-action 'self' {to}"));
    HeaderValue::try_from(policy).ok().filter(|_| plain)
}

/// Sets what an answer does not set itself. `by_tls`: whoever asked reached this node by TLS.
pub(crate) fn protect(headers: &mut HeaderMap, by_tls: bool) {
    let mut fixed = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    fixed(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY);
    fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    fixed(header::REFERRER_POLICY, "same-origin");
    fixed(header::X_FRAME_OPTIONS, "DENY");
    fixed(header::CACHE_CONTROL, "no-store");
    fixed(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if by_tls {
        fixed(header::STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
}
