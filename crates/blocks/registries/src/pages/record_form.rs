//! Forms for a record: an input for each field, by its type.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value};
use stoa_core::{FieldError, Page as ListPage, Problem, Refusal};
use stoa_ui::{Choice, Field as Input, Form, Html, Notice, Page, Tone};
use stoa_web::{Allowed, Fault, FormFields, Path, View, see_other};

use super::records::{name_of, newest, text};
use super::{HOME, at, below, by, field_errors, message, refused, shown};
use crate::model::{Field, FieldKind, Schema, show_field};
use crate::permission::{RecordDelete, RecordWrite};
use crate::service::{By, Record, RecordId, Registries, RegistryInfo, Version, Wanted};

/// A link is chosen from a list while the other register has no more records than this; else it is typed.
const CHOICES_MAX: u32 = 300;
/// A text that may be longer gets several lines.
const LINE_CHARS_MAX: f64 = 200.0;

/// What a form for a record is drawn from.
struct Sheet {
    info: RegistryInfo,
    version: Version,
    /// The values to choose from, of fields that link to small registers.
    choices: HashMap<i64, Vec<(String, String)>>,
}

impl Sheet {
    async fn open(registries: &Registries, by: &By, code: &str) -> Result<Self, Problem> {
        let info = registries.get(by, code).await?;
        let version = newest(registries, by, code).await?;
        let mut choices = HashMap::new();
        for field in version.schema.fields() {
            if let Some(values) = choices_of(registries, by, field).await {
                choices.insert(field.id, values);
            }
        }
        Ok(Self { info, version, choices })
    }

    fn schema(&self) -> &Schema {
        &self.version.schema
    }

    fn code(&self) -> &str {
        &self.info.code
    }
}

/// The values of a linked register with what people call them, if they are few and not personal.
async fn choices_of(registries: &Registries, by: &By, field: &Field) -> Option<Vec<(String, String)>> {
    let key = field.foreign.as_ref()?;
    let info = registries.get_by_id(by, key.register).await.ok()?;
    let version = newest(registries, by, &info.code).await.ok()?;
    let is_personal = registries.open(by, &info.code).await.ok()?.is_personal();
    if is_personal || registries.count(by, &info.code).await.ok()? > u64::from(CHOICES_MAX) {
        return None;
    }
    let page = ListPage::new(1, CHOICES_MAX).ok()?;
    let listing =
        registries.list_records(by, &info.code, version.label.as_str(), Wanted::default(), page).await.ok()?;
    let title = listing.version.schema.fields().iter().find(|other| {
        other.id != key.field && other.kind == FieldKind::Text && other.foreign.is_none() && other.choices.is_empty()
    });
    let mut values: Vec<(String, String)> = listing
        .records
        .iter()
        .filter_map(|record| {
            let value = record.content.get(key.field)?.as_str()?.to_owned();
            let title = title.and_then(|field| record.content.get(field.id)).and_then(Value::as_str);
            let label = title.map_or_else(|| value.clone(), |title| format!("{title} ({value})"));
            Some((value, label))
        })
        .collect();
    values.sort_by(|a, b| a.1.cmp(&b.1));
    Some(values)
}

fn input_name(field: &Field) -> String {
    format!("v{}", field.id)
}

/// The inputs of all fields; `value` gives what stands in each.
fn inputs(view: &View, sheet: &Sheet, value: impl Fn(&Field) -> String, errors: &[FieldError]) -> Vec<Input> {
    let w = view.words();
    let mut inputs = Vec::new();
    for field in sheet.schema().fields() {
        let (name, label, present) = (input_name(field), field.path.join(" / "), value(field));
        if field.read_only {
            if !present.is_empty() {
                inputs.push(Input::shown(name, label, present));
            }
            continue;
        }
        let choose = |values: Vec<(String, String)>| {
            let none = Choice::new("", w.t("registries-choose"));
            let known = present.is_empty() || values.iter().any(|(value, _)| *value == present);
            let other = (!known).then(|| Choice::new(present.clone(), present.clone()).chosen(true));
            let choices = values.into_iter().map(|(value, label)| {
                let chosen = value == present;
                Choice::new(value, label).chosen(chosen)
            });
            Input::select(&name, &label, std::iter::once(none).chain(choices).chain(other).collect::<Vec<_>>())
        };
        let plain = |values: &[String]| values.iter().map(|value| (value.clone(), value.clone())).collect();
        let input = match field.kind {
            FieldKind::Boolean => {
                choose(vec![("true".to_owned(), w.t("registries-yes")), ("false".to_owned(), w.t("registries-no"))])
            }
            FieldKind::Text if !field.choices.is_empty() => choose(plain(&field.choices)),
            FieldKind::Text => match sheet.choices.get(&field.id) {
                Some(values) => choose(values.clone()),
                None if field.max.is_some_and(|max| max > LINE_CHARS_MAX) => {
                    Input::area(&name, &label, 4).value(&present)
                }
                None => Input::text(&name, &label).value(&present),
            },
            FieldKind::Integer => Input::integer(&name, &label).value(&present),
            FieldKind::Number => Input::decimal(&name, &label).value(&present),
            FieldKind::Date => Input::date(&name, &label).value(&present),
            FieldKind::DateTime | FieldKind::Time => Input::text(&name, &label).ltr().narrow().value(&present),
            FieldKind::List => Input::area(&name, &label, 4).value(&present),
        };
        let input = match hint(view, field) {
            Some(hint) => input.hint(hint),
            None => input,
        };
        let input = if field.required || field.numbering.is_some() { input } else { input.optional() };
        inputs.push(input.error_if(message(errors, &field.pointer())));
    }
    inputs
}

