//! What a subject's state was day by day, worked out from its evidence and remembered until there is more.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use stoa_core::{Date, Instant, Tenant};
use stoa_store::Tx;
use uuid::Uuid;

use super::{Entry, Monitor, board};
use crate::error::MonitorError;
use crate::model::history::{Day, Edition, HISTORY_DAYS, Piece, days};
use crate::model::results::{Source, verdicts_of_json};
use crate::model::standing::Waived;
use crate::store;
use crate::store::decision::WaiverRow;
use stoa_standards::scope::{self, Scope};
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
        let Past { pieces, waived, editions } = self.past(&key, &known.scope, first.plus_days(-LEAD_DAYS)).await?;
        let since = pieces.iter().map(|piece| piece.checked_at.date()).min();
        let first = since.map_or(first, |since| since.max(first));
        // Half a thousand days are some milliseconds.
        let worked = tokio::task::spawn_blocking(move || days(&editions, &pieces, &waived, first, now));
        let worked = worked
            .await
            .map_err(|_| stoa_store::StoreError::Unavailable { reason: "working out a history panicked".to_owned() })?;
        let days = if since.is_some() { worked } else { Vec::new() };
        let history = Arc::new(History { days, since });
        self.shared.histories.remember(key, entry, &history);
        Ok(history)
    }

    async fn past(&self, key: &Key, scope: &Arc<Scope>, from: Date) -> Result<Past, MonitorError> {
        let ((tenant, subject, uuid), scope) = (key.clone(), Arc::clone(scope));
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let editions = editions(tx, &tenant, &scope).await?;
            let pieces = pieces(tx, &tenant, &subject, uuid, from.start()).await?;
            let within = |piece: Piece| match editions.get(Edition::place_at(&editions, piece.counts_from)) {
                Some(edition) => piece.within(&edition.scope),
                None => piece,
            };
            let pieces = pieces.into_iter().map(within).collect();
            // Waivers too count on the days on which they held.
            let waived = store::decision::waivers_ever(tx, &tenant, &subject, uuid).await?;
            Ok(Past { pieces, waived: waived.into_iter().filter_map(WaiverRow::waived).collect(), editions })
        };
        self.store().scan(read).await
    }

    /// Keeps what the program's own scopes say, where it is something else than before: a later program may say otherwise
    /// again, and the days of now are judged by what holds now.
    pub(super) async fn keep_editions(&self, tenant: &Tenant, scopes: Vec<Arc<Scope>>) -> Result<(), MonitorError> {
        let of = tenant.clone();
        let look = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let mut missing = Vec::new();
            for scope in &scopes {
                let newest = store::scope::newest_edition(tx, &of, scope.uuid).await?;
                let is_kept = newest.as_ref().is_some_and(|document| board::read(document).as_ref() == Some(scope));
                if !is_kept {
                    missing.push((Arc::clone(scope), newest.is_none()));
                }
            }
            Ok(missing)
        };
        for (scope, is_first) in self.store().read(look).await? {
            let tenant = tenant.clone();
            let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
                let since = if is_first { Instant::EPOCH } else { tx.now() };
                Ok(store::scope::put_edition(tx, &tenant, scope.uuid, since, &scope::write(&scope)).await?)
            };
            self.store().write(write).await?;
        }
        Ok(())
    }
}

/// What a history is worked out from.
struct Past {
    pieces: Vec<Piece>,
    waived: Vec<Waived>,
    editions: Vec<Edition>,
}

/// What a scope said from when on, with what it says now at the end.
async fn editions(tx: &mut Tx<'_>, tenant: &Tenant, scope: &Arc<Scope>) -> Result<Vec<Edition>, MonitorError> {
    let kept = store::scope::editions(tx, tenant, scope.uuid).await?;
    let mut editions: Vec<Edition> = kept
        .into_iter()
        .filter_map(|(since, document)| Some(Edition { since, scope: board::read(&document)? }))
        .collect();
    // A program that was started a moment ago may have brought another one.
    if editions.last().is_none_or(|last| last.scope != *scope) {
        editions.push(Edition { since: tx.now().date().start(), scope: Arc::clone(scope) });
    }
    Ok(editions)
}

/// Keeps what a scope says from now on; and what it said until now, where that was never written down.
pub(super) async fn keep_edition(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    before: Option<&Scope>,
    (uuid, document): (Uuid, &str),
) -> Result<(), MonitorError> {
    if let Some(before) = before
        && store::scope::newest_edition(tx, tenant, uuid).await?.is_none()
    {
        store::scope::put_edition(tx, tenant, uuid, Instant::EPOCH, &scope::write(before)).await?;
    }
    let now = tx.now();
    Ok(store::scope::put_edition(tx, tenant, uuid, now, document).await?)
}

/// All evidence about a subject under a scope since an instant.
pub(super) async fn pieces(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    subject: &str,
    scope: Uuid,
    from: Instant,
) -> Result<Vec<Piece>, MonitorError> {
    let reports = store::report::of_scope(tx, tenant, subject, scope, from).await?;
    let mut pieces: Vec<Piece> = reports
        .into_iter()
        .map(|row| Piece {
            id: row.id,
            checked_at: row.checked_at,
            counts_from: row.checked_at,
            source: row.source,
            verdicts: verdicts_of_json(&row.results).unwrap_or_default(),
        })
        .collect();
    for row in store::decision::approved(tx, tenant, subject, scope).await? {
        if let Some(verdict) = Verdict::of_number(row.result) {
            pieces.push(Piece {
                id: Uuid::from_bytes(*row.id.as_bytes()),
                checked_at: row.checked_at,
                counts_from: row.decided_at.unwrap_or(row.checked_at),
                source: Source::Manual,
                verdicts: [(row.test_case, verdict)].into(),
            });
        }
    }
    Ok(pieces)
}
