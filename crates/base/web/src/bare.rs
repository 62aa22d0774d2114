//! What cannot be read as HTTP at all is refused below the router, by hyper, with an empty body. Here such an answer gets
//! the problem document that every refusal of this node has.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use stoa_core::{Problem, Refusal};

use crate::answer::{PROBLEM_JSON, problem_bytes, status_of};
use crate::protect::protect;

/// The answer that stands in for `written`, if that is one of hyper's own: a head without a body, and without the
/// correlation id that every answer from the router has.
pub(crate) fn answer(written: &[u8]) -> Option<Bytes> {
    let head = written.strip_prefix(b"HTTP/1.1 4").or_else(|| written.strip_prefix(b"HTTP/1.0 4"))?;
    let head = head.strip_suffix(b"\r\n\r\n").and_then(|head| std::str::from_utf8(head).ok())?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').next()?;
    let bare = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "content-length", "date"].iter().any(|known| name.eq_ignore_ascii_case(known))
    });
    let problem = match status {
        _ if !bare => return None,
        "31" | "14" => too_large(),
        "00" => Problem::new(Refusal::Malformed, "web.malformed_request")
            .detail("The request line or a header is not what HTTP allows."),
        _ => return None,
    };
    Some(whole(&problem))
}

/// Address and headers are larger than the node takes.
pub(crate) fn too_large() -> Problem {
    let most = stoa_core::limit::HEADER_BYTES_MAX / 1024;
    Problem::new(Refusal::HeadersTooLarge, "web.headers_too_large")
        .detail(format!("The address and the headers have more than {most} KiB together."))
}

fn whole(problem: &Problem) -> Bytes {
    let body = problem_bytes(problem);
    let status: StatusCode = status_of(problem.refusal);
    let mut head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\nconnection: close\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        body.len()
    );
    let mut headers = HeaderMap::new();
    protect(&mut headers, false);
    for (name, value) in &headers {
        let _ = write!(head, "{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&body);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hyper_says_by_itself_is_replaced() {
        let own = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let instead = String::from_utf8(answer(own).unwrap().to_vec()).unwrap();
        let (head, body) = instead.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        assert!(head.contains("application/problem+json") && head.contains("nosniff"), "{head}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["code"], "web.headers_too_large");
        let broken = answer(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").unwrap();
        assert!(String::from_utf8_lossy(&broken).contains("web.malformed_request"));
        for other in [
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nx-correlation-id: 1\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        ] {
            assert!(answer(other.as_bytes()).is_none(), "{other}");
        }
    }
}
