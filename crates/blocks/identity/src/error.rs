//! Why the block refused or failed.

use std::time::Duration;

use stoa_audit::AuditError;
use stoa_core::{FieldError, Problem, ProblemInfo, Refusal};
use stoa_store::StoreError;
use stoa_store::keys::KeyError;
use stoa_store::seal::SealError;

use crate::jose::KeyFault;
use crate::model::oauth::{OauthCode, OauthError};

/// A refusal or failure of the identity block.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// OAuth has a word for it.
    #[error(transparent)]
    Oauth(#[from] OauthError),
    /// No such client.
    #[error("there is no client {0}")]
    ClientNotFound(String),
    /// The id was given to a client before.
    #[error("the id {0} belongs to another client")]
    ClientTaken(String),
    /// No such person.
    #[error("there is no such person")]
    PersonNotFound,
    /// No such identifier of that person.
    #[error("the person has no such identifier")]
    IdentifierNotFound,
    /// No such way of signing in of that person.
    #[error("the person has no such way of signing in")]
    FactorNotFound,
    /// No such session of that person.
    #[error("the person has no such session")]
    SessionNotFound,
    /// Somebody with the same name and date of birth is there.
    #[error("somebody with the same name and date of birth is enrolled")]
    PossibleDuplicate,
    /// Somebody else has that identifier.
    #[error("this identifier belongs to somebody")]
    IdentifierTaken,
    /// The person has changed since the caller read it.
    #[error("the person is at version {0} by now")]
    Changed(i64),
    /// The request breaks a rule.
    #[error("the request is not valid")]
    InvalidRequest(Vec<FieldError>),
    /// Only whoever may do everything gives roles away.
    #[error("only an administrator gives roles")]
    RolesNotGiven,
    /// The pages of a sign-in were left too long, or belong to another browser.
    #[error("this sign-in is over, or was begun in another browser")]
    SignInOver,
    /// What was given does not prove anything. The same whether the person is there or not.
    #[error("what was entered is not right")]
    NotProved,
    /// Too many failures: the next attempt may come after that time.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// Too many passwords wait to be hashed.
    #[error("too many people sign in at this moment")]
    Busy,
    /// A key could not be made or used.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The database failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The evidence could not be written.
    #[error(transparent)]
    Audit(AuditError),
    /// A sealed value could not be made or opened.
    #[error(transparent)]
    Seal(SealError),
}

/// A store that is busy or too slow is that wherever the unit of work met it.
impl From<SealError> for IdentityError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Store(error) | SealError::Key(KeyError::Store(error)) => Self::Store(error),
            other => Self::Seal(other),
        }
    }
}

impl From<AuditError> for IdentityError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error) => Self::Store(error),
            AuditError::Seal(error) => error.into(),
            other => Self::Audit(other),
        }
    }
}

impl IdentityError {
    /// A request with one field at fault.
    pub fn field(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::InvalidRequest(vec![FieldError { pointer: pointer.into(), code, message: message.into() }])
    }

    /// The refusal in the words of OAuth, for its endpoints.
    pub(crate) fn into_oauth(self) -> OauthError {
        match self {
            Self::Oauth(error) => error,
            Self::ClientNotFound(_) => OauthError::client(),
            Self::InvalidRequest(errors) => {
                let first = errors.first().map(|error| format!("{}: {}", error.pointer, error.message));
                OauthError::request(first.unwrap_or_else(|| "The request is not valid.".to_owned()))
            }
            Self::Busy | Self::TooManyAttempts(_) => {
                OauthError::new(OauthCode::TemporarilyUnavailable, "Too much at this moment; try again in a second.")
            }
            other => {
                let problem = Problem::from(other);
                if problem.refusal == Refusal::Busy {
                    return OauthError::new(OauthCode::TemporarilyUnavailable, "Busy; try again in a second.");
                }
                tracing::error!(code = problem.code, detail = problem.detail, "identity: an OAuth request failed");
                OauthError::new(OauthCode::ServerError, "The provider failed; the log knows why.")
            }
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        use IdentityError as E;
        let words = error.to_string();
        let problem = |refusal, code| Problem::new(refusal, code).detail(format!("{}.", capital(&words)));
        match error {
            E::Oauth(_) => problem(Refusal::Malformed, "identity.oauth_refused"),
            E::ClientNotFound(_) => problem(Refusal::NotFound, "identity.client_not_found"),
            E::ClientTaken(_) => problem(Refusal::Conflict, "identity.client_taken"),
            E::PersonNotFound => problem(Refusal::NotFound, "identity.person_not_found"),
            E::IdentifierNotFound => problem(Refusal::NotFound, "identity.identifier_not_found"),
            E::FactorNotFound => problem(Refusal::NotFound, "identity.factor_not_found"),
            E::SessionNotFound => problem(Refusal::NotFound, "identity.session_not_found"),
            E::IdentifierTaken => problem(Refusal::Conflict, "identity.identifier_taken"),
            E::PossibleDuplicate => problem(Refusal::Conflict, "identity.possible_duplicate"),
            E::Changed(_) => problem(Refusal::PreconditionFailed, "identity.person_changed"),
            E::InvalidRequest(errors) => {
                let mut problem = problem(Refusal::Invalid, "identity.invalid_request");
                problem.errors = errors;
                problem
            }
            E::RolesNotGiven => problem(Refusal::Forbidden, "identity.roles_not_given"),
            E::SignInOver => problem(Refusal::Gone, "identity.sign_in_over"),
            E::NotProved => problem(Refusal::Unauthenticated, "identity.not_proved"),
            E::TooManyAttempts(wait) => problem(Refusal::TooMany, "identity.too_many_attempts").retry_after(wait),
            E::Busy => problem(Refusal::Busy, "identity.busy").retry_after(Duration::from_secs(1)),
            E::Key(_) => problem(Refusal::Failed, "identity.key_failed"),
            E::Store(error) => error.into(),
            E::Audit(error) => error.into(),
            E::Seal(error) => error.into(),
        }
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

macro_rules! page {
    ($code:literal, $title:literal) => {
        ProblemInfo::new($code, $title, include_str!(concat!("../../../../docs/reference/problems/", $code, ".md")))
    };
}

/// The problems that this block can name.
pub const PROBLEMS: &[ProblemInfo] = &[
    page!("identity.oauth_refused", "The request of the service is not valid"),
    page!("identity.client_not_found", "There is no such client"),
    page!("identity.not_a_partner", "The partner is not known by this key"),
    page!("identity.client_taken", "The id belongs to another client"),
    page!("identity.person_not_found", "There is no such person"),
    page!("identity.identifier_not_found", "The person has no such identifier"),
    page!("identity.factor_not_found", "The person has no such way of signing in"),
    page!("identity.session_not_found", "The person has no such session"),
    page!("identity.identifier_taken", "The identifier belongs to somebody"),
    page!("identity.possible_duplicate", "Somebody of the same name and birthday is enrolled"),
    page!("identity.person_changed", "The person has changed meanwhile"),
    page!("identity.invalid_request", "The request is not valid"),
    page!("identity.roles_not_given", "Only an administrator gives roles"),
    page!("identity.sign_in_over", "This sign-in is over"),
    page!("identity.not_proved", "What was entered is not right"),
    page!("identity.too_many_attempts", "Too many attempts"),
    page!("identity.busy", "Too many people sign in at this moment"),
    page!("identity.key_failed", "A signing key failed"),
];
