//! The caller of a request: found once, at the gate, from its key, token, session or mediator header.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use stoa_core::{Actor, ActorKind, Problem, Refusal, Tenant};

use crate::answer::Fault;
use crate::block::Profile;
use crate::forgery::carries_token;
use crate::input::Params;
use crate::node::Node;
use crate::rate::Peer;
use crate::visitor::PURPOSE_COOKIE;

/// The cookie of a signed-in person.
pub(crate) const SESSION_COOKIE: &str = "stoa_session";
/// Headers by which a mediator names its client, the standard one first.
const MEDIATOR_HEADERS: [&str; 3] = ["x-road-client", "x-govstack-client", "information-mediator-client"];

/// What a request says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// The id that ties together what happens for one request (GovStack CFR arch#13).
    pub correlation: String,
    /// Why personal data is asked for, if the caller says so (`X-Stoa-Purpose`).
    pub purpose: Option<String>,
    /// The consent that the caller relies on (`X-Stoa-Consent`).
    pub consent: Option<String>,
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
    mut request: Request,
    next: Next,
) -> Response {
    let info = RequestInfo {
        correlation: header_text(request.headers(), "x-correlation-id").unwrap_or_default(),
        purpose: header_text(request.headers(), "x-stoa-purpose").or_else(|| stated_purpose(request.headers())),
        consent: header_text(request.headers(), "x-stoa-consent"),
    };
    match find(&node, request.headers()).await {
        Ok((actor, session)) => {
            if let Err(problem) = node.rates().check(&actor, request.extensions().get::<Peer>().copied()) {
                return Fault(problem).into_response();
            }
            let forgery_checked = match &session {
                Some(seen) if !request.method().is_safe() => match carries_token(request, &seen.csrf).await {
                    Ok((same, carries)) => {
                        request = same;
                        carries
                    }
                    Err(problem) => return Fault(problem).into_response(),
                },
                _ => false,
            };
            request.extensions_mut().insert(Caller { actor, info, session, forgery_checked });
            next.run(request).await
        }
        Err(problem) => Fault(problem).into_response(),
    }
}

async fn find(node: &Node, headers: &HeaderMap) -> Result<(Actor, Option<SessionSeen>), Problem> {
    let client = mediator_client(headers)?;
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let mut actor = by_authorization(node, value.to_str().unwrap_or("")).await?;
        actor.client = client.filter(|_| node.trusts_mediator());
        return Ok((actor, None));
    }
    if let Some(secret) = cookie(headers, SESSION_COOKIE)
        && let Some((actor, csrf)) = node.session(secret).await?
    {
        return Ok((actor, Some(SessionSeen { csrf })));
    }
    let anonymous = Actor::anonymous(Tenant::default());
    Ok(match client {
        Some(client) if node.profile() == Profile::Govstack => {
            let permissions = node.permissions_of(&["govstack"]);
            (
                Actor {
                    kind: ActorKind::Organisation,
                    id: client.clone(),
                    client: Some(client),
                    permissions,
                    ..anonymous
                },
                None,
            )
        }
        _ => (anonymous, None),
    })
}

async fn by_authorization(node: &Node, value: &str) -> Result<Actor, Problem> {
    let refused = || {
        Problem::new(Refusal::Unauthenticated, "web.unauthenticated")
            .detail("The key or token is unknown, expired or revoked.")
    };
    let (scheme, secret) = value.split_once(' ').unwrap_or(("bearer", value));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let secret = secret.trim();
    if secret.starts_with(crate::node::KEY_PREFIX) {
        return node.key(secret).await?.ok_or_else(refused);
    }
    match node.tokens() {
        Some(verifier) => {
            let token = verifier.verify(secret).await.map_err(|_| refused())?;
            let permissions = node.permissions_of(&token.roles.iter().map(String::as_str).collect::<Vec<_>>());
            Ok(Actor { permissions, ..token.actor })
        }
        None => Err(refused()),
    }
}

/// The mediator's client, `INSTANCE/CLASS/MEMBER[/SUBSYSTEM]`, if one is named.
fn mediator_client(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some((name, text)) = MEDIATOR_HEADERS.iter().find_map(|name| Some((*name, header_text(headers, name)?))) else {
        return Ok(None);
    };
    let parts: Vec<_> = text.split('/').collect();
    let fits = (3..=4).contains(&parts.len())
        && parts.iter().all(|part| !part.is_empty() && part.len() <= 100 && !part.chars().any(char::is_control));
    if fits {
        return Ok(Some(text));
    }
    Err(Problem::new(Refusal::Malformed, "web.invalid_parameter").field(
        name,
        "format",
        "must be INSTANCE/CLASS/MEMBER/SUBSYSTEM",
    ))
}

pub(crate) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| text.chars().take(400).collect())
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
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

/// Verifies tokens of configured issuers.
#[async_trait::async_trait]
pub trait TokenVerifier: Send + Sync {
    /// The token's holder; any doubt is an error.
    async fn verify(&self, token: &str) -> Result<Token, Problem>;
}
