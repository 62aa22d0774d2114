//! Reading the file and the environment against the table of options.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::options::{self, Accepts};
use super::{Config, Origin, Setting, suggest};
use crate::exit::{Exit, Failure};
use crate::instance::BLOCKS;

/// The file that is read when none is named and it is there.
pub(super) const FILE_NAME: &str = "stoa.toml";

/// Where configuration comes from; given by hand in tests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// The file that the operator named; it must be there.
    pub(crate) file: Option<PathBuf>,
    /// The folder in which `stoa.toml` is looked for otherwise.
    pub(crate) folder: PathBuf,
    /// The variables of the environment.
    pub(crate) environment: BTreeMap<String, String>,
}

impl Sources {
    /// The process's own folder and environment.
    pub(crate) fn of_process(file: Option<PathBuf>) -> Sources {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("STOA_"))
            .collect();
        Sources { file, folder: PathBuf::from("."), environment }
    }
}

pub(super) fn load(sources: &Sources) -> Result<Config, Failure> {
    let mut reading = Reading::default();
    let file = match &sources.file {
        Some(named) => Some(named.clone()),
        None => Some(sources.folder.join(FILE_NAME)).filter(|path| path.is_file()),
    };
    if let Some(path) = &file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::new(Exit::Usage, format!("reading the configuration {}: {error}", path.display()))
                .advice("Name an existing file with --config, or start without one: every option has a default.")
        })?;
        reading.file(path, &text);
    }
    for (name, value) in &sources.environment {
        reading.variable(name, value);
    }
    reading.together();
    if reading.mistakes.is_empty() {
        return Ok(Config { settings: reading.settings, file });
    }
    Err(Failure::new(Exit::Usage, reading.mistakes.join("\nerror: "))
        .advice("`stoa config reference` lists every option; `stoa config check` reads the file without starting."))
}

/// A default of the table, written as TOML, as a value; `None` for an option without default.
pub(super) fn toml_value(text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    text.parse::<toml::Value>().ok().and_then(|value| serde_json::to_value(value).ok())
}

#[derive(Default)]
struct Reading {
    settings: BTreeMap<String, Setting>,
    mistakes: Vec<String>,
}

