//! A small HTTP server for tests: it answers what it is told to, hangs, breaks off, and remembers what it was asked.

#![allow(dead_code, reason = "each test binary that takes this file in uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// `GET /v2.1/flavors/detail`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What is done with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer.
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Silence.
    Hang,
    /// The connection is closed without an answer.
    Reset,
    /// More is promised than comes.
    Cut,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string()).with("content-type", "application/json")
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

pub(crate) type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A running server; it ends with the test.
pub(crate) struct Server {
    /// `http://127.0.0.1:40123`.
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, handler).await
    }

    pub(crate) async fn start_tls(
        certificate: &Certificate,
        handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(Some(certificate.acceptor()), handler).await
    }

    async fn start_with(
        tls: Option<tokio_rustls::TlsAcceptor>,
        handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (handler, log): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, log, tls) = (Arc::clone(&handler), Arc::clone(&log), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &*handler, &log).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &*handler, &log).await;
                            }
                        }
                    }
                });
            }
        });
        Self { url, asked, task }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Methods and paths of what was asked so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, handler: &Handler, log: &Mutex<Vec<Asked>>) {
    while let Some(asked) = read(&mut stream).await {
        log.lock().unwrap().push(asked.clone());
        match handler(&asked) {
            Reply::Hang => {
                std::future::pending::<()>().await;
            }
            Reply::Reset => return,
            Reply::Cut => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":").await;
                return;
            }
            Reply::Answer { status, headers, body } => {
                let mut text = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    text.push_str(&format!("{name}: {value}\r\n"));
                }
                text.push_str("\r\n");
                let mut bytes = text.into_bytes();
                if asked.method != "HEAD" {
                    bytes.extend(body);
                }
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut asked = Asked { method, path: path.to_owned(), query: query.to_owned(), headers, body: Vec::new() };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    asked.body = vec![0; length];
    stream.read_exact(&mut asked.body).await.ok()?;
    Some(asked)
}

/// A login's answer: a token, its roles, and a catalog of these types, all at one address.
pub(crate) fn token(url: &str, roles: &[&str], catalog: &[(&str, &str)]) -> Reply {
    let entry = |(kind, path): &(&str, &str)| {
        json!({"type": kind, "name": kind, "endpoints": [
            {"interface": "internal", "region_id": "one", "region": "one", "url": "http://127.0.0.1:1/internal"},
            {"interface": "public", "region_id": "one", "region": "one", "url": format!("{url}{path}")},
        ]})
    };
    let body = json!({"token": {
        "expires_at": "2026-11-26T12:00:00.000000Z",
        "roles": roles.iter().map(|role| json!({"id": role, "name": role})).collect::<Vec<_>>(),
        "project": {"id": "p1", "name": "demo"},
        "user": {"id": "u1", "name": "demo"},
        "catalog": catalog.iter().map(entry).collect::<Vec<_>>(),
    }});
    Reply::json(201, &body).with("x-subject-token", "token-1")
}

/// A certificate with its key.
pub(crate) struct Certificate {
    pub(crate) pem: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificate {
    /// An authority.
    pub(crate) fn authority(folder: &Path, name: &str) -> Self {
        Self::make(folder, name, "keyUsage=critical,keyCertSign", "DNS:localhost", None)
    }

    /// One for a server at a name or address, such as `IP:127.0.0.1`.
    pub(crate) fn server(folder: &Path, name: &str, at: &str, authority: &Self) -> Self {
        Self::make(folder, name, "extendedKeyUsage=serverAuth", at, Some(authority))
    }

    fn make(folder: &Path, name: &str, usage: &str, at: &str, authority: Option<&Self>) -> Self {
        let made = Self { pem: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
        let mut command = Command::new("openssl");
        command
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", &format!("/CN={name}"), "-addext", usage])
            .args(["-addext", &format!("subjectAltName={at}"), "-keyout"])
            .arg(&made.key)
            .arg("-out")
            .arg(&made.pem);
        if let Some(authority) = authority {
            command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-CA"]).arg(&authority.pem);
            command.arg("-CAkey").arg(&authority.key);
        }
        assert!(command.stderr(Stdio::null()).status().unwrap().success(), "openssl makes a certificate");
        made
    }

    fn acceptor(&self) -> tokio_rustls::TlsAcceptor {
        use rustls::pki_types::pem::PemObject;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let chain = CertificateDer::pem_file_iter(&self.pem).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(&self.key).unwrap();
        let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        tokio_rustls::TlsAcceptor::from(Arc::new(config))
    }
}
