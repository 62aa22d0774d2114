//! The state of the node, for those who run it.

use std::path::Path;

use axum::response::Response;
use stoa_core::Instant;
use stoa_ui::{Badge, Column, Definitions, Html, Page, Table, Tone};
use stoa_web::{Allowed, Fault, Profile, View};

use crate::console::sealed;
use crate::{State, SystemRead, shown};

/// Version, profile, databases, memory, what was configured.
pub(crate) async fn show(_: Allowed<SystemRead>, view: View, parts: State) -> Result<Response, Fault> {
    let w = view.words();
    let profile = match parts.node.profile() {
        Profile::Secure => Badge::html(Tone::Good, "secure"),
        Profile::Govstack => Badge::html(Tone::Warning, "govstack"),
    };
    let mut facts = Definitions::new()
        .add(w.t("portal-version"), env!("CARGO_PKG_VERSION"))
        .add(w.t("portal-profile"), profile)
        .add(w.t("portal-address"), Html::code(&parts.public_url));
    for (key, value) in &parts.facts {
        let shown = value.parse::<Instant>().map_or_else(|_| Html::code(value), |at| w.instant(at));
        facts = facts.add(w.t(key), shown);
    }
    if let Some(bytes) = resident_bytes() {
        facts = facts.add(w.t("portal-memory"), w.bytes(bytes));
    }
    let mut table = Table::new(w.t("portal-databases"))
        .show_caption()
        .column(Column::new(w.t("portal-database")))
        .column(Column::new(w.t("portal-engine")))
        .column(Column::new(w.t("portal-size")).numeric())
        .column(Column::new(w.t("portal-queue")).numeric())
        .column(Column::new(w.t("portal-units")).numeric())
        .column(Column::new(w.t("portal-commits")).numeric())
        .column(Column::new(w.t("portal-failed-commits")).numeric())
        .column(Column::new(w.t("portal-audit")));
    for room in &parts.rooms {
        let state = room.store.state();
        let engine = if room.store.file().is_some() { "SQLite" } else { "PostgreSQL" };
        let size = room.store.file().map(|file| w.bytes(size_of(file)));
        let lag = room.sealer.as_ref().map_or_else(String::new, |sealer| sealed(w, sealer.lag()));
        table = table.row([
            Html::text(parts.room_label(w, room.name)),
            Html::text(engine),
            Html::text(size.unwrap_or_default()),
            Html::text(w.number(i128::try_from(state.queue_depth).unwrap_or(0))),
            Html::text(w.number(state.units)),
            Html::text(w.number(state.commits)),
            Html::text(w.number(state.failed_commits)),
            Html::text(lag),
        ]);
    }
    let page = Page::new(&view.frame, w.t("portal-system"))
        .wide()
        .crumb(w.t("ui-console"), "/console")
        .lead(w.t("portal-system-about"))
        .push(facts.render())
        .push(table.render(w))
        .push(Html::list([Html::link("/readyz", w.t("portal-ready")), Html::link("/metrics", w.t("portal-metrics"))]));
    Ok(shown(&page))
}

/// A database's bytes on disk, with the log that is not yet copied back.
fn size_of(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    [file, Path::new(&log)].into_iter().filter_map(|file| std::fs::metadata(file).ok()).map(|data| data.len()).sum()
}

/// The memory that the process holds (Linux: the second number of `/proc/self/statm`, in pages of 4096 bytes).
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}
