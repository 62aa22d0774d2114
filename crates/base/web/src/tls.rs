//! TLS on a listener: the node's certificate, taken anew when its files change, and the client certificates by which the
//! mediator is known.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::digest;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::server::ServerError;

/// How often the files are looked at: a renewed certificate is served a minute after it was written.
const REREAD: Duration = Duration::from_mins(1);

/// The files of TLS, all PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate with its chain, own certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority whose client certificates show that a connection is the mediator's.
    pub client_authority: Option<PathBuf>,
    /// How often the files are looked at.
    pub reread: Duration,
}

impl TlsFiles {
    /// A certificate and its key, without client certificates.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), key: key.into(), client_authority: None, reread: REREAD }
    }
}

/// What is served at the moment, and where it came from. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    current: RwLock<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// Of the files' contents as they were last tried, good or not.
    fingerprint: [u8; 32],
}

/// The files' contents.
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_authority: Option<Vec<u8>>,
}

impl Tls {
    /// Reads the files; whatever is wrong with them is told now.
    pub(crate) fn open(files: &TlsFiles) -> Result<Self, ServerError> {
        warn_if_open(&files.key);
        let contents = Contents::read(files)?;
        let current = Current { config: contents.config(files)?, fingerprint: contents.fingerprint() };
        Ok(Self(Arc::new(Inner { files: files.clone(), current: RwLock::new(current) })))
    }

    /// Shakes hands with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner).config);
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Takes renewed files, for as long as it is polled. What cannot be used changes nothing and is told once: the
    /// certificate that was served until now goes on.
    pub(crate) async fn keep_current(self) {
        loop {
            tokio::time::sleep(self.0.files.reread).await;
            let tls = self.clone();
            match tokio::task::spawn_blocking(move || tls.reread()).await {
                Ok(Ok(true)) => tracing::info!("web: the TLS certificate was renewed"),
                Ok(Ok(false)) | Err(_) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "web: the changed TLS files cannot be used; the old certificate goes on");
                }
            }
        }
    }

    fn reread(&self) -> Result<bool, ServerError> {
        let contents = Contents::read(&self.0.files)?;
        let fingerprint = contents.fingerprint();
        if self.0.current.read().unwrap_or_else(PoisonError::into_inner).fingerprint == fingerprint {
            return Ok(false);
        }
        let config = contents.config(&self.0.files);
        let mut current = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
        current.fingerprint = fingerprint;
        current.config = config?;
        Ok(true)
    }
}

/// Whether the client showed a certificate; one that the authority did not sign has failed the handshake.
pub(crate) fn is_certified(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.peer_certificates().is_some_and(|chain| !chain.is_empty())
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> ServerError {
    ServerError::Certificate { path: path.display().to_string(), reason: reason.to_string() }
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, ServerError> {
        let read = |path: &PathBuf| std::fs::read(path).map_err(|error| unusable(path, error));
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_authority: files.client_authority.as_ref().map(read).transpose()?,
        })
    }

    fn fingerprint(&self) -> [u8; 32] {
        let mut all = digest::Context::new(&digest::SHA256);
        for part in [Some(&self.certificate), Some(&self.key), self.client_authority.as_ref()].into_iter().flatten() {
            all.update(&(part.len() as u64).to_be_bytes());
            all.update(part);
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(all.finish().as_ref());
        fingerprint
    }

    fn config(&self, files: &TlsFiles) -> Result<Arc<ServerConfig>, ServerError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain = certificates(&files.certificate, &self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| unusable(&files.key, error))?;
        // GovStack CFR sec#1: TLS 1.3 or higher, nothing below.
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| unusable(&files.certificate, error))?;
        let builder = match (&files.client_authority, &self.client_authority) {
            (Some(path), Some(pem)) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path, pem)? {
                    roots.add(certificate).map_err(|error| unusable(path, error))?;
                }
                // People's browsers and programs with keys have no certificate: it is asked for, not demanded.
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|error| unusable(path, error))?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| unusable(&files.certificate, error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| unusable(path, error))?;
    if chain.is_empty() { Err(unusable(path, "it holds no certificate")) } else { Ok(chain) }
}

/// Whoever reads the key can speak in the node's name. A group may read it, as Debian's `ssl-cert` does; others may not.
fn warn_if_open(key: &Path) {
    let Ok(data) = std::fs::metadata(key) else { return };
    let mode = data.mode() & 0o777;
    if mode & 0o027 != 0 {
        let (path, mode) = (key.display().to_string(), format!("{mode:o}"));
        tracing::warn!(path, mode, "web: the private key of TLS can be read or changed by others: chmod 600");
    }
}
