//! Changing extra specs of flavors, for those who may.

use serde_json::json;
use stoa_openstack::{Call, Cloud, Error, Service, segment};
use stoa_standards::flavor::ExtraSpecChange;

/// Makes one change to a flavor with this id.
pub async fn change_extra_spec(cloud: &Cloud, flavor: &str, change: &ExtraSpecChange) -> Result<(), Error> {
    let path = format!("/flavors/{}/os-extra_specs", segment(flavor));
    let call = match &change.after {
        // Setting it twice is as good as once.
        Some(value) => {
            Call::post(Service::Compute, path, &json!({ "extra_specs": { &change.key: value } })).repeatable()
        }
        None => Call::delete(Service::Compute, format!("{path}/{}", segment(&change.key))),
    };
    match cloud.send(call).await {
        Err(error) if change.after.is_none() && error.is_not_found() => Ok(()),
        sent => sent.map(|_| ()),
    }
}
