//! The schema designer: a register's draft, field by field, and what publishing it changes.

use axum::extract::State;
use axum::response::Response;
use stoa_core::{FieldError, Instant, Problem, Refusal};
use stoa_ui::{
    Badge, Column, Confirm, Definitions, Field as Input, Form, Html, Notice, Page, Table, Tone, Words, actions, code,
};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, View, see_other};

use super::words::{self, Said, elsewhere, label, said};
use super::{HOME, at, below, by, outcome, refused, shown, tabs};
use crate::error::RegistriesError;
use crate::model::{Field, FieldKind, Schema};
use crate::permission::RegistryDesign;
use crate::service::{By, Draft, Registries, RegistryInfo};

/// A register's draft on the drawing table: its own draft, else its newest version as one.
pub(super) struct Sheet {
    pub(super) info: RegistryInfo,
    pub(super) schema: Schema,
}

impl Sheet {
    pub(super) async fn open(registries: &Registries, by: &By, register: &str) -> Result<Self, Problem> {
        let info = registries.get(by, register).await?;
        let value = info.draft.as_ref().or(info.versions.last().map(|version| &version.schema));
        let schema = match value {
            Some(value) => Schema::read(value, None).map_err(RegistriesError::InvalidSchema)?,
            None => Schema::default(),
        };
        Ok(Self { info, schema })
    }

    /// The field with the id that stands in the address.
    pub(super) fn field(&self, id: i64) -> Result<&Field, Problem> {
        Ok(self.schema.field(id).ok_or_else(|| RegistriesError::FieldNotFound(id.to_string()))?)
    }

    /// Writes the draft, unless somebody else changed the register since `seen`.
    pub(super) async fn save(&self, registries: &Registries, by: &By, seen: &str) -> Result<(), RegistriesError> {
        let draft = Draft {
            code: self.info.code.clone(),
            schema: self.schema.to_json(),
            seen: seen.parse::<Instant>().ok(),
            ..Draft::default()
        };
        registries.put_draft(by, draft).await.map(drop)
    }

    /// The hidden input that says how the register was seen.
    pub(super) fn seen(&self) -> Input {
        Input::hidden("seen", self.info.modified_at.to_string())
    }
}

/// The key of a type's name.
pub(super) const fn kind_key(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "registries-kind-text",
        FieldKind::Number => "registries-kind-number",
        FieldKind::Integer => "registries-kind-integer",
        FieldKind::Boolean => "registries-kind-boolean",
        FieldKind::Date => "registries-kind-date",
        FieldKind::DateTime => "registries-kind-datetime",
        FieldKind::Time => "registries-kind-time",
        FieldKind::List => "registries-kind-list",
    }
}

/// The draft's fields, with the ways to change them.
pub(super) async fn show(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path(register): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let sheet = Sheet::open(&registries, &by, &register).await?;
    let here = |rest: &str| below(&register, &format!("schema/{rest}")).to_string();
    let mut buttons = vec![(w.t("registries-field-add"), here("fields/new"))];
    if sheet.info.draft.is_some() && !sheet.schema.fields().is_empty() {
        buttons.push((w.t("registries-publish"), here("publish")));
    }
    buttons.push((w.t("registries-details"), here("details")));
    if !sheet.schema.fields().is_empty() {
        buttons.push((w.t("registries-preview"), here("preview")));
    }
    let last = sheet.schema.fields().len().saturating_sub(1);
    let table = Table::new(w.t("registries-fields"))
        .column(Column::new(w.t("registries-field")))
        .column(Column::new(w.t("registries-field-kind")))
        .column(Column::new(w.t("registries-field-rules")))
        .column(Column::new(w.t("registries-record-actions")).quiet())
        .rows(sheet.schema.fields().iter().enumerate().map(|(nth, field)| {
            let name = Html::trusted("<bdi>")
                .then(Html::link(here(&format!("fields/{}", field.id)), label(w, field)))
                .then(Html::trusted("</bdi>"));
            let technical = field.path.join(" / ");
            let more = [technical.as_str(), &field.description].into_iter().enumerate();
            let more = more.filter(|(nth, text)| !text.is_empty() && (*nth > 0 || *text != label(w, field)));
            let name = more.fold(name, |name, (_, text)| name.then(Html::trusted("<br>")).then(Html::quiet(text)));
            [
                name,
                Html::text(w.t(kind_key(field.kind))),
                rules(w, field),
                field_actions(&view, &sheet, field, nth, last),
            ]
        }))
        .empty(Html::paragraph(w.t("registries-no-fields")));
    // The document of a large register weighs as much as its page: it comes when it is asked for.
    let document = if params.get("document").is_some() {
        let text = serde_json::to_string_pretty(&sheet.schema.to_json()).unwrap_or_default();
        stoa_ui::Fold::html(w.t("registries-schema-json"), code(w.t("registries-schema-json"), text, w), true)
    } else {
        let address = format!("{}?document=1", below(&register, "schema"));
        Html::trusted("<p>").then(Html::link(address, w.t("registries-schema-json"))).then(Html::trusted("</p>"))
    };
    let page = Page::new(&view.frame, w.t("registries-schema"))
        .wide()
        .crumb(w.t("registries-title"), HOME)
        .crumb(&sheet.info.name, at(&register).path())
        .lead(w.t("registries-schema-lead"))
        .notice(outcome(w, params.get("done")))
        .actions(actions(buttons))
        .push(tabs(&view, &sheet.info, "schema"))
        .push(draft_state(w, &sheet))
        .push(table.render(w))
        .push(document)
        .push(discard_form(&view, &sheet));
    Ok(shown(&page))
}

