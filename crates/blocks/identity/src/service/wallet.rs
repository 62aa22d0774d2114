//! Sign-ins that a wallet takes over (GovStack `linked-authorization`) and wallets that are bound to people
//! (`wallet-binding`). A page shows a code; the wallet that reads it signs its owner in, asks what they agree to, and the page
//! gets the answer for its client.

use std::collections::BTreeSet;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_core::{Instant, Tenant};
use stoa_store::{StoreError, Tx};
use stoa_web::{Profile, RequestInfo};
use tokio::sync::Semaphore;

use super::authorize::Who;
use super::clients::{Client, times};
use super::consents::Decided;
use super::sessions::At;
use super::sign_in::refused;
use super::{About, By, Identity, PersonId, note};
use crate::error::IdentityError;
use crate::jose::{Algorithm, PublicKeys, bound_key_certificate, random, thumbprint, verify};
use crate::model::acr::{Method, Methods};
use crate::model::authorize::{Answer, AuthorizationRequest};
use crate::model::claims::{Claim, Scopes};
use crate::model::client::AuthMethod;
use crate::model::parameters::Parameters;
use crate::model::person::normal;
use crate::model::wallet::{AuthFactor, Challenge, factors};
use crate::store;
use crate::store::wallet::{LinkRow, NewBinding, NewLink};

/// How long a code may be taken over. The official suite waits half a minute for its end.
const LINKABLE: Duration = Duration::from_mins(1);
const LINKABLE_GOVSTACK: Duration = Duration::from_secs(25);
/// How often it is looked while a page waits.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// Pages that wait at a time; others are answered at once and ask again.
static WAITING: Semaphore = Semaphore::const_new(256);
/// How long what a wallet signed holds at most.
const SIGNED_TIME_MAX: Duration = Duration::from_mins(10);
/// How long a code that was sent holds.
const SENT_TIME: Duration = Duration::from_mins(3);
/// For how many days a wallet is bound.
const BOUND_DAYS: u32 = 365;

/// Why a request was refused: a published word, or a fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WalletError {
    /// The code of the refusal (`errorCode`).
    #[error("{0}")]
    Said(&'static str),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<StoreError> for WalletError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

use WalletError::Said;

/// What the person agreed to in the wallet.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    scope: Scopes,
    claims: BTreeSet<Claim>,
}

/// A sign-in as the wallet is told of it.
pub(crate) struct Linked {
    /// By what the wallet goes on.
    pub(crate) name: String,
    pub(crate) client: Client,
    pub(crate) request: AuthorizationRequest,
}

/// What a page learns when it asks how far its wallet is.
pub(crate) enum LinkStatus {
    Linked(Instant),
    /// Nothing happened so far; ask again.
    Waiting,
}

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

impl Identity {
    /// How a wallet that read this code is called from then on: the same each time it reads it.
    fn linked_name(&self, code: &str) -> String {
        use base64::Engine as _;
        let mac = self.master().mac("identity.wallet_link", code.as_bytes());
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(mac)
    }

    /// A client's request with its transaction, whichever browser it began in; nothing where it is over.
    async fn open_request(
        tx: &mut Tx<'_>,
        hash: &[u8; 32],
        browser: Option<&[u8; 32]>,
    ) -> Result<Option<(Client, AuthorizationRequest)>, IdentityError> {
        let row = match browser {
            Some(browser) => store::transaction::find(tx, hash, browser).await?,
            None => store::transaction::find_anywhere(tx, hash).await?,
        };
        let Some(row) = row else { return Ok(None) };
        let (Some(client), Some(request)) = (row.client, super::authorize::request_of(&row.request)) else {
            return Ok(None);
        };
        Ok(Self::client_in(tx, client).await?.map(|client| (client, request)))
    }

