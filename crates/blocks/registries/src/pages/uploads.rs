//! Files into registers: sent, looked at, and only then read, in the background, while a page shows how far it is.

use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use stoa_core::{FieldError, Problem, Refusal};
use stoa_ui::{Column, Definitions, Field as Input, Form, Html, Notice, Page, Progress, Table, Tone, Words, actions};
use stoa_web::{Allowed, Fault, FormFields, Path, Upload as Sent, View, see_other};

use super::list::{code_input, details_faults};
use super::words::{Said, elsewhere, field_name, file_fault, row_fault, said};
use super::{HOME, at, below, by, field_errors, refused, shown};
use crate::RegistriesError;
use crate::import::{Checked, Format, Formulas, Inferred, Rows, check, flattened, infer, open};
use crate::model::Schema;
use crate::permission::{RecordWrite, RegistryDesign};
use crate::service::{By, Draft, NewUpload, RegistryInfo, Trial, Upload, UploadError, UploadId, UploadState, Uploads};

/// The largest file that a page takes. What is larger goes through the command line.
pub(super) const UPLOAD_BYTES_MAX: usize = 8_000_000;
/// What surrounds the file in the form that brings it.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Faults that a page shows; the rest is counted.
const SHOWN_MAX: usize = 20;
/// How soon a page that waits looks again.
const REFRESH_SECONDS: u32 = 2;

/// The largest body: the file and its form.
pub(super) const BODY_BYTES_MAX: usize = UPLOAD_BYTES_MAX + FORM_BYTES_MAX;

async fn sent(mut parts: Multipart) -> Result<Option<(String, Bytes)>, Problem> {
    let too_large = || {
        Problem::new(Refusal::TooLarge, "web.body_too_large")
            .detail("The file is larger than this page takes. Use the command \"stoa registry import\".")
    };
    let failed = |error: MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return too_large();
        }
        Problem::new(Refusal::Malformed, "web.body_unreadable").detail("The form could not be read.")
    };
    let mut file = None;
    while let Some(part) = parts.next_field().await.map_err(failed)? {
        let name = part.file_name().map(str::to_owned).filter(|name| !name.is_empty());
        let is_file = part.name() == Some("file");
        let bytes = part.bytes().await.map_err(failed)?;
        if bytes.len() > UPLOAD_BYTES_MAX {
            return Err(too_large());
        }
        if let (true, Some(name)) = (is_file, name) {
            file = Some((name, bytes));
        }
    }
    Ok(file)
}

/// Reads a whole file on a thread where that does no harm to others.
async fn looked_at<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let failed = |_| Problem::new(Refusal::Failed, "web.failed").detail("Reading the file was interrupted.");
    tokio::task::spawn_blocking(look).await.map_err(failed)
}

/// The format and what a look through the whole file says, or why it is not taken.
async fn examined(w: &Words, name: &str, bytes: &Bytes) -> Result<Result<(Format, u64), Html>, Problem> {
    let Some(format) = Format::of_name(name) else {
        return Ok(Err(Html::text(w.t("registries-import-format"))));
    };
    let bytes = bytes.clone();
    let checked = looked_at(move || {
        let rows = open(format, std::io::Cursor::new(bytes)).map(flattened)?;
        Ok::<Checked, crate::import::Fault>(check(rows, Formulas::AsText))
    });
    Ok(match checked.await? {
        Err(fault) => Err(file_fault(w, &fault)),
        Ok(checked) => match checked.faults.first() {
            Some(fault) => Err(file_fault(w, fault)),
            None if checked.rows == 0 => Err(Html::text(w.t("registries-file-empty"))),
            None => Ok((format, checked.rows)),
        },
    })
}

/// The file that was sent, kept; or what is wrong with it.
async fn keep(
    w: &Words,
    uploads: &Uploads,
    by: &By,
    register: Option<&str>,
    parts: Multipart,
) -> Result<Result<UploadId, Html>, Problem> {
    let Some((file_name, bytes)) = sent(parts).await? else {
        return Ok(Err(Html::text(w.t("registries-import-no-file"))));
    };
    let (format, rows) = match examined(w, &file_name, &bytes).await? {
        Ok(examined) => examined,
        Err(words) => return Ok(Err(words)),
    };
    let new = NewUpload { registry: register.map(str::to_owned), file_name, format, rows, bytes };
    Ok(Ok(uploads.keep(by, new).await?))
}

