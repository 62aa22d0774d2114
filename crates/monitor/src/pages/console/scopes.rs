//! Scopes: those of the program, and those that were added.

use axum::extract::State as Extract;
use axum::response::Response;
use stoa_core::FieldError;
use stoa_ui::{Address, Column, Field, Form, Html, Page, Table, actions, code};
use stoa_web::{Allowed, Fault, FormFields, Params, Right as _, View, see_other};

use super::{HOME, fault, faults, outcome, refused, shown, tabs};
use crate::permission::{AccountRead, AccountWrite};
use crate::service::{By, Monitor};

pub(super) async fn list(
    allowed: Allowed<AccountRead>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let may_write = view.visitor.may(AccountWrite::INFO.permission);
    let board = monitor.board(&allowed.actor.tenant).await?;
    let by = By::from(allowed);
    let added = monitor.added_scopes(&by).await?;
    let table = Table::new(w.t("monitor-scopes"))
        .column(Column::new(w.t("monitor-scope")))
        .column(Column::new(w.t("monitor-alias")))
        .column(Column::new(w.t("monitor-versions")))
        .column(Column::new(w.t("monitor-test-cases")).numeric())
        .column(Column::new(w.t("monitor-scope-origin")))
        .rows(board.scopes.iter().map(|known| {
            let origin = match added.contains(&known.alias) {
                false => Html::text(w.t("monitor-scope-built-in")),
                true if may_write => {
                    let at = Address::new(format!("{HOME}/scopes/write")).with("alias", &known.alias);
                    Html::link(at.to_string(), w.t("monitor-scope-change"))
                }
                true => Html::text(w.t("monitor-scope-added")),
            };
            let names: Vec<&str> = known.scope.versions.iter().map(|version| version.name.as_str()).collect();
            [
                Html::link(format!("/monitor/page/scope/{}", Address::segment(&known.alias)), &known.scope.name),
                Html::code(&known.alias),
                Html::text(names.join(", ")),
                Html::text(w.number(i128::try_from(known.scope.test_cases.len()).unwrap_or(0))),
                origin,
            ]
        }));
    let command = "curl -T scope.yaml -H \"Authorization: Bearer $KEY\" \"$STOA/monitor/v1/scopes?alias=example\"";
    let page = Page::new(&view.frame, w.t("monitor-scopes"))
        .wide()
        .lead(w.t("monitor-scopes-lead"))
        .notice(outcome(w, &params))
        .push(tabs(&view, "scopes"))
        .push(table.render(w));
    if !may_write {
        return Ok(shown(&page));
    }
    let page = page.actions(actions([(w.t("monitor-scope-add"), format!("{HOME}/scopes/write"))])).push(code(
        w.t("monitor-scope-by-program"),
        command,
        w,
    ));
    Ok(shown(&page))
}

fn scope_page<'v>(view: &'v View, alias: &str, document: &str, found: &[FieldError]) -> Page<'v> {
    let w = view.words();
    // What is wrong within the document is told with its line, all at once.
    let within = found.iter().filter(|fault| fault.pointer != "/alias");
    let within: Vec<String> = within.map(|fault| format!("{}: {}", fault.pointer, fault.message)).collect();
    let error = (!within.is_empty()).then(|| Html::text(within.join(" · ")).in_english());
    let form = Form::post(format!("{HOME}/scopes/write"), &view.frame, w.t("monitor-save"))
        .field(
            Field::text("alias", w.t("monitor-alias"))
                .hint(w.t("monitor-alias-hint"))
                .ltr()
                .value(alias)
                .error_if(fault(found, "/alias")),
        )
        .field(
            Field::area("document", w.t("monitor-document"), 20)
                .hint(w.t("monitor-document-hint"))
                .ltr()
                .value(document)
                .error_if(error),
        )
        .cancel(format!("{HOME}/scopes"))
        .redraws();
    Page::new(&view.frame, w.t("monitor-scope-add")).crumb(w.t("monitor-scopes"), format!("{HOME}/scopes")).form(&form)
}

pub(super) async fn form(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let alias = params.get("alias").unwrap_or("");
    let document = monitor.scope_document(&By::from(allowed), alias).await?.unwrap_or_default();
    Ok(shown(&scope_page(&view, alias, &document, &[])))
}

pub(super) async fn save(
    allowed: Allowed<AccountWrite>,
    view: View,
    Extract(monitor): Extract<Monitor>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let (alias, document) = (typed.text("alias"), typed.text("document"));
    if view.is_redraw() {
        return Ok(shown(&scope_page(&view, alias, document, &[])));
    }
    match monitor.put_scope(&By::from(allowed), alias, document.to_owned()).await {
        Ok(_) => Ok(see_other(&format!("{HOME}/scopes?done=saved"))),
        Err(error) => Ok(refused(&scope_page(&view, alias, document, &faults(error.into())?))),
    }
}
