//! The records of a register: found, looked at.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;
use stoa_core::{Page as ListPage, Problem};
use stoa_ui::{
    Address, Choice, Column, Confirm, Definitions, Field as Input, Fold, Form, Html, Locale, Page, Paging, Sorting,
    Table, Words, actions,
};
use stoa_web::{Allowed, Fault, Params, Path, Right as _, View, see_other};

use super::history::{change_table, read_table};
use super::words::{self, choice_label, label, text};
use super::{HOME, at, below, by, outcome, purpose, shown, tabs};
use crate::error::RegistriesError;
use crate::model::{Field, FieldKind, Schema};
use crate::permission::{LogRead, RecordDelete, RecordRead, RecordWrite};
use crate::service::{By, ENTRIES_MAX, Order, Record, RecordId, Registries, Version, Wanted};

/// Columns of the grid at most; a record's own page has all fields.
const COLUMNS_MAX: usize = 6;
/// Records of a page when nothing else is asked for.
const SIZE: u32 = 25;
/// Characters of a value that the grid shows.
const CELL_CHARS_MAX: usize = 80;
/// Changes, and reads, that a record's page shows when not all are asked for.
const NEWEST: usize = 20;
/// Entries of a list that a record's page shows at once.
const ENTRIES_OPEN_MAX: usize = 10;

fn at_most<T>(entries: &[T], most: usize) -> &[T] {
    entries.get(..most).unwrap_or(entries)
}

/// The registers that fields of a schema link to: their ids with code and the name of the linked field.
pub(super) async fn linked(registries: &Registries, by: &By, schema: &Schema) -> HashMap<i64, (String, String)> {
    let mut found = HashMap::new();
    for key in schema.fields().iter().filter_map(|field| field.foreign.as_ref()) {
        let Ok(info) = registries.get_by_id(by, key.register).await else { continue };
        let Ok(compiled) = registries.open(by, &info.code).await else { continue };
        let name = compiled.current().and_then(|version| version.schema.field(key.field)).map(|f| f.path.join("/"));
        if let Some(name) = name {
            found.insert(key.register, (info.code, name));
        }
    }
    found
}

/// A field's value in a record: linked where it names a record of another register.
fn value(w: &Words, field: &Field, record: &Record, links: &HashMap<i64, (String, String)>, most: usize) -> Html {
    let Some(value) = record.content.get(field.id) else { return Html::empty() };
    if let (FieldKind::List, Value::Array(entries), usize::MAX) = (field.kind, value, most) {
        return entries_of(w, field, entries);
    }
    match field.foreign.as_ref().and_then(|key| links.get(&key.register)) {
        Some((code, name)) => {
            let whole = text(w, field, value);
            let address = below(code, "records").with("filter", name).with("search", &whole);
            let short: String = whole.chars().take(most).collect();
            Html::trusted("<bdi>").then(Html::link(address.to_string(), short)).then(Html::trusted("</bdi>"))
        }
        None => words::shown(w, field, value, most),
    }
}

/// The entries of a list; a long one opens on demand.
fn entries_of(w: &Words, field: &Field, entries: &[Value]) -> Html {
    let one = |entry: &Value| {
        let entry = entry.as_str().map_or_else(|| words::plain(w, entry), |entry| choice_label(w, field, entry));
        Html::isolated(entry)
    };
    if entries.len() <= ENTRIES_OPEN_MAX {
        return Html::list(entries.iter().map(one));
    }
    let count = w.with("registries-entries", &[("count", entries.len().into())]);
    Fold::html(count, Html::list(entries.iter().map(one)), false)
}

/// The fields that the grid shows: the one that names the record first, lists not at all, and of a value that is there in
/// many languages the reader's own.
pub(super) fn grid_fields(schema: &Schema, locale: Locale) -> Vec<&Field> {
    let all = schema.fields();
    let of_another_language = |field: &Field| {
        languages_of(all, field).is_some_and(|tags| {
            tags.into_iter().find(|tag| Locale::from_tag(tag) == Some(locale)) != Some(field.name())
        })
    };
    let mut fields: Vec<&Field> =
        all.iter().filter(|field| field.kind != FieldKind::List && !of_another_language(field)).collect();
    // The name in the reader's language comes right after what names the record for programs.
    fields.sort_by_key(|field| (!field.primary_key, languages_of(all, field).is_none()));
    fields.truncate(COLUMNS_MAX);
    if fields.is_empty() {
        fields.extend(all.iter().take(1));
    }
    fields
}

/// The languages beside this field, where it is one value of several that are named by their languages (`names/fr`).
fn languages_of<'a>(all: &'a [Field], field: &Field) -> Option<Vec<&'a str>> {
    let (_, parents) = field.path.split_last().filter(|(_, parents)| !parents.is_empty())?;
    let own: Vec<&str> = all
        .iter()
        .filter(|other| other.path.len() == field.path.len() && other.path.starts_with(parents))
        .map(Field::name)
        .collect();
    (own.len() > 1 && own.iter().all(|name| is_language(name))).then_some(own)
}

