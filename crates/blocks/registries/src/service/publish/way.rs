//! What lies between the rules that hold for a register and those that are to hold.

use stoa_store::{Tx, search};

use super::super::compiled;
use super::super::record::Record;
use super::Against;
use crate::error::RegistriesError;
use crate::model::{Rules, Unique};
use crate::store::value;

/// What lies between the rules that hold and those that are to hold.
pub(super) struct Way {
    /// Rules that records must newly keep.
    pub(super) claims: Vec<Unique>,
    /// Rules that no longer hold.
    pub(super) released: Vec<Unique>,
    /// Fields that newly stand on both shelves of the index.
    pub(super) mixed: Vec<i64>,
    pub(super) finds_more: bool,
    pub(super) finds_less: bool,
    /// The history becomes personal.
    pub(super) sealed: bool,
}

impl Way {
    pub(super) fn between(old: &Rules, new: &Rules) -> Self {
        let lacks = |rules: &Rules, unique: &Unique| rules.uniques().iter().all(|known| known.key != unique.key);
        let more = |one: &Rules, other: &Rules| one.fulltext().iter().any(|field| !other.fulltext().contains(field));
        Self {
            claims: new.uniques().iter().filter(|unique| lacks(old, unique)).cloned().collect(),
            released: old.uniques().iter().filter(|unique| lacks(new, unique)).cloned().collect(),
            mixed: new.mixed().difference(old.mixed()).copied().collect(),
            finds_more: more(new, old),
            finds_less: more(old, new),
            sealed: new.is_personal() && !old.is_personal(),
        }
    }

    pub(super) fn is_to_be_checked(&self) -> bool {
        !self.claims.is_empty() || !self.mixed.is_empty() || self.finds_more
    }

    pub(super) fn is_to_be_tidied(&self) -> bool {
        !self.released.is_empty() || self.finds_less || self.sealed
    }
}

/// Has one record keep the rules that are coming.
pub(super) async fn prepare(
    tx: &mut Tx<'_>,
    registry: i64,
    present: &Record,
    way: &Way,
    rules: &Rules,
    faults: &mut Vec<Against>,
) -> Result<(), RegistriesError> {
    for unique in &way.claims {
        let Some(hash) = unique.digest(&present.content) else { continue };
        if value::claim(tx, registry, &unique.key, &hash, present.id).await? {
            continue;
        }
        // What the record itself has claimed, by a write since, is as good.
        let holder = value::holder(tx, registry, &unique.key, &hash).await?.unwrap_or(present.id);
        if holder != present.id {
            faults.push(Against {
                pointer: unique.pointer(),
                message: format!("the records {holder} and {} have the same {}", present.id, unique.names()),
            });
        }
    }
    let mut entries = Vec::new();
    for field in &way.mixed {
        present.content.index_field(*field, rules.mixed(), &mut entries);
    }
    value::index(tx, registry, present.id, &entries).await?;
    if way.finds_more {
        let text = present.content.text(rules.fulltext());
        search::index(tx, &compiled::collection(registry), present.id.as_bytes(), &text).await?;
    }
    Ok(())
}