impl Reading {
    fn file(&mut self, path: &Path, text: &str) {
        match DeTable::parse(text) {
            Ok(table) => self.table(path, text, "", table.get_ref()),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, &span));
                self.mistakes.push(format!("{}:{line}: this is not TOML: {}", path.display(), error.message()));
            }
        }
    }

    fn table(&mut self, file: &Path, text: &str, prefix: &str, table: &DeTable<'_>) {
        // In the order of the file, as a person reads it; the parser's table is in the order of the alphabet.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let line = line_of(text, &key.span());
            let name = key.get_ref();
            let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
            let at = format!("{}:{line}", file.display());
            if let Some(mistake) = no_such_block(&path) {
                self.mistakes.push(format!("{at}: {mistake}"));
            } else if let Some(option) = options::find(&path) {
                match checked(option.accepts, value.get_ref()) {
                    Ok(value) => {
                        let origin = Origin::File(file.to_owned(), line);
                        self.settings.insert(path, Setting { value, origin });
                    }
                    Err(found) => {
                        self.mistakes.push(format!("{at}: `{path}` must be {}, not {found}", option.accepts.words()));
                    }
                }
            } else if options::is_table(&path) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.table(file, text, &path, inner),
                    other => {
                        self.mistakes.push(format!("{at}: `{path}` is a table, [{path}], not {}", described(other)));
                    }
                }
            } else {
                self.mistakes.push(format!("{at}: {}", unknown(&path)));
            }
        }
    }

    fn variable(&mut self, name: &str, value: &str) {
        let Some(rest) = name.strip_prefix("STOA_").filter(|rest| rest.contains("__")) else { return };
        let path = rest.to_ascii_lowercase().replace("__", ".");
        if let Some(mistake) = no_such_block(&path) {
            self.mistakes.push(format!("environment {name}: {mistake}"));
            return;
        }
        let Some(option) = options::find(&path) else {
            self.mistakes.push(format!("environment {name}: {}", unknown(&path)));
            return;
        };
        match checked_text(option.accepts, value) {
            Some(value) => {
                self.settings.insert(path, Setting { value, origin: Origin::Environment(name.to_owned()) });
            }
            None => self.mistakes.push(format!("environment {name}: `{path}` must be {}", option.accepts.words())),
        }
    }

    /// Options without which a table of the operator's own says nothing.
    fn needed(&mut self, section: &str, options: &[&str]) {
        let mut names: Vec<(String, Origin)> = Vec::new();
        for (path, setting) in &self.settings {
            if let Some(name) = own_name(section, path)
                && names.last().is_none_or(|(last, _)| last != name)
            {
                names.push((name.to_owned(), setting.origin.clone()));
            }
        }
        for (name, origin) in names {
            let table = format!("{section}.{name}");
            for option in options.iter().filter(|option| !self.settings.contains_key(&format!("{table}.{option}"))) {
                self.mistakes.push(format!("{origin}: [{table}] needs `{option}`"));
            }
        }
    }

    /// A block that is served elsewhere says where, and how a token is had if not from this node.
    fn elsewhere(&mut self) {
        for block in known_blocks() {
            let table = format!("blocks.{block}");
            let set = |option: &str| self.settings.get(&format!("{table}.{option}"));
            let mut mistakes = Vec::new();
            for (one, other) in [
                ("token_url", "url"),
                ("token_url", "client_id"),
                ("token_url", "client_secret"),
                ("client_id", "token_url"),
                ("client_secret", "token_url"),
                ("scope", "token_url"),
            ] {
                if let (Some(setting), None) = (set(one), set(other)) {
                    mistakes.push(format!("{}: `{table}.{one}` needs `{table}.{other}` beside it", setting.origin));
                }
            }
            if let (Some(setting), Some(_)) = (set("listen"), set("url")) {
                let why = "the block is served elsewhere, so nothing listens for it here";
                mistakes
                    .push(format!("{}: `{table}.listen` and `{table}.url` exclude each other: {why}", setting.origin));
            }
            self.mistakes.extend(mistakes);
        }
    }

    /// Options that only make sense together.
    fn together(&mut self) {
        for (one, other) in [
            ("server.tls_certificate", "server.tls_key"),
            ("server.tls_key", "server.tls_certificate"),
            ("mail.smtp_url", "mail.from"),
            ("blobs.bucket", "blobs.access_key_id"),
            ("blobs.bucket", "blobs.secret_access_key"),
            ("mediator.client_ca", "server.tls_certificate"),
        ] {
            if let (Some(set), false) = (self.settings.get(one), self.settings.contains_key(other)) {
                self.mistakes.push(format!("{}: `{one}` needs `{other}` beside it", set.origin));
            }
        }
        if let (Some(text), Some(file)) = (self.settings.get("keys.master"), self.settings.get("keys.master_file")) {
            self.mistakes.push(format!(
                "{}: `keys.master` and {}: `keys.master_file` both name the master keys; keep one",
                text.origin, file.origin
            ));
        }
        self.public_url();
        self.needed("issuers", &["url", "audience"]);
        self.needed("mediator.members", &["member", "roles"]);
        self.elsewhere();
        let members = self.settings.range("mediator.members.".to_owned()..).next();
        if let Some((path, setting)) = members.filter(|(path, _)| path.starts_with("mediator.members."))
            && !self.settings.contains_key("mediator.client_ca")
        {
            self.mistakes.push(format!("{}: `{path}` needs `mediator.client_ca` beside it", setting.origin));
        }
        if let Some(setting) = self.settings.get("store.url") {
            let url = setting.value.as_str().unwrap_or_default();
            if url != "sqlite" && !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
                self.mistakes
                    .push(format!("{}: `store.url` must be \"sqlite\" or start with \"postgres://\"", setting.origin));
            }
        }
    }
}

impl Reading {
    /// Where links and cookies must say what only the operator knows: the address that people use.
    fn public_url(&mut self) {
        let text = |path: &str| self.settings.get(path).and_then(|setting| setting.value.as_str());
        let public = text("server.public_url");
        if let Some(setting) = self.settings.get("server.behind_proxy").filter(|setting| setting.value == true)
            && !public.is_some_and(|url| url.starts_with("https://"))
        {
            self.mistakes.push(format!(
                "{}: `server.behind_proxy` needs `server.public_url` beside it, the https address of the proxy",
                setting.origin
            ));
        }
        if let Some(setting) = self.settings.get("server.listen")
            && public.is_none()
            && ["0.0.0.0:", "[::]:"].iter().any(|all| setting.value.as_str().is_some_and(|at| at.starts_with(all)))
        {
            self.mistakes.push(format!(
                "{}: `server.listen` takes every address of this machine, so `server.public_url` must say which one people use",
                setting.origin
            ));
        }
    }
}

