//! The API documents of the blocks, drawn on the server from their OpenAPI: nothing is loaded from anywhere else, and
//! no script is needed to read them.

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;
use stoa_core::{Problem, Refusal};
use stoa_ui::{Badge, Column, Fold, Html, Page, Table, Tone, Words, actions, cards, code, escape};
use stoa_web::{Fault, View};

use crate::{State, shown};

const METHODS: [&str; 6] = ["get", "post", "put", "patch", "delete", "head"];

/// The blocks with an API.
pub(crate) async fn list(view: View, parts: State) -> Response {
    let w = view.words();
    let blocks = parts.blocks.iter().map(|mounted| {
        let count = operations(&serde_json::to_value(&*mounted.openapi).unwrap_or_default()).len();
        let text = Html::text(w.with("portal-operations", &[("count", count.into())]));
        (mounted.block.title.to_owned(), format!("/docs/{}", mounted.block.name), text)
    });
    let page = Page::new(&view.frame, w.t("ui-docs"))
        .crumb(w.t("ui-home"), "/")
        .lead(w.t("portal-docs-about"))
        .push(cards(blocks));
    shown(&page)
}

struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    value: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        self.value["operationId"].as_str().unwrap_or("operation")
    }

    fn tag(&self) -> &str {
        self.value.pointer("/tags/0").and_then(Value::as_str).unwrap_or("API")
    }
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(value) = item.get(method) {
                found.push(Operation { method, path, value });
            }
        }
    }
    found
}

