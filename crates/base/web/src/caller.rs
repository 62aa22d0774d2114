//! The caller of a request: found once, at the gate, from its key, token, session or mediator header.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use stoa_core::{Actor, Problem, Refusal, Tenant};

use crate::answer::Fault;
use crate::forgery::carries_token;
use crate::input::Params;
use crate::mediator;
use crate::node::Node;
use crate::rate::Peer;
use crate::reference::plain_reference;
use crate::trace::Trace;
use crate::visitor::PURPOSE_COOKIE;

/// The cookie of a signed-in person.
pub(crate) const SESSION_COOKIE: &str = "stoa_session";

/// What a request says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// The id that ties together what happens for one request (GovStack CFR arch#13).
    pub correlation: String,
    /// Where what happens for this request stands in a trace over several systems (W3C `traceparent`). Calls that are made
    /// while the request is in work carry it by themselves; what is done later takes it along from here.
    pub traceparent: Option<String>,
    /// How the caller is named where no personal data may stand; see [`RequestInfo::name`].
    pub reference: Option<String>,
    /// Why personal data is asked for, if the caller says so (`X-Stoa-Purpose`).
    pub purpose: Option<String>,
    /// The consent that the caller relies on (`X-Stoa-Consent`).
    pub consent: Option<String>,
}

impl RequestInfo {
    /// How the actor of this request is named in logs and in events, where no personal data may stand: programs and
    /// organisations by their ids, people by a hash that is the same each time.
    pub fn name(&self, actor: &Actor) -> String {
        self.reference.clone().unwrap_or_else(|| plain_reference(actor).to_owned())
    }
}

/// Who asks and how they proved it.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) info: RequestInfo,
    pub(crate) session: Option<SessionSeen>,
    /// Whether the body of this unsafe request carries the session's token: read by the form layer.
    pub(crate) forgery_checked: bool,
}

/// The caller of a request, in its extensions, and in those of a refusal.
#[derive(Debug, Clone)]
pub(crate) struct Asked(pub(crate) Arc<Caller>);

/// A session as the request's cookie names it.
#[derive(Debug, Clone)]
pub(crate) struct SessionSeen {
    pub(crate) csrf: String,
}

impl Caller {
    /// A browser sends its cookie whoever wrote the form; so a change by session needs the session's own token too.
    pub(crate) fn check_forgery(&self, method: &Method) -> Result<(), Problem> {
        if self.session.is_none() || method.is_safe() || self.forgery_checked {
            return Ok(());
        }
        Err(Problem::new(Refusal::Forbidden, "web.forged_request")
            .detail("The form did not carry this session's token. Open the page again and send it once more."))
    }
}

/// The gate: finds the caller and puts it into the request. A credential that does not hold is refused here, also at
/// open addresses: whoever sends one wants it to count.
pub(crate) async fn identify(
    axum::extract::State(node): axum::extract::State<Node>,
    request: Request,
    next: Next,
) -> Response {
    let trace = request.extensions().get::<Trace>();
    let mut info = RequestInfo {
        correlation: trace.map(|trace| trace.correlation().to_owned()).unwrap_or_default(),
        traceparent: trace.map(|trace| trace.parent().to_owned()),
        reference: None,
        purpose: header_text(request.headers(), "x-stoa-purpose").or_else(|| stated_purpose(request.headers())),
        consent: header_text(request.headers(), "x-stoa-consent"),
    };
    let peer = request.extensions().get::<Peer>().copied();
    if node.has_own_gate(request.uri().path()) {
        return at_own_gate(node, info, request, next).await;
    }
    let (actor, session) = match find(&node, request.headers(), request.extensions(), peer).await {
        Ok(found) => found,
        Err(problem) => return Fault(problem).into_response(),
    };
    info.reference = Some(node.reference(&actor));
    let mut caller = Caller { actor, info, session, forgery_checked: false };
    let admitted = admit(&node, &mut caller, request, peer).await;
    let asked = Asked(Arc::new(caller));
    let mut response = match admitted {
        Ok(mut request) => {
            request.extensions_mut().insert(asked.clone());
            next.run(request).await
        }
        Err(problem) => Fault(problem).into_response(),
    };
    // Pages of refusals and the security log want to know whom they are about.
    if response.status().is_client_error() || response.status().is_server_error() {
        response.extensions_mut().insert(asked);
    }
    response
}

/// An address whose block knows its callers itself (clients of OAuth, holders of the block's own tokens): the request goes
/// through as nobody's, and the handler asks, counts and refuses by [`Presented`].
async fn at_own_gate(node: Node, mut info: RequestInfo, mut request: Request, next: Next) -> Response {
    let actor = Actor::anonymous(Tenant::default());
    info.reference = Some(node.reference(&actor));
    let caller = Caller { actor, info, session: None, forgery_checked: false };
    request.extensions_mut().insert(Asked(Arc::new(caller)));
    request.extensions_mut().insert(OwnGate(node));
    next.run(request).await
}

/// In a request's extensions: its block asks for the credential itself.
#[derive(Clone)]
struct OwnGate(Node);

/// What a caller presents at an address whose block knows its callers itself: see [`BlockParts::own_gate`].
///
/// [`BlockParts::own_gate`]: crate::BlockParts::own_gate
#[derive(Clone)]
pub struct Presented {
    authorization: Option<String>,
    peer: Option<Peer>,
    node: Node,
}

impl Presented {
    /// The header `Authorization` as its scheme and what follows, if it came. One that is not text has an empty scheme.
    pub fn credential(&self) -> Option<(&str, &str)> {
        let value = self.authorization.as_deref()?.trim();
        Some(value.split_once(' ').map_or((value, ""), |(scheme, rest)| (scheme, rest.trim())))
    }