/// Whether it looks like a language's tag (BCP 47): `fr`, `zh-CN`, `sr-Latn`.
fn is_language(name: &str) -> bool {
    let mut parts = name.split(['-', '_', '@']);
    let language = parts.next().unwrap_or("");
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn unpublished(code: &str) -> RegistriesError {
    RegistriesError::VersionNotFound { code: code.to_owned(), label: "published".to_owned() }
}

/// The newest version of a register.
pub(super) async fn newest(registries: &Registries, by: &By, code: &str) -> Result<Version, Problem> {
    let compiled = registries.open(by, code).await?;
    Ok(compiled.current().ok_or_else(|| unpublished(code))?.clone())
}

/// Records with search, filter, order and pages.
pub(super) async fn list(
    allowed: Allowed<RecordRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let info = registries.get(&by, &code).await?;
    let compiled = registries.open(&by, &code).await?;
    if let Some(question) = purpose::ask(&view, &by, &compiled) {
        return Ok(question);
    }
    let version = newest(&registries, &by, &code).await?;
    let text_of = |key: &str| params.get(key).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let (search, filter, sort) = (text_of("search"), text_of("filter"), text_of("sort"));
    let sorting = sort.as_deref().map(Sorting::parse);
    let number = params.number("page")?.unwrap_or(1);
    let wanted = Wanted {
        search: search.clone(),
        filter: filter.clone().filter(|_| search.is_some()),
        equal: Vec::new(),
        order: Order {
            field: sorting.as_ref().map(|sorting| sorting.by.clone()),
            descending: sorting.as_ref().is_some_and(|sorting| sorting.descending),
        },
    };
    let page = ListPage::new(number, SIZE)?;
    let listing = registries.list_records(&by, &code, version.label.as_str(), wanted, page).await?;
    let pages = Paging::pages(SIZE, listing.count);
    let here = below(&code, "records")
        .with("search", search.as_deref().unwrap_or(""))
        .with("filter", filter.as_deref().unwrap_or(""))
        .with("sort", sort.as_deref().unwrap_or(""));
    if number > pages {
        return Ok(see_other(&here.with("page", pages.to_string()).to_string()));
    }
    let fields = grid_fields(&listing.version.schema, w.locale());
    let links = linked(&registries, &by, &listing.version.schema).await;
    let mut table = Table::new(w.t("registries-records"));
    for field in &fields {
        let name = field.path.join("/");
        let column = Column::new(label(w, field)).sorts(&name, sorting.as_ref(), &here);
        table = table.column(match field.kind {
            FieldKind::Number | FieldKind::Integer => column.numeric(),
            _ => column,
        });
    }
    let table = table
        .rows(listing.records.iter().map(|record| {
            fields
                .iter()
                .enumerate()
                .map(|(nth, field)| {
                    if nth > 0 {
                        return value(w, field, record, &links, CELL_CHARS_MAX);
                    }
                    let name =
                        record.content.get(field.id).map(|value| text(w, field, value)).filter(|name| !name.is_empty());
                    let name = name.unwrap_or_else(|| w.t("registries-record"));
                    let address = below(&code, &format!("records/{}", record.id)).to_string();
                    Html::trusted("<bdi>").then(Html::link(address, name)).then(Html::trusted("</bdi>"))
                })
                .collect::<Vec<_>>()
        }))
        .empty(if search.is_some() {
            Html::paragraph(w.t("registries-no-matches")).then(Html::paragraph(w.t("registries-no-matches-hint")))
        } else {
            Html::paragraph(w.t("registries-no-records"))
        })
        .paging(Paging::numbered(w, &here, number, SIZE, listing.count));
    let mut page = Page::new(&view.frame, w.t("registries-records"))
        .wide()
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&code).path())
        .notice(outcome(w, params.get("done")))
        .push(tabs(&view, &info, "records"))
        .push(purpose::stated(w, &by, &compiled, view.frame.path()))
        .push(filter_form(w, &code, &version.schema, search.as_deref(), filter.as_deref(), sort.as_deref()))
        .push(table.render(w));
    if view.visitor.may(RecordWrite::INFO.permission) {
        page = page.actions(actions([(w.t("registries-record-new"), below(&code, "records/new").to_string())]));
    }
    Ok(shown(&page))
}

