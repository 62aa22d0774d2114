//! The form for one field of a draft.

use axum::extract::State;
use axum::response::Response;
use stoa_core::{FieldError, Problem};
use stoa_ui::{Choice, Field as Input, Form, Html, Page};
use stoa_web::{Allowed, Fault, FormFields, Path, View, see_other};

use super::designer::{Sheet, kind_key};
use super::{HOME, at, below, by, field_errors, message, refused, shown};
use crate::model::{Field, FieldKind, ForeignKey, Pattern};
use crate::permission::RegistryDesign;
use crate::service::{By, Registries};

const KINDS: [(&str, FieldKind); 8] = [
    ("text", FieldKind::Text),
    ("integer", FieldKind::Integer),
    ("number", FieldKind::Number),
    ("boolean", FieldKind::Boolean),
    ("date", FieldKind::Date),
    ("datetime", FieldKind::DateTime),
    ("time", FieldKind::Time),
    ("list", FieldKind::List),
];

/// What the form shows: as typed, or as the field is.
#[derive(Default)]
struct Typed {
    name: String,
    kind: String,
    description: String,
    example: String,
    min: String,
    max: String,
    pattern: String,
    choices: String,
    foreign: String,
    flags: Vec<&'static str>,
}

const FLAGS: [(&str, &str); 7] = [
    ("required", "registries-field-required"),
    ("unique", "registries-field-unique"),
    ("primaryKey", "registries-field-primary"),
    ("readOnly", "registries-field-read-only"),
    ("fulltext", "registries-field-fulltext"),
    ("personalData", "registries-field-personal"),
    ("personalDataId", "registries-field-personal-id"),
];

impl Typed {
    fn of_form(typed: &FormFields) -> Self {
        Self {
            name: typed.text("name").to_owned(),
            kind: typed.text("kind").to_owned(),
            description: typed.text("description").to_owned(),
            example: typed.text("example").to_owned(),
            min: typed.text("min").to_owned(),
            max: typed.text("max").to_owned(),
            pattern: typed.text("pattern").to_owned(),
            choices: typed.text("choices").to_owned(),
            foreign: typed.text("foreign").to_owned(),
            flags: FLAGS
                .iter()
                .map(|(flag, _)| *flag)
                .filter(|flag| typed.all("rules").any(|rule| rule == *flag))
                .collect(),
        }
    }

