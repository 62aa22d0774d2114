//! The register's data, read once. What follows from other facts is worked out here and not written down: the track
//! from the number, the names from number and slug, what replaces what from the order of versions.

use std::sync::LazyLock;

use serde::Deserialize;
use stoa_core::Date;

use super::{Document, DocumentName, DocumentType, Status, Supplement, Track, Version};

/// What the addresses of documents begin with.
pub(crate) const ADDRESS: &str = "https://docs.scs.community/standards/";

static REGISTER: LazyLock<Vec<Document>> = LazyLock::new(|| read(include_str!("register.toml")));

/// All documents, by number.
pub fn documents() -> &'static [Document] {
    &REGISTER
}

/// The document with this name, and the version if the name has one that there is.
pub fn find(name: DocumentName) -> Option<(&'static Document, Option<&'static Version>)> {
    let document = documents().iter().find(|document| document.number == name.number)?;
    match name.version {
        None => Some((document, None)),
        Some(number) => Some((document, Some(document.version(number)?))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    documents: Vec<FileDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDocument {
    number: u16,
    title: String,
    demands: String,
    versions: Vec<FileVersion>,
    #[serde(default)]
    supplements: Vec<FileSupplement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileVersion {
    slug: String,
    #[serde(rename = "type")]
    document_type: DocumentType,
    status: Status,
    stabilized_at: Option<Date>,
    deprecated_at: Option<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSupplement {
    slug: String,
    title: String,
    of: Vec<u16>,
}

#[expect(clippy::expect_used, reason = "the text is part of the program, and a test reads it")]
fn read(text: &str) -> Vec<Document> {
    let file: File = toml::from_str(text).expect("the register is well formed");
    file.documents.into_iter().map(|document| document.into_document().expect("the register is complete")).collect()
}

impl FileDocument {
    fn into_document(self) -> Option<Document> {
        let Self { number, title, demands, versions, supplements } = self;
        let base = format!("scs-{number:04}");
        let supplements = supplements.into_iter().map(|FileSupplement { slug, title, of }| {
            let id = format!("{base}-{}", slug.split('-').next().unwrap_or(&slug));
            let supplements = of.into_iter().map(|version| format!("{base}-v{version}")).collect();
            Supplement { id, title, supplements, url: format!("{ADDRESS}{base}-{slug}") }
        });
        let statuses: Vec<Status> = versions.iter().map(|version| version.status).collect();
        // A draft takes no place before it is stable.
        let took_place = |index: usize| {
            statuses.get(index).is_some_and(|status| *status == Status::Deprecated)
                && statuses.get(index + 1).is_some_and(|status| matches!(status, Status::Stable | Status::Deprecated))
        };
        let mut read = Vec::with_capacity(versions.len());
        for (index, (version, of)) in versions.iter().zip(1_u16..).enumerate() {
            let id = format!("{base}-v{of}");
            version.slug.strip_prefix(&format!("v{of}-"))?;
            read.push(Version {
                number: of,
                document_type: version.document_type,
                status: version.status,
                stabilized_at: version.stabilized_at,
                deprecated_at: version.deprecated_at,
                replaces: (of > 1).then(|| format!("{base}-v{}", of - 1)),
                replaced_by: took_place(index).then(|| format!("{base}-v{}", of + 1)),
                url: format!("{ADDRESS}{base}-{}", version.slug),
                id,
            });
        }
        let track = Track::of_number(number)?;
        Some(Document { number, title, track, demands, versions: read, supplements: supplements.collect() })
    }
}