/// The blocks that this program runs, or has a client for.
fn known_blocks() -> Vec<&'static str> {
    let mut known: Vec<&str> =
        BLOCKS.iter().map(|block| block.name).chain(stoa_peers::BLOCKS.iter().copied()).collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// What is wrong with a table of a block that is none.
fn no_such_block(path: &str) -> Option<String> {
    let name = own_name("blocks", path)?;
    let known = known_blocks();
    if known.contains(&name) {
        return None;
    }
    Some(match suggest::nearest(name, known.iter().copied()) {
        Some(near) => format!("there is no block `{name}`; did you mean `blocks.{near}`?"),
        None => format!("there is no block `{name}`; this program knows {}", known.join(", ")),
    })
}

/// The part of `path` that is a name of the operator's own below `section`.
fn own_name<'a>(section: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(section)?.strip_prefix('.')?.split('.').next()
}

fn unknown(path: &str) -> String {
    // Own names are put where the table has a star, so that `issuers.x.ulr` finds `issuers.x.url`.
    let parts: Vec<&str> = path.split('.').collect();
    let known: Vec<String> = options::all()
        .map(|option| {
            let named = option.path.split('.').enumerate().map(|(index, part)| match (part, parts.get(index)) {
                ("*", Some(own)) => *own,
                _ => part,
            });
            named.collect::<Vec<_>>().join(".")
        })
        .chain(options::SECTIONS.iter().map(|section| section.name.trim_end_matches(".*").to_owned()))
        .collect();
    match suggest::nearest(path, known.iter().map(String::as_str)) {
        Some(near) => format!("unknown key `{path}`; did you mean `{near}`?"),
        None => format!("unknown key `{path}`"),
    }
}

fn checked(accepts: Accepts, value: &DeValue<'_>) -> Result<Value, String> {
    let wrong = || described(value);
    match (accepts, value) {
        (Accepts::Flag, DeValue::Boolean(flag)) => Ok(Value::from(*flag)),
        (Accepts::Number(..), DeValue::Integer(number)) => {
            let parsed = i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).map_err(|_| wrong())?;
            checked_text(accepts, &parsed.to_string()).ok_or_else(wrong)
        }
        (Accepts::List, DeValue::Array(items)) => items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(Value::from(text.as_ref())),
                other => Err(format!("a list with {}", described(other))),
            })
            .collect(),
        (Accepts::Flag | Accepts::Number(..) | Accepts::List, _) => Err(wrong()),
        (_, DeValue::String(text)) => checked_text(accepts, text).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn checked_text(accepts: Accepts, text: &str) -> Option<Value> {
    match accepts {
        Accepts::Text | Accepts::Secret | Accepts::Path => (!text.is_empty()).then(|| Value::from(text)),
        Accepts::Address => text
            .rsplit_once(':')
            .filter(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
            .map(|_| Value::from(text)),
        Accepts::Url => {
            let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
            (!rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace))
                .then(|| Value::from(text))
        }
        Accepts::Flag => text.parse::<bool>().ok().map(Value::from),
        Accepts::Number(low, high) => {
            text.parse::<i64>().ok().filter(|number| (low..=high).contains(number)).map(Value::from)
        }
        Accepts::OneOf(choices) => choices.contains(&text).then(|| Value::from(text)),
        Accepts::List => Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()),
    }
}

/// A value in words. Texts are shown only when short: a secret may stand at the wrong key.
fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.is_empty() => "an empty text".into(),
        DeValue::String(text) if text.len() <= 24 => format!("the text {text:?}"),
        DeValue::String(_) => "this text".into(),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(flag) => format!("the flag {flag}"),
        DeValue::Datetime(time) => format!("the date {time}"),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    1 + text.get(..span.start).unwrap_or(text).matches('\n').count()
}
