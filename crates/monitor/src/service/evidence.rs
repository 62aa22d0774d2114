//! Reports as they are read again: what they say, whole or without what is nobody's business, and their signed bytes.

use std::collections::BTreeSet;

use serde::Serialize;
use stoa_core::{Instant, Problem, Tenant};
use stoa_standards::report::{Report, read_json, read_yaml};
use stoa_store::{StoreError, Tx};
use stoa_web::Right as _;
use uuid::Uuid;

use super::submit::SHORT_BYTES;
use super::{By, Monitor};
use crate::error::MonitorError;
use crate::model::results::{Source, verdicts_of_json};
use crate::permission::ReportReadAny;
use crate::store;
use crate::store::report::ReportRow;

/// What is known of a report without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportInfo {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// What it is about.
    pub subject: String,
    /// The scope that was tested against.
    #[schema(value_type = String)]
    pub scope: Uuid,
    /// When the tests ran.
    #[schema(value_type = String)]
    pub checked_at: Instant,
    /// When it was handed in.
    #[schema(value_type = String)]
    pub received_at: Instant,
    /// Who handed it in.
    pub submitter: String,
    /// How its results came about.
    #[schema(value_type = String)]
    pub source: Source,
    /// When its text was removed; its results stay.
    #[schema(value_type = Option<String>)]
    pub text_removed_at: Option<Instant>,
}

impl From<&ReportRow> for ReportInfo {
    fn from(row: &ReportRow) -> Self {
        Self {
            id: row.id,
            subject: row.subject.clone(),
            scope: row.scope,
            checked_at: row.checked_at,
            received_at: row.received_at,
            submitter: row.submitter.clone(),
            source: row.source,
            text_removed_at: row.pruned_at,
        }
    }
}

/// A report with the proof of where it comes from.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The report.
    pub report: Report,
    /// Where it comes from.
    pub signed: Signed,
}

/// The proof of where a report comes from, byte for byte.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What is known of the report without reading it.
    pub info: ReportInfo,
    /// All that the signed bytes are about.
    pub subjects: BTreeSet<String>,
    /// The signed bytes: all that stood behind the signature.
    pub body: String,
    /// The content type of the signed bytes.
    pub content_type: String,
    /// The signature in armor.
    pub signature: String,
    /// The key that made it, as a line of `authorized_keys` has it.
    pub public_key: String,
}

/// A single result of a report, as the published monitor lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SingleResult {
    /// The report.
    pub reportuuid: Uuid,
    /// What it is about.
    pub subject: String,
    /// When the tests ran.
    pub checked_at: Instant,
    /// The scope.
    pub scopeuuid: Uuid,
    /// The version; `*` where the result counts for each that asks for the test case.
    pub version: String,
    /// The test case.
    pub check: String,
    /// 1, 0 or -1.
    pub result: i64,
    /// What an approver said; without one, whether it passed.
    pub approval: bool,
}

