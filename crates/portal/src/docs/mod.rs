//! The API documents of the blocks, drawn on the server from their OpenAPI: a page for each block, each operation and each
//! shape of data. Nothing is loaded from anywhere else, and no script is needed to read them.

mod document;
mod draw;

use axum::response::Response;
use stoa_core::{Problem, Refusal};
use stoa_ui::{Column, Html, Page, Table, Words, actions, cards, code};
use stoa_web::{Fault, Path, Public, View};

use crate::{PortalParts, State, shown};
use document::{Document, Operation};

fn document(parts: &PortalParts, name: &str) -> Result<(Document, &'static str), Problem> {
    let mounted = parts.blocks.iter().find(|mounted| mounted.block.name == name).ok_or_else(|| missing("block"))?;
    Ok((Document::new(mounted.block.name, mounted.openapi.value()), mounted.block.title))
}

fn missing(what: &str) -> Problem {
    Problem::new(Refusal::NotFound, "web.not_found").detail(format!("There is no such {what}."))
}

/// The blocks with an API.
pub(crate) async fn list(_: Public, view: View, parts: State) -> Result<Response, Fault> {
    let w = view.words();
    let mut blocks = Vec::new();
    for mounted in &parts.blocks {
        let (document, title) = document(&parts, mounted.block.name)?;
        let text = w.with("portal-operations", &[("count", document.operations().len().into())]);
        blocks.push((title.to_owned(), format!("/docs/{}", document.block), Html::text(text)));
    }
    let page = Page::new(&view.frame, w.t("ui-docs"))
        .crumb(w.t("ui-home"), "/")
        .lead(w.t("portal-docs-about"))
        .push(cards(blocks));
    Ok(shown(&page))
}

/// One block's API: what can be asked, in groups.
pub(crate) async fn show(_: Public, view: View, parts: State, Path(name): Path<String>) -> Result<Response, Fault> {
    let w = view.words();
    let (document, title) = document(&parts, &name)?;
    let mut page = Page::new(&view.frame, title)
        .crumb(w.t("ui-home"), "/")
        .crumb(w.t("ui-docs"), "/docs")
        .lead(w.t("portal-docs-lead"))
        .actions(actions([(w.t("portal-openapi"), format!("/{name}/openapi.json"))]))
        .push(code(w.t("portal-address"), format!("{}/{name}", parts.public_url), w));
    for (tag, operations) in document.groups() {
        page = page.push(group(w, &document, tag, &operations));
    }
    let shapes = Table::new(w.t("portal-schemas"))
        .show_caption()
        .column(Column::new(w.t("portal-name")))
        .column(Column::new(w.t("portal-meaning")))
        .rows(document.schemas().map(|(schema, value)| {
            let meaning = Html::text(value["description"].as_str().unwrap_or(""));
            [Html::link(format!("/docs/{name}/schemas/{schema}"), schema), meaning]
        }));
    Ok(shown(&page.push(shapes.render(w))))
}

fn group(w: &Words, document: &Document, tag: &str, operations: &[Operation<'_>]) -> Html {
    Table::new(tag)
        .show_caption()
        .column(Column::new(w.t("portal-name")))
        .column(Column::new(w.t("portal-address")))
        .rows(operations.iter().map(|operation| {
            let way = Html::link(format!("/docs/{}/{}", document.block, operation.id()), operation.summary());
            [way, draw::method(operation).then(Html::trusted(" ")).then(Html::code(operation.path))]
        }))
        .render(w)
}

fn frame<'a>(view: &'a View, document: &Document, block: &str, title: &str) -> Page<'a> {
    let w = view.words();
    Page::new(&view.frame, title)
        .crumb(w.t("ui-home"), "/")
        .crumb(w.t("ui-docs"), "/docs")
        .crumb(block, format!("/docs/{}", document.block))
}

/// One operation, with everything that a caller needs to know.
pub(crate) async fn operation(
    _: Public,
    view: View,
    parts: State,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let w = view.words();
    let (document, title) = document(&parts, &name)?;
    let operation = document.operation(&id).ok_or_else(|| missing("operation"))?;
    let line = Document::line(&operation, &format!("{}/{name}", parts.public_url));
    let page = frame(&view, &document, title, operation.summary())
        .push(draw::head(&operation))
        .push(draw::described(operation.value))
        .push(draw::parameters(w, &document, &operation))
        .push(draw::body(w, &document, &operation))
        .push(draw::answers(w, &document, &operation))
        .push(code(w.t("portal-try"), line, w));
    Ok(shown(&page))
}

/// One shape of data.
pub(crate) async fn schema(
    _: Public,
    view: View,
    parts: State,
    Path((name, schema)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let (document, title) = document(&parts, &name)?;
    let value = document.schema(&schema).ok_or_else(|| missing("shape of data"))?;
    let page = frame(&view, &document, title, &schema).push(draw::described(value)).push(draw::properties(
        view.words(),
        &document,
        &schema,
        value,
    ));
    Ok(shown(&page))
}
