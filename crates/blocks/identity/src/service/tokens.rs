//! Tokens: given for codes, refresh tokens and clients themselves; shown to be good or not; taken back; and what they open,
//! the claims about a person.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stoa_core::{Instant, Tenant};
use stoa_store::Tx;
use stoa_web::RequestInfo;

use super::clients::{Authenticated, Client, LEEWAY, times};
use super::dpop::Proven;
use super::{By, Identity, PersonId, note, secret};
use crate::error::IdentityError;
use crate::jose::{Algorithm, Ring, random};
use crate::model::acr::Methods;
use crate::model::claims::{Claim, Scope, Scopes};
use crate::model::client::{GrantType, SubjectType};
use crate::model::oauth::{OauthCode, OauthError};
use crate::model::parameters::Parameters;
use crate::model::pkce;
use crate::store;
use crate::store::GrantId;
use crate::store::grant::GrantRow;

/// How long an ID token holds: the time of reading it.
const ID_TOKEN_TIME: Duration = Duration::from_mins(10);
/// The scope that brings the roles of an official.
pub(super) const ROLES_SCOPE: &str = "roles";

/// A request at the token endpoint.
pub(crate) struct Asked<'a> {
    pub(crate) form: &'a Parameters,
    pub(crate) dpop: Option<&'a str>,
    pub(crate) info: RequestInfo,
}

/// What the token endpoint answers (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    pub(crate) expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_token: Option<String>,
    pub(crate) scope: String,
}

/// Claims about a person, as the client wants them.
#[derive(Debug, Clone)]
pub(crate) enum UserInfo {
    /// As they are.
    Plain(Value),
    /// Signed.
    Signed(String),
}

/// What stands in an access token (RFC 9068 §2.2).
#[derive(Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    sub: String,
    aud: Vec<String>,
    client_id: String,
    exp: i64,
    iat: i64,
    jti: String,
    scope: String,
    tenant: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnf: Option<Value>,
}

/// What a person granted, claim by claim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GrantedClaims {
    pub(super) userinfo: BTreeSet<Claim>,
    pub(super) id_token: BTreeSet<Claim>,
    #[serde(default)]
    pub(super) auth_time: bool,
}

/// The grant behind a token, if a person is, and the roles that its holder has at this moment.
type Holder = (Option<GrantRow>, Vec<String>);

/// An access token that holds.
pub(crate) struct Access {
    claims: AccessClaims,
    client: Arc<Client>,
    grant: Option<GrantRow>,
    /// The roles that the holder has at this moment.
    held: Vec<String>,
}

/// A code or refresh token that was used up, or what came of it instead.
enum Used {
    Held(Box<Redeemed>),
    /// It came a second time: somebody has a copy, so that everything that came of it ends.
    Stolen,
    Refused(&'static str),
}

struct Redeemed {
    grant: GrantRow,
    nonce: Option<String>,
    roles: Vec<String>,
    /// The refresh token that comes in its place.
    refresh_token: Option<String>,
}

impl Identity {
    /// The token endpoint.
    pub(crate) async fn token(&self, by: &Authenticated, asked: Asked<'_>) -> Result<TokenResponse, IdentityError> {
        let grant = match asked.form.need("grant_type")? {
            "authorization_code" => GrantType::AuthorizationCode,
            "refresh_token" => GrantType::RefreshToken,
            "client_credentials" => GrantType::ClientCredentials,
            _ => {
                let words = "grant_type: is none that is spoken here";
                return Err(OauthError::new(OauthCode::UnsupportedGrantType, words).into());
            }
        };
        if !by.client.metadata.may(grant) {
            let words = format!("grant_type: this client is not registered for {}", grant.as_str());
            return Err(OauthError::new(OauthCode::UnauthorizedClient, words).into());
        }
        let key = match asked.dpop {
            Some(proof) => {
                Some(self.dpop(proof, Proven { method: "POST", path: "/oauth/token", access_token: None }).await?)
            }
            None if by.client.metadata.dpop_bound_access_tokens => {
                return Err(OauthError::new(OauthCode::InvalidDpopProof, "DPoP: this client must send a proof").into());
            }
            None => None,
        };
        match grant {
            GrantType::ClientCredentials => self.for_client(&by.client, asked.form, key).await,
            GrantType::AuthorizationCode => self.for_code(by, &asked, key).await,
            GrantType::RefreshToken => self.for_refresh(by, &asked, key).await,
        }
    }

