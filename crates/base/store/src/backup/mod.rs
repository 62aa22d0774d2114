//! Copies of a database while it is at work, and their way back.
//!
//! A [`Moment`] is one point in time of several databases at once: all writers stand between two batches, a snapshot of
//! each file is opened, and they go on; what is copied afterwards is that moment, however long it takes. On PostgreSQL
//! one exported snapshot does the same for all schemas of a database.
//!
//! What is copied are rows in a form that both engines read, so an archive of one is restored on the other.

mod catalog;
mod export;
mod import;

use std::io::Write;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::engine::postgres::{Access, Room};
use crate::engine::sqlite::{self, Use};
use crate::store::Running;
use crate::tx::{EngineTx, Home, Watch};
use crate::{Durability, Store, StoreError, Tx};

/// A copy of a large database may take long; it holds up nobody.
const COPY_TIME: Duration = Duration::from_hours(24);

/// One point in time of one or several databases; see [`Store::moment`].
pub struct Moment {
    views: Vec<View>,
}

struct View {
    store: Store,
    kind: ViewKind,
}

enum ViewKind {
    File(Arc<Mutex<Connection>>),
    /// The snapshot's name, and the sign that ends the transaction which holds it.
    Snapshot(String, Arc<Held>),
}

/// Dropping it ends the transaction that holds a snapshot.
struct Held {
    _release: oneshot::Sender<()>,
}

impl Store {
    /// One moment of all the given databases. Writers pause for the time that it takes to open a snapshot of each.
    pub async fn moment(stores: &[Self]) -> Result<Moment, StoreError> {
        let mut paused = Vec::with_capacity(stores.len());
        for store in stores {
            paused.push(store.pause_writers().await?);
        }
        let mut views: Vec<View> = Vec::with_capacity(stores.len());
        for store in stores {
            let kind = match store.running() {
                Running::Sqlite { file, .. } => {
                    let file = file.clone();
                    let pinned = tokio::task::spawn_blocking(move || pin_file(&file)).await;
                    ViewKind::File(Arc::new(Mutex::new(pinned.map_err(|_| interrupted())??)))
                }
                Running::Postgres(postgres) => {
                    let shared = views.iter().find_map(|view| match (view.store.running(), &view.kind) {
                        (Running::Postgres(other), ViewKind::Snapshot(name, held)) if other.url == postgres.url => {
                            Some(ViewKind::Snapshot(name.clone(), Arc::clone(held)))
                        }
                        _ => None,
                    });
                    match shared {
                        Some(shared) => shared,
                        None => {
                            let (name, held) = postgres.hand_over(Access::Scan, hold_snapshot).await??;
                            ViewKind::Snapshot(name, Arc::new(held))
                        }
                    }
                }
            };
            views.push(View { store: store.clone(), kind });
        }
        drop(paused);
        Ok(Moment { views })
    }

    /// Copies a SQLite database into a new file while it is at work, whole and synced. A PostgreSQL database has no file:
    /// take its [`moment`](Self::moment).
    pub async fn snapshot_to(&self, target: &std::path::Path) -> Result<(), StoreError> {
        let Some(file) = self.file().map(std::path::Path::to_path_buf) else {
            return Err(StoreError::Data { reason: "this database is no file".to_owned() });
        };
        let target = target.to_path_buf();
        let copied = tokio::task::spawn_blocking(move || {
            let connection = sqlite::open(&file, Use::Copy, Durability::Full)?;
            connection
                .execute("VACUUM INTO ?1", [target.to_string_lossy()])
                .map_err(|error| sqlite::sql_error(&error))?;
            std::fs::File::open(&target)
                .and_then(|copy| copy.sync_all())
                .map_err(|source| StoreError::Io { path: target.display().to_string(), source })?;
            sqlite::sync_folder_of(&target)
        });
        copied.await.map_err(|_| interrupted())?
    }

