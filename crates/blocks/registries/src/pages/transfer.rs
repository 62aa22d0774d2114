//! Files in and out of a register. A file is looked at first; nothing of it stays on the node but the records.

use axum::body::Body;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;
use stoa_core::{Problem, Refusal};
use stoa_ui::{Choice, Column, Definitions, Field as Input, Form, Html, Notice, Page, Table, Tone, Words, actions};
use stoa_web::{Allowed, Fault, Params, View, bytes_as, see_other};

use super::words::{field_name, file_fault, row_fault};
use super::{HOME, at, below, by, field_errors, refused, shown};
use crate::export::{About, Export};
use crate::import::{Format, Inferred, Rows, flattened, infer, open};
use crate::model::Schema;
use crate::permission::{RecordRead, RecordWrite, RegistryDesign};
use crate::service::{By, Draft, Imported, RecordId, RefusedRow, Registries, RegistryInfo, Trial};

/// The largest file that a page takes. What is larger goes through the command line, which shows its progress.
pub(super) const UPLOAD_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Refused rows that a page shows; the rest is counted.
const SHOWN_MAX: usize = 50;
/// Records that are read at once for an export.
const PAGE: u32 = 500;

/// What was sent: a file and the fields beside it.
#[derive(Default)]
struct Sent {
    file: Option<(String, Bytes)>,
    name: String,
    code: String,
    is_trial: bool,
}

async fn sent(mut parts: Multipart) -> Result<Sent, Problem> {
    let mut sent = Sent::default();
    let failed = |error: MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Problem::new(Refusal::TooLarge, "web.body_too_large")
                .detail("The file is larger than this page takes. Use the command \"stoa registry import\".");
        }
        Problem::new(Refusal::Malformed, "web.body_unreadable").detail("The form could not be read.")
    };
    while let Some(part) = parts.next_field().await.map_err(failed)? {
        let name = part.name().unwrap_or("").to_owned();
        let file = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.map_err(failed)?;
        let text = || String::from_utf8_lossy(&bytes).trim().to_owned();
        match name.as_str() {
            "file" => sent.file = file.filter(|name| !name.is_empty()).map(|name| (name, bytes)),
            "name" => sent.name = text(),
            "code" => sent.code = text(),
            "act" => sent.is_trial = text() == "try",
            _ => {}
        }
    }
    Ok(sent)
}

/// The rows of a file, by the ending of its name; or why it cannot be read.
fn rows(view: &View, name: &str, bytes: Bytes) -> Result<Rows<'static>, Html> {
    let w = view.words();
    let format = Format::of_name(name).ok_or_else(|| Html::text(w.t("registries-import-format")))?;
    open(format, std::io::Cursor::new(bytes)).map(flattened).map_err(|fault| file_fault(w, &fault))
}

fn size(w: &Words) -> String {
    w.bytes(u64::try_from(UPLOAD_BYTES_MAX).unwrap_or(u64::MAX))
}

fn file_input(w: &Words, error: Option<Html>) -> Input {
    Input::file("file", w.t("registries-import-file"), ".csv,.tsv,.json,.ndjson,.jsonl")
        .hint(w.with("registries-import-file-hint", &[("size", size(w).into())]))
        .error_if(error)
}

/// A form with a file carries its token in the address: its body is only read where it is taken.
fn action(view: &View, path: &str) -> String {
    stoa_ui::Address::new(path).with("csrf", view.frame.csrf()).to_string()
}

fn import_page<'a>(view: &'a View, info: &RegistryInfo, error: Option<Html>) -> Page<'a> {
    let w = view.words();
    let form =
        Form::post(action(view, below(&info.code, "import").path()), &view.frame, w.t("registries-import-start"))
            .field(file_input(w, error))
            .button("act", "try", w.t("registries-import-try"))
            .cancel(at(&info.code).path());
    Page::new(&view.frame, w.t("registries-import"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&info.code).path())
        .lead(w.t("registries-import-lead"))
        .errors(form.errors())
        .push(form.render(w))
}

/// The form for a file into a register.
pub(super) async fn import_form(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let info = registries.get(&by(&allowed), &code).await?;
    Ok(shown(&import_page(&view, &info, None)))
}

/// What an import has done, or would do.
struct Outcome {
    done: Imported,
    refused: Vec<RefusedRow>,
}

async fn fill(
    registries: &Registries,
    by: &By,
    info: &RegistryInfo,
    rows: Rows<'static>,
    trial: Trial,
) -> Result<Outcome, Problem> {
    let label = info.versions.last().map(|version| version.label.clone()).unwrap_or_default();
    let mut kept = Vec::new();
    let done = registries
        .import(by, &info.code, &label, rows, trial, |_, refused| {
            kept.extend(refused.iter().take(SHOWN_MAX.saturating_sub(kept.len())).cloned());
        })
        .await?;
    Ok(Outcome { done, refused: kept })
}

