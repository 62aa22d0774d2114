//! Links between registers: a value that names a record of another register names one that is there, from the moment at
//! which it is written until nobody names it any more.

use serde_json::Value;
use stoa_core::{FieldError, Tenant};
use stoa_store::Tx;

use super::RecordId;
use super::compiled::{Compiled, schema_of};
use crate::error::RegistriesError;
use crate::model::{Content, Field, FieldKind, ForeignKey, IndexEntry, Schema};
use crate::store::publication::{self, LinkRow};
use crate::store::registry;
use crate::store::value;

/// A value's entries in the list that it may be.
fn entries(value: &Value) -> &[Value] {
    match value {
        Value::Array(entries) => entries,
        single => std::slice::from_ref(single),
    }
}

/// Refuses values that name no record of the register that they must be found in. A register may link to itself, also
/// to the record that is being written. The links of the register hold whichever version is written through, and so do
/// those of that version.
pub(crate) async fn check(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    compiled: &Compiled,
    schema: &Schema,
    content: &Content,
    pointer: &str,
) -> Result<(), RegistriesError> {
    let mut errors = Vec::new();
    let own = schema.fields().iter().filter(|field| field.foreign.is_some());
    let others = compiled
        .rules
        .links()
        .iter()
        .filter(|field| schema.field(field.id).is_none_or(|own| own.foreign != field.foreign));
    for field in own.chain(others) {
        let Some(link) = &field.foreign else { continue };
        let Some(value) = content.get(field.id) else { continue };
        for value in entries(value) {
            let itself = content.get(link.field).is_some_and(|own| entries(own).contains(value));
            if link.register == compiled.id && itself {
                continue;
            }
            if !value::is_there(tx, tenant, link.register, &IndexEntry::new(link.field, value), None).await? {
                let shown = schema.field(field.id).unwrap_or(field);
                errors.push(FieldError {
                    pointer: format!("{pointer}{}", shown.pointer()),
                    code: "foreignKey",
                    message: format!("{value} names no record of register {}", link.register),
                });
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(RegistriesError::InvalidRecord(errors)) }
}

/// Refuses to let a record lose values that other records name it by; `after` is nothing when it is to be deleted.
pub(crate) async fn check_referrers(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    compiled: &Compiled,
    id: RecordId,
    before: &Content,
    after: Option<&Content>,
) -> Result<(), RegistriesError> {
    for referrer in &compiled.referrers {
        let Some(value) = before.get(referrer.target) else { continue };
        let kept = after.and_then(|after| after.get(referrer.target)).map_or(&[][..], entries);
        for value in entries(value).iter().filter(|value| !kept.contains(value)) {
            // A value that another record has too still names a record.
            let here = IndexEntry::new(referrer.target, value);
            if value::is_there(tx, tenant, compiled.id, &here, Some(id)).await? {
                continue;
            }
            // What names itself goes with it.
            let except = (referrer.registry == compiled.id).then_some(id);
            let there = IndexEntry::new(referrer.field, value);
            if value::is_there(tx, tenant, referrer.registry, &there, except).await? {
                return Err(RegistriesError::StillReferred(referrer.code.clone()));
            }
        }
    }
    Ok(())
}

/// Refuses links that lead nowhere: to a register that this tenant does not have, to a field that it lacks, or to one
/// whose values are of another type.
pub(crate) async fn resolve(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    own: i64,
    schema: &Schema,
) -> Result<(), RegistriesError> {
    let mut errors = Vec::new();
    for field in schema.fields() {
        let Some(link) = &field.foreign else { continue };
        if let Some(words) = fault(tx, tenant, own, schema, field, link).await? {
            errors.push(FieldError {
                pointer: format!("{}/foreignKeys", field.place()),
                code: "foreignKey",
                message: words,
            });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(RegistriesError::InvalidSchema(errors)) }
}

async fn fault(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    own: i64,
    schema: &Schema,
    field: &Field,
    link: &ForeignKey,
) -> Result<Option<String>, RegistriesError> {
    let target = if link.register == own {
        schema.field(link.field).cloned()
    } else {
        let Some(row) = registry::find_by_id(tx, tenant, link.register).await? else {
            return Ok(Some(format!("there is no register {}", link.register)));
        };
        let newest = registry::versions(tx, row.id).await?.pop().map(|version| version.schema).or(row.draft);
        match newest {
            Some(text) => schema_of(&text)?.field(link.field).cloned(),
            None => None,
        }
    };
    let is_number = |kind| matches!(kind, FieldKind::Integer | FieldKind::Number);
    Ok(match target {
        None => Some(format!("the register {} has no field {}", link.register, link.field)),
        Some(target) if is_number(target.kind) != is_number(field.kind) => {
            Some(format!("the field {} of register {} holds values of another type", link.field, link.register))
        }
        Some(_) => None,
    })
}

/// Refuses a version that lacks a field by which records of other registers name records of this one.
pub(crate) fn check_targets(compiled: &Compiled, schema: &Schema) -> Result<(), RegistriesError> {
    let mut errors = Vec::new();
    for referrer in compiled.referrers.iter().filter(|referrer| referrer.registry != compiled.id) {
        if schema.field(referrer.target).is_none() {
            errors.push(FieldError {
                pointer: "/properties".to_owned(),
                code: "foreignKey",
                message: format!("lacks the field {}, which the register {} links to", referrer.target, referrer.code),
            });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(RegistriesError::InvalidSchema(errors)) }
}

/// Writes down where a register's fields link to by these versions, and has the registers at both ends of a changed
/// link read anew.
pub(crate) async fn write(tx: &mut Tx<'_>, registry: i64, schemas: &[&Schema]) -> Result<(), RegistriesError> {
    let present = publication::links(tx, registry).await?;
    let mut wanted: Vec<LinkRow> = Vec::new();
    for field in schemas.iter().flat_map(|schema| schema.fields()) {
        let Some(link) = &field.foreign else { continue };
        let row = LinkRow { field: field.id, target: link.register, target_field: link.field };
        if !wanted.contains(&row) {
            wanted.push(row);
        }
    }
    for gone in present.iter().filter(|row| !wanted.contains(row)) {
        publication::remove_link(tx, registry, *gone).await?;
        registry::renew_stamp(tx, gone.target).await?;
    }
    for new in wanted.iter().filter(|row| !present.contains(row)) {
        publication::add_link(tx, registry, *new).await?;
        registry::renew_stamp(tx, new.target).await?;
    }
    Ok(())
}
