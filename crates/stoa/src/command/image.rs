//! `stoa image`: metadata of images, from a file or from a cloud.

use std::path::Path;

use serde_json::{Map, Value, json};
use stoa_checks::openstack;
use stoa_core::{Clock, plain};
use stoa_standards::ReadError;
use stoa_standards::rule::image::{self, Image};
use stoa_standards::rule::{Check, Weight};
use stoa_standards::scope::{self, Scope};
use stoa_standards::tree::{Content, Node, parse_json, parse_yaml};
use stoa_standards::verdict::Verdict;

use crate::cli::{Format, ImageCheck, ImageCommand};
use crate::command::check;
use crate::command::files::{self, text as text_of};
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Runs one command to its end.
pub(super) async fn run(command: ImageCommand, console: &Console) -> Result<Exit, Failure> {
    let ImageCommand::Check(asked) = command;
    check(&asked, console).await
}

async fn check(asked: &ImageCheck, console: &Console) -> Result<Exit, Failure> {
    let images = match (&asked.file, &asked.cloud) {
        (Some(file), _) => read(file)?,
        (None, Some(name)) => of_cloud(name).await?,
        (None, None) => Vec::new(),
    };
    let scope = scope::find_built_in("iaas").ok_or_else(|| Failure::new(Exit::Failed, "the scope is not built in"))?;
    let now = Clock::system().now();
    let mandatory = mandatory(scope, asked.version.as_deref(), now.date())?;
    let mut exit = Exit::Done;
    let cases = scope
        .test_cases
        .iter()
        .filter(|case| case.id.starts_with("scs-0102-") || case.id.starts_with("scs-0104-source"));
    for case in cases {
        let Some(judged) = image::check(&case.id, &images, now, asked.reading) else { continue };
        let is_mandatory = mandatory.contains(&case.id.as_str());
        if is_mandatory && judged.verdict != Verdict::Pass {
            exit = Exit::Problems;
        }
        let said = match asked.format {
            Format::Text => text(&case.id, &judged, is_mandatory),
            Format::Json => {
                json!({ "test_case": case.id, "mandatory": is_mandatory, "verdict": judged.verdict, "findings": judged.findings })
                    .to_string()
            }
        };
        if !said.is_empty() {
            console.out(said).await?;
        }
    }
    if asked.format == Format::Text {
        let outcome =
            if exit == Exit::Done { "everything mandatory is in order" } else { "something mandatory is not in order" };
        console.out(format!("{} looked at: {outcome}", count(images.len()))).await?;
    }
    Ok(exit)
}

fn count(images: usize) -> String {
    if images == 1 { "1 image".to_owned() } else { format!("{images} images") }
}

/// The test cases that the versions in force, or the one that is named, have in target `main`.
fn mandatory<'s>(scope: &'s Scope, version: Option<&str>, today: stoa_core::Date) -> Result<Vec<&'s str>, Failure> {
    match version {
        Some(name) => match scope.version(name) {
            Some(version) => Ok(version.main().collect()),
            None => {
                let known: Vec<&str> = scope.versions.iter().map(|version| version.name.as_str()).collect();
                let name: String = name.chars().take(60).collect();
                Err(Failure::new(Exit::Usage, format!("{} has no version `{}`", scope.name, name.escape_debug()))
                    .advice(format!("Choose one of {}.", known.join(", "))))
            }
        },
        None => {
            let in_force = scope.versions_on(today).into_iter().filter(|(_, validity)| validity.is_certifiable());
            Ok(in_force.flat_map(|(version, _)| version.main()).collect())
        }
    }
}

/// What is to be said of a test case; nothing when all is well.
fn text(id: &str, judged: &Check, is_mandatory: bool) -> String {
    let mut lines = Vec::new();
    for finding in &judged.findings {
        let weight = match (finding.weight, is_mandatory) {
            (Weight::Fault, true) => "FAIL",
            (Weight::Fault, false) => "advice",
            (Weight::Unknown, _) => "ABORT",
            (Weight::Remark, _) => "remark",
        };
        lines.push(format!("{weight}  {id}  {}: {}", finding.object, finding.reason));
        if !finding.remedy.is_empty() {
            lines.push(format!("      next: {}", finding.remedy));
        }
    }
    lines.iter().map(|line| plain(line)).collect::<Vec<String>>().join("\n")
}

