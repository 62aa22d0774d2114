//! Finding a cloud in `clouds.yaml`, its secrets in `secure.yaml`, and what it is based on in `clouds-public.yaml`.

use std::io::Read;
use std::path::PathBuf;

use stoa_standards::tree::{Content, Node, parse_json, parse_yaml};
use stoa_standards::{Fault, ReadError};
use zeroize::Zeroizing;

use super::environment::Environment;
use super::error::ConfigError;
use super::fields::Fields;

/// Bytes of such a file at most.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A cloud in a file.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) fields: Fields,
    /// Where the cloud begins.
    pub(super) place: String,
}

/// The clouds of a file, in its order.
struct Clouds {
    file: PathBuf,
    clouds: Vec<(String, Node)>,
}

/// Finds a cloud by its name, or the only one that there is.
pub(super) fn find(name: Option<&str>, environment: &Environment) -> Result<Found, ConfigError> {
    let searched = environment.places("OS_CLIENT_CONFIG_FILE", "clouds");
    let Some(clouds) = read_first(&searched, "clouds")? else { return Err(ConfigError::NoFile { searched }) };
    let known = || clouds.clouds.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let (name, node) = match (name, clouds.clouds.as_slice()) {
        (Some(name), all) => all.iter().find(|(known, _)| known == name).ok_or_else(|| ConfigError::UnknownCloud {
            name: name.chars().take(60).collect(),
            file: clouds.file.clone(),
            known: known(),
        })?,
        (None, [only]) => only,
        (None, _) => return Err(ConfigError::NotChosen { file: clouds.file.clone(), known: known() }),
    };
    let file = clouds.file.display().to_string();
    let mut fields = Fields::new(environment.clone());
    fields.add_node(node.clone(), "", &file);
    let places = environment.places("OS_CLIENT_SECURE_FILE", "secure");
    if let Some(secure) = read_first(&places, "clouds")?
        && let Some((_, node)) = secure.clouds.iter().find(|(known, _)| known == name)
    {
        fields.add_node(node.clone(), "", &secure.file.display().to_string());
    }
    add_profile(&mut fields, environment)?;
    Ok(Found { name: name.clone(), fields, place: format!("{file} line {}", node.line) })
}

/// What the cloud is based on: a profile that several clouds share.
fn add_profile(fields: &mut Fields, environment: &Environment) -> Result<(), ConfigError> {
    let key = if fields.text("profile").is_some() { "profile" } else { "cloud" };
    let Some(name) = fields.text(key).map(str::to_owned) else { return Ok(()) };
    let searched = environment.places("OS_CLIENT_VENDOR_FILE", "clouds-public");
    let public = read_first(&searched, "public-clouds")?;
    let found = public.and_then(|public| {
        let node = public.clouds.into_iter().find(|(known, _)| *known == name)?.1;
        Some((node, public.file.display().to_string()))
    });
    let Some((node, file)) = found else {
        return Err(ConfigError::UnknownProfile { place: fields.place(key), name, searched });
    };
    let mut base = Fields::new(environment.clone());
    base.add_node(node, "", &file);
    fields.add_base(base);
    Ok(())
}

/// The first of these files that is there.
fn read_first(places: &[PathBuf], key: &str) -> Result<Option<Clouds>, ConfigError> {
    for file in places {
        match std::fs::File::open(file) {
            Ok(open) => return read(file.clone(), open, key).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(ConfigError::Unreadable { file: file.clone(), source }),
        }
    }
    Ok(None)
}

fn read(file: PathBuf, open: std::fs::File, key: &str) -> Result<Clouds, ConfigError> {
    let mut text = Zeroizing::new(String::new());
    if let Err(source) = open.take(FILE_BYTES_MAX + 1).read_to_string(&mut text) {
        return Err(ConfigError::Unreadable { file, source });
    }
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(ConfigError::TooLarge { file, bytes_max: FILE_BYTES_MAX });
    }
    let is_json = file.extension().is_some_and(|ending| ending == "json");
    let documents = if is_json { parse_json(&text).map(|node| vec![node]) } else { parse_yaml(&text) };
    match documents.and_then(|documents| clouds(documents, key)) {
        Ok(clouds) => Ok(Clouds { file, clouds }),
        Err(fault) => Err(ConfigError::Form { file, fault }),
    }
}

fn clouds(documents: Vec<Node>, key: &str) -> Result<Vec<(String, Node)>, ReadError> {
    let wrong = |line: usize, path: &str, message: String| ReadError {
        faults: vec![Fault { line, path: path.to_owned(), message }],
        left_out: 0,
    };
    let lacking = || wrong(0, "", format!("the key `{key}` is missing, below which there are clouds by their names"));
    let Some(document) = documents.into_iter().next() else { return Err(lacking()) };
    let line = document.line;
    let Content::Map(entries) = document.content else {
        return Err(wrong(line, "", format!("expected a map with the key `{key}`")));
    };
    let Some((_, node)) = entries.into_iter().find(|(found, _)| found == key) else { return Err(lacking()) };
    let Content::Map(clouds) = node.content else {
        return Err(wrong(node.line, key, "expected a map of clouds by their names".to_owned()));
    };
    if let Some((name, node)) = clouds.iter().find(|(_, node)| !matches!(node.content, Content::Map(_))) {
        let name: String = name.chars().take(60).collect();
        return Err(wrong(node.line, &format!("{key}.{name}"), "expected a map".to_owned()));
    }
    Ok(clouds)
}