impl Monitor {
    /// What is known of the reports of a subject, newest first.
    pub async fn reports(
        &self,
        by: &By,
        subject: &str,
        limit: u32,
        skip: u32,
    ) -> Result<Vec<ReportInfo>, MonitorError> {
        let (tenant, subject) = (by.tenant().clone(), subject.to_owned());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let rows = store::report::of_subject(tx, &tenant, &subject, limit, skip).await?;
            Ok(rows.iter().map(ReportInfo::from).collect())
        };
        self.store().read(read).await
    }

    /// The signed bytes of a report, whoever asks: who may have them is the caller's to decide.
    pub async fn signed(&self, tenant: &Tenant, id: Uuid) -> Result<Signed, MonitorError> {
        Ok(self.kept(tenant, id).await?.0)
    }

    /// The signed bytes of a report, and which of the reports in them it is.
    async fn kept(&self, tenant: &Tenant, id: Uuid) -> Result<(Signed, usize), MonitorError> {
        let tenant = tenant.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::report::find(tx, &tenant, id).await?;
            let row = row.ok_or_else(|| MonitorError::ReportNotFound(id.to_string()))?;
            let submission = store::report::submission(tx, id).await?;
            let submission = submission.ok_or_else(|| no_text(&row))?;
            let subjects = store::report::of_body(tx, id).await?;
            Ok((row, submission, subjects.into_iter().map(|other| other.subject).collect()))
        };
        let (row, submission, subjects) = self.store().read(read).await?;
        let signed = Signed {
            info: ReportInfo::from(&row),
            subjects,
            body: String::from_utf8(submission.body).map_err(|_| broken(id))?,
            content_type: submission.content_type,
            signature: submission.signature,
            public_key: submission.public_key,
        };
        Ok((signed, usize::try_from(submission.place).unwrap_or(usize::MAX)))
    }

    /// A report with the proof of where it comes from, whoever asks: what of it is shown is the caller's to decide.
    pub async fn evidence(&self, tenant: &Tenant, id: Uuid) -> Result<Evidence, MonitorError> {
        let (signed, place) = self.kept(tenant, id).await?;
        let is_long = signed.body.len() > SHORT_BYTES;
        let read = move || {
            let reports = match signed.content_type.as_str() {
                "application/json" => read_json(&signed.body).map(|report| vec![report]),
                _ => read_yaml(&signed.body),
            };
            let report = reports.ok()?.into_iter().nth(place)?;
            Some(Evidence { report, signed })
        };
        let evidence = if is_long { tokio::task::spawn_blocking(read).await.ok().flatten() } else { read() };
        Ok(evidence.ok_or_else(|| broken(id))?)
    }

    /// As [`Monitor::evidence`]; nothing where the text is not here, or no more.
    pub async fn evidence_if_any(&self, tenant: &Tenant, id: Uuid) -> Result<Option<Evidence>, MonitorError> {
        match self.evidence(tenant, id).await {
            Ok(evidence) => Ok(Some(evidence)),
            Err(MonitorError::NotSigned(_) | MonitorError::TextRemoved { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is known of a report without reading it.
    pub async fn report_info(&self, tenant: &Tenant, id: Uuid) -> Result<ReportInfo, MonitorError> {
        let tenant = tenant.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::report::find(tx, &tenant, id).await?;
            Ok(ReportInfo::from(&row.ok_or_else(|| MonitorError::ReportNotFound(id.to_string()))?))
        };
        self.store().read(read).await
    }

    /// Refuses whoever may not have the signed bytes of reports about a subject.
    pub fn may_download(&self, by: &By, subject: &str) -> Result<(), Problem> {
        if self.settings().is_evidence_open { Ok(()) } else { self.may_read(by, subject) }
    }

    /// Refuses whoever may not see the whole reports of a subject.
    pub fn may_read(&self, by: &By, subject: &str) -> Result<(), Problem> {
        if by.account() == Some(subject) { Ok(()) } else { by.actor.require(ReportReadAny::INFO.permission) }
    }

    /// The report of the same subject and scope before one, without its text.
    pub async fn report_before(&self, tenant: &Tenant, id: Uuid) -> Result<Option<ReportInfo>, MonitorError> {
        let tenant = tenant.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::report::find(tx, &tenant, id).await?;
            let row = row.ok_or_else(|| MonitorError::ReportNotFound(id.to_string()))?;
            Ok(store::report::before(tx, &tenant, &row).await?.as_ref().map(ReportInfo::from))
        };
        self.store().read(read).await
    }

    /// The verdicts of a report, by test case.
    pub async fn verdicts(
        &self,
        tenant: &Tenant,
        id: Uuid,
    ) -> Result<std::collections::BTreeMap<String, stoa_standards::verdict::Verdict>, MonitorError> {
        let tenant = tenant.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::report::find(tx, &tenant, id).await?;
            let row = row.ok_or_else(|| MonitorError::ReportNotFound(id.to_string()))?;
            Ok(verdicts_of_json(&row.results).unwrap_or_default())
        };
        self.store().read(read).await
    }

    /// Single results of reports since an instant, newest first; only approved or only not approved ones, if asked for.
    pub async fn results(
        &self,
        by: &By,
        since: Instant,
        approved: Option<bool>,
        limit: usize,
        skip: usize,
    ) -> Result<Vec<SingleResult>, MonitorError> {
        /// Reports that are looked at in all.
        const REPORTS_MAX: u32 = 20_000;
        /// And at once: a page of results is mostly in the first few.
        const BATCH: u32 = 20;
        let tenant = by.tenant().clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let mut results = Vec::new();
            if limit == 0 {
                return Ok(results);
            }
            let mut skipped = 0;
            for looked in (0..REPORTS_MAX).step_by(BATCH as usize) {
                let rows = store::report::since(tx, &tenant, since, BATCH, looked).await?;
                let is_last = rows.len() < BATCH as usize;
                for row in rows {
                    let approvals = store::decision::approvals(tx, row.id).await?;
                    for (check, verdict) in verdicts_of_json(&row.results).unwrap_or_default() {
                        let said = approvals.iter().find(|(_, test_case, _)| *test_case == check);
                        let approval = said.map_or(verdict.number() == 1, |(_, _, approval)| *approval);
                        if approved.is_some_and(|wanted| wanted != approval) {
                            continue;
                        }
                        if skipped < skip {
                            skipped += 1;
                            continue;
                        }
                        results.push(SingleResult {
                            reportuuid: row.id,
                            subject: row.subject.clone(),
                            checked_at: row.checked_at,
                            scopeuuid: row.scope,
                            version: said.map_or_else(|| "*".to_owned(), |(version, _, _)| version.clone()),
                            check,
                            result: verdict.number(),
                            approval,
                        });
                        if results.len() >= limit {
                            return Ok(results);
                        }
                    }
                }
                if is_last {
                    break;
                }
            }
            Ok(results)
        };
        self.store().scan(read).await
    }
}

fn broken(id: Uuid) -> StoreError {
    StoreError::Unavailable { reason: format!("the kept bytes of report {id} cannot be read") }
}

/// Why the text of a report is not here.
pub(super) fn no_text(row: &ReportRow) -> MonitorError {
    let id = row.id.to_string();
    match row.pruned_at {
        Some(at) => MonitorError::TextRemoved { id, on: at.date() },
        None => MonitorError::NotSigned(id),
    }
}
