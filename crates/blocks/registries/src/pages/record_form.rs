//! Forms for a record: an input for each field, by its type.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value};
use stoa_core::{Page as ListPage, Problem};
use stoa_ui::{Choice, Definitions, Field as Input, Form, Html, Locale, Notice, Page, Tone, Words};
use stoa_web::{Allowed, Fault, FormFields, Path, View, see_other};

use super::records::{grid_fields, name_of, newest};
use super::words::{Said, choice_label, elsewhere, label, record_faults, said, text};
use super::{HOME, at, below, by, field_errors, refused, shown};
use crate::RegistriesError;
use crate::model::{Field, FieldKind, Schema, show_field};
use crate::permission::{RecordDelete, RecordWrite, RegistryDesign};
use crate::service::{By, Record, RecordId, Registries, RegistryInfo, Wanted};

/// A link is chosen from a list while the other register has no more records than this; else it is typed.
const CHOICES_MAX: u32 = 300;
/// A text that may be longer gets several lines.
const LINE_CHARS_MAX: f64 = 200.0;

/// What a form for a record is drawn from.
struct Sheet {
    info: RegistryInfo,
    schema: Arc<Schema>,
    /// The values to choose from, of fields that link to small registers.
    choices: HashMap<i64, Vec<(String, String)>>,
}

impl Sheet {
    async fn open(registries: &Registries, by: &By, code: &str, locale: Locale) -> Result<Self, Problem> {
        let info = registries.get(by, code).await?;
        let version = newest(registries, by, code).await?;
        Ok(Self::over(registries, by, info, version.schema, locale).await)
    }

