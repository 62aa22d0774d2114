//! PostgreSQL through `tokio-postgres`: the same units of work, awaited on pooled connections, `SERIALIZABLE`, tried
//! again when the server could not serialise them.
//!
//! Units run on a thread of their own with a single-threaded runtime, so that a closure's future need not be `Send` on
//! either engine.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::TryStreamExt;
use stoa_core::{Clock, Ids};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Config, NoTls};

use crate::migrate::{self, LEDGER, List};
use crate::tx::{EngineTx, Watch};
use crate::unit::words;
use crate::{Param, Row, StoreError, Tx, Value};

/// How often a unit is tried again when the server could not serialise it.
const TRIES: u32 = 12;
/// How long a connection may take to come.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// A unit of work that waits for its server; made by [`work`].
type Job = Box<dyn FnOnce(Rc<Room>) -> Pin<Box<dyn Future<Output = ()>>> + Send>;

pub(crate) struct PostgresOptions {
    pub(crate) block: &'static str,
    pub(crate) url: String,
    pub(crate) schema: String,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) connections: usize,
    pub(crate) queue: usize,
    pub(crate) unit_time: Duration,
    pub(crate) scan_time: Duration,
}

/// Figures for metrics and readiness.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) waiting: AtomicUsize,
    pub(crate) units: AtomicU64,
    pub(crate) retries: AtomicU64,
}

pub(crate) struct Postgres {
    sender: mpsc::Sender<Job>,
    thread: std::thread::JoinHandle<()>,
    pub(crate) figures: Arc<Figures>,
    block: &'static str,
}

/// Which kind of transaction a unit wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Scan,
    Write,
}

pub(crate) struct Room {
    options: PostgresOptions,
    pool: Pool,
    figures: Arc<Figures>,
}

impl Postgres {
    pub(crate) async fn start(
        options: PostgresOptions,
        migrations: Vec<List>,
    ) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel::<Job>(options.queue);
        let figures = Arc::new(Figures::default());
        let (ready, wait) = oneshot::channel();
        let block = options.block;
        let seen = Arc::clone(&figures);
        let thread = std::thread::Builder::new()
            .name(format!("{block}-postgres"))
            .spawn(move || run(options, migrations, receiver, seen, ready))
            .map_err(|source| StoreError::Io { path: "a new thread".to_owned(), source })?;
        wait.await.map_err(|_| StoreError::Unavailable { reason: "the database thread ended".to_owned() })??;
        Ok(Self { sender, thread, figures, block })
    }

    /// Runs a unit and gives its result.
    pub(crate) async fn run<F, T, E>(
        &self,
        closure: F,
        access: Access,
        at: &'static Location<'static>,
    ) -> Result<T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let job: Job = Box::new(move |room| {
            Box::pin(async move {
                let result = room.unit(&closure, access, at).await;
                room.figures.waiting.fetch_sub(1, Ordering::Relaxed);
                room.figures.units.fetch_add(1, Ordering::Relaxed);
                let _ = answer.send(result);
            })
        });
        self.figures.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.sender.try_send(job) {
            self.figures.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy { block: self.block, queue: "units" },
                mpsc::error::TrySendError::Closed(_) => closed(),
            }
            .into());
        }
        wait.await.map_err(|_| E::from(closed()))?
    }

    pub(crate) fn stop(self) {
        drop(self.sender);
        let _ = self.thread.join();
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable { reason: "the store is closed".to_owned() }
}

/// The body of the database thread.
fn run(
    options: PostgresOptions,
    migrations: Vec<List>,
    mut receiver: mpsc::Receiver<Job>,
    figures: Arc<Figures>,
    ready: oneshot::Sender<Result<(), StoreError>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(source) => {
            let _ = ready.send(Err(StoreError::Io { path: "a new runtime".to_owned(), source }));
            return;
        }
    };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let room = match Room::open(options, migrations, figures).await {
            Ok(room) => Rc::new(room),
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        // A unit in work holds a permit, so that the bounded queue behind it is the only place where units gather.
        let permits = Rc::new(tokio::sync::Semaphore::new(room.options.connections * 2));
        let all = u32::try_from(room.options.connections * 2).unwrap_or(u32::MAX);
        while let Some(job) = receiver.recv().await {
            let Ok(permit) = Rc::clone(&permits).acquire_owned_local().await else { break };
            let work = job(Rc::clone(&room));
            tokio::task::spawn_local(async move {
                work.await;
                drop(permit);
            });
        }
        // Closed: what is in flight finishes before the thread ends.
        let _ = permits.acquire_many(all).await;
    });
}

/// A permit of a semaphore that lives on one thread.
struct LocalPermit(Rc<tokio::sync::Semaphore>);

