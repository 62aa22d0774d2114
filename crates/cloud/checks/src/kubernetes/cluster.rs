//! A cluster's API, as far as checks need it: a handful of lists, and what is made to try out a volume.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Certificate, Identity, Method, Url};
use serde_json::{Value, json};
use stoa_standards::tree::shortened;
use tokio::process::Command;

use super::kubeconfig::{Credential, Kubeconfig, Program};
use crate::http::{Answer, Ask, Http, HttpError};

/// Objects of a page.
const PAGE: u32 = 500;
/// Pages of a list at most.
const PAGES_MAX: u32 = 40;
/// How long a program may take that says who we are.
const PROGRAM_TIME: Duration = Duration::from_mins(1);

/// Why a cluster gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// There is no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The file's server is no address.
    #[error("`{0}` is no address of an API server")]
    Address(String),
    /// The cluster says no.
    #[error("the API server answered {status} to {asked}: {message}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// What was asked.
        asked: String,
        /// What it says.
        message: String,
    },
    /// The answer is not what it should be.
    #[error("the API server answered {asked} with something else than {expected}")]
    Foreign {
        /// What was asked.
        asked: String,
        /// What was expected.
        expected: &'static str,
    },
    /// We could not find out who we are.
    #[error("{0}")]
    Credential(String),
}

/// A cluster.
pub struct Cluster {
    /// The context's name, for reasons.
    pub name: String,
    /// The file that leads to it.
    pub kubeconfig: PathBuf,
    http: Http,
    server: Url,
    authorization: Option<String>,
    token_file: Option<PathBuf>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("name", &self.name)
            .field("server", &self.server.as_str())
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// The cluster of a context; asks nothing of it yet.
    pub async fn new(config: Kubeconfig, kubeconfig: &Path) -> Result<Self, ClusterError> {
        let refuse = || ClusterError::Address(shortened(&config.server));
        let mut server = Url::parse(&config.server).map_err(|_| refuse())?;
        if server.cannot_be_a_base() || !server.has_host() {
            return Err(refuse());
        }
        // Paths are joined to it.
        if !server.path().ends_with('/') {
            let path = format!("{}/", server.path());
            server.set_path(&path);
        }
        let (mut identity, mut authorization, mut token_file) = (None, None, None);
        match config.credential {
            Credential::None => {}
            Credential::Token(token) => authorization = Some(format!("Bearer {}", token.trim())),
            Credential::TokenFile(path) => token_file = Some(path),
            Credential::Password { user, password } => {
                authorization = Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
            }
            Credential::Certificate { pem } => identity = Some(pem),
            Credential::Program(program) => match ask_program(&program).await? {
                Told::Token(token) => authorization = Some(format!("Bearer {token}")),
                Told::Certificate(pem) => identity = Some(pem),
            },
        }
        let setup = |what: &str, error: &reqwest::Error| HttpError::Setup(format!("{what}: {error}"));
        let authority = match &config.authority {
            Some(pem) => Some(
                Certificate::from_pem_bundle(pem).map_err(|error| setup("certificate-authority is no PEM", &error))?,
            ),
            None => None,
        };
        if authority.as_ref().is_some_and(Vec::is_empty) {
            return Err(HttpError::Setup("certificate-authority holds no certificate".to_owned()).into());
        }
        let identity = match identity {
            Some(pem) => {
                Some(Identity::from_pem(&pem).map_err(|error| setup("client-certificate and client-key", &error))?)
            }
            None => None,
        };
        let proxy = match &config.proxy {
            Some(url) => Some(reqwest::Proxy::all(url).map_err(|error| setup("proxy-url", &error))?),
            None => None,
        };
        let is_near = matches!(server.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let http = Http::new(|mut builder| {
            if is_near && proxy.is_none() {
                builder = builder.no_proxy();
            }
            if let Some(authority) = authority {
                builder = builder.tls_certs_only(authority);
            }
            if let Some(identity) = identity {
                builder = builder.identity(identity);
            }
            if let Some(proxy) = proxy {
                builder = builder.proxy(proxy);
            }
            builder.tls_danger_accept_invalid_certs(config.insecure)
        })?;
        Ok(Self { name: config.context, kubeconfig: kubeconfig.to_owned(), http, server, authorization, token_file })
    }

    /// Requests that were sent so far.
    pub fn requests(&self) -> u64 {
        self.http.requests()
    }

    /// Asks for an object.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, ClusterError> {
        self.ask(Method::GET, path, None).await
    }

