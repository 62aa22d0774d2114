//! The present state of everything, in memory: what pages and programs read.
//!
//! What this process changed it knows: the next reader reads those standings again, and nothing else. What other processes
//! changed the database says, by the counts of its standings; it is asked once a second. A new day is seen by the first
//! reader of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use stoa_core::{Date, Instant, Tenant};
use stoa_standards::scope::{self, Scope};
use stoa_store::Tx;
use tokio::time::Instant as Tick;
use uuid::Uuid;

use super::{Listing, Monitor};
use crate::error::MonitorError;
use crate::model::account::GROUP_PREFIX;
use crate::model::results::Results;
use crate::model::scopes::{Known, Scopes};
use crate::model::standing::{Standing, State, Waived, holds_until};
use crate::store;

/// How long the state is shown without asking the database, where this process changed nothing.
const TRUST_TIME: Duration = Duration::from_secs(1);
/// Subjects that are read again by their names; of more all are looked at.
const CHANGED_MAX: usize = 100;

/// A subject under a scope.
#[derive(Debug)]
pub struct Entry {
    /// The newest results.
    pub results: Results,
    /// What they add up to today.
    pub standing: Standing,
    /// The failures that are tolerated.
    pub waived: Vec<Waived>,
    version: i64,
    /// By what it is judged, and when it was: what is seldom asked for is worked out then.
    scope: Arc<Scope>,
    at: Instant,
    holds_until: OnceLock<Option<Date>>,
}

impl Entry {
    /// The first day on which the state is another though nothing happens.
    pub fn holds_until(&self) -> Option<Date> {
        *self.holds_until.get_or_init(|| holds_until(&self.scope, &self.results, &self.waived, self.at))
    }
}

/// Who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    subject: String,
    group: Option<String>,
}

/// A row of the public table: one subject, or a group of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The subject, or `group-` and the group's name.
    pub name: String,
    /// How the table names it.
    pub listing: Listing,
    /// The subjects behind it.
    pub subjects: Vec<String>,
}

impl Row {
    /// What people call it.
    pub fn title(&self) -> &str {
        let own = || self.name.strip_prefix(GROUP_PREFIX).unwrap_or(&self.name);
        if self.listing.title.is_empty() { own() } else { &self.listing.title }
    }
}

/// The present state of everything.
#[derive(Debug)]
pub struct Board {
    /// The day that it is for.
    pub date: Date,
    /// Changes whenever anything of it does.
    pub epoch: u64,
    /// The scopes.
    pub scopes: Scopes,
    /// The rows of the public table.
    pub rows: Vec<Row>,
    entries: Entries,
    facts: Facts,
}

/// What is known of each subject under each scope.
type Entries = BTreeMap<(String, Uuid), Arc<Entry>>;

/// Everything but the standings.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    scopes: Scopes,
    members: Vec<Member>,
    listings: Vec<Listing>,
    waivers: BTreeMap<(String, Uuid), Vec<Waived>>,
}

impl Board {
    fn new(facts: Facts, entries: Entries, date: Date, epoch: u64) -> Self {
        let rows = rows(&facts, entries.keys().map(|(subject, _)| subject.as_str()));
        Self { date, epoch, scopes: facts.scopes.clone(), rows, entries, facts }
    }

    /// A subject under a scope, if there is any result.
    pub fn entry(&self, subject: &str, scope: Uuid) -> Option<&Arc<Entry>> {
        self.entries.get(&(subject.to_owned(), scope))
    }

