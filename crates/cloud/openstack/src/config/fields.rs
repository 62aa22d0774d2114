//! The fields of a cloud, flat, each with the place that it was written at: later files change some and leave others.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use stoa_standards::tree::{Content, Node};
use zeroize::Zeroizing;

use super::environment::Environment;
use super::error::FieldFault;

/// What may stand in `auth`.
const OF_LOGIN: &[&str] = &[
    "auth_url",
    "username",
    "user_name",
    "user_id",
    "password",
    "token",
    "project_name",
    "project_id",
    "tenant_name",
    "tenant_id",
    "user_domain_name",
    "user_domain_id",
    "project_domain_name",
    "project_domain_id",
    "default_domain",
    "default_domain_name",
    "default_domain_id",
    "domain_name",
    "domain_id",
    "system_scope",
    "trust_id",
    "unscoped",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
];

/// One field.
#[derive(Clone)]
pub(super) struct Field {
    text: Zeroizing<String>,
    /// Where it stands: `/etc/openstack/clouds.yaml line 3`, `OS_PASSWORD`.
    place: String,
}

impl Field {
    pub(super) fn new(text: String, place: String) -> Self {
        Self { text: Zeroizing::new(text), place }
    }
}

/// The fields of a cloud.
#[derive(Clone)]
pub(super) struct Fields {
    by_path: BTreeMap<String, Field>,
    used: RefCell<BTreeSet<String>>,
    faults: RefCell<Vec<FieldFault>>,
    environment: Environment,
}

impl Fields {
    pub(super) fn new(environment: Environment) -> Self {
        Self { by_path: BTreeMap::new(), used: RefCell::default(), faults: RefCell::default(), environment }
    }

    /// Whether a field is one of `auth`.
    pub(super) fn is_of_login(name: &str) -> bool {
        OF_LOGIN.contains(&name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    pub(super) fn add(&mut self, path: String, field: Field) {
        self.by_path.insert(path, field);
    }

    /// Adds everything below a node; what is there already gives way.
    pub(super) fn add_node(&mut self, node: Node, path: &str, file: &str) {
        let place = if node.line > 0 { format!("{file} line {}", node.line) } else { file.to_owned() };
        match node.content {
            Content::Null => {}
            Content::Scalar { text, .. } => self.add(path.to_owned(), Field::new(text, place)),
            Content::List(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    self.add_node(item, &format!("{path}[{index}]"), file);
                }
            }
            Content::Map(entries) => {
                for (key, node) in entries {
                    let below = if path.is_empty() { key } else { format!("{path}.{key}") };
                    self.add_node(node, &below, file);
                }
            }
        }
    }

    /// Takes the fields of another cloud where there are none yet.
    pub(super) fn add_base(&mut self, base: Self) {
        for (path, field) in base.by_path {
            self.by_path.entry(path).or_insert(field);
        }
    }

    /// Takes the fields below a path up: what a region changes counts for the cloud.
    pub(super) fn lift(&mut self, below: &str) {
        let lifted: Vec<(String, Field)> = self
            .by_path
            .iter()
            .filter_map(|(path, field)| Some((path.strip_prefix(below)?.strip_prefix('.')?.to_owned(), field.clone())))
            .collect();
        self.by_path.extend(lifted);
    }

    /// The text of a field, if it is there and not empty.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.used.borrow_mut().insert(path.to_owned());
        self.by_path.get(path).map(|field| field.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The text of a field of `auth`, which may stand beside `auth` too.
    pub(super) fn login(&self, name: &str) -> Option<&str> {
        let beside = self.text(name);
        self.text(&format!("auth.{name}")).or(beside)
    }

    /// A truth value, as YAML has them.
    pub(super) fn truth(&self, path: &str) -> Option<bool> {
        let text = self.text(path)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => {
                self.fault(path, "expected true or false");
                None
            }
        }
    }

    /// A file.
    pub(super) fn path(&self, path: &str) -> Option<PathBuf> {
        self.text(path).map(|text| self.environment.path(text))
    }

    /// Notes that a field is wrong. Values are not shown: any may be a secret in the wrong place.
    pub(super) fn fault(&self, path: &str, message: impl Into<String>) {
        let auth = format!("auth.{path}");
        let found = self.by_path.get(path).or_else(|| self.by_path.get(&auth));
        let place = found.map_or_else(String::new, |field| field.place.clone());
        self.faults.borrow_mut().push(FieldFault { place, field: path.to_owned(), message: message.into() });
    }

    /// Where a field stands.
    pub(super) fn place(&self, path: &str) -> String {
        self.by_path.get(path).map(|field| field.place.clone()).unwrap_or_default()
    }

    /// Fields of `auth` that nobody knows are mistakes: one letter wrong, and one wonders why the login is refused.
    pub(super) fn check_login(&self) {
        for path in self.by_path.keys() {
            if let Some(name) = path.strip_prefix("auth.")
                && !Self::is_of_login(name)
            {
                let near = OF_LOGIN.iter().find(|known| is_near(known, name));
                let hint = near.map(|known| format!("; did you mean {known}?")).unwrap_or_default();
                self.fault(path, format!("no login takes this field{hint}"));
            }
        }
    }

    /// A list where a text was looked for is a mistake: nothing would be taken of it, and nobody would know.
    pub(super) fn check_lists(&self) {
        for path in self.used.borrow().iter().filter(|path| !self.by_path.contains_key(*path)) {
            if let Some(first) = self.by_path.get(&format!("{path}[0]")) {
                let (place, field) = (first.place.clone(), path.clone());
                self.faults.borrow_mut().push(FieldFault {
                    place,
                    field,
                    message: "expected one value, not a list".to_owned(),
                });
            }
        }
    }

    /// The mistakes; those without a place of their own are at the given one.
    pub(super) fn faults(&self, place: &str) -> Vec<FieldFault> {
        let mut faults = self.faults.borrow().clone();
        for fault in faults.iter_mut().filter(|fault| fault.place.is_empty()) {
            place.clone_into(&mut fault.place);
        }
        faults
    }

    /// Fields that were asked for by nobody, with their places.
    pub(super) fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        let unused = self.by_path.iter().filter(|(path, _)| !used.contains(*path) && !path.starts_with("auth."));
        unused.map(|(path, field)| format!("{path} ({})", field.place)).collect()
    }
}

/// Whether one letter more, less or different makes one word of the other, or two letters change places.
fn is_near(known: &str, given: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (known.chars().collect(), given.chars().collect());
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let back = a.iter().skip(front).rev().zip(b.iter().skip(front).rev()).take_while(|(x, y)| x == y).count();
    let (left, right) = (a.len() - front - back, b.len() - front - back);
    left.max(right) <= 1 || (left == 2 && right == 2)
}
