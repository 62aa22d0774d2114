//! Wallets that are bound to people (GovStack `wallet-binding`): the key of one is certified, and what it signs proves who its
//! owner is.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};
use stoa_core::{Instant, Tenant};
use stoa_store::Tx;

use super::clients::times;
use super::sessions::At;
use super::sign_in::refused;
use super::wallet::WalletError::{self, Said};
use super::wallet::elsewhere;
use super::{About, By, Identity, PersonId, note};
use crate::error::IdentityError;
use crate::jose::{Algorithm, PublicKeys, bound_key_certificate, thumbprint, verify};
use crate::model::acr::Method;
use crate::model::client::AuthMethod;
use crate::model::person::normal;
use crate::model::wallet::{AuthFactor, Challenge};
use crate::store;
use crate::store::WalletId;
use crate::store::wallet::{NewBinding, WalletRow};

/// How long what a wallet signed holds at most.
const SIGNED_TIME_MAX: Duration = Duration::from_mins(10);
/// For how many days a wallet is bound.
const BOUND_DAYS: u32 = 365;

/// The request of a wallet to be bound.
pub(crate) struct Binding {
    pub(crate) individual: String,
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) factor: AuthFactor,
    pub(crate) keys: PublicKeys,
    pub(crate) public_key: Value,
    pub(crate) partner: String,
}

/// A wallet that is bound.
pub(crate) struct Bound {
    pub(crate) wallet_user_id: String,
    pub(crate) certificate: Vec<u8>,
    pub(crate) expires_at: Instant,
}

/// A wallet as its owner sees it.
pub(crate) struct Wallet {
    pub(crate) id: WalletId,
    /// Who made it.
    pub(crate) maker: String,
    pub(crate) created_at: Instant,
    pub(crate) expires_at: Instant,
}

impl Identity {
    /// What a bound wallet signed: for us (`aud`), for this sign-in (`nonce`), about its owner (`sub`), just now (`exp`).
    pub(super) async fn by_wallet(
        &self,
        tenant: &Tenant,
        at: &At,
        name: &str,
        token: &str,
        nonce: &str,
    ) -> Result<(PersonId, Method), IdentityError> {
        // What is signed for no sign-in could be shown twice: no wallet binds another.
        if nonce.is_empty() {
            return refused();
        }
        let counted = self.count_attempt(tenant, at, &format!("wallet of {}", normal(name))).await?;
        let Some(person) = self.active_by_name(tenant, name).await? else { return refused() };
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<(String, String)>, IdentityError> {
            Ok(store::wallet::keys(tx, person).await?)
        };
        let now = self.now();
        let holds = |(key, user): &(String, String)| {
            let Ok(key) = serde_json::from_str::<Value>(key) else { return false };
            let Ok(keys) = serde_json::from_value::<JwkSet>(json!({"keys": [key]})) else { return false };
            let Ok(found) = verify(token, &keys, &Algorithm::ALL) else { return false };
            let text = |name: &str| found.claims.get(name).and_then(Value::as_str);
            let (ends, begins) = times(&found.claims);
            text("aud") == Some(self.issuer())
                && text("nonce") == Some(nonce)
                && text("sub") == Some(user)
                && ends.is_some_and(|ends| ends > now && ends < now.plus(SIGNED_TIME_MAX))
                && begins.is_none_or(|begins| begins.minus(super::clients::LEEWAY) <= now)
        };
        if !self.store().read(read).await?.iter().any(holds) {
            return refused();
        }
        self.forget_attempts(counted).await?;
        Ok((person, Method::Wallet))
    }

