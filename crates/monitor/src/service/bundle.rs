//! Bundles of evidence: everything that a subject's state rests on, in one signed file.

use std::collections::{BTreeMap, BTreeSet};

use stoa_core::Tenant;
use stoa_standards::scope;
use stoa_store::Tx;
use uuid::Uuid;

use super::Monitor;
use super::evidence::no_text;
use crate::error::MonitorError;
use crate::model::bundle::{
    Bundle, BundleManual, BundleReport, BundleScope, BundleWaiver, Evaluation, NAMESPACE, SignedBundle,
};
use crate::model::results::Source;
use crate::store;

impl Monitor {
    /// The bundle of a subject under a scope, as of now.
    pub async fn bundle(&self, tenant: &Tenant, subject: &str, scope: &str) -> Result<SignedBundle, MonitorError> {
        let board = self.board(tenant).await?;
        let known = board.scopes.find(scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.to_owned()))?;
        let uuid = known.scope.uuid;
        let entry = board.entry(subject, uuid).ok_or_else(|| MonitorError::SubjectNotFound(subject.to_owned()))?;
        let mut evidence: BTreeMap<bool, BTreeSet<Uuid>> = BTreeMap::new();
        // What no version asks for any more decides nothing.
        for latest in entry.standing.cases.values().filter_map(|case| case.latest) {
            evidence.entry(latest.source == Source::Manual).or_default().insert(latest.evidence);
        }
        let reports = evidence.remove(&false).unwrap_or_default();
        let by_hand = evidence.remove(&true).unwrap_or_default();
        let (of, name) = (tenant.clone(), subject.to_owned());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let mut signed = Vec::new();
            for id in &reports {
                let missing = || MonitorError::ReportNotFound(id.to_string());
                let row = store::report::find(tx, &of, *id).await?.ok_or_else(missing)?;
                let body = store::report::submission(tx, *id).await?;
                let body = body.filter(|body| !body.signature.is_empty());
                let body = body.ok_or_else(|| no_text(&row))?;
                signed.push(BundleReport {
                    id: *id,
                    source: row.source,
                    content_type: body.content_type,
                    body: String::from_utf8(body.body).map_err(|_| missing())?,
                    signature: body.signature,
                    public_key: body.public_key,
                });
            }
            let manual = store::decision::approved(tx, &of, &name, uuid).await?;
            let manual: Vec<BundleManual> = manual
                .into_iter()
                .map(|row| BundleManual {
                    id: Uuid::from_bytes(*row.id.as_bytes()),
                    test_case: row.test_case,
                    result: row.result,
                    checked_at: row.checked_at,
                    evidence: row.evidence,
                })
                .filter(|manual| by_hand.contains(&manual.id))
                .collect();
            let waivers = store::decision::waivers_of(tx, &of, &name, uuid).await?;
            let waivers: Vec<BundleWaiver> = waivers
                .into_iter()
                .map(|row| BundleWaiver { test_case: row.test_case, ends_on: row.ends_on, reason: row.reason })
                .collect();
            let documents = store::scope::list(tx, &of).await?;
            Ok((signed, manual, waivers, documents))
        };
        let (reports, by_hand, waivers, documents) = self.store().scan(read).await?;
        let document = documents
            .into_iter()
            .map(|(_, document)| document)
            .find(|document| scope::read(document).is_ok_and(|read| read.uuid == uuid));
        // The state of the board's day: an instant of it, so that whoever verifies it gets the same.
        let now = self.store().clock().now();
        let at = if now.date() == board.date { now } else { board.date.start() };
        let bundle = Bundle {
            monitor: self.address(),
            at,
            subject: subject.to_owned(),
            scope: BundleScope { uuid, name: known.scope.name.clone(), document },
            reports,
            by_hand,
            waivers,
            evaluation: Evaluation::new(&entry.standing),
        };
        let statement = serde_json::to_string(&bundle).unwrap_or_default();
        let key = self.key().await?;
        let signature = key.sign_for(NAMESPACE, statement.as_bytes()).map_err(MonitorError::Key)?;
        Ok(SignedBundle { statement, signature, public_key: key.public().to_string() })
    }
}