    /// Asks for all objects of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>, ClusterError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut objects = Vec::new();
        let mut next = String::new();
        for _ in 0..PAGES_MAX {
            let page = self.get(&format!("{path}{joint}limit={PAGE}{next}")).await?;
            let foreign = || ClusterError::Foreign { asked: path.to_owned(), expected: "a list" };
            objects.extend(page.get("items").and_then(Value::as_array).ok_or_else(foreign)?.iter().cloned());
            match page.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(token) if !token.is_empty() => {
                    let mut query = Url::parse("https://a/").map_err(|_| foreign())?;
                    query.query_pairs_mut().append_pair("continue", token);
                    next = format!("&{}", query.query().unwrap_or_default());
                }
                _ => return Ok(objects),
            }
        }
        let asked = format!("{path}, page after page without an end");
        Err(ClusterError::Foreign { asked, expected: "a list that ends" })
    }

    /// Makes an object.
    pub(crate) async fn create(&self, path: &str, object: &Value) -> Result<Value, ClusterError> {
        self.ask(Method::POST, path, Some(object)).await
    }

    /// Removes an object; one that is gone is as good as removed.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), ClusterError> {
        match self.ask(Method::DELETE, path, Some(&json!({ "propagationPolicy": "Foreground" }))).await {
            Ok(_) | Err(ClusterError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ClusterError> {
        let path = path.trim_start_matches('/');
        let asked = format!("{method} /{}", shortened(path));
        let url = self.server.join(path).map_err(|_| ClusterError::Address(shortened(path)))?;
        // A request that creates something may have done so before its answer was lost.
        let repeatable = method != Method::POST;
        let authorization = match &self.token_file {
            Some(path) => {
                let token = tokio::fs::read_to_string(path).await.map_err(|error| {
                    ClusterError::Credential(format!("reading the token in {}: {error}", path.display()))
                })?;
                Some(format!("Bearer {}", token.trim()))
            }
            None => self.authorization.clone(),
        };
        let body = body.map(Value::to_string);
        let ask = Ask {
            method,
            authorization,
            content_type: body.is_some().then_some("application/json"),
            body: body.unwrap_or_default().into(),
            repeatable,
            ..Ask::get(url)
        };
        let Answer { status, body, .. } = self.http.send(&ask).await?;
        let value: Option<Value> = serde_json::from_slice(&body).ok();
        match (status, value) {
            (200..=299, Some(value)) => Ok(value),
            (200..=299, None) => Err(ClusterError::Foreign { asked, expected: "JSON" }),
            (_, value) => {
                let message = value.as_ref().and_then(|value| value.get("message")?.as_str());
                let message = message.map_or_else(|| "it says nothing more".to_owned(), shortened);
                Err(ClusterError::Refused { status, asked, message })
            }
        }
    }
}

/// What a program says.
enum Told {
    Token(String),
    Certificate(Vec<u8>),
}

/// Asks a program who we are (client.authentication.k8s.io, `ExecCredential`).
async fn ask_program(program: &Program) -> Result<Told, ClusterError> {
    let name = shortened(&program.command);
    let failed = |why: String| ClusterError::Credential(format!("the program {name} that the kubeconfig names: {why}"));
    let question = json!({
        "apiVersion": program.api_version,
        "kind": "ExecCredential",
        "spec": { "interactive": false },
    });
    let run = Command::new(&program.command)
        .args(&program.arguments)
        .envs(&program.environment)
        .env("KUBERNETES_EXEC_INFO", question.to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = match tokio::time::timeout(PROGRAM_TIME, run).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_) => return Err(failed("it did not end in time".to_owned())),
    };
    if !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    let told: Value =
        serde_json::from_slice(&output.stdout).map_err(|_| failed("it printed no ExecCredential".to_owned()))?;
    let text = |key: &str| told.get("status")?.get(key)?.as_str();
    match (text("token"), text("clientCertificateData"), text("clientKeyData")) {
        (_, Some(certificate), Some(key)) => Ok(Told::Certificate(format!("{certificate}\n{key}").into_bytes())),
        (Some(token), ..) => Ok(Told::Token(token.to_owned())),
        _ => Err(failed("it printed neither a token nor a certificate with its key".to_owned())),
    }
}
