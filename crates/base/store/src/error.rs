//! Why the store refused or failed, and what a caller of the API is told about it.

use std::panic::Location;
use std::time::Duration;

use stoa_core::{Problem, ProblemInfo, Refusal};

/// A refusal or failure of the store. Details that are internal (SQL, paths) stay here and in the log;
/// [`Problem`] carries none of them.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A bounded queue is full; nothing was done.
    #[error("the store of {block} is busy: its queue of {queue} holds all it may")]
    Busy {
        /// The block whose database it is.
        block: &'static str,
        /// Which queue: `writes`, `scans` or `reads`.
        queue: &'static str,
    },
    /// A unique or foreign key constraint refused the change.
    #[error("the change conflicts with what is stored: {constraint}")]
    Conflict {
        /// The constraint or the columns, as the engine names them.
        constraint: String,
    },
    /// [`Tx::get`](crate::Tx::get) found no row.
    #[error("no row matches")]
    NoRow,
    /// A closure awaited something that is no query: a programming error at the named place.
    #[error("the unit of work at {at} awaits something other than its transaction")]
    ForeignAwait {
        /// Where the unit was handed to the store.
        at: &'static Location<'static>,
    },
    /// A closure ran longer than a unit may: it was rolled back.
    #[error("the unit of work at {at} ran for {elapsed:?}, longer than a unit may")]
    TooLong {
        /// Where the unit was handed to the store.
        at: &'static Location<'static>,
        /// How long it ran.
        elapsed: Duration,
        /// Whether the closure itself held on, outside of any statement: a programming error. Else it waited for others,
        /// and trying again later helps.
        blocked: bool,
    },
    /// Units that ran at the same time kept colliding; nothing was done. Trying again later helps.
    #[error("the unit collided with others at every try")]
    Contended,
    /// A closure went on after one of its statements had failed: it was rolled back.
    #[error("the unit of work at {at} goes on after a failed statement")]
    Aborted {
        /// Where the unit was handed to the store.
        at: &'static Location<'static>,
    },
    /// A closure panicked: it was rolled back.
    #[error("the unit of work at {at} panicked: {message}")]
    Panicked {
        /// Where the unit was handed to the store.
        at: &'static Location<'static>,
        /// The panic's words.
        message: String,
    },
    /// The transaction could not be made durable; none of it is.
    #[error("the commit failed, nothing of it is stored: {reason}")]
    CommitFailed {
        /// The engine's words.
        reason: String,
    },
    /// Nobody knows whether the transaction is durable: the disk or the server failed while it was being made so, and
    /// could not be asked afterwards.
    #[error("it is not known whether the commit succeeded: {reason}")]
    OutcomeUnknown {
        /// The engine's words.
        reason: String,
    },
    /// The disk is full; nothing was stored.
    #[error("the disk that holds the data is full")]
    Full,
    /// The file or folder may not be written.
    #[error("the database may not be written: {reason}")]
    ReadOnly {
        /// The engine's words.
        reason: String,
    },
    /// The file is damaged.
    #[error("the database is damaged: {reason}. Stop the node and restore the latest backup (`stoa restore`).")]
    Corrupt {
        /// The engine's words.
        reason: String,
    },
    /// A newer program has migrated this database.
    #[error(
        "the database of {block} has taken migration {number}{}, which this program does not know: start the newer \
         program",
        if name.is_empty() { String::new() } else { format!(" ({name})") }
    )]
    Newer {
        /// The block whose database it is.
        block: &'static str,
        /// The migration that is not known.
        number: u32,
        /// What it does, in its own word or two; a copy does not tell.
        name: String,
    },
    /// A migration that ran has been changed since.
    #[error("migration {number} of {block} is not the one that this database was made with")]
    ChangedMigration {
        /// The block whose database it is.
        block: &'static str,
        /// The migration's number.
        number: u32,
    },
    /// Another process holds the data.
    #[error("another process{} works on {folder}", pid.map(|pid| format!(" ({pid})")).unwrap_or_default())]
    Locked {
        /// The data folder.
        folder: String,
        /// The other process, if it wrote down its id.
        pid: Option<u32>,
    },
    /// The database server cannot be reached, or the store was closed.
    #[error("the database is away: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// A folder or file could not be used.
    #[error("{path}: {source}")]
    Io {
        /// The folder or file.
        path: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The engine refused a statement: a programming error.
    #[error("the engine refused a statement: {reason}")]
    Sql {
        /// The engine's words.
        reason: String,
    },
    /// A column does not hold what the program reads from it: a programming error.
    #[error("column {index} holds {found}, not {wanted}")]
    Column {
        /// The column, counted from 0.
        index: usize,
        /// The Rust type that was asked for.
        wanted: &'static str,
        /// What was there.
        found: &'static str,
    },
    /// What is stored cannot be understood: it was not written by this program, or a key does not fit.
    #[error("stored data cannot be read: {reason}")]
    Data {
        /// Why.
        reason: String,
    },
    /// The key of this person was destroyed; what was sealed with it is gone (erasure).
    #[error("the key of this subject was destroyed")]
    Erased,
    /// The master key does not fit this data.
    #[error("the master key does not fit: {reason}")]
    Key {
        /// Why, and what to do.
        reason: String,
    },
    /// The same idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyConflict,
}

