//! The history of a published monitor: its accounts, reports and results (its schema v4), read from its database and
//! written here. What is there already stays, so it can be done again, and goes on where it was cut off.

use std::collections::{BTreeMap, BTreeSet};

use stoa_core::Instant;
use stoa_standards::report::read_json;
use stoa_standards::verdict::Verdict;
use stoa_store::{Foreign, StoreError, Tx};
use uuid::Uuid;

use super::history::pieces;
use super::submit::AHEAD_MAX;
use super::{By, Monitor, board};
use crate::error::MonitorError;
use crate::model::account::{AccountRoles, subject_fault};
use crate::model::bootstrap::Bootstrapped;
use crate::model::results::{Results, Source, verdicts_to_json};
use crate::store;
use crate::store::decision::DecisionKind;
use crate::store::report::{ReportRow, SubmissionRow};
use crate::store::standing::StandingRow;

/// The schema that is understood.
const SCHEMA: &str = "v4";
/// Reports that are read and written at once.
const BATCH: usize = 200;

/// What a migration did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Accounts that were not here; those that were stay as they are.
    pub accounts: usize,
    /// Reports that were written now.
    pub reports: usize,
    /// Reports that were there already.
    pub known: usize,
    /// Reports that were left out: nothing in them can be used.
    pub left_out: usize,
    /// Why the first few were left out.
    pub reasons: Vec<String>,
}

/// Reasons that are told one by one.
const REASONS_MAX: usize = 20;

/// Why a migration ended.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It is not the database of a published monitor, or of another version of one.
    #[error("this is not the database of a published monitor of schema {SCHEMA}: {0}")]
    Schema(String),
    /// The other database failed.
    #[error("the other database: {0}")]
    Foreign(StoreError),
    /// This one failed.
    #[error(transparent)]
    Own(#[from] MonitorError),
}

/// A row of the other database.
type Cells = Vec<Option<String>>;

fn cell(row: &Cells, at: usize) -> String {
    row.get(at).cloned().flatten().unwrap_or_default()
}

/// A migration on its way: batch after batch, so that whoever runs it can tell how far it is.
pub struct Migration {
    monitor: Monitor,
    by: By,
    other: Foreign,
    done: Migrated,
    last: i64,
    subjects: BTreeSet<(String, Uuid)>,
}

impl Migration {
    async fn ask(&self, sql: &str) -> Result<Vec<Cells>, MigrateError> {
        self.other.rows(sql).await.map_err(MigrateError::Foreign)
    }

    /// What was done so far.
    pub const fn done(&self) -> &Migrated {
        &self.done
    }

    /// Takes the next reports over; false when there are no more.
    pub async fn step(&mut self) -> Result<bool, MigrateError> {
        let last = self.last;
        let reports = self
            .ask(&format!(
                "SELECT reportid, reportuuid, (extract(epoch FROM checked_at) * 1000000)::bigint, subject, data \
                 FROM report WHERE reportid > {last} ORDER BY reportid LIMIT {BATCH}"
            ))
            .await?;
        let Some(end) = reports.last().and_then(|row| cell(row, 0).parse::<i64>().ok()) else { return Ok(false) };
        let results = self
            .ask(&format!(
                "SELECT reportid, scopeuuid, version, testcase, result, approval FROM result2 \
                 WHERE reportid > {last} AND reportid <= {end} ORDER BY resultid"
            ))
            .await?;
        self.last = end;
        let latest = self.monitor.store().clock().now().plus(AHEAD_MAX);
        let moved = moved(&reports, &results, latest, &mut self.done);
        for report in &moved {
            self.subjects.insert((report.row.subject.clone(), report.row.scope));
        }
        let (new, known) = self.monitor.take_moved(&self.by, moved).await?;
        self.done.reports += new;
        self.done.known += known;
        Ok(true)
    }

    /// Works out the states that all that adds up to.
    pub async fn finish(self) -> Result<Migrated, MigrateError> {
        for (subject, scope) in &self.subjects {
            self.monitor.rebuild(&self.by, subject, *scope).await?;
        }
        Ok(self.done)
    }
}

