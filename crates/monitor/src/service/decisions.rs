//! What people decide: waivers, what programs cannot find out, and approvals of single results.

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::{Date, Instant, Tenant};
use stoa_standards::scope::Automation;
use stoa_standards::verdict::Verdict;
use stoa_store::Tx;
use uuid::Uuid;

use super::accounts::note;
use super::{By, Monitor};
use crate::error::MonitorError;
use crate::model::history::Piece;
use crate::model::results::Source;
use crate::model::scopes::Known;
use crate::store;
use crate::store::decision::{DecisionId, ManualRow, WaiverRow};

/// Characters of a reason or of evidence in words at most.
const WORDS_CHARS_MAX: usize = 4_000;
/// Days that a waiver can hold at most.
const WAIVER_DAYS_MAX: i64 = 366;
/// Manual results that are listed.
const LISTED_MAX: u32 = 500;

/// A failure that is to be tolerated.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWaiver {
    /// The subject.
    pub subject: String,
    /// The scope, by its id or short name.
    pub scope: String,
    /// The test case.
    pub test_case: String,
    /// Why it is tolerated; everybody can read it.
    pub reason: String,
    /// The last day on which it is, in UTC.
    #[schema(value_type = String)]
    pub ends_on: Date,
}

/// A failure that is tolerated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiver {
    /// Its id.
    #[schema(value_type = String)]
    pub id: DecisionId,
    /// The subject.
    pub subject: String,
    /// The scope's id.
    pub scope: String,
    /// The test case.
    pub test_case: String,
    /// Why it is tolerated.
    pub reason: String,
    /// The last day on which it is.
    pub ends_on: String,
    /// Who granted it; empty for whoever may not see accounts.
    pub granted_by: String,
    /// When.
    #[schema(value_type = String)]
    pub granted_at: Instant,
}

/// What a person found out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewManual {
    /// The subject.
    pub subject: String,
    /// The scope, by its id or short name.
    pub scope: String,
    /// The test case.
    pub test_case: String,
    /// 1 passed, -1 failed, 0 could not be found out.
    pub result: i64,
    /// What was looked at, and where it can be seen; everybody can read it.
    pub evidence: String,
}

/// What a person found out, and what a second one decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manual {
    /// Its id.
    #[schema(value_type = String)]
    pub id: DecisionId,
    /// The subject.
    pub subject: String,
    /// The scope's id.
    pub scope: String,
    /// The test case.
    pub test_case: String,
    /// 1 passed, -1 failed, 0 could not be found out.
    pub result: i64,
    /// What was looked at.
    pub evidence: String,
    /// When.
    #[schema(value_type = String)]
    pub checked_at: Instant,
    /// Who looked.
    pub recorded_by: String,
    /// `proposed`, `approved` or `rejected`.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<String>,
}

/// What an approver says about a single result, as the published monitor takes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Approval {
    /// The report.
    pub reportuuid: Uuid,
    /// The scope.
    pub scopeuuid: String,
    /// The version.
    pub version: String,
    /// The test case.
    pub check: String,
    /// Whether the result is approved. The published tool writes 0 and 1.
    #[serde(deserialize_with = "truth")]
    pub approval: bool,
}

fn truth<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Truth {
        Word(bool),
        Number(i64),
    }
    Ok(match Truth::deserialize(deserializer)? {
        Truth::Word(word) => word,
        Truth::Number(number) => number != 0,
    })
}

/// What people decided about a test case of a subject, for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The test case.
    pub test_case: String,
    /// What was looked at, or why the failure is tolerated.
    pub words: String,
    /// Until which day it is tolerated; nothing where it was looked at.
    pub until: Option<String>,
}

