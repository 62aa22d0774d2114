//! Configuration: one TOML file and the environment, checked against one table of options.
//!
//! The environment goes before the file, arguments go before both. `STOA_SERVER__LISTEN` is `server.listen`: two
//! underscores part the levels. A variable without two underscores is never taken for an option, because container
//! systems set such ones by themselves for a service called `stoa` (`STOA_PORT=tcp://…`).

mod load;
pub(crate) mod options;
pub(crate) mod reference;
mod suggest;

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::exit::{Exit, Failure};
pub(crate) use load::Sources;

/// Where a value was set; said in messages and by `config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// A variable of the environment.
    Environment(String),
    /// An argument of the command line.
    Argument(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(file, line) => write!(f, "{}:{line}", file.display()),
            Origin::Environment(name) => f.write_str(name),
            Origin::Argument(name) => f.write_str(name),
        }
    }
}

/// One value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The checked value.
    pub(crate) value: Value,
    /// Who set it.
    pub(crate) origin: Origin,
}

/// All values that somebody set; what nobody set is answered from the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    settings: BTreeMap<String, Setting>,
    /// The file that was read, if there was one.
    pub(crate) file: Option<PathBuf>,
}

impl Config {
    /// Reads file and environment. Every mistake is named at once, not one per attempt.
    pub(crate) fn load(sources: &Sources) -> Result<Config, Failure> {
        load::load(sources)
    }

    /// Sets a value from an argument.
    pub(crate) fn set(&mut self, path: &str, value: impl Into<Value>, argument: &'static str) {
        self.settings.insert(path.to_owned(), Setting { value: value.into(), origin: Origin::Argument(argument) });
    }

    /// The value at `path`, from its default when nobody set it.
    pub(crate) fn get(&self, path: &str) -> Option<Setting> {
        self.settings.get(path).cloned().or_else(|| {
            let default = options::find(path)?.default;
            let value = load::toml_value(default)?;
            Some(Setting { value, origin: Origin::Default })
        })
    }

    /// A text.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.get(path).and_then(|setting| setting.value.as_str().map(str::to_owned))
    }

    /// A list of texts.
    pub(crate) fn list(&self, path: &str) -> Vec<String> {
        let value = self.get(path).map(|setting| setting.value);
        let items = value.as_ref().and_then(|value| value.as_array()).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// A path.
    pub(crate) fn path(&self, path: &str) -> Option<PathBuf> {
        self.text(path).map(PathBuf::from)
    }

    /// A flag; `false` when nobody set it and the table has no default.
    pub(crate) fn flag(&self, path: &str) -> bool {
        self.get(path).and_then(|setting| setting.value.as_bool()).unwrap_or(false)
    }

    /// A number within the bounds of its option.
    pub(crate) fn number(&self, path: &str) -> Option<u64> {
        self.get(path).and_then(|setting| setting.value.as_u64())
    }

    /// An address to listen on, names resolved.
    pub(crate) fn address(&self, path: &str) -> Result<Option<SocketAddr>, Failure> {
        let Some(setting) = self.get(path) else { return Ok(None) };
        let text = setting.value.as_str().unwrap_or_default().to_owned();
        let wrong = |reason: String| {
            Failure::new(Exit::Usage, format!("{}: `{path}` is not an address to listen on: {reason}", setting.origin))
                .advice("Write HOST:PORT, for example 127.0.0.1:8080.")
        };
        match text.to_socket_addrs() {
            Ok(mut found) => found.next().map(Some).ok_or_else(|| wrong(format!("{text:?} names no address"))),
            Err(error) => Err(wrong(format!("{text:?}: {error}"))),
        }
    }

    /// The names of the operator's own below a section: `issuers` gives each configured issuer.
    pub(crate) fn names(&self, section: &str) -> Vec<String> {
        let prefix = format!("{section}.");
        let mut names: Vec<String> = self
            .settings
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix)?.split('.').next().map(str::to_owned))
            .collect();
        names.dedup();
        names
    }

    /// The options of one block as JSON, as its context hands them to it.
    pub(crate) fn block(&self, name: &str) -> Value {
        let mut object = serde_json::Map::new();
        for option in options::all() {
            let Some(key) = option.path.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')) else { continue };
            if key.0 != "*" && key.0 != name {
                continue;
            }
            if let Some(setting) = self.get(&format!("blocks.{name}.{}", key.1)) {
                object.insert(key.1.to_owned(), setting.value);
            }
        }
        Value::Object(object)
    }

    /// Relative paths of a file mean what they say where the process was started.
    pub(crate) fn absolute(path: &Path) -> PathBuf {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    }

    /// Every option in force with its origin, secrets redacted, as TOML.
    pub(crate) fn show(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        let mut section = String::new();
        for (path, setting) in self.in_force() {
            let (table, key) = path.rsplit_once('.').unwrap_or(("", path.as_str()));
            if table != section {
                let _ = writeln!(text, "{}[{table}]", if text.is_empty() { "" } else { "\n" });
                table.clone_into(&mut section);
            }
            let shown = redacted(&path, &setting.value);
            let _ = writeln!(text, "{key} = {shown}  # {}", setting.origin);
        }
        text
    }

    fn in_force(&self) -> Vec<(String, Setting)> {
        let mut rows = Vec::new();
        for section in options::SECTIONS {
            if let Some(base) = section.name.strip_suffix(".*") {
                for name in self.names(base) {
                    for option in section.options.iter().chain(options::BLOCK_OPTIONS) {
                        let path = option.path.replacen('*', &name, 1);
                        if let (true, Some(setting)) = (path.starts_with(&format!("{base}.{name}.")), self.get(&path)) {
                            rows.push((path, setting));
                        }
                    }
                }
            } else {
                for option in section.options {
                    if let Some(setting) = self.get(option.path) {
                        rows.push((option.path.to_owned(), setting));
                    }
                }
            }
        }
        rows
    }
}

/// A value as it may be shown: secrets whole, the password inside a URL.
fn redacted(path: &str, value: &Value) -> String {
    let accepts = options::find(path).map(|option| option.accepts);
    let quoted = |text: &str| Value::from(text).to_string();
    match (accepts, value.as_str()) {
        (Some(options::Accepts::Secret | options::Accepts::Url), Some(text)) => match text.split_once("://") {
            Some((scheme, rest)) => match rest.rsplit_once('@') {
                Some((_, host)) => quoted(&format!("{scheme}://***@{host}")),
                None => quoted(text),
            },
            // The engine's name is no secret although its URL may hold one.
            None if path == "store.url" && text == "sqlite" => quoted(text),
            None if accepts == Some(options::Accepts::Secret) => quoted("***"),
            None => quoted(text),
        },
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
