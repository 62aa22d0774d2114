//! Tokens by client credentials (RFC 6749 §4.4), for a block that another product serves: had once, kept until shortly
//! before they end.

use std::time::Duration;

use serde::Deserialize;
use stoa_core::{Clock, Instant};
use tokio::sync::Mutex;

use super::PeerError;
use crate::outgoing::{Call, Client, encoded};

/// A token is not used any more this long before it ends: a call takes time.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token is kept whose end the other product does not say.
const USUAL_TIME: Duration = Duration::from_mins(5);
/// The longest that a token is kept, whatever the other product says.
const KEPT_MAX: Duration = Duration::from_hours(24);
/// No token is asked for again this long after one was refused: everybody else would wait for the same answer.
const PAUSE: Duration = Duration::from_secs(5);
/// The largest answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What a token is asked for with.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Where.
    pub token_url: String,
    /// Who asks.
    pub client_id: String,
    /// What only the client knows.
    pub client_secret: String,
    /// What for, where the other product wants to hear it.
    pub scope: Option<String>,
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Has tokens, one for all callers.
pub(super) struct Tokens {
    credentials: ClientCredentials,
    client: Client,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<(String, Instant)>,
    failed: Option<(String, Instant)>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

impl Tokens {
    pub(super) fn new(credentials: ClientCredentials, client: Client, clock: Clock) -> Self {
        Self { credentials, client, clock, state: Mutex::default() }
    }

    /// A token that holds. Who comes while one is asked for waits for that one.
    pub(super) async fn get(&self) -> Result<String, PeerError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some((token, until)) = &state.token
            && now < *until
        {
            return Ok(token.clone());
        }
        if let Some((why, at)) = &state.failed
            && now.since(*at) < PAUSE
        {
            return Err(PeerError::Token(why.clone()));
        }
        match self.ask().await {
            Ok((token, time)) => {
                *state = State { token: Some((token.clone(), self.clock.now().plus(time))), failed: None };
                Ok(token)
            }
            Err(why) => {
                *state = State { token: None, failed: Some((why.clone(), self.clock.now())) };
                Err(PeerError::Token(why))
            }
        }
    }

    /// Forgets a token that the other product did not take.
    pub(super) async fn forget(&self, token: &str) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|(held, _)| held == token) {
            state.token = None;
        }
    }

    async fn ask(&self) -> Result<(String, Duration), String> {
        let ClientCredentials { token_url, client_id, client_secret, scope } = &self.credentials;
        let mut form = "grant_type=client_credentials".to_owned();
        if let Some(scope) = scope {
            form = format!("{form}&scope={}", encoded(scope));
        }
        let call = Call::post("token", token_url, "application/x-www-form-urlencoded", form)
            .basic(client_id, client_secret)
            .idempotent()
            .at_most(ANSWER_BYTES_MAX);
        let reply = self.client.send(call).await.map_err(|error| error.to_string())?;
        if !reply.status.is_success() {
            return Err(format!("the address for tokens answered {}", reply.status));
        }
        let answer: Answer = reply.json().map_err(|_| "the answer holds no token".to_owned())?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") {
            return Err("the token is none to be shown by its bearer".to_owned());
        }
        let time = answer.expires_in.map_or(USUAL_TIME, Duration::from_secs).min(KEPT_MAX);
        // One that ends sooner than the margin is used for half of its time.
        Ok((answer.access_token, time.saturating_sub(MARGIN).max(time / 2)))
    }
}
