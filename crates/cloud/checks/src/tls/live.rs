//! A real conversation, for what is hidden from a scan: certificates of TLS 1.3, and what is said over HTTP
//! (`Strict-Transport-Security`, RFC 6797). The certificate is looked at, not trusted: nothing is sent but a question that
//! anybody may ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;

use super::dial::Server;

/// Bytes of an answer over HTTP that are read: its head stands at its beginning.
const HEAD_BYTES_MAX: usize = 32 * 1024;
const TIME: Duration = Duration::from_secs(10);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) hsts_seconds: Option<u64>,
}

/// Talks once for each kind of key.
pub(super) async fn look(server: &Server, path: &str) -> Seen {
    let mut seen = Seen::default();
    for kind in [Kind::Elliptic, Kind::Rsa] {
        let shown = Arc::new(Mutex::new(None));
        let talk = talk(server, path, kind, shown.clone());
        if let Ok(Some(head)) = tokio::time::timeout(TIME, talk).await
            && seen.hsts_seconds.is_none()
        {
            seen.hsts_seconds = hsts(&head);
        }
        seen.certificates.extend(shown.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
    seen
}

async fn talk(server: &Server, path: &str, kind: Kind, shown: Arc<Mutex<Option<Vec<u8>>>>) -> Option<String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Arc::new(Looker { provider: provider.clone(), kind, shown });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(server.host.clone()).ok()?;
    let stream = server.connect().await.ok()?;
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    let host = if server.host.contains(':') { format!("[{}]", server.host) } else { server.host.clone() };
    let question = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: stoa/{}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    stream.write_all(question.as_bytes()).await.ok()?;
    let mut head = Vec::new();
    while head.len() < HEAD_BYTES_MAX && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut room = [0; 2048];
        match stream.read(&mut room).await {
            Ok(0) | Err(_) => break,
            Ok(count) => head.extend_from_slice(room.get(..count)?),
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// Seconds of `Strict-Transport-Security` in the head of an answer.
fn hsts(head: &str) -> Option<u64> {
    let head = head.split("\r\n\r\n").next()?;
    let (_, value) = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("strict-transport-security"))?;
    value.split(';').find_map(|part| {
        let (name, seconds) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("max-age").then(|| seconds.trim().trim_matches('"').parse().ok()).flatten()
    })
}

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    Elliptic,
}

/// Looks at a certificate without trusting it.
#[derive(Debug)]
struct Looker {
    provider: Arc<CryptoProvider>,
    kind: Kind,
    shown: Arc<Mutex<Option<Vec<u8>>>>,
}

impl ServerCertVerifier for Looker {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(certificate.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let is_rsa = |scheme: &SignatureScheme| format!("{scheme:?}").starts_with("RSA");
        let schemes = self.provider.signature_verification_algorithms.supported_schemes().into_iter();
        schemes.filter(|scheme| is_rsa(scheme) == (self.kind == Kind::Rsa)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_read_from_the_head_alone() {
        let with = |line: &str| hsts(&format!("HTTP/1.1 200 OK\r\nServer: x\r\n{line}\r\n\r\n"));
        assert_eq!(with("strict-transport-security: max-age=63072000; includeSubDomains"), Some(63_072_000));
        assert_eq!(with("Strict-Transport-Security: includeSubDomains; Max-Age=\"5\""), Some(5));
        assert_eq!(with("X: y"), None);
        assert_eq!(with("Strict-Transport-Security: max-age=soon"), None);
        assert_eq!(hsts("HTTP/1.1 200 OK\r\n\r\nStrict-Transport-Security: max-age=1\r\n"), None);
    }
}