/// The way back to the published version, where there is one and a draft beside it.
fn discard_form(view: &View, sheet: &Sheet) -> Html {
    let w = view.words();
    let (Some(_), Some(version)) = (&sheet.info.draft, sheet.info.versions.last()) else { return Html::empty() };
    let address = below(&sheet.info.code, "schema/discard").to_string();
    let form = Form::post(address, &view.frame, w.t("registries-discard")).field(sheet.seen()).danger();
    Confirm::html(
        w.t("registries-discard"),
        w.t("registries-discard-title"),
        w.with("registries-discard-text", &[("version", (&version.label).into())]),
        &form,
        w,
    )
}

/// Throws the draft away, unless somebody else changed it since.
pub(super) async fn discard(
    allowed: Allowed<RegistryDesign>,
    State(registries): State<Registries>,
    Path(register): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    registries.discard_draft(&by(&allowed), &register, typed.text("seen").parse::<Instant>().ok()).await?;
    Ok(see_other(&below(&register, "schema").with("done", "discarded").to_string()))
}

fn draft_state(w: &Words, sheet: &Sheet) -> Html {
    match (&sheet.info.draft, sheet.info.versions.last()) {
        (Some(_), Some(_)) => Badge::html(Tone::Info, w.t("registries-state-has-draft")),
        (Some(_), None) => Badge::html(Tone::Warning, w.t("registries-state-draft")),
        (None, Some(version)) => {
            Badge::html(Tone::Good, format!("{} {}", w.t("registries-state-published"), version.label))
        }
        (None, None) => Html::empty(),
    }
}

fn rules(w: &Words, field: &Field) -> Html {
    let mut words: Vec<String> = [
        (field.primary_key, "registries-rule-primary"),
        (field.required, "registries-rule-required"),
        (field.unique, "registries-rule-unique"),
        (field.read_only, "registries-rule-read-only"),
        (field.personal, "registries-personal"),
        (field.fulltext, "registries-rule-fulltext"),
        (field.foreign.is_some(), "registries-rule-linked"),
        (!field.choices.is_empty(), "registries-rule-choices"),
        (field.pattern.is_some(), "registries-rule-pattern"),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, key)| w.t(key))
    .collect();
    if field.min.is_some() || field.max.is_some() {
        let bound = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
        words.push(format!("{} … {}", bound(field.min), bound(field.max)).trim().to_owned());
    }
    let badges = words.into_iter().map(|word| Badge::html(Tone::Plain, word).then(Html::trusted(" ")));
    Html::join(badges)
}

fn field_actions(view: &View, sheet: &Sheet, field: &Field, nth: usize, last: usize) -> Html {
    let w = view.words();
    let name = label(w, field);
    let here = |rest: &str| below(&sheet.info.code, &format!("schema/fields/{}/{rest}", field.id)).to_string();
    let shift = |way: &str, key: &str| {
        let label = stoa_ui::escape(&w.with(key, &[("field", name.as_str().into())]));
        Html::trusted(format!(
            "<button class=\"small {way}\" name=\"way\" value=\"{way}\" aria-label=\"{label}\" title=\"{label}\"></button>"
        ))
    };
    let mut buttons = Html::trusted(format!(
        "<form method=\"post\" action=\"{}\" class=\"inline\"><input type=\"hidden\" name=\"csrf\" value=\"{}\">\
         <input type=\"hidden\" name=\"seen\" value=\"{}\">",
        stoa_ui::escape(&here("move")),
        stoa_ui::escape(view.frame.csrf()),
        sheet.info.modified_at,
    ));
    if nth > 0 {
        buttons = buttons.then(shift("up", "registries-field-up"));
    }
    if nth < last {
        buttons = buttons.then(shift("down", "registries-field-down"));
    }
    let form = Form::post(here("remove"), &view.frame, w.t("registries-field-remove")).field(sheet.seen()).danger();
    buttons.then(Html::trusted("</form>")).then(Confirm::html(
        w.t("registries-field-remove"),
        w.with("registries-field-remove-title", &[("field", name.into())]),
        w.t("registries-field-remove-text"),
        &form,
        w,
    ))
}

