//! Clients: registered, changed, removed; and how one proves who it is.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_core::{Instant, Permissions, Tenant};
use stoa_store::{StoreError, Tx};

use super::known::Known;
use super::{By, ClientId, Identity, note, secret};
use crate::error::IdentityError;
use crate::jose::{Algorithm, random, verify};
use crate::model::client::{AuthMethod, Metadata, id_fault};
use crate::model::oauth::OauthError;
use crate::model::parameters::Parameters;
use crate::store;
use crate::store::client::ClientRow;

/// How long the secrets before a new one go on: so that whoever runs the client can change it without a pause.
const OVERLAP: Duration = Duration::from_hours(24);
/// The only kind of assertion (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion may hold: what the libraries of services give one at the most.
const ASSERTION_TIME_MAX: Duration = Duration::from_hours(1);
/// How far the clocks of a client and of this provider may be apart.
pub(super) const LEEWAY: Duration = Duration::from_mins(1);

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Client {
    /// Its id in the database.
    #[serde(skip)]
    #[schema(ignore)]
    pub id: ClientId,
    /// Whose it is.
    #[serde(skip)]
    #[schema(ignore)]
    pub tenant: Tenant,
    /// What it is called in requests.
    pub client_id: String,
    /// Whether it may come in.
    pub is_active: bool,
    /// When it was registered.
    #[schema(value_type = String)]
    pub created_at: Instant,
    /// When it was changed last.
    #[schema(value_type = String)]
    pub modified_at: Instant,
    /// Its description.
    #[serde(flatten)]
    pub metadata: Metadata,
}

/// A client that is to be registered or written again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = crate::model::client::example)]
pub struct NewClient {
    /// What it is to be called; one is made where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Whether it may come in; it may where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// Its description.
    #[serde(flatten)]
    pub metadata: Metadata,
}

/// A client with the secret that is shown once (RFC 7591 §3.2.1).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Registered {
    /// The client.
    #[serde(flatten)]
    pub client: Client,
    /// Its secret, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// 0: the secret does not end by itself. Only where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<i64>,
    /// When the id was given, in seconds since 1970.
    pub client_id_issued_at: i64,
}

/// A client that proved who it is.
#[derive(Debug, Clone)]
pub(crate) struct Authenticated {
    pub(crate) client: Arc<Client>,
    /// Whether there was a proof; not from an application on a person's device.
    pub(crate) is_confidential: bool,
}

impl Client {
    fn of_row(row: ClientRow) -> Result<Self, IdentityError> {
        let data = |reason: String| StoreError::Data { reason };
        let metadata = serde_json::from_str(&row.metadata).map_err(|error| data(error.to_string()))?;
        let tenant = Tenant::new(row.tenant).map_err(|error| data(error.to_string()))?;
        Ok(Self {
            id: row.id,
            tenant,
            client_id: row.client_id,
            is_active: row.is_active,
            created_at: row.created_at,
            modified_at: row.modified_at,
            metadata,
        })
    }

    /// What it is called by people.
    pub fn name(&self) -> &str {
        &self.metadata.client_name
    }
}

impl Identity {
    /// Registers a client.
    pub async fn register(&self, by: &By, new: NewClient) -> Result<Registered, IdentityError> {
        check(by, &new, None)?;
        self.register_checked(by, new).await
    }

