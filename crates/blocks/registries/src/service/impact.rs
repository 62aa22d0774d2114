//! What a draft would mean for the records that are there: how many do not fit it, how many stand in its way.

use std::collections::HashSet;

use stoa_store::Tx;

use super::compiled::schema_of;
use super::record::read_row;
use crate::error::RegistriesError;
use crate::model::{Content, Rules, Schema};
use crate::store::record;
use crate::store::registry::VersionRow;

/// Records that are looked at; of a larger register the oldest.
const LOOKED_AT_MAX: u64 = 50_000;
/// Records that are read at once.
const PAGE: u32 = 500;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) at: u64,
    pub(super) misfits: u64,
    pub(super) duplicates: u64,
}

/// Looks at the records of a register as its draft would.
pub(super) async fn look(
    tx: &mut Tx<'_>,
    registry: i64,
    versions: &[VersionRow],
    draft: &Schema,
) -> Result<Looked, RegistriesError> {
    let versions = versions.iter().map(|version| schema_of(&version.schema)).collect::<Result<Vec<_>, _>>()?;
    let held = Rules::of(&versions, None);
    let is_new = |key: &str| held.uniques().iter().all(|unique| unique.key != key);
    let uniques: Vec<_> = crate::model::uniques(draft).into_iter().filter(|unique| is_new(&unique.key)).collect();
    let (mut looked, mut seen, mut after) = (Looked::default(), HashSet::new(), None);
    while looked.at < LOOKED_AT_MAX {
        let rows = record::select_after(tx, registry, after, PAGE).await?;
        for row in &rows {
            let content = read_row(row)?.content;
            let digests =
                uniques.iter().enumerate().filter_map(|(rule, unique)| Some((rule, unique.digest(&content)?)));
            // All of them are put in, so that none of them is missed by the next record.
            let taken = digests.filter(|digest| !seen.insert(*digest)).count();
            looked.at += 1;
            looked.misfits += u64::from(!fits(&content, draft));
            looked.duplicates += u64::from(taken > 0);
            after = Some(row.id);
        }
        if rows.len() < PAGE as usize {
            break;
        }
    }
    Ok(looked)
}

/// Whether a record could be written as it is under the schema.
fn fits(content: &Content, schema: &Schema) -> bool {
    schema.fields().iter().all(|field| match content.get(field.id) {
        Some(value) => field.view(value).is_some_and(|seen| field.accepts(&seen)),
        None => !field.required || field.numbering.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_missing_retyped_or_out_of_bounds_does_not_fit() {
        let old = json!({"type": "object", "properties": {"a": {"type": "string", "id": 1}}});
        let old = Schema::read(&old, None).unwrap();
        let content = |value: Value| Content::read(&old, &value, None, "").unwrap();
        let new = |rules: Value, required: Value| {
            Schema::read(&json!({"type": "object", "required": required, "properties": {"a": rules}}), None).unwrap()
        };
        let integer = new(json!({"type": "integer", "maximum": 9}), json!([]));
        assert!(fits(&content(json!({"a": "7"})), &integer) && fits(&content(json!({})), &integer));
        assert!(!fits(&content(json!({"a": "seven"})), &integer) && !fits(&content(json!({"a": "10"})), &integer));
        assert!(!fits(&content(json!({})), &new(json!({"type": "string"}), json!(["a"]))));
    }
}
