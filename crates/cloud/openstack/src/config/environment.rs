//! The environment of the process, handed down so that a test decides it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fields::{Field, Fields};

/// Variables that are about files and choice, not about a cloud.
const NO_FIELDS: [&str; 7] = [
    "OS_CLOUD",
    "OS_CLOUD_NAME",
    "OS_CLIENT_CONFIG_FILE",
    "OS_CLIENT_SECURE_FILE",
    "OS_CLIENT_VENDOR_FILE",
    "OS_CLIENT_CONFIG_PATH",
    "OS_CONFIG_PREFIX",
];

/// What the environment says, and where files are.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    folder: PathBuf,
}

/// Variables hold passwords: only their names are shown.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.variables.keys().filter(|name| name.starts_with("OS_")).collect();
        f.debug_struct("Environment").field("variables", &names).field("folder", &self.folder).finish()
    }
}

impl Environment {
    /// That of this process. Variables that are no UTF-8 are left out.
    pub fn of_process() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { variables: variables.collect(), folder: std::env::current_dir().unwrap_or_default() }
    }

    /// One of these variables, in this folder.
    pub fn new(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
        folder: impl Into<PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: variables.collect(), folder: folder.into() }
    }

    /// A variable that is not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Where a file may be, in the order of `openstacksdk`: this folder, the user's, the system's.
    pub(super) fn places(&self, variable: &str, stem: &str) -> Vec<PathBuf> {
        if let Some(file) = self.variable(variable) {
            return vec![self.folder.join(file)];
        }
        let home = self.variable("HOME").map(PathBuf::from);
        let of_user = self.variable("XDG_CONFIG_HOME").map(PathBuf::from);
        let of_user = of_user.or_else(|| home.map(|home| home.join(".config"))).map(|folder| folder.join("openstack"));
        let of_system = [PathBuf::from("/etc/openstack")];
        let folders = [self.folder.clone()].into_iter().chain(of_user).chain(of_system);
        folders
            .flat_map(|folder| ["yaml", "yml", "json"].map(|ending| folder.join(format!("{stem}.{ending}"))))
            .collect()
    }

    /// A path as it stands in a field: `~` is the user's home, and others are below this folder.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.variable("HOME")) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => self.folder.join(text),
        }
    }

    /// The cloud that the variables describe, if they describe one: `OS_AUTH_URL` is the field `auth_url`.
    pub(super) fn cloud(&self) -> Option<Fields> {
        let mut fields = Fields::new(self.clone());
        for (name, value) in &self.variables {
            let Some(field) = name.strip_prefix("OS_").filter(|_| !NO_FIELDS.contains(&name.as_str())) else {
                continue;
            };
            if !value.is_empty() {
                let field = field.to_ascii_lowercase();
                let path = if Fields::is_of_login(&field) { format!("auth.{field}") } else { field };
                fields.add(path, Field::new(value.clone(), name.clone()));
            }
        }
        (!fields.is_empty()).then_some(fields)
    }
}
