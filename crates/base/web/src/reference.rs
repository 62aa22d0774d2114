//! How an actor is named where no personal data may stand: in logs, and in events that leave the node.

use stoa_core::{Actor, ActorKind};
use stoa_store::MasterKeys;

/// What the names of people are hashed for.
const CONTEXT: &str = "web.actor_reference";
/// Bytes of the hash that are kept: enough that no two people of a country share one by chance.
const BYTES: usize = 12;

/// The actor's own id where that names a program or an organisation; for a person a keyed hash of it, the same each time on
/// every node with these keys, and worth nothing to whoever lacks them. Who it is, the evidence of the same correlation
/// tells those who may read it.
pub(crate) fn actor_reference(keys: &MasterKeys, actor: &Actor) -> String {
    match actor.kind {
        ActorKind::System | ActorKind::Organisation | ActorKind::Anonymous => actor.id.clone(),
        ActorKind::Person | ActorKind::Official => {
            let name = format!("{}\0{}", actor.tenant, actor.id);
            let hash = keys.mac(CONTEXT, name.as_bytes());
            let digits: String = hash.iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect();
            format!("{}:{digits}", actor.kind.as_str())
        }
    }
}

/// The same where no request, and so no key, is at hand: people are then named by what they are only.
pub(crate) fn plain_reference(actor: &Actor) -> &str {
    match actor.kind {
        ActorKind::System | ActorKind::Organisation | ActorKind::Anonymous => &actor.id,
        ActorKind::Person | ActorKind::Official => actor.kind.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use stoa_core::Tenant;

    use super::*;

    #[test]
    fn people_are_named_by_a_hash_that_only_these_keys_make() {
        let (keys, others) = (MasterKeys::generate().unwrap(), MasterKeys::generate().unwrap());
        let jane = |kind, tenant: &str| Actor {
            kind,
            id: "jane.doe@example.org@https://issuer.example".to_owned(),
            ..Actor::anonymous(Tenant::new(tenant).unwrap())
        };
        let reference = actor_reference(&keys, &jane(ActorKind::Official, "default"));
        assert!(reference.starts_with("official:") && reference.len() == "official:".len() + 24, "{reference}");
        assert!(!reference.contains("jane"));
        assert_eq!(actor_reference(&keys, &jane(ActorKind::Official, "default")), reference);
        assert_ne!(actor_reference(&others, &jane(ActorKind::Official, "default")), reference);
        assert_ne!(actor_reference(&keys, &jane(ActorKind::Official, "elsewhere")), reference);
        assert!(actor_reference(&keys, &jane(ActorKind::Person, "default")).starts_with("person:"));
        let key = Actor::system("key:018f3c5e-7b1a-7c3d-9a55-0242ac120002", Tenant::default());
        assert_eq!(actor_reference(&keys, &key), key.id);
        assert_eq!(plain_reference(&key), key.id);
        assert_eq!(plain_reference(&jane(ActorKind::Official, "default")), "official");
    }
}
