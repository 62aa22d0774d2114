//! All registers, a new one, and one register's overview.

use axum::extract::State;
use axum::response::Response;
use stoa_core::FieldError;
use stoa_core::limit::NAME_CHARS_MAX;
use stoa_ui::{
    Badge, Column, Confirm, Definitions, Field, Form, Html, Notice, Page, Progress, Sorting, Table, Tone, Words,
    actions, figures,
};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, Right as _, View, see_other};

use super::words::{Said, elsewhere, said};
use super::{HOME, at, below, by, field_errors, outcome, refused, shown, tabs};
use crate::error::RegistriesError;
use crate::permission::{RecordRead, RecordWrite, RegistryDelete, RegistryDesign, RegistryRead};
use crate::service::{Draft, PublicationInfo, Registries, RegistryInfo};

/// How soon a page that waits looks again.
const REFRESH_SECONDS: u32 = 2;

/// All registers.
pub(super) async fn list(
    allowed: Allowed<RegistryRead>,
    view: View,
    State(registries): State<Registries>,
    params: Params,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let mut rows = Vec::new();
    for info in registries.list(&by).await? {
        let count = registries.count(&by, &info.code).await?;
        rows.push((info, count));
    }
    let sorting = Sorting::parse(params.get("sort").unwrap_or("name"));
    rows.sort_by(|(a, a_count), (b, b_count)| {
        let order = match sorting.by.as_str() {
            "records" => a_count.cmp(b_count),
            "changed" => a.modified_at.cmp(&b.modified_at),
            _ => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
        };
        if sorting.descending { order.reverse() } else { order }
    });
    let here = stoa_ui::Address::new(HOME);
    let mut empty = Html::paragraph(w.t("registries-none"));
    if view.visitor.may(RegistryDesign::INFO.permission) {
        empty = empty.then(Html::paragraph(w.t("registries-none-hint")));
    }
    let now = registries.store().clock().now();
    let table = Table::new(w.t("registries-title"))
        .column(Column::new(w.t("registries-name")).sorts("name", Some(&sorting), &here))
        .column(Column::new(w.t("registries-code")))
        .column(Column::new(w.t("registries-records")).numeric().sorts("records", Some(&sorting), &here))
        .column(Column::new(w.t("registries-state")))
        .column(Column::new(w.t("registries-changed")).sorts("changed", Some(&sorting), &here))
        .rows(rows.iter().map(|(info, count)| {
            [
                Html::link(at(&info.code).path(), &info.name),
                Html::code(&info.code),
                Html::text(w.number(*count)),
                state(w, info),
                w.ago(info.modified_at, now),
            ]
        }))
        .empty(empty);
    let mut page = Page::new(&view.frame, w.t("registries-title"))
        .lead(w.t("registries-lead"))
        .notice(outcome(w, params.get("done")))
        .push(table.render(w));
    if view.visitor.may(RegistryDesign::INFO.permission) {
        page = page.actions(actions([
            (w.t("registries-new"), format!("{HOME}/new")),
            (w.t("registries-new-from-file"), format!("{HOME}/new-from-file")),
        ]));
    }
    Ok(shown(&page))
}

fn state(w: &Words, info: &RegistryInfo) -> Html {
    let Some(last) = info.versions.last() else {
        return Badge::html(Tone::Warning, w.t("registries-state-draft"));
    };
    let published = Badge::html(Tone::Good, format!("{} {}", w.t("registries-state-published"), last.label));
    match &info.draft {
        Some(_) => published.then(Html::trusted(" ")).then(Badge::html(Tone::Info, w.t("registries-state-has-draft"))),
        None => published,
    }
}

/// The form for a new register.
pub(super) async fn new(_: Allowed<RegistryDesign>, view: View) -> Response {
    shown(&new_page(&view, &FormFields::default(), &[]))
}

