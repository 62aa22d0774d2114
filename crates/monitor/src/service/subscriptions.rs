//! Who is told by mail: asked for on a page, confirmed by mail, ended by one click. What is mailed is a job, so a mail
//! server that is away delays it and loses nothing; what was mailed is noted, so nothing is mailed twice.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::{Date, Problem, Tenant};
use stoa_standards::scope::Validity;
use stoa_store::jobs::{JobError, NewJob, enqueue};
use stoa_store::{StoreError, Tx};
use stoa_ui::{Address, Locale, Words};
use stoa_web::mail::{Mail, MailError};

use super::{Monitor, board};
use crate::error::MonitorError;
use crate::model::scopes::Known;
use crate::model::standing::State;
use crate::store;
use crate::store::change::{ChangeId, ChangeRow};
use crate::store::subscription::{SubscriptionId, SubscriptionRow};

/// The kind of the jobs that send mails.
pub const MAIL_JOB: &str = "monitor.mail";
/// Characters of an address at most (RFC 5321).
const EMAIL_CHARS_MAX: usize = 254;
/// How soon the same address is asked again to confirm the same: nobody fills another's box by this form.
const ASKED_AGAIN: Duration = Duration::from_hours(1);
/// And how often one address is asked about different things in that time.
const ASKED_MAX: i64 = 5;
/// How long a subscription waits to be confirmed.
const UNCONFIRMED_KEPT: Duration = Duration::from_hours(72);
/// Days before results expire on which they are warned of.
const EXPIRY_DAYS: i64 = 3;
/// Days before a version changes what it counts for on which that is warned of.
const TIMELINE_DAYS: i64 = 30;

/// What somebody wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewSubscription {
    /// The address.
    pub email: String,
    /// A subject; empty for all.
    pub subject: String,
    /// A scope, by its short name; empty for all.
    pub scope: String,
    /// Whether also a summary comes every week.
    pub weekly: bool,
}

/// A subscription, for whoever holds its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The address.
    pub email: String,
    /// The subject; empty for all.
    pub subject: String,
    /// The scope; empty for all.
    pub scope: String,
    /// Whether also a summary comes every week.
    pub weekly: bool,
    /// Whether the address confirmed it.
    pub is_confirmed: bool,
}

/// A mail that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    subscription: SubscriptionId,
    about: About,
}

/// What a mail is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum About {
    /// The address is asked whether it wants this.
    Confirm,
    /// A state changed.
    Change(ChangeId),
    /// The week from this Monday on.
    Week(String),
    /// Results expire.
    Expiry { subject: String, scope: String, day: String },
    /// A version changes what it counts for.
    Timeline { scope: String, version: String, validity: Validity, day: String },
}

impl About {
    /// What is noted as mailed; nothing for what may come again.
    fn noted(&self) -> Option<String> {
        match self {
            Self::Confirm => None,
            Self::Change(id) => Some(format!("change {id}")),
            Self::Week(monday) => Some(format!("week {monday}")),
            Self::Expiry { subject, scope, day } => Some(format!("expiry {day} {scope} {subject}")),
            Self::Timeline { scope, version, day, .. } => Some(format!("timeline {day} {scope} {version}")),
        }
    }
}

/// Whether a text can be an address of mail; only a mail that arrives proves that it is one.
pub(super) fn is_mail_address(text: &str) -> bool {
    text.chars().count() <= EMAIL_CHARS_MAX
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control() || "<>,;".contains(letter))
}

impl Monitor {
    /// Whether mail can be sent.
    pub fn has_mail(&self) -> bool {
        self.shared.mail.is_some()
    }