impl Monitor {
    /// Takes a published monitor's accounts over, and begins with its reports.
    pub async fn migrate(&self, by: &By, other: Foreign) -> Result<Migration, MigrateError> {
        let version = other.rows("SELECT value FROM meta WHERE key = 'version'").await;
        let version = version.map_err(|error| MigrateError::Schema(error.to_string()))?;
        let version = version.first().map(|row| cell(row, 0)).unwrap_or_default();
        if version != SCHEMA {
            return Err(MigrateError::Schema(format!("its version is `{version}`")));
        }
        let (monitor, by) = (self.clone(), by.clone());
        let mut migration =
            Migration { monitor, by, other, done: Migrated::default(), last: 0, subjects: BTreeSet::new() };
        let accounts = accounts(
            &migration.ask("SELECT accountid, subject, roles, \"group\" FROM account ORDER BY accountid").await?,
            &migration.ask("SELECT accountid, apikeyhash FROM apikey").await?,
            &migration.ask("SELECT accountid, keytype, key, keyname FROM publickey ORDER BY keyid").await?,
            &migration.ask("SELECT accountid, delegateid FROM delegation").await?,
        );
        migration.done.accounts = self.import_new(&migration.by, accounts).await?.added;
        Ok(migration)
    }

    /// Writes reports of another monitor; how many were new, and how many were there.
    async fn take_moved(&self, by: &By, moved: Vec<Moved>) -> Result<(usize, usize), MonitorError> {
        let by = by.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let (mut new, mut known) = (0, 0);
            for report in &moved {
                let now = tx.now();
                let row = ReportRow { received_at: now, ..report.row.clone() };
                if !store::report::insert(tx, by.tenant(), &row).await? {
                    known += 1;
                    continue;
                }
                new += 1;
                if let Some(body) = &report.body {
                    let id = Uuid::from_bytes(*tx.new_id::<DecisionKind>().as_bytes());
                    let submission = SubmissionRow {
                        content_type: "application/json".to_owned(),
                        body: body.clone().into_bytes(),
                        signature: String::new(),
                        public_key: String::new(),
                        place: 0,
                    };
                    store::report::insert_submission(tx, id, &submission).await?;
                    store::report::tie(tx, row.id, id, 0).await?;
                }
                for (version, test_case, approval) in &report.approvals {
                    store::decision::put_approval(tx, row.id, version, test_case, *approval, &by.actor.id).await?;
                }
            }
            if new > 0 {
                let detail = serde_json::json!({"reports": new});
                super::accounts::note(tx, &by, "monitor.report.migrate", "migrated", detail).await?;
            }
            Ok((new, known))
        };
        self.store().write(write).await
    }

    /// Makes the newest results of a subject anew from all of its evidence.
    pub async fn rebuild(&self, by: &By, subject: &str, scope: Uuid) -> Result<(), MonitorError> {
        let (this, by, subject) = (self.clone(), by.clone(), subject.to_owned());
        let tenant = by.tenant().clone();
        let of = (tenant.clone(), subject.clone());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let mut results = Results::default();
            let scopes = board::scopes(tx, &of.0).await?;
            for piece in pieces(tx, &of.0, &of.1, scope, Instant::EPOCH).await? {
                let piece = match scopes.by_uuid(scope) {
                    Some(known) => piece.within(&known.scope),
                    None => piece,
                };
                piece.add_to(&mut results);
            }
            Ok(results)
        };
        // Read apart: it may be years.
        let results = self.store().scan(read).await?;
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::standing::find(tx, by.tenant(), &subject, scope).await?;
            let version = row.as_ref().map_or(0, |row| row.version) + 1;
            // What came in meanwhile is in the row, and newer.
            let mut results = results.clone();
            for (test_case, latest) in row.iter().flat_map(|row| row.results.iter()) {
                results.take(test_case, *latest);
            }
            let row = StandingRow { subject: subject.clone(), scope, results, version };
            store::standing::put(tx, by.tenant(), &row).await?;
            let scopes = board::scopes(tx, by.tenant()).await?;
            match scopes.by_uuid(scope) {
                Some(known) => this.tell_decision(tx, &by, &subject, known).await,
                None => Ok(()),
            }
        };
        self.store().write(write).await?;
        self.changed(&tenant);
        Ok(())
    }
}

