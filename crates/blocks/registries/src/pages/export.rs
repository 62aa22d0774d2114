//! All records of a register as a file.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use stoa_ui::{Choice, Field as Input, Form, Page};
use stoa_web::{Allowed, Fault, Params, Path, View, bytes_as};

use super::{HOME, at, below, by, shown};
use crate::export::{About, Export};
use crate::import::{Format, flattened};
use crate::permission::RecordRead;
use crate::service::{By, RecordId, Registries};

/// Records that are read at once.
const PAGE: u32 = 500;

/// The form for a file out of a register.
pub(super) async fn form(
    allowed: Allowed<RecordRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let w = view.words();
    let by = by(&allowed);
    let info = registries.get(&by, &code).await?;
    if let Some(question) = super::purpose::ask(&view, &by, &*registries.open(&by, &code).await?) {
        return Ok(question);
    }
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
pub(super) async fn file(
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
