//! Changes of states and certificates: noted once, whatever made them, and told to whoever asked for it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use stoa_core::{Actor, Instant, Tenant};
use stoa_store::Tx;
use uuid::Uuid;

use super::certificates::{Certificate, CertificateState};
use super::telling::{self, About, Audience};
use super::{By, Monitor, board, submit};
use crate::error::MonitorError;
use crate::model::results::Results;
use crate::model::scopes::Known;
use crate::model::standing::{Rules, State, Waived};
use crate::store;
use crate::store::change::{ChangeRow, ChangedRow, Told};
use crate::store::decision::WaiverRow;

/// What made a state change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// New evidence.
    Evidence,
    /// Somebody decided something.
    Decision,
    /// A day passed: a result expired, a waiver ended, a version came into force.
    Time,
}

impl Cause {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Decision => "decision",
            Self::Time => "time",
        }
    }
}

/// What changed, from what to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Changed {
    /// The state of a subject.
    State {
        /// The state before; `nothing` at first.
        #[schema(value_type = String)]
        before: State,
        /// The version that decided before.
        #[serde(rename = "beforeVersion")]
        before_version: String,
        /// The state since.
        #[schema(value_type = String)]
        after: State,
        /// The version that decides since.
        version: String,
    },
    /// A certificate.
    Certificate {
        /// Its number.
        number: String,
        /// What it was; nothing where it was issued.
        #[schema(value_type = Option<String>)]
        before: Option<CertificateState>,
        /// What it is since.
        #[schema(value_type = String)]
        after: CertificateState,
        /// The version that it is about.
        version: String,
        /// Why.
        reason: String,
    },
}

/// A change of a state or of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its id.
    #[schema(value_type = String)]
    pub id: store::change::ChangeId,
    /// When it was seen.
    #[schema(value_type = String)]
    pub at: Instant,
    /// The subject.
    pub subject: String,
    /// The scope's id.
    pub scope: String,
    /// What changed.
    #[serde(flatten)]
    pub what: Changed,
    /// `evidence`, `decision` or `time`.
    pub cause: String,
    /// The report that made it, if one did.
    #[schema(value_type = Option<String>)]
    pub evidence: Option<Uuid>,
}

impl From<ChangeRow> for Change {
    fn from(row: ChangeRow) -> Self {
        let what = match row.what {
            ChangedRow::State { before, after } => Changed::State {
                before: before.state,
                before_version: before.version,
                after: after.state,
                version: after.version,
            },
            ChangedRow::Certificate { number, before, after, version, reason } => Changed::Certificate {
                number,
                before: CertificateState::of_name(&before),
                after: CertificateState::of_name(&after).unwrap_or(CertificateState::Withdrawn),
                version,
                reason,
            },
        };
        Self {
            id: row.id,
            at: row.at,
            subject: row.subject,
            scope: row.scope,
            what,
            cause: row.cause,
            evidence: row.evidence,
        }
    }
}

impl Monitor {
    /// Notes a subject's state if it is another than was told last, in the transaction of what made it so.
    pub(super) async fn tell(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        subject: &str,
        known: &Known,
        results: &Results,
        (cause, evidence): (Cause, Option<Uuid>),
    ) -> Result<(), MonitorError> {
        let (tenant, scope) = (by.tenant(), known.scope.uuid);
        let waivers = store::decision::waivers_of(tx, tenant, subject, scope).await?;
        let waived: Vec<Waived> = waivers.into_iter().filter_map(WaiverRow::waived).collect();
        let now = tx.now();
        let outcome = Rules::new(&known.scope).outcome(results, &waived, now);
        let after = Told { state: outcome.state, version: outcome.version.unwrap_or_default().to_owned() };
        let told = store::change::told(tx, tenant, subject, scope).await?;
        let before = told.unwrap_or(Told { state: State::Nothing, version: String::new() });
        if before == after {
            return Ok(());
        }
        store::change::put_told(tx, tenant, (subject, &scope.to_string()), &after).await?;
        let event = json!({
            "subject": subject,
            "scope": known.alias,
            "version": after.version,
            "before": before.state,
            "after": after.state,
            "cause": cause.name(),
            "evidence": evidence,
        });
        let of = format!("subjects/{subject}");
        submit::publish(tx, by, "stoa.monitor.state.changed.v1", &of, event).await?;
        let row = ChangeRow {
            id: tx.new_id(),
            at: now,
            subject: subject.to_owned(),
            scope: scope.to_string(),
            what: ChangedRow::State { before, after },
            cause: cause.name().to_owned(),
            evidence,
        };
        tell_change(tx, tenant, &row, &known.alias).await
    }

