//! `kubeconfig`: where a cluster is, whom it trusts, and who we are to it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stoa_standards::ReadError;
use stoa_standards::tree::{Cursor, Faults, Fields, Node, parse_yaml, shortened};

/// Bytes of a file at most.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Why there is no cluster to talk to.
#[derive(Debug, thiserror::Error)]
pub enum KubeconfigError {
    /// The system does not give a file.
    #[error("reading {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not in the form that it should have.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the places.
        source: ReadError,
    },
}

/// One context of a file: a cluster and a user.
#[derive(Debug, Clone)]
pub struct Kubeconfig {
    /// The context's name.
    pub context: String,
    /// The address of the API server.
    pub server: String,
    /// Certificates that its own is signed by, in PEM; the system's where there is none.
    pub authority: Option<Vec<u8>>,
    /// Its certificate is not looked at.
    pub insecure: bool,
    /// A proxy on the way.
    pub proxy: Option<String>,
    /// Who we are.
    pub credential: Credential,
}

/// Who we are to a cluster. It shows itself to nobody.
#[derive(Clone)]
pub enum Credential {
    /// Nobody.
    None,
    /// Whoever has this token.
    Token(String),
    /// Whoever has the token in this file, which changes.
    TokenFile(PathBuf),
    /// A name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// Certificate and key, in PEM.
    Certificate {
        /// Both, one after the other.
        pem: Vec<u8>,
    },
    /// A program that says who we are (client.authentication.k8s.io).
    Program(Program),
}

/// A program that says who we are.
#[derive(Clone)]
pub struct Program {
    /// The program.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What is added to its environment.
    pub environment: BTreeMap<String, String>,
    /// The version of the protocol: `client.authentication.k8s.io/v1`.
    pub api_version: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Token(_) => "Token",
            Self::TokenFile(_) => "TokenFile",
            Self::Password { .. } => "Password",
            Self::Certificate { .. } => "Certificate",
            Self::Program(_) => "Program",
        })
    }
}

impl Kubeconfig {
    /// Reads a file's current context, or the one with this name.
    pub fn read(path: &Path, context: Option<&str>) -> Result<Self, KubeconfigError> {
        let text = String::from_utf8_lossy(&file(path)?).into_owned();
        let malformed = |source| KubeconfigError::Malformed { path: path.to_owned(), source };
        let documents = parse_yaml(&text).map_err(malformed)?;
        let [document] = documents.as_slice() else {
            let message = format!("expected one document, found {}", documents.len());
            return Err(malformed(ReadError::at(0, "", message)));
        };
        Self::of_document(document, path, context)
    }

    fn of_document(document: &Node, path: &Path, context: Option<&str>) -> Result<Self, KubeconfigError> {
        let faults = Faults::default();
        let root = Cursor::new(document, &faults).open_fields();
        let folder = path.parent().unwrap_or(Path::new("."));
        let name = context.map_or_else(|| root.required("current-context").scalar(), str::to_owned);
        let chosen = entry(&root, "contexts", "context", &name, &root.required("contexts"));
        let mut files = Files { folder, missing: None };
        let mut read = Self {
            context: name,
            server: String::new(),
            authority: None,
            insecure: false,
            proxy: None,
            credential: Credential::None,
        };
        if let Some(chosen) = chosen {
            let cluster = chosen.required("cluster");
            if let Some(fields) = entry(&root, "clusters", "cluster", &cluster.scalar(), &cluster) {
                read.take_cluster(&fields, &mut files);
            }
            if let Some(user) = chosen.optional("user")
                && let Some(fields) = entry(&root, "users", "user", &user.scalar(), &user)
            {
                read.credential = credential(&fields, &mut files);
            }
        }
        drop(root);
        if let Some((path, source)) = files.missing {
            return Err(KubeconfigError::Unreadable { path, source });
        }
        faults.done(read).map_err(|source| KubeconfigError::Malformed { path: path.to_owned(), source })
    }

