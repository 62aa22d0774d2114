//! Volume types (scs-0114).

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use stoa_openstack::{Call, Cloud, Error, Service};
use stoa_standards::rule::volume_type::{self, VolumeType};

use super::facts::{Facts, aborted, answer_all};
use crate::Answers;

/// Whether a test case is decided by the list of volume types.
pub(super) fn decides(id: &str) -> bool {
    volume_type::check(id, &[]).is_some()
}

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    let observed = match facts.session().await {
        Err(check) => Err(check),
        Ok(_) => list(&facts.cloud).await.map_err(|error| aborted(&error)),
    };
    match observed {
        Err(check) => answer_all(&ids, &check),
        Ok(types) => {
            ids.into_iter().filter_map(|id| volume_type::check(&id, &types).map(|check| (id, check))).collect()
        }
    }
}

async fn list(cloud: &Cloud) -> Result<Vec<VolumeType>, Error> {
    let items =
        cloud.list(Call::get(Service::BlockStorage, "/types").with("is_public", "None"), "volume_types").await?;
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let types = items.iter().map(|item| VolumeType {
        name: text(item, "name").unwrap_or_default(),
        description: text(item, "description"),
    });
    Ok(types.collect())
}
