//! Claims about a person, the scopes that bring them, and the `claims` parameter (OpenID Connect Core §5).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::oauth::OauthError;

macro_rules! claims {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $scope:expr;)*) => {
        /// A claim that this provider knows (GovStack Identity, "userinfo"; OpenID Connect Core §5.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Claim { $($(#[$doc])* $variant,)* }

        impl Claim {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The scope that brings it.
            pub const fn scope(self) -> Scope {
                match self { $(Self::$variant => $scope,)* }
            }
        }
    };
}

claims! {
    /// The full name as it is shown.
    Name = "name", Scope::Profile;
    /// Given names.
    GivenName = "given_name", Scope::Profile;
    /// Family names.
    FamilyName = "family_name", Scope::Profile;
    /// Middle names.
    MiddleName = "middle_name", Scope::Profile;
    /// What friends say.
    Nickname = "nickname", Scope::Profile;
    /// What the person wants to be called on screens; never a key.
    PreferredUsername = "preferred_username", Scope::Profile;
    /// The address of a picture.
    Picture = "picture", Scope::Profile;
    /// `female`, `male` or another text.
    Gender = "gender", Scope::Profile;
    /// `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
    Birthdate = "birthdate", Scope::Profile;
    /// A name of the time zone database.
    Zoneinfo = "zoneinfo", Scope::Profile;
    /// A language tag.
    Locale = "locale", Scope::Profile;
    /// An address for mail.
    Email = "email", Scope::Email;
    /// Whether the person proved to hold it.
    EmailVerified = "email_verified", Scope::Email;
    /// E.164.
    PhoneNumber = "phone_number", Scope::Phone;
    /// Whether the person proved to hold it.
    PhoneNumberVerified = "phone_number_verified", Scope::Phone;
    /// Where the person lives.
    Address = "address", Scope::Address;
}

impl Claim {
    /// The claim of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|claim| claim.as_str() == name)
    }
}

impl Serialize for Claim {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("`{name}` is no claim of this provider")))
    }
}

/// The scopes of OpenID Connect. Others belong to the resources that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The person is signed in; who it is stays a pseudonym.
    Openid,
    /// Names, birth date and the like.
    Profile,
    /// The address for mail.
    Email,
    /// The telephone number.
    Phone,
    /// Where the person lives.
    Address,
    /// Tokens that go on when the person has gone.
    OfflineAccess,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Openid, Self::Profile, Self::Email, Self::Phone, Self::Address, Self::OfflineAccess];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::OfflineAccess => "offline_access",
        }
    }
}

/// A list of scopes as it stands in a request: words, each once, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scopes(Vec<String>);

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl Scopes {
    /// Reads a list of words.
    pub fn read(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if !words.iter().any(|held| held == word) {
                words.push(word.to_owned());
            }
        }
        Self(words)
    }

    /// Whether a scope of OpenID Connect is among them.
    pub fn has(&self, scope: Scope) -> bool {
        self.contains(scope.as_str())
    }

    /// Whether this word is among them.
    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|held| held == word)
    }

    /// Those that are also in `allowed`.
    #[must_use]
    pub fn within(&self, allowed: &Self) -> Self {
        Self(self.0.iter().filter(|word| allowed.contains(word)).cloned().collect())
    }

    /// Whether all of them are in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|word| other.contains(word))
    }

    /// Without one word.
    #[must_use]
    pub fn without(&self, scope: Scope) -> Self {
        Self(self.0.iter().filter(|word| *word != scope.as_str()).cloned().collect())
    }

    /// The words.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a client wants to know of a person, and where it is to be answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// For userinfo; the flag says that the client cannot do without.
    #[serde(default)]
    pub userinfo: BTreeMap<Claim, bool>,
    /// For the ID token.
    #[serde(default)]
    pub id_token: BTreeMap<Claim, bool>,
    /// Ways of signing in that the client demands, the best first (`acr` with `essential`).
    #[serde(default)]
    pub essential_acr: Vec<String>,
    /// `auth_time` is wanted in the ID token.
    #[serde(default)]
    pub auth_time: bool,
    /// The one person that is to be signed in (`sub` with `value`).
    #[serde(default)]
    pub subject: Option<String>,
}

