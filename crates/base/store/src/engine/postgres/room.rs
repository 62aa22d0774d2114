//! The database thread's side: connections, migrations, and the attempts of a unit.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant as Tick};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use stoa_core::Kind;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};

use super::error::chain;
use super::{Access, Figures, PostgresOptions, Session};
use crate::migrate::{self, LEDGER, List};
use crate::pulse::{Pulse, micros_of_process};
use crate::tx::{EngineTx, Watch};
use crate::unit::words;
use crate::{StoreError, Tx};

/// For how long a unit is tried again when the server cannot serialise it. Many that want one row take turns; each of
/// them is to have its turn, however many there are.
const TRIES_TIME: Duration = Duration::from_secs(5);
/// How long a connection may take to come.
pub(super) const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long the server may take to answer a COMMIT before it is asked on another connection.
const COMMIT_TIME: Duration = Duration::from_secs(5);
/// How long a connection is waited for that is to be used again; else it is closed, which rolls back too.
const ROLLBACK_TIME: Duration = Duration::from_secs(1);
/// For how long the outcome of a COMMIT is asked for, and how often.
const OUTCOME_TIME: Duration = Duration::from_secs(10);
const OUTCOME_PAUSE: Duration = Duration::from_millis(200);
/// After how much silence the system finds a connection dead, whatever it waits for.
const SILENCE_TIME: Duration = Duration::from_secs(15);
/// How long the server lets a transaction idle, should this process hang or its machine vanish.
const IDLE_TIME_MS: u32 = 60_000;

pub(crate) struct Room {
    options: PostgresOptions,
    pool: Pool,
    figures: Arc<Figures>,
    pulse: Arc<Pulse>,
    /// Whether the schema was made when this was opened.
    made_schema: Cell<bool>,
}

