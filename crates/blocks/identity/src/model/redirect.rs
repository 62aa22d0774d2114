//! Redirect addresses: which may be registered, and when one that is asked for is the registered one (RFC 9700 §4.1,
//! OAuth 2.1 §2.3.1).

use http::Uri;

/// The longest address.
const ADDRESS_BYTES_MAX: usize = 1024;
/// Schemes that run something in the browser or mean a file: never an application's own.
const NEVER: [&str; 8] = ["javascript", "data", "vbscript", "file", "about", "blob", "ftp", "ws"];

/// How a client runs: only programs on a person's device may be reached on loopback and by schemes of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a server, reached by https.
    #[default]
    Web,
    /// On a person's device.
    Native,
}

/// Why an address cannot be registered for redirects; none if it can.
pub fn fault(address: &str, kind: ApplicationType) -> Option<&'static str> {
    if address.is_empty() || address.len() > ADDRESS_BYTES_MAX {
        return Some("must have 1 to 1024 characters");
    }
    // Browsers read backslashes, white space and other characters in ways of their own; those are written in percents.
    if !address
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'))
    {
        return Some("must be written in visible ASCII, with everything else in percent-encoding");
    }
    if address.contains('#') {
        return Some("must not have a fragment");
    }
    let Some((scheme, rest)) = address.split_once(':') else { return Some("must be an absolute address") };
    let scheme = scheme.to_ascii_lowercase();
    if !scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) {
        return Some("must be an absolute address");
    }
    match scheme.as_str() {
        "https" => host_fault(address),
        "http" if is_loopback(address) => match kind {
            // A web application in development runs on loopback too; the browser does not leave the machine.
            ApplicationType::Web | ApplicationType::Native => host_fault(address),
        },
        "http" => Some("must be https; http is for loopback addresses only"),
        scheme if NEVER.contains(&scheme) => Some("must not have a scheme that browsers act on themselves"),
        // RFC 8252 §7.1: a scheme of the application's own is a reversed name.
        scheme if kind == ApplicationType::Native && scheme.contains('.') && !rest.is_empty() => None,
        _ => Some("must be https, or for a native application a scheme with a dot such as org.example.app:/callback"),
    }
}

fn host_fault(address: &str) -> Option<&'static str> {
    let Ok(uri) = address.parse::<Uri>() else { return Some("must be an absolute address") };
    let Some(authority) = uri.authority() else { return Some("must name a host") };
    if authority.as_str().contains('@') {
        return Some("must not hold a name or password");
    }
    if authority.host().is_empty() || authority.host().contains('*') {
        return Some("must name one host");
    }
    None
}

fn is_loopback(address: &str) -> bool {
    address
        .parse::<Uri>()
        .ok()
        .and_then(|uri| uri.host().map(|host| matches!(host, "127.0.0.1" | "[::1]" | "localhost")))
        .unwrap_or(false)
}

/// Whether the address that is asked for is this registered one: byte for byte, but for the port of a native application's
/// loopback address (RFC 8252 §7.3).
pub fn is_same(registered: &str, asked: &str, kind: ApplicationType) -> bool {
    if registered == asked {
        return true;
    }
    if kind != ApplicationType::Native || asked.contains('#') {
        return false;
    }
    let split = |address: &str| {
        let uri = address.parse::<Uri>().ok()?;
        let host = uri.host()?.to_owned();
        let is_literal = matches!(host.as_str(), "127.0.0.1" | "[::1]");
        let authority = uri.authority()?.as_str();
        let has_user = authority.contains('@');
        // The rest byte for byte: the parser would mend what it can.
        let rest = address.strip_prefix("http://")?.strip_prefix(authority)?.to_owned();
        (is_literal && !has_user).then_some((host, rest))
    };
    matches!((split(registered), split(asked)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_registered() {
        let web = |address: &str| fault(address, ApplicationType::Web);
        let native = |address: &str| fault(address, ApplicationType::Native);
        assert_eq!(web("https://rp.example.org/cb?x=1"), None);
        assert_eq!(web("http://127.0.0.1:8081/cb"), None);
        assert_eq!(native("http://[::1]/cb"), None);
        assert_eq!(native("org.example.app:/cb"), None);
        for bad in [
            "",
            "cb",
            "/cb",
            "//rp.example.org",
            "https://rp.example.org/cb#x",
            "http://rp.example.org/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@rp.example.org/",
            "https://*.example.org/cb",
            "https:///cb",
            "org.example.app:/cb",
            "https://rp.example.org\\@evil/",
            "https://rp.example.org/\u{202e}",
            "https://rp.example.org/ cb",
            "1https://x/",
            "myapp:/cb",
        ] {
            assert!(web(bad).is_some(), "{bad}");
        }
        assert!(native("myapp:/cb").is_some() && native("javascript.x:alert(1)").is_none());
    }

    #[test]
    fn addresses_are_the_same_byte_for_byte() {
        let web = |one: &str, other: &str| is_same(one, other, ApplicationType::Web);
        let home = "https://rp.example.org/cb";
        assert!(web(home, home));
        for other in [
            "https://rp.example.org/cb/",
            "https://rp.example.org/cb?x",
            "https://RP.example.org/cb",
            "https://rp.example.org:443/cb",
            "https://rp.example.org/%63b",
            "https://rp.example.org/cb#",
            "https://rp.example.org.evil/cb",
        ] {
            assert!(!web(home, other), "{other}");
        }
        assert!(!web("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"));
    }

    #[test]
    fn only_the_port_of_a_native_loopback_address_is_free() {
        let native = |one: &str, other: &str| is_same(one, other, ApplicationType::Native);
        assert!(native("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"));
        assert!(native("http://[::1]:1/cb?x", "http://[::1]:2/cb?x"));
        for (one, other) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/other"),
            ("http://127.0.0.1/cb", "http://[::1]:49152/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
            ("http://localhost/cb", "http://localhost:49152/cb"),
            ("https://127.0.0.1/cb", "https://127.0.0.1:49152/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb#x"),
        ] {
            assert!(!native(one, other), "{one} {other}");
        }
    }
}