fn hint(view: &View, field: &Field) -> Option<String> {
    let w = view.words();
    let mut parts = Vec::new();
    if !field.description.is_empty() {
        parts.push(field.description.clone());
    }
    if field.numbering.is_some() {
        parts.push(w.t("registries-numbered-hint"));
    }
    match field.kind {
        FieldKind::List => parts.push(w.t("registries-list-hint")),
        FieldKind::DateTime => parts.push(w.t("registries-datetime-hint")),
        FieldKind::Time => parts.push(w.t("registries-time-hint")),
        _ => {}
    }
    if let Some(example) = field.example.as_ref().filter(|example| !example.is_null()) {
        parts.push(w.with("registries-example-hint", &[("example", text(w, example).into())]));
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A record's value as it stands in its input.
fn typed_from(record: &Record, field: &Field) -> String {
    match record.content.get(field.id) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(entries)) => {
            entries.iter().map(|entry| entry.as_str().unwrap_or_default()).collect::<Vec<_>>().join("\n")
        }
        Some(other) => other.to_string(),
    }
}

fn typed_in(typed: &FormFields, field: &Field) -> String {
    match field.kind {
        FieldKind::Date => typed.date(&input_name(field)),
        _ => typed.text(&input_name(field)).to_owned(),
    }
}

/// What was typed, as the content of a record. What is no number or truth stays a text, so that the schema refuses it
/// by name. With `present`, emptied fields are cleared.
fn content(schema: &Schema, typed: &FormFields, present: Option<&Record>) -> Value {
    let mut content = Map::new();
    for field in schema.fields().iter().filter(|field| !field.read_only) {
        let text = typed_in(typed, field);
        if text.is_empty() {
            if present.is_some_and(|record| record.content.get(field.id).is_some()) {
                show_field(&mut content, field, Value::Null);
            }
            continue;
        }
        let number = || serde_json::from_str::<Value>(&text).ok().filter(Value::is_number);
        let value = match field.kind {
            FieldKind::Boolean => Some(Value::Bool(text == "true")),
            FieldKind::Integer | FieldKind::Number => number(),
            FieldKind::List => Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()),
            FieldKind::Text | FieldKind::Date | FieldKind::DateTime | FieldKind::Time => None,
        };
        show_field(&mut content, field, value.unwrap_or(Value::String(text)));
    }
    Value::Object(content)
}

fn new_page<'a>(view: &'a View, sheet: &Sheet, typed: &FormFields, errors: &[FieldError]) -> Page<'a> {
    let w = view.words();
    let list = below(sheet.code(), "records");
    let form = Form::post(below(sheet.code(), "records/new").to_string(), &view.frame, w.t("registries-record-create"))
        .fields(inputs(view, sheet, |field| typed_in(typed, field), errors))
        .cancel(list.path());
    Page::new(&view.frame, w.t("registries-record-new"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&sheet.info.name, at(sheet.code()).path())
        .crumb(w.t("registries-records"), list.path())
        .errors(form.errors())
        .push(form.render(w))
}

/// The form for a new record.
pub(super) async fn new(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let sheet = Sheet::open(&registries, &by(&allowed), &code).await?;
    Ok(shown(&new_page(&view, &sheet, &FormFields::default(), &[])))
}

/// Creates the record.
pub(super) async fn create(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let sheet = Sheet::open(&registries, &by, &code).await?;
    let content = content(sheet.schema(), &typed, None);
    match registries.create(&by, &code, sheet.version.label.as_str(), content, "").await {
        Ok(record) => {
            let address = below(&code, &format!("records/{}", record.id)).with("done", "record-created");
            Ok(see_other(&address.to_string()))
        }
        Err(error) => {
            let errors = errors_of(sheet.schema(), error.into())?;
            Ok(refused(&new_page(&view, &sheet, &typed, &errors)))
        }
    }
}