impl Room {
    pub(super) async fn open(
        options: PostgresOptions,
        lists: &[List],
        figures: Arc<Figures>,
        pulse: Arc<Pulse>,
    ) -> Result<Self, StoreError> {
        let config = config(&options)?;
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(options.connections)
            .wait_timeout(Some(CONNECT_TIME))
            .create_timeout(Some(CONNECT_TIME))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Unavailable { reason: error.to_string() })?;
        let room = Self { options, pool, figures, pulse, made_schema: Cell::new(false) };
        room.migrate(lists).await?;
        Ok(room)
    }

    /// The schema that everything lies in.
    pub(crate) fn schema(&self) -> &str {
        &self.options.schema
    }

    /// Whether the schema was made when this was opened.
    pub(crate) const fn made_schema(&self) -> bool {
        self.made_schema.get()
    }

    pub(super) const fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    pub(crate) async fn session(&self) -> Result<Session, StoreError> {
        let client: Object = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => StoreError::Unavailable { reason: chain(&error) },
            other => StoreError::Unavailable { reason: other.to_string() },
        })?;
        Ok(Session::new(client))
    }

    pub(crate) const fn tx<'c>(&'c self, session: &'c Session, watch: &'c Watch) -> Tx<'c> {
        Tx { engine: EngineTx::Postgres(session), home: &self.options.home, watch }
    }

    /// Makes the schema and takes the missing steps, one node at a time, all in one transaction.
    async fn migrate(&self, lists: &[List]) -> Result<(), StoreError> {
        let session = self.session().await?;
        let watch = Watch::start(Location::caller(), Duration::from_hours(1));
        session.begin("BEGIN; SET LOCAL statement_timeout = 0").await?;
        let migrated = async {
            let mut tx = self.tx(&session, &watch);
            let schema = &self.options.schema;
            check_collation(&mut tx).await?;
            // Nodes that start together wait here for the first of them.
            tx.batch("SELECT pg_advisory_xact_lock(hashtext('stoa migrations'))").await?;
            let there: Option<(i64,)> =
                tx.find("SELECT 1::bigint FROM pg_namespace WHERE nspname = $1", crate::params![schema]).await?;
            if there.is_none() {
                self.made_schema.set(true);
                tx.batch(&format!("CREATE SCHEMA {schema}")).await?;
            }
            tx.batch(LEDGER).await?;
            let taken: Option<(i64,)> = tx.find("SELECT number FROM stoa_migrations LIMIT 1", &[]).await?;
            if self.options.must_be_new && taken.is_some() {
                return Err(StoreError::Data { reason: format!(
                        "the schema {schema} is there already; if a restore was cut off, it left it: DROP SCHEMA {schema} CASCADE"
                    ) });
            }
            migrate::run(&mut tx, lists).await
        }
        .await;
        session.end(if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
        migrated
    }

    /// Runs a unit to its commit, again when the server could not serialise it.
    pub(super) async fn unit<F, T, E>(
        &self,
        closure: &F,
        access: Access,
        at: &'static Location<'static>,
    ) -> Result<T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E>,
        E: From<StoreError>,
    {
        let allowed = if access.is_long() { self.options.scan_time } else { self.options.unit_time };
        let (begun, mut tries, mut stale) = (Tick::now(), 0, 0);
        loop {
            let session = self.session().await?;
            let watch = if access == Access::Write { Watch::strict(at, allowed) } else { Watch::start(at, allowed) };
            let attempt = self.attempt(closure, access, &session, &watch).await;
            let contended = session.contended();
            // A connection that is of no use any more makes room for the next one before that is asked for.
            drop(session);
            match attempt {
                Attempt::Ended(Err(_)) if contended => {}
                Attempt::Ended(result) => return result,
                // After the server's restart every connection of the pool is broken.
                Attempt::Stale(_) if stale < self.options.connections => {
                    stale += 1;
                    continue;
                }
                Attempt::Stale(error) => return Err(error.into()),
                Attempt::InDoubt(value, error) => {
                    let stored = self.outcome(&watch, error).await;
                    self.note_commit(&watch, access, stored.is_ok());
                    return stored.map(|()| value).map_err(E::from);
                }
            }
            tries += 1;
            if begun.elapsed() > TRIES_TIME {
                return Err(StoreError::Contended.into());
            }
            self.figures.retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(self.pause(tries)).await;
        }
    }

    /// Up to 1 ms after the first collision, doubling to 128 ms; the jitter keeps two units that collided from meeting
    /// again at once.
    fn pause(&self, tries: u32) -> Duration {
        let longest_us = 1_000u64 << tries.min(7);
        // The last bits of a new id are random; with the seeded ids of a test they repeat.
        let id = self.options.home.ids.new_id::<Draw>();
        let draw = id.as_bytes().iter().rev().take(4).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Duration::from_micros(longest_us / 4 + draw % (longest_us * 3 / 4))
    }

    async fn attempt<F, T, E>(&self, closure: &F, access: Access, session: &Session, watch: &Watch) -> Attempt<T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E>,
        E: From<StoreError>,
    {
        let begun = tokio::time::timeout_at(watch.deadline().into(), session.begin(access.begin())).await;
        match begun.unwrap_or_else(|_| Err(no_answer("BEGIN"))) {
            Ok(()) => {}
            Err(error) if session.lost() => return Attempt::Stale(error),
            Err(error) => return Attempt::Ended(Err(error.into())),
        }
        let mut tx = self.tx(session, watch);
        let result = watched(closure, &mut tx, session, watch, &self.pulse).await;
        let result = match watch.flaw() {
            Some(flaw) if result.is_ok() => Err(flaw.into()),
            _ => result,
        };
        if watch.stopped() || watch.overdue() {
            let block = self.options.home.block;
            tracing::error!(block, at = %watch.at, "store: a unit of work took longer than a unit may");
        }
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                if !session.in_flight() {
                    // The connection may be gone; then the server has rolled back by itself.
                    let _ = tokio::time::timeout(ROLLBACK_TIME, session.end("ROLLBACK")).await;
                }
                return Attempt::Ended(Err(error));
            }
        };
        let ended = tokio::time::timeout(COMMIT_TIME, session.end("COMMIT")).await;
        match ended.unwrap_or_else(|_| Err(no_answer("COMMIT"))) {
            Ok(()) => {
                self.note_commit(watch, access, true);
                Attempt::Ended(Ok(value))
            }
            Err(error) if session.contended() || error.is_conflict() => Attempt::Ended(Err(error.into())),
            // Whatever the server says of a COMMIT that failed, it has rolled back. When it says nothing, it may have
            // committed; to a read that makes no difference.
            Err(error) if access == Access::Write && (session.lost() || session.in_flight()) => {
                Attempt::InDoubt(value, error)
            }
            Err(error) => {
                self.note_commit(watch, access, false);
                let failed = match error {
                    StoreError::Full => StoreError::Full,
                    other => StoreError::CommitFailed { reason: other.to_string() },
                };
                Attempt::Ended(Err(failed.into()))
            }
        }
    }

    fn note_commit(&self, watch: &Watch, access: Access, succeeded: bool) {
        let count = if succeeded { &self.figures.commits } else { &self.figures.failed_commits };
        count.fetch_add(1, Ordering::Relaxed);
        if access == Access::Write {
            self.figures.commit_failed.store(!succeeded, Ordering::Relaxed);
        }
        if succeeded {
            self.options.home.wakes.committed(watch.topics());
        }
    }

    /// What became of a transaction whose COMMIT was not answered. The server knows by the transaction's number, which is
    /// known here when the unit asked for its mark: units that publish events or leave evidence do.
    async fn outcome(&self, watch: &Watch, error: StoreError) -> Result<(), StoreError> {
        let reason = error.to_string();
        let unknown = || StoreError::OutcomeUnknown { reason: reason.clone() };
        let number = watch.mark().ok_or_else(unknown)? - self.options.home.mark_base.load(Ordering::Acquire);
        let until = Tick::now() + OUTCOME_TIME;
        let mut ended = false;
        while Tick::now() < until {
            match tokio::time::timeout_at(until.into(), self.status_of(number, ended)).await {
                Ok(Ok(Status::Committed)) => return Ok(()),
                Ok(Ok(Status::Aborted)) => return Err(StoreError::CommitFailed { reason }),
                // The second time it is told to end: it may hold locks, and waits for a word that will not come.
                Ok(Ok(Status::Open)) => ended = true,
                Ok(Ok(Status::Forgotten)) | Err(_) => break,
                Ok(Err(error)) => tracing::debug!(%error, "store: the outcome of a commit could not be asked for yet"),
            }
            tokio::time::sleep(OUTCOME_PAUSE).await;
        }
        Err(unknown())
    }

    async fn status_of(&self, number: i64, end_it: bool) -> Result<Status, StoreError> {
        let session = self.session().await?;
        let watch = Watch::start(Location::caller(), OUTCOME_TIME);
        let mut tx = self.tx(&session, &watch);
        if end_it {
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                       WHERE backend_xid = ($1::text::xid8)::xid AND datname = current_database()";
            tx.get::<(i64,)>(sql, crate::params![number.to_string()]).await?;
        }
        let sql = "SELECT pg_xact_status($1::text::xid8)";
        let (status,): (Option<String>,) = tx.get(sql, crate::params![number.to_string()]).await?;
        Ok(match status.as_deref() {
            Some("committed") => Status::Committed,
            Some("aborted") => Status::Aborted,
            Some(_) => Status::Open,
            None => Status::Forgotten,
        })
    }
}