fn file_form(view: &View, address: &str, error: Option<Html>) -> Form {
    let w = view.words();
    let size = w.bytes(u64::try_from(UPLOAD_BYTES_MAX).unwrap_or(u64::MAX));
    Form::post(address, &view.frame, w.t("registries-import-upload")).field(
        Input::file("file", w.t("registries-import-file"), ".csv,.tsv,.txt,.json,.ndjson,.jsonl")
            .hint(w.with("registries-import-file-hint", &[("size", size.into())]))
            .error_if(error),
    )
}

fn import_page<'a>(view: &'a View, info: &RegistryInfo, error: Option<Html>) -> Page<'a> {
    let w = view.words();
    let form = file_form(view, below(&info.code, "import").path(), error).cancel(at(&info.code).path());
    Page::new(&view.frame, w.t("registries-import"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&info.code).path())
        .lead(w.t("registries-import-lead"))
        .form(&form)
}

/// The form for a file into a register.
pub(super) async fn import_form(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(uploads): State<Uploads>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let info = uploads.registries().get(&by(&allowed), &code).await?;
    Ok(shown(&import_page(&view, &info, None)))
}

/// Takes a file for a register, to be looked at.
pub(super) async fn import(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(uploads): State<Uploads>,
    Path(code): Path<String>,
    Sent(parts): Sent,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let info = uploads.registries().get(&by, &code).await?;
    match keep(view.words(), &uploads, &by, Some(&code), parts).await? {
        Ok(id) => Ok(see_other(&below(&code, &format!("imports/{id}")).to_string())),
        Err(words) => Ok(refused(&import_page(&view, &info, Some(words)))),
    }
}

fn id_of(text: &str) -> Result<UploadId, Problem> {
    text.parse().map_err(|_| Problem::from(RegistriesError::UploadNotFound))
}

/// One import: what is to be done with the file, how far it is, or what came of it.
pub(super) async fn show(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(uploads): State<Uploads>,
    Path((code, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let upload = uploads.get(&by, id_of(&id)?).await.map_err(Problem::from)?;
    let info = uploads.registries().get(&by, &code).await?;
    let schema = super::records::newest(uploads.registries(), &by, &code).await?.schema;
    let formulas = formulas(&uploads, &upload).await?;
    Ok(shown(&upload_page(&view, &info, &schema, &upload, &formulas, &[])))
}

/// The cells of a file that waits which a spreadsheet would run.
async fn formulas(uploads: &Uploads, upload: &Upload) -> Result<Checked, Problem> {
    if !upload.is_there || upload.state == UploadState::Queued {
        return Ok(Checked::default());
    }
    let rows = uploads.rows(upload).await?;
    looked_at(move || check(rows, Formulas::Refused)).await
}

fn upload_page<'a>(
    view: &'a View,
    info: &RegistryInfo,
    schema: &Schema,
    upload: &Upload,
    formulas: &Checked,
    faults: &[Said],
) -> Page<'a> {
    let w = view.words();
    let facts = Definitions::new()
        .add(w.t("registries-import-file"), Html::isolated(&upload.file_name))
        .add(w.t("registries-records"), w.with("registries-import-rows", &[("count", upload.rows.into())]));
    let page = Page::new(&view.frame, w.t("registries-import"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&info.code).path())
        .crumb(w.t("registries-import"), below(&info.code, "import").path());
    let again = |page: Page<'a>| {
        let address = below(&info.code, &format!("imports/{}", upload.id));
        let form = Form::post(address.path(), &view.frame, w.t("registries-import-start"))
            .fields(formulas_input(w, formulas, faults))
            .faults(elsewhere(faults, &["/formulas".to_owned()]))
            .button("act", "try", w.t("registries-import-try"))
            .cancel(below(&info.code, "import").path());
        page.form(&form)
    };
    match upload.state {
        UploadState::Kept => again(page.lead(w.t("registries-import-kept")).push(facts.render())),
        UploadState::Queued => page
            .lead(w.t("registries-import-runs"))
            .push(Progress::html(w.t("registries-import"), upload.rows_done, upload.rows, w))
            .push(facts.render())
            .refresh(REFRESH_SECONDS),
        UploadState::Done if upload.trial == Trial::Yes => {
            again(page.push(outcome(w, schema, upload)).push(facts.render()))
        }
        UploadState::Done => {
            let way = actions([(w.t("registries-records"), below(&info.code, "records").to_string())]);
            page.actions(way).push(outcome(w, schema, upload)).push(facts.render())
        }
        UploadState::Failed => {
            again(page.push(failed(w, upload)).push(outcome(w, schema, upload)).push(facts.render()))
        }
    }
}

