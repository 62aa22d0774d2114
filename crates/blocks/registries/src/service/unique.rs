//! Values that no two records may share, claimed under a hash so that a race has exactly one winner.
//!
//! What is claimed is the register's to say, not the version's that a caller happens to use.

use stoa_store::Tx;

use super::RecordId;
use super::compiled::Compiled;
use crate::error::RegistriesError;
use crate::model::{Content, Rules};
use crate::store::value;

/// One value, or group of values, of one record that must be unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim<'r> {
    /// The rule that it is claimed under.
    pub(crate) rule: &'r str,
    pub(crate) hash: [u8; 32],
    at: usize,
}

/// What this content claims. A group that lacks one of its values claims nothing.
pub(crate) fn claims<'r>(rules: &'r Rules, content: &Content) -> Vec<Claim<'r>> {
    let claim = |(at, unique): (usize, &'r crate::model::Unique)| {
        Some(Claim { rule: &unique.key, hash: unique.digest(content)?, at })
    };
    rules.uniques().iter().enumerate().filter_map(claim).collect()
}

/// Claims what a new record must not share with another.
pub(crate) async fn claim(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    id: RecordId,
    content: &Content,
) -> Result<(), RegistriesError> {
    take(tx, compiled, id, &claims(&compiled.rules, content)).await
}

/// Gives back what a changed record no longer claims, then claims what is new.
pub(crate) async fn reclaim(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    id: RecordId,
    before: &Content,
    after: &Content,
) -> Result<(), RegistriesError> {
    let before = claims(&compiled.rules, before);
    let mut after = claims(&compiled.rules, after);
    for claim in before.iter().filter(|claim| !after.contains(claim)) {
        value::release(tx, compiled.id, claim.rule, &claim.hash, id).await?;
    }
    after.retain(|claim| !before.contains(claim));
    take(tx, compiled, id, &after).await
}

async fn take(tx: &mut Tx<'_>, compiled: &Compiled, id: RecordId, claims: &[Claim<'_>]) -> Result<(), RegistriesError> {
    for claim in claims {
        if !value::claim(tx, compiled.id, claim.rule, &claim.hash, id).await? {
            let names = compiled.rules.uniques().get(claim.at).map(crate::model::Unique::names);
            return Err(RegistriesError::NotUnique(names.unwrap_or_default()));
        }
    }
    Ok(())
}
