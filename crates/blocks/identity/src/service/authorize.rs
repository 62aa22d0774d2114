//! Authorization requests: taken, carried through the pages of a sign-in, answered with a code.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::{Instant, Tenant};
use stoa_store::Tx;
use stoa_web::RequestInfo;

use super::clients::{Authenticated, Client};
use super::consents::Decided;
use super::sessions::Session;
use super::tokens::GrantedClaims;
use super::{By, Identity, PersonId, SessionId, note, secret};
use crate::error::IdentityError;
use crate::model::acr::{Methods, granted};
use crate::model::authorize::{
    Agreed, Answer, AuthorizationRequest, Progress, Refused, SignedIn, Step, Way, may_continue, next,
};
use crate::model::claims::Claim;
use crate::model::client::ConsentRule;
use crate::model::oauth::{OauthCode, OauthError};
use crate::model::parameters::Parameters;
use crate::store;
use crate::store::grant::{CodeRow, NewGrant};
use crate::store::transaction::NewTransaction;

/// How long the pages of a sign-in hold.
pub(super) const TRANSACTION_TIME: Duration = Duration::from_mins(30);
/// How long a pushed request holds.
const PUSHED_TIME: Duration = Duration::from_mins(1);
/// What the names of pushed requests begin with (RFC 9126 §2.2).
const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// What becomes of a request at once.
#[derive(Debug, Clone)]
pub(crate) enum Begun {
    /// It is answered.
    Answer(Answer),
    /// Somebody has to be asked: the secret of the transaction.
    Interact(String),
    /// It is refused to the person: nothing can be sent to the client.
    Refused(OauthError),
}

/// Who signed in for a request: in a browser, where it is a session, or in a wallet.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) session: Option<SessionId>,
    pub(super) person: PersonId,
    pub(super) methods: Methods,
    pub(super) signed_in_at: Instant,
    pub(super) by: By,
}

impl Who {
    fn in_session(session: &Session, info: &RequestInfo) -> Self {
        Self {
            session: Some(session.id),
            person: session.person,
            methods: session.methods.clone(),
            signed_in_at: session.signed_in_at,
            by: session.by(info.clone()),
        }
    }
}

/// What a transaction is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum About {
    /// A client's request.
    Request(Box<AuthorizationRequest>),
    /// A page of ours that wants somebody signed in, or signed in just now.
    Page { back: String, is_fresh: bool },
}

/// A transaction as its pages see it.
pub(crate) struct Interaction {
    /// Who asked; none where a page of ours did.
    pub(crate) client: Option<Client>,
    /// What was asked.
    pub(crate) request: Option<AuthorizationRequest>,
    /// Where to go without a client.
    pub(crate) back: Option<String>,
    /// What comes next.
    pub(crate) step: Step,
    /// A password was shown, and a code is wanted.
    pub(crate) wants_code: bool,
    /// Who is signed in may go on as they are.
    pub(crate) may_continue: bool,
    /// What is asked for, and whether the client cannot do without.
    pub(crate) wanted: Vec<(Claim, bool)>,
}