    /// All that have results.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Uuid, &Arc<Entry>)> {
        self.entries.iter().map(|((subject, scope), entry)| (subject.as_str(), *scope, entry))
    }

    /// The row of this name.
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// The subjects behind the name of a subject or a group; also of one that the table leaves out.
    pub fn subjects(&self, name: &str) -> Option<Vec<&str>> {
        if let Some(group) = name.strip_prefix(GROUP_PREFIX) {
            let members = self.facts.members.iter().filter(|member| member.group.as_deref() == Some(group));
            let subjects: Vec<&str> = members.map(|member| member.subject.as_str()).collect();
            return (!subjects.is_empty()).then_some(subjects);
        }
        let member = self.facts.members.iter().find(|member| member.subject == name);
        let left = || self.entries.keys().find(|(subject, _)| subject == name).map(|(subject, _)| subject.as_str());
        member.map(|member| member.subject.as_str()).or_else(left).map(|subject| vec![subject])
    }

    /// What people call a subject.
    pub fn title<'b>(&'b self, subject: &'b str) -> &'b str {
        let listing = self.facts.listings.iter().find(|listing| listing.name == subject);
        listing.map(|listing| listing.title.as_str()).filter(|title| !title.is_empty()).unwrap_or(subject)
    }

    /// Whether any of several subjects has a result under a scope.
    pub fn is_tested(&self, subjects: &[String], scope: Uuid) -> bool {
        subjects.iter().any(|subject| self.entry(subject, scope).is_some())
    }

    /// The entry that stands for several subjects under a scope: the worst of them. None where one of them that was never
    /// tested is worse: what is not known to pass is not green.
    pub fn worst<'b>(&'b self, subjects: &'b [String], scope: Uuid) -> Option<(&'b str, &'b Arc<Entry>)> {
        let entries = subjects.iter().filter_map(|subject| Some((subject.as_str(), self.entry(subject, scope)?)));
        let worst = entries.max_by_key(|(_, entry)| entry.standing.state.badness());
        let is_known = |(_, entry): &(&str, &Arc<Entry>)| {
            entry.standing.state.badness() > State::Nothing.badness()
                || subjects.iter().all(|subject| self.entry(subject, scope).is_some())
        };
        worst.filter(is_known)
    }

    /// The state of a row under a scope.
    pub fn state(&self, row: &Row, scope: Uuid) -> State {
        self.worst(&row.subjects, scope).map_or(State::Nothing, |(_, entry)| entry.standing.state)
    }
}

/// The board of one tenant, and when to look again.
pub(super) struct Desk {
    /// Counts what this process changed.
    changes: AtomicU64,
    /// What that was.
    changed: Mutex<Changed>,
    shown: RwLock<Option<Shown>>,
    refreshing: tokio::sync::Mutex<()>,
}

/// What is to be read again.
#[derive(Debug, Clone)]
enum Changed {
    /// The results of these subjects.
    Some(BTreeSet<String>),
    /// Everything: accounts, listings, scopes or waivers.
    All,
}

#[derive(Clone)]
struct Shown {
    board: Arc<Board>,
    changes: u64,
    /// When the database was asked last what changed.
    at: Tick,
}

impl Desk {
    fn new() -> Self {
        let changed = Mutex::new(Changed::Some(BTreeSet::new()));
        let refreshing = tokio::sync::Mutex::default();
        Self { changes: AtomicU64::new(0), changed, shown: RwLock::default(), refreshing }
    }

    /// Says that something changed: the next reader looks.
    fn note(&self, change: Changed) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        match (&mut *changed, change) {
            (Changed::Some(subjects), Changed::Some(more)) if subjects.len() + more.len() <= CHANGED_MAX => {
                subjects.extend(more);
            }
            (changed, _) => *changed = Changed::All,
        }
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// What changed, up to the count of changes that is given back with it.
    fn take(&self) -> (Taken<'_>, u64) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::replace(&mut *changed, Changed::Some(BTreeSet::new()));
        (Taken { desk: self, changed: Some(taken) }, self.changes.load(Ordering::Acquire))
    }

    fn look(&self, today: Date) -> Option<Arc<Board>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let is_fresh = shown.board.date == today
            && shown.changes == self.changes.load(Ordering::Acquire)
            && shown.at.elapsed() < TRUST_TIME;
        is_fresh.then_some(shown.board)
    }
}

/// What is being read again. Unless it was, it still is to be: whoever asked may have gone away meanwhile.
struct Taken<'d> {
    desk: &'d Desk,
    changed: Option<Changed>,
}

impl Taken<'_> {
    fn done(mut self) {
        self.changed = None;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(changed) = self.changed.take() {
            self.desk.note(changed);
        }
    }
}

impl Monitor {
    fn desk(&self, tenant: &Tenant) -> Arc<Desk> {
        let mut boards = self.shared.boards.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(boards.entry(tenant.clone()).or_insert_with(|| Arc::new(Desk::new())))
    }

    /// Says that something changed: the next reader looks.
    pub(super) fn changed(&self, tenant: &Tenant) {
        self.desk(tenant).note(Changed::All);
    }

