//! Who is told of changes by mail.

use stoa_core::{Date, Id, Instant, Kind, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use crate::service::Audience;

/// Marks the ids of subscriptions.
#[derive(Debug)]
pub(crate) enum SubscriptionKind {}
impl Kind for SubscriptionKind {
    const NAME: &'static str = "subscription";
}
/// The id of a subscription.
pub(crate) type SubscriptionId = Id<SubscriptionKind>;

/// A subscription as it is stored. An empty subject or scope stands for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubscriptionRow {
    pub(crate) id: SubscriptionId,
    pub(crate) tenant: String,
    pub(crate) email: String,
    pub(crate) subject: String,
    pub(crate) scope: String,
    pub(crate) language: String,
    pub(crate) token: String,
    pub(crate) weekly: bool,
    pub(crate) created_at: Instant,
    pub(crate) confirmed_at: Option<Instant>,
}

const COLUMNS: &str = "id, tenant, email, subject, scope, language, token, weekly, created_at, confirmed_at";

impl FromRow for SubscriptionRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            tenant: row.get(1)?,
            email: row.get(2)?,
            subject: row.get(3)?,
            scope: row.get(4)?,
            language: row.get(5)?,
            token: row.get(6)?,
            weekly: row.get(7)?,
            created_at: row.get(8)?,
            confirmed_at: row.get(9)?,
        })
    }
}

/// Writes a subscription. One of the same address about the same keeps its token and its confirmation.
pub(crate) async fn put(tx: &mut Tx<'_>, row: &SubscriptionRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO subscription (id, tenant, email, subject, scope, language, token, weekly, created_at, \
         confirmed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (tenant, email, subject, scope) DO UPDATE SET language = excluded.language, \
         weekly = excluded.weekly, created_at = excluded.created_at",
        params![
            row.id,
            row.tenant,
            row.email,
            row.subject,
            row.scope,
            row.language,
            row.token,
            row.weekly,
            row.created_at,
            row.confirmed_at,
        ],
    )
    .await
    .map(drop)
}

/// The subscription of an address about something.
pub(crate) async fn find_same(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    email: &str,
    subject: &str,
    scope: &str,
) -> Result<Option<SubscriptionRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM subscription WHERE tenant = $1 AND email = $2 AND subject = $3 AND scope = $4");
    tx.find(&sql, params![tenant.as_str(), email, subject, scope]).await
}

/// The subscription with this token.
pub(crate) async fn find_by_token(tx: &mut Tx<'_>, token: &str) -> Result<Option<SubscriptionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM subscription WHERE token = $1");
    tx.find(&sql, params![token]).await
}

/// One subscription.
pub(crate) async fn find(tx: &mut Tx<'_>, id: SubscriptionId) -> Result<Option<SubscriptionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM subscription WHERE id = $1");
    tx.find(&sql, params![id]).await
}

/// Notes that the address confirmed it.
pub(crate) async fn confirm(tx: &mut Tx<'_>, id: SubscriptionId) -> Result<(), StoreError> {
    let now = tx.now();
    let sql = "UPDATE subscription SET confirmed_at = $2 WHERE id = $1 AND confirmed_at IS NULL";
    tx.execute(sql, params![id, now]).await.map(drop)
}

/// Forgets a subscription.
pub(crate) async fn remove(tx: &mut Tx<'_>, id: SubscriptionId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM subscription WHERE id = $1", params![id]).await?;
    tx.execute("DELETE FROM mailed WHERE subscription = $1", params![id]).await.map(drop)
}

/// The confirmed ones of an audience whose addresses come after one, so many of them, by address.
pub(crate) async fn told(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    audience: &Audience,
    (after, limit): (&str, u32),
) -> Result<Vec<SubscriptionRow>, StoreError> {
    let of = |wanted: &str| {
        format!(
            "SELECT {COLUMNS} FROM subscription WHERE tenant = $1 AND email > $2 AND confirmed_at IS NOT NULL \
             AND {wanted} ORDER BY email, id LIMIT $3"
        )
    };
    match audience {
        Audience::Subject { subject, scope } => {
            let sql = of("(subject = '' OR subject = $4) AND (scope = '' OR scope = $5)");
            tx.rows(&sql, params![tenant.as_str(), after, limit, subject, scope]).await
        }
        Audience::Scope(scope) => {
            tx.rows(&of("(scope = '' OR scope = $4)"), params![tenant.as_str(), after, limit, scope]).await
        }
        // Whoever came in this week has not missed it.
        Audience::Weekly(monday) => {
            let broken = |_| StoreError::Data { reason: "a summary has no day".to_owned() };
            let since = monday.parse::<Date>().map_err(broken)?.start();
            tx.rows(&of("weekly = 1 AND confirmed_at < $4"), params![tenant.as_str(), after, limit, since]).await
        }
    }
}

/// Notes that something is told; false where it was.
pub(crate) async fn note_told(tx: &mut Tx<'_>, what: &str) -> Result<bool, StoreError> {
    let now = tx.now();
    let noted =
        tx.execute("INSERT INTO told (what, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", params![what, now]).await?;
    Ok(noted == 1)
}

/// Forgets what was told before an instant.
pub(crate) async fn forget_told(tx: &mut Tx<'_>, before: Instant) -> Result<(), StoreError> {
    tx.execute("DELETE FROM told WHERE at < $1", params![before]).await.map(drop)
}

/// How often an address was asked to confirm something since an instant, and has not.
pub(crate) async fn asked(tx: &mut Tx<'_>, tenant: &Tenant, email: &str, since: Instant) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM subscription \
               WHERE tenant = $1 AND email = $2 AND confirmed_at IS NULL AND created_at > $3";
    let (count,): (i64,) = tx.get(sql, params![tenant.as_str(), email, since]).await?;
    Ok(count)
}

/// Forgets those that nobody confirmed since an instant.
pub(crate) async fn forget_unconfirmed(tx: &mut Tx<'_>, before: Instant) -> Result<(), StoreError> {
    let sql = "DELETE FROM subscription WHERE confirmed_at IS NULL AND created_at < $1";
    tx.execute(sql, params![before]).await.map(drop)
}

/// Whether something was mailed already.
pub(crate) async fn was_mailed(tx: &mut Tx<'_>, id: SubscriptionId, what: &str) -> Result<bool, StoreError> {
    let found: Option<(i64,)> =
        tx.find("SELECT 1 FROM mailed WHERE subscription = $1 AND what = $2", params![id, what]).await?;
    Ok(found.is_some())
}

/// Notes that something was mailed.
pub(crate) async fn note_mailed(tx: &mut Tx<'_>, id: SubscriptionId, what: &str) -> Result<(), StoreError> {
    let now = tx.now();
    let sql = "INSERT INTO mailed (subscription, what, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![id, what, now]).await.map(drop)
}