    /// Tells after somebody decided something about a subject.
    pub(super) async fn tell_decision(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        subject: &str,
        known: &Known,
    ) -> Result<(), MonitorError> {
        let row = store::standing::find(tx, by.tenant(), subject, known.scope.uuid).await?;
        let Some(row) = row else { return Ok(()) };
        self.tell(tx, by, subject, known, &row.results, (Cause::Decision, None)).await
    }

    /// Looks for states that changed with the days, and notes them.
    pub(crate) async fn watch(&self) -> Result<(), MonitorError> {
        for tenant in self.tenants().await? {
            let board = self.board(&tenant).await?;
            self.keep_editions(&tenant, board.scopes.iter().map(|known| Arc::clone(&known.scope)).collect()).await?;
            let of = tenant.clone();
            let read =
                async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> { Ok(store::change::all_told(tx, &of).await?) };
            let told = self.store().read(read).await?;
            let by = By::system(Actor::system("monitor", tenant));
            let changed = board.entries().filter(|(subject, scope, entry)| {
                let version = entry.standing.decisive().map_or("", |version| version.name.as_str());
                let told = told.get(&((*subject).to_owned(), scope.to_string()));
                told.is_none_or(|told| told.state != entry.standing.state || told.version != version)
            });
            let changed: Vec<(String, Uuid)> = changed.map(|(subject, scope, _)| (subject.to_owned(), scope)).collect();
            for (subject, scope) in changed {
                let (this, by) = (self.clone(), by.clone());
                let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
                    let scopes = board::scopes(tx, by.tenant()).await?;
                    let row = store::standing::find(tx, by.tenant(), &subject, scope).await?;
                    if let (Some(known), Some(row)) = (scopes.by_uuid(scope), row) {
                        this.tell(tx, &by, &subject, known, &row.results, (Cause::Time, None)).await?;
                    }
                    Ok(())
                };
                self.store().write(write).await?;
            }
        }
        Ok(())
    }

    /// The tenants whose subjects have results.
    pub(super) async fn tenants(&self) -> Result<Vec<Tenant>, MonitorError> {
        let read = async |tx: &mut Tx<'_>| -> Result<_, MonitorError> { Ok(store::standing::tenants(tx).await?) };
        let names = self.store().read(read).await?;
        Ok(names.into_iter().filter_map(|name| Tenant::new(name).ok()).collect())
    }

    /// What became of a certificate, newest first.
    pub async fn certificate_changes(&self, tenant: &Tenant, of: &Certificate) -> Result<Vec<Change>, MonitorError> {
        let (tenant, subject, number) = (tenant.clone(), of.subject.clone(), of.number.clone());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let rows = store::change::of_certificate(tx, &tenant, &subject, &number).await?;
            Ok(rows.into_iter().map(Change::from).collect())
        };
        self.store().read(read).await
    }

    /// The newest changes since an instant, of one subject or of all.
    pub async fn changes(
        &self,
        tenant: &Tenant,
        subject: Option<&str>,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<Change>, MonitorError> {
        let (tenant, subject) = (tenant.clone(), subject.map(str::to_owned));
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let rows = store::change::list(tx, &tenant, subject.as_deref(), since, limit).await?;
            Ok(rows.into_iter().map(Change::from).collect())
        };
        self.store().read(read).await
    }
}

/// Notes a change, and tells it to whoever asked for it.
pub(super) async fn tell_change(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    row: &ChangeRow,
    alias: &str,
) -> Result<(), MonitorError> {
    store::change::insert(tx, tenant, row).await?;
    let audience = Audience::Subject { subject: row.subject.clone(), scope: alias.to_owned() };
    telling::tell(tx, tenant, audience, About::Change(row.id)).await
}