    fn of_field(field: &Field) -> Self {
        let bound = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
        let held = [
            field.required,
            field.unique,
            field.primary_key,
            field.read_only,
            field.fulltext,
            field.personal,
            field.personal_id,
        ];
        Self {
            name: field.path.join("/"),
            kind: KINDS.iter().find(|(_, kind)| *kind == field.kind).map_or("text", |(word, _)| word).to_owned(),
            description: field.description.clone(),
            example: field.example.as_ref().map_or_else(String::new, |example| {
                example.as_str().map_or_else(|| example.to_string(), str::to_owned)
            }),
            min: bound(field.min),
            max: bound(field.max),
            pattern: field.pattern.as_ref().map_or_else(String::new, |pattern| pattern.as_str().to_owned()),
            choices: field.choices.join("\n"),
            foreign: field.foreign.as_ref().map_or_else(String::new, |key| format!("{}/{}", key.register, key.field)),
            flags: FLAGS.iter().zip(held).filter(|(_, holds)| *holds).map(|((flag, _), _)| *flag).collect(),
        }
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// The field that was typed, or what is wrong with it; `before` is the field that it replaces.
    fn read(&self, view: &View, before: Option<&Field>) -> Result<Field, Vec<FieldError>> {
        let w = view.words();
        let mut errors = Vec::new();
        let mut refuse = |pointer: &str, message: String| {
            errors.push(FieldError { pointer: pointer.to_owned(), code: "format", message });
        };
        let path: Vec<String> = self.name.split('/').map(|part| part.trim().to_owned()).collect();
        if path.iter().any(String::is_empty) {
            refuse("/name", w.t("registries-field-name-missing"));
        }
        let kind = KINDS.iter().find(|(word, _)| *word == self.kind).map_or(FieldKind::Text, |(_, kind)| *kind);
        let mut bound = |pointer: &str, text: &str| {
            if text.is_empty() {
                return None;
            }
            let number = text.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
            if number.is_none() {
                refuse(pointer, w.t("registries-number-wrong"));
            }
            number
        };
        let (min, max) = (bound("/min", &self.min), bound("/max", &self.max));
        if let (Some(least), Some(most)) = (min, max)
            && least > most
        {
            refuse("/max", w.t("registries-bounds-wrong"));
        }
        let pattern = if self.pattern.is_empty() {
            None
        } else {
            Pattern::new(&self.pattern)
                .map_err(|reason| refuse("/pattern", w.with("registries-pattern-wrong", &[("reason", reason.into())])))
                .ok()
        };
        let foreign = self.foreign.split_once('/').and_then(|(register, field)| {
            Some(ForeignKey { register: register.parse().ok()?, field: field.parse().ok()? })
        });
        let number = || serde_json::from_str(&self.example).ok().filter(serde_json::Value::is_number);
        let example = match kind {
            _ if self.example.is_empty() => None,
            FieldKind::Integer | FieldKind::Number => number(),
            FieldKind::Boolean => Some(serde_json::Value::Bool(self.example == "true")),
            _ => Some(serde_json::Value::String(self.example.clone())),
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Field {
            id: before.map_or(0, |field| field.id),
            path,
            kind,
            description: self.description.clone(),
            example,
            required: self.has("required"),
            unique: self.has("unique"),
            primary_key: self.has("primaryKey"),
            read_only: self.has("readOnly"),
            min,
            max,
            pattern,
            choices: self.choices.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            foreign,
            numbering: before.and_then(|field| field.numbering.clone()),
            personal: self.has("personalData") || self.has("personalDataId"),
            personal_id: self.has("personalDataId"),
            fulltext: self.has("fulltext"),
        })
    }
}

/// Fields of other registers that a field can link to: unique ones, as `register/field` with their names.
async fn targets(registries: &Registries, by: &By, own: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut targets = Vec::new();
    for info in registries.list(by).await? {
        if info.code == own || info.versions.is_empty() {
            continue;
        }
        let compiled = registries.open(by, &info.code).await?;
        let Some(version) = compiled.current() else { continue };
        for field in version.schema.fields().iter().filter(|field| field.unique || field.primary_key) {
            targets.push((format!("{}/{}", info.id, field.id), format!("{}: {}", info.name, field.path.join(" / "))));
        }
    }
    Ok(targets)
}

fn form(
    view: &View,
    sheet: &Sheet,
    address: &str,
    submit: &str,
    typed: &Typed,
    targets: Vec<(String, String)>,
    errors: &[FieldError],
) -> Form {
    let w = view.words();
    let kinds = KINDS.iter().map(|(word, kind)| Choice::new(*word, w.t(kind_key(*kind))).chosen(typed.kind == *word));
    let rules = FLAGS.iter().map(|(flag, key)| Choice::new(*flag, w.t(key)).chosen(typed.has(flag)));
    let none = Choice::new("", w.t("registries-field-none")).chosen(typed.foreign.is_empty());
    let links = targets.into_iter().map(|(value, label)| {
        let chosen = value == typed.foreign;
        Choice::new(value, label).chosen(chosen)
    });
    let mut form = Form::post(address, &view.frame, w.t(submit))
        .field(sheet.seen())
        .field(
            Input::text("name", w.t("registries-field-name"))
                .hint(w.t("registries-field-name-hint"))
                .value(&typed.name)
                .error_if(message(errors, "/name")),
        )
        .field(Input::select("kind", w.t("registries-field-kind"), kinds))
        .field(
            Input::text("description", w.t("registries-field-description"))
                .hint(w.t("registries-field-description-hint"))
                .optional()
                .value(&typed.description),
        )
        .field(Input::text("example", w.t("registries-field-example")).optional().value(&typed.example))
        .field(Input::checkboxes("rules", w.t("registries-field-rules"), rules))
        .field(
            Input::decimal("min", w.t("registries-field-min"))
                .optional()
                .value(&typed.min)
                .error_if(message(errors, "/min")),
        )
        .field(
            Input::decimal("max", w.t("registries-field-max"))
                .optional()
                .value(&typed.max)
                .error_if(message(errors, "/max")),
        )
        .field(
            Input::text("pattern", w.t("registries-field-pattern"))
                .hint(w.t("registries-field-pattern-hint"))
                .optional()
                .ltr()
                .value(&typed.pattern)
                .error_if(message(errors, "/pattern")),
        )
        .field(
            Input::area("choices", w.t("registries-field-choices"), 4)
                .hint(w.t("registries-field-choices-hint"))
                .optional()
                .value(&typed.choices),
        )
        .field(Input::select("foreign", w.t("registries-field-link"), std::iter::once(none).chain(links)))
        .cancel(below(&sheet.info.code, "schema").path());
    // What the schema itself refuses has a place in it that no input of this form has.
    let known = ["/name", "/min", "/max", "/pattern"];
    let rest = errors.iter().filter(|error| !known.contains(&error.pointer.as_str()));
    let messages: Vec<Html> = rest.map(|error| Html::text(format!("{}: {}", error.pointer, error.message))).collect();
    if !messages.is_empty() {
        form = form.before(stoa_ui::Notice::html(
            stoa_ui::Tone::Bad,
            w.t("registries-field-refused"),
            Html::list(messages),
        ));
    }
    form
}

fn page<'a>(view: &'a View, sheet: &Sheet, title: String, form: &Form) -> Page<'a> {
    let w = view.words();
    Page::new(&view.frame, title)
        .crumb(w.t("registries-title"), HOME)
        .crumb(&sheet.info.name, at(&sheet.info.code).path())
        .crumb(w.t("registries-schema"), below(&sheet.info.code, "schema").path())
        .errors(form.errors())
        .push(form.render(w))
}

