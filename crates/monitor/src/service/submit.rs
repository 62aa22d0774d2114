//! Evidence in: a signed body, verified, read, weighed, and kept byte for byte.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use stoa_core::{FieldError, Instant};
use stoa_standards::report::{Report, read_json, read_yaml};
use stoa_standards::signature::{self, PublicKey};
use stoa_store::Tx;
use stoa_store::outbox::{self, Event};
use uuid::Uuid;

use super::changes::Cause;
use super::{By, Monitor};
use crate::error::MonitorError;
use crate::model::account::subject_fault;
use crate::model::history::Piece;
use crate::model::results::{Source, verdicts_to_json};
use crate::model::scopes::Known;
use crate::store;
use crate::store::report::{ReportRow, SubmissionRow};
use crate::store::standing::StandingRow;

/// How far a report's clock may be ahead of ours.
pub(super) const AHEAD_MAX: Duration = Duration::from_mins(15);
/// Reports in one body at most.
const REPORTS_MAX: usize = 50;
/// Results of one report at most.
const RESULTS_MAX: usize = 2_000;
/// Characters of a test case's name at most.
const TEST_CASE_CHARS_MAX: usize = 200;
/// Bodies above this are read away from the threads that answer requests.
pub(super) const SHORT_BYTES: usize = 64 * 1024;

/// In which form reports stand behind their signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedAs {
    /// `application/x-signed-yaml`: one report or more.
    Yaml,
    /// `application/x-signed-json`: one report.
    Json,
}

impl SignedAs {
    /// The form that a content type names.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
            "application/x-signed-yaml" => Some(Self::Yaml),
            "application/x-signed-json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The content type of the reports themselves, without their signature.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Yaml => "application/yaml",
            Self::Json => "application/json",
        }
    }

    fn read(self, text: &str) -> Result<Vec<Report>, MonitorError> {
        let read = match self {
            Self::Yaml => read_yaml(text),
            Self::Json => read_json(text).map(|report| vec![report]),
        };
        read.map_err(|error| MonitorError::unreadable(&error))
    }
}

/// Who may sign a body that a caller hands in, by the subject that a report is about.
struct Signers {
    submitter: String,
    /// The keys of the account that hands in; none where the caller is no account of the monitor's.
    own: Option<Vec<PublicKey>>,
}

/// A body that was verified and read.
struct Verified {
    reports: Vec<Report>,
    key: PublicKey,
    signature: String,
    text: String,
}

impl Monitor {
    /// Takes a signed body; the ids of its reports. All of them are taken, or none.
    pub async fn submit(&self, by: &By, form: SignedAs, body: String) -> Result<Vec<Uuid>, MonitorError> {
        let counts = &self.shared.counts;
        let taken = self.submit_uncounted(by, form, body).await;
        match &taken {
            Ok(ids) => counts.taken.fetch_add(ids.len() as u64, Ordering::Relaxed),
            Err(_) => counts.refused.fetch_add(1, Ordering::Relaxed),
        };
        taken
    }

    async fn submit_uncounted(&self, by: &By, form: SignedAs, body: String) -> Result<Vec<Uuid>, MonitorError> {
        let signers = self.signers(by).await?;
        let is_long = body.len() > SHORT_BYTES;
        let own = signers.own.clone();
        let read = move || verified(form, &body, own.as_deref());
        let verified = if is_long {
            let read = tokio::task::spawn_blocking(read).await;
            read.map_err(|_| stoa_store::StoreError::Unavailable { reason: "reading a report panicked".to_owned() })??
        } else {
            read()?
        };
        let now = self.store().clock().now();
        check(&verified.reports, now, self.settings().age_max)?;
        let ids: Vec<Uuid> = verified.reports.iter().map(|report| report.run.uuid).collect();
        let subjects: Vec<String> = verified.reports.iter().map(|report| report.subject.clone()).collect();
        let (this, who) = (self.clone(), by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<Vec<Uuid>, MonitorError> {
            this.take(tx, &who, form, &signers, &verified, now).await?;
            Ok(ids.clone())
        };
        let taken = self.write_once(by, "report.submit", write).await?;
        self.results_changed(by.tenant(), subjects);
        Ok(taken)
    }

    async fn signers(&self, by: &By) -> Result<Signers, MonitorError> {
        let Some(subject) = by.account() else {
            // On public pages: people are not named there.
            return Ok(Signers { submitter: by.info.name(&by.actor), own: None });
        };
        let (tenant, submitter) = (by.tenant().clone(), subject.to_owned());
        let subject = submitter.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::account::find(tx, &tenant, &subject).await?;
            let row = row.ok_or_else(|| MonitorError::SubjectNotFound(subject.clone()))?;
            keys_of(tx, row.id).await
        };
        let own = self.store().read(read).await?;
        Ok(Signers { submitter, own: Some(own) })
    }