/// One block's API.
pub(crate) async fn show(view: View, parts: State, Path(name): Path<String>) -> Result<Response, Fault> {
    let w = view.words();
    let mounted = parts.blocks.iter().find(|mounted| mounted.block.name == name);
    let mounted =
        mounted.ok_or_else(|| Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such block."))?;
    let document = serde_json::to_value(&*mounted.openapi)
        .map_err(|_| Problem::new(Refusal::Failed, "web.failed").detail("The document cannot be written."))?;
    let operations = operations(&document);
    let mut tags: Vec<&str> = operations.iter().map(Operation::tag).collect();
    tags.dedup();
    let mut seen = std::collections::BTreeSet::new();
    tags.retain(|tag| seen.insert(*tag));
    let prefix = format!("{}/{name}", parts.public_url);
    let mut page = Page::new(&view.frame, mounted.block.title)
        .crumb(w.t("ui-home"), "/")
        .crumb(w.t("ui-docs"), "/docs")
        .lead(w.t("portal-docs-lead"))
        .actions(actions([(w.t("portal-openapi"), format!("/{name}/openapi.json"))]))
        .push(code(w.t("portal-address"), &prefix, w));
    for tag in tags {
        page = page.push(Html::heading(tag));
        for operation in operations.iter().filter(|operation| operation.tag() == tag) {
            page = page.push(drawn(w, &document, operation, &prefix));
        }
    }
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    page = page
        .push(Html::trusted("<h2 id=\"schemas\">"))
        .push(Html::text(w.t("portal-schemas")))
        .push(Html::trusted("</h2>"));
    for (schema_name, schema) in schemas.into_iter().flatten() {
        let body = described(schema).then(properties(w, schema_name, schema));
        page = page.push(Html::trusted(format!("<div id=\"schema-{}\">", escape(schema_name)))).push(Fold::html(
            schema_name,
            body,
            false,
        ));
        page = page.push(Html::trusted("</div>"));
    }
    Ok(shown(&page))
}

fn described(value: &Value) -> Html {
    value["description"].as_str().map_or_else(Html::empty, Html::paragraph)
}

fn drawn(w: &Words, document: &Value, operation: &Operation<'_>, prefix: &str) -> Html {
    let value = operation.value;
    let tone = match operation.method {
        "get" | "head" => Tone::Info,
        "delete" => Tone::Bad,
        _ => Tone::Good,
    };
    let summary = value["summary"].as_str().unwrap_or(operation.path);
    let mut body = described(value);
    let parameters: Vec<&Value> = value["parameters"].as_array().into_iter().flatten().collect();
    if !parameters.is_empty() {
        let table = Table::new(w.t("portal-parameters"))
            .show_caption()
            .column(Column::new(w.t("portal-name")))
            .column(Column::new(w.t("portal-in")))
            .column(Column::new(w.t("portal-type")))
            .column(Column::new(w.t("portal-meaning")))
            .rows(parameters.iter().map(|parameter| {
                let name = Html::code(parameter["name"].as_str().unwrap_or(""));
                let required = parameter["required"].as_bool().unwrap_or(false);
                let name = if required { name.then(Html::text(" *")) } else { name };
                [
                    name,
                    Html::text(parameter["in"].as_str().unwrap_or("")),
                    type_of(&parameter["schema"]),
                    Html::text(parameter["description"].as_str().unwrap_or("")),
                ]
            }));
        body = body.then(table.render(w));
    }
    let content = value.pointer("/requestBody/content").and_then(Value::as_object);
    for (media, shape) in content.into_iter().flatten() {
        body = body.then(
            Html::subheading(w.t("portal-body"))
                .then(Html::trusted("<p>"))
                .then(Html::code(media))
                .then(Html::trusted(" "))
                .then(type_of(&shape["schema"]))
                .then(Html::trusted("</p>"))
                .then(described(&value["requestBody"])),
        );
        if let Some(example) = example(document, shape) {
            body = body.then(code(w.t("portal-example"), example, w));
        }
    }
    let answers = Table::new(w.t("portal-answers"))
        .show_caption()
        .column(Column::new(w.t("portal-status")))
        .column(Column::new(w.t("portal-meaning")))
        .column(Column::new(w.t("portal-type")))
        .rows(value["responses"].as_object().into_iter().flatten().map(|(status, answer)| {
            let schema = answer["content"].as_object().and_then(|content| content.values().next());
            [
                Html::code(status),
                Html::text(answer["description"].as_str().unwrap_or("")),
                schema.map_or_else(Html::empty, |shape| type_of(&shape["schema"])),
            ]
        }));
    body = body.then(answers.render(w)).then(code(w.t("portal-try"), curl(operation, prefix), w));
    let head = format!("{} {}", operation.method.to_uppercase(), operation.path);
    Html::trusted(format!("<section id=\"{}\" class=\"operation\"><h3>", escape(operation.id())))
        .then(Badge::html(tone, operation.method.to_uppercase()))
        .then(Html::trusted(" "))
        .then(Html::text(summary))
        .then(Html::trusted("</h3><p>"))
        .then(Html::code(operation.path))
        .then(Html::trusted("</p>"))
        .then(Fold::html(w.with("portal-details-of", &[("operation", head.into())]), body, false))
        .then(Html::trusted("</section>"))
}

/// A line for a terminal that asks this operation.
fn curl(operation: &Operation<'_>, prefix: &str) -> String {
    let mut path = operation.path.to_owned();
    for parameter in operation.value["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "path"
            && let (Some(name), Some(example)) = (parameter["name"].as_str(), parameter["example"].as_str())
        {
            path = path.replace(&format!("{{{name}}}"), example);
        }
    }
    let method = operation.method.to_uppercase();
    let mut line = format!("curl -X {method} \"{prefix}{path}\" -H \"Authorization: Bearer $KEY\"");
    if operation.value["requestBody"].is_object() {
        line.push_str(" \\\n  -H \"Content-Type: application/json\" -d @body.json");
    }
    line
}

fn example(document: &Value, shape: &Value) -> Option<String> {
    let given = shape.get("example").or_else(|| resolve(document, &shape["schema"]).get("example"))?;
    serde_json::to_string_pretty(given).ok()
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let place = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    place.and_then(|place| document.pointer(place)).unwrap_or(schema)
}

/// A schema's type in a few words, with a link where it has a name.
fn type_of(schema: &Value) -> Html {
    if let Some(name) = schema["$ref"].as_str().and_then(|text| text.strip_prefix("#/components/schemas/")) {
        return Html::link(format!("#schema-{name}"), name);
    }
    if let Some(several) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let mut out = Html::empty();
        for (nth, one) in several.iter().filter(|one| one["type"] != "null").enumerate() {
            out = if nth > 0 { out.then(Html::text(" | ")) } else { out };
            out = out.then(type_of(one));
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
        return Html::text("array: ").then(type_of(&schema["items"]));
    }
    Html::text(text)
}

fn properties(w: &Words, name: &str, schema: &Value) -> Html {
    let Some(fields) = schema["properties"].as_object() else { return type_of(schema) };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    Table::new(name)
        .column(Column::new(w.t("portal-name")))
        .column(Column::new(w.t("portal-type")))
        .column(Column::new(w.t("portal-meaning")))
        .rows(fields.iter().map(|(name, field)| {
            let mark = if required.contains(&name.as_str()) { Html::text(" *") } else { Html::empty() };
            [Html::code(name).then(mark), type_of(field), Html::text(field["description"].as_str().unwrap_or(""))]
        }))
        .render(w)
}