impl Drop for LocalPermit {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

trait LocalSemaphore {
    async fn acquire_owned_local(self) -> Result<LocalPermit, tokio::sync::AcquireError>;
}

impl LocalSemaphore for Rc<tokio::sync::Semaphore> {
    async fn acquire_owned_local(self) -> Result<LocalPermit, tokio::sync::AcquireError> {
        self.acquire().await?.forget();
        Ok(LocalPermit(self))
    }
}

impl Room {
    async fn open(
        options: PostgresOptions,
        migrations: Vec<List>,
        figures: Arc<Figures>,
    ) -> Result<Self, StoreError> {
        let mut config: Config =
            options.url.parse().map_err(|error: tokio_postgres::Error| StoreError::Unavailable {
                reason: format!("the address of the database is not valid: {error}"),
            })?;
        config.application_name(format!("stoa-{}", options.block));
        config.connect_timeout(CONNECT_TIME);
        config.options(format!("-c search_path={}", options.schema));
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(options.connections)
            .wait_timeout(Some(CONNECT_TIME))
            .create_timeout(Some(CONNECT_TIME))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Unavailable { reason: error.to_string() })?;
        let room = Self { options, pool, figures };
        room.migrate(&migrations).await?;
        Ok(room)
    }

    async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => StoreError::Unavailable { reason: chain(&error) },
            other => StoreError::Unavailable { reason: other.to_string() },
        })
    }

    /// Makes the schema and takes the missing steps, one node at a time.
    async fn migrate(&self, lists: &[List]) -> Result<(), StoreError> {
        let client = self.client().await?;
        let schema = &self.options.schema;
        if schema.is_empty() || !schema.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Err(StoreError::Unavailable { reason: format!("`{schema}` is not a name for a schema") });
        }
        let session = Session::new(client);
        session.batch("BEGIN").await?;
        // Nodes that start together wait here for the first of them.
        session.batch("SELECT pg_advisory_xact_lock(hashtext('stoa migrations'))").await?;
        session.batch(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).await?;
        session.batch(LEDGER).await?;
        let watch = Watch::start(Location::caller(), Duration::from_hours(1));
        let result = {
            let mut tx = self.tx(&session, &watch);
            async {
                for list in lists {
                    for step in migrate::missing(&mut tx, list).await? {
                        session.batch(step.postgres).await?;
                        migrate::remember(&mut tx, list, &step).await?;
                    }
                }
                Ok(())
            }
            .await
        };
        session.batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
        result
    }

    fn tx<'c>(&'c self, session: &'c Session, watch: &'c Watch) -> Tx<'c> {
        Tx { engine: EngineTx::Postgres(session), clock: &self.options.clock, ids: &self.options.ids, watch }
    }

    /// Runs a unit to its commit, again when the server could not serialise it.
    async fn unit<F, T, E>(&self, closure: &F, access: Access, at: &'static Location<'static>) -> Result<T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E>,
        E: From<StoreError>,
    {
        let allowed = if access == Access::Scan { self.options.scan_time } else { self.options.unit_time };
        let mut tries = 0;
        loop {
            let watch = Watch::start(at, allowed);
            let session = Session::new(self.client().await?);
            let attempt = self.attempt(closure, access, &session, &watch).await;
            tries += 1;
            if attempt.is_ok() || !session.retry.get() || tries >= TRIES {
                return attempt;
            }
            self.figures.retries.fetch_add(1, Ordering::Relaxed);
            // Jitter keeps two units that collided from meeting again at once.
            let jitter = u64::from(session.pid_like()) % 7 + 1;
            tokio::time::sleep(Duration::from_micros(300 * jitter * u64::from(tries))).await;
        }
    }

    async fn attempt<F, T, E>(&self, closure: &F, access: Access, session: &Session, watch: &Watch) -> Result<T, E>
    where
        F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E>,
        E: From<StoreError>,
    {
        session
            .batch(match access {
                Access::Write => "BEGIN ISOLATION LEVEL SERIALIZABLE",
                Access::Read | Access::Scan => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            })
            .await?;
        let result = {
            let mut tx = self.tx(session, watch);
            watched(closure, &mut tx, session, watch).await
        };
        let result = match result {
            Ok(_) if watch.exceeded() => Err(watch.too_long().into()),
            other => other,
        };
        if result.is_err() {
            // The connection may be gone; then the server has rolled back by itself.
            let _ = session.batch_always("ROLLBACK").await;
            return result;
        }
        match session.batch("COMMIT").await {
            Ok(()) => result,
            Err(error) if session.retry.get() => Err(error.into()),
            Err(error) => Err(StoreError::CommitFailed { reason: error.to_string() }.into()),
        }
    }
}

/// Awaits the closure within its time; ends it when it panics, or waits for something that is no query.
async fn watched<F, T, E>(closure: &F, tx: &mut Tx<'_>, session: &Session, watch: &Watch) -> Result<T, E>
where
    F: for<'a, 'b> AsyncFn(&'a mut Tx<'b>) -> Result<T, E>,
    E: From<StoreError>,
{
    let deadline = tokio::time::sleep_until(watch.deadline().into());
    let mut deadline = pin!(deadline);
    let mut future = pin!(closure(tx));
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(Poll::Ready(result)) => Poll::Ready(result),
            Ok(Poll::Pending) if !session.in_flight.get() => {
                Poll::Ready(Err(StoreError::ForeignAwait { at: watch.at }.into()))
            }
            Ok(Poll::Pending) => deadline.as_mut().poll(context).map(|()| Err(watch.too_long().into())),
            Err(panic) => {
                Poll::Ready(Err(StoreError::Panicked { at: watch.at, message: words(&*panic) }.into()))
            }
        }
    })
    .await
}