fn filter_form(
    w: &Words,
    code: &str,
    schema: &Schema,
    search: Option<&str>,
    filter: Option<&str>,
    sort: Option<&str>,
) -> Html {
    let any = Choice::new("", w.t("registries-filter-any")).chosen(filter.is_none());
    let choices = std::iter::once(any).chain(schema.fields().iter().map(|field| {
        let name = field.path.join("/");
        let chosen = filter == Some(name.as_str());
        Choice::new(name, label(w, field)).chosen(chosen)
    }));
    let here = below(code, "records");
    let mut form = Form::search(here.path(), w)
        .field(Input::search("search", w.t("registries-search")).value(search.unwrap_or("")))
        .field(Input::select("filter", w.t("registries-filter-field"), choices));
    if let Some(sort) = sort {
        form = form.field(Input::hidden("sort", sort));
    }
    if search.is_some() {
        form = form.cancel(here.path());
    }
    form.render(w)
}

/// One record, with its changes and, where reads are recorded, who read it.
pub(super) async fn show(
    allowed: Allowed<RecordRead>,
    view: View,
    State(registries): State<Registries>,
    Path((code, id)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let id: RecordId = id.parse::<RecordId>().map_err(Problem::from)?;
    let info = registries.get(&by, &code).await?;
    let compiled = registries.open(&by, &code).await?;
    if let Some(question) = purpose::ask(&view, &by, &compiled) {
        return Ok(question);
    }
    let found = registries.read_by_id(&by, &code, None, id).await?;
    let (record, schema) = (&found.record, &found.version.schema);
    let links = linked(&registries, &by, schema).await;
    let mut facts = Definitions::new();
    for field in schema.fields() {
        let shown = value(w, field, record, &links, usize::MAX);
        let shown = if shown.is_empty() { Html::quiet(w.t("registries-empty")) } else { shown };
        facts = facts.add(label(w, field), shown);
    }
    let about = Definitions::new()
        .add(w.t("registries-identifier"), Html::code(record.id.to_string()))
        .add(w.t("registries-created-at"), w.instant(record.created_at))
        .add(w.t("registries-modified-at"), w.instant(record.modified_at))
        .add(w.t("registries-version"), w.number(record.version));
    let name = name_of(w, schema, record);
    let here = |rest: &str| below(&code, &format!("records/{id}{rest}"));
    let mut page = Page::new(&view.frame, w.with("registries-record-title", &[("key", name.as_str().into())]))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&code).path())
        .crumb(w.t("registries-records"), below(&code, "records").path())
        .notice(outcome(w, params.get("done")))
        .push(tabs(&view, &info, "records"))
        .push(purpose::stated(w, &by, &compiled, view.frame.path()))
        .push(facts.render())
        .push(about.render());
    if view.visitor.may(RecordWrite::INFO.permission) {
        page = page.actions(actions([(w.t("registries-record-edit"), here("/edit").to_string())]));
    }
    if view.visitor.may(LogRead::INFO.permission) {
        let most = if params.get("entries") == Some("all") { ENTRIES_MAX as usize } else { NEWEST };
        let all = || Html::link(here("").with("entries", "all").to_string(), w.t("registries-all-entries"));
        // One more than is shown tells whether there are more.
        let asked = u32::try_from(most).unwrap_or(ENTRIES_MAX).saturating_add(1);
        let changes = registries.changes_of_record(&by, &code, id, asked).await?;
        page = page
            .push(Html::heading(w.t("registries-change-log")))
            .push(change_table(w, &compiled, at_most(&changes, most), false).render(w));
        if most < changes.len() {
            page = page.push(all());
        }
        if compiled.is_personal() && info.read_log {
            let reads = registries.reads_of_record(&by, &code, id, asked).await?;
            page = page
                .push(Html::heading(w.t("registries-read-log")))
                .push(read_table(w, &compiled, at_most(&reads, most), false).render(w));
            if most < reads.len() {
                page = page.push(all());
            }
        }
    }
    if view.visitor.may(RecordDelete::INFO.permission) {
        page = page.push(delete_form(&view, &here("/delete"), record));
    }
    Ok(shown(&page))
}

/// What people call a record: the value of the field that names it.
pub(super) fn name_of(w: &Words, schema: &Schema, record: &Record) -> String {
    let field = schema.primary_key().or_else(|| schema.fields().first());
    let value = field.and_then(|field| Some(text(w, field, record.content.get(field.id)?)));
    value.filter(|name| !name.is_empty()).unwrap_or_else(|| record.id.to_string())
}

fn delete_form(view: &View, address: &Address, record: &Record) -> Html {
    let w = view.words();
    let form = Form::post(address.to_string(), &view.frame, w.t("registries-record-delete"))
        .field(Input::hidden("version", record.version.to_string()))
        .field(Input::text("reason", w.t("registries-reason")).optional().attribute("maxlength", "500"))
        .danger();
    Confirm::html(
        w.t("registries-record-delete"),
        w.t("registries-record-delete-title"),
        w.t("registries-record-delete-text"),
        &form,
        w,
    )
}