fn outcome_html(w: &Words, schema: &Schema, outcome: &Outcome, trial: Trial) -> Html {
    let Outcome { done, refused } = outcome;
    let counts = w.with(
        "registries-import-done",
        &[("created", done.created.into()), ("updated", done.updated.into()), ("unchanged", done.unchanged.into())],
    );
    let refusals = match trial {
        Trial::Yes => w.with("registries-import-faults", &[("count", done.refused.into())]),
        Trial::No => w.with("registries-import-refused", &[("count", done.refused.into())]),
    };
    let title = match trial {
        Trial::Yes => w.t("registries-import-tried"),
        Trial::No => counts.clone(),
    };
    let tone = if done.refused > 0 { Tone::Warning } else { Tone::Good };
    let mut body = Html::empty();
    if trial == Trial::Yes {
        body = body.then(Html::paragraph(counts));
    }
    let notice = Notice::html(tone, title, body.then(Html::paragraph(refusals)));
    if refused.is_empty() {
        return notice;
    }
    let table = Table::new(w.t("registries-import-fault"))
        .column(Column::new(w.t("registries-import-line")).numeric())
        .column(Column::new(w.t("registries-field")))
        .column(Column::new(w.t("registries-import-fault")))
        .rows(refused.iter().flat_map(|row| {
            row.errors.iter().map(|error| {
                [
                    Html::text(w.number(row.line)),
                    Html::isolated(field_name(w, schema, &error.pointer)),
                    row_fault(w, schema, error),
                ]
            })
        }));
    notice.then(table.render(w))
}

/// Imports a file into a register, or only tries it.
pub(super) async fn import(
    allowed: Allowed<RecordWrite>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    parts: Multipart,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let info = registries.get(&by, &code).await?;
    let sent = sent(parts).await?;
    let Some((name, bytes)) = sent.file else {
        return Ok(refused(&import_page(&view, &info, Some(w.t("registries-import-no-file").into()))));
    };
    let rows = match rows(&view, &name, bytes) {
        Ok(rows) => rows,
        Err(words) => return Ok(refused(&import_page(&view, &info, Some(words)))),
    };
    let trial = if sent.is_trial { Trial::Yes } else { Trial::No };
    let outcome = fill(&registries, &by, &info, rows, trial).await?;
    let way = actions([(w.t("registries-records"), below(&code, "records").to_string())]);
    let version = super::records::newest(&registries, &by, &code).await?;
    let told = outcome_html(w, &version.schema, &outcome, trial);
    let page = import_page(&view, &info, None).notice(told).actions(way);
    Ok(shown(&page))
}

fn new_page<'a>(view: &'a View, sent: &Sent, errors: &[(&str, Html)]) -> Page<'a> {
    let w = view.words();
    let error = |name: &str| errors.iter().find(|(field, _)| *field == name).map(|(_, words)| words.clone());
    let form = Form::post(action(view, &format!("{HOME}/new-from-file")), &view.frame, w.t("registries-create-import"))
        .field(file_input(w, error("file")))
        .field(Input::text("name", w.t("registries-name")).value(&sent.name).error_if(error("name")))
        .field(
            Input::text("code", w.t("registries-code"))
                .hint(w.t("registries-code-hint"))
                .ltr()
                .narrow()
                .attribute("autocapitalize", "none")
                .value(&sent.code)
                .error_if(error("code")),
        )
        .button("act", "try", w.t("registries-import-upload"))
        .cancel(HOME);
    Page::new(&view.frame, w.t("registries-new-from-file"))
        .crumb(w.t("registries-title"), HOME)
        .lead(w.t("registries-import-lead"))
        .errors(form.errors())
        .push(form.render(w))
}

/// The form for a register from a file.
pub(super) async fn new_form(_: Allowed<RegistryDesign>, view: View) -> Response {
    shown(&new_page(&view, &Sent::default(), &[]))
}

fn recognised(w: &Words, found: &Inferred) -> Html {
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
    let faults = found.faults.iter().take(SHOWN_MAX).map(|fault| file_fault(w, fault));
    let faults: Vec<Html> = faults.collect();
    let mut facts = Definitions::new()
        .add(w.t("registries-records"), w.with("registries-import-rows", &[("count", found.rows.into())]));
    if let Some(key) = &found.key {
        facts = facts.add(w.t("registries-import-key"), Html::isolated(key));
    }
    let told =
        Notice::html(Tone::Info, w.t("registries-import-found"), Html::paragraph(w.t("registries-import-key-hint")));
    let list = if faults.is_empty() { Html::empty() } else { Html::list(faults) };
    told.then(facts.render()).then(table.render(w)).then(list)
}

