//! The scopes that a monitor knows: those of the program, and those that were added or put in their place.

use std::sync::{Arc, LazyLock};

use stoa_standards::scope::{self, Scope};
use uuid::Uuid;

/// A scope with the short name by which addresses call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its short name: `scs-compatible-iaas`.
    pub alias: String,
    /// The scope.
    pub scope: Arc<Scope>,
}

/// Those of the program, made once: a scope is large, and is asked for with every report.
static BUILT_IN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    scope::built_in().map(|(alias, scope)| Known { alias: alias.to_owned(), scope: Arc::new(scope.clone()) }).collect()
});

/// All scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Known>);

impl Scopes {
    /// Those of the program, with `added` over them.
    pub fn new(added: impl IntoIterator<Item = Known>) -> Self {
        let mut scopes = BUILT_IN.clone();
        for known in added {
            match scopes.iter_mut().find(|other| other.scope.uuid == known.scope.uuid) {
                Some(place) => *place = known,
                None => scopes.push(known),
            }
        }
        Self(scopes)
    }

    /// All of them in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Known> {
        self.0.iter()
    }

    /// The scope with this id.
    pub fn by_uuid(&self, uuid: Uuid) -> Option<&Known> {
        self.0.iter().find(|known| known.scope.uuid == uuid)
    }

    /// The scope with this id or short name.
    pub fn find(&self, name: &str) -> Option<&Known> {
        let uuid = name.parse::<Uuid>().ok();
        self.0.iter().find(|known| known.alias == name || Some(known.scope.uuid) == uuid)
    }
}
