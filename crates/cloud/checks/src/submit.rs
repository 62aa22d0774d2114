//! Handing a signed report to a compliance monitor: one request, as the published monitor takes it.

use base64::Engine as _;
use reqwest::{Certificate, Method, Url};
use stoa_core::plain;

use crate::http::{Ask, Http, HttpError, host};

/// Bytes of what the monitor says that are told.
const SAID_BYTES_MAX: usize = 300;

/// What is handed over, and to whom.
#[derive(Clone)]
pub struct Submission<'a> {
    /// The monitor's address, or that of its `reports`.
    pub monitor: &'a str,
    /// The token, as it stands in the token file: `NAME:PASSPHRASE` in base64.
    pub token: &'a str,
    /// Signature and report, as [`stoa_standards::signature::join`] puts them together.
    pub body: String,
    /// The form of the report.
    pub form: Form,
    /// Certificates that the monitor's is signed by, in PEM; the system's where there is none.
    pub authority: Option<Vec<u8>>,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One or more YAML documents.
    Yaml,
    /// One JSON text.
    Json,
}

/// How it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was taken now.
    Now,
    /// The monitor has it already.
    Before,
}

/// Why it was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The address is none that a secret may be sent to.
    #[error("`{given}` is no address of a monitor: {reason}")]
    Address {
        /// The address.
        given: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The token is none.
    #[error("this is no token: expected NAME:PASSPHRASE in base64, on one line")]
    Token,
    /// The certificates are none.
    #[error("{0}")]
    Authority(&'static str),
    /// There is no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The monitor says no.
    #[error("{host} answered {status}: {said}")]
    Refused {
        /// The monitor.
        host: String,
        /// The status of its answer.
        status: u16,
        /// What it says.
        said: String,
    },
}

/// Hands it over, again where that makes sense: a report has an id, so that the monitor takes it once.
pub async fn submit(submission: &Submission<'_>) -> Result<Taken, SubmitError> {
    let url = address(submission.monitor)?;
    let is_near = is_near(&url);
    if !is_token(submission.token.trim()) {
        return Err(SubmitError::Token);
    }
    let authority = submission.authority.as_deref().map(certificates).transpose()?;
    let http = Http::new(|mut builder| {
        if is_near {
            builder = builder.no_proxy();
        }
        match authority {
            Some(authority) => builder.tls_certs_only(authority),
            None => builder,
        }
    })?;
    let ask = Ask {
        method: Method::POST,
        authorization: Some(format!("Basic {}", submission.token.trim())),
        content_type: Some(match submission.form {
            Form::Yaml => "application/x-signed-yaml",
            Form::Json => "application/x-signed-json",
        }),
        body: submission.body.clone().into(),
        repeatable: true,
        ..Ask::get(url.clone())
    };
    let answer = http.send(&ask).await?;
    match answer.status {
        200..=299 => Ok(Taken::Now),
        409 if answer.tries > 1 => Ok(Taken::Now),
        409 => Ok(Taken::Before),
        status => {
            let said = answer.body.get(..answer.body.len().min(SAID_BYTES_MAX)).unwrap_or_default();
            let said = plain(&String::from_utf8_lossy(said));
            Err(SubmitError::Refused { host: host(&url), status, said: said.trim().to_owned() })
        }
    }
}

/// Whether this is a name and a passphrase as the monitor's own tool writes them into a token file.
fn is_token(token: &str) -> bool {
    let decoded = base64::engine::general_purpose::STANDARD.decode(token);
    decoded.is_ok_and(|plain| plain.iter().position(|byte| *byte == b':').is_some_and(|place| place > 0))
}

/// Without a single certificate nobody would be believed, and nothing would say why.
fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, SubmitError> {
    let read =
        Certificate::from_pem_bundle(pem).map_err(|_| SubmitError::Authority("a certificate in it is broken"))?;
    if read.is_empty() { Err(SubmitError::Authority("it holds no certificate in PEM")) } else { Ok(read) }
}

/// The address of `reports`. A secret goes with it, so it is encrypted on the way unless it stays on this machine.
fn address(given: &str) -> Result<Url, SubmitError> {
    let refuse = |reason| SubmitError::Address { given: given.chars().take(100).collect(), reason };
    let mut url = Url::parse(given).map_err(|_| refuse("it does not begin with https://"))?;
    if !url.has_host() || !matches!(url.scheme(), "https" | "http") {
        return Err(refuse("it does not begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("a name and a password do not belong into it"));
    }
    if url.scheme() == "http" && !is_near(&url) {
        return Err(refuse("plain http:// would show the token to everybody on the way"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with("/reports") {
        url.set_path(&format!("{path}/reports"));
    }
    Ok(url)
}

fn is_near(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_only_where_it_is_safe() {
        let at = |given: &str| address(given).map(|url| url.to_string());
        assert_eq!(at("https://monitor.example/").unwrap(), "https://monitor.example/reports");
        assert_eq!(at("https://monitor.example/scs/reports").unwrap(), "https://monitor.example/scs/reports");
        assert_eq!(at("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080/reports");
        for good in ["bXljbG91ZDpzZWNyZXQ=", "YTo="] {
            assert!(is_token(good), "{good}");
        }
        // Plain, without a colon, without a name, base64 for addresses, nothing.
        for bad in ["mycloud:secret", "bXljbG91ZA==", "OnNlY3JldA==", "bXljbG91ZDo_Pz8_", ""] {
            assert!(!is_token(bad), "{bad}");
        }
        for bad in ["http://monitor.example/", "monitor.example", "ftp://x/", "https://a:b@x/", ""] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }
}