impl Identity {
    /// Takes a request that came by a browser.
    pub(crate) async fn authorize(
        &self,
        asked: &Parameters,
        browser: &[u8; 32],
        session: Option<&Session>,
        info: &RequestInfo,
    ) -> Result<Begun, IdentityError> {
        if let Err(error) = asked.check() {
            return Ok(Begun::Refused(error));
        }
        let Some(client_id) = asked.get("client_id") else {
            return Ok(Begun::Refused(OauthError::request("client_id: is missing")));
        };
        let Some(client) = self.named_client(client_id).await? else {
            return Ok(Begun::Refused(OauthError::new(OauthCode::InvalidClient, "client_id: is unknown")));
        };
        let read = match asked.get("request_uri") {
            Some(uri) => match self.pushed(&client, uri).await? {
                Some(request) => Ok(request),
                None => {
                    let words = "request_uri: is none that this client pushed, or was used, or is too old";
                    return Ok(Begun::Refused(OauthError::new(OauthCode::InvalidRequestUri, words)));
                }
            },
            None => AuthorizationRequest::read(asked, &client.client_id, &client.metadata, Way::Browser, self.issuer()),
        };
        let request = match read {
            Ok(request) => request,
            Err(Refused::Here(error)) => return Ok(Begun::Refused(error)),
            Err(Refused::There(answer)) => return Ok(Begun::Answer(answer)),
        };
        // A session of another tenant is nobody here.
        let session = session.filter(|session| session.tenant == client.tenant);
        let decided = self.decided_of(&client, session).await?;
        let step = self.step(&request, &client, session, decided.as_ref(), Progress::default());
        match (step, session) {
            (Step::Issue, Some(session)) => {
                let who = Who::in_session(session, info);
                let answer = self.issue(&client, &request, &who, decided.as_ref(), None).await?;
                Ok(Begun::Answer(answer))
            }
            (Step::Refuse(error), _) => Ok(Begun::Answer(request.refusal(self.issuer(), &error))),
            _ => {
                let about = About::Request(Box::new(request));
                Ok(Begun::Interact(self.begin(&client.tenant, Some(client.id), &about, browser).await?))
            }
        }
    }

    /// Begins a sign-in for a page of ours.
    pub(crate) async fn begin_page(
        &self,
        tenant: &Tenant,
        back: &str,
        is_fresh: bool,
        browser: &[u8; 32],
    ) -> Result<String, IdentityError> {
        self.begin(tenant, None, &About::Page { back: back.to_owned(), is_fresh }, browser).await
    }

    /// Begins a transaction for a client's request.
    pub(super) async fn begin_request(
        &self,
        client: &Client,
        request: &AuthorizationRequest,
        browser: &[u8; 32],
    ) -> Result<String, IdentityError> {
        self.begin(&client.tenant, Some(client.id), &About::Request(Box::new(request.clone())), browser).await
    }

