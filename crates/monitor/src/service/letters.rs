//! One mail: written in the language of whoever gets it, and handed to the mail server.

use std::time::Duration;

use stoa_core::{Date, Tenant};
use stoa_store::jobs::JobError;
use stoa_store::{StoreError, Tx};
use stoa_ui::{Address, Locale, Words};
use stoa_web::mail::{Mail, MailError};

use super::changes::{Change, Changed};
use super::telling::{About, Letter};
use super::{Board, Monitor};
use crate::error::MonitorError;
use crate::model::standing::State;
use crate::store;
use crate::store::subscription::{SubscriptionId, SubscriptionRow};

impl Monitor {
    /// Writes one mail and hands it to the mail server.
    pub(crate) async fn mail(&self, letter: Letter) -> Result<(), JobError> {
        // Without a mail server nobody is told; the console says so where an operator's address is kept.
        let Some(port) = self.shared.mail.clone() else { return Ok(()) };
        let later = |error: MonitorError| JobError::later(error.to_string());
        let (id, noted) = (letter.subscription, letter.about.noted());
        let read = {
            let noted = noted.clone();
            async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
                let Some(row) = store::subscription::find(tx, id).await? else { return Ok(None) };
                let was = match &noted {
                    Some(what) => store::subscription::was_mailed(tx, id, what).await?,
                    None => row.confirmed_at.is_some(),
                };
                Ok((!was).then_some(row))
            }
        };
        let Some(row) = self.store().read(read).await.map_err(later)? else { return Ok(()) };
        let Some((subject, text)) = self.written(&row, &letter.about).await.map_err(later)? else { return Ok(()) };
        let what = noted.as_deref().unwrap_or("confirm");
        let name: String =
            what.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        let mail = Mail { to: row.email.clone(), subject, text, html: None, id: format!("{name}.{id}") };
        match port.send(&mail).await {
            Ok(()) => {}
            Err(error @ MailError::Away(_)) => return Err(JobError::later(error.to_string())),
            // The address, or the server's word about it, stays as it is: it is not tried again.
            Err(error) => {
                self.note_mailed(id, noted).await?;
                return Err(JobError::never(error.to_string()));
            }
        }
        self.note_mailed(id, noted).await
    }

    async fn note_mailed(&self, id: SubscriptionId, noted: Option<String>) -> Result<(), JobError> {
        let Some(noted) = noted else { return Ok(()) };
        let write = async move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            store::subscription::note_mailed(tx, id, &noted).await
        };
        self.store().write(write).await.map_err(|error: StoreError| JobError::later(error.to_string()))
    }

    /// A mail's subject and text; nothing where what it is about is gone.
    async fn written(&self, row: &SubscriptionRow, about: &About) -> Result<Option<(String, String)>, MonitorError> {
        let w = self.shared.texts.words(Locale::from_tag(&row.language).unwrap_or_default());
        let tenant = Tenant::new(row.tenant.clone()).unwrap_or_default();
        let board = self.board(&tenant).await?;
        let at = |path: &str| format!("{}{path}", self.address());
        let detail = |subject: &str, scope: &str| {
            at(&format!("/page/detail/{}/{}", Address::segment(subject), Address::segment(scope)))
        };
        let (subject, body) = match about {
            About::Confirm => (w.t("monitor-mail-confirm"), w.t("monitor-mail-confirm-text")),
            About::Change(id) => {
                let (id, of) = (*id, tenant.clone());
                let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
                    Ok(store::change::find(tx, &of, id).await?)
                };
                let Some(change) = self.store().read(read).await?.map(Change::from) else { return Ok(None) };
                let (name, alias) = scope_of(&board, &change.scope);
                let title = board.title(&change.subject);
                match &change.what {
                    Changed::State { before, before_version, after, version } => {
                        let words = [
                            ("subject", title.into()),
                            ("scope", name.into()),
                            ("before", state_of(&w, *before, before_version).into()),
                            ("after", state_of(&w, *after, version).into()),
                        ];
                        let text = w.with("monitor-mail-change-text", &words);
                        let place = detail(&change.subject, &alias);
                        (w.with("monitor-mail-change", &words), format!("{text}\n\n{place}"))
                    }
                    Changed::Certificate { number, after, version, reason, .. } => {
                        let words = [
                            ("subject", title.into()),
                            ("scope", name.into()),
                            ("number", number.as_str().into()),
                            ("version", version.as_str().into()),
                            ("state", w.t(crate::pages::certificate_key(after.name())).into()),
                        ];
                        let text = w.with("monitor-mail-certificate-text", &words);
                        let reason = if reason.is_empty() { String::new() } else { format!("\n\n{reason}") };
                        let place = at(&format!("/page/certificate/{}", Address::segment(number)));
                        (w.with("monitor-mail-certificate", &words), format!("{text}{reason}\n\n{place}"))
                    }
                }
            }
            About::Expiry { subject, scope, day } => {
                let name = board.scopes.find(scope).map_or(scope.as_str(), |known| known.scope.name.as_str());
                let words = [
                    ("subject", board.title(subject).into()),
                    ("scope", name.into()),
                    ("date", date_of(&w, day).into()),
                ];
                let text = w.with("monitor-mail-expiry-text", &words);
                (w.with("monitor-mail-expiry", &words), format!("{text}\n\n{}", detail(subject, scope)))
            }
            About::Waiver { subject, scope, test_case, day } => {
                let words = [
                    ("subject", board.title(subject).into()),
                    ("scope", scope_of(&board, scope).0.into()),
                    ("case", test_case.as_str().into()),
                    ("date", date_of(&w, day).into()),
                ];
                let text = w.with("monitor-mail-waiver-text", &words);
                (w.with("monitor-mail-waiver", &words), format!("{text}\n\n{}", detail(subject, scope)))
            }
            About::Certificate { number, day } => {
                let words = [("number", number.as_str().into()), ("date", date_of(&w, day).into())];
                let text = w.with("monitor-mail-certificate-end-text", &words);
                let place = at(&format!("/page/certificate/{}", Address::segment(number)));
                (w.with("monitor-mail-certificate-end", &words), format!("{text}\n\n{place}"))
            }
            About::Timeline { scope, version, validity, day } => {
                let name = board.scopes.find(scope).map_or(scope.as_str(), |known| known.scope.name.as_str());
                let words = [
                    ("scope", name.into()),
                    ("version", version.as_str().into()),
                    ("validity", crate::pages::validity(&w, *validity).into()),
                    ("date", date_of(&w, day).into()),
                ];
                let text = w.with("monitor-mail-timeline-text", &words);
                let place = at(&format!("/page/scope/{}", Address::segment(scope)));
                (w.with("monitor-mail-timeline", &words), format!("{text}\n\n{place}"))
            }
            About::Week(_) => (w.t("monitor-mail-week"), self.week(&w, &board, row, &tenant).await?),
        };
        let place = at(&format!("/page/subscription/{}", Address::segment(&row.token)));
        let end = if *about == About::Confirm { place } else { format!("{}\n{place}", w.t("monitor-mail-end")) };
        Ok(Some((subject, format!("{body}\n\n{end}\n"))))
    }

    /// What happened in the last seven days, and how everything stands.
    async fn week(
        &self,
        w: &Words,
        board: &Board,
        row: &SubscriptionRow,
        tenant: &Tenant,
    ) -> Result<String, MonitorError> {
        /// Changes that one mail tells.
        const CHANGES_MAX: u32 = 100;
        let since = self.store().clock().now().minus(Duration::from_hours(7 * 24));
        let wanted = |subject: &str, scope: &str| {
            (row.subject.is_empty() || row.subject == subject) && (row.scope.is_empty() || row.scope == scope)
        };
        let only = Some(row.subject.as_str()).filter(|subject| !subject.is_empty());
        let mut lines = vec![w.t("monitor-mail-week-changes")];
        for change in self.changes(tenant, only, since, CHANGES_MAX).await? {
            let Some(known) = board.scopes.find(&change.scope) else { continue };
            if wanted(&change.subject, &known.alias) {
                let (day, title) = (w.date(change.at.date()), board.title(&change.subject));
                lines.push(format!("- {day}: {title}, {}: {}", known.scope.name, what_changed(w, &change.what)));
            }
        }
        if lines.len() == 1 {
            lines.push(format!("- {}", w.t("monitor-mail-week-none")));
        }
        lines.push(String::new());
        lines.push(w.t("monitor-mail-week-states"));
        for (subject, scope, entry) in board.entries() {
            let Some(known) = board.scopes.by_uuid(scope) else { continue };
            if wanted(subject, &known.alias) {
                let version = entry.standing.decisive().map(|version| version.name.as_str()).unwrap_or_default();
                let state = state_of(w, entry.standing.state, version);
                lines.push(format!("- {}, {}: {state}", board.title(subject), known.scope.name));
            }
        }
        lines.push(String::new());
        lines.push(format!("{}/page/table", self.address()));
        Ok(lines.join("\n"))
    }
}

/// What changed, in a few words.
pub(crate) fn what_changed(w: &Words, what: &Changed) -> String {
    match what {
        Changed::State { before, before_version, after, version } => {
            format!("{} → {}", state_of(w, *before, before_version), state_of(w, *after, version))
        }
        Changed::Certificate { number, after, version, .. } => {
            let state = w.t(crate::pages::certificate_key(after.name()));
            let title = w.with("monitor-certificate", &[("number", number.as_str().into())]);
            format!("{title} ({version}): {state}")
        }
    }
}

/// The name of a scope, and its short name.
fn scope_of(board: &Board, scope: &str) -> (String, String) {
    board
        .scopes
        .find(scope)
        .map_or_else(|| (scope.to_owned(), scope.to_owned()), |known| (known.scope.name.clone(), known.alias.clone()))
}

/// A state in words, with its version.
fn state_of(w: &Words, state: State, version: &str) -> String {
    let word = w.t(crate::pages::state_key(state));
    if version.is_empty() { word } else { format!("{word} {version}") }
}

fn date_of(w: &Words, day: &str) -> String {
    day.parse::<Date>().map_or_else(|_| day.to_owned(), |date| w.date(date))
}