/// A connection while one unit holds it.
pub(crate) struct Session {
    client: Object,
    in_flight: Cell<bool>,
    retry: Cell<bool>,
}

impl Session {
    const fn new(client: Object) -> Self {
        Self { client, in_flight: Cell::new(false), retry: Cell::new(false) }
    }

    /// A number that differs between sessions, to spread retries.
    fn pid_like(&self) -> u32 {
        let address = std::ptr::from_ref::<tokio_postgres::Client>(&**self.client).addr();
        u32::try_from(address >> 4 & 0xffff).unwrap_or(0)
    }

    /// Awaits a query, visibly: while it is in flight, a pending closure is no fault.
    async fn query<T>(&self, query: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, StoreError> {
        self.in_flight.set(true);
        let result = query.await;
        self.in_flight.set(false);
        result.map_err(|error| self.error(&error))
    }

    async fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.query(self.client.batch_execute(sql)).await
    }

    /// As `batch`, for the end of a failed transaction: its own errors must not hide the first.
    async fn batch_always(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(sql).await
    }

    pub(crate) async fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.query(async {
            let statement = self.client.prepare_cached(sql).await?;
            self.client.execute_raw(&statement, params.iter()).await
        })
        .await
    }

    pub(crate) async fn collect(
        &self,
        sql: &str,
        params: &[Param<'_>],
        most: usize,
        each: &mut (dyn FnMut(Row) -> Result<(), StoreError> + '_),
    ) -> Result<(), StoreError> {
        let mut taken = 0;
        let mut refused = None;
        self.query(async {
            let statement = self.client.prepare_cached(sql).await?;
            let mut stream = pin!(self.client.query_raw(&statement, params.iter()).await?);
            while let Some(row) = stream.try_next().await? {
                if taken >= most || refused.is_some() {
                    continue;
                }
                taken += 1;
                let mut values = Vec::with_capacity(row.len());
                for column in 0..row.len() {
                    values.push(row.try_get::<_, Value>(column)?);
                }
                if let Err(error) = each(Row::new(values)) {
                    refused = Some(error);
                }
            }
            Ok(())
        })
        .await?;
        refused.map_or(Ok(()), Err)
    }

    /// The store's word for an error of PostgreSQL; remembers whether trying again helps.
    fn error(&self, error: &tokio_postgres::Error) -> StoreError {
        let Some(state) = error.code() else {
            return if error.is_closed() || std::error::Error::source(error).is_some_and(|s| s.is::<std::io::Error>()) {
                StoreError::Unavailable { reason: chain(error) }
            } else {
                StoreError::Sql { reason: chain(error) }
            };
        };
        let reason = chain(error);
        match *state {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
                self.retry.set(true);
                StoreError::Unavailable { reason }
            }
            SqlState::UNIQUE_VIOLATION | SqlState::FOREIGN_KEY_VIOLATION | SqlState::EXCLUSION_VIOLATION
            | SqlState::CHECK_VIOLATION | SqlState::NOT_NULL_VIOLATION => {
                let constraint = error.as_db_error().and_then(tokio_postgres::error::DbError::constraint);
                StoreError::Conflict { constraint: constraint.unwrap_or(&reason).to_owned() }
            }
            SqlState::DISK_FULL => StoreError::Full,
            SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly { reason },
            SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => StoreError::Corrupt { reason },
            SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS => StoreError::Unavailable { reason },
            _ => StoreError::Sql { reason },
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(integer) => match *ty {
                Type::INT4 => i32::try_from(integer)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(integer)?.to_sql(ty, out),
                Type::BOOL => (integer != 0).to_sql(ty, out),
                #[expect(clippy::cast_precision_loss, reason = "a real column takes the nearest real")]
                Type::FLOAT8 => (integer as f64).to_sql(ty, out),
                Type::INT8 => integer.to_sql(ty, out),
                _ => Err(format!("an integer was bound where {ty} is wanted").into()),
            },
            Self::Real(real) => match *ty {
                Type::FLOAT8 => real.to_sql(ty, out),
                _ => Err(format!("a real was bound where {ty} is wanted").into()),
            },
            Self::Text(text) => match *ty {
                Type::INT8 | Type::BYTEA | Type::FLOAT8 => Err(format!("text was bound where {ty} is wanted").into()),
                // PostgreSQL's text holds no NUL; say so instead of sending what the server must refuse.
                _ if text.contains('\0') => Err("text must not hold the character NUL".into()),
                _ => text.to_sql(&Type::TEXT, out),
            },
            Self::Blob(bytes) => match *ty {
                Type::BYTEA => bytes.to_sql(ty, out),
                _ => Err(format!("bytes were bound where {ty} is wanted").into()),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Integer(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Integer(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Self::Real(f32::from_sql(ty, raw)?.into()),
            Type::BYTEA => Self::Blob(raw.to_vec()),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
                Self::Text(String::from_utf8(raw.to_vec())?)
            }
            _ => return Err(format!("columns of type {ty} are not read here").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
