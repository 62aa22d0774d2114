//! People: the one-time links that let them in, and the sessions that follow. Coming and going is evidence.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stoa_audit::{AuditError, Record};
use stoa_core::{Actor, ActorKind, Id, Instant, Kind, Problem, Refusal};
use stoa_store::jobs::{Job, JobError, JobHandler};
use stoa_store::{FromRow, Row, Store, StoreError, Tx, params};

use super::{Node, split, tenant_of};
use crate::secret;

/// How long a one-time link holds.
pub const LINK_TIME: Duration = Duration::from_mins(15);
/// A session ends after this time in any case.
const SESSION_TIME: Duration = Duration::from_hours(12);
/// A session ends when nothing was asked for this long.
const SESSION_IDLE: Duration = Duration::from_hours(1);
/// Sessions in one list.
const SESSIONS_LISTED_MAX: u32 = 1000;
/// Rows that one transaction removes.
const BATCH: u32 = 500;

/// Marks the ids of sessions.
#[derive(Debug)]
pub struct SessionKind;
impl Kind for SessionKind {
    const NAME: &'static str = "session";
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, used to end it.
    pub id: Id<SessionKind>,
    /// Who it is.
    pub subject: String,
    /// The roles that were given.
    pub roles: Vec<String>,
    /// Since when.
    pub created_at: Instant,
    /// When something was last asked for, to within five minutes.
    pub seen_at: Instant,
    /// When it ends in any case.
    pub expires_at: Instant,
    /// Whether it is the one that the asker came with.
    pub is_own: bool,
}

struct Listed {
    session: Session,
    hash: Vec<u8>,
}

impl FromRow for Listed {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let session = Session {
            id: row.get(0)?,
            subject: row.get(1)?,
            roles: split(&row.get::<String>(2)?),
            created_at: row.get(3)?,
            seen_at: row.get(4)?,
            expires_at: row.get(5)?,
            is_own: false,
        };
        Ok(Self { session, hash: row.get(6)? })
    }
}