/// Takes a field out of the draft.
pub(super) async fn remove(
    allowed: Allowed<RegistryDesign>,
    State(registries): State<Registries>,
    Path((register, field)): Path<(String, i64)>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let mut sheet = Sheet::open(&registries, &by, &register).await?;
    sheet.field(field)?;
    sheet.schema.remove(field);
    sheet.save(&registries, &by, typed.text("seen")).await?;
    Ok(see_other(&below(&register, "schema").with("done", "field-removed").to_string()))
}

/// Moves a field up or down.
pub(super) async fn shift(
    allowed: Allowed<RegistryDesign>,
    State(registries): State<Registries>,
    Path((register, field)): Path<(String, i64)>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let mut sheet = Sheet::open(&registries, &by, &register).await?;
    sheet.field(field)?;
    sheet.schema.shift(field, typed.text("way") == "up");
    sheet.save(&registries, &by, typed.text("seen")).await?;
    Ok(see_other(&below(&register, "schema").to_string()))
}

/// What publishing the draft changes.
pub(super) async fn impact(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path(register): Path<String>,
) -> Result<Response, Fault> {
    Ok(shown(&impact_page(&view, &registries, &by(&allowed), &register, Vec::new()).await?))
}

async fn impact_page<'a>(
    view: &'a View,
    registries: &Registries,
    by: &By,
    register: &str,
    faults: Vec<Html>,
) -> Result<Page<'a>, Problem> {
    let w = view.words();
    let sheet = Sheet::open(registries, by, register).await?;
    let back = below(register, "schema");
    let page = |title: String| {
        Page::new(&view.frame, title)
            .crumb(w.t("registries-title"), HOME)
            .crumb(&sheet.info.name, at(register).path())
            .crumb(w.t("registries-schema"), back.path())
    };
    let impact = match registries.impact(by, register).await {
        Ok(impact) => impact,
        Err(RegistriesError::NoDraft) => {
            let way = Html::link(back.path(), w.t("registries-schema-change"));
            let told = Html::paragraph(w.t("registries-no-draft-do")).then(Html::trusted("<p>")).then(way);
            let notice = Notice::html(Tone::Info, w.t("registries-no-draft"), told.then(Html::trusted("</p>")));
            return Ok(page(w.t("registries-publish")).push(notice));
        }
        Err(error) => return Err(error.into()),
    };
    let breaking = impact.changes.iter().filter(|change| change.breaking).count();
    let is_new = sheet.info.versions.is_empty();
    let (tone, sentence) = match (breaking, impact.changes.is_empty()) {
        _ if is_new => (Tone::Good, w.t("registries-impact-new")),
        (0, true) => (Tone::Good, w.t("registries-impact-texts")),
        (0, false) => (Tone::Good, w.t("registries-impact-harmless")),
        (count, _) => (Tone::Warning, w.with("registries-impact-breaking", &[("count", count.into())])),
    };
    let mut table = Table::new(w.t("registries-impact"))
        .column(Column::new(w.t("registries-field")))
        .column(Column::new(w.t("registries-what")))
        .column(Column::new(w.t("registries-effect")))
        .empty(w.t("registries-impact-texts"));
    for change in &impact.changes {
        let effect = if change.breaking && !is_new {
            Badge::html(Tone::Warning, w.t("registries-breaking"))
        } else {
            Badge::html(Tone::Good, w.t("registries-harmless"))
        };
        let field = sheet.schema.fields().iter().find(|field| field.pointer() == change.field);
        let name = field.map_or_else(|| change.field.trim_start_matches('/').to_owned(), |field| label(w, field));
        table = table.row([Html::isolated(name), words::change(w, change.kind, &change.words), effect]);
    }
    let form = Form::post(below(register, "schema/publish").to_string(), &view.frame, w.t("registries-publish-now"))
        .field(Input::hidden("seen", sheet.info.modified_at.to_string()))
        .faults(faults)
        .cancel(back.path());
    let title = w.with("registries-publish-title", &[("version", impact.label.as_str().into())]);
    let mut facts = Definitions::new().add(w.t("registries-records"), w.number(impact.records));
    for (label, count) in
        [("registries-impact-misfits", impact.misfits), ("registries-impact-duplicates", impact.duplicates)]
    {
        if count > 0 {
            facts = facts.add(w.t(label), w.number(count));
        }
    }
    Ok(page(title)
        .push(Notice::html(tone, w.t("registries-impact"), Html::paragraph(sentence)))
        .push(facts.render())
        .push(table.render(w))
        .form(&form))
}

