//! Which versions of an API a service speaks (the root of its API, "version discovery").

use reqwest::Url;
use serde_json::Value;

use crate::service::Service;

/// An endpoint without a slash at its end, and whether the version in it was our guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) url: String,
    pub(crate) is_guessed: bool,
}

/// The address below which a service's paths are. Many catalogs have no version in their addresses: then it is the one
/// that is spoken here, which nearly always is right and saves a call.
pub(crate) fn base(endpoint: &str, service: Service, project_id: Option<&str>) -> Base {
    let url = endpoint.trim_end_matches('/').to_owned();
    let has_version = path(&url).split('/').any(is_version);
    match service.version() {
        Some(version) if !has_version => {
            let project = project_id.filter(|_| service.has_project_in_path());
            let project = project.map(|id| format!("/{id}")).unwrap_or_default();
            Base { url: format!("{url}/{version}{project}"), is_guessed: true }
        }
        _ => Base { url, is_guessed: false },
    }
}

fn path(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path)
}

/// `v3`, `v2.1`.
fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or_default();
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Where the version that is spoken here is, by the document at an endpoint's root. Its addresses are often those of
/// before a proxy, so of them only the path below the endpoint counts.
pub(crate) fn choose(document: &Value, endpoint: &str, service: Service) -> Option<String> {
    let values = [document.pointer("/versions/values"), document.get("versions"), document.get("version")];
    let versions = values.into_iter().flatten().find_map(|value| match value {
        Value::Array(items) => Some(items.clone()),
        Value::Object(_) if value.get("id").is_some() => Some(vec![value.clone()]),
        _ => None,
    })?;
    let speaks = |version: &&Value| {
        let id = version.get("id").and_then(Value::as_str).unwrap_or_default();
        // Keystone, Glance and Barbican have minor versions: v3.14 is v3.
        let major = id.split_once('.').map_or(id, |(major, _)| major);
        service.speaks(id) || service.speaks(major)
    };
    let version = versions.iter().find(speaks)?;
    let links = version.get("links")?.as_array()?;
    let link = links.iter().find(|link| link.get("rel").and_then(Value::as_str) == Some("self"))?;
    let url = Url::parse(link.get("href")?.as_str()?).ok()?;
    let last = url.path().trim_end_matches('/').rsplit('/').next().filter(|segment| is_version(segment))?;
    Some(format!("{}/{last}", endpoint.trim_end_matches('/')))
}