/// What one attempt of a unit came to.
enum Attempt<T, E> {
    /// To this.
    Ended(Result<T, E>),
    /// The connection had broken while it rested in the pool: nothing was begun.
    Stale(StoreError),
    /// The closure was done, and nobody answered its COMMIT.
    InDoubt(T, StoreError),
}

/// What the server knows of a transaction.
enum Status {
    Committed,
    Aborted,
    Open,
    /// It is too long ago.
    Forgotten,
}

fn no_answer(to: &str) -> StoreError {
    StoreError::Unavailable { reason: format!("the server gave no answer to {to}") }
}

enum Draw {}
impl Kind for Draw {
    const NAME: &'static str = "draw";
}

/// Awaits the closure within its time; ends it when it panics, or waits for something that is no query.
async fn watched<F, T, E>(closure: &F, tx: &mut Tx<'_>, session: &Session, watch: &Watch, pulse: &Pulse) -> Result<T, E>
where
    F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E>,
    E: From<StoreError>,
{
    let mut deadline = pin!(tokio::time::sleep_until(watch.deadline().into()));
    let mut future = pin!(closure(tx));
    let mut poll = |context: &mut Context<'_>| {
        pulse.begin(micros_of_process(), watch.at);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        pulse.end();
        polled
    };
    poll_fn(|context| match poll(context) {
        Ok(Poll::Ready(result)) => Poll::Ready(result),
        Ok(Poll::Pending) if !session.in_flight() => Poll::Ready(Err(StoreError::ForeignAwait { at: watch.at }.into())),
        Ok(Poll::Pending) => deadline.as_mut().poll(context).map(|()| Err(watch.too_long().into())),
        Err(panic) => Poll::Ready(Err(StoreError::Panicked { at: watch.at, message: words(&*panic) }.into())),
    })
    .await
}

