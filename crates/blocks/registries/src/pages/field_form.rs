//! The form for one field of a draft: the rules that its type can have, and no others.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use stoa_core::{FieldError, Problem};
use stoa_ui::{Choice, Field as Input, Form, Html, Locale, Notice, Page, Tone};
use stoa_web::{Allowed, Fault, FormFields, Path, View, see_other};

use super::designer::{Sheet, kind_key};
use super::field_typed::{FLAGS, KINDS, Typed, has_bounds, has_texts, title_input};
use super::words::{Said, elsewhere, label, said};
use super::{HOME, at, below, by, field_errors, refused, shown};
use crate::RegistriesError;
use crate::model::{Field, FieldKind};
use crate::permission::RegistryDesign;
use crate::service::{By, Registries};

/// What a field can link to: `register/field` and its name.
type Targets = Vec<(String, String)>;

/// Fields that a field can link to: unique ones of published registers and of this register itself. What it links to now
/// is always among them, so that saving another rule does not cut the link.
async fn targets(
    view: &View,
    registries: &Registries,
    by: &By,
    sheet: &Sheet,
    before: Option<&Field>,
) -> Result<Targets, Problem> {
    let w = view.words();
    let mut targets = Vec::new();
    let own = sheet.schema.fields().iter().filter(|field| field.id > 0 && before.is_none_or(|own| own.id != field.id));
    let mut offer = |register: i64, name: &str, field: &Field| {
        targets.push((format!("{register}/{}", field.id), format!("{name}: {}", label(w, field))));
    };
    for field in own.filter(|field| field.unique || field.primary_key) {
        offer(sheet.info.id, &sheet.info.name, field);
    }
    for info in registries.list(by).await?.into_iter().filter(|info| info.id != sheet.info.id) {
        if info.versions.is_empty() {
            continue;
        }
        let compiled = registries.open(by, &info.code).await?;
        let Some(version) = compiled.current() else { continue };
        for field in version.schema.fields().iter().filter(|field| field.unique || field.primary_key) {
            offer(info.id, &info.name, field);
        }
    }
    let Some(link) = before.and_then(|field| field.foreign.as_ref()) else { return Ok(targets) };
    let value = format!("{}/{}", link.register, link.field);
    if targets.iter().all(|(target, _)| *target != value) {
        let name = match registries.get_by_id(by, link.register).await {
            Ok(info) => info.name,
            Err(_) => link.register.to_string(),
        };
        let field = link.field.to_string();
        let args = [("register", name.into()), ("field", field.into())];
        targets.push((value, w.with("registries-field-link-lost", &args)));
    }
    Ok(targets)
}

/// What one form is drawn from.
struct Drawing<'a> {
    view: &'a View,
    sheet: &'a Sheet,
    address: String,
    submit: &'static str,
    title: String,
    typed: &'a Typed,
    targets: Targets,
}

/// The inputs that the form has beside those of its type.
const PLACES: [&str; 6] = ["/name", "/kind", "/description", "/example", "/rules", "/foreign"];

