//! Whether a request is meant for this node. A page of a stranger can have its own name resolve to this machine and then
//! ask what listens here only, with the browser's good faith ("DNS rebinding"); it cannot make the browser lie about the
//! name.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header};

/// Whether a request at a loopback address names this machine, or the address under which people reach the node.
pub(crate) fn is_own(uri: &Uri, headers: &HeaderMap, public_host: Option<&str>) -> bool {
    let sent = uri.host().or_else(|| headers.get(header::HOST).and_then(|value| value.to_str().ok()));
    // Only programs leave it out.
    let Some(host) = sent.map(without_port) else { return !headers.contains_key(header::HOST) };
    let is_local = host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    is_local || public_host.is_some_and(|public| public.eq_ignore_ascii_case(host))
}

/// The host that a URL names.
pub(crate) fn of_url(url: &str) -> Option<String> {
    url.parse::<Uri>().ok()?.host().map(str::to_owned)
}

fn without_port(host: &str) -> &str {
    let port = host.rsplit_once(':').filter(|(name, port)| {
        port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']'))
    });
    port.map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_names_of_this_machine_and_the_public_one_are_its_own() {
        let public = of_url("https://registers.example:8443/x");
        assert_eq!(public.as_deref(), Some("registers.example"));
        let own = |host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::try_from(host).unwrap())]);
            is_own(&Uri::from_static("/"), &headers, public.as_deref())
        };
        for good in [
            "localhost",
            "LOCALHOST:8080",
            "stoa.localhost:8080",
            "127.0.0.1",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:8080",
            "[::1]",
            "[::ffff:127.0.0.1]:80",
            "registers.example",
            "Registers.Example:443",
        ] {
            assert!(own(good), "{good}");
        }
        for bad in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "0.0.0.0:8080",
            "10.0.0.1",
            "notlocalhost",
            "[2001:db8::1]:80",
            "",
            "registers.example.evil.example",
        ] {
            assert!(!own(bad), "{bad}");
        }
        assert!(is_own(&Uri::from_static("/"), &HeaderMap::new(), None), "a program that names nobody");
        // In HTTP/2 the name stands in the address, and goes before the header.
        let uri = Uri::from_static("http://evil.example/");
        let lying = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost"))]);
        assert!(!is_own(&uri, &lying, None));
    }
}
