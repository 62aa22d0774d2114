//! What the sample data of profile `govstack` needs and nobody else may: people with a known password and known codes, and
//! sign-ins with known names.

use std::time::Duration;

use serde::Deserialize;
use stoa_store::{Tx, seal};

use super::authorize::stored;
use super::factors::FactorKind;
use super::people::{NewIdentifier, NewPerson};
use super::{By, Identity, subject_of};
use crate::error::IdentityError;
use crate::model::authorize::{AuthorizationRequest, Way};
use crate::model::oauth::OauthError;
use crate::model::parameters::Parameters;
use crate::model::person::{IdentifierKind, Profile};
use crate::store;
use crate::store::transaction::NewTransaction;

/// How long the samples hold.
const SAMPLE_TIME: Duration = Duration::from_hours(24);

/// A person of the sample data.
#[derive(Debug, Deserialize)]
pub(crate) struct SamplePerson {
    name: String,
    birthdate: String,
    identifier: String,
    pin: Option<String>,
    codes: Vec<String>,
}

impl Identity {
    /// Enrols a sample person.
    pub(crate) async fn add_sample(&self, by: &By, sample: SamplePerson) -> Result<(), IdentityError> {
        let mut profile = Profile::default();
        profile.0.insert("name".to_owned(), sample.name.into());
        profile.0.insert("birthdate".to_owned(), sample.birthdate.into());
        let identifier = NewIdentifier { kind: IdentifierKind::Username, value: sample.identifier };
        let new = NewPerson {
            profile,
            identifiers: vec![identifier],
            roles: Vec::new(),
            source: "sample data".to_owned(),
            is_distinct: true,
        };
        let (person, _) = self.enrol(by, new).await?;
        let hash = match sample.pin {
            Some(pin) => Some(self.hashing().hash(pin).await?),
            None => None,
        };
        let (this, id, codes) = (self.clone(), person.id, sample.codes);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            if let Some(hash) = &hash {
                let kind = FactorKind::Password;
                let sealed = seal::seal(tx, this.master(), &subject_of(id), kind.sealed_in(), hash.as_bytes()).await?;
                store::factor::insert(tx, id, kind.as_str(), "", &sealed, true).await?;
            }
            for code in &codes {
                let until = tx.now().plus(SAMPLE_TIME);
                this.keep_sent(tx, id, code, until).await?;
            }
            Ok(())
        };
        self.store().write(write).await
    }

    /// Begins sign-ins with these names, all for one request.
    pub(crate) async fn begin_samples(&self, request: &str, names: &[String]) -> Result<(), IdentityError> {
        let asked = Parameters::read(request.as_bytes());
        let client = self.named_client(asked.get("client_id").unwrap_or("")).await?.ok_or_else(OauthError::client)?;
        let read = AuthorizationRequest::read(&asked, &client.client_id, &client.metadata, Way::Browser, self.issuer());
        let request = read.map_err(|refused| IdentityError::field("/request", "request", format!("{refused:?}")))?;
        let (text, names) = (stored(&request)?, names.to_vec());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            for name in &names {
                let (hash, expires_at) = (stoa_web::secret_hash(name), tx.now().plus(SAMPLE_TIME));
                let new = NewTransaction {
                    hash: &hash,
                    browser: &[0; 32],
                    client: Some(client.id),
                    request: &text,
                    expires_at,
                };
                store::transaction::insert(tx, &client.tenant, &new).await?;
            }
            Ok(())
        };
        self.store().write(write).await
    }
}