    /// Whether the database is whole, read through from end to end; [`StoreError::Corrupt`] names the first damage.
    /// PostgreSQL keeps checksums of its own: there it only asks whether the server answers.
    pub async fn check(&self) -> Result<(), StoreError> {
        match self.running() {
            Running::Sqlite { file, .. } => {
                let file = file.clone();
                let checked = tokio::task::spawn_blocking(move || {
                    sqlite::check(&sqlite::open(&file, Use::Read, Durability::Full)?)
                });
                checked.await.map_err(|_| interrupted())?
            }
            Running::Postgres(_) => self
                .read(async |tx: &mut Tx<'_>| tx.get::<(i64,)>("SELECT count(*) FROM stoa_migrations", &[]).await)
                .await
                .map(drop),
        }
    }
}

impl Moment {
    /// Writes all rows of the database at `index` (in the order given to [`Store::moment`]) as lines of JSON; gives `out`
    /// back, and how many rows there were.
    pub async fn export<W: Write + Send + 'static>(&self, index: usize, out: W) -> Result<(W, u64), StoreError> {
        let view = self
            .views
            .get(index)
            .ok_or_else(|| StoreError::Data { reason: format!("this moment has no database {index}") })?;
        let mut out = std::io::BufWriter::with_capacity(64 * 1024, out);
        let (out, rows) = match (&view.kind, view.store.running()) {
            (ViewKind::File(connection), _) => {
                let (connection, home) = (Arc::clone(connection), view.store.home().clone());
                let written = tokio::task::spawn_blocking(move || {
                    let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                    let rows = on_file(&connection, &home, async |tx| export::export(tx, &mut out).await)?;
                    Ok::<_, StoreError>((out, rows))
                });
                written.await.map_err(|_| interrupted())??
            }
            (ViewKind::Snapshot(name, _), Running::Postgres(postgres)) => {
                let name = name.clone();
                let work = async move |room: Rc<Room>| {
                    let begin = format!("{HOLD}; SET TRANSACTION SNAPSHOT '{name}'");
                    let rows = on_server(&room, &begin, async |tx| export::export(tx, &mut out).await).await?;
                    Ok::<_, StoreError>((out, rows))
                };
                postgres.hand_over(Access::Scan, work).await??
            }
            (ViewKind::Snapshot(..), Running::Sqlite { .. }) => return Err(interrupted()),
        };
        let out = out.into_inner().map_err(|error| export::write_error(error.into_error()))?;
        Ok((out, rows))
    }
}

const HOLD: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; \
                    SET LOCAL idle_in_transaction_session_timeout = 0";

/// Opens a transaction that exports its snapshot and stays until the guard is dropped.
async fn hold_snapshot(room: Rc<Room>) -> Result<(String, Held), StoreError> {
    let session = room.session().await?;
    session.begin(HOLD).await?;
    let watch = Watch::start(std::panic::Location::caller(), COPY_TIME);
    let (name,): (String,) = room.tx(&session, &watch).get("SELECT pg_export_snapshot()", &[]).await?;
    let (release, released) = oneshot::channel();
    tokio::task::spawn_local(async move {
        // An error means that the guard was dropped: the sign to end.
        let _ = released.await;
        let _ = session.end("ROLLBACK").await;
    });
    Ok((name, Held { _release: release }))
}

/// A connection whose open transaction sees this moment.
fn pin_file(file: &std::path::Path) -> Result<Connection, StoreError> {
    let connection = sqlite::open(file, Use::Copy, Durability::Full)?;
    // The search index keeps no text, but it can list its words; only a temporary table shows them.
    let pin = "CREATE VIRTUAL TABLE temp.stoa_words USING fts5vocab(main, stoa_search_words, instance); BEGIN; \
               SELECT count(*) FROM sqlite_schema";
    connection.execute_batch(pin).map_err(|error| sqlite::sql_error(&error))?;
    Ok(connection)
}

/// Runs work on an open SQLite connection: every statement is done when its call returns, so one poll ends it.
pub(crate) fn on_file<T>(
    connection: &Connection,
    home: &Home,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let watch = Watch::start(std::panic::Location::caller(), COPY_TIME);
    let mut tx = Tx { engine: EngineTx::Sqlite(connection), home, watch: &watch };
    match pin!(work(&mut tx)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(interrupted()),
    }
}

/// Runs work in a transaction of its own.
pub(crate) async fn on_server<T>(
    room: &Room,
    begin: &str,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let session = room.session().await?;
    session.begin(begin).await?;
    let watch = Watch::start(std::panic::Location::caller(), COPY_TIME);
    let result = work(&mut room.tx(&session, &watch)).await;
    session.end(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    result
}

pub(crate) fn interrupted() -> StoreError {
    StoreError::Unavailable { reason: "the copy was interrupted".to_owned() }
}
