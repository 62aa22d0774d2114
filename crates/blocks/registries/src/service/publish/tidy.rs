//! Taking away what only the rules of before needed, after a publication or after one that was refused.

use stoa_store::seal::SealError;
use stoa_store::{Tx, search};

use super::super::record::{read_row, seal_change};
use super::super::{RecordId, Registries, compiled};
use super::START;
use super::way::Way;
use crate::error::RegistriesError;
use crate::model::Rules;
use crate::store::publication::PublicationRow;
use crate::store::registry::RegistryRow;
use crate::store::{history, record, value};

/// Takes away what the old rules needed and the new ones do not, one kind after another; whether all of it is gone.
pub(super) async fn tidy(
    tx: &mut Tx<'_>,
    this: &Registries,
    row: &RegistryRow,
    coming: &mut PublicationRow,
    old: &Rules,
    new: &Rules,
    batch: u32,
) -> Result<bool, RegistriesError> {
    let way = Way::between(old, new);
    let is_through = match coming.stage {
        0 => release(tx, row.id, &way, batch).await?,
        1 if way.finds_less => find_less(tx, row.id, coming, new, batch).await?,
        2 if way.sealed => seal_history(tx, this, row.id, coming, batch).await?,
        1 | 2 => true,
        _ => return Ok(true),
    };
    if is_through {
        coming.stage += 1;
        coming.reached = START;
    }
    Ok(false)
}

async fn release(tx: &mut Tx<'_>, registry: i64, way: &Way, batch: u32) -> Result<bool, RegistriesError> {
    for unique in &way.released {
        if value::release_rule(tx, registry, &unique.key, batch).await? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Has the search find records by the fields that are left.
async fn find_less(
    tx: &mut Tx<'_>,
    registry: i64,
    coming: &mut PublicationRow,
    rules: &Rules,
    batch: u32,
) -> Result<bool, RegistriesError> {
    let found = record::select_after(tx, registry, Some(coming.reached), batch).await?;
    let collection = compiled::collection(registry);
    for stored in &found {
        coming.reached = stored.id;
        let text = read_row(stored)?.content.text(rules.fulltext());
        if text.is_empty() {
            search::remove(tx, &collection, stored.id.as_bytes()).await?;
        } else {
            search::index(tx, &collection, stored.id.as_bytes(), &text).await?;
        }
    }
    Ok(found.len() < batch as usize)
}

/// Seals the history of a register that became personal, each entry with the key of its record, so that erasing a person
/// reaches what was written before.
async fn seal_history(
    tx: &mut Tx<'_>,
    this: &Registries,
    registry: i64,
    coming: &mut PublicationRow,
    batch: u32,
) -> Result<bool, RegistriesError> {
    let after = history::ChangeId::from_bytes(*coming.reached.as_bytes());
    let found = history::unsealed_changes(tx, registry, after, batch).await?;
    for (id, record, details) in &found {
        coming.reached = RecordId::from_bytes(*id.as_bytes());
        match seal_change(tx, this, *record, details).await {
            Ok(sealed) => history::replace(tx, *id, &sealed, true).await?,
            // Of somebody who was erased nothing is to be left.
            Err(RegistriesError::Seal(SealError::Erased)) => history::replace(tx, *id, b"[]", false).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(found.len() < batch as usize)
}