impl Monitor {
    /// What people decided about a subject that holds today: results that count, and waivers that did not end.
    pub async fn said_by_people(&self, tenant: &Tenant, subject: &str, scope: Uuid) -> Result<Vec<Said>, MonitorError> {
        let board = self.board(tenant).await?;
        let Some(entry) = board.entry(subject, scope) else { return Ok(Vec::new()) };
        let is_by_hand = entry.results.iter().any(|(_, latest)| latest.source == Source::Manual);
        if !is_by_hand && entry.waived.is_empty() {
            return Ok(Vec::new());
        }
        let evidence: Vec<Uuid> = entry.results.iter().map(|(_, latest)| latest.evidence).collect();
        let (tenant, subject, today) = (tenant.clone(), subject.to_owned(), board.date.to_string());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let manual = store::decision::approved(tx, &tenant, &subject, scope).await?;
            let counts = |row: &ManualRow| evidence.contains(&Uuid::from_bytes(*row.id.as_bytes()));
            let mut said: Vec<Said> = manual
                .into_iter()
                .filter(counts)
                .map(|row| Said { test_case: row.test_case, words: row.evidence, until: None })
                .collect();
            for row in store::decision::waivers_of(tx, &tenant, &subject, scope).await? {
                if row.ends_on >= today {
                    said.push(Said { test_case: row.test_case, words: row.reason, until: Some(row.ends_on) });
                }
            }
            Ok(said)
        };
        self.store().read(read).await
    }

    /// The waivers that were not withdrawn.
    pub async fn waivers(&self, by: &By) -> Result<Vec<Waiver>, MonitorError> {
        let tenant = by.tenant().clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let rows = store::decision::waivers(tx, &tenant).await?;
            Ok(rows.into_iter().map(waiver).collect())
        };
        self.store().read(read).await
    }

    /// Tolerates a failure until a day.
    pub async fn waive(&self, by: &By, new: NewWaiver) -> Result<Waiver, MonitorError> {
        words("/reason", &new.reason)?;
        if by.account() == Some(new.subject.as_str()) {
            return Err(MonitorError::SamePerson);
        }
        let today = self.store().clock().now().date();
        if new.ends_on < today || new.ends_on.days_since(today) > WAIVER_DAYS_MAX {
            let message = format!("must be a day between today and {WAIVER_DAYS_MAX} days from now");
            return Err(MonitorError::field("/endsOn", "range", message));
        }
        let known = self.case(by, &new.subject, &new.scope, &new.test_case).await?;
        let (this, asked, by) = (self.clone(), by, by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = WaiverRow {
                id: tx.new_id(),
                subject: new.subject.clone(),
                scope: known.scope.uuid.to_string(),
                test_case: new.test_case.clone(),
                reason: new.reason.trim().to_owned(),
                ends_on: new.ends_on.to_string(),
                granted_by: by.actor.id.clone(),
                granted_at: tx.now(),
                withdrawn_at: None,
            };
            let held = store::decision::waivers_of(tx, by.tenant(), &row.subject, known.scope.uuid).await?;
            let today = today.to_string();
            if let Some(same) = held.iter().find(|same| same.test_case == row.test_case && same.ends_on >= today) {
                let message = format!("is waived until {} already; withdraw that first", same.ends_on);
                return Err(MonitorError::field("/testCase", "unique", message));
            }
            store::decision::insert_waiver(tx, by.tenant(), &row).await?;
            let detail = json!({"subject": row.subject, "scope": known.alias, "testCase": row.test_case,
                "reason": row.reason, "endsOn": row.ends_on});
            note(tx, &by, "monitor.waiver.grant", &row.id.to_string(), detail).await?;
            this.tell_decision(tx, &by, &row.subject, &known).await?;
            Ok(waiver(row))
        };
        let granted = self.write_once(asked, "waiver.grant", write).await?;
        self.changed(asked.tenant());
        Ok(granted)
    }

    /// Tolerates it no more.
    pub async fn withdraw_waiver(&self, by: &By, id: DecisionId) -> Result<(), MonitorError> {
        let (this, by) = (self.clone(), by.clone());
        let tenant = by.tenant().clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let found = store::decision::withdraw_waiver(tx, by.tenant(), id, &by.actor.id).await?;
            let (subject, scope) = found.ok_or(MonitorError::DecisionNotFound)?;
            let detail = json!({"subject": subject, "scope": scope});
            note(tx, &by, "monitor.waiver.withdraw", &id.to_string(), detail).await?;
            let scopes = super::board::scopes(tx, by.tenant()).await?;
            match scopes.find(&scope) {
                Some(known) => this.tell_decision(tx, &by, &subject, known).await,
                None => Ok(()),
            }
        };
        self.store().write(write).await?;
        self.changed(&tenant);
        Ok(())
    }

    /// What people found out, newest first.
    pub async fn manual_results(&self, by: &By) -> Result<Vec<Manual>, MonitorError> {
        let tenant = by.tenant().clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let rows = store::decision::manual(tx, &tenant, LISTED_MAX).await?;
            Ok(rows.into_iter().map(manual).collect())
        };
        self.store().read(read).await
    }

    /// Records what a person found out. It counts once a second person approved it.
    pub async fn propose(&self, by: &By, new: NewManual) -> Result<Manual, MonitorError> {
        words("/evidence", &new.evidence)?;
        if Verdict::of_number(new.result).is_none() {
            return Err(MonitorError::field("/result", "enum", "must be 1, 0 or -1"));
        }
        let known = self.case(by, &new.subject, &new.scope, &new.test_case).await?;
        let is_automated =
            known.scope.test_case(&new.test_case).is_some_and(|case| case.automation == Automation::Automated);
        let board = self.board(by.tenant()).await?;
        let latest = board.entry(&new.subject, known.scope.uuid).and_then(|entry| entry.results.get(&new.test_case));
        if is_automated && new.result == 1 && latest.is_some_and(|latest| latest.verdict == Verdict::Fail) {
            let message = "was found to fail by a program; have it mended and tested again, or ask for a waiver";
            return Err(MonitorError::field("/testCase", "automated", message));
        }
        let (asked, by) = (by, by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let now = tx.now();
            let row = ManualRow {
                id: tx.new_id(),
                subject: new.subject.clone(),
                scope: known.scope.uuid.to_string(),
                test_case: new.test_case.clone(),
                result: new.result,
                checked_at: now,
                evidence: new.evidence.trim().to_owned(),
                recorded_by: by.actor.id.clone(),
                recorded_at: now,
                state: "proposed".to_owned(),
                decided_by: None,
                decided_at: None,
            };
            if store::decision::is_proposed(tx, by.tenant(), &row).await? {
                let message = "has a result already that waits for a second person; decide about that first";
                return Err(MonitorError::field("/testCase", "unique", message));
            }
            store::decision::insert_manual(tx, by.tenant(), &row).await?;
            let detail = json!({"subject": row.subject, "scope": known.alias, "testCase": row.test_case,
                "result": row.result});
            note(tx, &by, "monitor.result.propose", &row.id.to_string(), detail).await?;
            Ok(manual(row))
        };
        self.write_once(asked, "result.propose", write).await
    }

    /// Decides about what another person found out.
    pub async fn decide(&self, by: &By, id: DecisionId, is_approved: bool) -> Result<Manual, MonitorError> {
        let (this, asked, by) = (self.clone(), by, by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let found = store::decision::find_manual(tx, by.tenant(), id).await?;
            let row = found.filter(|row| row.state == "proposed").ok_or(MonitorError::DecisionNotFound)?;
            // Nobody decides about oneself either.
            if row.recorded_by == by.actor.id || by.account() == Some(row.subject.as_str()) {
                return Err(MonitorError::SamePerson);
            }
            let state = if is_approved { "approved" } else { "rejected" };
            if !store::decision::decide_manual(tx, by.tenant(), id, state, &by.actor.id).await? {
                return Err(MonitorError::DecisionNotFound);
            }
            let detail = json!({"subject": row.subject, "testCase": row.test_case, "state": state});
            note(tx, &by, "monitor.result.decide", &id.to_string(), detail).await?;
            let scopes = super::board::scopes(tx, by.tenant()).await?;
            if let (true, Some(verdict), Some(known)) =
                (is_approved, Verdict::of_number(row.result), scopes.find(&row.scope))
            {
                let piece = Piece {
                    id: Uuid::from_bytes(*id.as_bytes()),
                    checked_at: row.checked_at,
                    counts_from: tx.now(),
                    source: Source::Manual,
                    verdicts: [(row.test_case.clone(), verdict)].into(),
                };
                this.add(tx, &by, &row.subject, &piece, known).await?;
            }
            let decided_by = Some(by.actor.id.clone());
            Ok(manual(ManualRow { state: state.to_owned(), decided_by, ..row }))
        };
        let decided = self.write_once(asked, &format!("result.decide/{id}"), write).await?;
        self.changed(asked.tenant());
        Ok(decided)
    }

    /// Takes what an approver says about single results; all of it, or nothing.
    pub async fn approve(&self, by: &By, approvals: Vec<Approval>) -> Result<(), MonitorError> {
        let by = by.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            for (place, approval) in approvals.iter().enumerate() {
                let row = store::report::find(tx, by.tenant(), approval.reportuuid).await?;
                let row = row.ok_or_else(|| MonitorError::ReportNotFound(approval.reportuuid.to_string()))?;
                let verdicts = crate::model::results::verdicts_of_json(&row.results).unwrap_or_default();
                if row.scope.to_string() != approval.scopeuuid || !verdicts.contains_key(&approval.check) {
                    let message = "the report has no such result";
                    return Err(MonitorError::field(format!("/{place}"), "unknown", message));
                }
                let (report, version, check) = (approval.reportuuid, &approval.version, &approval.check);
                store::decision::put_approval(tx, report, version, check, approval.approval, &by.actor.id).await?;
                let detail = json!({"version": version, "testCase": check, "approval": approval.approval});
                note(tx, &by, "monitor.result.approve", &report.to_string(), detail).await?;
            }
            Ok(())
        };
        self.store().write(write).await
    }

    /// The scope, once it is sure that subject, scope and test case are known.
    async fn case(&self, by: &By, subject: &str, scope: &str, test_case: &str) -> Result<Known, MonitorError> {
        let board = self.board(by.tenant()).await?;
        if board.subjects(subject).is_none_or(|subjects| subjects != [subject]) {
            return Err(MonitorError::SubjectNotFound(subject.to_owned()));
        }
        let known = board.scopes.find(scope);
        let known = known.ok_or_else(|| MonitorError::field("/scope", "unknown", "is no scope of this monitor"))?;
        if known.scope.test_case(test_case).is_none() {
            return Err(MonitorError::field("/testCase", "unknown", "is no test case of that scope"));
        }
        Ok(known.clone())
    }
}

fn words(pointer: &str, text: &str) -> Result<(), MonitorError> {
    if text.trim().is_empty() {
        return Err(MonitorError::field(pointer, "required", "is required"));
    }
    if text.chars().count() > WORDS_CHARS_MAX {
        return Err(MonitorError::field(pointer, "max", format!("must have at most {WORDS_CHARS_MAX} characters")));
    }
    Ok(())
}

fn waiver(row: WaiverRow) -> Waiver {
    Waiver {
        id: row.id,
        subject: row.subject,
        scope: row.scope,
        test_case: row.test_case,
        reason: row.reason,
        ends_on: row.ends_on,
        granted_by: row.granted_by,
        granted_at: row.granted_at,
    }
}

fn manual(row: ManualRow) -> Manual {
    Manual {
        id: row.id,
        subject: row.subject,
        scope: row.scope,
        test_case: row.test_case,
        result: row.result,
        evidence: row.evidence,
        checked_at: row.checked_at,
        recorded_by: row.recorded_by,
        state: row.state,
        decided_by: row.decided_by,
    }
}
