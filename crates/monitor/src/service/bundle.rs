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
    Bundle, BundleManual, BundleMoved, BundleReport, BundleScope, BundleWaiver, Evaluation, NAMESPACE, SignedBundle,
};
use crate::model::results::{Source, verdicts_of_json};
use crate::store;

/// A bundle, and whose reports are in it.
#[derive(Debug)]
pub struct Bundled {
    /// The bundle.
    pub signed: SignedBundle,
    /// The subjects of all reports in the signed texts: one text can hold several.
    pub subjects: BTreeSet<String>,
}

impl Monitor {
    /// The bundle of a subject under a scope, as of now. Whether the caller may have the texts of all subjects in it is the
    /// caller's to ask.
    pub async fn bundle(&self, tenant: &Tenant, subject: &str, scope: &str) -> Result<Bundled, MonitorError> {
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
            let (mut signed, mut moved) = (Vec::new(), Vec::new());
            let mut subjects = BTreeSet::new();
            for id in &reports {
                let missing = || MonitorError::ReportNotFound(id.to_string());
                let row = store::report::find(tx, &of, *id).await?.ok_or_else(missing)?;
                if row.source == Source::Moved {
                    let results = verdicts_of_json(&row.results).unwrap_or_default();
                    let results = results.into_iter().map(|(id, verdict)| (id, verdict.number())).collect();
                    moved.push(BundleMoved { id: *id, checked_at: row.checked_at, results });
                    continue;
                }
                subjects.extend(store::report::of_body(tx, *id).await?.into_iter().map(|row| row.subject));
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
            Ok((signed, moved, manual, waivers, subjects))
        };
        let (reports, moved, by_hand, waivers, subjects) = self.store().scan(read).await?;
        let document = Some(scope::write(&known.scope));
        // The state of the board's day: an instant of it, so that whoever verifies it gets the same.
        let now = self.store().clock().now();
        let at = if now.date() == board.date { now } else { board.date.start() };
        let bundle = Bundle {
            monitor: self.address(),
            at,
            subject: subject.to_owned(),
            scope: BundleScope { uuid, name: known.scope.name.clone(), document },
            reports,
            moved,
            by_hand,
            waivers,
            evaluation: Evaluation::new(&entry.standing),
        };
        let statement = serde_json::to_string(&bundle).unwrap_or_default();
        let key = self.key().await?;
        let signature = key.sign_for(NAMESPACE, statement.as_bytes()).map_err(MonitorError::Key)?;
        Ok(Bundled { signed: SignedBundle { statement, signature, public_key: key.public().to_string() }, subjects })
    }
}