/// What the record's form is to show: a value that is taken belongs to its field.
fn errors_of(schema: &Schema, problem: Problem) -> Result<Vec<FieldError>, Problem> {
    if problem.code != "registries.not_unique" {
        return field_errors(problem);
    }
    let named = schema
        .fields()
        .iter()
        .find(|field| (field.unique || field.primary_key) && problem.detail.contains(field.name()));
    let pointer = named.or_else(|| schema.primary_key()).map(Field::pointer).ok_or_else(|| problem.clone())?;
    Ok(vec![FieldError { pointer, code: "unique", message: problem.detail }])
}

fn edit_page<'a>(
    view: &'a View,
    sheet: &Sheet,
    record: &Record,
    value: impl Fn(&Field) -> String,
    errors: &[FieldError],
) -> Page<'a> {
    let w = view.words();
    let name = name_of(w, sheet.schema(), record);
    let this = below(sheet.code(), &format!("records/{}", record.id));
    let address = below(sheet.code(), &format!("records/{}/edit", record.id));
    let form = Form::post(address.to_string(), &view.frame, w.t("registries-record-save"))
        .field(Input::hidden("version", record.version.to_string()))
        .fields(inputs(view, sheet, value, errors))
        .cancel(this.path());
    Page::new(&view.frame, w.with("registries-record-edit-title", &[("key", name.as_str().into())]))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&sheet.info.name, at(sheet.code()).path())
        .crumb(name, this.path())
        .errors(form.errors())
        .push(form.render(w))
}

/// The form that changes a record.
pub(super) async fn edit(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(registries): State<Registries>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let id: RecordId = id.parse::<RecordId>().map_err(Problem::from)?;
    let sheet = Sheet::open(&registries, &by, &code).await?;
    let record = registries.read_by_id(&by, &code, None, id).await?.record;
    Ok(shown(&edit_page(&view, &sheet, &record, |field| typed_from(&record, field), &[])))
}

/// Changes the record, if it is still as the form showed it.
pub(super) async fn update(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(registries): State<Registries>,
    Path((code, id)): Path<(String, String)>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let id: RecordId = id.parse::<RecordId>().map_err(Problem::from)?;
    let sheet = Sheet::open(&registries, &by, &code).await?;
    let record = registries.read_by_id(&by, &code, None, id).await?.record;
    let write = content(sheet.schema(), &typed, Some(&record));
    let seen = typed.text("version").parse::<i64>().ok();
    match registries.update_by_id(&by, &code, sheet.version.label.as_str(), id, write, seen).await {
        Ok(_) => Ok(see_other(&below(&code, &format!("records/{id}")).with("done", "record-saved").to_string())),
        Err(error) => {
            let problem = Problem::from(error);
            if problem.refusal == Refusal::PreconditionFailed {
                // What was typed is not lost: it stands beside the record as it is now.
                let notice = Notice::html(Tone::Warning, w.t("registries-record-conflict"), Html::empty());
                let page = edit_page(&view, &sheet, &record, |field| typed_in(&typed, field), &[]).notice(notice);
                return Ok(stoa_web::page(
                    axum::http::StatusCode::PRECONDITION_FAILED,
                    &page.push(present(&view, &sheet, &record)),
                ));
            }
            let errors = errors_of(sheet.schema(), problem)?;
            Ok(refused(&edit_page(&view, &sheet, &record, |field| typed_in(&typed, field), &errors)))
        }
    }
}

/// A record as it is now, below a form whose values are older.
fn present(view: &View, sheet: &Sheet, record: &Record) -> Html {
    let w = view.words();
    let mut facts = stoa_ui::Definitions::new();
    for field in sheet.schema().fields() {
        let value = record.content.get(field.id).map(|value| text(w, value)).unwrap_or_default();
        facts = facts.add(field.path.join(" / "), Html::isolated(value));
    }
    Html::heading(w.t("registries-record-present")).then(facts.render())
}

/// Deletes a record.
pub(super) async fn delete(
    allowed: Allowed<RecordDelete>,
    State(registries): State<Registries>,
    Path((code, id)): Path<(String, String)>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let id: RecordId = id.parse::<RecordId>().map_err(Problem::from)?;
    let why = Some(typed.text("reason").chars().take(500).collect::<String>()).filter(|why| !why.is_empty());
    let seen = typed.text("version").parse::<i64>().ok();
    registries.delete_by_id(&by(&allowed), &code, id, why, seen).await?;
    Ok(see_other(&below(&code, "records").with("done", "record-deleted").to_string()))
}