/// Looks at a file, or makes a register of it with its records.
pub(super) async fn new_from_file(
    allowed: Allowed<RegistryDesign>,
    view: View,
    State(registries): State<Registries>,
    parts: Multipart,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let mut sent = sent(parts).await?;
    let Some((file, bytes)) = sent.file.take() else {
        return Ok(refused(&new_page(&view, &sent, &[("file", w.t("registries-import-no-file").into())])));
    };
    let looked = rows(&view, &file, bytes.clone()).and_then(|rows| infer(rows).map_err(|fault| file_fault(w, &fault)));
    let found = match looked {
        Ok(found) => found,
        Err(words) => return Ok(refused(&new_page(&view, &sent, &[("file", words)]))),
    };
    if sent.is_trial {
        let page = new_page(&view, &sent, &[]).push(recognised(w, &found));
        return Ok(shown(&page));
    }
    let mut errors = Vec::new();
    if sent.name.is_empty() {
        errors.push(("name", Html::text(w.t("registries-name-missing"))));
    }
    if registries.get(&by, &sent.code).await.is_ok() {
        errors.push(("code", w.t("registries-code-taken").into()));
    }
    let schema = match found.schema() {
        Ok(schema) => schema,
        Err(wrong) => {
            let words: Vec<String> =
                wrong.iter().map(|error| format!("{}: {}", error.pointer, error.message)).collect();
            return Ok(refused(&new_page(&view, &sent, &[("file", Html::text(words.join("; ")).in_english())])));
        }
    };
    if errors.is_empty() {
        let draft =
            Draft { code: sent.code.clone(), name: sent.name.clone(), schema: schema.to_json(), ..Draft::default() };
        match registries.define(&by, draft).await {
            Ok(info) => {
                let all =
                    rows(&view, &file, bytes).map_err(|_| Problem::new(Refusal::Malformed, "web.body_unreadable"))?;
                let outcome = fill(&registries, &by, &info, all, Trial::No).await?;
                if outcome.done.refused == 0 {
                    return Ok(see_other(&at(&info.code).with("done", "published").to_string()));
                }
                let page = import_page(&view, &info, None).notice(outcome_html(w, &schema, &outcome, Trial::No));
                return Ok(shown(&page));
            }
            Err(error) => {
                field_errors(error.into())?;
                errors.push(("code", w.t("registries-code-wrong").into()));
            }
        }
    }
    Ok(refused(&new_page(&view, &sent, &errors)))
}

/// The form for a file out of a register.
pub(super) async fn export_form(
    allowed: Allowed<RecordRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let w = view.words();
    let info = registries.get(&by(&allowed), &code).await?;
    let choices = [
        (Format::Csv, "registries-export-csv"),
        (Format::Json, "registries-export-json"),
        (Format::Ndjson, "registries-export-ndjson"),
    ]
    .map(|(format, key)| Choice::new(format.as_str(), w.t(key)).chosen(format == Format::Csv));
    let form = Form::get(below(&code, "export/file").path(), w.t("registries-export-start"))
        .field(Input::radios("format", w.t("registries-export-format"), choices))
        .cancel(at(&code).path());
    let page = Page::new(&view.frame, w.t("registries-export"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&code).path())
        .lead(w.t("registries-export-lead"))
        .push(form.render(w));
    Ok(shown(&page))
}

/// An export under way: pages are read as they are taken.
struct Way {
    registries: Registries,
    by: By,
    code: String,
    after: Option<RecordId>,
    format: Format,
    export: Export,
    is_over: bool,
}

impl Way {
    /// The next bytes; nothing at the end.
    async fn next(mut self) -> Option<(Result<Vec<u8>, std::io::Error>, Self)> {
        while !self.is_over && self.export.waiting() == 0 {
            let page = self.registries.export_page(&self.by, &self.code, self.after, PAGE).await;
            let (version, records) = match page {
                Ok(page) => page,
                Err(error) => {
                    // The answer has begun: cutting it off is the only way to say that it is not whole.
                    self.is_over = true;
                    return Some((Err(std::io::Error::other(error)), self));
                }
            };
            for record in &records {
                if let Value::Object(content) = record.show(&version.schema) {
                    self.export.record(&if self.format == Format::Csv { flat(content) } else { content });
                }
            }
            match records.last() {
                Some(last) => self.after = Some(last.id),
                None => {
                    self.export.finish();
                    self.is_over = true;
                }
            }
        }
        let bytes = self.export.take();
        if bytes.is_empty() { None } else { Some((Ok(bytes), self)) }
    }
}

/// Objects laid flat, so that a table has a column for each of their fields.
fn flat(content: serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    let row = crate::import::SourceRow { line: 1, content, warnings: Vec::new() };
    flattened(Box::new(std::iter::once(Ok(row)))).find_map(Result::ok).map(|row| row.content).unwrap_or_default()
}

/// All records as a file.
pub(super) async fn export(
    allowed: Allowed<RecordRead>,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let version = super::records::newest(&registries, &by, &code).await?;
    let format = Format::of_name(params.get("format").unwrap_or("csv")).unwrap_or(Format::Csv);
    let about = About {
        source: "/registries".to_owned(),
        register: code.clone(),
        version: version.label.to_string(),
        exported_at: registries.store().clock().now(),
    };
    let columns = version.schema.fields().iter().map(|field| field.path.join("/")).collect();
    let name = about.file_name(format);
    let export = Export::new(format, &about, columns);
    let way = Way { registries, by, code, after: None, format, export, is_over: false };
    let stream = futures_util::stream::unfold(way, Way::next);
    let mut response = bytes_as(StatusCode::OK, format.media_type(), Body::from_stream(stream));
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