    async fn begin(
        &self,
        tenant: &Tenant,
        client: Option<super::ClientId>,
        about: &About,
        browser: &[u8; 32],
    ) -> Result<String, IdentityError> {
        let (tenant, browser, given) = (tenant.clone(), *browser, secret()?);
        let (hash, request) = (given.1, written(about)?);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let expires_at = tx.now().plus(TRANSACTION_TIME);
            let new = NewTransaction { hash: &hash, browser: &browser, client, request: &request, expires_at };
            Ok(store::transaction::insert(tx, &tenant, &new).await?)
        };
        self.store().write(write).await?;
        Ok(given.0)
    }

    fn step(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        session: Option<&Session>,
        decided: Option<&Decided>,
        progress: Progress,
    ) -> Step {
        let signed_in = session.map(|session| self.signed_in(client, session));
        let agreed = decided.map_or_else(Agreed::default, Decided::agreed);
        next(request, client.metadata.consent, signed_in.as_ref(), &agreed, progress, self.now())
    }

    fn signed_in(&self, client: &Client, session: &Session) -> SignedIn {
        SignedIn {
            methods: session.methods.clone(),
            at: session.signed_in_at,
            subject: self.subject(client, session.person),
        }
    }

    async fn decided_of(&self, client: &Client, session: Option<&Session>) -> Result<Option<Decided>, IdentityError> {
        match session {
            Some(session) => self.decided(session.person, client.id).await,
            None => Ok(None),
        }
    }

    /// A transaction in this browser, and what comes next in it.
    pub(crate) async fn interaction(
        &self,
        transaction: &str,
        browser: &[u8; 32],
        session: Option<&Session>,
    ) -> Result<Interaction, IdentityError> {
        let (hash, browser) = (stoa_web::secret_hash(transaction), *browser);
        let read = async move |tx: &mut Tx<'_>| -> Result<_, IdentityError> {
            let row = store::transaction::find(tx, &hash, &browser).await?.ok_or(IdentityError::SignInOver)?;
            let client = match row.client {
                Some(id) => Some(Self::client_in(tx, id).await?.ok_or(IdentityError::SignInOver)?),
                None => None,
            };
            Ok((row, client))
        };
        let (row, client) = self.store().read(read).await?;
        let progress = Progress { has_signed_in: row.has_signed_in, has_agreed: row.has_agreed };
        let wants_code = row.person.is_some();
        let about: About = serde_json::from_str(&row.request).map_err(|_| IdentityError::SignInOver)?;
        let (request, client) = match (about, client) {
            (About::Request(request), Some(client)) => (*request, client),
            (About::Page { back, is_fresh }, _) => {
                let is_there = session.is_some_and(|session| session.tenant.as_str() == row.tenant);
                let is_done = is_there && (row.has_signed_in || !is_fresh);
                let step = if is_done { Step::Issue } else { Step::SignIn };
                return Ok(Interaction {
                    client: None,
                    request: None,
                    back: Some(back),
                    step,
                    wants_code,
                    may_continue: false,
                    wanted: Vec::new(),
                });
            }
            (About::Request(_), None) => return Err(IdentityError::SignInOver),
        };
        let session = session.filter(|session| session.tenant == client.tenant);
        let decided = self.decided_of(&client, session).await?;
        let step = self.step(&request, &client, session, decided.as_ref(), progress);
        let may_go_on =
            session.is_some_and(|session| may_continue(&request, &self.signed_in(&client, session), self.now()));
        let wanted = request.claims.wanted().into_iter().collect();
        Ok(Interaction {
            client: Some(client),
            request: Some(request),
            back: None,
            step,
            wants_code,
            may_continue: may_go_on,
            wanted,
        })
    }

    /// The person who is signed in already goes on as they are.
    pub(crate) async fn continue_as(
        &self,
        transaction: &str,
        browser: &[u8; 32],
        session: &Session,
    ) -> Result<(), IdentityError> {
        let interaction = self.interaction(transaction, browser, Some(session)).await?;
        if !interaction.may_continue {
            return Err(IdentityError::SignInOver);
        }
        let hash = stoa_web::secret_hash(transaction);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            Ok(store::transaction::set_signed_in(tx, &hash).await?)
        };
        self.store().write(write).await
    }

    /// Somebody else wants to sign in: what was shown so far is forgotten.
    pub(crate) async fn start_over(&self, transaction: &str, browser: &[u8; 32]) -> Result<(), IdentityError> {
        let (hash, browser) = (stoa_web::secret_hash(transaction), *browser);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            store::transaction::find(tx, &hash, &browser).await?.ok_or(IdentityError::SignInOver)?;
            Ok(store::transaction::set_proved(tx, &hash, None, "").await?)
        };
        self.store().write(write).await
    }

    /// The person agrees, to what cannot be done without and to what they chose.
    pub(crate) async fn agree(
        &self,
        transaction: &str,
        browser: &[u8; 32],
        session: &Session,
        chosen: &BTreeSet<Claim>,
        info: &RequestInfo,
    ) -> Result<(), IdentityError> {
        let interaction = self.interaction(transaction, browser, Some(session)).await?;
        let (Some(client), Some(request)) = (interaction.client, interaction.request) else {
            return Err(IdentityError::SignInOver);
        };
        // Whoever agrees must be the one who signed in for this request.
        if interaction.step != Step::Consent {
            return Err(IdentityError::SignInOver);
        }
        let mut decided = Decided { scope: request.scope.clone(), ..Decided::default() };
        for (claim, is_essential) in interaction.wanted {
            let into =
                if is_essential || chosen.contains(&claim) { &mut decided.accepted } else { &mut decided.declined };
            into.insert(claim);
        }
        let (hash, by, person) = (stoa_web::secret_hash(transaction), session.by(info.clone()), session.person);
        let this = self.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            this.give_consent(tx, &by, person, &client, &decided).await?;
            Ok(store::transaction::set_agreed(tx, &hash).await?)
        };
        self.store().write(write).await
    }

    /// Ends a transaction with its answer: the code, where nothing is left to ask.
    pub(crate) async fn finish(
        &self,
        transaction: &str,
        browser: &[u8; 32],
        session: &Session,
        info: &RequestInfo,
    ) -> Result<Answer, IdentityError> {
        let interaction = self.interaction(transaction, browser, Some(session)).await?;
        let (Some(client), Some(request), Step::Issue) = (interaction.client, interaction.request, interaction.step)
        else {
            return Err(IdentityError::SignInOver);
        };
        let decided = self.decided(session.person, client.id).await?;
        let hash = stoa_web::secret_hash(transaction);
        let who = Who::in_session(session, info);
        self.issue(&client, &request, &who, decided.as_ref(), Some(hash)).await
    }

    /// Ends a transaction of a page of ours.
    pub(crate) async fn close(&self, transaction: &str) -> Result<(), IdentityError> {
        let hash = stoa_web::secret_hash(transaction);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            store::transaction::delete(tx, &hash).await?;
            Ok(())
        };
        self.store().write(write).await
    }

    /// The person does not want to: the client is told so. None where no client asked.
    pub(crate) async fn cancel(&self, transaction: &str, browser: &[u8; 32]) -> Result<Option<Answer>, IdentityError> {
        let interaction = self.interaction(transaction, browser, None).await?;
        self.close(transaction).await?;
        let error = OauthError::new(OauthCode::AccessDenied, "The person did not agree.");
        Ok(interaction.request.map(|request| request.refusal(self.issuer(), &error)))
    }

    /// Tells the client that it cannot be.
    pub(crate) async fn refuse(
        &self,
        transaction: &str,
        request: &AuthorizationRequest,
        error: &OauthError,
    ) -> Result<Answer, IdentityError> {
        self.close(transaction).await?;
        Ok(request.refusal(self.issuer(), error))
    }

    pub(super) async fn issue(
        &self,
        client: &Client,
        request: &AuthorizationRequest,
        who: &Who,
        decided: Option<&Decided>,
        transaction: Option<[u8; 32]>,
    ) -> Result<Answer, IdentityError> {
        let accepted: BTreeSet<Claim> = match client.metadata.consent {
            ConsentRule::Lawful => Claim::ALL.iter().copied().collect(),
            ConsentRule::Asked => decided.map(|decided| decided.accepted.clone()).unwrap_or_default(),
        };
        let within = |wanted: &std::collections::BTreeMap<Claim, bool>| -> BTreeSet<Claim> {
            wanted.keys().copied().filter(|claim| accepted.contains(claim)).collect()
        };
        let claims = GrantedClaims {
            userinfo: within(&request.claims.userinfo),
            id_token: within(&request.claims.id_token),
            auth_time: request.claims.auth_time,
        };
        let claims = serde_json::to_string(&claims)
            .map_err(|error| stoa_store::StoreError::Data { reason: error.to_string() })?;
        let acr = granted(&request.acr_values, &who.methods).unwrap_or_default();
        let code = secret()?;
        let (hash, settings) = (code.1, *self.settings());
        let (client, request, who) = (client.clone(), request.clone(), who.clone());
        let asked = request.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<bool, IdentityError> {
            if let Some(transaction) = &transaction
                && !store::transaction::delete(tx, transaction).await?
            {
                return Ok(false);
            }
            let expires_at = tx.now().plus(settings.code);
            let new = NewGrant {
                client: client.id,
                person: who.person,
                session: who.session,
                scope: &request.scope.to_string(),
                claims: &claims,
                resources: &request.resources.join(" "),
                acr: &acr,
                methods: &who.methods.words(),
                signed_in_at: who.signed_in_at,
                // Access tokens hang on it, and it is kept as long as one may hold.
                expires_at: expires_at.plus(settings.access_token),
            };
            let grant = store::grant::insert(tx, &client.tenant, &new).await?;
            let row = CodeRow {
                grant,
                redirect_uri: request.redirect_uri.clone(),
                nonce: request.nonce.clone(),
                challenge: request.code_challenge.clone(),
                dpop_jkt: request.dpop_jkt.clone(),
                expires_at,
                used_at: None,
            };
            store::grant::add_code(tx, &hash, &row).await?;
            let object = format!("identity/clients/{}", client.client_id);
            let detail = json!({"scope": request.scope.to_string(), "acr": acr});
            note(tx, &who.by, "identity.grant.give", object, Some(who.person), detail).await?;
            Ok(true)
        };
        if !self.store().write(write).await? {
            return Err(IdentityError::SignInOver);
        }
        Ok(Answer::code(&asked, self.issuer(), code.0))
    }

    /// Keeps a request that a client pushes (RFC 9126); gives its name and for how many seconds it holds.
    pub(crate) async fn push(&self, by: &Authenticated, asked: &Parameters) -> Result<(String, u64), IdentityError> {
        if asked.has("request_uri") {
            return Err(OauthError::request("request_uri: cannot be pushed").into());
        }
        let client = &by.client;
        if asked.get("client_id").is_some_and(|named| named != client.client_id) {
            return Err(OauthError::request("client_id: is not the one that pushes").into());
        }
        let read = AuthorizationRequest::read(asked, &client.client_id, &client.metadata, Way::Pushed, self.issuer());
        let request = read.map_err(|refused| match refused {
            Refused::Here(error) => error,
            Refused::There(answer) => answered(&answer),
        })?;
        let (given, id) = (secret()?, client.id);
        let (hash, text) = (given.1, written(&About::Request(Box::new(request)))?);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let expires_at = tx.now().plus(PUSHED_TIME);
            Ok(store::transaction::push(tx, &hash, id, &text, expires_at).await?)
        };
        self.store().write(write).await?;
        Ok((format!("{PUSHED}{}", given.0), PUSHED_TIME.as_secs()))
    }

    async fn pushed(&self, client: &Client, uri: &str) -> Result<Option<AuthorizationRequest>, IdentityError> {
        // Nothing is fetched from anywhere: only what was pushed here counts.
        let Some(name) = uri.strip_prefix(PUSHED) else { return Ok(None) };
        let (hash, id) = (stoa_web::secret_hash(name), client.id);
        let write = async move |tx: &mut Tx<'_>| -> Result<Option<String>, IdentityError> {
            Ok(store::transaction::take_pushed(tx, &hash, id).await?)
        };
        let text = self.store().write(write).await?;
        Ok(text.as_deref().and_then(request_of))
    }
}

