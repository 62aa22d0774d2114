//! Who changed and who read the records of a register.

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;
use stoa_core::Page as ListPage;
use stoa_ui::{Column, Html, Page, Paging, Table, Words};
use stoa_web::{Allowed, Fault, Params, Path, View, see_other};

use super::words::{self, label};
use super::{HOME, at, below, by, shown, tabs};
use crate::model::Schema;
use crate::permission::LogRead;
use crate::service::{ChangeEntry, Compiled, PersonalDataUsage, Registries};

/// Entries of one page: a change can be long, and a page is to stay light.
const SIZE: u32 = 25;
/// Values of one change that the register's log shows, and characters of each; the record's own page shows all.
const VALUES_MAX: usize = 4;
const VALUE_CHARS_MAX: usize = 80;

/// The changes of a register, newest first.
pub(super) async fn changes(
    allowed: Allowed<LogRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let info = registries.get(&by, &code).await?;
    let compiled = registries.open(&by, &code).await?;
    let number = params.number("page")?.unwrap_or(1);
    let entries = registries.changes_of_registry(&by, &code, ListPage::new(number, SIZE)?).await?;
    if entries.is_empty() && number > 1 {
        return Ok(see_other(&below(&code, "changes").to_string()));
    }
    let table = change_table(w, &compiled, &entries, true).paging(paging(w, &code, "changes", number, entries.len()));
    let page = Page::new(&view.frame, w.t("registries-changes"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&code).path())
        .lead(w.t("registries-changes-lead"))
        .push(tabs(&view, &info, "changes"))
        .push(table.render(w));
    Ok(shown(&page))
}

/// Who read personal data of a register, newest first.
pub(super) async fn reads(
    allowed: Allowed<LogRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let info = registries.get(&by, &code).await?;
    let compiled = registries.open(&by, &code).await?;
    let number = params.number("page")?.unwrap_or(1);
    let entries = registries.reads_of_registry(&by, &code, ListPage::new(number, SIZE)?).await?;
    if entries.is_empty() && number > 1 {
        return Ok(see_other(&below(&code, "reads").to_string()));
    }
    let table = read_table(w, &compiled, &entries, true).paging(paging(w, &code, "reads", number, entries.len()));
    let page = Page::new(&view.frame, w.t("registries-reads"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&code).path())
        .lead(w.t("registries-reads-lead"))
        .push(tabs(&view, &info, "reads"))
        .push(table.render(w));
    Ok(shown(&page))
}

/// Logs grow without being counted: there is a next page while this one is full.
fn paging(w: &Words, code: &str, name: &str, number: u32, held: usize) -> Paging {
    let here = below(code, name);
    let to = |number: u32| here.with("page", number.to_string());
    let full = u32::try_from(held).is_ok_and(|held| held == SIZE);
    Paging::marked(
        w.with("registries-page", &[("number", number.into())]),
        (number > 1).then(|| to(number - 1)),
        full.then(|| to(number + 1)),
    )
    .from_the_first((number > 2).then(|| to(1)))
}

/// A table of changes, with the values before and after.
pub(super) fn change_table(w: &Words, compiled: &Compiled, entries: &[ChangeEntry], with_record: bool) -> Table {
    let mut table = Table::new(w.t("registries-changes"))
        .column(Column::new(w.t("registries-when")))
        .column(Column::new(w.t("registries-what")))
        .column(Column::new(w.t("registries-who")));
    if with_record {
        table = table.column(Column::new(w.t("registries-record")));
    }
    table
        .column(Column::new(w.t("registries-before-after")))
        .rows(entries.iter().map(|entry| {
            let who = entry.actor_name.as_ref().map_or_else(|| Html::code(&entry.actor), Html::isolated);
            let mut cells = vec![w.instant(entry.at), Html::text(action(w, &entry.action)), who];
            if with_record {
                cells.push(record_link(&compiled.code, &entry.record.to_string()));
            }
            let most = if with_record { VALUES_MAX } else { usize::MAX };
            cells.push(values(w, compiled, entry.values.as_ref(), most));
            cells
        }))
        .empty(w.t("registries-no-changes"))
}

fn record_link(code: &str, id: &str) -> Html {
    let short: String = id.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
    Html::trusted(format!(
        "<a href=\"{}\"><code dir=\"ltr\" title=\"{id}\">…{short}</code></a>",
        stoa_ui::escape(&below(code, &format!("records/{id}")).to_string()),
    ))
}

fn action(w: &Words, action: &str) -> String {
    match action {
        "create" => w.t("registries-action-create"),
        "update" => w.t("registries-action-update"),
        "delete" => w.t("registries-action-delete"),
        other => other.to_owned(),
    }
}

/// The changed values, `old → new`, under their fields' present names.
fn values(w: &Words, compiled: &Compiled, values: Option<&Value>, most: usize) -> Html {
    let Some(values) = values.and_then(Value::as_array) else { return Html::quiet(w.t("registries-hidden")) };
    let schemas: Vec<&Schema> = compiled.versions.iter().rev().map(|version| version.schema.as_ref()).collect();
    let arrow = if w.locale().dir() == "rtl" { " ← " } else { " → " };
    let chars = if most == usize::MAX { usize::MAX } else { VALUE_CHARS_MAX };
    let shown = values.iter().take(most).map(|change| {
        let id = change.get("id").and_then(Value::as_i64).unwrap_or(0);
        let field = schemas.iter().find_map(|schema| schema.field(id));
        let name = field.map_or_else(|| id.to_string(), |field| label(w, field));
        let show = |key: &str| match (change.get(key), field) {
            (None | Some(Value::Null), _) => Html::quiet(w.t("registries-empty")),
            (Some(value), Some(field)) => words::shown(w, field, value, chars),
            (Some(value), None) => Html::isolated(words::plain(w, value)),
        };
        Html::text(format!("{name}: ")).then(show("old")).then(Html::text(arrow)).then(show("new"))
    });
    let more = values.len().saturating_sub(most);
    let rest = (more > 0).then(|| Html::quiet(w.with("registries-more", &[("count", more.into())])));
    Html::list(shown.chain(rest))
}

/// A table of reads.
pub(super) fn read_table(w: &Words, compiled: &Compiled, entries: &[PersonalDataUsage], with_record: bool) -> Table {
    let mut table = Table::new(w.t("registries-reads"))
        .column(Column::new(w.t("registries-when")))
        .column(Column::new(w.t("registries-who")))
        .column(Column::new(w.t("registries-client")));
    if with_record {
        table = table.column(Column::new(w.t("registries-record")));
    }
    table
        .column(Column::new(w.t("registries-purpose")))
        .rows(entries.iter().map(|entry| {
            let who = if entry.reader_initials.is_empty() {
                Html::code(&entry.reader_id)
            } else {
                Html::isolated(&entry.reader_initials)
            };
            let mut cells = vec![w.instant(entry.search_date_time), who, Html::isolated(&entry.reader_institution_id)];
            if with_record {
                cells.push(record_link(&compiled.code, &entry.record_id));
            }
            cells.push(Html::isolated(entry.purpose.as_deref().unwrap_or("")));
            cells
        }))
        .empty(w.t("registries-no-reads"))
}