/// A report of another monitor.
struct Moved {
    row: ReportRow,
    body: Option<String>,
    approvals: Vec<(String, String, bool)>,
}

fn accounts(accounts: &[Cells], secrets: &[Cells], keys: &[Cells], delegations: &[Cells]) -> Vec<Bootstrapped> {
    let names: BTreeMap<String, String> = accounts.iter().map(|row| (cell(row, 0), cell(row, 1))).collect();
    let of =
        |rows: &[Cells], id: &str| -> Vec<Cells> { rows.iter().filter(|row| cell(row, 0) == id).cloned().collect() };
    accounts
        .iter()
        .filter(|row| subject_fault(&cell(row, 1)).is_none())
        .map(|row| {
            let id = cell(row, 0);
            Bootstrapped {
                subject: cell(row, 1),
                group: row.get(3).cloned().flatten().filter(|group| !group.is_empty()),
                roles: AccountRoles::of_bits(cell(row, 2).parse().unwrap_or(0)),
                secrets: of(secrets, &id).iter().map(|row| cell(row, 1)).collect(),
                keys: of(keys, &id)
                    .iter()
                    .filter_map(|row| Some((cell(row, 3), format!("{} {}", cell(row, 1), cell(row, 2)).parse().ok()?)))
                    .collect(),
                delegates: of(delegations, &id).iter().filter_map(|row| names.get(&cell(row, 1)).cloned()).collect(),
            }
        })
        .collect()
}

/// Reports with their results. Of several results of one test case, by version, the worst counts.
fn moved(reports: &[Cells], results: &[Cells], latest: Instant, done: &mut Migrated) -> Vec<Moved> {
    let mut by_report: BTreeMap<String, Vec<&Cells>> = BTreeMap::new();
    for row in results {
        by_report.entry(cell(row, 0)).or_default().push(row);
    }
    let mut moved = Vec::new();
    for report in reports {
        let results = by_report.remove(&cell(report, 0)).unwrap_or_default();
        match one(report, &results, latest) {
            Ok(report) => moved.push(report),
            Err(reason) => {
                done.left_out += 1;
                if done.reasons.len() < REASONS_MAX {
                    done.reasons.push(format!("report {}: {reason}", cell(report, 1)));
                }
            }
        }
    }
    moved
}

fn one(report: &Cells, results: &[&Cells], latest: Instant) -> Result<Moved, String> {
    let id: Uuid = cell(report, 1).parse().map_err(|_| "its id is no UUID".to_owned())?;
    let micros: i64 = cell(report, 2).parse().map_err(|_| "it has no time".to_owned())?;
    let at = Instant::from_micros(micros);
    // It would hide every other one until its day has come.
    if at > latest {
        return Err(format!("its time, {at}, is yet to come"));
    }
    let subject = cell(report, 3);
    if let Some(fault) = subject_fault(&subject) {
        return Err(format!("its subject {fault}"));
    }
    let first = results.first().ok_or_else(|| "it has no result".to_owned())?;
    let scope: Uuid = cell(first, 1).parse().map_err(|_| "its scope is no UUID".to_owned())?;
    let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
    let mut approvals = Vec::new();
    for row in results.iter().filter(|row| cell(row, 1) == cell(first, 1)) {
        let Some(verdict) = cell(row, 4).parse::<i64>().ok().and_then(Verdict::of_number) else { continue };
        let worst = verdicts.entry(cell(row, 3)).or_insert(verdict);
        *worst = (*worst).min(verdict);
        let is_approved = cell(row, 5) == "t";
        if is_approved != (verdict == Verdict::Pass) {
            approvals.push((cell(row, 2), cell(row, 3), is_approved));
        }
    }
    if verdicts.is_empty() {
        return Err("none of its results is 1, 0 or -1".to_owned());
    }
    // A report that cannot be read any more still has its results.
    let body = report.get(4).cloned().flatten().filter(|body| read_json(body).is_ok_and(|read| read.run.uuid == id));
    let row = ReportRow {
        id,
        subject,
        scope,
        checked_at: at,
        received_at: at,
        submitter: String::new(),
        source: Source::Moved,
        results: verdicts_to_json(&verdicts),
        pruned_at: None,
    };
    Ok(Moved { row, body, approvals })
}