fn config(options: &PostgresOptions) -> Result<Config, StoreError> {
    let refused = |reason: String| StoreError::Unavailable { reason };
    let schema = &options.schema;
    if !is_schema_name(schema) {
        return Err(refused(format!("`{schema}` is not a name for a schema: use lower-case letters, digits and `_`")));
    }
    let mut config: Config = options.url.parse().map_err(|error: tokio_postgres::Error| {
        refused(format!("the address of the database is not valid: {error}"))
    })?;
    check_privacy(&config)?;
    config.application_name(format!("stoa-{}", options.home.block));
    config.connect_timeout(CONNECT_TIME);
    config.keepalives(true).keepalives_idle(SILENCE_TIME).keepalives_interval(SILENCE_TIME / 3).keepalives_retries(3);
    config.tcp_user_timeout(SILENCE_TIME);
    // The server's own limits are a little above ours: they are the second fence, for when this process hangs.
    let longest_ms = options.scan_time.max(options.unit_time).as_millis() + 5_000;
    let given = config.get_options().unwrap_or_default().to_owned();
    config.options(format!(
        "{given} -c search_path={schema} -c statement_timeout={longest_ms} \
         -c idle_in_transaction_session_timeout={IDLE_TIME_MS}"
    ));
    Ok(config)
}

fn is_schema_name(name: &str) -> bool {
    let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    starts_well
        && name.len() <= 63
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The connection is not encrypted, so it may leave the machine only when the operator says that the network is trusted.
pub(super) fn check_privacy(config: &Config) -> Result<(), StoreError> {
    let local = config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    });
    match config.get_ssl_mode() {
        SslMode::Disable => Ok(()),
        SslMode::Prefer if local => Ok(()),
        _ => Err(StoreError::Unavailable {
            reason: "connections to PostgreSQL are not encrypted by this version: reach the server on this machine (a \
                     socket, 127.0.0.1, or a tunnel), or add sslmode=disable to the address if the network between is \
                     trusted"
                .to_owned(),
        }),
    }
}

/// Text sorts and compares by its bytes on SQLite; a database with a language's order would sort the same rows otherwise.
async fn check_collation(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let (collation, encoding): (String, String) = tx
        .get(
            "SELECT datcollate::text, pg_encoding_to_char(encoding)::text FROM pg_database \
             WHERE datname = current_database()",
            &[],
        )
        .await?;
    if encoding == "UTF8" && (collation.starts_with("C.") || collation == "C" || collation == "POSIX") {
        return Ok(());
    }
    Err(StoreError::Unavailable {
        reason: format!(
            "the database has encoding {encoding} and collation {collation}; make it with: CREATE DATABASE stoa ENCODING \
             'UTF8' LOCALE 'C' TEMPLATE template0"
        ),
    })
}
