//! The catalog: which services a cloud has, and where.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::service::{Interface, Service};

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// For whom.
    pub interface: String,
    /// In which region.
    pub region: String,
    /// The address.
    pub url: String,
}

/// A service in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its type, as the cloud calls it.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// The catalog of a token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog(Vec<Entry>);

impl Catalog {
    /// The catalog in a token's body (Identity API v3). What has not the form of an entry is left out.
    pub(crate) fn read(value: Option<&Value>) -> Self {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let endpoint = |value: &Value| Endpoint {
            interface: text(value, "interface"),
            // `region` is the older name of the same.
            region: value
                .get("region_id")
                .or_else(|| value.get("region"))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            url: text(value, "url"),
        };
        let entry = |value: &Value| Entry {
            kind: text(value, "type"),
            name: text(value, "name"),
            endpoints: items(value.get("endpoints")).iter().map(endpoint).collect(),
        };
        Self(items(value).iter().map(entry).filter(|entry| !entry.kind.is_empty()).collect())
    }

    /// Its services.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The types that it has.
    pub fn types(&self) -> BTreeSet<String> {
        self.0.iter().map(|entry| entry.kind.clone()).collect()
    }

    /// Where a service is: the first endpoint of the interface, in the region if one is given. The type that the service
    /// types authority gives it counts before older ones.
    pub(crate) fn find(&self, service: Service, interface: Interface, region: Option<&str>) -> Option<&str> {
        let of_type = |kind: &'static str| self.0.iter().filter(move |entry| entry.kind == kind);
        let fits = |endpoint: &&Endpoint| {
            (endpoint.interface == interface.name() || endpoint.interface == format!("{}URL", interface.name()))
                && region.is_none_or(|region| endpoint.region == region)
                && !endpoint.url.is_empty()
        };
        let mut endpoints = service.types().iter().flat_map(|kind| of_type(kind)).flat_map(|entry| &entry.endpoints);
        endpoints.find(fits).map(|endpoint| endpoint.url.as_str())
    }
}