/// Publishes the draft, if it is still the one whose effect was shown.
pub(super) async fn publish(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path(register): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let info = registries.get(&by, &register).await?;
    if typed.text("seen") != info.modified_at.to_string() {
        return Err(RegistriesError::DraftChanged(info.modified_by).into());
    }
    match registries.publish(&by, &register).await {
        Ok(info) => {
            let done = if info.publication.is_some() { "publishing" } else { "published" };
            Ok(see_other(&at(&register).with("done", done).to_string()))
        }
        Err(RegistriesError::InvalidSchema(errors) | RegistriesError::BreaksNewRules(errors)) => {
            let faults = errors.iter().map(|error| publish_fault(view.words(), error)).collect();
            Ok(refused(&impact_page(&view, &registries, &by, &register, faults).await?))
        }
        Err(error) => Err(error.into()),
    }
}

/// Why a draft cannot be published.
fn publish_fault(w: &Words, error: &FieldError) -> Html {
    let field = error.pointer.trim_start_matches("/properties/").replace("/properties/", " / ");
    match (error.pointer.as_str(), error.code) {
        ("/properties", "required") => Html::text(w.t("registries-schema-empty")),
        (_, "unique") => Html::text(w.with("registries-publish-duplicates", &[("field", field.into())]))
            .then(Html::trusted(" "))
            .then(Html::text(&error.message).in_english()),
        _ => Html::text(format!("{field}: ")).then(Html::text(&error.message).in_english()),
    }
}

fn details_page<'a>(view: &'a View, info: &RegistryInfo, typed: Option<&FormFields>, faults: &[Said]) -> Page<'a> {
    let w = view.words();
    let value = |name: &str, present: &str| typed.map_or(present, |typed| typed.text(name)).to_owned();
    let read_log = typed.map_or(info.read_log, |typed| typed.is_checked("readLog"));
    let form = Form::post(below(&info.code, "schema/details").to_string(), &view.frame, w.t("registries-details-save"))
        .field(
            Input::text("name", w.t("registries-name"))
                .value(value("name", &info.name))
                .error_if(said(faults, "/name")),
        )
        .field(
            Input::area("description", w.t("registries-description"), 3)
                .hint(w.t("registries-description-hint"))
                .optional()
                .value(value("description", &info.description)),
        )
        .field(
            Input::text("institution", w.t("registries-institution"))
                .optional()
                .value(value("institution", &info.institution))
                .error_if(said(faults, "/institution")),
        )
        .field(
            Input::checkbox("readLog", w.t("registries-read-log-kept"), read_log)
                .hint(w.t("registries-read-log-kept-hint")),
        )
        .faults(elsewhere(faults, &["/name", "/institution"].map(str::to_owned)))
        .cancel(at(&info.code).path())
        .redraws();
    Page::new(&view.frame, w.t("registries-details"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&info.code).path())
        .form(&form)
}

/// The form for a register's name and description.
pub(super) async fn details(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path(register): Path<String>,
) -> Result<Response, Fault> {
    let info = registries.get(&by(&allowed), &register).await?;
    Ok(shown(&details_page(&view, &info, None, &[])))
}

/// Changes a register's name and description.
pub(super) async fn save_details(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    Path(register): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    if view.is_redraw() {
        let info = registries.get(&by, &register).await?;
        return Ok(shown(&details_page(&view, &info, Some(&typed), &[])));
    }
    let details = crate::service::Details {
        name: typed.text("name").to_owned(),
        description: typed.text("description").to_owned(),
        institution: typed.text("institution").to_owned(),
        read_log: typed.is_checked("readLog"),
    };
    match registries.put_details(&by, &register, details).await {
        Ok(_) => Ok(see_other(&at(&register).with("done", "details-saved").to_string())),
        Err(error) => {
            let problem = Problem::from(error);
            if problem.refusal != Refusal::Malformed {
                return Err(problem.into());
            }
            let info = registries.get(&by, &register).await?;
            let faults = super::list::details_faults(view.words(), &problem.errors);
            Ok(refused(&details_page(&view, &info, Some(&typed), &faults)))
        }
    }
}
