//! Clients: the services that people sign in to, and programs that come by themselves. Their description has the names of
//! OAuth 2.0 Dynamic Client Registration (RFC 7591) and OpenID Connect Registration.

use std::collections::BTreeSet;

use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::FieldError;
use stoa_core::limit::NAME_CHARS_MAX;

use super::acr::{Acr, PUBLISHED};
use super::claims::{Claim, Scope, Scopes};
use super::redirect::{self, ApplicationType};
use crate::jose::{Algorithm, PublicKeys};

/// Entries of one list in a client's description.
const LIST_MAX: usize = 50;
/// Characters of a client's own id.
const ID_CHARS_MAX: usize = 50;

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// By id and secret in the header `Authorization`.
    #[default]
    ClientSecretBasic,
    /// By id and secret in the form.
    ClientSecretPost,
    /// By a token that it signs with its own key (RFC 7523).
    PrivateKeyJwt,
    /// Not at all: an application on a person's device cannot keep a secret.
    None,
}

impl AuthMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::None];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    /// Whether it needs a secret that we hand out.
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// A way to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// Through a person's browser.
    AuthorizationCode,
    /// On with what a person granted.
    RefreshToken,
    /// For itself.
    ClientCredentials,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// Whether the subject is the same for all clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// Each relying party knows a person by another pseudonym.
    #[default]
    Pairwise,
    /// All clients with this type know the same one.
    Public,
}

/// Whether people are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// People agree to each claim, and may withdraw.
    #[default]
    Asked,
    /// A law is the basis: people are told, not asked.
    Lawful,
}

/// A client's description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(example = json!({"client_name": "Pension service", "redirect_uris": ["https://pension.example.org/callback"],
    "scope": "openid profile email", "token_endpoint_auth_method": "client_secret_basic"}))]
pub struct Metadata {
    /// What people read: which service it is.
    pub client_name: String,
    /// Where its browser comes back to.
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Ways to a token.
    pub grant_types: Vec<GrantType>,
    /// Only `code`.
    pub response_types: Vec<String>,
    /// On a server or on a device.
    pub application_type: ApplicationType,
    /// How it proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
    /// Its public keys (RFC 7517).
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PublicKeys>,
    /// The scopes that it may ask for.
    #[schema(value_type = String)]
    pub scope: Scopes,
    /// The claims that it may ask for; those of its scopes where none is named.
    #[schema(value_type = Vec<String>)]
    pub claims: Vec<Claim>,
    /// Whether people have a pseudonym for it.
    pub subject_type: SubjectType,
    /// The relying party that it belongs to (GovStack `relyingPartyId`): all its clients know a person by the same
    /// pseudonym. Its own id where none is named.
    pub relying_party_id: String,
    /// The signature of ID tokens.
    pub id_token_signed_response_alg: Algorithm,
    /// The signature of userinfo; JSON without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// Classes of signing in that are tried where a request names none.
    pub default_acr_values: Vec<String>,
    /// How long ago a sign-in may be where a request does not say, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// Requests must be pushed (RFC 9126).
    pub require_pushed_authorization_requests: bool,
    /// Tokens are bound to a key of the client (RFC 9449).
    pub dpop_bound_access_tokens: bool,
    /// Codes are bound to the client's session (RFC 7636). Only for clients with a secret or key of their own can it be
    /// false, and they send a nonce then.
    pub require_pkce: bool,
    /// Whether people are asked.
    pub consent: ConsentRule,
    /// Why the data is needed, in words that people read.
    pub purpose: String,
    /// For how many days a consent is remembered; 0 asks each time.
    pub consent_days: u32,
    /// Roles of the program itself, for its own tokens.
    pub roles: Vec<String>,
    /// The addresses of the resources that its tokens are for (RFC 8707).
    pub audiences: Vec<String>,
    /// Its picture.
    pub logo_uri: String,
    /// Its page.
    pub client_uri: String,
    /// What it does with data.
    pub policy_uri: String,
    /// Its terms.
    pub tos_uri: String,
    /// Whom to write to.
    pub contacts: Vec<String>,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            client_name: String::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            response_types: vec!["code".to_owned()],
            application_type: ApplicationType::default(),
            token_endpoint_auth_method: AuthMethod::default(),
            jwks: None,
            scope: Scopes::read("openid"),
            claims: Vec::new(),
            subject_type: SubjectType::default(),
            relying_party_id: String::new(),
            id_token_signed_response_alg: Algorithm::RS256,
            userinfo_signed_response_alg: None,
            default_acr_values: Vec::new(),
            default_max_age: None,
            require_pushed_authorization_requests: false,
            dpop_bound_access_tokens: false,
            require_pkce: true,
            consent: ConsentRule::default(),
            purpose: String::new(),
            consent_days: 180,
            roles: Vec::new(),
            audiences: Vec::new(),
            logo_uri: String::new(),
            client_uri: String::new(),
            policy_uri: String::new(),
            tos_uri: String::new(),
            contacts: Vec::new(),
        }
    }
}