impl Drawing<'_> {
    fn form(&self, faults: &[Said]) -> Form {
        let (w, typed) = (self.view.words(), self.typed);
        let kinds = KINDS
            .iter()
            .map(|(word, kind)| Choice::new(*word, w.t(kind_key(*kind))).chosen(typed.text("kind") == *word));
        let rules = FLAGS.iter().map(|(flag, key)| Choice::new(*flag, w.t(key)).chosen(typed.has(flag)));
        let none = Choice::new("", w.t("registries-field-none")).chosen(typed.text("foreign").is_empty());
        let links = self.targets.iter().map(|(value, label)| {
            let chosen = value == typed.text("foreign");
            Choice::new(value, label).chosen(chosen)
        });
        let example = match typed.kind() {
            FieldKind::List => Input::area("example", w.t("registries-field-example"), 2),
            _ => Input::text("example", w.t("registries-field-example")),
        };
        let own = self.of_the_kind(faults);
        let places: Vec<String> = PLACES
            .iter()
            .map(|place| (*place).to_owned())
            .chain(own.iter().map(|input| format!("/{}", input.name())))
            .collect();
        let titles = Locale::ALL.map(|locale| {
            let label = w.with("registries-field-title", &[("language", locale.own_name().into())]);
            let name = title_input(locale);
            Input::text(&name, label).optional().value(typed.text(&name)).attribute("lang", locale.tag())
        });
        Form::post(&self.address, &self.view.frame, w.t(self.submit))
            .field(self.sheet.seen())
            .field(
                Input::text("name", w.t("registries-field-name"))
                    .hint(w.t("registries-field-name-hint"))
                    .value(typed.text("name"))
                    .error_if(said(faults, "/name")),
            )
            .field(Input::select("kind", w.t("registries-field-kind"), kinds).error_if(said(faults, "/kind")))
            .field(
                Input::text("description", w.t("registries-field-description"))
                    .hint(w.t("registries-field-description-hint"))
                    .optional()
                    .value(typed.text("description")),
            )
            .fields(titles)
            .field(example.optional().value(typed.text("example")).error_if(said(faults, "/example")))
            .field(Input::checkboxes("rules", w.t("registries-field-rules"), rules).error_if(said(faults, "/rules")))
            .fields(own)
            .field(
                Input::select("foreign", w.t("registries-field-link"), std::iter::once(none).chain(links))
                    .error_if(said(faults, "/foreign")),
            )
            .faults(elsewhere(faults, &places))
            .button("act", "kind", w.t("registries-field-kind-show"))
            .cancel(below(&self.sheet.info.code, "schema").path())
            .redraws()
    }

    /// The rules that only some types have.
    fn of_the_kind(&self, faults: &[Said]) -> Vec<Input> {
        let (w, typed) = (self.view.words(), self.typed);
        let kind = typed.kind();
        let fits = |fits: bool, name: &str| fits || !typed.text(name).is_empty();
        let (least, most) = if has_texts(kind) {
            ("registries-field-shortest", "registries-field-longest")
        } else {
            ("registries-field-min", "registries-field-max")
        };
        let mut inputs = Vec::new();
        for (name, key) in [("min", least), ("max", most)] {
            if fits(has_bounds(kind), name) {
                inputs.push(Input::decimal(name, w.t(key)));
            }
        }
        if fits(has_texts(kind), "pattern") {
            inputs.push(
                Input::text("pattern", w.t("registries-field-pattern"))
                    .hint(w.t("registries-field-pattern-hint"))
                    .ltr(),
            );
        }
        if fits(has_texts(kind), "choices") {
            inputs.push(
                Input::area("choices", w.t("registries-field-choices"), 4).hint(w.t("registries-field-choices-hint")),
            );
        }
        if fits(kind == FieldKind::Text, "numbering") {
            inputs.push(
                Input::text("numbering", w.t("registries-field-numbering"))
                    .hint(w.t("registries-field-numbering-hint"))
                    .ltr(),
            );
        }
        inputs
            .into_iter()
            .map(|input| {
                let (value, fault) = (typed.text(input.name()).to_owned(), said(faults, &format!("/{}", input.name())));
                input.optional().value(value).error_if(fault)
            })
            .collect()
    }

    fn page(&self, faults: &[Said]) -> Page<'_> {
        let w = self.view.words();
        let code = &self.sheet.info.code;
        Page::new(&self.view.frame, &self.title)
            .crumb(w.t("registries-title"), HOME)
            .crumb(&self.sheet.info.name, at(code).path())
            .crumb(w.t("registries-schema"), below(code, "schema").path())
            .form(&self.form(faults))
    }
}

/// What came of saving.
enum Outcome {
    /// It is in the draft.
    Saved,
    /// The form is to be shown again: for another type, or in another language.
    Again,
    /// Something is wrong with it.
    Wrong(Vec<Said>),
    /// Somebody else changed the draft.
    Late,
}

async fn save(
    view: &View,
    registries: &Registries,
    by: &By,
    sheet: &mut Sheet,
    sent: &FormFields,
    typed: &Typed,
    before: Option<&Field>,
) -> Result<Outcome, Problem> {
    if view.is_redraw() || sent.text("act") == "kind" {
        return Ok(Outcome::Again);
    }
    let w = view.words();
    let field = match typed.read(w, before) {
        Ok(field) => field,
        Err(faults) => return Ok(Outcome::Wrong(faults)),
    };
    let own = before.map_or(0, |field| field.id);
    if sheet.schema.at_path(&field.path).is_some_and(|other| other.id != own || own == 0) {
        return Ok(Outcome::Wrong(vec![Said::new("/name", w.t("registries-field-name-taken"))]));
    }
    let place = field.path.clone();
    sheet.schema.put(field);
    match sheet.save(registries, by, sent.text("seen")).await {
        Ok(()) => Ok(Outcome::Saved),
        Err(RegistriesError::DraftChanged(_)) => Ok(Outcome::Late),
        Err(error) => {
            let errors = field_errors(error.into())?;
            Ok(Outcome::Wrong(errors.iter().map(|error| schema_fault(view, &place, error)).collect()))
        }
    }
}