    /// Takes a wish to be told, and asks the address to confirm it. The answer is the same whoever is known already.
    pub async fn subscribe(&self, tenant: &Tenant, new: NewSubscription, locale: Locale) -> Result<(), Problem> {
        let email = new.email.trim().to_owned();
        if !is_mail_address(&email) {
            return Err(MonitorError::field("/email", "format", "must be a mail address").into());
        }
        let board = self.board(tenant).await?;
        if !new.subject.is_empty()
            && board.subjects(&new.subject).is_none_or(|subjects| subjects != [new.subject.as_str()])
        {
            return Err(MonitorError::field("/subject", "unknown", "is no subject of this monitor").into());
        }
        if !new.scope.is_empty() && board.scopes.find(&new.scope).is_none() {
            return Err(MonitorError::field("/scope", "unknown", "is no scope of this monitor").into());
        }
        let token = stoa_web::new_secret("")?;
        let tenant = tenant.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), MonitorError> {
            let now = tx.now();
            let same = store::subscription::find_same(tx, &tenant, &email, &new.subject, &new.scope).await?;
            // Whoever types somebody's address changes nothing of what that one confirmed.
            if same.as_ref().is_some_and(|row| row.confirmed_at.is_some()) {
                return Ok(());
            }
            let row = SubscriptionRow {
                id: same.as_ref().map_or_else(|| tx.new_id(), |row| row.id),
                tenant: tenant.as_str().to_owned(),
                email: email.clone(),
                subject: new.subject.clone(),
                scope: new.scope.clone(),
                language: locale.tag().to_owned(),
                token: same.as_ref().map_or_else(|| token.clone(), |row| row.token.clone()),
                weekly: new.weekly,
                created_at: now,
                confirmed_at: None,
            };
            let is_soon = same.is_some_and(|row| now.since(row.created_at) < ASKED_AGAIN);
            let asked = store::subscription::asked(tx, &tenant, &row.email, now.minus(ASKED_AGAIN)).await?;
            if is_soon || asked >= ASKED_MAX {
                return Ok(());
            }
            store::subscription::put(tx, &row).await?;
            post(tx, row.id, About::Confirm).await
        };
        Ok(self.store().write(write).await?)
    }

    /// The subscription with this token.
    pub async fn subscription(&self, token: &str) -> Result<Option<Subscription>, MonitorError> {
        let token = token.to_owned();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            Ok(store::subscription::find_by_token(tx, &token).await?)
        };
        Ok(self.store().read(read).await?.map(|row| Subscription {
            email: row.email,
            subject: row.subject,
            scope: row.scope,
            weekly: row.weekly,
            is_confirmed: row.confirmed_at.is_some(),
        }))
    }

    /// The holder of the token confirms it; false where there is none.
    pub async fn confirm_subscription(&self, token: &str) -> Result<bool, MonitorError> {
        self.with_subscription(token, true).await
    }

    /// The holder of the token ends it; false where there is none.
    pub async fn end_subscription(&self, token: &str) -> Result<bool, MonitorError> {
        self.with_subscription(token, false).await
    }

    async fn with_subscription(&self, token: &str, is_wanted: bool) -> Result<bool, MonitorError> {
        let token = token.to_owned();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let Some(row) = store::subscription::find_by_token(tx, &token).await? else { return Ok(false) };
            if is_wanted {
                store::subscription::confirm(tx, row.id).await?;
            } else {
                store::subscription::remove(tx, row.id).await?;
            }
            Ok(true)
        };
        self.store().write(write).await
    }

    /// Posts the mails about a change.
    pub(super) async fn mail_change(
        &self,
        tx: &mut Tx<'_>,
        tenant: &Tenant,
        known: &Known,
        change: &ChangeRow,
    ) -> Result<(), MonitorError> {
        let mut told = BTreeSet::new();
        for row in store::subscription::of(tx, tenant, &change.subject, &known.alias).await? {
            // One mail for an address, however it asked.
            if told.insert(row.email) {
                post(tx, row.id, About::Change(change.id)).await?;
            }
        }
        Ok(())
    }

    /// Posts what is due: summaries on Mondays, and warnings before something changes by itself.
    pub(crate) async fn post_due(&self) -> Result<(), MonitorError> {
        let now = self.store().clock().now();
        let today = now.date();
        for tenant in self.tenants().await? {
            let board = self.board(&tenant).await?;
            let mut letters: Vec<(String, String, About)> = Vec::new();
            for (subject, scope, entry) in board.entries() {
                let Some(known) = board.scopes.by_uuid(scope) else { continue };
                let ends = entry.standing.first_to_expire().filter(|_| entry.standing.state == State::Pass);
                // What is tested every day expires the day after next, and nobody has to be told: the test is late only
                // when half of that time is over.
                let is_near = |checked: Date, day: Date| {
                    (0..=EXPIRY_DAYS).contains(&day.days_since(today))
                        && today.days_since(checked) * 2 >= day.days_since(checked)
                };
                if let Some((_, day)) = ends.filter(|(checked, day)| is_near(*checked, *day)) {
                    let (subject, scope) = (subject.to_owned(), known.alias.clone());
                    let about = About::Expiry { subject: subject.clone(), scope: scope.clone(), day: day.to_string() };
                    letters.push((subject, scope, about));
                }
            }
            for known in board.scopes.iter() {
                let scope = &known.scope;
                let next = scope.timeline.next_change(today);
                let Some(day) = next.filter(|day| day.days_since(today) <= TIMELINE_DAYS) else { continue };
                for version in &scope.versions {
                    let (before, after) =
                        (scope.timeline.validity(&version.name, today), scope.timeline.validity(&version.name, day));
                    if before.is_certifiable() && before != after {
                        let about = About::Timeline {
                            scope: known.alias.clone(),
                            version: version.name.clone(),
                            validity: after,
                            day: day.to_string(),
                        };
                        letters.push((String::new(), known.alias.clone(), about));
                    }
                }
            }
            for (subject, scope, about) in letters {
                let tenant = tenant.clone();
                // One by one: many of them at once are too much for a transaction.
                let write = async move |tx: &mut Tx<'_>| -> Result<(), MonitorError> {
                    // What happens to a version is of interest to whoever follows any subject under its scope.
                    let rows = match about {
                        About::Timeline { .. } => store::subscription::of_scope(tx, &tenant, &scope).await?,
                        _ => store::subscription::of(tx, &tenant, &subject, &scope).await?,
                    };
                    let mut told = BTreeSet::new();
                    for row in rows {
                        if told.insert(row.email) {
                            post_once(tx, row.id, about.clone()).await?;
                        }
                    }
                    Ok(())
                };
                self.store().write(write).await?;
            }
        }
        let monday = monday_of(today).to_string();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), MonitorError> {
            for row in store::subscription::weekly(tx).await? {
                // Whoever came in this week has not missed it.
                if row.confirmed_at.is_some_and(|at| at < monday_of(today).start()) {
                    post_once(tx, row.id, About::Week(monday.clone())).await?;
                }
            }
            store::subscription::forget_unconfirmed(tx, now.minus(UNCONFIRMED_KEPT)).await?;
            Ok(())
        };
        self.store().write(write).await
    }

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
                let Some(change) = self.store().read(read).await? else { return Ok(None) };
                let known = board.scopes.find(&change.scope);
                let (name, alias) = known.map_or_else(
                    || (change.scope.clone(), change.scope.clone()),
                    |known| (known.scope.name.clone(), known.alias.clone()),
                );
                let words = [
                    ("subject", board.title(&change.subject).into()),
                    ("scope", name.into()),
                    ("before", state_of(&w, change.before.state, &change.before.version).into()),
                    ("after", state_of(&w, change.after.state, &change.after.version).into()),
                ];
                let text = w.with("monitor-mail-change-text", &words);
                (w.with("monitor-mail-change", &words), format!("{text}\n\n{}", detail(&change.subject, &alias)))
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
        board: &board::Board,
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
                let (before, after) =
                    (state_of(w, change.before, &change.before_version), state_of(w, change.after, &change.version));
                let day = w.date(change.at.date());
                let (title, name) = (board.title(&change.subject), &known.scope.name);
                lines.push(format!("- {day}: {title}, {name}: {before} → {after}"));
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