    async fn for_client(
        &self,
        client: &Client,
        form: &Parameters,
        key: Option<String>,
    ) -> Result<TokenResponse, IdentityError> {
        // Scopes of OpenID Connect are about a person, and there is none.
        let mut allowed = client.metadata.scope.clone();
        for scope in Scope::ALL {
            allowed = allowed.without(scope);
        }
        let scope = match form.get("scope") {
            Some(text) => {
                let asked = Scopes::read(text);
                if !asked.is_within(&allowed) {
                    let words = "scope: holds what this client may not ask for by itself";
                    return Err(OauthError::new(OauthCode::InvalidScope, words).into());
                }
                asked
            }
            None => allowed,
        };
        let aud = self.audience(client, form, &client.metadata.audiences)?;
        let (ring, now) = (self.ring().await?, self.now());
        let claims = AccessClaims {
            iss: self.issuer().to_owned(),
            sub: client.client_id.clone(),
            aud,
            client_id: client.client_id.clone(),
            exp: now.plus(self.settings().access_token).seconds(),
            iat: now.seconds(),
            jti: format!("c.{}", BASE64.encode(random::<16>()?)),
            scope: scope.to_string(),
            tenant: client.tenant.as_str().to_owned(),
            roles: client.metadata.roles.clone(),
            acr: None,
            auth_time: None,
            cnf: key.as_ref().map(|print| json!({"jkt": print})),
        };
        Ok(TokenResponse {
            access_token: ring.sign(Algorithm::ES256, now, "at+jwt", &claims)?,
            token_type: kind(key.as_deref()),
            expires_in: self.settings().access_token.as_secs(),
            refresh_token: None,
            id_token: None,
            scope: claims.scope,
        })
    }

    /// The resources that a token is for: of those that are allowed the ones that are asked for, else all of them.
    fn audience(&self, client: &Client, form: &Parameters, allowed: &[String]) -> Result<Vec<String>, IdentityError> {
        let asked: Vec<String> = form.all("resource").map(str::to_owned).collect();
        if asked.iter().any(|resource| !allowed.contains(resource) || !client.metadata.audiences.contains(resource)) {
            return Err(OauthError::new(OauthCode::InvalidTarget, "resource: is none that this client may ask").into());
        }
        let chosen = if asked.is_empty() { allowed.to_vec() } else { asked };
        Ok(if chosen.is_empty() { vec![self.issuer().to_owned()] } else { chosen })
    }

