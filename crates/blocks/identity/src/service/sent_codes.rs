//! Codes that are sent to people: made when the letter goes, kept as keyed hashes, counted once.

use std::time::Duration;

use stoa_core::{Instant, Tenant};
use stoa_store::Tx;

use super::sessions::At;
use super::sign_in::refused;
use super::{About, Identity, PersonId};
use crate::error::IdentityError;
use crate::jose::random;
use crate::model::acr::Method;
use crate::model::person::normal;
use crate::store;

/// How long a code that was sent holds.
const SENT_TIME: Duration = Duration::from_mins(3);

impl Identity {
    /// The person of a name, while they may sign in.
    pub(super) async fn active_by_name(&self, tenant: &Tenant, name: &str) -> Result<Option<PersonId>, IdentityError> {
        let (tenant, hash) = (tenant.clone(), self.identifier_hash(name));
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<PersonId>, IdentityError> {
            let Some(found) = store::person::by_identifier(tx, &tenant, &hash).await? else { return Ok(None) };
            let row = store::person::by_id(tx, found.person).await?;
            Ok(row.filter(|row| row.state == "active").map(|row| row.id))
        };
        self.store().read(read).await
    }

    fn sent_hash(&self, whom: &str, code: &str) -> [u8; 32] {
        self.master().mac("identity.sent_code", format!("{whom}\0{}", code.trim()).as_bytes())
    }

    /// A code that was sent. Whether anybody is behind the name costs the same.
    pub(super) async fn by_sent_code(
        &self,
        tenant: &Tenant,
        at: &At,
        name: &str,
        code: &str,
    ) -> Result<PersonId, IdentityError> {
        let counted = self.count_attempt(tenant, at, &format!("sent to {}", normal(name))).await?;
        match self.use_sent(tenant, name, code).await? {
            (Some(person), true) => {
                self.forget_attempts(counted).await?;
                Ok(person)
            }
            _ => refused(),
        }
    }

    /// Who is behind a name, and whether this code was sent to them; then it is used up.
    async fn use_sent(
        &self,
        tenant: &Tenant,
        name: &str,
        code: &str,
    ) -> Result<(Option<PersonId>, bool), IdentityError> {
        let person = self.active_by_name(tenant, name).await?;
        let whom = person.map_or_else(|| name.to_owned(), |person| person.to_string());
        let hash = self.sent_hash(&whom, code);
        let write = async move |tx: &mut Tx<'_>| -> Result<bool, IdentityError> {
            Ok(store::wallet::use_sent(tx, &hash).await?)
        };
        Ok((person, self.store().write(write).await?))
    }

    /// A code that was sent, or one of the person's own application.
    pub(super) async fn by_sent_or_own_code(
        &self,
        tenant: &Tenant,
        at: &At,
        name: &str,
        code: &str,
    ) -> Result<(PersonId, Method), IdentityError> {
        let counted = self.count_attempt(tenant, at, &format!("sent to {}", normal(name))).await?;
        let (person, was_sent) = self.use_sent(tenant, name, code).await?;
        let Some(person) = person else { return refused() };
        let method = if was_sent { Some(Method::SentCode) } else { self.own_code(person, code).await? };
        let Some(method) = method else { return refused() };
        self.forget_attempts(counted).await?;
        Ok((person, method))
    }

    /// Sends a code to whoever is behind a name, if anybody is and has an address: a job finds out, so that whoever asks
    /// learns nothing.
    pub(crate) async fn send_code(
        &self,
        tenant: &Tenant,
        network: Option<u64>,
        name: &str,
        language: &str,
    ) -> Result<(), IdentityError> {
        self.letter_to(tenant, network, name, About::Code, language).await
    }

    /// Makes the code that a letter carries.
    pub(super) async fn new_sent_code(&self, tx: &mut Tx<'_>, person: PersonId) -> Result<String, IdentityError> {
        let code = format!("{:06}", u64::from_le_bytes(random::<8>()?) % 1_000_000);
        let until = tx.now().plus(SENT_TIME);
        self.keep_sent(tx, person, &code, until).await?;
        Ok(code)
    }

    /// Keeps a code for a person.
    pub(super) async fn keep_sent(
        &self,
        tx: &mut Tx<'_>,
        person: PersonId,
        code: &str,
        until: Instant,
    ) -> Result<(), IdentityError> {
        Ok(store::wallet::add_sent(tx, &self.sent_hash(&person.to_string(), code), person, until).await?)
    }
}