    /// The same for whoever checked the description by rules of their own.
    pub(crate) async fn register_checked(&self, by: &By, new: NewClient) -> Result<Registered, IdentityError> {
        let client_id = match new.client_id {
            Some(id) => id,
            None => URL_SAFE_NO_PAD.encode(random::<16>()?),
        };
        let given = secret()?;
        let (by, metadata) = (by.clone(), new.metadata);
        let (has_secret, is_active) = (metadata.token_endpoint_auth_method.has_secret(), new.is_active.unwrap_or(true));
        let hash = given.1;
        let write = async move |tx: &mut Tx<'_>| -> Result<Client, IdentityError> {
            if store::client::is_taken(tx, &client_id).await? {
                return Err(IdentityError::ClientTaken(client_id.clone()));
            }
            let text = written(&metadata)?;
            let id = store::client::insert(tx, by.tenant(), &client_id, &metadata.client_name, &text).await?;
            if has_secret {
                store::client::add_secret(tx, id, &hash).await?;
            }
            if !is_active {
                store::client::update(tx, id, &metadata.client_name, &text, false).await?;
            }
            noted(tx, &by, "identity.client.create", &client_id, &metadata).await?;
            found(store::client::by_id(tx, id).await?, &client_id)
        };
        let client = self.store().write(write).await?;
        Ok(registered(client, has_secret.then_some(given.0)))
    }

    /// Writes a client's description again. A client that now has a secret and had none is given one.
    pub async fn change_client(&self, by: &By, client_id: &str, new: NewClient) -> Result<Registered, IdentityError> {
        let present = self.client(by.tenant(), client_id).await?;
        check(by, &new, Some(&present.metadata))?;
        self.change_client_checked(by, client_id, new).await
    }

    /// The same for whoever checked the description by rules of their own.
    pub(crate) async fn change_client_checked(
        &self,
        by: &By,
        client_id: &str,
        new: NewClient,
    ) -> Result<Registered, IdentityError> {
        let present = self.client(by.tenant(), client_id).await?;
        if new.client_id.as_deref().is_some_and(|named| named != client_id) {
            return Err(IdentityError::field("/client_id", "fixed", "cannot be changed"));
        }
        let given = secret()?;
        let (by, client_id, hash) = (by.clone(), client_id.to_owned(), given.1);
        let metadata = new.metadata;
        let gets_secret = metadata.token_endpoint_auth_method.has_secret()
            && !present.metadata.token_endpoint_auth_method.has_secret();
        let is_active = new.is_active.unwrap_or(present.is_active);
        let write = async move |tx: &mut Tx<'_>| -> Result<Client, IdentityError> {
            let row = store::client::find(tx, by.tenant(), &client_id).await?;
            let id = row.ok_or_else(|| IdentityError::ClientNotFound(client_id.clone()))?.id;
            store::client::update(tx, id, &metadata.client_name, &written(&metadata)?, is_active).await?;
            if !metadata.token_endpoint_auth_method.has_secret() {
                store::client::end_secrets(tx, id, tx.now()).await?;
            } else if gets_secret {
                store::client::add_secret(tx, id, &hash).await?;
            }
            noted(tx, &by, "identity.client.update", &client_id, &metadata).await?;
            found(store::client::by_id(tx, id).await?, &client_id)
        };
        let client = self.store().write(write).await;
        self.shared.clients.forget(&present.client_id);
        Ok(registered(client?, gets_secret.then_some(given.0)))
    }

    /// Gives a client a new secret; the ones before hold for another day, or end at once.
    pub async fn new_secret(&self, by: &By, client_id: &str, at_once: bool) -> Result<Registered, IdentityError> {
        let given = secret()?;
        let name = client_id.to_owned();
        let (by, client_id, hash) = (by.clone(), client_id.to_owned(), given.1);
        let write = async move |tx: &mut Tx<'_>| -> Result<Client, IdentityError> {
            let client = found(store::client::find(tx, by.tenant(), &client_id).await?, &client_id)?;
            if !client.metadata.token_endpoint_auth_method.has_secret() {
                let method = client.metadata.token_endpoint_auth_method.as_str();
                return Err(IdentityError::field(
                    "/token_endpoint_auth_method",
                    "combination",
                    format!("a client with {method} has no secret"),
                ));
            }
            let until = if at_once { tx.now() } else { tx.now().plus(OVERLAP) };
            store::client::end_secrets(tx, client.id, until).await?;
            store::client::add_secret(tx, client.id, &hash).await?;
            noted(tx, &by, "identity.client.secret", &client_id, &client.metadata).await?;
            Ok(client)
        };
        let client = self.store().write(write).await;
        self.shared.clients.forget(&name);
        Ok(registered(client?, Some(given.0)))
    }

    /// Takes a client out for good: its tokens end, and its id is never given again.
    pub async fn delete_client(&self, by: &By, client_id: &str) -> Result<(), IdentityError> {
        let name = client_id.to_owned();
        let (by, client_id) = (by.clone(), client_id.to_owned());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let client = found(store::client::find(tx, by.tenant(), &client_id).await?, &client_id)?;
            store::client::delete(tx, client.id).await?;
            noted(tx, &by, "identity.client.delete", &client_id, &client.metadata).await
        };
        let done = self.store().write(write).await;
        self.shared.clients.forget(&name);
        done
    }

    /// The tenant's client of this name.
    pub async fn client(&self, tenant: &Tenant, client_id: &str) -> Result<Client, IdentityError> {
        let (tenant, client_id) = (tenant.clone(), client_id.to_owned());
        let read = async move |tx: &mut Tx<'_>| -> Result<Client, IdentityError> {
            found(store::client::find(tx, &tenant, &client_id).await?, &client_id)
        };
        self.store().read(read).await
    }

    /// The tenant's clients whose ids follow `after`, in order.
    pub async fn clients(&self, tenant: &Tenant, after: &str, limit: u32) -> Result<Vec<Client>, IdentityError> {
        let (tenant, after) = (tenant.clone(), after.to_owned());
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<Client>, IdentityError> {
            store::client::list(tx, &tenant, &after, limit).await?.into_iter().map(Client::of_row).collect()
        };
        self.store().read(read).await
    }

    /// A client that asks for something through a browser: it need not prove who it is, but it must be there.
    pub(crate) async fn named_client(&self, client_id: &str) -> Result<Option<Arc<Client>>, IdentityError> {
        Ok(self.known_client(client_id).await?.map(|known| known.client))
    }

    /// A client that may come in, with its secrets.
    async fn known_client(&self, client_id: &str) -> Result<Option<Known>, IdentityError> {
        if id_fault(client_id).is_some() {
            return Ok(None);
        }
        let generation = match self.shared.clients.look(client_id) {
            Ok(known) => return Ok(Some(known)),
            Err(generation) => generation,
        };
        let client_id = client_id.to_owned();
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<Known>, IdentityError> {
            let Some(row) = store::client::by_name(tx, &client_id).await? else { return Ok(None) };
            if !row.is_active {
                return Ok(None);
            }
            let secrets = store::client::secrets(tx, row.id).await?.into();
            Ok(Some(Known { client: Arc::new(Client::of_row(row)?), secrets }))
        };
        let found = self.store().read(read).await?;
        if let Some(known) = &found {
            self.shared.clients.remember(known, generation);
        }
        Ok(found)
    }

    /// The client of this id in the database, while it may come in.
    pub(super) async fn client_in(tx: &mut Tx<'_>, id: ClientId) -> Result<Option<Client>, IdentityError> {
        let row = store::client::by_id(tx, id).await?;
        row.filter(|row| row.is_active).map(Client::of_row).transpose()
    }

    /// Finds out which client asks, by the one way that it is registered for (RFC 6749 §2.3, RFC 7523).
    pub(crate) async fn authenticate(
        &self,
        credential: Option<(&str, &str)>,
        form: &Parameters,
    ) -> Result<Authenticated, IdentityError> {
        let named = form.get("client_id");
        let assertion = form.get("client_assertion");
        let in_header = match credential {
            Some((scheme, value)) if scheme.eq_ignore_ascii_case("basic") => Some(basic(value)?),
            Some(_) => return Err(OauthError::client().into()),
            None => None,
        };
        let ways = [in_header.is_some(), form.has("client_secret"), assertion.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            return Err(OauthError::request("The client proves who it is in more than one way.").into());
        }
        if let Some((id, secret)) = in_header {
            if named.is_some_and(|named| named != id) {
                return Err(OauthError::request("client_id: is not the one in the header").into());
            }
            return self.by_secret(&id, &secret, AuthMethod::ClientSecretBasic).await;
        }
        if let Some(assertion) = assertion {
            if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(OauthError::request(format!("client_assertion_type: must be {ASSERTION_TYPE}")).into());
            }
            return self.by_assertion(assertion, named).await;
        }
        let named = named.ok_or_else(OauthError::client)?;
        if form.has("client_secret") {
            let secret = form.get("client_secret").unwrap_or("");
            return self.by_secret(named, secret, AuthMethod::ClientSecretPost).await;
        }
        let client = self.named_client(named).await?.ok_or_else(OauthError::client)?;
        if client.metadata.token_endpoint_auth_method != AuthMethod::None {
            return Err(OauthError::client().into());
        }
        Ok(Authenticated { client, is_confidential: false })
    }

    pub(super) async fn by_secret(
        &self,
        id: &str,
        secret: &str,
        way: AuthMethod,
    ) -> Result<Authenticated, IdentityError> {
        let (hash, now) = (stoa_web::secret_hash(secret), self.now());
        let known = self.known_client(id).await?.filter(|known| known.has_secret(&hash, now));
        let client = known.map(|known| known.client).filter(|client| client.metadata.token_endpoint_auth_method == way);
        Ok(Authenticated { client: client.ok_or_else(OauthError::client)?, is_confidential: true })
    }

    /// A token that the client signed with its own key: for us, short-lived, and it counts once.
    async fn by_assertion(&self, assertion: &str, named: Option<&str>) -> Result<Authenticated, IdentityError> {
        let refused = |why: &'static str| {
            tracing::info!(target: "security", why, "identity: a client's assertion was refused");
            IdentityError::from(OauthError::client())
        };
        // Whose it is says the token itself; it counts for nothing before the signature holds.
        let part = assertion.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let unverified: Option<Value> = part.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let unverified = unverified.ok_or_else(|| refused("unreadable"))?;
        let text = |claims: &Value, name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let subject = text(&unverified, "sub").ok_or_else(|| refused("names nobody"))?;
        if named.is_some_and(|named| named != subject) {
            return Err(refused("client_id is another"));
        }
        let client = self.named_client(&subject).await?.ok_or_else(|| refused("unknown client"))?;
        if client.metadata.token_endpoint_auth_method != AuthMethod::PrivateKeyJwt {
            return Err(refused("the client is not registered for it"));
        }
        let keys = client.metadata.jwks.as_ref().ok_or_else(|| refused("the client has no keys"))?;
        let found = verify(assertion, keys.set(), &Algorithm::ALL).map_err(refused)?;
        let claims = &found.claims;
        if text(claims, "iss").as_deref() != Some(&subject) || text(claims, "sub").as_deref() != Some(&subject) {
            return Err(refused("iss and sub are not the client"));
        }
        if !self.is_for_us(claims) {
            return Err(refused("it is for somebody else"));
        }
        let now = self.now();
        let (ends, begins) = times(claims);
        let ends = ends.ok_or_else(|| refused("it does not end"))?;
        if ends.plus(LEEWAY) <= now {
            return Err(refused("it has expired"));
        }
        if ends > now.plus(ASSERTION_TIME_MAX).plus(LEEWAY) {
            return Err(refused("it holds too long"));
        }
        if begins.is_some_and(|begins| begins.minus(LEEWAY) > now) {
            return Err(refused("it does not hold yet"));
        }
        let id = text(claims, "jti").ok_or_else(|| refused("it has no jti"))?;
        let hash = stoa_web::secret_hash(&format!("assertion:{}:{subject}:{id}", subject.len()));
        let until = ends.plus(LEEWAY).plus(LEEWAY);
        let write = async move |tx: &mut Tx<'_>| -> Result<bool, IdentityError> {
            Ok(store::client::note_seen(tx, &hash, until).await?)
        };
        if !self.store().write(write).await? {
            return Err(refused("it came before"));
        }
        Ok(Authenticated { client, is_confidential: true })
    }

    /// Whether a token names this provider: its issuer or the endpoint that it is handed to (RFC 7523 §3; the draft that
    /// corrects it wants the issuer).
    fn is_for_us(&self, claims: &Value) -> bool {
        let issuer = self.issuer();
        let ours = |audience: &str| {
            audience == issuer
                || ["/oauth/token", "/oauth/par", "/oauth/introspect", "/oauth/revoke"]
                    .iter()
                    .any(|path| audience.strip_prefix(issuer) == Some(*path))
        };
        match claims.get("aud") {
            Some(Value::String(one)) => ours(one),
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).any(ours),
            _ => false,
        }
    }
}

