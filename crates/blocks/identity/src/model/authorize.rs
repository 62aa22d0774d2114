//! The authorization endpoint without its HTTP: what a client asks for, and what happens next. Pure: a request and facts in,
//! a decision out.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stoa_core::Instant;

use super::acr::{Acr, Methods};
use super::claims::{Claim, ClaimsRequest, Scope, Scopes};
use super::client::{ConsentRule, GrantType, Metadata, resource_fault};
use super::oauth::{OauthCode, OauthError};
use super::parameters::Parameters;
use super::pkce;

/// The longest `state` and `nonce`.
const ECHO_BYTES_MAX: usize = 2048;

/// How the answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the address.
    #[default]
    Query,
    /// In a form that the browser sends (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// What the client wants the person to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Nothing.
    None,
    /// Sign in again.
    Login,
    /// Agree again.
    Consent,
    /// Choose who it is.
    SelectAccount,
}

/// A request that may be worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The client.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// How it travels.
    pub response_mode: ResponseMode,
    /// What is asked for, of what the client may ask for.
    pub scope: Scopes,
    /// Given back as it came.
    pub state: Option<String>,
    /// Stands in the ID token.
    pub nonce: Option<String>,
    /// What the person is to see.
    pub prompt: BTreeSet<Prompt>,
    /// How long ago the sign-in may be, in seconds.
    pub max_age: Option<u32>,
    /// Classes of signing in, the best first.
    pub acr_values: Vec<String>,
    /// Whether one of these classes must be reached.
    pub acr_is_essential: bool,
    /// What the client wants to know.
    pub claims: ClaimsRequest,
    /// Languages that the person reads.
    pub ui_locales: Vec<String>,
    /// Who is about to sign in, as the client believes.
    pub login_hint: Option<String>,
    /// The digest of the client's verifier.
    pub code_challenge: Option<String>,
    /// The thumbprint of the key that the tokens will be bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// The resources that the access token is for.
    pub resources: Vec<String>,
}

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// To the person: the client or its address is not known, so nothing may be sent anywhere (RFC 6749 §4.1.2.1).
    Here(OauthError),
    /// To the client.
    There(Answer),
}

/// Where an answer goes, and by which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The client's address.
    pub redirect_uri: String,
    /// The way.
    pub mode: ResponseMode,
    /// The parameters, in order.
    pub parameters: Vec<(&'static str, String)>,
}

impl Answer {
    /// A refusal.
    pub fn error(
        redirect_uri: &str,
        mode: ResponseMode,
        state: Option<&str>,
        issuer: &str,
        error: &OauthError,
    ) -> Self {
        let mut parameters =
            vec![("error", error.code.as_str().to_owned()), ("error_description", error.description.clone())];
        parameters.extend(state.map(|state| ("state", state.to_owned())));
        // RFC 9207: whoever talks to several providers knows whose answer it is.
        parameters.push(("iss", issuer.to_owned()));
        Self { redirect_uri: redirect_uri.to_owned(), mode, parameters }
    }

    /// A code.
    pub fn code(request: &AuthorizationRequest, issuer: &str, code: String) -> Self {
        let mut parameters = vec![("code", code)];
        parameters.extend(request.state.clone().map(|state| ("state", state)));
        parameters.push(("iss", issuer.to_owned()));
        Self { redirect_uri: request.redirect_uri.clone(), mode: request.response_mode, parameters }
    }

    /// The address that the browser is sent to; the parameters come behind those that the address has itself.
    pub fn address(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.parameters {
            query.append_pair(name, value);
        }
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}", self.redirect_uri, query.finish())
    }
}

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In the browser's address, where anybody may have written it.
    Browser,
    /// Pushed by the client itself (RFC 9126).
    Pushed,
}