    async fn for_code(
        &self,
        by: &Authenticated,
        asked: &Asked<'_>,
        key: Option<String>,
    ) -> Result<TokenResponse, IdentityError> {
        let hash = stoa_web::secret_hash(asked.form.need("code")?);
        let redirect_uri = asked.form.get("redirect_uri").map(str::to_owned);
        let verifier = asked.form.get("code_verifier").map(str::to_owned);
        let refresh = secret()?;
        let (client, jkt, info) = (Arc::clone(&by.client), key.clone(), asked.info.clone());
        let (refresh_time, is_confidential) = (self.settings().refresh_token, by.is_confidential);
        let write = async move |tx: &mut Tx<'_>| -> Result<Used, IdentityError> {
            let Some(code) = store::grant::code(tx, &hash).await? else { return Ok(Used::Refused("is unknown")) };
            let Some(grant) = store::grant::by_id(tx, code.grant).await? else {
                return Ok(Used::Refused("is unknown"));
            };
            if grant.client != client.id {
                return Ok(Used::Refused("is unknown"));
            }
            if code.used_at.is_some() {
                stolen(tx, &client, &grant, &info).await?;
                return Ok(Used::Stolen);
            }
            if code.expires_at <= tx.now() || grant.revoked_at.is_some() {
                return Ok(Used::Refused("has expired"));
            }
            // OAuth 2.1 does without it, OpenID Connect Core §3.1.3.2 wants it: where it is sent, it must be the same.
            if redirect_uri.as_ref().is_some_and(|uri| *uri != code.redirect_uri) {
                return Ok(Used::Refused("was given to another redirect_uri"));
            }
            if redirect_uri.is_none() && code.challenge.is_none() {
                return Ok(Used::Refused("needs the redirect_uri that it was given to"));
            }
            let fits = match (&code.challenge, &verifier) {
                (Some(challenge), Some(verifier)) => pkce::holds(challenge, verifier),
                (None, None) => true,
                // A verifier without a challenge is a downgrade (RFC 9700 §4.8.2).
                _ => false,
            };
            if !fits {
                return Ok(Used::Refused("does not fit the code_verifier"));
            }
            if code.dpop_jkt.is_some() && code.dpop_jkt != jkt {
                return Ok(Used::Refused("is bound to another key"));
            }
            if !store::grant::use_code(tx, &hash).await? {
                return Ok(Used::Stolen);
            }
            let Some(roles) = standing(tx, &grant).await? else {
                return Ok(Used::Refused("names nobody who may come in"));
            };
            let mut given = None;
            let goes_on =
                Scopes::read(&grant.scope).has(Scope::OfflineAccess) && client.metadata.may(GrantType::RefreshToken);
            if goes_on {
                let until = tx.now().plus(refresh_time);
                // The key of a confidential client may change: its secret binds the token (RFC 9449 §5).
                let bound = jkt.as_deref().filter(|_| !is_confidential);
                store::grant::add_refresh(tx, &refresh.1, grant.id, bound, until).await?;
                store::grant::prolong(tx, grant.id, until).await?;
                given = Some(refresh.0.clone());
            }
            let redeemed = Redeemed { grant, nonce: code.nonce, roles, refresh_token: given };
            Ok(Used::Held(Box::new(redeemed)))
        };
        let redeemed = match self.store().write(write).await? {
            Used::Held(redeemed) => redeemed,
            Used::Stolen => return Err(OauthError::grant("code: was used before").into()),
            Used::Refused(why) => return Err(OauthError::grant(format!("code: {why}")).into()),
        };
        self.answer(&by.client, asked.form, *redeemed, key, None).await
    }

    async fn for_refresh(
        &self,
        by: &Authenticated,
        asked: &Asked<'_>,
        key: Option<String>,
    ) -> Result<TokenResponse, IdentityError> {
        let hash = stoa_web::secret_hash(asked.form.need("refresh_token")?);
        let scope = asked.form.get("scope").map(Scopes::read);
        let refresh = secret()?;
        let (client, jkt, info) = (Arc::clone(&by.client), key.clone(), asked.info.clone());
        let refresh_time = self.settings().refresh_token;
        let wanted = scope.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<Used, IdentityError> {
            let Some(row) = store::grant::refresh(tx, &hash).await? else { return Ok(Used::Refused("is unknown")) };
            let Some(grant) = store::grant::by_id(tx, row.grant).await? else { return Ok(Used::Refused("is unknown")) };
            if grant.client != client.id {
                return Ok(Used::Refused("is unknown"));
            }
            if row.used_at.is_some() {
                stolen(tx, &client, &grant, &info).await?;
                return Ok(Used::Stolen);
            }
            if row.expires_at <= tx.now() || grant.revoked_at.is_some() {
                return Ok(Used::Refused("has expired or was revoked"));
            }
            if row.dpop_jkt.is_some() && row.dpop_jkt != jkt {
                return Ok(Used::Refused("is bound to another key"));
            }
            if wanted.as_ref().is_some_and(|wanted| !wanted.is_within(&Scopes::read(&grant.scope))) {
                return Err(OauthError::new(OauthCode::InvalidScope, "scope: holds what was not granted").into());
            }
            let Some(roles) = standing(tx, &grant).await? else {
                return Ok(Used::Refused("names nobody who may come in"));
            };
            if !store::grant::use_refresh(tx, &hash).await? {
                return Ok(Used::Stolen);
            }
            let until = tx.now().plus(refresh_time);
            store::grant::add_refresh(tx, &refresh.1, grant.id, row.dpop_jkt.as_deref(), until).await?;
            store::grant::prolong(tx, grant.id, until).await?;
            let redeemed = Redeemed { grant, nonce: None, roles, refresh_token: Some(refresh.0.clone()) };
            Ok(Used::Held(Box::new(redeemed)))
        };
        let redeemed = match self.store().write(write).await? {
            Used::Held(redeemed) => redeemed,
            Used::Stolen => return Err(OauthError::grant("refresh_token: was used before; sign in again").into()),
            Used::Refused(why) => return Err(OauthError::grant(format!("refresh_token: {why}")).into()),
        };
        self.answer(&by.client, asked.form, *redeemed, key, scope).await
    }

