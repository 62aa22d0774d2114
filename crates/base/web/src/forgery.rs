//! A browser sends its cookie whoever wrote the form; so a change by session carries the session's own token too: in a
//! header, in a form, or in the first part of a form with files. Never in the address, which is logged and passed on.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use futures_util::{StreamExt as _, stream};
use stoa_core::limit::BODY_BYTES_MAX;
use stoa_core::{Problem, Refusal};

use crate::caller::header_text;

/// How far into a form with files its first part reaches at most.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// How a form is encoded.
enum Encoding {
    Url,
    /// With this boundary between its parts.
    Parts(String),
    Other,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Self {
        let kind = header_text(headers, "content-type").unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            return Self::Url;
        }
        let boundary = kind.strip_prefix("multipart/form-data").and_then(|rest| rest.split_once("boundary="));
        match boundary {
            Some((_, boundary)) => {
                Self::Parts(boundary.split(';').next().unwrap_or_default().trim().trim_matches('"').to_owned())
            }
            None => Self::Other,
        }
    }
}

/// Whether an unsafe request carries the session's token. What is read of the body for it is put back for the handler.
pub(crate) async fn carries_token(request: Request, token: &str) -> Result<(Request, bool), Problem> {
    if header_text(request.headers(), "x-csrf-token").as_deref() == Some(token) {
        return Ok((request, true));
    }
    let encoding = Encoding::of(request.headers());
    let (parts, body) = request.into_parts();
    let (body, carries) = match encoding {
        Encoding::Url => {
            let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
                Problem::new(Refusal::TooLarge, "web.body_too_large")
                    .detail("The form is larger than this address takes.")
            })?;
            let carries = std::str::from_utf8(&bytes).is_ok_and(|text| {
                text.split('&').filter_map(|pair| pair.strip_prefix("csrf=")).any(|value| value == token)
            });
            (Body::from(bytes), carries)
        }
        Encoding::Parts(boundary) => {
            let (head, body) = head_of(body, &boundary).await?;
            (body, first_part(&head, &boundary).as_deref() == Some(token))
        }
        Encoding::Other => (body, false),
    };
    Ok((Request::from_parts(parts, body), carries))
}

/// The beginning of a body, as far as its first part, and the whole body again.
async fn head_of(body: Body, boundary: &str) -> Result<(Vec<u8>, Body), Problem> {
    let mut rest = body.into_data_stream();
    let mut head: Vec<u8> = Vec::new();
    while head.len() < HEAD_BYTES_MAX && first_part(&head, boundary).is_none() {
        match rest.next().await {
            Some(Ok(chunk)) => head.extend_from_slice(&chunk),
            Some(Err(_)) => {
                return Err(
                    Problem::new(Refusal::Malformed, "web.body_unreadable").detail("The form did not arrive whole.")
                );
            }
            None => break,
        }
    }
    let read = Bytes::from(head.clone());
    Ok((head, Body::from_stream(stream::once(async { Ok(read) }).chain(rest))))
}

/// The value of a form's first part, if that is the token and arrived whole.
fn first_part(head: &[u8], boundary: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head.get(..head.len().min(HEAD_BYTES_MAX))?);
    let rest = text.strip_prefix(&format!("--{boundary}\r\n"))?;
    let (about, rest) = rest.split_once("\r\n\r\n")?;
    let (value, _) = rest.split_once(&format!("\r\n--{boundary}"))?;
    about.to_ascii_lowercase().contains("name=\"csrf\"").then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    fn form(first: &str, value: &str) -> String {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"{first}\"\r\n\r\n{value}\r\n--x\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{}\r\n--x--\r\n",
            "b".repeat(20_000)
        )
    }

    /// Sent in small pieces, as a slow line delivers it.
    async fn carries(body: &str, kind: &str) -> bool {
        let pieces: Vec<Result<Bytes, std::io::Error>> =
            body.as_bytes().chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let request = Request::post("/x?csrf=right").header("content-type", kind);
        let request = request.body(Body::from_stream(stream::iter(pieces))).unwrap();
        let (request, carries) = carries_token(request, "right").await.unwrap();
        let again = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(again, body.as_bytes(), "the handler reads the whole body");
        carries
    }

    #[tokio::test]
    async fn the_token_is_found_in_a_form_and_nowhere_else() {
        let parts = "multipart/form-data; boundary=x";
        assert!(carries(&form("csrf", "right"), parts).await);
        assert!(!carries(&form("csrf", "wrong"), parts).await);
        assert!(!carries(&form("name", "right"), parts).await, "an address does not count");
        assert!(carries("a=b&csrf=right", "application/x-www-form-urlencoded").await);
        assert!(!carries("a=b&csrf=righty", "application/x-www-form-urlencoded").await);
        assert!(!carries("{\"csrf\":\"right\"}", "application/json").await);
        assert!(!carries("--x", parts).await);
    }
}