/// The form for a new field.
pub(super) async fn new(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path(register): Path<String>,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let sheet = Sheet::open(&registries, &by, &register).await?;
    let targets = targets(&registries, &by, &register).await?;
    let address = below(&register, "schema/fields/new").to_string();
    let form = form(&view, &sheet, &address, "registries-field-add", &Typed::default(), targets, &[]);
    Ok(shown(&page(&view, &sheet, view.words().t("registries-field-add"), &form)))
}

/// Adds the field to the draft.
pub(super) async fn create(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path(register): Path<String>,
    sent: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let mut sheet = Sheet::open(&registries, &by, &register).await?;
    let typed = Typed::of_form(&sent);
    let outcome = match typed.read(&view, None) {
        Ok(field) if sheet.schema.at_path(&field.path).is_some() => Err(vec![FieldError {
            pointer: "/name".to_owned(),
            code: "unique",
            message: view.words().t("registries-field-name-taken"),
        }]),
        Ok(field) => {
            sheet.schema.put(field);
            saved(sheet.save(&registries, &by, sent.text("seen")).await)?
        }
        Err(errors) => Err(errors),
    };
    let Err(errors) = outcome else {
        return Ok(see_other(&below(&register, "schema").with("done", "field-added").to_string()));
    };
    let targets = targets(&registries, &by, &register).await?;
    let address = below(&register, "schema/fields/new").to_string();
    let form = form(&view, &sheet, &address, "registries-field-add", &typed, targets, &errors);
    Ok(refused(&page(&view, &sheet, view.words().t("registries-field-add"), &form)))
}

/// The schema's refusals, or the problem that has nothing to do with fields.
fn saved(outcome: Result<(), crate::RegistriesError>) -> Result<Result<(), Vec<FieldError>>, Problem> {
    match outcome {
        Ok(()) => Ok(Ok(())),
        Err(error) => Ok(Err(field_errors(error.into())?)),
    }
}

/// The form that changes a field.
pub(super) async fn edit(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path((register, id)): Path<(String, i64)>,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let sheet = Sheet::open(&registries, &by, &register).await?;
    let typed = Typed::of_field(sheet.field(id)?);
    let targets = targets(&registries, &by, &register).await?;
    let address = below(&register, &format!("schema/fields/{id}")).to_string();
    let form = form(&view, &sheet, &address, "registries-field-save", &typed, targets, &[]);
    let title = sheet.field(id)?.path.join(" / ");
    Ok(shown(&page(&view, &sheet, title, &form)))
}

/// Changes the field in the draft.
pub(super) async fn update(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path((register, id)): Path<(String, i64)>,
    sent: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let mut sheet = Sheet::open(&registries, &by, &register).await?;
    let before = sheet.field(id)?.clone();
    let typed = Typed::of_form(&sent);
    let outcome = match typed.read(&view, Some(&before)) {
        Ok(field) if sheet.schema.at_path(&field.path).is_some_and(|other| other.id != id) => Err(vec![FieldError {
            pointer: "/name".to_owned(),
            code: "unique",
            message: view.words().t("registries-field-name-taken"),
        }]),
        Ok(field) => {
            sheet.schema.put(field);
            saved(sheet.save(&registries, &by, sent.text("seen")).await)?
        }
        Err(errors) => Err(errors),
    };
    let Err(errors) = outcome else {
        return Ok(see_other(&below(&register, "schema").with("done", "field-saved").to_string()));
    };
    let targets = targets(&registries, &by, &register).await?;
    let address = below(&register, &format!("schema/fields/{id}")).to_string();
    let form = form(&view, &sheet, &address, "registries-field-save", &typed, targets, &errors);
    Ok(refused(&page(&view, &sheet, before.path.join(" / "), &form)))
}
