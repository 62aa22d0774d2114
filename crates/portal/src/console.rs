//! The console's home: how things stand, and where to go.

use std::time::Duration;

use axum::response::Response;
use stoa_store::Tx;
use stoa_store::jobs::{JobState, counts};
use stoa_ui::{Html, Notice, Page, Tone, Words, cards, figures};
use stoa_web::{Allowed, Fault, Right as _, View};

use crate::{AuditRead, ConsoleOpen, JobsRead, KeysManage, State, SystemRead, shown};

/// A sealer that works is a second or two behind; that is no news for anybody.
const BEHIND: Duration = Duration::from_secs(10);

/// How the evidence stands, in words.
pub(crate) fn sealed(w: &Words, lag: Duration) -> String {
    if lag < BEHIND {
        return w.t("portal-evidence-sealed");
    }
    w.with("portal-evidence-behind", &[("duration", w.duration(lag).into())])
}

/// Figures and ways.
pub(crate) async fn home(allowed: Allowed<ConsoleOpen>, view: View, parts: State) -> Result<Response, Fault> {
    let w = view.words();
    let mut page = Page::new(&view.frame, w.t("ui-console"));
    let mut numbers = Vec::new();
    if allowed.may(JobsRead::INFO.permission) {
        let (mut waiting, mut dead) = (0, 0);
        for room in &parts.rooms {
            for count in room.store.read(async |tx: &mut Tx<'_>| counts(tx).await).await? {
                *(if count.state == JobState::Dead { &mut dead } else { &mut waiting }) += count.count;
            }
        }
        numbers.push((w.t("portal-jobs-waiting"), w.number(waiting), Html::empty()));
        numbers.push((w.t("portal-jobs-dead"), w.number(dead), Html::empty()));
        if dead > 0 {
            let way = Html::link("/console/jobs?state=dead", w.t("portal-jobs-look"));
            page = page.notice(Notice::html(Tone::Warning, w.t("portal-jobs-dead-notice"), way));
        }
    }
    if allowed.may(SystemRead::INFO.permission) {
        let lag = parts.rooms.iter().filter_map(|room| room.sealer.as_ref()).map(|sealer| sealer.lag()).max();
        numbers.push((w.t("portal-audit"), sealed(w, lag.unwrap_or_default()), Html::empty()));
    }
    if !numbers.is_empty() {
        page = page.push(figures(numbers));
    }
    let mut ways: Vec<(String, String, Html)> = parts
        .blocks
        .iter()
        .filter(|mounted| mounted.block.navigation.iter().any(|entry| entry.permission.is_none_or(|p| allowed.may(p))))
        .map(|mounted| {
            let address = format!("/console/{}", mounted.block.name);
            (mounted.block.title_in(w), address, Html::text(mounted.block.about_in(w)))
        })
        .collect();
    for (permission, label, about, href) in [
        (JobsRead::INFO.permission, "portal-jobs", "portal-jobs-about", "/console/jobs"),
        (AuditRead::INFO.permission, "portal-audit", "portal-audit-about", "/console/audit"),
        (KeysManage::INFO.permission, "portal-keys", "portal-keys-about", "/console/keys"),
        (SystemRead::INFO.permission, "portal-system", "portal-system-about", "/console/system"),
    ] {
        if allowed.may(permission) {
            ways.push((w.t(label), href.to_owned(), Html::text(w.t(about))));
        }
    }
    Ok(shown(&page.push(cards(ways))))
}
