//! What people agreed to give, seen and withdrawn by them; and who read what of them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::Instant;
use stoa_store::{StoreError, Tx};

use super::clients::Client;
use super::{By, ClientId, Identity, PersonId, note};
use crate::error::IdentityError;
use crate::model::authorize::Agreed;
use crate::model::claims::{Claim, Scopes};
use crate::store;
use crate::store::consent::{ConsentRow, NewConsent};

/// Consents and readings that one page shows.
const SHOWN: u32 = 200;

/// What a person decided about one client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) scope: Scopes,
    pub(super) accepted: BTreeSet<Claim>,
    pub(super) declined: BTreeSet<Claim>,
}

/// The claims as they are stored.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    accepted: BTreeSet<Claim>,
    declined: BTreeSet<Claim>,
}

impl Decided {
    fn of_row(row: &ConsentRow) -> Result<Self, StoreError> {
        let stored: Stored =
            serde_json::from_str(&row.claims).map_err(|error| StoreError::Data { reason: error.to_string() })?;
        Ok(Self { scope: Scopes::read(&row.scope), accepted: stored.accepted, declined: stored.declined })
    }

    /// What need not be asked again: what was declined is declined.
    pub(super) fn agreed(&self) -> Agreed {
        Agreed { scope: self.scope.clone(), claims: self.accepted.union(&self.declined).copied().collect() }
    }
}

/// A consent as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The client.
    pub client: ClientId,
    /// What it is called.
    pub client_name: String,
    /// What it was given.
    pub claims: Vec<Claim>,
    /// What it was given beside.
    pub scope: Scopes,
    /// Why it wanted it.
    pub purpose: String,
    /// When.
    pub given_at: Instant,
    /// Until when it is remembered.
    pub expires_at: Instant,
    /// When it ended.
    pub withdrawn_at: Option<Instant>,
}

/// Who read what of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// A service, or the name of an official.
    pub reader: String,
    /// The claims.
    pub claims: Vec<String>,
    /// Why.
    pub purpose: String,
    /// When.
    pub read_at: Instant,
}

impl Identity {
    pub(super) async fn decided(&self, person: PersonId, client: ClientId) -> Result<Option<Decided>, IdentityError> {
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<ConsentRow>, IdentityError> {
            Ok(store::consent::held(tx, person, client).await?)
        };
        let row = self.store().read(read).await?;
        Ok(row.as_ref().map(Decided::of_row).transpose()?)
    }

    pub(super) async fn give_consent(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        person: PersonId,
        client: &Client,
        decided: &Decided,
    ) -> Result<(), IdentityError> {
        let days = u64::from(client.metadata.consent_days);
        // What is asked each time holds for this one sign-in.
        let time = if days == 0 { Duration::from_mins(10) } else { Duration::from_hours(24 * days) };
        let stored = Stored { accepted: decided.accepted.clone(), declined: decided.declined.clone() };
        let claims = serde_json::to_string(&stored).map_err(|error| StoreError::Data { reason: error.to_string() })?;
        let new = NewConsent {
            person,
            client: client.id,
            scope: &decided.scope.to_string(),
            claims: &claims,
            purpose: &client.metadata.purpose,
            expires_at: tx.now().plus(time),
        };
        let id = store::consent::give(tx, by.tenant(), &new).await?;
        let detail = json!({"client": client.client_id, "scope": decided.scope.to_string(),
            "accepted": decided.accepted, "declined": decided.declined});
        note(tx, by, "identity.consent.give", format!("identity/consents/{id}"), Some(person), detail).await
    }

    /// What a person agreed to, the newest first.
    pub async fn consents(&self, person: PersonId) -> Result<Vec<Consent>, IdentityError> {
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<Consent>, IdentityError> {
            let mut consents = Vec::new();
            for row in store::consent::list(tx, person, SHOWN).await? {
                let name = Self::client_in(tx, row.client).await?.map(|client| client.metadata.client_name);
                let decided = Decided::of_row(&row)?;
                consents.push(Consent {
                    client: row.client,
                    client_name: name.unwrap_or_default(),
                    claims: decided.accepted.into_iter().collect(),
                    scope: decided.scope,
                    purpose: row.purpose,
                    given_at: row.given_at,
                    expires_at: row.expires_at,
                    withdrawn_at: row.withdrawn_at,
                });
            }
            Ok(consents)
        };
        self.store().read(read).await
    }

    /// Withdraws what a person agreed to give a client: its tokens end too.
    pub async fn withdraw(&self, by: &By, person: PersonId, client: ClientId) -> Result<(), IdentityError> {
        let by = by.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let held = store::consent::withdraw(tx, person, client).await?;
            let grants = store::grant::revoke_all(tx, person, Some(client)).await?;
            if held || grants > 0 {
                let object = format!("identity/people/{person}");
                let detail = json!({"client": client.to_string(), "grants": grants});
                note(tx, &by, "identity.consent.withdraw", object, Some(person), detail).await?;
            }
            Ok(())
        };
        self.store().write(write).await
    }

    /// Who read what of a person, the newest first.
    pub async fn readings(&self, person: PersonId) -> Result<Vec<Reading>, IdentityError> {
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<Reading>, IdentityError> {
            let mut readings = Vec::new();
            for row in store::person::reads(tx, person, SHOWN).await? {
                let name = match row.client {
                    Some(id) => Self::client_in(tx, id).await?.map(|client| client.metadata.client_name),
                    None => None,
                };
                readings.push(Reading {
                    reader: name.unwrap_or(row.reader),
                    claims: row.claims.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
                    purpose: row.purpose,
                    read_at: row.read_at,
                });
            }
            Ok(readings)
        };
        self.store().read(read).await
    }
}