impl AuthorizationRequest {
    /// Reads what a known client asks for.
    pub fn read(
        asked: &Parameters,
        client_id: &str,
        client: &Metadata,
        way: Way,
        issuer: &str,
    ) -> Result<Self, Refused> {
        asked.check().map_err(Refused::Here)?;
        let redirect_uri = redirect(asked, client).map_err(Refused::Here)?;
        let mode = match asked.get("response_mode") {
            None | Some("query") => Ok(ResponseMode::Query),
            Some("form_post") => Ok(ResponseMode::FormPost),
            Some(_) => Err(OauthError::request("response_mode: must be query or form_post")),
        };
        let state = asked.get("state");
        let refused = |error: OauthError| {
            let mode = *mode.as_ref().unwrap_or(&ResponseMode::Query);
            Refused::There(Answer::error(&redirect_uri, mode, state, issuer, &error))
        };
        let mode = mode.clone().map_err(refused)?;
        Self::checked(asked, client_id, client, way, &redirect_uri, mode).map_err(refused)
    }

    fn checked(
        asked: &Parameters,
        client_id: &str,
        client: &Metadata,
        way: Way,
        redirect_uri: &str,
        response_mode: ResponseMode,
    ) -> Result<Self, OauthError> {
        if !client.may(GrantType::AuthorizationCode) {
            return Err(OauthError::new(
                OauthCode::UnauthorizedClient,
                "The client is not registered for authorization_code.",
            ));
        }
        if client.require_pushed_authorization_requests && way == Way::Browser {
            return Err(OauthError::request("request_uri: this client must push its requests"));
        }
        if asked.has("request") {
            return Err(OauthError::new(OauthCode::RequestNotSupported, "request: is not taken"));
        }
        match asked.need("response_type")? {
            "code" => {}
            _ => return Err(OauthError::new(OauthCode::UnsupportedResponseType, "response_type: must be code")),
        }
        let state = echo(asked, "state")?;
        let nonce = echo(asked, "nonce")?;
        let wanted = Scopes::read(asked.need("scope")?);
        if !wanted.has(Scope::Openid) {
            return Err(OauthError::new(OauthCode::InvalidScope, "scope: must hold openid"));
        }
        // OpenID Connect Core §3.1.2.1: scopes that are not understood are passed over.
        let scope = wanted.within(&client.scope);
        let prompt = prompts(asked.get("prompt"))?;
        let max_age = match asked.get("max_age") {
            None => client.default_max_age,
            Some(text) => Some(text.parse().map_err(|_| OauthError::request("max_age: must be a number of seconds"))?),
        };
        let code_challenge = pkce::challenge(asked.get("code_challenge"), asked.get("code_challenge_method"))?;
        if code_challenge.is_none() && client.require_pkce {
            return Err(OauthError::request("code_challenge: is missing; this client must use PKCE with S256"));
        }
        if code_challenge.is_none() && nonce.is_none() {
            return Err(OauthError::request("nonce: is missing; a request without PKCE needs one"));
        }
        let mut claims = match asked.get("claims") {
            Some(text) => ClaimsRequest::read(text)?,
            None => ClaimsRequest::default(),
        };
        claims.add_scopes(&scope);
        claims.restrict(&client.allowed_claims());
        let acr_is_essential = !claims.essential_acr.is_empty();
        let acr_values = if acr_is_essential {
            claims.essential_acr.clone()
        } else {
            asked.get("acr_values").map_or_else(|| client.default_acr_values.clone(), |text| words(text).collect())
        };
        if acr_is_essential && acr_values.iter().all(|name| Acr::from_name(name).is_none()) {
            return Err(OauthError::new(
                OauthCode::UnmetAuthenticationRequirements,
                "claims: none of these ways of signing in is known here",
            ));
        }
        let dpop_jkt = asked.get("dpop_jkt").map(str::to_owned);
        if dpop_jkt.as_ref().is_some_and(|print| print.len() != 43) {
            return Err(OauthError::request("dpop_jkt: must be the thumbprint of a key"));
        }
        let resources: Vec<String> = asked.all("resource").map(str::to_owned).collect();
        for resource in &resources {
            if resource_fault(resource).is_some() || !client.audiences.contains(resource) {
                return Err(OauthError::new(OauthCode::InvalidTarget, "resource: is none that this client may ask"));
            }
        }
        Ok(Self {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            response_mode,
            scope,
            state,
            nonce,
            prompt,
            max_age,
            acr_values,
            acr_is_essential,
            claims,
            ui_locales: asked.get("ui_locales").map(|text| words(text).take(10).collect()).unwrap_or_default(),
            login_hint: asked.get("login_hint").map(|hint| hint.chars().take(200).collect()),
            code_challenge,
            dpop_jkt,
            resources,
        })
    }

