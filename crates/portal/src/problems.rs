//! What each problem means and what to do about it: the addresses that problem documents name as their `type`.

use axum::response::Response;
use stoa_core::{Problem, ProblemInfo, Refusal};
use stoa_ui::{Column, Html, Page, Table};
use stoa_web::{CATALOGUES, Fault, Path, Public, View};

use crate::{PortalParts, State, markdown, shown};

fn all(parts: &PortalParts) -> Vec<&ProblemInfo> {
    let own = CATALOGUES.iter().flat_map(|catalogue| catalogue.iter());
    let mut all: Vec<_> = own.chain(parts.blocks.iter().flat_map(|mounted| mounted.block.problems)).collect();
    all.sort_by_key(|info| info.code);
    all
}

/// All problems.
pub(crate) async fn list(_: Public, view: View, parts: State) -> Response {
    let w = view.words();
    let table = Table::new(w.t("portal-problems"))
        .column(Column::new(w.t("portal-problem-code")))
        .column(Column::new(w.t("portal-problem-title")))
        .rows(all(&parts).into_iter().map(|info| {
            [Html::link(format!("/problems/{}", info.code), info.code), Html::text(info.title).in_english()]
        }));
    let page = Page::new(&view.frame, w.t("portal-problems"))
        .crumb(w.t("ui-home"), "/")
        .lead(w.t("portal-problems-about"))
        .push(table.render(w));
    shown(&page)
}

/// One problem.
pub(crate) async fn show(_: Public, view: View, parts: State, Path(code): Path<String>) -> Result<Response, Fault> {
    let w = view.words();
    let info = all(&parts).into_iter().find(|info| info.code == code);
    let info =
        info.ok_or_else(|| Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such problem."))?;
    let page = Page::new(&view.frame, info.title)
        .crumb(w.t("ui-home"), "/")
        .crumb(w.t("portal-problems"), "/problems")
        .heading(Html::text(info.title).in_english())
        .lead(Html::code(info.code))
        .push(markdown::render(info.page).part_in_english());
    Ok(shown(&page))
}
