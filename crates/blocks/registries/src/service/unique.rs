//! Values that no two records may share, claimed under a hash so that a race has exactly one winner.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::Value;
use stoa_core::FieldError;
use stoa_store::Tx;

use super::RecordId;
use super::compiled::Compiled;
use crate::error::RegistriesError;
use crate::model::{Content, IndexEntry, Schema};
use crate::store::record;

/// One value, or group of values, that must be unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The rule: the ids of its fields.
    rule: String,
    hash: [u8; 32],
    /// The fields in words.
    names: String,
}

/// What this content claims under a schema. A group that lacks one of its values claims nothing.
pub(crate) fn claims(schema: &Schema, content: &Content) -> Vec<Claim> {
    let single = schema.fields().iter().filter(|field| field.unique).map(|field| vec![field.id]);
    single
        .chain(schema.uniques().iter().cloned())
        .filter_map(|group| {
            let mut hash = Context::new(&SHA256);
            for field in &group {
                let text = content.get(*field)?.to_string();
                hash.update(&(text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
            let mut bytes = [0; 32];
            bytes.copy_from_slice(hash.finish().as_ref());
            let names: Vec<_> = group.iter().filter_map(|id| schema.field(*id)).map(|f| f.path.join("/")).collect();
            let rule = group.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
            Some(Claim { rule, hash: bytes, names: names.join(" and ") })
        })
        .collect()
}

/// Gives back what is no longer claimed, then claims what is new.
pub(crate) async fn change(
    tx: &mut Tx<'_>,
    registry: i64,
    id: RecordId,
    before: &[Claim],
    after: &[Claim],
) -> Result<(), RegistriesError> {
    for claim in before.iter().filter(|claim| !after.contains(claim)) {
        record::release(tx, registry, &claim.rule, &claim.hash, id).await?;
    }
    for claim in after.iter().filter(|claim| !before.contains(claim)) {
        if !record::claim(tx, registry, &claim.rule, &claim.hash, id).await? {
            return Err(RegistriesError::NotUnique(claim.names.clone()));
        }
    }
    Ok(())
}

/// Refuses values that name no record of the register that they must be found in. A register may link to itself, also
/// to the record that is being written.
pub(crate) async fn check_foreign(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    schema: &Schema,
    content: &Content,
    pointer: &str,
) -> Result<(), RegistriesError> {
    let mut errors = Vec::new();
    for field in schema.fields() {
        let Some(link) = &field.foreign else { continue };
        let Some(value) = content.get(field.id) else { continue };
        let values: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
        for value in values {
            if link.register == compiled.id && content.get(link.field) == Some(value) {
                continue;
            }
            let entry = IndexEntry { field: link.field, text: crate::model::sortable(value) };
            if !record::has_value(tx, link.register, &entry).await? {
                errors.push(FieldError {
                    pointer: format!("{pointer}{}", field.pointer()),
                    code: "foreignKey",
                    message: format!("{value} names no record of register {}", link.register),
                });
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(RegistriesError::InvalidRecord(errors)) }
}
