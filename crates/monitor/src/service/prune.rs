//! The texts of reports that became old are removed. Their results stay, and with them every state and every history;
//! so does the text that a present state rests on, and what was handed in about the holder of a certificate (scs-0004).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use serde_json::json;
use stoa_core::{Actor, Date, Instant, Tenant};
use stoa_store::Tx;
use uuid::Uuid;

use super::accounts::note;
use super::{By, Monitor};
use crate::error::MonitorError;
use crate::store;
use crate::store::report::ReportRow;

/// Reports that are looked at in one transaction.
const BATCH: u32 = 200;
/// How long after its last day the evidence about the holder of a certificate is kept (scs-0004: twelve months).
const AFTER_CERTIFICATE_DAYS: i32 = 366;

/// Where a pass goes on: after the last report that it looked at.
type Place = (Instant, Uuid);

impl Monitor {
    /// Removes the texts that are older than the operator wants them kept; how many reports lost theirs.
    pub async fn prune(&self) -> Result<usize, MonitorError> {
        let Some(days) = self.settings().text_kept_days else { return Ok(0) };
        let today = self.store().clock().now().date();
        let before = today.plus_days(-days);
        let mut removed = 0;
        for tenant in self.tenants().await? {
            let by = By::system(Actor::system("monitor", tenant));
            let mut place = Some((Instant::EPOCH, Uuid::nil()));
            while let Some(from) = place {
                let by = by.clone();
                let write = async move |tx: &mut Tx<'_>| prune_some(tx, &by, (today, before), from).await;
                let (some, next) = self.store().write(write).await?;
                removed += some;
                self.shared.counts.texts_removed.fetch_add(some as u64, Ordering::Relaxed);
                place = next;
            }
        }
        Ok(removed)
    }
}

/// One batch: how many lost their text, and where the next one begins.
async fn prune_some(
    tx: &mut Tx<'_>,
    by: &By,
    (today, before): (Date, Date),
    from: Place,
) -> Result<(usize, Option<Place>), MonitorError> {
    let tenant = by.tenant();
    let rows = store::report::with_text(tx, tenant, before.start(), from, BATCH).await?;
    let next = rows.last().filter(|_| rows.len() >= BATCH as usize).map(|row| (row.checked_at, row.id));
    let mut needed: BTreeMap<(String, Uuid), Needed> = BTreeMap::new();
    let mut removed = BTreeSet::new();
    for row in &rows {
        // What came in one body stays or goes as one: whoever reads one of it reads the others.
        let body = if removed.contains(&row.id) { Vec::new() } else { store::report::of_body(tx, row.id).await? };
        let mut goes = !body.is_empty();
        for other in &body {
            let key = (other.subject.clone(), other.scope);
            if !needed.contains_key(&key) {
                needed.insert(key.clone(), Needed::of(tx, tenant, other, today).await?);
            }
            goes &= other.checked_at < before.start() && needed.get(&key).is_some_and(|needed| !needed.has(other));
        }
        if goes {
            store::report::prune(tx, row.id).await?;
            removed.extend(body.iter().map(|other| other.id));
        }
    }
    let removed = removed.len();
    if removed > 0 {
        note(tx, by, "monitor.report.prune", "texts", json!({"reports": removed, "before": before.to_string()}))
            .await?;
    }
    Ok((removed, next))
}

/// What of a subject under a scope is not to be removed.
enum Needed {
    /// All of it: there is a certificate.
    All,
    /// What the present state rests on.
    Some(BTreeSet<Uuid>),
}

impl Needed {
    async fn of(tx: &mut Tx<'_>, tenant: &Tenant, row: &ReportRow, today: Date) -> Result<Self, MonitorError> {
        let last = store::certificate::last_day(tx, tenant, &row.subject).await?;
        let last = last.and_then(|day| day.parse::<Date>().ok());
        if last.is_some_and(|day| day.plus_days(AFTER_CERTIFICATE_DAYS) >= today) {
            return Ok(Self::All);
        }
        let standing = store::standing::find(tx, tenant, &row.subject, row.scope).await?;
        let evidence = standing.iter().flat_map(|row| row.results.iter()).map(|(_, latest)| latest.evidence);
        Ok(Self::Some(evidence.collect()))
    }

    fn has(&self, row: &ReportRow) -> bool {
        match self {
            Self::All => true,
            Self::Some(evidence) => evidence.contains(&row.id),
        }
    }
}
