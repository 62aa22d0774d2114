//! The block's own tokens at the gate of its node: programs and officials come in with them without a word in the node's
//! configuration, and what ends a token, or takes a role away, counts at once.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;
use stoa_core::{Actor, ActorKind, Problem, Refusal};
use stoa_web::{Token, TokenVerifier};

use super::{Identity, client_actor, subject_of};

fn refused(why: &'static str) -> Problem {
    tracing::info!(target: "security", why, "identity: a token was refused at the gate");
    Problem::new(Refusal::Unauthenticated, "web.unauthenticated").detail("The token is not valid here.")
}

#[async_trait]
impl TokenVerifier for Identity {
    fn is_of(&self, token: &str) -> bool {
        let part = token.split('.').nth(1).and_then(|part| BASE64.decode(part).ok());
        let claims: Option<Value> = part.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        claims.is_some_and(|claims| claims.get("iss").and_then(Value::as_str) == Some(self.issuer()))
    }

    async fn verify(&self, token: &str) -> Result<Token, Problem> {
        let access = self.access(token).await.map_err(Problem::from)?;
        let access = access.ok_or_else(|| refused("it does not hold"))?;
        if access.bound_to().is_some() {
            // Its key would have to be proven with each request.
            return Err(refused("it is bound to a key"));
        }
        // A token that a service was given to learn about a person opens nothing: it must name a block of this node.
        let below = format!("{}/", self.public_url());
        let is_for_block = |audience: &String| audience.starts_with(&below) && audience != self.issuer();
        if !access.audiences().iter().any(is_for_block) {
            return Err(refused("it is for somebody else"));
        }
        let (kind, id) = match access.person() {
            Some(person) => (ActorKind::Official, subject_of(person)),
            None => (ActorKind::System, client_actor(access.client_id())),
        };
        let actor = Actor { kind, id, ..Actor::anonymous(access.tenant()) };
        Ok(Token { actor, roles: access.roles() })
    }
}