    /// Where a transaction of a page must have begun. The official suite brings no cookies, and its transactions began
    /// nowhere.
    fn begun_in<'a>(&self, browser: &'a [u8; 32]) -> Option<&'a [u8; 32]> {
        (self.profile() != Profile::Govstack).then_some(browser)
    }

    /// Begins a sign-in for a page that is not ours (e-Signet `oauth-details`); gives the name of the transaction and what
    /// is asked.
    pub(crate) async fn begin_elsewhere(
        &self,
        asked: &Parameters,
        browser: &[u8; 32],
    ) -> Result<(String, Client, AuthorizationRequest), WalletError> {
        use crate::model::authorize::{Refused, Way};
        if asked.check().is_err() {
            return Err(Said("invalid_request"));
        }
        let client = self.named_client(asked.get("client_id").unwrap_or("")).await?.ok_or(Said("invalid_client_id"))?;
        let read = AuthorizationRequest::read(asked, &client.client_id, &client.metadata, Way::Browser, self.issuer());
        let request = read.map_err(|refused| match refused {
            Refused::Here(_) => Said("invalid_redirect_uri"),
            Refused::There(answer) => Said(super::authorize::published(&answer)),
        })?;
        let transaction = self.begin_request(&client, &request, browser).await?;
        Ok((transaction, Client::clone(&client), request))
    }

    /// A new code for a sign-in.
    pub(crate) async fn link_code(
        &self,
        transaction: &str,
        browser: &[u8; 32],
    ) -> Result<(String, Instant), WalletError> {
        let given = super::secret()?;
        let (request, browser) = (stoa_web::secret_hash(transaction), *browser);
        let (hash, linked) = (given.1, stoa_web::secret_hash(&self.linked_name(&given.0)));
        let this = self.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<Instant, WalletError> {
            let held = Self::open_request(tx, &request, this.begun_in(&browser)).await?;
            held.ok_or(Said("invalid_transaction_id"))?;
            let time = if this.profile() == Profile::Govstack { LINKABLE_GOVSTACK } else { LINKABLE };
            let linkable_until = tx.now().plus(time);
            let expires_at = tx.now().plus(super::authorize::TRANSACTION_TIME);
            let new = NewLink { hash: &hash, linked: &linked, request: &request, linkable_until, expires_at };
            store::wallet::insert_link(tx, &new).await?;
            Ok(linkable_until)
        };
        Ok((given.0, self.store().write(write).await?))
    }

    /// Looks again and again until there is something, or the time is over.
    async fn wait_for<T, F>(&self, look: impl Fn() -> F + Send + Sync) -> Result<Option<T>, WalletError>
    where
        T: Send,
        F: Future<Output = Result<Option<T>, WalletError>> + Send,
    {
        let first = look().await?;
        // The official suite asks once and waits three seconds.
        if first.is_some() || self.profile() == Profile::Govstack {
            return Ok(first);
        }
        let Ok(_seat) = WAITING.try_acquire() else { return Ok(None) };
        let until = tokio::time::Instant::now() + self.settings().wallet_wait;
        while tokio::time::Instant::now() < until {
            tokio::time::sleep(POLL_EVERY).await;
            let found = look().await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether a wallet took a sign-in over; waits a while for it.
    pub(crate) async fn link_status(
        &self,
        transaction: &str,
        code: &str,
        browser: &[u8; 32],
    ) -> Result<LinkStatus, WalletError> {
        let (request, hash, browser) = (stoa_web::secret_hash(transaction), stoa_web::secret_hash(code), *browser);
        let look = || {
            let (this, store) = (self.clone(), self.store().clone());
            let read = async move |tx: &mut Tx<'_>| -> Result<Option<Instant>, WalletError> {
                let held = Self::open_request(tx, &request, this.begun_in(&browser)).await?;
                held.ok_or(Said("invalid_transaction_id"))?;
                let row = store::wallet::by_code(tx, &hash).await?.filter(|row| row.request == request);
                Ok(row.ok_or(Said("invalid_link_code"))?.linked_at)
            };
            async move { store.read(read).await }
        };
        Ok(self.wait_for(look).await?.map_or(LinkStatus::Waiting, LinkStatus::Linked))
    }

    /// A wallet takes a sign-in over. Twice is once.
    pub(crate) async fn link(&self, code: &str) -> Result<Linked, WalletError> {
        let (hash, linked) = (stoa_web::secret_hash(code), self.linked_name(code));
        let write = async move |tx: &mut Tx<'_>| -> Result<(Client, AuthorizationRequest), WalletError> {
            let row = store::wallet::by_code(tx, &hash).await?.ok_or(Said("invalid_link_code"))?;
            if row.linkable_until <= tx.now() {
                return Err(Said("invalid_link_code"));
            }
            let request = hash_of(&row.request)?;
            let held = Self::open_request(tx, &request, None).await?.ok_or(Said("invalid_link_code"))?;
            store::wallet::set_linked(tx, &hash).await?;
            Ok(held)
        };
        let (client, request) = self.store().write(write).await?;
        Ok(Linked { name: linked, client, request })
    }

    async fn linked_row(&self, linked: &[u8; 32]) -> Result<(LinkRow, Client, AuthorizationRequest), WalletError> {
        let linked = *linked;
        let read = async move |tx: &mut Tx<'_>| -> Result<_, WalletError> {
            let row = store::wallet::by_linked(tx, &linked).await?.ok_or(Said("invalid_transaction_id"))?;
            let request = hash_of(&row.request)?;
            let held = Self::open_request(tx, &request, None).await?.ok_or(Said("invalid_transaction_id"))?;
            Ok((row, held.0, held.1))
        };
        self.store().read(read).await
    }

    /// The owner of the wallet proves who they are. Only one does in one sign-in.
    pub(crate) async fn prove_in_wallet(
        &self,
        linked: &str,
        individual: &str,
        challenges: &[Challenge],
        network: Option<u64>,
        info: &RequestInfo,
    ) -> Result<(), WalletError> {
        let name = linked;
        let linked = stoa_web::secret_hash(linked);
        let (row, client, request) = self.linked_row(&linked).await?;
        if row.person.is_some() {
            return Err(Said("invalid_transaction_id"));
        }
        let shown: BTreeSet<AuthFactor> = challenges.iter().map(|challenge| challenge.factor).collect();
        let is_asked = factors(&request).iter().any(|together| together.iter().all(|factor| shown.contains(factor)));
        if !is_asked {
            return Err(Said("auth_failed"));
        }
        let at = elsewhere(linked, network, info);
        let (person, methods) = self.shown(&client.tenant, &at, individual, challenges, name).await?;
        // The client may have named the one person whom it means.
        let is_meant = request.claims.subject.as_ref().is_none_or(|named| *named == self.subject(&client, person));
        if !request.is_reached_by(&methods) || !is_meant {
            return Err(Said("auth_failed"));
        }
        let (by, words) = (By::person(&client.tenant, person, info.clone()), methods.words());
        let detail = json!({"methods": methods.amr(), "client": client.client_id});
        let write = async move |tx: &mut Tx<'_>| -> Result<(), WalletError> {
            if !store::wallet::set_person(tx, &linked, person, &words).await? {
                return Err(Said("invalid_transaction_id"));
            }
            let object = format!("identity/people/{person}");
            Ok(note(tx, &by, "identity.wallet.sign_in", object, Some(person), detail.clone()).await?)
        };
        self.store().write(write).await
    }

    /// Whom all these challenges belong to. The same answer for whoever is not there.
    async fn shown(
        &self,
        tenant: &Tenant,
        at: &At,
        individual: &str,
        challenges: &[Challenge],
        nonce: &str,
    ) -> Result<(PersonId, Methods), WalletError> {
        let mut methods = Methods::default();
        let mut whose: Option<PersonId> = None;
        for challenge in challenges {
            let proved = match challenge.factor {
                AuthFactor::Pin => self
                    .by_password(tenant, at, individual, challenge.value.clone())
                    .await
                    .map(|person| (person, Method::Password)),
                AuthFactor::Otp => self.by_sent_or_own_code(tenant, at, individual, &challenge.value).await,
                AuthFactor::Wallet => self.by_wallet(tenant, at, individual, &challenge.value, nonce).await,
                AuthFactor::Biometric => Err(IdentityError::NotProved),
            };
            let (person, method) = match proved {
                Ok(proved) => proved,
                // How long to wait says the next attempt of a page; a wallet has no word for it.
                Err(IdentityError::NotProved | IdentityError::TooManyAttempts(_)) => return Err(Said("auth_failed")),
                Err(error) => return Err(error.into()),
            };
            if whose.is_some_and(|other| other != person) {
                return Err(Said("auth_failed"));
            }
            whose = Some(person);
            methods.add(method);
        }
        Ok((whose.ok_or(Said("invalid_no_of_challenges"))?, methods))
    }

    /// The person of a name, while they may sign in.
    async fn active_by_name(&self, tenant: &Tenant, name: &str) -> Result<Option<PersonId>, IdentityError> {
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
    async fn by_sent_or_own_code(
        &self,
        tenant: &Tenant,
        at: &At,
        name: &str,
        code: &str,
    ) -> Result<(PersonId, Method), IdentityError> {
        let counted = self.count_attempt(tenant, at, &format!("sent to {}", normal(name))).await?;
        let (person, was_sent) = self.use_sent(tenant, name, code).await?;
        let Some(person) = person else { return refused() };
        let method = if was_sent { Some(Method::OneTimeCode) } else { self.own_code(person, code).await? };
        let Some(method) = method else { return refused() };
        self.forget_attempts(counted).await?;
        Ok((person, method))
    }

    /// What a bound wallet signed: for us (`aud`), for this sign-in (`nonce`), about its owner (`sub`), just now (`exp`).
    async fn by_wallet(
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
        let person = self.active_by_name(tenant, name).await?.ok_or(IdentityError::NotProved)?;
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
            return Err(IdentityError::NotProved);
        }
        self.forget_attempts(counted).await?;
        Ok((person, Method::Wallet))
    }

    /// The person agrees in the wallet. Nothing is given before they proved who they are too.
    pub(crate) async fn agree_in_wallet(
        &self,
        linked: &str,
        scope: &[String],
        claims: &[String],
    ) -> Result<(), WalletError> {
        let linked = stoa_web::secret_hash(linked);
        let (_, _, request) = self.linked_row(&linked).await?;
        let permitted = Scopes::read(&scope.join(" "));
        let asked = request.scope.to_string();
        if scope.iter().any(|scope| !asked.split(' ').any(|asked| asked == scope)) {
            return Err(Said("invalid_permitted_scope"));
        }
        let wanted = request.wanted();
        let accepted: Option<BTreeSet<Claim>> = claims.iter().map(|name| Claim::from_name(name)).collect();
        let accepted = accepted.filter(|accepted| accepted.iter().all(|claim| wanted.contains_key(claim)));
        let accepted = accepted.ok_or(Said("invalid_accepted_claim"))?;
        if wanted.iter().any(|(claim, is_essential)| *is_essential && !accepted.contains(claim)) {
            return Err(Said("invalid_accepted_claim"));
        }
        let stored = Stored { scope: permitted, claims: accepted };
        let text = serde_json::to_string(&stored).map_err(|error| StoreError::Data { reason: error.to_string() })?;
        let write = async move |tx: &mut Tx<'_>| -> Result<(), WalletError> {
            Ok(store::wallet::set_agreed(tx, &linked, &text).await?)
        };
        self.store().write(write).await
    }

    /// The answer for the client, once the wallet is done; waits a while for it. Nothing where it is not.
    pub(crate) async fn linked_answer(
        &self,
        transaction: &str,
        code: &str,
        browser: &[u8; 32],
        info: &RequestInfo,
    ) -> Result<Option<(Answer, AuthorizationRequest)>, WalletError> {
        let (hash, wanted, browser) = (stoa_web::secret_hash(code), stoa_web::secret_hash(transaction), *browser);
        let is_given = !code.is_empty();
        let look = || {
            let (this, store) = (self.clone(), self.store().clone());
            let read = async move |tx: &mut Tx<'_>| -> Result<Option<_>, WalletError> {
                // Where both are wrong the code is what is told, but where none was given at all.
                let row = store::wallet::by_code(tx, &hash).await?;
                if row.is_none() && is_given {
                    return Err(Said("invalid_link_code"));
                }
                let held = Self::open_request(tx, &wanted, this.begun_in(&browser)).await?;
                let (client, request) = held.ok_or(Said("invalid_transaction_id"))?;
                let row = row.filter(|row| row.request == wanted).ok_or(Said("invalid_link_code"))?;
                let (Some(person), Some(at), Some(agreed)) = (row.person, row.signed_in_at, row.agreed) else {
                    return Ok(None);
                };
                // Somebody may have been blocked since.
                let held = store::person::by_id(tx, person).await?.filter(|row| row.state == "active");
                held.ok_or(Said("invalid_transaction"))?;
                Ok(Some((client, request, person, at, Methods::read(&row.methods), agreed)))
            };
            async move { store.read(read).await }
        };
        let Some((client, request, person, signed_in_at, methods, agreed)) = self.wait_for(look).await? else {
            return Ok(None);
        };
        let agreed: Stored =
            serde_json::from_str(&agreed).map_err(|error| StoreError::Data { reason: error.to_string() })?;
        let asked: BTreeSet<Claim> = request.wanted().into_keys().collect();
        let decided = Decided {
            scope: agreed.scope,
            declined: asked.difference(&agreed.claims).copied().collect(),
            accepted: agreed.claims,
        };
        let by = By::person(&client.tenant, person, info.clone());
        let (this, given, held) = (self.clone(), decided.clone(), client.clone());
        let remember = by.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), WalletError> {
            Ok(this.give_consent(tx, &remember, person, &held, &given).await?)
        };
        self.store().write(write).await?;
        let who = Who { session: None, person, methods, signed_in_at, by };
        // Only what was agreed to in the wallet: scopes that were left out are not given.
        let mut narrowed = request.clone();
        narrowed.scope = request.scope.within(&with_openid(&decided.scope));
        match self.issue(&client, &narrowed, &who, Some(&decided), Some(wanted)).await {
            Ok(answer) => Ok(Some((answer, request))),
            Err(IdentityError::SignInOver) => Err(Said("invalid_transaction_id")),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a code to whoever is behind a name, if anybody is and has an address: a job finds out, so that whoever asks
    /// learns nothing.
    pub(crate) async fn send_code(&self, tenant: &Tenant, name: &str, language: &str) -> Result<(), IdentityError> {
        self.letter_to(tenant, name, About::Code, language).await
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
        let wallet_user_id = {
            use base64::Engine as _;
            let of = format!("{tenant}\0{person}\0{}\0{print}", binding.partner);
            base64::engine::general_purpose::URL_SAFE_NO_PAD
                .encode(self.master().mac("identity.wallet_user", of.as_bytes()))
        };
        let ring = self.ring().await?;
        let signer = ring.signer(Algorithm::RS256, self.now()).ok_or(Said("key_binding_failed"))?;
        let (certificate, expires_at) =
            bound_key_certificate(&key, &wallet_user_id, signer.key.as_ref(), self.issuer(), self.now(), BOUND_DAYS)
                .ok_or(Said("invalid_public_key"))?;
        let bound = Bound { wallet_user_id, certificate, expires_at };
        let (by, detail) = (by.clone(), json!({"partner": binding.partner, "methods": methods.amr(), "key": print}));
        let (user, der) = (bound.wallet_user_id.clone(), bound.certificate.clone());
        let text = binding.public_key.to_string();
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
            let object = format!("identity/wallets/{id}");
            Ok(note(tx, &by, "identity.wallet.bind", object, Some(person), detail.clone()).await?)
        };
        self.store().write(write).await?;
        Ok(bound)
    }
}

/// `openid` is what every sign-in is, whether the wallet named it or not.
fn with_openid(scope: &Scopes) -> Scopes {
    Scopes::read(&format!("openid {scope}"))
}

/// A wallet is no browser: failures are counted under what it is about.
fn elsewhere(mark: [u8; 32], network: Option<u64>, info: &RequestInfo) -> At {
    At { browser: mark, device: String::new(), session: None, network, info: info.clone() }
}

fn hash_of(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Data { reason: "a hash has another length".to_owned() })
}