impl ClaimsRequest {
    /// Reads the `claims` parameter. Claims that are not known are passed over (OpenID Connect Core §5.5).
    pub fn read(text: &str) -> Result<Self, OauthError> {
        let wrong = |what: &str| OauthError::request(format!("claims: {what}"));
        let value: Value = serde_json::from_str(text).map_err(|_| wrong("is not JSON"))?;
        let members = value.as_object().ok_or_else(|| wrong("must be an object"))?;
        let mut request = Self::default();
        for (place, wanted) in members {
            let into_id_token = match place.as_str() {
                "userinfo" => false,
                "id_token" => true,
                _ => continue,
            };
            let wanted = wanted.as_object().ok_or_else(|| wrong("userinfo and id_token must be objects"))?;
            for (name, details) in wanted {
                if !details.is_null() && !details.is_object() {
                    return Err(wrong("each claim must be null or an object"));
                }
                let is_essential = details.get("essential").and_then(Value::as_bool).unwrap_or(false);
                match (name.as_str(), into_id_token) {
                    ("acr", true) if is_essential => request.essential_acr = values(details),
                    ("auth_time", true) => request.auth_time = true,
                    ("sub", _) => {
                        request.subject = details.get("value").and_then(Value::as_str).map(str::to_owned);
                    }
                    _ => {
                        // `name#fr` asks for a language of a claim.
                        let base = name.split('#').next().unwrap_or(name);
                        let Some(claim) = Claim::from_name(base) else { continue };
                        let into = if into_id_token { &mut request.id_token } else { &mut request.userinfo };
                        let held = into.entry(claim).or_insert(false);
                        *held |= is_essential;
                    }
                }
            }
        }
        Ok(request)
    }

    /// What the scopes bring is answered by userinfo, and nobody depends on it.
    pub fn add_scopes(&mut self, scopes: &Scopes) {
        for claim in Claim::ALL {
            if scopes.has(claim.scope()) {
                self.userinfo.entry(*claim).or_insert(false);
            }
        }
    }

    /// Leaves only what the client may ask for.
    pub fn restrict(&mut self, allowed: &BTreeSet<Claim>) {
        self.userinfo.retain(|claim, _| allowed.contains(claim));
        self.id_token.retain(|claim, _| allowed.contains(claim));
    }

    /// Every claim that is wanted somewhere, and whether the client cannot do without.
    pub fn wanted(&self) -> BTreeMap<Claim, bool> {
        let mut all = self.userinfo.clone();
        for (claim, is_essential) in &self.id_token {
            *all.entry(*claim).or_insert(false) |= is_essential;
        }
        all
    }
}

/// The values that would do: of `values`, else of `value`.
fn values(details: &Value) -> Vec<String> {
    let texts =
        |list: &Value| list.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    details
        .get("values")
        .and_then(texts)
        .or_else(|| details.get("value").and_then(Value::as_str).map(|one| vec![one.to_owned()]))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words_each_once() {
        let scopes = Scopes::read("openid  profile openid");
        assert_eq!(scopes.to_string(), "openid profile");
        assert!(scopes.has(Scope::Openid) && !scopes.has(Scope::Email));
        assert!(scopes.within(&Scopes::read("openid")).is_within(&scopes));
    }

    #[test]
    fn the_claims_parameter_is_read_with_what_is_essential() {
        let text = r#"{"userinfo": {"given_name": {"essential": true}, "picture": null, "http://example/x": null},
            "id_token": {"auth_time": {"essential": true}, "acr": {"essential": true, "values": ["b", "a"]},
            "name#fr": null, "sub": {"value": "x"}}}"#;
        let request = ClaimsRequest::read(text).unwrap();
        assert_eq!(request.userinfo, BTreeMap::from([(Claim::GivenName, true), (Claim::Picture, false)]));
        assert_eq!(request.id_token, BTreeMap::from([(Claim::Name, false)]));
        assert_eq!(request.essential_acr, ["b", "a"]);
        assert!(request.auth_time);
        assert_eq!(request.subject.as_deref(), Some("x"));
    }

    #[test]
    fn a_claims_parameter_of_another_shape_is_refused() {
        for text in ["", "[]", "{\"userinfo\": 1}", "{\"userinfo\": {\"name\": 7}}", "{"] {
            assert!(ClaimsRequest::read(text).is_err(), "{text}");
        }
        assert_eq!(ClaimsRequest::read("{\"other\": 1}").unwrap(), ClaimsRequest::default());
    }

    #[test]
    fn scopes_bring_claims_and_a_client_gets_only_what_it_may_ask_for() {
        let mut request = ClaimsRequest::default();
        request.add_scopes(&Scopes::read("openid email phone"));
        assert_eq!(request.userinfo.len(), 4);
        request.restrict(&BTreeSet::from([Claim::Email]));
        assert_eq!(request.wanted(), BTreeMap::from([(Claim::Email, false)]));
    }
}