    async fn answer(
        &self,
        client: &Client,
        form: &Parameters,
        redeemed: Redeemed,
        key: Option<String>,
        narrowed: Option<Scopes>,
    ) -> Result<TokenResponse, IdentityError> {
        let Redeemed { grant, nonce, roles, refresh_token } = redeemed;
        let scope = narrowed.unwrap_or_else(|| Scopes::read(&grant.scope));
        let roles = if scope.contains(ROLES_SCOPE) { roles } else { Vec::new() };
        let granted: Vec<String> =
            grant.resources.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let aud = self.audience(client, form, &granted)?;
        let (ring, now) = (self.ring().await?, self.now());
        let sub = self.subject(client, grant.person);
        let acr = Some(grant.acr.clone()).filter(|acr| !acr.is_empty());
        let claims = AccessClaims {
            iss: self.issuer().to_owned(),
            sub: sub.clone(),
            aud,
            client_id: client.client_id.clone(),
            exp: now.plus(self.settings().access_token).seconds(),
            iat: now.seconds(),
            // The token says by itself which grant it ends with.
            jti: format!("{}.{}", grant.id, BASE64.encode(random::<12>()?)),
            scope: scope.to_string(),
            tenant: client.tenant.as_str().to_owned(),
            roles: roles.clone(),
            acr: acr.clone(),
            auth_time: Some(grant.signed_in_at.seconds()),
            cnf: key.as_ref().map(|print| json!({"jkt": print})),
        };
        let access_token = ring.sign(Algorithm::ES256, now, "at+jwt", &claims)?;
        let id_token = if scope.has(Scope::Openid) {
            Some(self.id_token(&ring, client, &grant, &sub, nonce, &access_token, &roles).await?)
        } else {
            None
        };
        Ok(TokenResponse {
            access_token,
            token_type: kind(key.as_deref()),
            expires_in: self.settings().access_token.as_secs(),
            refresh_token,
            id_token,
            scope: claims.scope,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "everything that stands in the token")]
    async fn id_token(
        &self,
        ring: &Ring,
        client: &Client,
        grant: &GrantRow,
        sub: &str,
        nonce: Option<String>,
        access_token: &str,
        roles: &[String],
    ) -> Result<String, IdentityError> {
        let now = self.now();
        let algorithm = client.metadata.id_token_signed_response_alg;
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("iss", self.issuer().into());
        put("sub", sub.into());
        put("aud", client.client_id.as_str().into());
        put("exp", now.plus(ID_TOKEN_TIME).seconds().into());
        put("iat", now.seconds().into());
        put("auth_time", grant.signed_in_at.seconds().into());
        if let Some(nonce) = nonce {
            put("nonce", nonce.into());
        }
        if !grant.acr.is_empty() {
            put("acr", grant.acr.as_str().into());
        }
        put("amr", Methods::read(&grant.methods).amr().into());
        put("at_hash", half_hash(algorithm, access_token).into());
        if let Some(session) = grant.session {
            put("sid", self.session_name(client, &session.to_string()).into());
        }
        if !roles.is_empty() {
            put("roles", roles.into());
        }
        let granted = granted_of(grant);
        if !granted.id_token.is_empty() {
            let info = RequestInfo::default();
            claims.extend(self.read_claims(client, grant, &granted.id_token, &info).await?);
        }
        Ok(ring.sign(algorithm, now, "JWT", &claims)?)
    }

    /// What a session is called to one client: the same each time, and to others another.
    fn session_name(&self, client: &Client, session: &str) -> String {
        let text = format!("{}:{session}", client.client_id);
        BASE64.encode(self.master().mac("identity.sid", text.as_bytes()).get(..16).unwrap_or_default())
    }

    /// What a person is called to a client (OpenID Connect Core §8): never the number by which they are known here. It
    /// stays the same when identifiers change.
    pub(crate) fn subject(&self, client: &Client, person: PersonId) -> String {
        let mac = match client.metadata.subject_type {
            SubjectType::Public => self.master().mac("identity.public_subject", person.as_bytes()),
            SubjectType::Pairwise => {
                let sector = client.metadata.sector(&client.client_id);
                let mut bytes = Vec::with_capacity(sector.len() + 17);
                bytes.extend_from_slice(person.as_bytes());
                bytes.push(0);
                bytes.extend_from_slice(sector.as_bytes());
                self.master().mac("identity.pairwise_subject", &bytes)
            }
        };
        BASE64.encode(mac)
    }

    /// An access token of ours that holds at this moment.
    pub(crate) async fn access(&self, token: &str) -> Result<Option<Access>, IdentityError> {
        let (ring, now) = (self.ring().await?, self.now());
        let Ok(found) = ring.verify(token, now) else { return Ok(None) };
        if found.head.typ.as_deref() != Some("at+jwt") {
            return Ok(None);
        }
        let Ok(claims) = serde_json::from_value::<AccessClaims>(found.claims) else { return Ok(None) };
        if claims.iss != self.issuer() || claims.exp <= now.seconds() {
            return Ok(None);
        }
        let Some(client) = self.named_client(&claims.client_id).await? else { return Ok(None) };
        let (id, of) = (claims.jti.clone(), client.id);
        let grant: Option<GrantId> = id.split('.').next().and_then(|id| id.parse().ok());
        let is_of_client = id.starts_with("c.");
        let of_client = client.metadata.roles.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<Holder>, IdentityError> {
            if store::grant::is_revoked(tx, &id).await? {
                return Ok(None);
            }
            let Some(grant) = grant else { return Ok(is_of_client.then(|| (None, of_client.clone()))) };
            let row = store::grant::by_id(tx, grant).await?;
            let Some(row) = row.filter(|row| row.revoked_at.is_none() && row.client == of) else { return Ok(None) };
            Ok(standing(tx, &row).await?.map(|roles| (Some(row), roles)))
        };
        let found = self.store().read(read).await?;
        Ok(found.map(|(grant, held)| Access { claims, client, grant, held }))
    }

    /// Userinfo (OpenID Connect Core §5.3): what the person granted to the client, read and noted.
    pub(crate) async fn userinfo(&self, access: &Access, info: &RequestInfo) -> Result<UserInfo, IdentityError> {
        let insufficient =
            || OauthError::new(OauthCode::InsufficientScope, "The token does not open claims about a person.");
        let grant = access.grant.as_ref().ok_or_else(insufficient)?;
        if !Scopes::read(&access.claims.scope).has(Scope::Openid) {
            return Err(insufficient().into());
        }
        let client = &access.client;
        let granted = granted_of(grant);
        let mut claims = Map::new();
        claims.insert("sub".to_owned(), access.claims.sub.clone().into());
        if !access.claims.roles.is_empty() {
            claims.insert("roles".to_owned(), json!(access.claims.roles));
        }
        if !granted.userinfo.is_empty() {
            claims.extend(self.read_claims(client, grant, &granted.userinfo, info).await?);
        }
        let Some(algorithm) = client.metadata.userinfo_signed_response_alg else {
            return Ok(UserInfo::Plain(Value::Object(claims)));
        };
        let now = self.now();
        claims.insert("iss".to_owned(), self.issuer().into());
        claims.insert("aud".to_owned(), client.client_id.as_str().into());
        claims.insert("iat".to_owned(), now.seconds().into());
        claims.insert("exp".to_owned(), now.plus(ID_TOKEN_TIME).seconds().into());
        Ok(UserInfo::Signed(self.ring().await?.sign(algorithm, now, "JWT", &claims)?))
    }

    /// Reads claims of a person for a client. Nothing leaves that was not noted before.
    async fn read_claims(
        &self,
        client: &Client,
        grant: &GrantRow,
        wanted: &BTreeSet<Claim>,
        info: &RequestInfo,
    ) -> Result<Map<String, Value>, IdentityError> {
        let (person, wanted_here) = (grant.person, wanted.clone());
        let profile = self.profile_of(person).await?;
        let mut claims = Map::new();
        for (name, value) in profile.0 {
            let base = name.split('#').next().unwrap_or(&name);
            if Claim::from_name(base).is_some_and(|claim| wanted_here.contains(&claim)) {
                claims.insert(name, value);
            }
        }
        let names: Vec<String> = claims.keys().cloned().collect();
        let by = By::client(&client.tenant, &client.client_id, info.clone());
        let (client_row, purpose) = (client.id, client.metadata.purpose.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let list = names.join(" ");
            store::person::add_read(tx, person, Some(client_row), &by.actor.id, &list, &purpose).await?;
            let detail = json!({"claims": names});
            note(tx, &by, "identity.claims.read", format!("identity/people/{person}"), Some(person), detail).await
        };
        self.store().write(write).await?;
        Ok(claims)
    }

    /// What is said of a token to a resource that was shown it (RFC 7662).
    pub(crate) async fn introspect(&self, by: &Authenticated, token: &str) -> Result<Value, IdentityError> {
        let inactive = json!({"active": false});
        if !by.is_confidential {
            return Err(OauthError::client().into());
        }
        let client = &by.client;
        if let Some(access) = self.access(token).await? {
            let is_own = access.claims.client_id == client.client_id;
            // A resource is registered as a client with its own address among the audiences.
            let is_for = access.claims.aud.iter().any(|aud| client.metadata.audiences.contains(aud));
            if !is_own && !is_for {
                return Ok(inactive);
            }
            let mut answer = serde_json::to_value(&access.claims).unwrap_or_default();
            if let Some(members) = answer.as_object_mut() {
                members.insert("active".to_owned(), true.into());
                let kind = if members.contains_key("cnf") { "DPoP" } else { "Bearer" };
                members.insert("token_type".to_owned(), kind.into());
            }
            return Ok(answer);
        }
        let (hash, id) = (stoa_web::secret_hash(token), client.id);
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<(Instant, GrantRow)>, IdentityError> {
            let Some(row) = store::grant::refresh(tx, &hash).await? else { return Ok(None) };
            let grant = store::grant::by_id(tx, row.grant).await?;
            let Some(grant) = grant.filter(|grant| grant.revoked_at.is_none() && grant.client == id) else {
                return Ok(None);
            };
            if row.used_at.is_some() || row.expires_at <= tx.now() || standing(tx, &grant).await?.is_none() {
                return Ok(None);
            }
            Ok(Some((row.expires_at, grant)))
        };
        let Some((ends, grant)) = self.store().read(read).await? else { return Ok(inactive) };
        Ok(json!({"active": true, "client_id": client.client_id, "scope": grant.scope, "exp": ends.seconds(),
            "iat": grant.created_at.seconds(), "iss": self.issuer(), "sub": self.subject(client, grant.person),
            "token_type": "refresh_token"}))
    }

    /// Takes a token back (RFC 7009). Whatever it is, the answer is the same; a refresh token ends its whole grant.
    pub(crate) async fn revoke(
        &self,
        by: &Authenticated,
        token: &str,
        info: &RequestInfo,
    ) -> Result<(), IdentityError> {
        let client = Arc::clone(&by.client);
        let asks = By::client(&client.tenant, &client.client_id, info.clone());
        let (ring, now) = (self.ring().await?, self.now());
        if let Ok(found) = ring.verify(token, now) {
            let Ok(claims) = serde_json::from_value::<AccessClaims>(found.claims) else { return Ok(()) };
            if claims.client_id != client.client_id {
                return Ok(());
            }
            let until = Instant::from_micros(claims.exp.saturating_mul(1_000_000)).plus(LEEWAY);
            let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
                store::grant::revoke_token(tx, &claims.jti, until).await?;
                note(
                    tx,
                    &asks,
                    "identity.token.revoke",
                    format!("identity/clients/{}", client.client_id),
                    None,
                    json!({}),
                )
                .await
            };
            return self.store().write(write).await;
        }
        let hash = stoa_web::secret_hash(token);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let Some(row) = store::grant::refresh(tx, &hash).await? else { return Ok(()) };
            let Some(grant) = store::grant::by_id(tx, row.grant).await?.filter(|grant| grant.client == client.id)
            else {
                return Ok(());
            };
            if store::grant::revoke(tx, grant.id).await? {
                let object = format!("identity/clients/{}", client.client_id);
                note(tx, &asks, "identity.grant.revoke", object, Some(grant.person), json!({})).await?;
            }
            Ok(())
        };
        self.store().write(write).await
    }

    /// The client and the person that an ID token of ours names, whether it has expired or not: a hint only.
    pub(crate) async fn hinted(&self, token: &str) -> Result<Option<(String, String)>, IdentityError> {
        let (ring, now) = (self.ring().await?, self.now());
        let Ok(found) = ring.verify(token, now) else { return Ok(None) };
        let text = |name: &str| found.claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let is_ours = text("iss").as_deref() == Some(self.issuer()) && times(&found.claims).0.is_some();
        Ok(text("aud").zip(text("sub")).filter(|_| is_ours && found.head.typ.as_deref() != Some("at+jwt")))
    }
}

