//! Who changed and who read records: only ever added to.

use stoa_core::{Id, Instant, Kind};
use stoa_store::{StoreError, Tx, params};

use super::record::RecordId;

pub(crate) struct ChangeKind;
impl Kind for ChangeKind {
    const NAME: &'static str = "change";
}

/// The id of an entry of the change log.
pub(crate) type ChangeId = Id<ChangeKind>;

pub(crate) struct ReadKind;
impl Kind for ReadKind {
    const NAME: &'static str = "read";
}

/// A change as it is written down.
pub(crate) struct NewChange<'a> {
    pub(crate) registry: i64,
    pub(crate) record: RecordId,
    pub(crate) actor: &'a str,
    pub(crate) actor_name: Option<&'a str>,
    pub(crate) action: &'static str,
    pub(crate) version: i64,
    pub(crate) fields: String,
    pub(crate) details: Vec<u8>,
    pub(crate) is_sealed: bool,
}

pub(crate) async fn add_change(tx: &mut Tx<'_>, change: &NewChange<'_>) -> Result<(), StoreError> {
    let (id, at) = (tx.new_id::<ChangeKind>(), tx.now());
    tx.execute(
        "INSERT INTO record_change (id, registry, record, at, actor, actor_name, action, version, fields, details, \
         is_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            id,
            change.registry,
            change.record,
            at,
            change.actor,
            change.actor_name,
            change.action,
            change.version,
            change.fields,
            change.details,
            change.is_sealed
        ],
    )
    .await?;
    Ok(())
}

/// `at, actor, actor's name, action, version, fields, details, sealed`, newest first.
pub(crate) type ChangeRow = (Instant, String, Option<String>, String, i64, String, Vec<u8>, bool, RecordId);

pub(crate) async fn changes_of_record(
    tx: &mut Tx<'_>,
    registry: i64,
    record: RecordId,
    limit: u32,
) -> Result<Vec<ChangeRow>, StoreError> {
    tx.rows(
        "SELECT at, actor, actor_name, action, version, fields, details, is_sealed, record FROM record_change \
         WHERE record = $1 AND registry = $2 ORDER BY id DESC LIMIT $3",
        params![record, registry, limit],
    )
    .await
}

pub(crate) async fn changes_of_registry(
    tx: &mut Tx<'_>,
    registry: i64,
    limit: u32,
    offset: u64,
) -> Result<Vec<ChangeRow>, StoreError> {
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    tx.rows(
        "SELECT at, actor, actor_name, action, version, fields, details, is_sealed, record FROM record_change \
         WHERE registry = $1 ORDER BY id DESC LIMIT $2 OFFSET $3",
        params![registry, limit, offset],
    )
    .await
}

/// Entries after one whose values are not sealed: `id, record, details`.
pub(crate) async fn unsealed_changes(
    tx: &mut Tx<'_>,
    registry: i64,
    after: ChangeId,
    limit: u32,
) -> Result<Vec<(ChangeId, RecordId, Vec<u8>)>, StoreError> {
    tx.rows(
        "SELECT id, record, details FROM record_change WHERE registry = $1 AND id > $2 AND is_sealed = 0 \
         ORDER BY id LIMIT $3",
        params![registry, after, limit],
    )
    .await
}

/// Puts another form of an entry's values in the place of the one that is there.
pub(crate) async fn replace(tx: &mut Tx<'_>, id: ChangeId, details: &[u8], is_sealed: bool) -> Result<(), StoreError> {
    let sql = "UPDATE record_change SET details = $2, is_sealed = $3 WHERE id = $1";
    tx.execute(sql, params![id, details, is_sealed]).await?;
    Ok(())
}

/// A read of personal data as it is written down.
pub(crate) struct NewRead<'a> {
    pub(crate) registry: i64,
    pub(crate) record: RecordId,
    pub(crate) person: Option<[u8; 32]>,
    pub(crate) reader: &'a str,
    pub(crate) reader_name: Option<&'a str>,
    pub(crate) institution: Option<&'a str>,
    pub(crate) application: Option<&'a str>,
    pub(crate) fields: &'a str,
    pub(crate) purpose: Option<&'a str>,
    pub(crate) consent: Option<&'a str>,
}

pub(crate) async fn add_read(tx: &mut Tx<'_>, read: &NewRead<'_>) -> Result<(), StoreError> {
    let (id, at) = (tx.new_id::<ReadKind>(), tx.now());
    tx.execute(
        "INSERT INTO record_read (id, registry, record, person, at, reader, reader_name, institution, application, \
         fields, purpose, consent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            id,
            read.registry,
            read.record,
            read.person,
            at,
            read.reader,
            read.reader_name,
            read.institution,
            read.application,
            read.fields,
            read.purpose,
            read.consent
        ],
    )
    .await?;
    Ok(())
}

/// `id, record, at, reader, reader's name, institution, application, fields, purpose, consent`.
pub(crate) type ReadRow = (
    Id<ReadKind>,
    RecordId,
    Instant,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    String,
    Option<String>,
    Option<String>,
);

const READ_COLUMNS: &str = "id, record, at, reader, reader_name, institution, application, fields, purpose, consent";

pub(crate) async fn reads_of_person(
    tx: &mut Tx<'_>,
    registry: i64,
    person: &[u8; 32],
    limit: u32,
) -> Result<Vec<ReadRow>, StoreError> {
    let sql =
        format!("SELECT {READ_COLUMNS} FROM record_read WHERE person = $1 AND registry = $2 ORDER BY id DESC LIMIT $3");
    tx.rows(&sql, params![person, registry, limit]).await
}

pub(crate) async fn reads_of_record(
    tx: &mut Tx<'_>,
    registry: i64,
    record: RecordId,
    limit: u32,
) -> Result<Vec<ReadRow>, StoreError> {
    let sql =
        format!("SELECT {READ_COLUMNS} FROM record_read WHERE record = $1 AND registry = $2 ORDER BY id DESC LIMIT $3");
    tx.rows(&sql, params![record, registry, limit]).await
}

pub(crate) async fn reads_of_registry(
    tx: &mut Tx<'_>,
    registry: i64,
    limit: u32,
    offset: u64,
) -> Result<Vec<ReadRow>, StoreError> {
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let sql = format!("SELECT {READ_COLUMNS} FROM record_read WHERE registry = $1 ORDER BY id DESC LIMIT $2 OFFSET $3");
    tx.rows(&sql, params![registry, limit, offset]).await
}

/// Microseconds of a day: the divisor that makes a day's number of an instant.
const DAY: i64 = 86_400_000_000;

/// Changes per day and action since an instant: `day (from 1970), action, count`.
pub(crate) async fn changes_per_day(
    tx: &mut Tx<'_>,
    registry: i64,
    since: Instant,
) -> Result<Vec<(i64, String, i64)>, StoreError> {
    tx.rows(
        "SELECT at / $3 AS day, action, count(*) FROM record_change WHERE registry = $1 AND at >= $2 \
         GROUP BY day, action ORDER BY day",
        params![registry, since, DAY],
    )
    .await
}

/// Reads of personal data per day since an instant: `day (from 1970), count`.
pub(crate) async fn reads_per_day(
    tx: &mut Tx<'_>,
    registry: i64,
    since: Instant,
) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.rows(
        "SELECT at / $3 AS day, count(*) FROM record_read WHERE registry = $1 AND at >= $2 GROUP BY day ORDER BY day",
        params![registry, since, DAY],
    )
    .await
}