    /// Says that there are other results of subjects: the next reader looks at those.
    pub(super) fn results_changed(&self, tenant: &Tenant, subjects: impl IntoIterator<Item = String>) {
        self.desk(tenant).note(Changed::Some(subjects.into_iter().collect()));
    }

    /// The present state of everything.
    pub async fn board(&self, tenant: &Tenant) -> Result<Arc<Board>, MonitorError> {
        let desk = self.desk(tenant);
        let now = self.store().clock().now();
        if let Some(board) = desk.look(now.date()) {
            return Ok(board);
        }
        // One reader looks for all.
        let _turn = desk.refreshing.lock().await;
        if let Some(board) = desk.look(now.date()) {
            return Ok(board);
        }
        let (taken, changes) = desk.take();
        let before = desk.shown.read().unwrap_or_else(PoisonError::into_inner).clone();
        let trusted = before.as_ref().filter(|shown| shown.board.date == now.date() && shown.at.elapsed() < TRUST_TIME);
        let shown = match (trusted, &taken.changed) {
            (Some(shown), Some(Changed::Some(subjects))) => {
                let board = self.reread(tenant, &shown.board, subjects.clone(), now).await?;
                Shown { board, changes, at: shown.at }
            }
            _ => {
                let at = Tick::now();
                let board = self.refreshed(tenant, before.map(|shown| shown.board), now).await?;
                Shown { board, changes, at }
            }
        };
        taken.done();
        let board = Arc::clone(&shown.board);
        *desk.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        Ok(board)
    }

    /// A board with the results of some subjects as they are now.
    async fn reread(
        &self,
        tenant: &Tenant,
        before: &Arc<Board>,
        subjects: BTreeSet<String>,
        now: Instant,
    ) -> Result<Arc<Board>, MonitorError> {
        if subjects.is_empty() {
            return Ok(Arc::clone(before));
        }
        let tenant = tenant.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            Ok(store::standing::of_subjects(tx, &tenant, &subjects).await?)
        };
        let changed = self.store().read(read).await?;
        let facts = before.facts.clone();
        let mut entries = before.entries.clone();
        for row in changed {
            let key = (row.subject, row.scope);
            if entries.get(&key).is_none_or(|entry| entry.version != row.version) {
                let entry = entry_of(&facts, &key, row.results, row.version, now);
                entries.extend(entry.map(|entry| (key, entry)));
            }
        }
        Ok(Arc::new(Board::new(facts, entries, now.date(), before.epoch + 1)))
    }

    async fn refreshed(
        &self,
        tenant: &Tenant,
        before: Option<Arc<Board>>,
        now: Instant,
    ) -> Result<Arc<Board>, MonitorError> {
        let known: HashMap<(String, Uuid), i64> =
            before.iter().flat_map(|board| &board.entries).map(|(key, entry)| (key.clone(), entry.version)).collect();
        let (tenant, known) = (tenant.clone(), Arc::new(known));
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let facts = facts(tx, &tenant).await?;
            let (mut there, mut changed) = (BTreeSet::new(), Vec::new());
            let mut subjects = BTreeSet::new();
            for (subject, scope, version) in store::standing::versions(tx, &tenant).await? {
                // Of a scope that is not known any more nothing can be said.
                let Some(uuid) = scope.parse().ok().filter(|uuid| facts.scopes.by_uuid(*uuid).is_some()) else {
                    continue;
                };
                let key = (subject, uuid);
                if known.get(&key) != Some(&version) {
                    subjects.insert(key.0.clone());
                }
                there.insert(key);
            }
            for row in store::standing::of_subjects(tx, &tenant, &subjects).await? {
                if known.get(&(row.subject.clone(), row.scope)) != Some(&row.version) {
                    changed.push(row);
                }
            }
            Ok((facts, there, changed))
        };
        let (facts, there, changed) = self.store().read(read).await?;
        let date = now.date();
        let same = before.as_ref().is_some_and(|board| {
            board.date == date && board.facts == facts && changed.is_empty() && board.entries.len() == there.len()
        });
        if let Some(board) = before.as_ref().filter(|_| same) {
            return Ok(Arc::clone(board));
        }
        let mut entries = Entries::new();
        let is_anew = before.as_ref().is_none_or(|board| {
            board.date != date || board.facts.scopes != facts.scopes || board.facts.waivers != facts.waivers
        });
        for ((subject, scope), entry) in before.iter().flat_map(|board| &board.entries) {
            let key = (subject.clone(), *scope);
            if !there.contains(&key) {
                continue;
            }
            let entry = if is_anew {
                entry_of(&facts, &key, entry.results.clone(), entry.version, now)
            } else {
                Some(Arc::clone(entry))
            };
            entries.extend(entry.map(|entry| (key, entry)));
        }
        for row in changed {
            let key = (row.subject, row.scope);
            let entry = entry_of(&facts, &key, row.results, row.version, now);
            entries.extend(entry.map(|entry| (key, entry)));
        }
        let epoch = before.map_or(1, |board| board.epoch + 1);
        Ok(Arc::new(Board::new(facts, entries, date, epoch)))
    }
}