impl Access {
    /// The thumbprint of the key that it is bound to.
    pub(crate) fn bound_to(&self) -> Option<&str> {
        self.claims.cnf.as_ref()?.get("jkt")?.as_str()
    }

    /// Whose client it belongs to.
    pub(crate) fn tenant(&self) -> Tenant {
        Tenant::new(self.claims.tenant.clone()).unwrap_or_default()
    }

    /// The client.
    pub(crate) fn client_id(&self) -> &str {
        &self.claims.client_id
    }

    /// The person behind it, if there is one.
    pub(crate) fn person(&self) -> Option<PersonId> {
        self.grant.as_ref().map(|grant| grant.person)
    }

    /// The resources that it is for.
    pub(crate) fn audiences(&self) -> &[String] {
        &self.claims.aud
    }

    /// The roles that it was given and that its holder still has.
    pub(crate) fn roles(&self) -> Vec<String> {
        self.claims.roles.iter().filter(|role| self.held.contains(role)).cloned().collect()
    }
}

/// The roles of the person behind a grant, while they may come in and did not sign out everywhere since.
async fn standing(tx: &mut Tx<'_>, grant: &GrantRow) -> Result<Option<Vec<String>>, IdentityError> {
    let person = store::person::by_id(tx, grant.person).await?;
    let held = person.filter(|person| person.state == "active" && person.valid_from <= grant.created_at);
    Ok(held.map(|person| person.roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect()))
}

