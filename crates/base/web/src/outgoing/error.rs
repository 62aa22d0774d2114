//! What can go wrong on the way out.

use std::time::Duration;

use stoa_core::{Problem, Refusal};

use super::guard::Forbidden;

/// Why a call to another system gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// The address is not one that can be called.
    #[error("`{url}` cannot be called: {reason}")]
    Address {
        /// The address as it was given, without user and password.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The address is not public, and not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The host failed again and again and is left alone, or too many calls are under way.
    #[error("`{host}` is left alone for {retry_after:?}")]
    Resting {
        /// The host.
        host: String,
        /// How long.
        retry_after: Duration,
    },
    /// No answer in time.
    #[error("`{host}` did not answer in time")]
    Timeout {
        /// The host.
        host: String,
    },
    /// The answer is larger than allowed.
    #[error("the answer of `{host}` is larger than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The bound.
        limit: usize,
    },
    /// No connection, or one that broke.
    #[error("the connection to `{host}` failed")]
    Connection {
        /// The host.
        host: String,
        /// Whether the request can not have been received: then any request may be sent again.
        unsent: bool,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The client cannot be set up.
    #[error("the outgoing client cannot be set up: {reason}")]
    Setup {
        /// Why.
        reason: String,
    },
}

impl From<OutgoingError> for Problem {
    /// What a caller of ours may know: not which address we called, nor why it failed in detail. That goes to the log.
    fn from(error: OutgoingError) -> Self {
        let chain = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        let chain: Vec<String> = chain.map(ToString::to_string).collect();
        tracing::warn!(error = chain.join(": "), "outgoing: a call failed");
        match error {
            OutgoingError::Address { reason, .. } => {
                Self::new(Refusal::Invalid, "web.address_refused").detail(format!("The address {reason}."))
            }
            OutgoingError::Forbidden(_) => Self::new(Refusal::Invalid, "web.address_refused")
                .detail("The address is not on the public internet, and the configuration does not allow it."),
            OutgoingError::Resting { retry_after, .. } => {
                Self::new(Refusal::Busy, "web.other_system_unavailable").retry_after(retry_after)
            }
            OutgoingError::Timeout { .. }
            | OutgoingError::TooLarge { .. }
            | OutgoingError::Connection { .. }
            | OutgoingError::Setup { .. } => Self::new(Refusal::BadGateway, "web.other_system_failed"),
        }
    }
}
