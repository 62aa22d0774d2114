//! What is told by mail, and to whom. One job goes through the subscriptions, some hundred at a time, and posts a job for
//! each mail; so neither a report nor a mail server waits for anybody, and a mail server that is away loses nothing. What
//! was mailed is noted, so nothing is mailed twice.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::{Date, Tenant};
use stoa_standards::scope::Validity;
use stoa_store::Tx;
use stoa_store::jobs::{Job, JobError, NewJob, enqueue};

use super::{Board, Certificate, Monitor};
use crate::error::MonitorError;
use crate::model::standing::{CaseState, State};
use crate::store;
use crate::store::change::ChangeId;
use crate::store::subscription::SubscriptionId;

/// The kind of the jobs that send mails.
pub const MAIL_JOB: &str = "monitor.mail";
/// The kind of the jobs that find out who is told.
pub const TELL_JOB: &str = "monitor.tell";
/// Subscriptions that are looked at in one transaction.
const BATCH: u32 = 200;
/// Days before results expire on which they are warned of.
const EXPIRY_DAYS: i64 = 3;
/// Days before a waiver ends on which that is warned of.
const WAIVER_DAYS: i64 = 14;
/// Days before a certificate ends, or a version changes what it counts for, on which that is warned of.
const AHEAD_DAYS: i64 = 30;
/// How long it is remembered that something was told.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);

/// A mail that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(super) subscription: SubscriptionId,
    pub(super) about: About,
}

/// What a mail is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum About {
    /// The address is asked whether it wants this.
    Confirm,
    /// A state or a certificate changed.
    Change(ChangeId),
    /// The week from this Monday on.
    Week(String),
    /// Results expire.
    Expiry { subject: String, scope: String, day: String },
    /// A failure is tolerated no more after a day.
    Waiver { subject: String, scope: String, test_case: String, day: String },
    /// A certificate is valid no more after a day.
    Certificate { number: String, day: String },
    /// A version changes what it counts for.
    Timeline { scope: String, version: String, validity: Validity, day: String },
}

impl About {
    /// What is noted as mailed; nothing for what may come again.
    pub(super) fn noted(&self) -> Option<String> {
        match self {
            Self::Confirm => None,
            Self::Change(id) => Some(format!("change {id}")),
            Self::Week(monday) => Some(format!("week {monday}")),
            Self::Expiry { subject, scope, day } => Some(format!("expiry {day} {scope} {subject}")),
            Self::Waiver { subject, scope, test_case, day } => {
                Some(format!("waiver {day} {scope} {test_case} {subject}"))
            }
            Self::Certificate { number, day } => Some(format!("certificate {day} {number}")),
            Self::Timeline { scope, version, day, .. } => Some(format!("timeline {day} {scope} {version}")),
        }
    }
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Audience {
    /// Whoever follows a subject under a scope.
    Subject { subject: String, scope: String },
    /// Whoever follows anything under a scope.
    Scope(String),
    /// Whoever wants a summary every week, and wanted it before this day.
    Weekly(String),
}

/// Something that is to be told to an audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Telling {
    tenant: String,
    audience: Audience,
    about: About,
    /// The address after which it goes on.
    after: String,
}

impl Monitor {
    /// Posts what is due: summaries on Mondays, and warnings before something changes by itself.
    pub(crate) async fn post_due(&self) -> Result<(), MonitorError> {
        let now = self.store().clock().now();
        let today = now.date();
        for tenant in self.tenants().await? {
            let board = self.board(&tenant).await?;
            let mut due = warnings(&board, today);
            due.extend(ending(&board, &self.certificates(&tenant).await?, today));
            let monday = monday_of(today).to_string();
            due.push((Audience::Weekly(monday.clone()), About::Week(monday)));
            for (audience, about) in due {
                let tenant = tenant.clone();
                // Once a day: whoever asked for it meanwhile is told too.
                let what = format!("{tenant} {today} {}", about.noted().unwrap_or_default());
                let write = async move |tx: &mut Tx<'_>| -> Result<(), MonitorError> {
                    if store::subscription::note_told(tx, &what).await? {
                        tell(tx, &tenant, audience.clone(), about.clone()).await?;
                    }
                    Ok(())
                };
                self.store().write(write).await?;
            }
        }
        let before = now.minus(REMEMBERED);
        let forget = async move |tx: &mut Tx<'_>| -> Result<(), MonitorError> {
            Ok(store::subscription::forget_told(tx, before).await?)
        };
        self.store().write(forget).await?;
        self.forget_unconfirmed().await
    }

    /// Posts the mails to some of an audience, and itself again for the others.
    pub(crate) async fn post_some(&self, job: &Job) -> Result<(), JobError> {
        let telling: Telling = job.payload()?;
        let done = job.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), MonitorError> {
            let tenant = Tenant::new(telling.tenant.clone()).unwrap_or_default();
            let rows = store::subscription::told(tx, &tenant, &telling.audience, (&telling.after, BATCH)).await?;
            let is_last = rows.len() < BATCH as usize;
            let mut after = telling.after.clone();
            for row in rows {
                // One mail for an address, however it asked.
                if row.email != after {
                    post_once(tx, row.id, telling.about.clone()).await?;
                    after = row.email;
                }
            }
            done.finish(tx).await?;
            if !is_last {
                let next = json!(Telling { after, ..telling.clone() });
                enqueue(tx, NewJob::new(TELL_JOB, &next)).await?;
            }
            Ok(())
        };
        self.store().write(write).await.map_err(|error: MonitorError| JobError::later(error.to_string()))
    }
}

