//! Tables as CSV (RFC 4180), for spreadsheets.

use axum::http::StatusCode;
use axum::response::Response;
use stoa_web::{Params, bytes_as};

use crate::error::MonitorError;

/// Whether the request wants a table and no JSON.
pub(super) fn is_wanted(params: &Params) -> Result<bool, MonitorError> {
    match params.get("format") {
        None | Some("" | "json") => Ok(false),
        Some("csv") => Ok(true),
        Some(_) => Err(MonitorError::field("?format", "enum", "must be json or csv")),
    }
}

/// The table as an answer.
pub(super) fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Response {
    let mut csv = line(&header.map(str::to_owned));
    for row in rows {
        csv.push_str(&line(&row));
    }
    bytes_as(StatusCode::OK, "text/csv; charset=utf-8", csv)
}

/// A line. What a spreadsheet would take for a formula is made a text.
fn line(cells: &[String]) -> String {
    let cell = |text: &String| {
        let text = if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.clone() };
        if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    format!("{}\n", cells.iter().map(cell).collect::<Vec<_>>().join(","))
}