/// When a token ends and begins.
pub(super) fn times(claims: &Value) -> (Option<Instant>, Option<Instant>) {
    let at = |name: &str| {
        let seconds = claims.get(name).and_then(Value::as_f64)?;
        #[expect(clippy::cast_possible_truncation, reason = "bounded to what an instant holds")]
        Some(Instant::from_micros((seconds.clamp(0.0, 9e9) * 1e6) as i64))
    };
    (at("exp"), at("nbf").or_else(|| at("iat")))
}

/// Id and secret of the header: both percent-encoded before they were joined (RFC 6749 §2.3.1).
fn basic(value: &str) -> Result<(String, String), OauthError> {
    let decoded = BASE64.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (id, secret) = decoded.as_deref().and_then(|pair| pair.split_once(':')).ok_or_else(OauthError::client)?;
    let plain = |text: &str| -> String {
        form_urlencoded::parse(format!("x={}", text.replace('&', "%26")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    Ok((plain(id), plain(secret)))
}

fn check(by: &By, new: &NewClient, present: Option<&Metadata>) -> Result<(), IdentityError> {
    let mut faults = new.metadata.faults();
    if let Some(fault) = new.client_id.as_deref().and_then(id_fault) {
        faults.push(stoa_core::FieldError {
            pointer: "/client_id".to_owned(),
            code: "format",
            message: fault.to_owned(),
        });
    }
    if !faults.is_empty() {
        return Err(IdentityError::InvalidRequest(faults));
    }
    // A program's own roles, and those of officials in the tokens that it is given.
    let brings = |metadata: &Metadata| (metadata.roles.clone(), metadata.scope.contains(super::tokens::ROLES_SCOPE));
    let (wanted, held) = (brings(&new.metadata), present.map(brings).unwrap_or_default());
    if wanted != (Vec::new(), false) && wanted != held && by.actor.permissions != Permissions::All {
        return Err(IdentityError::RolesNotGiven);
    }
    Ok(())
}

fn written(metadata: &Metadata) -> Result<String, StoreError> {
    serde_json::to_string(metadata).map_err(|error| StoreError::Data { reason: error.to_string() })
}

fn found(row: Option<ClientRow>, client_id: &str) -> Result<Client, IdentityError> {
    Client::of_row(row.ok_or_else(|| IdentityError::ClientNotFound(client_id.to_owned()))?)
}

async fn noted(
    tx: &mut Tx<'_>,
    by: &By,
    action: &'static str,
    client_id: &str,
    metadata: &Metadata,
) -> Result<(), IdentityError> {
    let detail = json!({"name": metadata.client_name, "roles": metadata.roles, "redirect_uris": metadata.redirect_uris,
        "scope": metadata.scope, "consent": metadata.consent, "audiences": metadata.audiences});
    note(tx, by, action, format!("identity/clients/{client_id}"), None, detail).await
}

fn registered(client: Client, client_secret: Option<String>) -> Registered {
    Registered {
        client_id_issued_at: client.created_at.seconds(),
        client_secret_expires_at: client_secret.is_some().then_some(0),
        client,
        client_secret,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_secrets_in_the_header_are_percent_encoded() {
        let header = |text: &str| basic(&BASE64.encode(text)).unwrap();
        assert_eq!(header("a:b"), ("a".to_owned(), "b".to_owned()));
        assert_eq!(header("my%3Aclient:s%2Bx+y%26z"), ("my:client".to_owned(), "s+x y&z".to_owned()));
        assert_eq!(header("a:b&c=d"), ("a".to_owned(), "b&c=d".to_owned()));
        assert!(basic("!").is_err() && basic(&BASE64.encode("no colon")).is_err());
    }
}