fn new_page<'a>(view: &'a View, typed: &FormFields, faults: &[Said]) -> Page<'a> {
    let w = view.words();
    let form = Form::post(format!("{HOME}/new"), &view.frame, w.t("registries-create"))
        .field(Field::text("name", w.t("registries-name")).value(typed.text("name")).error_if(said(faults, "/name")))
        .field(code_input(w, typed.text("code")).error_if(said(faults, "/code")))
        .field(
            Field::area("description", w.t("registries-description"), 3)
                .hint(w.t("registries-description-hint"))
                .optional()
                .value(typed.text("description")),
        )
        .field(
            Field::text("institution", w.t("registries-institution"))
                .optional()
                .value(typed.text("institution"))
                .error_if(said(faults, "/institution")),
        )
        .faults(elsewhere(faults, &["/name", "/code", "/institution"].map(str::to_owned)))
        .cancel(HOME)
        .redraws();
    Page::new(&view.frame, w.t("registries-new")).crumb(w.t("registries-title"), HOME).form(&form)
}

/// The input for a register's short code.
pub(super) fn code_input(w: &Words, value: &str) -> Field {
    Field::text("code", w.t("registries-code"))
        .hint(w.t("registries-code-hint"))
        .ltr()
        .narrow()
        .attribute("autocapitalize", "none")
        .attribute("spellcheck", "false")
        .value(value)
}

/// What is wrong with a register's name, code or owner. What is wrong elsewhere is said in the words for programs.
pub(super) fn details_faults(w: &Words, errors: &[FieldError]) -> Vec<Said> {
    let words = |error: &FieldError| match (error.pointer.as_str(), error.code) {
        ("/name", "required") => Html::text(w.t("registries-name-missing")),
        ("/name" | "/institution" | "/groupName", "max") => {
            Html::text(w.with("registries-too-long", &[("count", NAME_CHARS_MAX.into())]))
        }
        ("/code", "unique") => Html::text(w.t("registries-code-taken")),
        ("/code", _) => Html::text(w.t("registries-code-wrong")),
        _ => Html::text(&error.message).in_english(),
    };
    errors.iter().map(|error| Said::new(&error.pointer, words(error))).collect()
}

/// Makes the register, as a draft without fields.
pub(super) async fn create(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    typed: FormFields,
) -> Result<Response, Fault> {
    if view.is_redraw() {
        return Ok(shown(&new_page(&view, &typed, &[])));
    }
    let w = view.words();
    let by = by(&allowed);
    let code = typed.text("code").to_owned();
    let mut faults = Vec::new();
    if typed.text("name").is_empty() {
        faults.push(Said::new("/name", w.t("registries-name-missing")));
    }
    if registries.get(&by, &code).await.is_ok() {
        faults.push(Said::new("/code", w.t("registries-code-taken")));
    }
    if faults.is_empty() {
        let draft = Draft {
            code: code.clone(),
            must_be_new: true,
            name: typed.text("name").to_owned(),
            description: typed.text("description").to_owned(),
            institution: typed.text("institution").to_owned(),
            schema: serde_json::json!({"type": "object", "properties": {}}),
            ..Draft::default()
        };
        match registries.put_draft(&by, draft).await {
            Ok(_) => return Ok(see_other(&below(&code, "schema").with("done", "created").to_string())),
            Err(RegistriesError::CodeTaken(_)) => faults.push(Said::new("/code", w.t("registries-code-taken"))),
            Err(error) => faults = details_faults(w, &field_errors(error.into())?),
        }
    }
    Ok(refused(&new_page(&view, &typed, &faults)))
}