/// Posts a mail.
async fn post(tx: &mut Tx<'_>, subscription: SubscriptionId, about: About) -> Result<(), MonitorError> {
    let letter = json!(Letter { subscription, about });
    enqueue(tx, NewJob::new(MAIL_JOB, &letter)).await?;
    Ok(())
}

/// Posts a mail unless it was mailed or waits to be.
async fn post_once(tx: &mut Tx<'_>, subscription: SubscriptionId, about: About) -> Result<(), MonitorError> {
    let what = about.noted().unwrap_or_default();
    if store::subscription::was_mailed(tx, subscription, &what).await? {
        return Ok(());
    }
    let (letter, key) = (json!(Letter { subscription, about }), format!("{subscription} {what}"));
    enqueue(tx, NewJob::new(MAIL_JOB, &letter).key(&key)).await?;
    Ok(())
}

/// A state in words, with its version.
fn state_of(w: &Words, state: State, version: &str) -> String {
    let word = w.t(crate::pages::state_key(state));
    if version.is_empty() { word } else { format!("{word} {version}") }
}

fn date_of(w: &Words, day: &str) -> String {
    day.parse::<Date>().map_or_else(|_| day.to_owned(), |date| w.date(date))
}

/// The Monday of a day's week.
fn monday_of(date: Date) -> Date {
    date.plus_days(-date.days_after_monday())
}