    /// Asked before a credential is looked at: not while too many from this address did not hold.
    pub fn may_try(&self) -> Result<(), Problem> {
        self.node.rates().may_try(self.peer)
    }

    /// Counts a credential that did not hold.
    pub fn failed(&self) -> Result<(), Problem> {
        self.node.rates().failed(self.peer)
    }

    /// Counts the request for whoever it turned out to be.
    pub fn count(&self, actor: &Actor) -> Result<(), Problem> {
        self.node.rates().check(actor, self.peer)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Presented {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        // Only a block that forgot to name the address among those of its own gate gets here.
        let missing = || Problem::new(Refusal::Failed, "web.failed").detail("This address has no gate of its own.");
        let OwnGate(node) = parts.extensions.get::<OwnGate>().cloned().ok_or_else(missing)?;
        let value = parts.headers.get(header::AUTHORIZATION);
        let authorization = value.map(|value| value.to_str().unwrap_or("").to_owned());
        Ok(Self { authorization, peer: parts.extensions.get::<Peer>().copied(), node })
    }
}

/// Counts the request for its caller, and looks for the session's token in its body if it may change something.
async fn admit(node: &Node, caller: &mut Caller, request: Request, peer: Option<Peer>) -> Result<Request, Problem> {
    node.rates().check(&caller.actor, peer)?;
    let Some(seen) = caller.session.as_ref().filter(|_| !request.method().is_safe()) else { return Ok(request) };
    let (request, carries) = carries_token(request, &seen.csrf).await?;
    caller.forgery_checked = carries;
    Ok(request)
}

async fn find(
    node: &Node,
    headers: &HeaderMap,
    extensions: &Extensions,
    peer: Option<Peer>,
) -> Result<(Actor, Option<SessionSeen>), Problem> {
    let client = mediator::client(node, headers, extensions)?;
    let rates = node.rates();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let found = by_authorization(node, value.to_str().unwrap_or(""), || rates.may_try(peer)).await;
        if found.as_ref().is_err_and(|problem| problem.refusal == Refusal::Unauthenticated) {
            rates.failed(peer)?;
        }
        let mut actor = found?;
        actor.client = client;
        return Ok((actor, None));
    }
    if let Some(secret) = cookie(headers, SESSION_COOKIE) {
        rates.may_try(peer)?;
        if let Some((actor, csrf)) = node.session(secret).await? {
            return Ok((actor, Some(SessionSeen { csrf })));
        }
        rates.failed(peer)?;
    }
    let actor = match client {
        Some(client) => mediator::actor(node, client),
        None => Actor::anonymous(Tenant::default()),
    };
    Ok((actor, None))
}

async fn by_authorization(
    node: &Node,
    value: &str,
    may_try: impl FnOnce() -> Result<(), Problem>,
) -> Result<Actor, Problem> {
    let refused = || {
        Problem::new(Refusal::Unauthenticated, "web.unauthenticated")
            .detail("The key or token is unknown, expired or revoked.")
    };
    let (scheme, secret) = value.split_once(' ').unwrap_or(("bearer", value));
    if scheme.eq_ignore_ascii_case("basic") {
        may_try()?;
        return by_name(node, secret.trim()).await?.ok_or_else(refused);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let secret = secret.trim();
    if secret.starts_with(crate::node::KEY_PREFIX) {
        return node.key(secret, may_try).await?.ok_or_else(refused);
    }
    match node.verifier(secret) {
        Some(verifier) => {
            may_try()?;
            // An issuer that is away is no fault of the caller's, and says when to come again.
            let token = verifier.verify(secret).await;
            let token = token.map_err(|problem| if problem.refusal == Refusal::Busy { problem } else { refused() })?;
            let permissions = node.permissions_of(&token.roles.iter().map(String::as_str).collect::<Vec<_>>());
            Ok(Actor { permissions, ..token.actor })
        }
        None => Err(refused()),
    }
}

/// Whoever a block knows by this name and secret.
async fn by_name(node: &Node, credentials: &str) -> Result<Option<Actor>, Problem> {
    let decoded = BASE64.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((name, secret)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else { return Ok(None) };
    for accounts in node.accounts() {
        if let Some(actor) = accounts.verify(name, secret).await? {
            return Ok(Some(actor));
        }
    }
    Ok(None)
}

pub(crate) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| text.chars().take(400).collect())
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}

/// The purpose that a person stated on a page, in the cookie of the register's pages.
fn stated_purpose(headers: &HeaderMap) -> Option<String> {
    let text = cookie(headers, PURPOSE_COOKIE)?;
    let pair = format!("purpose={text}");
    Params::read(&pair).get("purpose").map(str::to_owned).filter(|purpose| !purpose.is_empty())
}

/// A token that an issuer vouches for.
#[derive(Debug, Clone)]
pub struct Token {
    /// Who it names; permissions are filled in from `roles` by the node.
    pub actor: Actor,
    /// The roles that the issuer gives.
    pub roles: Vec<String>,
}

/// Verifies names and secrets (Basic authentication, RFC 7617) of the accounts that a block keeps.
#[async_trait::async_trait]
pub trait BasicVerifier: Send + Sync {
    /// Whoever holds the secret; none where no account has that name, or not that secret.
    async fn verify(&self, name: &str, secret: &str) -> Result<Option<Actor>, Problem>;
}

/// Verifies tokens of configured issuers.
#[async_trait::async_trait]
pub trait TokenVerifier: Send + Sync {
    /// The token's holder; any doubt is an error.
    async fn verify(&self, token: &str) -> Result<Token, Problem>;

    /// Whether the token says that it is of this issuer. Nothing of it counts yet.
    fn is_of(&self, token: &str) -> bool {
        let _ = token;
        true
    }
}
