//! Who publishes.

use serde::{Deserialize, Serialize};
use stoa_core::{Actor, ActorKind, Tenant};
use stoa_web::RequestInfo;

use super::super::By;

/// Who publishes, kept with the publication: it may end long after the request.
#[derive(Serialize, Deserialize)]
pub(super) struct Author {
    kind: ActorKind,
    id: String,
    name: Option<String>,
    tenant: Tenant,
    on_behalf_of: Option<String>,
    client: Option<String>,
    purpose: Option<String>,
    consent: Option<String>,
    correlation: String,
    traceparent: Option<String>,
    reference: Option<String>,
}

impl Author {
    pub(super) fn of(by: &By) -> Self {
        let actor = by.actor.clone();
        Self {
            kind: actor.kind,
            id: actor.id,
            name: actor.name,
            tenant: actor.tenant,
            on_behalf_of: actor.on_behalf_of,
            client: actor.client,
            purpose: by.info.purpose.clone(),
            consent: by.info.consent.clone(),
            correlation: by.info.correlation.clone(),
            traceparent: by.info.traceparent.clone(),
            reference: by.info.reference.clone(),
        }
    }

    /// The author again, who may do nothing more than what was begun.
    pub(super) fn by(self) -> By {
        let anonymous = Actor::anonymous(self.tenant);
        By {
            actor: Actor {
                kind: self.kind,
                id: self.id,
                name: self.name,
                on_behalf_of: self.on_behalf_of,
                client: self.client,
                ..anonymous
            },
            info: RequestInfo {
                correlation: self.correlation,
                traceparent: self.traceparent,
                reference: self.reference,
                purpose: self.purpose,
                consent: self.consent,
            },
        }
    }
}
