//! Sign-ins that a wallet takes over (GovStack `linked-authorization`). A page shows a code; the wallet that reads it signs its owner in, asks what they agree to, and the page
//! gets the answer for its client.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::{Instant, Tenant};
use stoa_store::{StoreError, Tx};
use stoa_web::{Profile, RequestInfo};
use tokio::sync::Semaphore;

use super::authorize::{TRANSACTION_TIME, Who, published, request_of};
use super::clients::Client;
use super::consents::Decided;
use super::sessions::At;
use super::{By, Identity, PersonId, note};
use crate::error::IdentityError;
use crate::model::acr::{Acr, Method, Methods};
use crate::model::authorize::{Answer, AuthorizationRequest, Refused, Way};
use crate::model::claims::{Claim, Scopes};
use crate::model::parameters::Parameters;
use crate::model::wallet::{AuthFactor, Challenge, factors};
use crate::store;
use crate::store::wallet::{LinkRow, NewLink};

/// How long a code may be taken over. The official suite waits half a minute for its end.
const LINKABLE: Duration = Duration::from_mins(1);
const LINKABLE_GOVSTACK: Duration = Duration::from_secs(25);
/// How often it is looked while a page waits.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// Pages that wait at a time; others are answered at once and ask again.
static WAITING: Semaphore = Semaphore::const_new(256);

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

impl From<&'static str> for WalletError {
    fn from(code: &'static str) -> Self {
        Said(code)
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

impl Identity {
    /// How a wallet that read this code is called from then on: the same each time it reads it.
    fn linked_name(&self, code: &str) -> String {
        BASE64.encode(self.master().mac("identity.wallet_link", code.as_bytes()))
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
        let (Some(client), Some(request)) = (row.client, request_of(&row.request)) else {
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
        if asked.check().is_err() {
            return Err(Said("invalid_request"));
        }
        let client = self.named_client(asked.get("client_id").unwrap_or("")).await?.ok_or(Said("invalid_client_id"))?;
        let read = AuthorizationRequest::read(asked, &client.client_id, &client.metadata, Way::Browser, self.issuer());
        let request = read.map_err(|refused| match refused {
            Refused::Here(_) => Said("invalid_redirect_uri"),
            Refused::There(answer) => Said(published(&answer)),
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
            let expires_at = tx.now().plus(TRANSACTION_TIME);
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
        // Classes that nobody here knows are no demand, but where the client insists.
        let is_free = !request.acr_is_essential && request.acr_values.iter().all(|name| Acr::from_name(name).is_none());
        if !(request.is_reached_by(&methods) || is_free) || !is_meant {
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
    pub(super) async fn shown(
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
        let person = whose.ok_or(Said("invalid_no_of_challenges"))?;
        let (words, read) = (methods.clone(), methods);
        let wants = async move |tx: &mut Tx<'_>| -> Result<bool, IdentityError> {
            Self::wants_application(tx, person, &words).await
        };
        // The same as in a browser: a password is not enough where an application was set up.
        if self.store().read(wants).await? {
            return Err(Said("auth_failed"));
        }
        Ok((person, read))
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
        let wanted = request.claims.wanted();
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
                // Somebody may have been blocked since, or got a new password because another had the old one.
                let held = store::person::by_id(tx, person).await?;
                let held = held.filter(|row| row.state == "active" && row.valid_from <= at);
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
        let asked: BTreeSet<Claim> = request.claims.wanted().into_keys().collect();
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
}

/// `openid` is what every sign-in is, whether the wallet named it or not.
fn with_openid(scope: &Scopes) -> Scopes {
    Scopes::read(&format!("openid {scope}"))
}

/// A wallet is no browser: failures are counted under what it is about.
pub(super) fn elsewhere(mark: [u8; 32], network: Option<u64>, info: &RequestInfo) -> At {
    At { browser: mark, device: String::new(), session: None, network, info: info.clone() }
}

fn hash_of(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Data { reason: "a hash has another length".to_owned() })
}
