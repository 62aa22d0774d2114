//! `stoa standard`: the register of the Sovereign Cloud Stack's documents.

use serde::Serialize;
use stoa_standards::document::{Document, DocumentName, Status, Track, Version, documents, find};

use crate::cli::{Format, StandardCommand};
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Runs one command to its end.
pub(super) async fn run(command: StandardCommand, console: &Console) -> Result<Exit, Failure> {
    let text = match command {
        StandardCommand::List { track, status, format } => {
            let track = track.map(|given| chosen("track", &given, &Track::ALL, Track::name)).transpose()?;
            let all = [Status::Draft, Status::Stable, Status::Deprecated, Status::Rejected];
            let status = status.map(|given| chosen("status", &given, &all, Status::name)).transpose()?;
            let listed = documents().iter().filter(|document| {
                track.is_none_or(|track| document.track == track)
                    && status.is_none_or(|status| document.current().is_some_and(|version| version.status == status))
            });
            match format {
                Format::Text => listed.map(line).collect::<Vec<_>>().join("\n"),
                Format::Json => json(&listed.collect::<Vec<_>>())?,
            }
        }
        StandardCommand::Show { name, format } => {
            let (document, version) = named(&name)?;
            match (format, version) {
                (Format::Text, _) => page(document, version),
                (Format::Json, None) => json(document)?,
                (Format::Json, Some(version)) => json(version)?,
            }
        }
    };
    // Nothing that fits is an answer too, and an empty one.
    if !text.is_empty() {
        console.out(text).await?;
    }
    Ok(Exit::Done)
}

fn chosen<T: Copy>(what: &str, given: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, Failure> {
    all.iter().copied().find(|one| name(*one).eq_ignore_ascii_case(given)).ok_or_else(|| {
        let known: Vec<String> = all.iter().map(|one| name(*one).to_ascii_lowercase()).collect();
        Failure::new(Exit::Usage, format!("there is no {what} `{}`", given.escape_debug()))
            .advice(format!("Choose one of {}.", known.join(", ")))
    })
}

fn named(name: &str) -> Result<(&'static Document, Option<&'static Version>), Failure> {
    let advice = "`stoa standard list` names all documents.";
    let name: DocumentName =
        name.parse().map_err(|error| Failure::new(Exit::Usage, format!("{error}")).advice(advice))?;
    if let Some(found) = find(name) {
        return Ok(found);
    }
    let failure = Failure::new(Exit::Usage, format!("there is no document {name}"));
    Err(match find(DocumentName { version: None, ..name }) {
        None => failure.advice(advice),
        Some((document, _)) => {
            let known: Vec<&str> = document.versions.iter().map(|version| version.id.as_str()).collect();
            failure.advice(format!("There is {}.", known.join(", ")))
        }
    })
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(Exit::Failed, format!("writing the standards as JSON: {error}")))
}

fn line(document: &Document) -> String {
    let (version, status) = document.current().map_or(("", ""), |version| (&version.id, version.status.name()));
    format!("{version:<12}  {status:<10}  {:<6}  {}", document.track.name(), document.title)
}

fn page(document: &Document, only: Option<&Version>) -> String {
    let mut lines = vec![
        format!("{}  {}", only.map_or_else(|| document.id(), |version| version.id.clone()), document.title),
        format!("track: {}", document.track.name()),
        String::new(),
        document.demands.clone(),
        String::new(),
    ];
    for version in document.versions.iter().filter(|version| only.is_none_or(|only| only.id == version.id)) {
        lines.push(format!("{}  {}, {}", version.id, version.document_type.name(), history(version)));
        lines.push(format!("  {}", version.url));
    }
    let about = |of: &[String]| only.is_none_or(|only| of.contains(&only.id));
    for supplement in document.supplements.iter().filter(|supplement| about(&supplement.supplements)) {
        lines.push(format!("{}  notes on {}", supplement.id, supplement.supplements.join(", ")));
        lines.push(format!("  {}", supplement.url));
    }
    lines.join("\n")
}

/// `stable since 2023-06-14, replaces scs-0100-v2`.
fn history(version: &Version) -> String {
    let mut parts = Vec::new();
    match (version.status, version.stabilized_at, version.deprecated_at) {
        (Status::Stable, Some(since), _) => parts.push(format!("stable since {since}")),
        (Status::Deprecated, Some(from), Some(to)) => parts.push(format!("stable from {from}, deprecated since {to}")),
        (status, _, _) => parts.push(status.name().to_owned()),
    }
    parts.extend(version.replaces.as_ref().map(|other| format!("replaces {other}")));
    parts.extend(version.replaced_by.as_ref().map(|other| format!("replaced by {other}")));
    parts.join(", ")
}
