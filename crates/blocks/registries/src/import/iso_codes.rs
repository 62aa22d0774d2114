//! Registers of countries, their subdivisions and languages, from Debian's `iso-codes` package (ISO 3166-1, ISO 3166-2,
//! ISO 639-3) with the names in other languages that its gettext catalogues hold.
//!
//! The package is read where Debian installs it, or from any other folders laid out the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::mo::Translations;
use super::{Fault, Format, Inferred, open};

/// The largest catalogue of translations that is read, in bytes.
const CATALOGUE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The languages whose names are kept when nothing else is asked for: those of the pages, the other official ones of
/// the United Nations, and some with many speakers. Gettext's names for them.
pub const LANGUAGES: [&str; 11] = ["ar", "de", "es", "fr", "hi", "id", "pt", "ru", "sw", "tr", "zh_CN"];
/// The most languages that can be asked for.
pub const LANGUAGES_MAX: usize = 40;

/// Where the package lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The folder with `iso_3166-1.json` and its neighbours.
    pub json: PathBuf,
    /// The folder with `<language>/LC_MESSAGES/iso_3166-1.mo`.
    pub locale: PathBuf,
}

impl Default for Folders {
    fn default() -> Self {
        Self { json: "/usr/share/iso-codes/json".into(), locale: "/usr/share/locale".into() }
    }
}

/// Why the package could not be read.
#[derive(Debug, thiserror::Error)]
pub enum IsoCodesError {
    /// A file of it is not there.
    #[error("cannot read {}; install the package with `apt-get install iso-codes`, or name its folder", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of it is broken.
    #[error("{}", file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// Where and how.
        #[source]
        source: Fault,
    },
    /// A language whose name is no name.
    #[error("`{0}` does not name a language; use gettext's names, such as fr or zh_CN")]
    Language(String),
    /// Too many languages.
    #[error("at most {LANGUAGES_MAX} languages can be kept")]
    TooManyLanguages,
}

/// A field whose values are keys of another of these registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The field here.
    pub field: &'static str,
    /// The code of the other register.
    pub register: &'static str,
    /// The field there.
    pub key: &'static str,
}

/// One register in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The short code of the register.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it holds and where that comes from.
    pub description: &'static str,
    /// The field that names each record.
    pub key: &'static str,
    /// The fields that every record must have, the key among them. That every row of the package has a flag or a name in
    /// Chinese does not mean that one without is wrong.
    pub required: &'static [&'static str],
    /// What points to other registers.
    pub links: &'static [Link],
    /// The records; those that others point to come before them.
    pub records: Vec<Map<String, Value>>,
}

impl Dataset {
    /// What was inferred of the records, put right by what is known of the standard.
    #[must_use]
    pub fn described(&self, mut found: Inferred) -> Inferred {
        for field in &mut found.fields {
            field.required = self.required.contains(&field.name.as_str());
        }
        found.key = Some(self.key.to_owned());
        found
    }
}

/// The name of the field that holds the names in other languages, by language.
pub const NAMES: &str = "names";
/// The name of the field that holds the names in all further languages that the package speaks, each name once: they are
/// for finding, so it is of no matter which language says what.
pub const OTHER_NAMES: &str = "other_names";

struct Plan {
    code: &'static str,
    name: &'static str,
    description: &'static str,
    file: &'static str,
    catalogues: &'static [&'static str],
    key: &'static str,
    required: &'static [&'static str],
    links: &'static [Link],
}

const PLANS: [Plan; 3] = [
    Plan {
        code: "countries",
        name: "Countries",
        description: "Countries and territories with their codes (ISO 3166-1), from Debian's iso-codes.",
        file: "iso_3166-1",
        catalogues: &["iso_3166-1"],
        key: "alpha_2",
        required: &["alpha_2", "alpha_3", "numeric", "name"],
        links: &[],
    },
    Plan {
        code: "subdivisions",
        name: "Subdivisions",
        description: "Provinces, states, districts and their codes (ISO 3166-2), from Debian's iso-codes.",
        file: "iso_3166-2",
        catalogues: &["iso_3166-2"],
        key: "code",
        required: &["code", "name", "type", "country"],
        links: &[
            Link { field: "country", register: "countries", key: "alpha_2" },
            Link { field: "parent", register: "subdivisions", key: "code" },
        ],
    },
    Plan {
        code: "languages",
        name: "Languages",
        description: "Languages of the world with their codes (ISO 639-3), from Debian's iso-codes.",
        file: "iso_639-3",
        catalogues: &["iso_639-3", "iso_639-2"],
        key: "alpha_3",
        required: &["alpha_3", "name", "scope", "type"],
        links: &[],
    },
];

/// Reads all three registers, with names in these languages (`[]`: English only).
///
/// A language for which the package holds no catalogue is passed over: catalogues differ between its parts.
pub fn read(folders: &Folders, languages: &[impl AsRef<str>]) -> Result<Vec<Dataset>, IsoCodesError> {
    if languages.len() > LANGUAGES_MAX {
        return Err(IsoCodesError::TooManyLanguages);
    }
    for language in languages.iter().map(AsRef::as_ref) {
        let plain = language.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'@'));
        if language.is_empty() || language.len() > 20 || !plain {
            return Err(IsoCodesError::Language(language.to_owned()));
        }
    }
    PLANS.iter().map(|plan| plan.read(folders, languages)).collect()
}

