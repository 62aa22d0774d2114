//! What a subject's state was day by day, worked out from its evidence and remembered until there is more.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use stoa_core::{Date, Tenant};
use stoa_store::Tx;
use uuid::Uuid;

use super::{Entry, Monitor};
use crate::error::MonitorError;
use crate::model::history::{Day, HISTORY_DAYS, Piece, days};
use crate::model::results::{Source, verdicts_of_json};
use crate::model::standing::Waived;
use crate::store;
use crate::store::decision::WaiverRow;
use stoa_standards::scope::Scope;
use stoa_standards::verdict::Verdict;

/// Histories that are remembered.
const REMEMBERED_MAX: usize = 1_000;
/// Days before the first that is shown of which evidence is read: no result counts longer than 14 months.
const LEAD_DAYS: i32 = 430;

/// The days of a subject under a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The days, oldest first.
    pub days: Vec<Day>,
    /// When the first report was handed in that is in it; nothing was known before.
    pub since: Option<Date>,
}

type Key = (Tenant, String, Uuid);
type Remembered = HashMap<Key, (Arc<Entry>, Arc<History>)>;

/// Histories that may be worked out at the same time: whoever asks for the same one waits for it, and others now and then.
const TURNS: usize = 8;

/// Histories with the entry of the board that they belong to: the board makes another one of a subject whenever anything
/// of it changes, and of all subjects when the day, a scope or a waiver does.
#[derive(Default)]
pub(super) struct Cache {
    remembered: Mutex<Remembered>,
    turns: [tokio::sync::Mutex<()>; TURNS],
}

impl Cache {
    /// Held while the history of `key` is worked out.
    async fn turn(&self, key: &Key) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % TURNS as u64).ok()?;
        Some(self.turns.get(place)?.lock().await)
    }

    fn look(&self, key: &Key, entry: &Arc<Entry>) -> Option<Arc<History>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(key).filter(|(of, _)| Arc::ptr_eq(of, entry)).map(|(_, history)| Arc::clone(history))
    }

    fn remember(&self, key: Key, entry: &Arc<Entry>, history: &Arc<History>) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            // Those of entries that the board has no more are of no use to anybody.
            remembered.retain(|_, (of, _)| Arc::strong_count(of) > 1);
        }
        if remembered.len() < REMEMBERED_MAX || remembered.contains_key(&key) {
            remembered.insert(key, (Arc::clone(entry), Arc::clone(history)));
        }
    }
}

impl Monitor {
    /// The last eighteen months of a subject under a scope.
    pub async fn history(&self, tenant: &Tenant, subject: &str, scope: Uuid) -> Result<Arc<History>, MonitorError> {
        let board = self.board(tenant).await?;
        let known = board.scopes.by_uuid(scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.to_string()))?;
        let Some(entry) = board.entry(subject, scope) else {
            return Ok(Arc::new(History { days: Vec::new(), since: None }));
        };
        let key = (tenant.clone(), subject.to_owned(), scope);
        if let Some(history) = self.shared.histories.look(&key, entry) {
            return Ok(history);
        }
        let _turn = self.shared.histories.turn(&key).await;
        if let Some(history) = self.shared.histories.look(&key, entry) {
            return Ok(history);
        }
        let now = self.store().clock().now();
        let first = now.date().plus_days(1 - HISTORY_DAYS);
        let (pieces, waived) = self.pieces(&key, &known.scope, first.plus_days(-LEAD_DAYS)).await?;
        let since = pieces.iter().map(|piece| piece.checked_at.date()).min();
        let first = since.map_or(first, |since| since.max(first));
        let scope = Arc::clone(&known.scope);
        // Half a thousand days are some milliseconds.
        let worked = tokio::task::spawn_blocking(move || days(&scope, &pieces, &waived, first, now));
        let worked = worked
            .await
            .map_err(|_| stoa_store::StoreError::Unavailable { reason: "working out a history panicked".to_owned() })?;
        let days = if since.is_some() { worked } else { Vec::new() };
        let history = Arc::new(History { days, since });
        self.shared.histories.remember(key, entry, &history);
        Ok(history)
    }

    async fn pieces(
        &self,
        key: &Key,
        scope: &Arc<Scope>,
        from: Date,
    ) -> Result<(Vec<Piece>, Vec<Waived>), MonitorError> {
        let ((tenant, subject, uuid), scope) = (key.clone(), Arc::clone(scope));
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let pieces = pieces(tx, &tenant, &subject, uuid, from.start()).await?;
            // Waivers too count on the days on which they held.
            let waived = store::decision::waivers_ever(tx, &tenant, &subject, uuid).await?;
            let pieces = pieces.into_iter().map(|piece| piece.within(&scope)).collect();
            Ok((pieces, waived.into_iter().filter_map(WaiverRow::waived).collect()))
        };
        self.store().scan(read).await
    }
}

/// All evidence about a subject under a scope since an instant.
pub(super) async fn pieces(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    scope: Uuid,
    from: stoa_core::Instant,
) -> Result<Vec<Piece>, MonitorError> {
    let reports = store::report::of_scope(tx, tenant, subject, scope, from).await?;
    let mut pieces: Vec<Piece> = reports
        .into_iter()
        .map(|row| Piece {
            id: row.id,
            checked_at: row.checked_at,
            source: row.source,
            verdicts: verdicts_of_json(&row.results).unwrap_or_default(),
        })
        .collect();
    for row in store::decision::approved(tx, tenant, subject, scope).await? {
        if let Some(verdict) = Verdict::of_number(row.result) {
            pieces.push(Piece {
                id: Uuid::from_bytes(*row.id.as_bytes()),
                checked_at: row.checked_at,
                source: Source::Manual,
                verdicts: [(row.test_case, verdict)].into(),
            });
        }
    }
    Ok(pieces)
}