    fn take_cluster(&mut self, fields: &Fields<'_>, files: &mut Files<'_>) {
        let server = fields.required("server");
        self.server = server.scalar();
        if !self.server.is_empty() && !["https://", "http://"].iter().any(|scheme| self.server.starts_with(scheme)) {
            server.fault(format!("expected an address with https://, found `{}`", shortened(&self.server)));
        }
        self.authority = files.data(fields, "certificate-authority");
        self.insecure = fields.optional("insecure-skip-tls-verify").is_some_and(|place| place.truth());
        self.proxy = fields.optional("proxy-url").map(|place| place.scalar());
        if let Some(name) = fields.optional("tls-server-name") {
            name.fault("another name for TLS is not supported: put the name into `server`");
        }
    }
}

/// The entry of a list of named things, under the key that holds it. `asked_at` is where it was named.
fn entry<'a>(root: &Fields<'a>, list: &str, key: &str, name: &str, asked_at: &Cursor<'a>) -> Option<Fields<'a>> {
    let items = root.items(list);
    let found = items.into_iter().map(Cursor::open_fields).find(|entry| {
        let own = entry.optional("name").map(|place| place.scalar());
        own.as_deref() == Some(name)
    });
    match found {
        Some(entry) => Some(entry.required(key).open_fields()),
        None => {
            if !name.is_empty() {
                asked_at.fault(format!("`{list}` has nothing with the name `{}`", shortened(name)));
            }
            None
        }
    }
}

fn credential(user: &Fields<'_>, files: &mut Files<'_>) -> Credential {
    let text = |key: &str| user.optional(key).map(|place| place.scalar()).filter(|text| !text.is_empty());
    if let (Some(certificate), Some(key)) = (files.data(user, "client-certificate"), files.data(user, "client-key")) {
        let mut pem = certificate;
        pem.push(b'\n');
        pem.extend(key);
        return Credential::Certificate { pem };
    }
    if let Some(token) = text("token") {
        return Credential::Token(token);
    }
    if let Some(file) = text("tokenFile") {
        return Credential::TokenFile(files.folder.join(file));
    }
    if let (Some(user), Some(password)) = (text("username"), text("password")) {
        return Credential::Password { user, password };
    }
    if let Some(program) = user.optional("exec") {
        return program_of(program);
    }
    if let Some(provider) = user.optional("auth-provider") {
        provider.fault("auth-provider is gone since Kubernetes 1.26: use `exec`, or a token");
    }
    Credential::None
}

fn program_of(place: Cursor<'_>) -> Credential {
    let fields = place.open_fields();
    let environment = fields.items("env").into_iter().map(|entry| {
        let entry = entry.open_fields();
        (entry.required("name").scalar(), entry.required("value").scalar())
    });
    Credential::Program(Program {
        command: fields.required("command").scalar(),
        arguments: fields.items("args").iter().map(Cursor::scalar).collect(),
        environment: environment.collect(),
        api_version: fields.required("apiVersion").scalar(),
    })
}

/// Files that a file names, beside it.
struct Files<'p> {
    folder: &'p Path,
    missing: Option<(PathBuf, std::io::Error)>,
}

impl Files<'_> {
    /// `KEY-data` in base64, or the content of the file that `KEY` names.
    fn data(&mut self, fields: &Fields<'_>, key: &str) -> Option<Vec<u8>> {
        if let Some(place) = fields.optional(&format!("{key}-data")) {
            let text: String = place.scalar().split_whitespace().collect();
            let bytes = STANDARD.decode(text).ok();
            if bytes.is_none() {
                place.fault("expected base64");
            }
            return bytes;
        }
        let path = self.folder.join(fields.optional(key)?.scalar());
        match file(&path) {
            Ok(bytes) => Some(bytes),
            Err(KubeconfigError::Unreadable { path, source }) => {
                self.missing = self.missing.take().or(Some((path, source)));
                None
            }
            Err(KubeconfigError::Malformed { .. }) => None,
        }
    }
}

/// The bytes of a file, as far as such files go.
fn file(path: &Path) -> Result<Vec<u8>, KubeconfigError> {
    let unreadable = |source| KubeconfigError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let length = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if length as u64 > FILE_BYTES_MAX {
        let source = ReadError::at(0, "", format!("longer than {FILE_BYTES_MAX} bytes"));
        return Err(KubeconfigError::Malformed { path: path.to_owned(), source });
    }
    Ok(bytes)
}