    /// Whether somebody is this client: for the headers of `wallet-binding`.
    pub(crate) async fn is_partner(&self, tenant: &Tenant, id: &str, key: &str) -> Result<bool, IdentityError> {
        for way in [AuthMethod::ClientSecretPost, AuthMethod::ClientSecretBasic] {
            match self.by_secret(id, key, way).await {
                Ok(found) => return Ok(found.client.tenant == *tenant),
                Err(IdentityError::Oauth(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Binds the key of a wallet to a person who proves who they are.
    pub(crate) async fn bind_wallet(
        &self,
        by: &By,
        binding: Binding,
        network: Option<u64>,
    ) -> Result<Bound, WalletError> {
        let tenant = by.tenant().clone();
        let key = binding.keys.set().keys.first().ok_or(Said("invalid_public_key"))?.clone();
        let print = thumbprint(&key).ok_or(Said("invalid_public_key"))?;
        if let Some(person) = self.active_by_name(&tenant, &binding.individual).await? {
            let (print, factor) = (print.clone(), binding.factor.as_str());
            let read = async move |tx: &mut Tx<'_>| -> Result<bool, WalletError> {
                Ok(store::wallet::is_bound(tx, person, &print, factor).await?)
            };
            if self.store().read(read).await? {
                return Err(Said("duplicate_public_key"));
            }
        }
        let at = elsewhere(stoa_web::secret_hash(&print), network, &by.info);
        let proved = self.shown(&tenant, &at, &binding.individual, &binding.challenges, "").await;
        let (person, methods) = proved.map_err(|error| match error {
            Said(_) => Said("invalid_auth_challenge"),
            failed @ WalletError::Failed(_) => failed,
        })?;
        let of = format!("{tenant}\0{person}\0{}\0{print}", binding.partner);
        let wallet_user_id = BASE64.encode(self.master().mac("identity.wallet_user", of.as_bytes()));
        let ring = self.ring().await?;
        let signer = ring.signer(Algorithm::RS256, self.now()).ok_or(Said("key_binding_failed"))?;
        let (certificate, expires_at) =
            bound_key_certificate(&key, &wallet_user_id, signer.key.as_ref(), self.issuer(), self.now(), BOUND_DAYS)
                .ok_or(Said("invalid_public_key"))?;
        let bound = Bound { wallet_user_id, certificate, expires_at };
        let (by, detail) = (by.clone(), json!({"partner": binding.partner, "methods": methods.amr(), "key": print}));
        let (user, der) = (bound.wallet_user_id.clone(), bound.certificate.clone());
        let (this, text) = (self.clone(), binding.public_key.to_string());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), WalletError> {
            let new = NewBinding {
                person,
                partner: &binding.partner,
                wallet_user_id: &user,
                thumbprint: &print,
                factor: binding.factor.as_str(),
                public_key: &text,
                certificate: &der,
                expires_at,
            };
            let id = store::wallet::insert_binding(tx, by.tenant(), &new).await?.ok_or(Said("duplicate_public_key"))?;
            // Whoever came by somebody's password shall not have a key of theirs in silence.
            this.post(tx, person, About::Wallet, "").await?;
            let object = format!("identity/wallets/{id}");
            Ok(note(tx, &by, "identity.wallet.bind", object, Some(person), detail.clone()).await?)
        };
        self.store().write(write).await?;
        Ok(bound)
    }

    /// The wallets of a person that hold, the oldest first.
    pub(crate) async fn wallets(&self, person: PersonId) -> Result<Vec<Wallet>, IdentityError> {
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<WalletRow>, IdentityError> {
            Ok(store::wallet::list(tx, person).await?)
        };
        let mut wallets = Vec::new();
        for row in self.store().read(read).await? {
            let maker = self.named_client(&row.partner).await?.map(|client| client.name().to_owned());
            wallets.push(Wallet {
                id: row.id,
                maker: maker.unwrap_or(row.partner),
                created_at: row.created_at,
                expires_at: row.expires_at,
            });
        }
        Ok(wallets)
    }

    /// Takes a wallet away from a person: what it signs counts no more.
    pub(crate) async fn remove_wallet(&self, by: &By, person: PersonId, id: WalletId) -> Result<(), IdentityError> {
        let by = by.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            if !store::wallet::delete(tx, person, id).await? {
                return Err(IdentityError::FactorNotFound);
            }
            let object = format!("identity/wallets/{id}");
            note(tx, &by, "identity.wallet.remove", object, Some(person), json!({})).await
        };
        self.store().write(write).await
    }
}