/// The question about cells that look like formulas, where the file has some.
fn formulas_input(w: &Words, formulas: &Checked, faults: &[Said]) -> Option<Input> {
    if formulas.is_good() {
        return None;
    }
    let places: Vec<String> =
        formulas.faults.iter().take(SHOWN_MAX).map(|fault| w.number(i128::from(fault.line))).collect();
    let hint = w.with(
        "registries-formulas-hint",
        &[("count", formulas.fault_count.into()), ("lines", places.join(", ").into())],
    );
    let input = Input::checkbox("formulas", w.t("registries-formulas"), false).hint(hint);
    Some(input.error_if(said(faults, "/formulas")))
}

fn outcome(w: &Words, schema: &Schema, upload: &Upload) -> Html {
    let done = &upload.done;
    let counts = w.with(
        "registries-import-done",
        &[("created", done.created.into()), ("updated", done.updated.into()), ("unchanged", done.unchanged.into())],
    );
    let (title, refusals) = match upload.trial {
        Trial::Yes => (w.t("registries-import-tried"), "registries-import-faults"),
        Trial::No => (w.t("registries-import-ended"), "registries-import-refused"),
    };
    let tone = if done.refused > 0 { Tone::Warning } else { Tone::Good };
    let body = Html::paragraph(counts).then(Html::paragraph(w.with(refusals, &[("count", done.refused.into())])));
    let notice = Notice::html(tone, title, body);
    if upload.refusals.is_empty() {
        return notice;
    }
    let table = Table::new(w.t("registries-import-fault"))
        .column(Column::new(w.t("registries-import-line")).numeric())
        .column(Column::new(w.t("registries-field")))
        .column(Column::new(w.t("registries-import-fault")))
        .rows(upload.refusals.iter().map(|(line, pointer, code)| {
            [
                Html::text(w.number(i128::from(*line))),
                Html::isolated(field_name(w, schema, pointer)),
                row_fault(w, schema, pointer, code),
            ]
        }));
    notice.then(table.render(w))
}

/// Why it could not be read on. What was written before stays.
fn failed(w: &Words, upload: &Upload) -> Html {
    let code = upload.failure.as_deref().unwrap_or("web.failed");
    let key = format!("problem-{}", code.replace(['.', '_'], "-"));
    let why = if w.has(&key) { Html::paragraph(w.t(&key)) } else { Html::empty() };
    let told = why.then(Html::paragraph(w.t("registries-import-failed-do")));
    Notice::html(Tone::Bad, w.t("registries-import-failed"), told)
}

/// Has the file read, or only tried.
pub(super) async fn start(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(uploads): State<Uploads>,
    Path((code, id)): Path<(String, String)>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let upload = uploads.get(&by, id_of(&id)?).await.map_err(Problem::from)?;
    let trial = if typed.text("act") == "try" { Trial::Yes } else { Trial::No };
    let found = formulas(&uploads, &upload).await?;
    if !found.is_good() && !typed.is_checked("formulas") && trial == Trial::No {
        let info = uploads.registries().get(&by, &code).await?;
        let schema = super::records::newest(uploads.registries(), &by, &code).await?.schema;
        let faults = [Said::new("/formulas", w.t("registries-formulas-wrong"))];
        return Ok(refused(&upload_page(&view, &info, &schema, &upload, &found, &faults)));
    }
    uploads.start(&by, upload.id, &code, trial).await.map_err(Problem::from)?;
    Ok(see_other(&below(&code, &format!("imports/{id}")).to_string()))
}