/// The images of a cloud that everybody can see or use.
async fn of_cloud(name: &str) -> Result<Vec<Image>, Failure> {
    let cloud = check::cloud_of(name)?;
    let images = openstack::images(&cloud).await.map_err(|error| check::not_done(name, &error))?;
    if images.is_empty() {
        return Err(Failure::new(Exit::Failed, format!("{name} has no public image and none of the community"))
            .advice("Log in as a user who sees them, or check a file."));
    }
    Ok(images)
}

/// The images of a file.
fn read(path: &Path) -> Result<Vec<Image>, Failure> {
    let text = text_of(path)?;
    let name = files::shown(path);
    let malformed = |why: String| {
        Failure::new(Exit::Usage, format!("{name}: {why}"))
            .advice("Give an image or a list of images, as `openstack image show -f json` writes one.")
    };
    let images = if text.trim_start().starts_with(['{', '[']) {
        of_node(&parse_json(&text).map_err(|error| malformed(error.to_string()))?)
    } else {
        let documents = parse_yaml(&text).map_err(|error| malformed(error.to_string()))?;
        documents
            .iter()
            .map(of_node)
            .collect::<Result<Vec<_>, _>>()
            .map(|images| images.into_iter().flatten().collect())
    };
    let images: Vec<Image> = images.map_err(|error: ReadError| malformed(error.to_string()))?;
    if images.is_empty() {
        return Err(malformed("it holds no image".to_owned()));
    }
    Ok(images)
}

/// The images of a document: one, a list of them, or what Glance answers to a list.
fn of_node(node: &Node) -> Result<Vec<Image>, ReadError> {
    match &node.content {
        Content::List(items) => {
            let image = |(place, item): (usize, &Node)| image_of(item, &format!("[{place}]"));
            items.iter().enumerate().map(image).collect()
        }
        Content::Map(entries) => match entries.iter().find(|(key, _)| key == "images") {
            Some((_, Node { content: Content::List(items), .. })) => {
                let image = |(place, item): (usize, &Node)| image_of(item, &format!("images[{place}]"));
                items.iter().enumerate().map(image).collect()
            }
            Some((_, other)) => {
                let message = format!("expected a list of images, found {}", other.content.kind());
                Err(ReadError::at(other.line, "images", message))
            }
            None => Ok(vec![image_of(node, "")?]),
        },
        other => Err(ReadError::at(node.line, "", format!("expected an image, found {}", other.kind()))),
    }
}

fn image_of(node: &Node, path: &str) -> Result<Image, ReadError> {
    let Value::Object(mut fields) = value(node) else {
        let message = format!("expected an image, found {}", node.content.kind());
        return Err(ReadError::at(node.line, path, message));
    };
    if !fields.contains_key("id") && fields.contains_key("ID") && fields.contains_key("Name") {
        let message =
            "this is a line of `openstack image list`, which has no metadata; take those of `openstack image show`";
        return Err(ReadError::at(node.line, path, message));
    }
    // Whoever has neither name nor id is called by the place.
    let has_label =
        ["name", "id"].iter().any(|key| fields.get(*key).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
    if !has_label && !path.is_empty() {
        fields.insert("id".to_owned(), Value::String(format!("{path}, without a name")));
    }
    // OpenStack's command line shows properties in an object of their own; Glance has them beside the fields.
    if let Some(Value::Object(properties)) = fields.get("properties").cloned() {
        fields.remove("properties");
        for (name, value) in properties {
            fields.entry(name).or_insert(value);
        }
    }
    Ok(Image::new(fields))
}

fn value(node: &Node) -> Value {
    match &node.content {
        Content::Null => Value::Null,
        Content::Scalar { text, plain: true } => serde_json::from_str(text)
            .ok()
            .filter(|value| matches!(value, Value::Bool(_) | Value::Number(_)))
            .unwrap_or_else(|| Value::String(text.clone())),
        Content::Scalar { text, plain: false } => Value::String(text.clone()),
        Content::List(items) => Value::Array(items.iter().map(value).collect()),
        Content::Map(entries) => {
            Value::Object(entries.iter().map(|(key, node)| (key.clone(), value(node))).collect::<Map<_, _>>())
        }
    }
}