/// What is to be warned of today.
fn warnings(board: &Board, today: Date) -> Vec<(Audience, About)> {
    let mut due = Vec::new();
    for (subject, scope, entry) in board.entries() {
        let Some(known) = board.scopes.by_uuid(scope).filter(|_| entry.standing.state == State::Pass) else { continue };
        let (subject, scope) = (subject.to_owned(), known.alias.clone());
        let audience = Audience::Subject { subject: subject.clone(), scope: scope.clone() };
        // What is tested every day expires the day after next, and nobody has to be told: the test is late only when
        // half of that time is over.
        let is_near = |checked: Date, day: Date| {
            (0..=EXPIRY_DAYS).contains(&day.days_since(today))
                && today.days_since(checked) * 2 >= day.days_since(checked)
        };
        if let Some((_, day)) = entry.standing.first_to_expire().filter(|(checked, day)| is_near(*checked, *day)) {
            let about = About::Expiry { subject: subject.clone(), scope: scope.clone(), day: day.to_string() };
            due.push((audience.clone(), about));
        }
        for waived in &entry.waived {
            let is_needed =
                entry.standing.cases.get(&waived.test_case).map(|case| case.state) == Some(CaseState::Waived);
            if is_needed && (0..=WAIVER_DAYS).contains(&waived.ends_on.days_since(today)) {
                let (test_case, day) = (waived.test_case.clone(), waived.ends_on.to_string());
                let about = About::Waiver { subject: subject.clone(), scope: scope.clone(), test_case, day };
                due.push((audience.clone(), about));
            }
        }
    }
    for known in board.scopes.iter() {
        let timeline = &known.scope.timeline;
        let mut before = today;
        while let Some(day) = timeline.next_change(before).filter(|day| day.days_since(today) <= AHEAD_DAYS) {
            for version in &known.scope.versions {
                let (was, becomes) = (timeline.validity(&version.name, before), timeline.validity(&version.name, day));
                if was.is_certifiable() && was != becomes {
                    let about = About::Timeline {
                        scope: known.alias.clone(),
                        version: version.name.clone(),
                        validity: becomes,
                        day: day.to_string(),
                    };
                    // What happens to a version is of interest to whoever follows any subject under its scope.
                    due.push((Audience::Scope(known.alias.clone()), about));
                }
            }
            before = day;
        }
    }
    due
}

/// Which certificates end soon, those aside that have a next one already.
fn ending(board: &Board, certificates: &[Certificate], today: Date) -> Vec<(Audience, About)> {
    let ends_soon = |certificate: &&Certificate| {
        let ends_on = certificate.ends_on.parse::<Date>();
        certificate.state == "valid" && ends_on.is_ok_and(|day| (0..=AHEAD_DAYS).contains(&day.days_since(today)))
    };
    let has_next = |certificate: &&Certificate| {
        certificates.iter().any(|next| {
            (&next.subject, &next.scope, &next.version, next.state.as_str())
                == (&certificate.subject, &certificate.scope, &certificate.version, "valid")
                && next.ends_on > certificate.ends_on
        })
    };
    let ending = certificates.iter().filter(ends_soon).filter(|certificate| !has_next(certificate));
    ending
        .filter_map(|certificate| {
            let scope = board.scopes.find(&certificate.scope)?.alias.clone();
            let about = About::Certificate { number: certificate.number.clone(), day: certificate.ends_on.clone() };
            Some((Audience::Subject { subject: certificate.subject.clone(), scope }, about))
        })
        .collect()
}

/// Posts something to whoever is to be told of it.
pub(super) async fn tell(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    audience: Audience,
    about: About,
) -> Result<(), MonitorError> {
    let telling = json!(Telling { tenant: tenant.to_string(), audience, about, after: String::new() });
    enqueue(tx, NewJob::new(TELL_JOB, &telling)).await?;
    Ok(())
}

/// Posts a mail.
pub(super) async fn post(tx: &mut Tx<'_>, subscription: SubscriptionId, about: About) -> Result<(), MonitorError> {
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

/// The Monday of a day's week.
fn monday_of(date: Date) -> Date {
    date.plus_days(-date.days_after_monday())
}