fn new_page(view: &View, error: Option<Html>) -> Page<'_> {
    let w = view.words();
    let form = file_form(view, &format!("{HOME}/new-from-file"), error).cancel(HOME);
    Page::new(&view.frame, w.t("registries-new-from-file"))
        .crumb(w.t("registries-title"), HOME)
        .lead(w.t("registries-import-new-lead"))
        .form(&form)
}

/// The form for a register from a file.
pub(super) async fn new_form(_: Allowed<RegistryDesign>, view: View) -> Response {
    shown(&new_page(&view, None))
}

/// Takes a file that a register is to be made of, to be looked at.
pub(super) async fn new_from_file(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(uploads): State<Uploads>,
    Sent(parts): Sent,
) -> Result<Response, Fault> {
    match keep(view.words(), &uploads, &by(&allowed), None, parts).await? {
        Ok(id) => Ok(see_other(&format!("{HOME}/new-from-file/{id}"))),
        Err(words) => Ok(refused(&new_page(&view, Some(words)))),
    }
}

/// What a file seems to hold.
struct Look {
    upload: Upload,
    found: Inferred,
    formulas: Checked,
}

impl Look {
    async fn open(uploads: &Uploads, by: &By, id: UploadId) -> Result<Self, Problem> {
        let upload = uploads.get(by, id).await?;
        let rows: Rows<'static> = uploads.rows(&upload).await?;
        let found = looked_at(move || infer(rows)).await?.map_err(UploadError::File)?;
        let formulas = formulas(uploads, &upload).await?;
        Ok(Self { upload, found, formulas })
    }

    /// The schema that is proposed.
    fn schema(&self) -> Result<Schema, Vec<FieldError>> {
        self.found.schema()
    }
}