impl Metadata {
    /// Whether it may take this way to a token.
    pub fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// The claims that it may ask for.
    pub fn allowed_claims(&self) -> BTreeSet<Claim> {
        if !self.claims.is_empty() {
            return self.claims.iter().copied().collect();
        }
        Claim::ALL.iter().copied().filter(|claim| self.scope.has(claim.scope())).collect()
    }

    /// Whether this is one of its redirect addresses.
    pub fn has_redirect(&self, asked: &str) -> bool {
        self.redirect_uris.iter().any(|held| redirect::is_same(held, asked, self.application_type))
    }

    /// The name of the sector in which a person has one pseudonym.
    pub fn sector<'a>(&'a self, client_id: &'a str) -> &'a str {
        if self.relying_party_id.is_empty() { client_id } else { &self.relying_party_id }
    }

    /// What is wrong with it, field by field.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Faults::default();
        let name = self.client_name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            faults.add("/client_name", "length", format!("must have 1 to {NAME_CHARS_MAX} characters"));
        }
        self.check_lists(&mut faults);
        for (index, address) in self.redirect_uris.iter().enumerate() {
            if let Some(fault) = redirect::fault(address, self.application_type) {
                faults.add(format!("/redirect_uris/{index}"), "uri", fault);
            }
        }
        for (index, address) in self.post_logout_redirect_uris.iter().enumerate() {
            if let Some(fault) = redirect::fault(address, self.application_type) {
                faults.add(format!("/post_logout_redirect_uris/{index}"), "uri", fault);
            }
        }
        if self.may(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            faults.add("/redirect_uris", "required", "needs at least one address for authorization_code");
        }
        if self.grant_types.is_empty() {
            faults.add("/grant_types", "required", "needs at least one");
        }
        if self.may(GrantType::RefreshToken) && !self.may(GrantType::AuthorizationCode) {
            faults.add("/grant_types", "combination", "refresh_token goes with authorization_code");
        }
        if self.response_types.iter().any(|kind| kind != "code") {
            faults.add("/response_types", "enum", "only code is answered");
        }
        let is_public = self.token_endpoint_auth_method == AuthMethod::None;
        if is_public && self.may(GrantType::ClientCredentials) {
            faults.add("/grant_types", "combination", "client_credentials needs a client that proves who it is");
        }
        if is_public && !self.require_pkce {
            faults.add("/require_pkce", "combination", "a client without a secret or key needs it");
        }
        if self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt && self.jwks.is_none() {
            faults.add("/jwks", "required", "private_key_jwt needs the client's public keys");
        }
        if let Some(fault) = self.jwks.as_ref().and_then(PublicKeys::fault) {
            faults.add("/jwks", "key", fault);
        }
        if self.may(GrantType::AuthorizationCode) && !self.scope.has(Scope::Openid) {
            faults.add("/scope", "required", "must hold openid for authorization_code");
        }
        if self.scope.iter().any(|word| !is_scope(word)) {
            faults.add("/scope", "format", "must be words of visible ASCII without quotes and backslashes");
        }
        if self.scope.has(Scope::OfflineAccess) && !self.may(GrantType::RefreshToken) {
            faults.add("/scope", "combination", "offline_access goes with the grant type refresh_token");
        }
        if let Some(index) = self.default_acr_values.iter().position(|name| !is_class(name)) {
            let known = Acr::ALL.map(Acr::as_str).join(", ");
            faults.add(format!("/default_acr_values/{index}"), "enum", format!("must be one of {known}"));
        }
        if self.relying_party_id.chars().count() > ID_CHARS_MAX {
            faults.add("/relying_party_id", "length", format!("must have at most {ID_CHARS_MAX} characters"));
        }
        if self.purpose.chars().count() > 500 {
            faults.add("/purpose", "length", "must have at most 500 characters");
        }
        if self.consent_days > 3650 {
            faults.add("/consent_days", "range", "must be at most 3650");
        }
        for (field, address) in [
            ("/logo_uri", &self.logo_uri),
            ("/client_uri", &self.client_uri),
            ("/policy_uri", &self.policy_uri),
            ("/tos_uri", &self.tos_uri),
        ] {
            if !address.is_empty() && !is_web_address(address) {
                faults.add(field, "uri", "must be an https address of at most 1024 characters");
            }
        }
        for (index, audience) in self.audiences.iter().enumerate() {
            if let Some(fault) = resource_fault(audience) {
                faults.add(format!("/audiences/{index}"), "uri", fault);
            }
        }
        faults.0
    }

    fn check_lists(&self, faults: &mut Faults) {
        for (field, length) in [
            ("/redirect_uris", self.redirect_uris.len()),
            ("/post_logout_redirect_uris", self.post_logout_redirect_uris.len()),
            ("/default_acr_values", self.default_acr_values.len()),
            ("/roles", self.roles.len()),
            ("/audiences", self.audiences.len()),
            ("/contacts", self.contacts.len()),
            ("/scope", self.scope.iter().count()),
        ] {
            if length > LIST_MAX {
                faults.add(field, "length", format!("must have at most {LIST_MAX} entries"));
            }
        }
        for (field, texts) in [("/roles", &self.roles), ("/contacts", &self.contacts)] {
            for (index, text) in texts.iter().enumerate() {
                let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
                if !fits {
                    faults.add(
                        format!("{field}/{index}"),
                        "length",
                        format!("must have 1 to {NAME_CHARS_MAX} characters"),
                    );
                }
            }
        }
        if self.roles.iter().any(|role| role.contains(char::is_whitespace)) {
            faults.add("/roles", "format", "must be words");
        }
    }
}