    async fn over(registries: &Registries, by: &By, info: RegistryInfo, schema: Arc<Schema>, locale: Locale) -> Self {
        let mut choices = HashMap::new();
        for field in schema.fields() {
            if let Some(values) = choices_of(registries, by, field, locale).await {
                choices.insert(field.id, values);
            }
        }
        Self { info, schema, choices }
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn code(&self) -> &str {
        &self.info.code
    }

    /// The label of the version that records are written by: the newest.
    fn label(&self) -> &str {
        self.info.versions.last().map_or("", |version| version.label.as_str())
    }
}

/// The values of a linked register with what people call them, if they are few and not personal.
async fn choices_of(registries: &Registries, by: &By, field: &Field, locale: Locale) -> Option<Vec<(String, String)>> {
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
    let title = grid_fields(&listing.version.schema, locale).into_iter().find(|other| {
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

/// The hidden input that says what stood in a field's input when the form was opened.
fn was_name(field: &Field) -> String {
    format!("was{}", field.id)
}

/// The inputs of all fields; `value` gives what stands in each.
fn inputs(view: &View, sheet: &Sheet, value: impl Fn(&Field) -> String, faults: &[Said]) -> Vec<Input> {
    let w = view.words();
    let mut inputs = Vec::new();
    for field in sheet.schema().fields() {
        let present = value(field);
        if field.read_only {
            if !present.is_empty() {
                inputs.push(Input::shown(input_name(field), label(w, field), present));
            }
            continue;
        }
        let mut input = input(w, sheet, field, present);
        if let Some(hint) = hint(view, field) {
            input = input.hint(hint);
        }
        if !field.required || field.numbering.is_some() {
            input = input.optional();
        }
        inputs.push(input.error_if(said(faults, &field.pointer())));
    }
    inputs
}

/// The input of one field, by its type.
fn input(w: &Words, sheet: &Sheet, field: &Field, present: String) -> Input {
    let (name, label) = (input_name(field), label(w, field));
    match field.kind {
        FieldKind::Boolean => {
            let truths = [("true", "registries-yes"), ("false", "registries-no")];
            let truths = truths.map(|(value, key)| (value.to_owned(), w.t(key))).to_vec();
            chosen(w, name, label, truths, &present)
        }
        FieldKind::Text if !field.choices.is_empty() => {
            let values = field.choices.iter().map(|choice| (choice.clone(), choice_label(w, field, choice))).collect();
            chosen(w, name, label, values, &present)
        }
        FieldKind::Text => match sheet.choices.get(&field.id) {
            Some(values) => chosen(w, name, label, values.clone(), &present),
            None if field.max.is_some_and(|max| max > LINE_CHARS_MAX) => Input::area(name, label, 4).value(present),
            None => Input::text(name, label).value(present),
        },
        FieldKind::Integer => Input::integer(name, label).value(present),
        FieldKind::Number => Input::decimal(name, label).value(present),
        FieldKind::Date => Input::date(name, label).value(present),
        FieldKind::DateTime | FieldKind::Time => Input::text(name, label).ltr().narrow().value(present),
        FieldKind::List => Input::area(name, label, 4).value(present),
    }
}

/// A list to choose from. A present value that is no longer in it stays to be chosen.
fn chosen(w: &Words, name: String, label: String, values: Vec<(String, String)>, present: &str) -> Input {
    let none = Choice::new("", w.t("registries-choose"));
    let known = present.is_empty() || values.iter().any(|(value, _)| value == present);
    let other = (!known).then(|| Choice::new(present, present).chosen(true));
    let choices = values.into_iter().map(|(value, label)| {
        let chosen = value == present;
        Choice::new(value, label).chosen(chosen)
    });
    Input::select(name, label, std::iter::once(none).chain(choices).chain(other).collect::<Vec<_>>())
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
        parts.push(w.with("registries-example-hint", &[("example", text(w, field, example).into())]));
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A record's value as it stands in its input, and as a browser sends it back when nobody touches it.
fn typed_from(record: &Record, field: &Field) -> String {
    let text = match record.content.get(field.id) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(entries)) => {
            entries.iter().map(|entry| entry.as_str().unwrap_or_default()).collect::<Vec<_>>().join("\n")
        }
        Some(other) => other.to_string(),
    };
    text.replace("\r\n", "\n").trim().to_owned()
}

fn typed_in(typed: &FormFields, field: &Field) -> String {
    match field.kind {
        FieldKind::Date => typed.date(&input_name(field)),
        _ => typed.text(&input_name(field)).to_owned(),
    }
}

/// What was typed, as the content of a record. What is no number or truth stays a text, so that the schema refuses it
/// by name. With `present`, emptied fields are cleared, and what stands in its input as it did at first is not touched.
fn content(schema: &Schema, typed: &FormFields, present: Option<&Record>) -> Value {
    let mut content = Map::new();
    for field in schema.fields().iter().filter(|field| !field.read_only) {
        let text = typed_in(typed, field);
        if typed.sent(&was_name(field)) == Some(text.as_str()) {
            continue;
        }
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

/// The fields' inputs in a form, with everything that is wrong: what has no input of its own stands in the summary.
fn filled(form: Form, view: &View, sheet: &Sheet, value: impl Fn(&Field) -> String, faults: &[Said]) -> Form {
    let editable = sheet.schema().fields().iter().filter(|field| !field.read_only);
    let places: Vec<String> = editable.map(Field::pointer).collect();
    form.fields(inputs(view, sheet, value, faults)).faults(elsewhere(faults, &places)).redraws()
}

/// The form as the draft would have it, to look at.
pub(super) async fn preview(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let draft = super::designer::Sheet::open(&registries, &by, &code).await?;
    let sheet = Sheet::over(&registries, &by, draft.info, draft.schema.into(), w.locale()).await;
    let inputs = inputs(&view, &sheet, |_| String::new(), &[]);
    let drawn = Html::join(inputs.iter().map(|input| input.render(w)));
    let page = Page::new(&view.frame, w.t("registries-preview"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&sheet.info.name, at(&code).path())
        .crumb(w.t("registries-schema"), below(&code, "schema").path())
        .lead(w.t("registries-preview-lead"))
        .push(Html::trusted("<div class=\"form\">").then(drawn).then(Html::trusted("</div>")));
    Ok(shown(&page))
}

fn new_page<'a>(view: &'a View, sheet: &Sheet, typed: &FormFields, faults: &[Said]) -> Page<'a> {
    let w = view.words();
    let list = below(sheet.code(), "records");
    let form = Form::post(below(sheet.code(), "records/new").to_string(), &view.frame, w.t("registries-record-create"));
    let form = filled(form, view, sheet, |field| typed_in(typed, field), faults).cancel(list.path());
    Page::new(&view.frame, w.t("registries-record-new"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&sheet.info.name, at(sheet.code()).path())
        .crumb(w.t("registries-records"), list.path())
        .form(&form)
}

/// The form for a new record.
pub(super) async fn new(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let sheet = Sheet::open(&registries, &by(&allowed), &code, view.words().locale()).await?;
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
    let sheet = Sheet::open(&registries, &by, &code, view.words().locale()).await?;
    if view.is_redraw() {
        return Ok(shown(&new_page(&view, &sheet, &typed, &[])));
    }
    let content = content(sheet.schema(), &typed, None);
    match registries.create(&by, &code, sheet.label(), content, "").await {
        Ok(record) => {
            let address = below(&code, &format!("records/{}", record.id)).with("done", "record-created");
            Ok(see_other(&address.to_string()))
        }
        Err(error) => {
            let faults = faults_of(view.words(), sheet.schema(), error)?;
            Ok(refused(&new_page(&view, &sheet, &typed, &faults)))
        }
    }
}

/// What is wrong with the fields, or the problem that has nothing to do with them. A value that is taken belongs to the
/// first field of the rule that names it.
fn faults_of(w: &Words, schema: &Schema, error: RegistriesError) -> Result<Vec<Said>, Problem> {
    if let RegistriesError::NotUnique(names) = &error {
        let first = names.split(" and ").next().unwrap_or(names);
        let field = schema.fields().iter().find(|field| field.path.join("/") == first);
        let words = match field.filter(|_| first == names) {
            Some(field) => w.with("registries-fault-unique", &[("field", label(w, field).into())]),
            None => w.with("registries-fault-unique", &[("field", names.into())]),
        };
        return Ok(vec![Said::new(field.map(Field::pointer).unwrap_or_default(), words)]);
    }
    Ok(record_faults(w, schema, &field_errors(error.into())?))
}

fn edit_page<'a>(
    view: &'a View,
    sheet: &Sheet,
    record: &Record,
    value: impl Fn(&Field) -> String,
    faults: &[Said],
) -> Page<'a> {
    let w = view.words();
    let name = name_of(w, sheet.schema(), record);
    let this = below(sheet.code(), &format!("records/{}", record.id));
    let address = below(sheet.code(), &format!("records/{}/edit", record.id));
    let editable = sheet.schema().fields().iter().filter(|field| !field.read_only);
    let form = Form::post(address.to_string(), &view.frame, w.t("registries-record-save"))
        .field(Input::hidden("version", record.version.to_string()))
        .fields(editable.map(|field| Input::hidden(was_name(field), typed_from(record, field))));
    let form = filled(form, view, sheet, value, faults).cancel(this.path());
    Page::new(&view.frame, w.with("registries-record-edit-title", &[("key", name.as_str().into())]))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&sheet.info.name, at(sheet.code()).path())
        .crumb(name, this.path())
        .form(&form)
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
    let sheet = Sheet::open(&registries, &by, &code, view.words().locale()).await?;
    if let Some(question) = super::purpose::ask(&view, &by, &*registries.open(&by, &code).await?) {
        return Ok(question);
    }
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
    let id: RecordId = id.parse::<RecordId>().map_err(Problem::from)?;
    let sheet = Sheet::open(&registries, &by, &code, view.words().locale()).await?;
    let record = registries.read_by_id(&by, &code, None, id).await?.record;
    let seen = typed.text("version").parse::<i64>().ok();
    if seen.is_some_and(|seen| seen != record.version) {
        return Ok(conflict(&view, &sheet, &record, &typed));
    }
    if view.is_redraw() {
        return Ok(shown(&edit_page(&view, &sheet, &record, |field| typed_in(&typed, field), &[])));
    }
    let write = content(sheet.schema(), &typed, Some(&record));
    match registries.update_by_id(&by, &code, sheet.label(), id, write, seen).await {
        Ok(_) => Ok(see_other(&below(&code, &format!("records/{id}")).with("done", "record-saved").to_string())),
        Err(RegistriesError::Changed(_)) => {
            let record = registries.read_by_id(&by, &code, None, id).await?.record;
            Ok(conflict(&view, &sheet, &record, &typed))
        }
        Err(error) => {
            let faults = faults_of(view.words(), sheet.schema(), error)?;
            Ok(refused(&edit_page(&view, &sheet, &record, |field| typed_in(&typed, field), &faults)))
        }
    }
}

/// Two people changed one record. What only the other one changed is taken over, what only this one typed stays; where
/// both changed one field, both values are shown and this one decides.
fn conflict(view: &View, sheet: &Sheet, record: &Record, typed: &FormFields) -> Response {
    let w = view.words();
    let (mut faults, mut taken) = (Vec::new(), Definitions::new());
    let mut values = HashMap::new();
    let mut has_taken = false;
    for field in sheet.schema().fields() {
        let (now, mine) = (typed_from(record, field), typed_in(typed, field));
        let was = typed.sent(&was_name(field)).unwrap_or(&now).to_owned();
        let is_mine = !field.read_only && mine != was;
        if now != was && !is_mine {
            has_taken = true;
            taken = taken.add(label(w, field), present(w, field, record));
        }
        if is_mine && now != was && now != mine {
            let words = Html::text(w.with("registries-conflict-both", &[("field", label(w, field).into())]));
            faults.push(Said::new(field.pointer(), words.then(Html::trusted(" ")).then(present(w, field, record))));
        }
        values.insert(field.id, if is_mine { mine } else { now });
    }
    let mut told = Html::paragraph(w.t("registries-conflict-do"));
    if has_taken {
        told = told.then(Html::paragraph(w.t("registries-conflict-taken"))).then(taken.render());
    }
    let value = |field: &Field| values.get(&field.id).cloned().unwrap_or_default();
    let page = edit_page(view, sheet, record, value, &faults).notice(Notice::html(
        Tone::Warning,
        w.t("registries-record-conflict"),
        told,
    ));
    stoa_web::page(axum::http::StatusCode::PRECONDITION_FAILED, &page)
}

/// A field's value in the record as it is now.
fn present(w: &Words, field: &Field, record: &Record) -> Html {
    match record.content.get(field.id) {
        Some(value) => super::words::shown(w, field, value, usize::MAX),
        None => Html::quiet(w.t("registries-empty")),
    }
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