fn confirm_page<'a>(view: &'a View, look: &Look, typed: Option<&FormFields>, faults: &[Said]) -> Page<'a> {
    let w = view.words();
    let stem = look.upload.file_name.rsplit_once('.').map_or(look.upload.file_name.as_str(), |(stem, _)| stem);
    let value = |name: &str, proposed: String| typed.map_or(proposed, |typed| typed.text(name).to_owned());
    let address = format!("{HOME}/new-from-file/{}", look.upload.id);
    let form = Form::post(address, &view.frame, w.t("registries-create-import"))
        .field(
            Input::text("name", w.t("registries-name"))
                .value(value("name", stem.to_owned()))
                .error_if(said(faults, "/name")),
        )
        .field(code_input(w, &value("code", proposed_code(stem))).error_if(said(faults, "/code")))
        .fields(formulas_input(w, &look.formulas, faults))
        .faults(elsewhere(faults, &["/name", "/code", "/formulas"].map(str::to_owned)))
        .cancel(format!("{HOME}/new-from-file"))
        .redraws();
    Page::new(&view.frame, w.t("registries-import-found"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(w.t("registries-new-from-file"), format!("{HOME}/new-from-file"))
        .lead(w.t("registries-import-found-lead"))
        .push(recognised(w, look))
        .form(&form)
}

/// A code that the file's name suggests.
fn proposed_code(stem: &str) -> String {
    let code: String =
        stem.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
    let code = code.trim_matches('-');
    if code.starts_with(|c: char| c.is_ascii_alphabetic()) { code.to_owned() } else { String::new() }
}

fn recognised(w: &Words, look: &Look) -> Html {
    let found = &look.found;
    let table = Table::new(w.t("registries-import-found"))
        .column(Column::new(w.t("registries-field")))
        .column(Column::new(w.t("registries-field-kind")))
        .column(Column::new(w.t("registries-field-rules")))
        .column(Column::new(w.t("registries-import-filled")).numeric())
        .column(Column::new(w.t("registries-import-examples")))
        .rows(found.fields.iter().map(|field| {
            let mut rules = Vec::new();
            if found.key.as_deref() == Some(field.name.as_str()) {
                rules.push(w.t("registries-rule-primary"));
            }
            if field.required {
                rules.push(w.t("registries-rule-required"));
            }
            let kind = match field.kind {
                crate::import::Kind::Text | crate::import::Kind::Object => "registries-kind-text",
                crate::import::Kind::Integer => "registries-kind-integer",
                crate::import::Kind::Number => "registries-kind-number",
                crate::import::Kind::Boolean => "registries-kind-boolean",
                crate::import::Kind::Date => "registries-kind-date",
                crate::import::Kind::DateTime => "registries-kind-datetime",
                crate::import::Kind::List => "registries-kind-list",
            };
            [
                Html::isolated(field.name.replace('/', " / ")),
                Html::text(w.t(kind)),
                Html::text(rules.join(", ")),
                Html::text(w.number(field.filled)),
                Html::isolated(field.examples.join(", ").chars().take(80).collect::<String>()),
            ]
        }));
    let mut facts = Definitions::new()
        .add(w.t("registries-import-file"), Html::isolated(&look.upload.file_name))
        .add(w.t("registries-records"), w.with("registries-import-rows", &[("count", look.upload.rows.into())]));
    if let Some(key) = &found.key {
        let told = Html::isolated(key).then(Html::trusted("<br>")).then(Html::quiet(w.t("registries-import-key-hint")));
        facts = facts.add(w.t("registries-import-key"), told);
    }
    facts.render().then(table.render(w))
}

/// What was recognised in a file, to be confirmed.
pub(super) async fn confirm(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(uploads): State<Uploads>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let id = id_of(&id)?;
    let upload = uploads.get(&by, id).await.map_err(Problem::from)?;
    if let Some(code) = &upload.registry {
        return Ok(see_other(&below(code, &format!("imports/{id}")).to_string()));
    }
    let look = Look::open(&uploads, &by, id).await?;
    Ok(shown(&confirm_page(&view, &look, None, &[])))
}

/// Makes the register, and has the file read into it.
pub(super) async fn create(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(uploads): State<Uploads>,
    Path(id): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let look = Look::open(&uploads, &by, id_of(&id)?).await?;
    if view.is_redraw() {
        return Ok(shown(&confirm_page(&view, &look, Some(&typed), &[])));
    }
    let registries = uploads.registries();
    let (name, code) = (typed.text("name"), typed.text("code"));
    let mut faults = Vec::new();
    if name.is_empty() {
        faults.push(Said::new("/name", w.t("registries-name-missing")));
    }
    if registries.get(&by, code).await.is_ok() {
        faults.push(Said::new("/code", w.t("registries-code-taken")));
    }
    if !look.formulas.is_good() && !typed.is_checked("formulas") {
        faults.push(Said::new("/formulas", w.t("registries-formulas-wrong")));
    }
    match look.schema() {
        Ok(schema) if faults.is_empty() => {
            let draft = Draft {
                code: code.to_owned(),
                must_be_new: true,
                name: name.to_owned(),
                schema: schema.to_json(),
                ..Draft::default()
            };
            match registries.define(&by, draft).await {
                Ok(info) => {
                    uploads.start(&by, look.upload.id, &info.code, Trial::No).await.map_err(Problem::from)?;
                    return Ok(see_other(&below(&info.code, &format!("imports/{id}")).to_string()));
                }
                Err(RegistriesError::CodeTaken(_)) => faults.push(Said::new("/code", w.t("registries-code-taken"))),
                Err(error) => faults = details_faults(w, &field_errors(error.into())?),
            }
        }
        Ok(_) => {}
        Err(errors) => faults.extend(errors.iter().map(|error| {
            let place = error.pointer.trim_start_matches("/properties/");
            Said::new("", Html::text(format!("{place}: ")).then(Html::text(&error.message).in_english()))
        })),
    }
    Ok(refused(&confirm_page(&view, &look, Some(&typed), &faults)))
}