impl Node {
    /// A one-time link's secret for the console, in the tenant of whoever makes it; good for [`LINK_TIME`] and one use.
    pub async fn create_link(&self, by: &Actor, subject: &str, roles: &[&str]) -> Result<String, Problem> {
        let roles = self.known(&roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>())?;
        self.may_give(by, &roles)?;
        let text = secret::new("")?;
        let (hash, subject, roles, by) = (secret::hash(&text), subject.to_owned(), roles.join(" "), by.clone());
        self.shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<(), AuditError> {
                let ends = tx.now().plus(LINK_TIME);
                tx.execute(
                    "INSERT INTO sign_in_link (secret_hash, tenant, subject, roles, expires_at) \
                     VALUES ($1, $2, $3, $4, $5)",
                    params![hash, by.tenant.as_str(), &subject, &roles, ends],
                )
                .await?;
                // Whoever has the link comes in with these roles: that it was made belongs to the evidence.
                let mut record = Record::done(&by, "node.link.create", "links".to_owned());
                record.detail = serde_json::json!({"subject": subject, "roles": roles});
                stoa_audit::append(tx, &record).await?;
                Ok(())
            })
            .await?;
        Ok(text)
    }

    /// Turns a one-time link into a session; gives the session cookie's secret, or nothing when the link does not hold.
    pub async fn use_link(&self, link: &str) -> Result<Option<String>, Problem> {
        let hash = secret::hash(link);
        let (session, csrf) = (secret::new("")?, secret::new("")?);
        let session_hash = secret::hash(&session);
        let made = self
            .shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<bool, AuditError> {
                let now = tx.now();
                let link: Option<(String, String, String)> = tx
                    .find(
                        "UPDATE sign_in_link SET used_at = $2 WHERE secret_hash = $1 AND used_at IS NULL \
                         AND expires_at > $2 RETURNING tenant, subject, roles",
                        params![hash, now],
                    )
                    .await?;
                let Some((tenant, subject, roles)) = link else { return Ok(false) };
                let id = tx.new_id::<SessionKind>();
                tx.execute(
                    "INSERT INTO session (id, secret_hash, csrf, tenant, subject, roles, created_at, seen_at, \
                     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
                    params![id, session_hash, csrf, tenant, subject, roles, now, now.plus(SESSION_TIME)],
                )
                .await?;
                let tenant = tenant_of(tenant).map_err(|problem| StoreError::Data { reason: problem.detail })?;
                let by = Actor { kind: ActorKind::Official, id: subject, ..Actor::anonymous(tenant) };
                let mut record = Record::done(&by, "node.session.start", format!("sessions/{id}"));
                record.detail = serde_json::json!({"roles": roles});
                stoa_audit::append(tx, &record).await?;
                Ok(true)
            })
            .await?;
        Ok(made.then_some(session))
    }

    /// The holder of a session with its form token, if the session holds.
    pub(crate) async fn session(&self, secret: &str) -> Result<Option<(Actor, String)>, Problem> {
        let hash = secret::hash(secret);
        let now = self.shared.store.clock().now();
        let row = self
            .shared
            .store
            .read(async move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                tx.find::<(Id<SessionKind>, String, String, String, String, Instant)>(
                    "SELECT id, csrf, tenant, subject, roles, seen_at FROM session \
                     WHERE secret_hash = $1 AND expires_at > $2",
                    params![hash, now],
                )
                .await
            })
            .await?;
        let Some((id, csrf, tenant, subject, roles, seen_at)) = row else { return Ok(None) };
        if now.since(seen_at) > SESSION_IDLE {
            return Ok(None);
        }
        if now.since(seen_at) > SESSION_IDLE / 12 {
            self.shared
                .store
                .write(async move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
                    tx.execute("UPDATE session SET seen_at = $2 WHERE id = $1", params![id, now]).await
                })
                .await?;
        }
        let roles = split(&roles);
        let actor = Actor {
            kind: ActorKind::Official,
            id: subject.clone(),
            name: Some(subject),
            permissions: self.permissions_of(&roles.iter().map(String::as_str).collect::<Vec<_>>()),
            ..Actor::anonymous(tenant_of(tenant)?)
        };
        Ok(Some((actor, csrf)))
    }

    /// Who of the actor's tenant is signed in, the newest first. `own` is the secret of the asker's session.
    pub async fn list_sessions(&self, by: &Actor, own: Option<&str>) -> Result<Vec<Session>, Problem> {
        let (tenant, own) = (by.tenant.clone(), own.map(secret::hash));
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<Listed>, StoreError> {
            let now = tx.now();
            tx.rows(
                "SELECT id, subject, roles, created_at, seen_at, expires_at, secret_hash FROM session \
                 WHERE tenant = $1 AND expires_at > $2 AND seen_at >= $3 ORDER BY id DESC LIMIT $4",
                params![tenant.as_str(), now, now.minus(SESSION_IDLE), SESSIONS_LISTED_MAX],
            )
            .await
        };
        let listed = self.shared.store.read(read).await?.into_iter();
        Ok(listed
            .map(|Listed { session, hash }| Session {
                is_own: own.is_some_and(|own| own.as_slice() == hash),
                ..session
            })
            .collect())
    }

    /// Ends the session that the actor came with.
    pub async fn sign_out(&self, by: &Actor, secret: &str) -> Result<(), Problem> {
        let (hash, by) = (secret::hash(secret), by.clone());
        self.shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<bool, AuditError> {
                let sql = "DELETE FROM session WHERE secret_hash = $1 RETURNING id, subject";
                let ended = tx.find(sql, params![hash]).await?;
                ended_by(tx, &by, ended).await
            })
            .await?;
        Ok(())
    }

    /// Ends somebody's session of the actor's tenant, at once.
    pub async fn end_session(&self, by: &Actor, id: Id<SessionKind>) -> Result<(), Problem> {
        let by = by.clone();
        let ended = self
            .shared
            .store
            .write(async move |tx: &mut Tx<'_>| -> Result<bool, AuditError> {
                let sql = "DELETE FROM session WHERE id = $1 AND tenant = $2 RETURNING id, subject";
                let ended = tx.find(sql, params![id, by.tenant.as_str()]).await?;
                ended_by(tx, &by, ended).await
            })
            .await?;
        let missing = || Problem::new(Refusal::NotFound, "web.not_found").detail("This session has ended already.");
        if ended { Ok(()) } else { Err(missing()) }
    }

    /// What forgets sessions that are over and links that are used up or too old.
    pub fn tidy(&self) -> Arc<dyn JobHandler> {
        Arc::new(Tidy(self.shared.store.clone()))
    }
}

/// Writes down who ended whose session.
async fn ended_by(tx: &mut Tx<'_>, by: &Actor, ended: Option<(Id<SessionKind>, String)>) -> Result<bool, AuditError> {
    let Some((id, subject)) = ended else { return Ok(false) };
    let mut record = Record::done(by, "node.session.end", format!("sessions/{id}"));
    record.detail = serde_json::json!({"subject": subject});
    stoa_audit::append(tx, &record).await?;
    Ok(true)
}

struct Tidy(Store);

#[async_trait]
impl JobHandler for Tidy {
    fn kind(&self) -> &'static str {
        "web.sessions_tidy"
    }

    fn every(&self) -> Option<Duration> {
        Some(Duration::from_hours(1))
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        let sessions = async |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            let now = tx.now();
            let sql = "DELETE FROM session WHERE id IN \
                       (SELECT id FROM session WHERE expires_at <= $1 OR seen_at < $2 ORDER BY id LIMIT $3)";
            tx.execute(sql, params![now, now.minus(SESSION_IDLE), BATCH]).await
        };
        let links = async |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            let now = tx.now();
            let sql = "DELETE FROM sign_in_link WHERE secret_hash IN \
                       (SELECT secret_hash FROM sign_in_link WHERE expires_at <= $1 OR used_at IS NOT NULL LIMIT $2)";
            tx.execute(sql, params![now, BATCH]).await
        };
        while self.0.write(sessions).await? > 0 {}
        while self.0.write(links).await? > 0 {}
        Ok(())
    }
}