impl Plan {
    fn read(&self, folders: &Folders, languages: &[impl AsRef<str>]) -> Result<Dataset, IsoCodesError> {
        let names = self.translations(&folders.locale, languages);
        // Whoever wants English only wants no other name at all.
        let others = if languages.is_empty() { Vec::new() } else { self.further_languages(&folders.locale, languages) };
        let others = self.translations(&folders.locale, &others);
        let file = folders.json.join(format!("{}.json", self.file));
        let reader = File::open(&file).map_err(|source| IsoCodesError::Missing { file: file.clone(), source })?;
        let broken = |source| IsoCodesError::Broken { file: file.clone(), source };
        let mut records = Vec::new();
        for row in open(Format::Json, BufReader::new(reader)).map_err(broken)? {
            records.push(self.record(row.map_err(broken)?.content, &names, &others));
        }
        if self.links.iter().any(|link| link.register == self.code) {
            in_order(&mut records, self.key, "parent");
        }
        Ok(Dataset {
            code: self.code,
            name: self.name,
            description: self.description,
            key: self.key,
            required: self.required,
            links: self.links,
            records,
        })
    }

    /// The languages that the package speaks besides these.
    fn further_languages(&self, locale: &Path, chosen: &[impl AsRef<str>]) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(locale) else { return Vec::new() };
        let mut found: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !chosen.iter().any(|language| language.as_ref() == name))
            .filter(|name| {
                let folder = locale.join(name).join("LC_MESSAGES");
                self.catalogues.iter().any(|catalogue| folder.join(format!("{catalogue}.mo")).exists())
            })
            .collect();
        found.sort();
        found
    }

    /// For each language its catalogues, the most specific first.
    fn translations(&self, locale: &Path, languages: &[impl AsRef<str>]) -> BTreeMap<String, Vec<Translations>> {
        let mut all = BTreeMap::new();
        for language in languages.iter().map(AsRef::as_ref) {
            let folder = locale.join(language).join("LC_MESSAGES");
            let catalogues: Vec<_> =
                self.catalogues.iter().filter_map(|name| catalogue(&folder.join(format!("{name}.mo")))).collect();
            if !catalogues.is_empty() {
                all.insert(language.replace('_', "-"), catalogues);
            }
        }
        all
    }

    fn record(
        &self,
        mut record: Map<String, Value>,
        languages: &BTreeMap<String, Vec<Translations>>,
        others: &BTreeMap<String, Vec<Translations>>,
    ) -> Map<String, Value> {
        if self.code == "subdivisions" {
            let country = text(&record, "code").split('-').next().unwrap_or_default().to_owned();
            // A parent is written without its country where it is of the same one.
            let parent = text(&record, "parent");
            if !parent.is_empty() && !parent.contains('-') {
                let parent = Value::String(format!("{country}-{parent}"));
                record.insert("parent".to_owned(), parent);
            }
            record.insert("country".to_owned(), Value::String(country));
        }
        let translated = |catalogues: &[Translations]| {
            ["common_name", "name"].iter().find_map(|field| {
                let original = text(&record, field);
                let found = catalogues.iter().find_map(|catalogue| catalogue.get(original));
                found.filter(|found| *found != original).map(str::to_owned)
            })
        };
        let mut names = Map::new();
        for (language, catalogues) in languages {
            if let Some(name) = translated(catalogues) {
                names.insert(language.clone(), Value::String(name));
            }
        }
        let further: BTreeSet<String> = others
            .values()
            .filter_map(|catalogues| translated(catalogues))
            .filter(|name| !names.values().any(|known| known == name))
            .collect();
        if !further.is_empty() {
            record.insert(OTHER_NAMES.to_owned(), further.into_iter().collect());
        }
        if !names.is_empty() {
            record.insert(NAMES.to_owned(), Value::Object(names));
        }
        record
    }
}

fn text<'a>(record: &'a Map<String, Value>, field: &str) -> &'a str {
    record.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A catalogue, if it is there and whole: a missing or broken translation must not keep the codes out.
fn catalogue(file: &Path) -> Option<Translations> {
    let size = std::fs::metadata(file).ok()?.len();
    if size > CATALOGUE_BYTES_MAX {
        return None;
    }
    Translations::read(&std::fs::read(file).ok()?).ok()
}

/// Puts records before those that name them as parent.
fn in_order(records: &mut [Map<String, Value>], key: &str, parent: &str) {
    let parents: BTreeMap<String, String> =
        records.iter().map(|record| (text(record, key).to_owned(), text(record, parent).to_owned())).collect();
    // Bounded, should the data name itself in a circle.
    let depth = |record: &Map<String, Value>| {
        let mut at = text(record, parent);
        let mut steps = 0_u8;
        while !at.is_empty() && steps < 16 {
            steps += 1;
            at = parents.get(at).map_or("", String::as_str);
        }
        steps
    };
    records.sort_by_cached_key(|record| (depth(record), text(record, key).to_owned()));
}