#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), code, message: message.into() });
    }
}

/// Whether a class of signing in is known, here or to GovStack.
fn is_class(name: &str) -> bool {
    Acr::from_name(name).is_some() || PUBLISHED.contains(&name)
}

/// A scope's letters (RFC 6749 §3.3).
fn is_scope(word: &str) -> bool {
    word.len() <= 100 && word.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

fn is_web_address(address: &str) -> bool {
    address.len() <= 1024
        && address
            .parse::<Uri>()
            .is_ok_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty()))
}

/// Why an address cannot name a resource (RFC 8707 §2); none if it can.
pub fn resource_fault(address: &str) -> Option<&'static str> {
    let is_absolute = address.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
    if !is_absolute || address.len() > 1024 {
        return Some("must be an absolute address of at most 1024 characters");
    }
    if address.contains('#') {
        return Some("must not have a fragment");
    }
    None
}

/// Why a text cannot be a client's id; none if it can.
pub fn id_fault(id: &str) -> Option<&'static str> {
    let fits =
        (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    (!fits).then_some("must have 1 to 50 visible ASCII characters without quotes and backslashes")
}

/// An example of what is registered, for descriptions.
pub(crate) fn example() -> serde_json::Value {
    json!({"client_name": "Pension service", "redirect_uris": ["https://pension.example.org/callback"],
        "scope": "openid profile email", "token_endpoint_auth_method": "client_secret_basic"})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Metadata {
        Metadata {
            client_name: "Pension".to_owned(),
            redirect_uris: vec!["https://rp.example.org/cb".to_owned()],
            ..Metadata::default()
        }
    }

    fn pointers(metadata: &Metadata) -> Vec<String> {
        metadata.faults().into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn the_example_is_a_client() {
        let metadata: Metadata = serde_json::from_value(example()).unwrap();
        assert_eq!(metadata.faults(), Vec::new());
        assert_eq!(metadata.allowed_claims().len(), 13);
        assert_eq!(good().allowed_claims(), BTreeSet::new());
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(pointers(&Metadata::default()), ["/client_name", "/redirect_uris"]);
        let public = Metadata {
            token_endpoint_auth_method: AuthMethod::None,
            grant_types: vec![GrantType::ClientCredentials, GrantType::RefreshToken],
            require_pkce: false,
            ..good()
        };
        assert_eq!(pointers(&public), ["/grant_types", "/grant_types", "/require_pkce"]);
        let odd = Metadata {
            token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
            scope: Scopes::read("profile offline_access a\"b"),
            response_types: vec!["token".to_owned()],
            default_acr_values: vec!["phr".to_owned(), "loa9".to_owned()],
            logo_uri: "http://rp.example.org/logo".to_owned(),
            audiences: vec!["registries".to_owned()],
            ..good()
        };
        let expected = [
            "/response_types",
            "/jwks",
            "/scope",
            "/scope",
            "/scope",
            "/default_acr_values/1",
            "/logo_uri",
            "/audiences/0",
        ];
        assert_eq!(pointers(&odd), expected);
    }

    #[test]
    fn a_description_that_is_stored_is_read_again() {
        let text = serde_json::to_string(&good()).unwrap();
        assert_eq!(serde_json::from_str::<Metadata>(&text).unwrap(), good());
        assert!(id_fault("clinic-portal.v2").is_none());
        for bad in ["", "a b", "a\"b", &"x".repeat(51), "ä"] {
            assert!(id_fault(bad).is_some(), "{bad}");
        }
    }
}