/// A client's request as it is stored; nothing where a page of ours asked.
pub(super) fn request_of(stored: &str) -> Option<AuthorizationRequest> {
    match serde_json::from_str(stored) {
        Ok(About::Request(request)) => Some(*request),
        _ => None,
    }
}

/// A client's request for the database.
pub(super) fn stored(request: &AuthorizationRequest) -> Result<String, stoa_store::StoreError> {
    written(&About::Request(Box::new(request.clone())))
}

/// The word of e-Signet's `oauth-details` for a refusal that would have gone through the browser.
pub(super) fn published(answer: &Answer) -> &'static str {
    let error = answered(answer);
    let about = error.description.split(':').next().unwrap_or("");
    match (error.code, about) {
        (OauthCode::InvalidScope, _) => "invalid_scope",
        (OauthCode::UnsupportedResponseType, _) | (_, "response_type") => "invalid_response_type",
        (OauthCode::UnmetAuthenticationRequirements, _) => "no_acr_registered",
        (_, "prompt") => "invalid_prompt",
        (_, "code_challenge_method") => "unsupported_pkce_challenge_method",
        (_, "code_challenge") if error.description.contains("missing") => "use_pkce",
        (_, "code_challenge") => "invalid_pkce_challenge",
        _ => "invalid_request",
    }
}

fn written(about: &About) -> Result<String, stoa_store::StoreError> {
    serde_json::to_string(about).map_err(|error| stoa_store::StoreError::Data { reason: error.to_string() })
}

/// A refusal that would have gone through the browser, to the client that pushed.
fn answered(answer: &Answer) -> OauthError {
    let text = |name: &str| {
        let found = answer.parameters.iter().find(|(held, _)| *held == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let code =
        OauthCode::ALL.into_iter().find(|code| code.as_str() == text("error")).unwrap_or(OauthCode::InvalidRequest);
    OauthError::new(code, text("error_description"))
}
