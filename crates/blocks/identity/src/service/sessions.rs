//! People who are signed in: one cookie for each browser, bound to what they proved and when.

use std::time::Duration;

use serde_json::json;
use stoa_core::{Instant, Tenant};
use stoa_store::{StoreError, Tx};

use super::{By, Identity, PersonId, SessionId, note};
use crate::error::IdentityError;
use crate::model::acr::Methods;
use crate::store;
use crate::store::session::{NewSession, SessionRow};

/// Characters that are kept of how a browser describes itself.
const DEVICE_CHARS: usize = 160;

/// A session that holds.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) tenant: Tenant,
    pub(crate) person: PersonId,
    pub(crate) methods: Methods,
    pub(crate) signed_in_at: Instant,
    pub(crate) device: String,
    pub(crate) created_at: Instant,
    pub(crate) seen_at: Instant,
    pub(crate) expires_at: Instant,
}

/// A session that begins or goes on, with the secret for its cookie.
#[derive(Debug, Clone)]
pub(crate) struct SignedInPerson {
    pub(crate) cookie: String,
    /// The browser is a new one of a person who had others.
    pub(crate) is_new_browser: bool,
}

impl Session {
    fn of_row(row: SessionRow) -> Result<Self, StoreError> {
        let tenant = Tenant::new(row.tenant).map_err(|error| StoreError::Data { reason: error.to_string() })?;
        Ok(Self {
            id: row.id,
            tenant,
            person: row.person,
            methods: Methods::read(&row.methods),
            signed_in_at: row.signed_in_at,
            device: row.device,
            created_at: row.created_at,
            seen_at: row.seen_at,
            expires_at: row.expires_at,
        })
    }

    /// The person as whoever asks.
    pub(crate) fn by(&self, info: stoa_web::RequestInfo) -> By {
        By::person(&self.tenant, self.person, info)
    }
}

impl Identity {
    /// The session of a cookie, while it holds.
    pub(crate) async fn session(&self, cookie: &str) -> Result<Option<Session>, IdentityError> {
        let (hash, now, idle) = (stoa_web::secret_hash(cookie), self.now(), self.settings().session_idle);
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<SessionRow>, IdentityError> {
            Ok(store::session::by_secret(tx, &hash, now.minus(idle)).await?)
        };
        let Some(row) = self.store().read(read).await? else { return Ok(None) };
        // A note is a write, which a person who clicks shall not cost each time.
        if now.since(row.seen_at) > idle / 12 {
            let id = row.id;
            let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
                Ok(store::session::note_seen(tx, id).await?)
            };
            self.store().write(write).await?;
        }
        Ok(Some(Session::of_row(row)?))
    }

    /// Begins a session, or lets the one of the same person go on with what was proved now. The cookie changes each time:
    /// one that somebody planted is worth nothing afterwards.
    pub(super) async fn sign_in_as(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        person: PersonId,
        methods: &Methods,
        at: &At,
        given: &(String, [u8; 32]),
    ) -> Result<SignedInPerson, IdentityError> {
        let mut methods = methods.clone();
        let device: String = at.device.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS).collect();
        let same = at.session.as_ref().filter(|session| session.person == person);
        match same {
            Some(session) => {
                for method in crate::model::acr::Method::ALL {
                    if session.methods.has(method) {
                        methods.add(method);
                    }
                }
                store::session::renew(tx, session.id, &given.1, &methods.words()).await?;
            }
            None => {
                if let Some(other) = &at.session {
                    store::session::delete(tx, other.person, other.id).await?;
                }
                let new = NewSession {
                    person,
                    secret_hash: &given.1,
                    methods: &methods.words(),
                    device: &device,
                    expires_at: tx.now().plus(self.settings().session),
                };
                store::session::insert(tx, by.tenant(), &new).await?;
            }
        }
        let (is_new, had_others) = store::session::note_browser(tx, person, &at.browser).await?;
        let detail = json!({"methods": methods.amr(), "is_new_browser": is_new});
        note(tx, by, "identity.session.start", format!("identity/people/{person}"), Some(person), detail).await?;
        Ok(SignedInPerson { cookie: given.0.clone(), is_new_browser: is_new && had_others })
    }

    /// The sessions of a person.
    pub(crate) async fn sessions(&self, person: PersonId) -> Result<Vec<Session>, IdentityError> {
        let (now, idle) = (self.now(), self.settings().session_idle);
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<SessionRow>, IdentityError> {
            Ok(store::session::list(tx, person, now.minus(idle)).await?)
        };
        let rows = self.store().read(read).await?;
        Ok(rows.into_iter().map(Session::of_row).collect::<Result<_, _>>()?)
    }

    /// Ends one session of a person, and what clients were given in it.
    pub(crate) async fn end_session(&self, by: &By, person: PersonId, id: SessionId) -> Result<(), IdentityError> {
        let by = by.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            if !store::session::delete(tx, person, id).await? {
                return Err(IdentityError::SessionNotFound);
            }
            note(tx, &by, "identity.session.end", format!("identity/people/{person}"), Some(person), json!({})).await
        };
        self.store().write(write).await
    }

    /// Ends all sessions of a person but the one that they are in, and everything that clients were given.
    pub(crate) async fn end_other_sessions(&self, by: &By, session: &Session) -> Result<u64, IdentityError> {
        let (by, person, own) = (by.clone(), session.person, session.id);
        let write = async move |tx: &mut Tx<'_>| -> Result<u64, IdentityError> {
            let ended = store::session::delete_others(tx, person, Some(own)).await?;
            let grants = store::grant::revoke_all(tx, person, None).await?;
            let detail = json!({"sessions": ended, "grants": grants});
            note(tx, &by, "identity.session.end_others", format!("identity/people/{person}"), Some(person), detail)
                .await?;
            Ok(ended)
        };
        self.store().write(write).await
    }
}

/// Where somebody signs in.
#[derive(Debug, Clone)]
pub(crate) struct At {
    /// The hash of the browser's own cookie.
    pub(crate) browser: [u8; 32],
    /// How the browser describes itself.
    pub(crate) device: String,
    /// The session that is there already.
    pub(crate) session: Option<Session>,
    /// Where the request came from, for counting failures.
    pub(crate) network: Option<u64>,
    /// What the request says about itself.
    pub(crate) info: stoa_web::RequestInfo,
}

/// How long a browser's own cookie is kept.
pub(crate) const BROWSER_TIME: Duration = Duration::from_hours(365 * 24);