    /// Whether these methods reach one of the classes that the client asked for, if it asked for any.
    pub fn is_reached_by(&self, methods: &Methods) -> bool {
        let reaches = |name: &String| Acr::from_name(name).is_some_and(|acr| acr.is_reached(methods));
        self.acr_values.is_empty() || self.acr_values.iter().any(reaches)
    }

    /// A refusal to this client.
    pub fn refusal(&self, issuer: &str, error: &OauthError) -> Answer {
        Answer::error(&self.redirect_uri, self.response_mode, self.state.as_deref(), issuer, error)
    }
}

/// Whether a person who is signed in already may go on as they are, where they are only asked who they want to be.
pub fn may_continue(request: &AuthorizationRequest, signed_in: &SignedIn, now: Instant) -> bool {
    !request.prompt.contains(&Prompt::Login)
        && is_fresh(request, signed_in, now)
        && request.is_reached_by(&signed_in.methods)
}

fn is_fresh(request: &AuthorizationRequest, signed_in: &SignedIn, now: Instant) -> bool {
    request.max_age.is_none_or(|seconds| signed_in.at.plus(Duration::from_secs(u64::from(seconds))) >= now)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned)
}

/// The client's address that the request names; it may be left out where the client has only one.
fn redirect(asked: &Parameters, client: &Metadata) -> Result<String, OauthError> {
    match (asked.get("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(asked), _) if client.has_redirect(asked) => Ok(asked.to_owned()),
        (Some(_), _) => Err(OauthError::request("redirect_uri: is none that this client registered")),
        // OpenID Connect Core §3.1.2.1 requires it.
        (None, _) => Err(OauthError::request("redirect_uri: is missing")),
    }
}

fn echo(asked: &Parameters, name: &str) -> Result<Option<String>, OauthError> {
    match asked.get(name) {
        Some(text) if text.len() > ECHO_BYTES_MAX => {
            Err(OauthError::request(format!("{name}: is longer than {ECHO_BYTES_MAX} bytes")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn prompts(text: Option<&str>) -> Result<BTreeSet<Prompt>, OauthError> {
    let mut prompts = BTreeSet::new();
    for word in text.unwrap_or("").split(' ').filter(|word| !word.is_empty()) {
        prompts.insert(match word {
            "none" => Prompt::None,
            "login" => Prompt::Login,
            "consent" => Prompt::Consent,
            "select_account" => Prompt::SelectAccount,
            _ => return Err(OauthError::request("prompt: must be none, login, consent or select_account")),
        });
    }
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(OauthError::request("prompt: none stands alone"));
    }
    Ok(prompts)
}

/// A sign-in that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// How.
    pub methods: Methods,
    /// When.
    pub at: Instant,
    /// Who, as this client knows them.
    pub subject: String,
}

/// What the person agreed to before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreed {
    /// Scopes.
    pub scope: Scopes,
    /// Claims.
    pub claims: BTreeSet<Claim>,
}

/// What has happened since the request came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// The person was asked who they are, and signed in or chose.
    pub has_signed_in: bool,
    /// The person was asked, and agreed.
    pub has_agreed: bool,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The person signs in, or proves more.
    SignIn,
    /// The person agrees.
    Consent,
    /// The code is made.
    Issue,
    /// The client is told that it cannot be.
    Refuse(OauthError),
}

/// Decides what happens next with a request.
pub fn next(
    request: &AuthorizationRequest,
    rule: ConsentRule,
    signed_in: Option<&SignedIn>,
    agreed: &Agreed,
    progress: Progress,
    now: Instant,
) -> Step {
    let is_silent = request.prompt.contains(&Prompt::None);
    let refuse = |code, words: &str| Step::Refuse(OauthError::new(code, words));
    let Some(signed_in) = signed_in else {
        return if is_silent { refuse(OauthCode::LoginRequired, "Nobody is signed in.") } else { Step::SignIn };
    };
    if let Some(wanted) = &request.claims.subject
        && *wanted != signed_in.subject
    {
        return if is_silent || progress.has_signed_in {
            refuse(OauthCode::LoginRequired, "Somebody else is signed in.")
        } else {
            Step::SignIn
        };
    }
    let reached = request.is_reached_by(&signed_in.methods);
    if is_silent {
        if !is_fresh(request, signed_in, now) {
            return refuse(OauthCode::LoginRequired, "The sign-in is longer ago than max_age allows.");
        }
        if !reached && request.acr_is_essential {
            return refuse(OauthCode::LoginRequired, "The sign-in does not reach what is demanded.");
        }
    } else if !progress.has_signed_in {
        let must_ask = request.prompt.contains(&Prompt::Login) || request.prompt.contains(&Prompt::SelectAccount);
        if must_ask || !is_fresh(request, signed_in, now) || !reached {
            return Step::SignIn;
        }
    } else if !reached && request.acr_is_essential {
        return refuse(
            OauthCode::UnmetAuthenticationRequirements,
            "The person cannot sign in the way that is demanded.",
        );
    }
    let must_agree = request.prompt.contains(&Prompt::Consent);
    let is_covered = request.scope.is_within(&agreed.scope)
        && request.claims.wanted().keys().all(|claim| agreed.claims.contains(claim));
    if progress.has_agreed || (rule == ConsentRule::Lawful && !must_agree) || (is_covered && !must_agree) {
        return Step::Issue;
    }
    if is_silent { refuse(OauthCode::ConsentRequired, "The person has not agreed yet.") } else { Step::Consent }
}

#[cfg(test)]
mod tests {
    use super::super::acr::Method;
    use super::*;

    const ISSUER: &str = "https://id.example.org/identity";

    fn client() -> Metadata {
        Metadata {
            client_name: "RP".to_owned(),
            redirect_uris: vec!["https://rp.example.org/cb?tenant=1".to_owned()],
            scope: Scopes::read("openid profile email"),
            audiences: vec!["https://api.example.org".to_owned()],
            ..Metadata::default()
        }
    }

    fn base() -> Vec<(&'static str, &'static str)> {
        vec![
            ("client_id", "rp"),
            ("redirect_uri", "https://rp.example.org/cb?tenant=1"),
            ("response_type", "code"),
            ("scope", "openid email unknown"),
            ("state", "s&1"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ]
    }

    fn read_as(client: &Metadata, changes: &[(&'static str, &'static str)]) -> Result<AuthorizationRequest, Refused> {
        let mut pairs = base();
        for (name, value) in changes {
            pairs.retain(|(held, _)| held != name);
            pairs.push((*name, *value));
        }
        let asked = Parameters::of(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        AuthorizationRequest::read(&asked, "rp", client, Way::Browser, ISSUER)
    }

    fn read(changes: &[(&'static str, &'static str)]) -> Result<AuthorizationRequest, Refused> {
        read_as(&client(), changes)
    }

    fn code_of(refused: Result<AuthorizationRequest, Refused>) -> (bool, String) {
        match refused {
            Err(Refused::Here(error)) => (false, error.code.as_str().to_owned()),
            Err(Refused::There(answer)) => (true, answer.parameters[0].1.clone()),
            Ok(_) => (true, "accepted".to_owned()),
        }
    }

    #[test]
    fn a_request_is_read_and_what_is_not_known_is_passed_over() {
        let request = read(&[]).unwrap();
        assert_eq!(request.scope.to_string(), "openid email");
        assert_eq!(request.claims.wanted().len(), 2);
        let answer = Answer::code(&request, ISSUER, "abc".to_owned());
        assert_eq!(
            answer.address(),
            "https://rp.example.org/cb?tenant=1&code=abc&state=s%261&iss=https%3A%2F%2Fid.example.org%2Fidentity"
        );
    }

    #[test]
    fn nothing_is_sent_to_an_address_that_is_not_registered() {
        for address in
            ["", "https://evil.example/cb", "https://rp.example.org/cb", "https://rp.example.org/cb?tenant=1&x"]
        {
            assert_eq!(code_of(read(&[("redirect_uri", address)])), (false, "invalid_request".to_owned()), "{address}");
        }
    }

    #[test]
    fn each_mistake_has_its_word_and_goes_to_the_client() {
        let far = "x".repeat(3000);
        let far: &'static str = Box::leak(far.into_boxed_str());
        for (name, value, word) in [
            ("response_type", "token", "unsupported_response_type"),
            ("response_type", "", "invalid_request"),
            ("response_mode", "fragment", "invalid_request"),
            ("scope", "", "invalid_request"),
            ("scope", "profile", "invalid_scope"),
            ("prompt", "none login", "invalid_request"),
            ("prompt", "create", "invalid_request"),
            ("max_age", "soon", "invalid_request"),
            ("max_age", "-1", "invalid_request"),
            ("code_challenge", "", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("code_challenge_method", "", "invalid_request"),
            ("claims", "{", "invalid_request"),
            (
                "claims",
                r#"{"id_token":{"acr":{"essential":true,"value":"loa9"}}}"#,
                "unmet_authentication_requirements",
            ),
            ("request", "e30.e30.", "request_not_supported"),
            ("resource", "https://other.example.org", "invalid_target"),
            ("dpop_jkt", "x", "invalid_request"),
            ("nonce", far, "invalid_request"),
        ] {
            assert_eq!(code_of(read(&[(name, value)])), (true, word.to_owned()), "{name}={value}");
        }
        let pushes = Metadata { require_pushed_authorization_requests: true, ..client() };
        assert_eq!(code_of(read_as(&pushes, &[])).1, "invalid_request");
        let programs = Metadata { grant_types: vec![GrantType::ClientCredentials], ..client() };
        assert_eq!(code_of(read_as(&programs, &[])).1, "unauthorized_client");
        let without = Metadata { require_pkce: false, ..client() };
        let bare = [("code_challenge", ""), ("code_challenge_method", "")];
        assert_eq!(code_of(read_as(&without, &bare)).1, "invalid_request");
        assert_eq!(code_of(read_as(&without, &[bare[0], bare[1], ("nonce", "n")])).1, "accepted");
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    fn person(methods: &[Method], when: i64) -> SignedIn {
        SignedIn { methods: Methods::of(methods.iter().copied()), at: at(when), subject: "ps".to_owned() }
    }

    fn all() -> Agreed {
        Agreed { scope: Scopes::read("openid profile email"), claims: Claim::ALL.iter().copied().collect() }
    }

    const BEGUN: Progress = Progress { has_signed_in: false, has_agreed: false };
    const SIGNED: Progress = Progress { has_signed_in: true, has_agreed: false };
    const DONE: Progress = Progress { has_signed_in: true, has_agreed: true };

    fn word(step: Step) -> &'static str {
        match step {
            Step::SignIn => "sign-in",
            Step::Consent => "consent",
            Step::Issue => "issue",
            Step::Refuse(error) => error.code.as_str(),
        }
    }

    fn go(
        changes: &[(&'static str, &'static str)],
        who: Option<&SignedIn>,
        agreed: &Agreed,
        progress: Progress,
    ) -> &'static str {
        word(next(&read(changes).unwrap(), ConsentRule::Asked, who, agreed, progress, at(1000)))
    }

    #[test]
    fn the_usual_way_is_to_sign_in_then_to_agree_then_the_code() {
        let who = person(&[Method::Password], 900);
        assert_eq!(go(&[], None, &Agreed::default(), BEGUN), "sign-in");
        assert_eq!(go(&[], Some(&who), &Agreed::default(), BEGUN), "consent");
        assert_eq!(go(&[], Some(&who), &Agreed::default(), DONE), "issue");
        assert_eq!(go(&[], Some(&who), &all(), BEGUN), "issue");
        let part = Agreed { scope: Scopes::read("openid email"), claims: BTreeSet::from([Claim::Email]) };
        assert_eq!(go(&[], Some(&who), &part, BEGUN), "consent");
        let request = read(&[]).unwrap();
        let lawful = next(&request, ConsentRule::Lawful, Some(&who), &Agreed::default(), BEGUN, at(1000));
        assert_eq!(lawful, Step::Issue);
    }

    #[test]
    fn without_a_prompt_nobody_is_asked() {
        let who = person(&[Method::Password], 900);
        let silent = ("prompt", "none");
        assert_eq!(go(&[silent], None, &all(), BEGUN), "login_required");
        assert_eq!(go(&[silent], Some(&who), &Agreed::default(), BEGUN), "consent_required");
        assert_eq!(go(&[silent], Some(&who), &all(), BEGUN), "issue");
        assert_eq!(go(&[silent, ("max_age", "99")], Some(&who), &all(), BEGUN), "login_required");
        let strict = ("claims", r#"{"id_token":{"acr":{"essential":true,"value":"phr"}}}"#);
        assert_eq!(go(&[silent, strict], Some(&who), &all(), BEGUN), "login_required");
        assert_eq!(go(&[silent, ("acr_values", "phr")], Some(&who), &all(), BEGUN), "issue");
    }

    #[test]
    fn whoever_must_sign_in_again_does_so_once() {
        let who = person(&[Method::Password], 900);
        for again in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "99"), ("acr_values", "phr")] {
            assert_eq!(go(&[again], Some(&who), &all(), BEGUN), "sign-in", "{again:?}");
            assert_eq!(go(&[again], Some(&who), &all(), SIGNED), "issue", "{again:?}");
        }
        assert_eq!(go(&[("max_age", "100")], Some(&who), &all(), BEGUN), "issue");
        assert_eq!(go(&[("prompt", "consent")], Some(&who), &all(), BEGUN), "consent");
        assert_eq!(go(&[("prompt", "consent")], Some(&who), &all(), DONE), "issue");
    }

    #[test]
    fn what_is_essential_is_reached_or_refused() {
        let strict = ("claims", r#"{"id_token":{"acr":{"essential":true,"values":["phr"]}}}"#);
        let (weak, strong) = (person(&[Method::Password], 900), person(&[Method::Passkey], 900));
        assert_eq!(go(&[strict], Some(&weak), &all(), BEGUN), "sign-in");
        assert_eq!(go(&[strict], Some(&weak), &all(), SIGNED), "unmet_authentication_requirements");
        assert_eq!(go(&[strict], Some(&strong), &all(), BEGUN), "issue");
        let named = ("claims", r#"{"id_token":{"sub":{"value":"other"}}}"#);
        assert_eq!(go(&[named], Some(&weak), &all(), BEGUN), "sign-in");
        assert_eq!(go(&[named], Some(&weak), &all(), SIGNED), "login_required");
        assert_eq!(go(&[named, ("prompt", "none")], Some(&weak), &all(), BEGUN), "login_required");
    }
}
