//! How OAuth and OpenID Connect refuse: one word for programs, one sentence for whoever reads the log.

use std::fmt;

/// The words of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, OpenID Connect Core §3.1.2.6 and the extensions that are spoken
/// here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OauthCode {
    /// A parameter is missing, sent twice or not understood.
    InvalidRequest,
    /// The client is not who it says it is.
    InvalidClient,
    /// The code, refresh token or device code does not hold.
    InvalidGrant,
    /// The client may not do this.
    UnauthorizedClient,
    /// This way of asking is not spoken here.
    UnsupportedGrantType,
    /// A scope that the client may not ask for.
    InvalidScope,
    /// The person or a rule said no.
    AccessDenied,
    /// Only `code` is answered.
    UnsupportedResponseType,
    /// A fault of ours.
    ServerError,
    /// Full or away at the moment.
    TemporarilyUnavailable,
    /// `prompt=none`, and somebody would have to be asked.
    InteractionRequired,
    /// `prompt=none`, and nobody is signed in, or not well enough.
    LoginRequired,
    /// `prompt=none`, and the person has not agreed yet.
    ConsentRequired,
    /// The way of signing in that was demanded cannot be had (OpenID Connect Core Error Code
    /// `unmet_authentication_requirements`).
    UnmetAuthenticationRequirements,
    /// The pushed request is not there any more (RFC 9126).
    InvalidRequestUri,
    /// The signed request does not hold (RFC 9101).
    InvalidRequestObject,
    /// Requests by value are not taken.
    RequestNotSupported,
    /// The access token does not hold (RFC 6750).
    InvalidToken,
    /// The access token does not reach so far (RFC 6750).
    InsufficientScope,
    /// The resource is none that the client may ask (RFC 8707).
    InvalidTarget,
    /// The proof of possession does not hold (RFC 9449).
    InvalidDpopProof,
    /// A proof with a nonce of ours is wanted (RFC 9449 §8).
    UseDpopNonce,
    /// The client's description breaks a rule (RFC 7591).
    InvalidClientMetadata,
    /// A redirect address that cannot be registered (RFC 7591).
    InvalidRedirectUri,
    /// A token type that cannot be revoked (RFC 7009).
    UnsupportedTokenType,
}

impl OauthCode {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::AccessDenied,
        Self::UnsupportedResponseType,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::InteractionRequired,
        Self::LoginRequired,
        Self::ConsentRequired,
        Self::UnmetAuthenticationRequirements,
        Self::InvalidRequestUri,
        Self::InvalidRequestObject,
        Self::RequestNotSupported,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::InvalidTarget,
        Self::InvalidDpopProof,
        Self::UseDpopNonce,
        Self::InvalidClientMetadata,
        Self::InvalidRedirectUri,
        Self::UnsupportedTokenType,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InteractionRequired => "interaction_required",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::RequestNotSupported => "request_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::UnsupportedTokenType => "unsupported_token_type",
        }
    }
}

/// A refusal: its word, and a sentence without personal data. The sentence holds only characters that RFC 6749 allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthError {
    /// The word.
    pub code: OauthCode,
    /// The sentence.
    pub description: String,
}

impl OauthError {
    /// A refusal with its sentence.
    pub fn new(code: OauthCode, description: impl Into<String>) -> Self {
        let description: String = description.into();
        // RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
        let plain = |c: char| if matches!(c, '\x20'..='\x21' | '\x23'..='\x5B' | '\x5D'..='\x7E') { c } else { '?' };
        Self { code, description: description.chars().take(300).map(plain).collect() }
    }

    /// A parameter is missing or not understood.
    pub fn request(description: impl Into<String>) -> Self {
        Self::new(OauthCode::InvalidRequest, description)
    }

    /// The code or token does not hold.
    pub fn grant(description: impl Into<String>) -> Self {
        Self::new(OauthCode::InvalidGrant, description)
    }

    /// The client did not prove who it is. The same sentence whatever was wrong: it is nobody's business whether a client
    /// is there.
    pub fn client() -> Self {
        Self::new(OauthCode::InvalidClient, "The client is unknown, or its credential does not hold.")
    }
}

impl fmt::Display for OauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.description)
    }
}

impl std::error::Error for OauthError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_holds_only_what_a_header_may_hold() {
        let error = OauthError::request("a \"quoted\" \\ word\nand ümlaut");
        assert_eq!(error.description, "a ?quoted? ? word?and ?mlaut");
        assert_eq!(OauthError::request("x".repeat(1000)).description.len(), 300);
    }
}
