//! Lists of records: by values, by what is typed into the search, by a pattern; sorted, in pages.

use regex::{Regex, RegexBuilder};
use serde_json::Value;
use stoa_core::Page;
use stoa_store::Tx;
use stoa_store::search::{Match, Question};

use super::compiled::{Compiled, Version, damaged};
use super::query::Example;
use super::readlog::Note;
use super::record::{Record, read_row};
use super::relevance::Typed;
use super::{By, RecordId, Registries};
use crate::error::RegistriesError;
use crate::model::{Field, FieldKind, Schema, slot};
use crate::store::record as rows;
use crate::store::select::{self, Selection, Sort};

/// Records that a pattern is tried on; a larger register needs a narrower list first.
const PATTERN_RECORDS_MAX: usize = 100_000;
/// The largest compiled pattern in bytes.
const PATTERN_BYTES_MAX: usize = 256 * 1024;
/// Records that a pattern is tried on at once.
const TRIED_AT_ONCE: u32 = 1_000;
/// Matches of a search that are put in order by how well they answer; the rest follows in the order of creation.
const RANKED_MAX: u32 = 200;

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What to look for: in the field of `filter` if one is named, else in the full text.
    pub search: Option<String>,
    /// The field to look in, by name.
    pub filter: Option<String>,
    /// Fields with the values that they must have, by name.
    pub equal: Vec<(String, String)>,
    /// How to sort.
    pub order: Order,
}

/// How a list is sorted.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// By this field, by name; by creation when none is named. Records without a value come last.
    pub field: Option<String>,
    /// The other way round.
    pub descending: bool,
}

/// A page of records.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Records in all.
    pub count: u64,
    /// Those of the page.
    pub records: Vec<Record>,
    /// The version that shows them.
    pub version: Version,
}

/// The records of a page, how many there are in all, and the fields that the question named.
struct Selected {
    count: u64,
    records: Vec<Record>,
    asked: Vec<i64>,
}

impl Registries {
    /// A page of records.
    pub async fn list_records(
        &self,
        by: &By,
        code: &str,
        label: &str,
        wanted: Wanted,
        page: Page,
    ) -> Result<Listing, RegistriesError> {
        let (this, tenant, code, label) = (self.clone(), by.tenant().clone(), code.to_owned(), label.to_owned());
        let (compiled, version, selected) = self
            .store()
            .scan(async move |tx: &mut Tx<'_>| {
                let compiled = this.compiled(tx, &tenant, &code).await?;
                let version = compiled.version(&label)?.clone();
                let selected = select(tx, &compiled, &version, &wanted, page).await?;
                Ok::<_, RegistriesError>((compiled, version, selected))
            })
            .await?;
        let Selected { count, records, asked } = selected;
        // A page without records still says by its count whether there are any.
        let note = match Note::shown(self, &compiled, version.fields(), &records) {
            None if records.is_empty() => Note::asked(self, &compiled, asked, []),
            note => note,
        };
        self.note(by, note).await?;
        Ok(Listing { count, records, version })
    }
}

fn named<'s>(schema: &'s Schema, pointer: &str, name: &str) -> Result<&'s Field, RegistriesError> {
    let unknown = || RegistriesError::field(pointer, "unknown", format!("`{name}` is no field of this version"));
    schema.named(name).ok_or_else(unknown)
}

async fn select(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    version: &Version,
    wanted: &Wanted,
    page: Page,
) -> Result<Selected, RegistriesError> {
    let schema = &*version.schema;
    let mut example = Example::default();
    for (name, value) in &wanted.equal {
        let pointer = format!("?query.{name}");
        let field = named(schema, &pointer, name)?;
        let demanded = example.demand(field, &Value::from(value.as_str()));
        demanded.map_err(|words| RegistriesError::field(&pointer, "type", words))?;
    }
    let sort = match &wanted.order.field {
        Some(name) => Some(sort_by(compiled, named(schema, "?ordering", name)?)),
        None => None,
    };
    let sorted = |selection: Selection| Selection { sort, descending: wanted.order.descending, ..selection };
    let search = wanted.search.as_deref().filter(|text| !text.is_empty());
    match (search, &wanted.filter) {
        (Some(text), Some(name)) => {
            let field = named(schema, "?filter", name)?;
            let mut asked = example.fields.clone();
            asked.push(field.id);
            let found = by_value(tx, compiled, field, text, example, sorted, page).await?;
            Ok(Selected { asked, ..found })
        }
        (Some(text), None) => {
            let mut asked = example.fields.clone();
            asked.extend(compiled.rules.fulltext());
            let found = if sort.is_none() && example.fields.is_empty() {
                by_relevance(tx, compiled, text, page).await?
            } else {
                let question = Question::new(tx, &compiled.collection(), text, Match::Begun);
                match question {
                    Some(question) => {
                        let selection = sorted(example.selection(tx, compiled).await?);
                        page_of(tx, compiled.id, &Selection { text: Some(question), ..selection }, page).await?
                    }
                    None => Selected { count: 0, records: Vec::new(), asked: Vec::new() },
                }
            };
            Ok(Selected { asked, ..found })
        }
        (None, _) => {
            let asked = example.fields.clone();
            let selection = sorted(example.selection(tx, compiled).await?);
            let found = page_of(tx, compiled.id, &selection, page).await?;
            Ok(Selected { asked, ..found })
        }
    }
}

fn sort_by(compiled: &Compiled, field: &Field) -> Sort {
    let is_number = matches!(field.kind, FieldKind::Integer | FieldKind::Number);
    Sort { slot: slot(field.id, is_number), several: compiled.rules.has_several(field.id) }
}