    async fn take(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        form: SignedAs,
        signers: &Signers,
        verified: &Verified,
        now: Instant,
    ) -> Result<(), MonitorError> {
        let tenant = by.tenant();
        let scopes = super::board::scopes(tx, tenant).await?;
        let submission = tx.new_id::<store::decision::DecisionKind>();
        let submission = Uuid::from_bytes(*submission.as_bytes());
        let row = SubmissionRow {
            content_type: form.content_type().to_owned(),
            body: verified.text.clone().into_bytes(),
            signature: verified.signature.clone(),
            public_key: verified.key.to_string(),
            place: 0,
        };
        store::report::insert_submission(tx, submission, &row).await?;
        for (place, report) in verified.reports.iter().enumerate() {
            let source = source(tx, by, signers, report, &verified.key).await?;
            let unknown = || {
                let uuid = report.scope.uuid;
                MonitorError::Unreadable(vec![FieldError {
                    pointer: pointer_in(&verified.reports, place, "/spec/uuid"),
                    code: "unknown",
                    message: format!("the monitor knows no scope {uuid}"),
                }])
            };
            let known = scopes.by_uuid(report.scope.uuid).ok_or_else(unknown)?;
            let verdicts = report.all_verdicts();
            let row = ReportRow {
                id: report.run.uuid,
                subject: report.subject.clone(),
                scope: report.scope.uuid,
                checked_at: report.checked_at,
                received_at: now,
                submitter: signers.submitter.clone(),
                source,
                results: verdicts_to_json(&verdicts),
                pruned_at: None,
            };
            if !store::report::insert(tx, tenant, &row).await? {
                return Err(MonitorError::Replayed(row.id.to_string()));
            }
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            store::report::tie(tx, row.id, submission, place).await?;
            let piece = Piece { id: row.id, checked_at: row.checked_at, counts_from: row.checked_at, source, verdicts }
                .within(&known.scope);
            let detail = json!({"subject": row.subject, "scope": known.alias, "key": verified.key.fingerprint()});
            super::accounts::note(tx, by, "monitor.report.submit", &row.id.to_string(), detail).await?;
            let event = json!({"report": row.id, "subject": row.subject, "scope": known.alias, "source": source});
            publish(tx, by, "stoa.monitor.report.taken.v1", &format!("reports/{}", row.id), event).await?;
            self.add(tx, by, &row.subject, &piece, known).await?;
        }
        Ok(())
    }

    /// Adds a piece of evidence to the newest results of a subject, and tells when its state changes by it.
    pub(super) async fn add(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        subject: &str,
        piece: &Piece,
        known: &Known,
    ) -> Result<(), MonitorError> {
        let tenant = by.tenant();
        let scope = known.scope.uuid;
        let row = store::standing::find(tx, tenant, subject, scope).await?;
        let mut row = row.unwrap_or_else(|| StandingRow {
            subject: subject.to_owned(),
            scope,
            results: crate::model::results::Results::default(),
            version: 0,
        });
        // A late report changes the past alone; that is a change too.
        piece.add_to(&mut row.results);
        row.version += 1;
        store::standing::put(tx, tenant, &row).await?;
        // What people found out is no report that could be opened.
        let cause = match piece.source {
            Source::Manual => (Cause::Decision, None),
            _ => (Cause::Evidence, Some(piece.id)),
        };
        self.tell(tx, by, subject, known, &row.results, cause).await
    }
}

pub(super) async fn publish(
    tx: &mut Tx<'_>,
    by: &By,
    kind: &str,
    subject: &str,
    data: serde_json::Value,
) -> Result<(), MonitorError> {
    let event = Event::new(tx, kind, "/monitor", by.tenant(), data)
        .subject(subject)
        .actor(by.info.name(&by.actor))
        .correlation(Some(by.info.correlation.as_str()).filter(|text| !text.is_empty()))
        .traceparent(by.info.traceparent.as_deref());
    outbox::publish(tx, &event).await?;
    Ok(())
}

async fn keys_of(tx: &mut Tx<'_>, account: store::account::AccountId) -> Result<Vec<PublicKey>, MonitorError> {
    let keys = store::account::keys(tx, account).await?;
    Ok(keys.into_iter().filter_map(|(_, line)| line.parse().ok()).collect())
}