/// One register: what it is, how much it holds, its versions.
pub(super) async fn overview(
    allowed: Allowed<RegistryRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let info = registries.get(&by, &code).await?;
    let count = registries.count(&by, &code).await?;
    let now = registries.store().clock().now();
    let personal = registries.open(&by, &code).await?.is_personal();
    let newest = info.versions.last().map_or_else(|| "–".to_owned(), |version| version.label.clone());
    let mut page = Page::new(&view.frame, &info.name)
        .crumb(w.t("registries-title"), HOME)
        .heading(Html::isolated(&info.name).then(Html::trusted(" ")).then(state(w, &info)))
        .lead(Html::isolated(&info.description))
        .notice(outcome(w, params.get("done")))
        .push(tabs(&view, &info, ""))
        .push(figures([
            (w.t("registries-records"), w.number(count), Html::empty()),
            (w.t("registries-version"), newest, Html::empty()),
        ]));
    if info.versions.is_empty() {
        page = page.push(Html::paragraph(w.t("registries-not-published")));
    }
    if let Some(coming) = &info.publication {
        page = page.push(publication(w, coming, count));
        if !coming.is_refused {
            page = page.refresh(REFRESH_SECONDS);
        }
    }
    if personal {
        page = page.push(Notice::html(
            Tone::Info,
            w.t("registries-personal"),
            Html::paragraph(w.t("registries-personal-notice")),
        ));
    }
    let mut buttons = Vec::new();
    if !info.versions.is_empty() && view.visitor.may(RecordRead::INFO.permission) {
        buttons.push((w.t("registries-find"), below(&code, "records").to_string()));
    }
    if !info.versions.is_empty() && view.visitor.may(RecordWrite::INFO.permission) {
        buttons.push((w.t("registries-record-new"), below(&code, "records/new").to_string()));
        buttons.push((w.t("registries-import"), below(&code, "import").to_string()));
    }
    if !info.versions.is_empty() && view.visitor.may(RecordRead::INFO.permission) {
        buttons.push((w.t("registries-export"), below(&code, "export").to_string()));
    }
    if view.visitor.may(RegistryDesign::INFO.permission) {
        buttons.push((w.t("registries-details"), below(&code, "schema/details").to_string()));
    }
    let mut facts = Definitions::new().add(w.t("registries-code"), Html::code(&info.code));
    if !info.institution.is_empty() {
        facts = facts.add(w.t("registries-institution"), info.institution.as_str());
    }
    facts = facts
        .add(w.t("registries-created-at"), w.instant(info.created_at))
        .add(w.t("registries-changed"), w.ago(info.modified_at, now))
        .add(w.t("registries-by"), Html::code(&info.modified_by));
    page = page.actions(actions(buttons)).push(facts.render()).push(versions(w, &info));
    if view.visitor.may(RegistryDelete::INFO.permission) {
        let form = Form::post(below(&code, "delete").to_string(), &view.frame, w.t("registries-delete")).danger();
        page = page.push(Confirm::html(
            w.t("registries-delete"),
            w.with("registries-delete-title", &[("name", (&info.name).into())]),
            w.with("registries-delete-text", &[("count", count.into())]),
            &form,
            w,
        ));
    }
    Ok(shown(&page))
}

/// A version on its way: how far it is, or what stands against it.
fn publication(w: &Words, coming: &PublicationInfo, records: u64) -> Html {
    let version = [("version", coming.label.as_str().into())];
    if !coming.is_refused {
        let progress = Progress::html(w.t("registries-publish"), coming.checked.min(records), records, w);
        return Notice::html(Tone::Info, w.with("registries-publishing", &version), progress);
    }
    let faults = coming.faults.iter().map(|fault| Html::text(fault).in_english());
    Notice::html(Tone::Bad, w.with("registries-publishing-refused", &version), Html::list(faults))
}

fn versions(w: &Words, info: &RegistryInfo) -> Html {
    let table = Table::new(w.t("registries-versions"))
        .show_caption()
        .column(Column::new(w.t("registries-version")))
        .column(Column::new(w.t("registries-state")))
        .column(Column::new(w.t("registries-fields")).numeric())
        .column(Column::new(w.t("registries-published-at")))
        .column(Column::new(w.t("registries-openapi")))
        .rows(info.versions.iter().rev().enumerate().map(|(age, version)| {
            let state = if age == 0 {
                Badge::html(Tone::Good, w.t("registries-state-published"))
            } else {
                Badge::html(Tone::Plain, w.t("registries-state-superseded"))
            };
            let fields = crate::model::Schema::read(&version.schema, None).map_or(0, |schema| schema.fields().len());
            let openapi = format!("/registries/v1/registries/{}/versions/{}/openapi.json", info.code, version.label);
            [
                Html::text(&version.label),
                state,
                Html::text(w.number(i128::try_from(fields).unwrap_or(0))),
                w.instant(version.published_at),
                Html::link(openapi, "openapi.json"),
            ]
        }))
        .empty(w.t("registries-not-published"));
    table.render(w)
}

/// Deletes the register.
pub(super) async fn delete(
    allowed: Allowed<RegistryDelete>,
    State(registries): State<Registries>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let info = registries.get(&by, &code).await?;
    registries.delete_registry(&by, info.id).await?;
    Ok(see_other(&format!("{HOME}?done=deleted")))
}