async fn page_of(
    tx: &mut Tx<'_>,
    registry: i64,
    selection: &Selection,
    page: Page,
) -> Result<Selected, RegistriesError> {
    let found = select::select(tx, registry, selection, page.size(), page.offset()).await?;
    let whole = page.number() == 1 && found.len() < page.size() as usize;
    let count = if whole { found.len() as u64 } else { select::count(tx, registry, selection).await? };
    let records = found.iter().map(read_row).collect::<Result<_, _>>()?;
    Ok(Selected { count, records, asked: Vec::new() })
}

/// One field's value as it was typed; where no record has it, and it could be a pattern, what matches that.
async fn by_value(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    field: &Field,
    text: &str,
    example: Example,
    sorted: impl Fn(Selection) -> Selection,
    page: Page,
) -> Result<Selected, RegistriesError> {
    let could_be_pattern = text.contains(['.', '*', '+', '?', '[', '(', '|', '^', '$', '\\']);
    let mut exact = example.clone();
    match exact.demand(field, &Value::from(text)) {
        Ok(()) => {
            let selection = sorted(exact.selection(tx, compiled).await?);
            let found = page_of(tx, compiled.id, &selection, page).await?;
            if found.count > 0 || !could_be_pattern {
                return Ok(found);
            }
        }
        Err(words) if !could_be_pattern => return Err(RegistriesError::field("?search", "type", words)),
        Err(_) => {}
    }
    let regex = RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|_| RegistriesError::field("?search", "pattern", "is not a pattern that can be searched with"))?;
    let selection = sorted(example.selection(tx, compiled).await?);
    by_pattern(tx, compiled, &selection, field, &regex, page).await
}

/// A pattern over one field's whole text. The engine never goes back in its input, so no pattern can make it hang.
async fn by_pattern(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    selection: &Selection,
    field: &Field,
    regex: &Regex,
    page: Page,
) -> Result<Selected, RegistriesError> {
    let (mut count, mut records, mut seen, mut offset) = (0_u64, Vec::new(), 0_usize, 0_u64);
    loop {
        let rows = select::select(tx, compiled.id, selection, TRIED_AT_ONCE, offset).await?;
        let last = rows.len() < TRIED_AT_ONCE as usize;
        seen += rows.len();
        for row in rows {
            let record = read_row(&row)?;
            let matches = match record.content.seen(field).as_deref() {
                Some(Value::String(text)) => regex.is_match(text),
                Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).any(|text| regex.is_match(text)),
                Some(other) => regex.is_match(&other.to_string()),
                None => false,
            };
            if matches {
                if count >= page.offset() && records.len() < page.size() as usize {
                    records.push(record);
                }
                count += 1;
            }
        }
        if last {
            return Ok(Selected { count, records, asked: Vec::new() });
        }
        if seen >= PATTERN_RECORDS_MAX {
            let words = format!("a pattern is tried on at most {PATTERN_RECORDS_MAX} records; narrow the list first");
            return Err(RegistriesError::field("?search", "max", words));
        }
        offset += u64::from(TRIED_AT_ONCE);
    }
}

/// The full text, best answers first: whole words before those that are only begun, and among the first of each the
/// records that are what was typed before those that only hold it somewhere.
async fn by_relevance(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    text: &str,
    page: Page,
) -> Result<Selected, RegistriesError> {
    let collection = compiled.collection();
    let (mut count, mut skipped, mut records) = (0, page.offset(), Vec::new());
    for how in [Match::Whole, Match::OnlyBegun] {
        let Some(question) = Question::new(tx, &collection, text, how) else { break };
        let here = question.count(tx).await?;
        count += here;
        let wanted = (page.size() as usize).saturating_sub(records.len());
        if wanted > 0 && skipped < here {
            records.extend(ranked(tx, compiled, &question, text, skipped, wanted).await?);
        }
        skipped = skipped.saturating_sub(here);
    }
    Ok(Selected { count, records, asked: Vec::new() })
}

/// At most `wanted` answers to one question after the first `skipped`.
async fn ranked(
    tx: &mut Tx<'_>,
    compiled: &Compiled,
    question: &Question,
    text: &str,
    skipped: u64,
    wanted: usize,
) -> Result<Vec<Record>, RegistriesError> {
    let mut found = Vec::new();
    let first = u64::from(RANKED_MAX);
    if skipped < first {
        let best = answers(tx, compiled.id, question, RANKED_MAX, 0).await?;
        let schema = compiled.current().map(|version| version.schema.clone()).unwrap_or_default();
        let typed = Typed::new(&schema, text);
        let mut best: Vec<(u8, Record)> =
            best.into_iter().map(|record| (typed.rank(&record.content), record)).collect();
        // A stable sort: equally good answers stay in the order of creation.
        best.sort_by_key(|(rank, _)| *rank);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        found.extend(best.into_iter().map(|(_, record)| record).skip(skipped).take(wanted));
    }
    let left = u32::try_from(wanted.saturating_sub(found.len())).unwrap_or(0);
    if left > 0 {
        found.extend(answers(tx, compiled.id, question, left, skipped.max(first)).await?);
    }
    Ok(found)
}

async fn answers(
    tx: &mut Tx<'_>,
    registry: i64,
    question: &Question,
    limit: u32,
    offset: u64,
) -> Result<Vec<Record>, RegistriesError> {
    let mut records = Vec::new();
    for id in question.find(tx, limit, offset).await? {
        let id = RecordId::from_slice(&id).map_err(|_| damaged("the search index"))?;
        if let Some(row) = rows::get(tx, registry, id).await? {
            records.push(read_row(&row)?);
        }
    }
    Ok(records)
}