/// What is known of one subject; nothing where its scope is not known any more.
fn entry_of(facts: &Facts, key: &(String, Uuid), results: Results, version: i64, now: Instant) -> Option<Arc<Entry>> {
    let known = facts.scopes.by_uuid(key.1)?;
    let waived = facts.waivers.get(key).cloned().unwrap_or_default();
    let standing = Standing::new(&known.scope, &results, &waived, now);
    let (scope, at) = (Arc::clone(&known.scope), now);
    Some(Arc::new(Entry { results, standing, waived, version, scope, at, holds_until: OnceLock::new() }))
}

async fn facts(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Facts, MonitorError> {
    let members = store::account::list(tx, tenant).await?;
    let members = members.into_iter().map(|row| Member { subject: row.subject, group: row.group }).collect();
    let mut waivers: BTreeMap<(String, Uuid), Vec<Waived>> = BTreeMap::new();
    for row in store::decision::waivers(tx, tenant).await? {
        let (key, waived) = ((row.subject.clone(), row.scope.parse()), row.waived());
        if let ((subject, Ok(scope)), Some(waived)) = (key, waived) {
            waivers.entry((subject, scope)).or_default().push(waived);
        }
    }
    Ok(Facts { scopes: scopes(tx, tenant).await?, members, listings: store::listing::list(tx, tenant).await?, waivers })
}

/// The scopes that are known now.
pub(super) async fn scopes(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Scopes, MonitorError> {
    let added = store::scope::list(tx, tenant).await?;
    Ok(Scopes::new(added.into_iter().filter_map(|(alias, document)| Some(Known { alias, scope: read(&document)? }))))
}

/// Documents that were read, with what they say.
static READ: LazyLock<Mutex<HashMap<String, Arc<Scope>>>> = LazyLock::new(Mutex::default);
/// How many of them are remembered.
const READ_MAX: usize = 100;

/// The scope of a document. It was read before it was taken, so it is one.
pub(super) fn read(document: &str) -> Option<Arc<Scope>> {
    let mut known = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(scope) = known.get(document) {
        return Some(Arc::clone(scope));
    }
    let scope = Arc::new(scope::read(document).ok()?);
    if known.len() >= READ_MAX {
        known.clear();
    }
    known.insert(document.to_owned(), Arc::clone(&scope));
    Some(scope)
}

/// The rows: listed ones in their order, then everybody else who has a result, by name. A member of a group stands in
/// the group's row.
fn rows<'s>(facts: &Facts, with_results: impl Iterator<Item = &'s str>) -> Vec<Row> {
    let with_results: BTreeSet<&str> = with_results.collect();
    let group_of: HashMap<&str, &str> =
        facts.members.iter().filter_map(|member| Some((member.subject.as_str(), member.group.as_deref()?))).collect();
    let mut subjects_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let all: BTreeSet<&str> =
        with_results.iter().copied().chain(facts.members.iter().map(|member| member.subject.as_str())).collect();
    for subject in all {
        let name = group_of.get(subject).map_or_else(|| subject.to_owned(), |group| format!("{GROUP_PREFIX}{group}"));
        subjects_of.entry(name).or_default().push(subject.to_owned());
    }
    let mut rows = Vec::new();
    for listing in &facts.listings {
        if let Some(subjects) = subjects_of.remove(&listing.name)
            && !listing.hidden
        {
            rows.push(Row { name: listing.name.clone(), listing: listing.clone(), subjects });
        }
    }
    for (name, subjects) in subjects_of {
        if subjects.iter().any(|subject| with_results.contains(subject.as_str())) {
            let listing = Listing { name: name.clone(), ..Listing::default() };
            rows.push(Row { name, listing, subjects });
        }
    }
    rows
}
