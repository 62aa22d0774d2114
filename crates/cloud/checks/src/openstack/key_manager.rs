//! A member keeps a secret in the key manager, where there is one (scs-0116).

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use stoa_openstack::{Call, Error, Service};
use stoa_standards::rule::Check;
use stoa_standards::rule::service::{Stumble, StumbleKind, check_key_manager};

use super::cleaning;
use super::facts::{Facts, answer_all, unwritten};
use super::journal::Kind;
use crate::Answers;

/// The test case.
pub(super) const TEST_CASE: &str = "scs-0116-permissions";

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    let check = observe(&facts).await.unwrap_or_else(|check| check);
    answer_all(&ids, &check)
}

async fn observe(facts: &Facts) -> Result<Check, Check> {
    let catalog = facts.session().await?.catalog.types();
    if !catalog.contains("key-manager") {
        return Ok(check_key_manager(&catalog, None));
    }
    let stumble = keep_a_secret(facts).await?;
    Ok(check_key_manager(&catalog, stumble.as_ref()))
}

/// Makes a secret, finds it, and deletes it; what it stumbled over, if it did.
async fn keep_a_secret(facts: &Facts) -> Result<Option<Stumble>, Check> {
    let (cloud, journal) = (&facts.cloud, facts.journal().await?);
    let name = journal.name("0116", "secret");
    let thing = journal.intend(Kind::Secret, &name).map_err(|error| unwritten(&error))?;
    let body = json!({
        "name": name, "payload": "foo", "payload_content_type": "text/plain", "secret_type": "opaque",
    });
    let made = cloud.send(Call::post(Service::KeyManager, "/secrets", &body)).await;
    let id = match made.and_then(|answer| answer.text("/secret_ref")) {
        Ok(reference) => reference.rsplit('/').next().unwrap_or_default().to_owned(),
        Err(error) => {
            journal.settle(&thing, &error).map_err(|error| unwritten(&error))?;
            return Ok(Some(stumble("creating a secret", &error)));
        }
    };
    journal.made(&thing, &id).map_err(|error| unwritten(&error))?;
    let list = Call::get(Service::KeyManager, "/secrets").with("name", &name).with("limit", "100");
    let found = match cloud.list(list, "secrets").await {
        Ok(secrets) if secrets.iter().any(|secret| is_called(secret, &name)) => None,
        Ok(_) => Some(Stumble {
            doing: "listing secrets".to_owned(),
            reason: "the secret that was just created is not among them".to_owned(),
            kind: StumbleKind::Refused,
        }),
        Err(error) => Some(stumble("listing secrets", &error)),
    };
    let removed = match cleaning::delete(cloud, &thing, &id).await {
        Ok(()) => {
            journal.gone(&thing).map_err(|error| unwritten(&error))?;
            None
        }
        Err(error) => Some(stumble("deleting the secret", &error)),
    };
    Ok(found.or(removed))
}

fn is_called(secret: &Value, name: &str) -> bool {
    secret.get("name").and_then(Value::as_str) == Some(name)
}

/// What the key manager forbids it does not do for members; anything else says nothing about their rights.
fn stumble(doing: &str, error: &Error) -> Stumble {
    let kind = if error.is_forbidden() { StumbleKind::Refused } else { StumbleKind::Obstacle };
    Stumble { doing: doing.to_owned(), reason: error.to_string(), kind }
}
