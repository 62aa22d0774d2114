//! Operations and shapes of data as tables.

use serde_json::Value;
use stoa_ui::{Badge, Column, Html, Table, Tone, Words, code};

use super::document::{Document, Operation, name_of};

/// The method of an operation, in its colour.
pub(super) fn method(operation: &Operation<'_>) -> Html {
    let tone = match operation.method {
        "get" | "head" => Tone::Info,
        "delete" => Tone::Bad,
        _ => Tone::Good,
    };
    Badge::html(tone, operation.method.to_uppercase())
}

/// What a part of the document says about itself.
pub(super) fn described(value: &Value) -> Html {
    value["description"].as_str().map_or_else(Html::empty, Html::paragraph)
}

/// Where an operation is and how it is asked.
pub(super) fn head(operation: &Operation<'_>) -> Html {
    Html::trusted("<p>")
        .then(method(operation))
        .then(Html::trusted(" "))
        .then(Html::code(operation.path))
        .then(Html::trusted("</p>"))
}

pub(super) fn parameters(w: &Words, document: &Document, operation: &Operation<'_>) -> Html {
    if operation.parameters().next().is_none() {
        return Html::empty();
    }
    let rows = operation.parameters().map(|parameter| {
        let name = Html::code(parameter["name"].as_str().unwrap_or(""));
        let required = parameter["required"].as_bool().unwrap_or(false);
        [
            if required { name.then(Html::text(" *")) } else { name },
            Html::text(parameter["in"].as_str().unwrap_or("")),
            type_of(document, &parameter["schema"]),
            Html::text(parameter["description"].as_str().unwrap_or("")),
        ]
    });
    Table::new(w.t("portal-parameters"))
        .show_caption()
        .column(Column::new(w.t("portal-name")))
        .column(Column::new(w.t("portal-in")))
        .column(Column::new(w.t("portal-type")))
        .column(Column::new(w.t("portal-meaning")))
        .rows(rows)
        .render(w)
}

pub(super) fn body(w: &Words, document: &Document, operation: &Operation<'_>) -> Html {
    let mut out = Html::empty();
    let content = operation.value.pointer("/requestBody/content").and_then(Value::as_object);
    for (media, shape) in content.into_iter().flatten() {
        let schema = &shape["schema"];
        out = out
            .then(Html::heading(w.t("portal-body")))
            .then(described(&operation.value["requestBody"]))
            .then(Html::trusted("<p>"))
            .then(Html::code(media))
            .then(Html::trusted(" "))
            .then(type_of(document, schema))
            .then(Html::trusted("</p>"));
        if let Some(name) = name_of(schema) {
            out = out.then(properties(w, document, name, document.resolve(schema)));
        }
        if let Some(example) = document.example(shape) {
            out = out.then(code(w.t("portal-example"), example, w));
        }
    }
    out
}

pub(super) fn answers(w: &Words, document: &Document, operation: &Operation<'_>) -> Html {
    let responses = operation.value["responses"].as_object().into_iter().flatten();
    let rows = responses.map(|(status, answer)| {
        let schema = answer["content"].as_object().and_then(|content| content.values().next());
        [
            Html::code(status),
            Html::text(answer["description"].as_str().unwrap_or("")).then(headers(answer)),
            schema.map_or_else(Html::empty, |shape| type_of(document, &shape["schema"])),
        ]
    });
    Table::new(w.t("portal-answers"))
        .show_caption()
        .column(Column::new(w.t("portal-status")))
        .column(Column::new(w.t("portal-meaning")))
        .column(Column::new(w.t("portal-type")))
        .rows(rows)
        .render(w)
}

/// The headers that an answer brings, each with what it says.
fn headers(answer: &Value) -> Html {
    let mut out = Html::empty();
    for (name, header) in answer["headers"].as_object().into_iter().flatten() {
        out = out
            .then(Html::trusted("<br>"))
            .then(Html::code(name))
            .then(Html::text(format!(": {}", header["description"].as_str().unwrap_or(""))));
    }
    out
}

/// A schema's type in a few words, with a link where it has a name.
fn type_of(document: &Document, schema: &Value) -> Html {
    if let Some(name) = name_of(schema) {
        return Html::link(format!("/docs/{}/schemas/{name}", document.block), name);
    }
    if let Some(several) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let mut out = Html::empty();
        for (nth, one) in several.iter().filter(|one| one["type"] != "null").enumerate() {
            out = if nth > 0 { out.then(Html::text(" | ")) } else { out };
            out = out.then(type_of(document, one));
        }
        return out;
    }
    let words: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
        _ => vec!["any"],
    };
    let mut text = words.join(" | ");
    if let Some(format) = schema["format"].as_str() {
        text.push_str(&format!(" ({format})"));
    }
    if words == ["array"] {
        return Html::text("array: ").then(type_of(document, &schema["items"]));
    }
    Html::text(text)
}

/// The properties of a shape of data.
pub(super) fn properties(w: &Words, document: &Document, name: &str, schema: &Value) -> Html {
    let Some(fields) = schema["properties"].as_object() else { return type_of(document, schema) };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    Table::new(name)
        .column(Column::new(w.t("portal-name")))
        .column(Column::new(w.t("portal-type")))
        .column(Column::new(w.t("portal-meaning")))
        .rows(fields.iter().map(|(name, field)| {
            let mark = if required.contains(&name.as_str()) { Html::text(" *") } else { Html::empty() };
            let meaning = Html::text(field["description"].as_str().unwrap_or(""));
            [Html::code(name).then(mark), type_of(document, field), meaning]
        }))
        .render(w)
}