/// What the schema refuses, at the input that it is about.
fn schema_fault(view: &View, path: &[String], error: &FieldError) -> Said {
    let w = view.words();
    let place: String =
        path.iter().map(|name| format!("/properties/{}", name.replace('~', "~0").replace('/', "~1"))).collect();
    let input = match error.pointer.strip_prefix(&place) {
        None => "",
        Some("") => "/name",
        Some("/type") => "/kind",
        Some("/enum" | "/x-enumTitles") => "/choices",
        Some("/minimum" | "/minLength" | "/min") => "/min",
        Some("/maximum" | "/maxLength" | "/max") => "/max",
        Some("/pattern") => "/pattern",
        Some("/example") => "/example",
        Some("/foreignKeys") => "/foreign",
        Some(_) => "/rules",
    };
    let words = match (input, error.code) {
        ("/name", "name") => Html::text(w.t("registries-field-name-wrong")),
        ("/max", "min") => Html::text(w.t("registries-bounds-wrong")),
        _ => {
            let elsewhere = error.pointer.trim_start_matches("/properties/").replace("/properties/", " / ");
            let place = if input.is_empty() { format!("{elsewhere}: ") } else { String::new() };
            Html::text(format!("{} {place}", w.t("registries-field-refused")))
                .then(Html::text(&error.message).in_english())
        }
    };
    Said::new(input, words)
}

fn answer(drawing: &Drawing<'_>, outcome: &Outcome) -> Response {
    let w = drawing.view.words();
    match outcome {
        Outcome::Wrong(faults) => refused(&drawing.page(faults)),
        Outcome::Late => {
            let told = Html::paragraph(w.t("registries-draft-late-do"));
            let page = drawing.page(&[]).notice(Notice::html(Tone::Warning, w.t("registries-draft-late"), told));
            stoa_web::page(StatusCode::PRECONDITION_FAILED, &page)
        }
        Outcome::Saved | Outcome::Again => shown(&drawing.page(&[])),
    }
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
    let typed = Typed::empty();
    Ok(shown(&drawn_new(&view, &registries, &by, &sheet, &typed).await?.page(&[])))
}

async fn drawn_new<'a>(
    view: &'a View,
    registries: &Registries,
    by: &By,
    sheet: &'a Sheet,
    typed: &'a Typed,
) -> Result<Drawing<'a>, Problem> {
    Ok(Drawing {
        view,
        sheet,
        address: below(&sheet.info.code, "schema/fields/new").to_string(),
        submit: "registries-field-add",
        title: view.words().t("registries-field-add"),
        typed,
        targets: targets(view, registries, by, sheet, None).await?,
    })
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
    let typed = Typed::of_form(&sent, &Typed::empty());
    let outcome = save(&view, &registries, &by, &mut sheet, &sent, &typed, None).await?;
    if matches!(outcome, Outcome::Saved) {
        return Ok(see_other(&below(&register, "schema").with("done", "field-added").to_string()));
    }
    let sheet = Sheet::open(&registries, &by, &register).await?;
    Ok(answer(&drawn_new(&view, &registries, &by, &sheet, &typed).await?, &outcome))
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
    Ok(shown(&drawn_edit(&view, &registries, &by, &sheet, id, &typed).await?.page(&[])))
}

async fn drawn_edit<'a>(
    view: &'a View,
    registries: &Registries,
    by: &By,
    sheet: &'a Sheet,
    id: i64,
    typed: &'a Typed,
) -> Result<Drawing<'a>, Problem> {
    let field = sheet.field(id)?;
    Ok(Drawing {
        view,
        sheet,
        address: below(&sheet.info.code, &format!("schema/fields/{id}")).to_string(),
        submit: "registries-field-save",
        title: label(view.words(), field),
        typed,
        targets: targets(view, registries, by, sheet, Some(field)).await?,
    })
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
    let typed = Typed::of_form(&sent, &Typed::of_field(&before));
    let outcome = save(&view, &registries, &by, &mut sheet, &sent, &typed, Some(&before)).await?;
    if matches!(outcome, Outcome::Saved) {
        return Ok(see_other(&below(&register, "schema").with("done", "field-saved").to_string()));
    }
    let sheet = Sheet::open(&registries, &by, &register).await?;
    Ok(answer(&drawn_edit(&view, &registries, &by, &sheet, id, &typed).await?, &outcome))
}