impl StoreError {
    pub(crate) const fn column(index: usize, wanted: &'static str, found: &'static str) -> Self {
        Self::Column { index, wanted, found }
    }

    /// Whether a constraint refused the change.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        use StoreError as E;
        let wait = Duration::from_secs(1);
        match error {
            E::Busy { .. } | E::Contended => Self::new(Refusal::Busy, "store.busy")
                .detail("More requests are waiting than the store may hold. Try again in a moment.")
                .retry_after(wait),
            E::TooLong { blocked: false, .. } => Self::new(Refusal::Busy, "store.busy")
                .detail("The request waited too long for the database. Nothing was stored. Try again in a moment.")
                .retry_after(wait),
            E::Conflict { .. } => {
                Self::new(Refusal::Conflict, "store.conflict").detail("The change conflicts with what is stored.")
            }
            E::IdempotencyConflict => Self::new(Refusal::Conflict, "store.idempotency_conflict").field(
                "Idempotency-Key",
                "reused",
                "this key was used for another request; send a new key for a new request",
            ),
            E::Full => Self::new(Refusal::Busy, "store.full")
                .detail("The disk that holds the data is full. Nothing was stored.")
                .retry_after(Duration::from_mins(1)),
            E::ReadOnly { .. } => Self::new(Refusal::Busy, "store.read_only")
                .detail("The data may not be written at the moment. Nothing was stored.")
                .retry_after(Duration::from_mins(1)),
            E::Unavailable { .. } | E::Locked { .. } | E::CommitFailed { .. } => {
                Self::new(Refusal::Busy, "store.unavailable")
                    .detail("The database does not answer at the moment. Nothing was stored.")
                    .retry_after(wait)
            }
            E::OutcomeUnknown { .. } => Self::new(Refusal::Failed, "store.outcome_unknown").detail(
                "It is not known whether the change was stored. Read the present state before you send it again; with the \
                 same Idempotency-Key it is safe to send it again.",
            ),
            E::Erased => Self::new(Refusal::Gone, "store.erased").detail("This data was erased."),
            _ => Self::new(Refusal::Failed, "store.failed")
                .detail("The store failed. The operators find the reason in the log under this correlation id."),
        }
    }
}

macro_rules! page {
    ($code:literal, $title:literal) => {
        ProblemInfo::new($code, $title, include_str!(concat!("../../../../docs/reference/problems/", $code, ".md")))
    };
}

/// The problems that the store can name.
pub const PROBLEMS: &[ProblemInfo] = &[
    page!("store.busy", "The store is busy"),
    page!("store.conflict", "The change conflicts with what is stored"),
    page!("store.idempotency_conflict", "The idempotency key was used for another request"),
    page!("store.full", "The disk is full"),
    page!("store.read_only", "The data may not be written"),
    page!("store.unavailable", "The database does not answer"),
    page!("store.outcome_unknown", "It is not known whether the change was stored"),
    page!("store.erased", "The data was erased"),
    page!("store.failed", "The store failed"),
    page!("store.key_does_not_fit", "The master keys do not fit the data"),
    page!("store.key_unusable", "The master keys cannot be used"),
    page!("store.sealed_value_unreadable", "A sealed value cannot be opened"),
    page!("store.blob_not_found", "There is no such file"),
    page!("store.blob_too_large", "The file is too large"),
    page!("store.blob_unreadable", "The file cannot be read or written"),
];