/// Splits, verifies and reads a body. Where the signer is not known before the report is read, the signature must fit,
/// and whose it is is asked for each report.
fn verified(form: SignedAs, body: &str, own: Option<&[PublicKey]>) -> Result<Verified, MonitorError> {
    let (armor, text) = signature::split(body).map_err(MonitorError::Signature)?;
    let key = match own {
        Some(keys) => signature::verify(armor, text.as_bytes(), keys).map_err(MonitorError::Signature)?.clone(),
        None => signature::verify_any(armor, text.as_bytes()).map_err(MonitorError::Signature)?,
    };
    let reports = form.read(text)?;
    Ok(Verified { reports, key, signature: armor.to_owned(), text: text.to_owned() })
}

/// Whether the submitter may hand in a report, and how the result came about.
async fn source(
    tx: &mut Tx<'_>,
    by: &By,
    signers: &Signers,
    report: &Report,
    key: &PublicKey,
) -> Result<Source, MonitorError> {
    let tenant = by.tenant();
    let refused =
        || MonitorError::NotDelegated { submitter: signers.submitter.clone(), subject: report.subject.clone() };
    // Whether a subject is there is told to no account that may not act for it.
    let missing = || match by.account() {
        Some(_) => refused(),
        None => MonitorError::SubjectNotFound(report.subject.clone()),
    };
    let subject = store::account::find(tx, tenant, &report.subject).await?.ok_or_else(missing)?;
    if let Some(name) = by.account() {
        if name == subject.subject {
            return Ok(Source::Own);
        }
        let account = store::account::find(tx, tenant, name).await?.ok_or_else(refused)?;
        let may = account.roles.has(crate::model::account::AccountRole::AppendAny)
            && store::account::is_delegate(tx, subject.id, account.id).await?;
        return if may { Ok(Source::Delegate) } else { Err(refused()) };
    }
    // A caller that is no account hands in what the subject or one of its delegates has signed.
    let is_it = |known: &PublicKey| known.fingerprint() == key.fingerprint();
    if keys_of(tx, subject.id).await?.iter().any(is_it) {
        return Ok(Source::Own);
    }
    for name in store::account::delegates(tx, subject.id).await? {
        let Some(delegate) = store::account::find(tx, tenant, &name).await? else { continue };
        let may = delegate.roles.has(crate::model::account::AccountRole::AppendAny);
        if may && keys_of(tx, delegate.id).await?.iter().any(is_it) {
            return Ok(Source::Delegate);
        }
    }
    let fingerprint = key.fingerprint();
    Err(MonitorError::Signature(signature::SignatureError::UnknownKey { fingerprint }))
}

/// Where something stands in a body: where there are several reports, below the place of one.
fn pointer_in(reports: &[Report], place: usize, pointer: &str) -> String {
    if reports.len() == 1 { pointer.to_owned() } else { format!("/{place}{pointer}") }
}

/// What can be wrong with reports that are well formed.
fn check(reports: &[Report], now: Instant, age_max: Duration) -> Result<(), MonitorError> {
    let mut errors = Vec::new();
    if reports.len() > REPORTS_MAX {
        let message = format!("one body holds at most {REPORTS_MAX} reports");
        errors.push(FieldError { pointer: String::new(), code: "max", message });
    }
    for (place, report) in reports.iter().enumerate().take(REPORTS_MAX) {
        let mut fault = |pointer: &str, code: &'static str, message: String| {
            errors.push(FieldError { pointer: pointer_in(reports, place, pointer), code, message });
        };
        if let Some(message) = subject_fault(&report.subject) {
            fault("/subject", "format", message);
        }
        if report.run.uuid.is_nil() {
            fault("/run/uuid", "format", "must not be all zeros".to_owned());
        }
        if reports.iter().take(place).any(|other| other.run.uuid == report.run.uuid) {
            fault("/run/uuid", "unique", "another report of the body has it".to_owned());
        }
        if report.checked_at > now.plus(AHEAD_MAX) {
            let message = format!("lies in the future: it is {now} (times without a zone are taken for UTC)");
            fault("/checked_at", "future", message);
        } else if now.since(report.checked_at) > age_max {
            let days = age_max.as_secs() / 86_400;
            fault("/checked_at", "past", format!("is more than {days} days ago; check again and hand in that report"));
        }
        let verdicts = report.all_verdicts();
        if verdicts.is_empty() {
            fault("/run/invocations", "required", "has no result".to_owned());
        }
        if verdicts.len() > RESULTS_MAX {
            fault("/run/invocations", "max", format!("has more than {RESULTS_MAX} results"));
        }
        let is_odd = |id: &&String| id.chars().count() > TEST_CASE_CHARS_MAX || id.chars().any(char::is_control);
        if verdicts.keys().any(|id| is_odd(&id)) {
            let message = format!("a test case has a name of at most {TEST_CASE_CHARS_MAX} plain characters");
            fault("/run/invocations", "format", message);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(MonitorError::Unreadable(errors)) }
}
