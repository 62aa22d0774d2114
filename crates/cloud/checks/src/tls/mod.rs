//! Scans of TLS endpoints (scs-0125): which versions, suites, curves and certificates a server has, asked for hello by hello.
//!
//! The libraries of today speak neither TLS 1.0 nor weak suites, so that what a server takes of them can only be found
//! out by hellos written by hand. No key is ever agreed on: a server names its choice before it needs one.

mod answer;
mod bytes;
mod certificate;
mod dial;
mod hello;
mod live;
mod scan;
mod suites;

use std::time::Duration;

use stoa_standards::rule::tls::Endpoint;

/// How a scan is made.
#[derive(Debug, Clone, Copy)]
pub struct ScanOptions {
    /// How long a connection may take to be made.
    pub connect_time: Duration,
    /// How long an answer may take.
    pub answer_time: Duration,
    /// How long all of it may take.
    pub total_time: Duration,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            connect_time: Duration::from_secs(5),
            answer_time: Duration::from_secs(5),
            total_time: Duration::from_mins(2),
        }
    }
}

/// Scans the endpoint behind an address: `https://host:port/path`. About thirty connections, one after another.
pub async fn scan(address: &str, options: &ScanOptions) -> Endpoint {
    let unreachable = |why: &str| Endpoint::Unreachable(why.to_owned());
    let Some((host, port, path)) = parts(address) else {
        let is_plain = address.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
        return if is_plain { Endpoint::Plain } else { unreachable("its address does not begin with https://") };
    };
    let scan = async {
        let server = dial::Server::find(host, port, options.connect_time, options.answer_time).await?;
        scan::scan(&server, path).await
    };
    match tokio::time::timeout(options.total_time, scan).await {
        Ok(Ok(scan)) => Endpoint::Tls(scan),
        Ok(Err(why)) => unreachable(&why),
        Err(_) => unreachable("the scan did not end in time"),
    }
}

/// Host, port and path of an address with `https://`.
fn parts(address: &str) -> Option<(&str, u16, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, 443),
    };
    // What goes into a request must not add lines to it.
    let path = if path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()) { path } else { "/" };
    let path = path.split('#').next().unwrap_or("/");
    (!host.is_empty()).then_some((host, port, path))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn addresses_have_host_port_and_path() {
        assert_eq!(parts("https://cloud.example:5000/v3"), Some(("cloud.example", 5000, "/v3")));
        assert_eq!(parts("HTTPS://cloud.example"), Some(("cloud.example", 443, "/")));
        assert_eq!(parts("https://[::1]:9292/"), Some(("[::1]", 9292, "/")));
        assert_eq!(parts("https://[::1]"), Some(("[::1]", 443, "/")));
        assert_eq!(parts("https://user@host/a b\r\nX: y"), Some(("host", 443, "/")));
        assert_eq!((parts("http://host/"), parts("https://"), parts("https://host:99999/")), (None, None, None));
    }
}