/// A token came twice: its whole grant ends, and that is noted.
async fn stolen(tx: &mut Tx<'_>, client: &Client, grant: &GrantRow, info: &RequestInfo) -> Result<(), IdentityError> {
    if store::grant::revoke(tx, grant.id).await? {
        let by = By::client(&client.tenant, &client.client_id, info.clone());
        let object = format!("identity/clients/{}", client.client_id);
        note(tx, &by, "identity.grant.reused", object, Some(grant.person), json!({})).await?;
        tracing::warn!(target: "security", client = client.client_id, "identity: a code or refresh token came twice");
    }
    Ok(())
}

pub(super) fn granted_of(grant: &GrantRow) -> GrantedClaims {
    serde_json::from_str(&grant.claims).unwrap_or_default()
}

const fn kind(key: Option<&str>) -> &'static str {
    if key.is_some() { "DPoP" } else { "Bearer" }
}

/// The left half of the hash that the algorithm works with (OpenID Connect Core §3.1.3.6).
fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let kind = if algorithm == Algorithm::EdDSA { &digest::SHA512 } else { &digest::SHA256 };
    let hash = digest::digest(kind, text.as_bytes());
    BASE64.encode(hash.as_ref().get(..hash.as_ref().len() / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        // OpenID Connect Core, Appendix A.3: the ID token's at_hash for its access token.
        let hash = half_hash(Algorithm::RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
        assert_eq!(hash, "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
