//! A person: what is known of them, in which state they are, and by which identifiers they are found.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_core::{Date, FieldError};
use unicode_normalization::UnicodeNormalization as _;

use super::check_digit;
use super::claims::Claim;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 200;
/// Bytes of all that is known of one person.
const PROFILE_BYTES_MAX: usize = 32 * 1024;

/// The state of a person's identity (GovStack Identity, digest 3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// In use.
    Active,
    /// Taken out of use, and may come back.
    Deactivated,
    /// Held by an official for a time.
    Blocked,
    /// Died.
    Deceased,
}

impl PersonState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Deactivated, Self::Blocked, Self::Deceased];

    /// The word in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Blocked => "blocked",
            Self::Deceased => "deceased",
        }
    }

    /// The state of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What is known of a person: claims by name, with the languages of a text behind a `#` (`name#fr`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object, example = json!({"name": "Amina Juma", "birthdate": "1990-04-21"}))]
pub struct Profile(pub Map<String, Value>);

impl Profile {
    /// The value of a claim.
    pub fn get(&self, claim: Claim) -> Option<&Value> {
        self.0.get(claim.as_str())
    }

    /// The text of a claim; empty when there is none.
    pub fn text(&self, claim: Claim) -> &str {
        self.get(claim).and_then(Value::as_str).unwrap_or("")
    }

    /// What people are called on pages.
    pub fn shown(&self) -> String {
        let name = self.text(Claim::Name);
        if !name.is_empty() {
            return name.to_owned();
        }
        let parts = [self.text(Claim::GivenName), self.text(Claim::FamilyName)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// With texts composed as they are compared (NFC), without white space around them; empty ones are left out.
    #[must_use]
    pub fn tidy(self) -> Self {
        let tidy = |(name, value): (String, Value)| match value {
            Value::String(text) => {
                let text: String = text.trim().nfc().collect();
                (!text.is_empty()).then_some((name, Value::String(text)))
            }
            Value::Null => None,
            other => Some((name, other)),
        };
        Self(self.0.into_iter().filter_map(tidy).collect())
    }

    /// What is wrong with it, field by field.
    pub fn faults(&self, today: Date) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut add = |name: &str, code: &'static str, message: String| {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            faults.push(FieldError { pointer, code, message });
        };
        for (name, value) in &self.0 {
            let (base, language) = name.split_once('#').map_or((name.as_str(), None), |(base, tag)| (base, Some(tag)));
            let Some(claim) = Claim::from_name(base) else {
                add(name, "unknown", "is no claim of this provider".to_owned());
                continue;
            };
            if language.is_some_and(|tag| !is_language(tag)) {
                add(name, "language", "must end in a language tag such as #fr".to_owned());
            }
            if let Some(message) = value_fault(claim, value, today) {
                add(name, "format", message.to_owned());
            }
        }
        if self.shown().is_empty() {
            add("name", "required", "is missing; a given name or a family name does too".to_owned());
        }
        if serde_json::to_vec(&self.0).map_or(usize::MAX, |bytes| bytes.len()) > PROFILE_BYTES_MAX {
            add("", "length", format!("must have at most {} KiB", PROFILE_BYTES_MAX / 1024));
        }
        faults
    }

    /// The words by which an official finds the person: of all names, and the date of birth.
    pub fn search_words(&self) -> Vec<String> {
        let mut words: Vec<String> = self
            .0
            .iter()
            .filter(|(name, _)| {
                let base = name.split('#').next().unwrap_or(name);
                matches!(
                    Claim::from_name(base),
                    Some(Claim::Name | Claim::GivenName | Claim::FamilyName | Claim::MiddleName | Claim::Birthdate)
                )
            })
            .filter_map(|(_, value)| value.as_str())
            .flat_map(words)
            .collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

/// The words of a text as they are compared: small letters, without accents (NFKD without marks).
pub fn words(text: &str) -> Vec<String> {
    let is_mark = |c: &char| unicode_normalization::char::is_combining_mark(*c);
    let plain: String = text.nfkd().filter(|c| !is_mark(c)).flat_map(char::to_lowercase).collect();
    plain.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn value_fault(claim: Claim, value: &Value, today: Date) -> Option<&'static str> {
    let text = value.as_str();
    match claim {
        Claim::EmailVerified | Claim::PhoneNumberVerified => {
            Some("is set when the person proved it, and cannot be written").filter(|_| !value.is_boolean())
        }
        Claim::Address => address_fault(value),
        Claim::Birthdate => {
            let Some(text) = text else { return Some("must be a text") };
            birthdate_fault(text, today)
        }
        Claim::Email => (!text.is_some_and(is_email)).then_some("must be an address such as name@example.org"),
        Claim::PhoneNumber => (!text.is_some_and(is_phone)).then_some("must be like +254712345678 (E.164)"),
        Claim::Locale => (!text.is_some_and(is_language)).then_some("must be a language tag such as fr or sw-KE"),
        Claim::Picture => {
            let is_address = text.is_some_and(|text| text.starts_with("https://") && text.len() <= 2048);
            (!is_address).then_some("must be an https address")
        }
        _ => {
            let Some(text) = text else { return Some("must be a text") };
            name_fault(text)
        }
    }
}

/// Why a text cannot be a name; none if it can. Letters that are not seen, or that turn the direction of others, make one
/// person look like another.
pub fn name_fault(text: &str) -> Option<&'static str> {
    if !(1..=NAME_CHARS_MAX).contains(&text.chars().count()) {
        return Some("must have 1 to 200 characters");
    }
    let is_tricky = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}' | '\u{200E}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
                | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}' | '\u{E000}'..='\u{F8FF}')
    };
    if text.chars().any(is_tricky) {
        return Some("must not hold characters that are not seen or that change the direction of others");
    }
    let mut marks = 0;
    for c in text.nfd() {
        marks = if unicode_normalization::char::is_combining_mark(c) { marks + 1 } else { 0 };
        if marks > 4 {
            return Some("must not pile up marks on one letter");
        }
    }
    None
}

fn birthdate_fault(text: &str, today: Date) -> Option<&'static str> {
    let wrong = Some("must be YYYY-MM-DD, or YYYY where only the year is known");
    if text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        let year = text.parse::<i16>().ok()?;
        return (!(1850..=today.year()).contains(&year)).then_some("must be a year in which people live were born");
    }
    // OpenID Connect Core §5.1: the year 0000 says that it is left out. A leap year stands in for it.
    let dated = text.strip_prefix("0000-").map_or_else(|| text.to_owned(), |rest| format!("2000-{rest}"));
    match dated.parse::<Date>() {
        Ok(date) if date > today => Some("must not be in the future"),
        Ok(date) if date.year() < 1850 => Some("must be a day on which people who live were born"),
        Ok(_) => None,
        Err(_) => wrong,
    }
}

/// Whether a text can be an address for mail. Only sending one proves that it is one.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_plain = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '\\' | '[' | ']' | '@')
    };
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(is_plain)
        && domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

/// Whether a text is a telephone number as E.164 writes it.
pub fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
    })
}

fn address_fault(value: &Value) -> Option<&'static str> {
    const PARTS: [&str; 6] = ["formatted", "street_address", "locality", "region", "postal_code", "country"];
    let Some(parts) = value.as_object() else { return Some("must be an object") };
    let fits = |(name, part): (&String, &Value)| {
        PARTS.contains(&name.as_str())
            && part
                .as_str()
                .is_some_and(|text| text.chars().count() <= 500 && !text.chars().any(|c| c.is_control() && c != '\n'))
    };
    (!parts.iter().all(fits))
        .then_some("must hold formatted, street_address, locality, region, postal_code and country, each a text")
}

/// By what a person is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// The unique number, which only this block and the person know.
    Uin,
    /// A number that stands for it and can be given up.
    Vid,
    /// A name that the person chose.
    Username,
    /// An address for mail.
    Email,
    /// A telephone number.
    Phone,
    /// The number of a document.
    Document,
}

impl IdentifierKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Uin, Self::Vid, Self::Username, Self::Email, Self::Phone, Self::Document];

    /// The word in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uin => "uin",
            Self::Vid => "vid",
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Document => "document",
        }
    }

    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Why a value cannot be one of this kind; none if it can.
    pub fn fault(self, value: &str) -> Option<&'static str> {
        let plain = normal(value);
        match self {
            Self::Uin | Self::Vid => (!check_digit::holds(&plain)).then_some("has a wrong digit"),
            Self::Email => (!is_email(value.trim())).then_some("must be an address such as name@example.org"),
            Self::Phone => (!is_phone(&plain)).then_some("must be like +254712345678 (E.164)"),
            Self::Username => {
                let fits = (3..=64).contains(&plain.chars().count())
                    && plain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
                    && plain.chars().any(char::is_alphabetic);
                (!fits).then_some("must have 3 to 64 letters, digits, dots, lines, and at least one letter")
            }
            Self::Document => {
                let fits = (3..=64).contains(&plain.chars().count())
                    && plain.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '.'));
                (!fits).then_some("must have 3 to 64 letters, digits, dashes, slashes")
            }
        }
    }
}

/// An identifier as it is compared: composed (NFKC), in small letters, without the spaces, dashes and brackets that people
/// put into numbers.
pub fn normal(value: &str) -> String {
    let composed: String = value.trim().nfkc().flat_map(char::to_lowercase).collect();
    let is_number = composed.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')'));
    if is_number && composed.bytes().any(|b| b.is_ascii_digit()) {
        return composed.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    }
    composed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn example() -> Value {
        json!({"name": "Amina Juma", "given_name": "Amina", "family_name": "Juma", "birthdate": "1990-04-21",
            "email": "amina@example.org"})
    }

    fn profile(value: Value) -> Profile {
        let Value::Object(map) = value else { panic!("no object") };
        Profile(map).tidy()
    }

    fn pointers(value: Value) -> Vec<String> {
        let today: Date = "2026-11-27".parse().unwrap();
        profile(value).faults(today).into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn the_example_is_a_person() {
        assert_eq!(pointers(example()), Vec::<String>::new());
        assert_eq!(profile(example()).search_words(), ["1990-04-21", "amina", "juma"]);
        let both = json!({"given_name": " José ", "family_name": "N\u{0303}a", "name#ar": "خوسيه"});
        assert_eq!(profile(both.clone()).shown(), "José Ña");
        assert_eq!(profile(both).search_words(), ["jose", "na", "خوسيه"]);
    }

    #[test]
    fn each_fault_is_named() {
        for (claim, value) in [
            ("birthdate", json!("1990-02-30")),
            ("birthdate", json!("2030-01-01")),
            ("birthdate", json!("1790")),
            ("birthdate", json!(1990)),
            ("email", json!("a@b")),
            ("email", json!("a b@c.d")),
            ("phone_number", json!("0712")),
            ("locale", json!("f")),
            ("picture", json!("javascript:x")),
            ("address", json!("x")),
            ("address", json!({"street": "x"})),
            ("family_name", json!("a\u{202e}b")),
            ("family_name", json!("a\u{200b}b")),
            ("family_name", json!("x".repeat(201))),
            ("family_name", json!(format!("a{}", "\u{0301}".repeat(9)))),
            ("email_verified", json!("yes")),
            ("shoe_size", json!("42")),
            ("name#!", json!("x")),
        ] {
            let mut map = Map::new();
            map.insert("name".to_owned(), json!("Amina"));
            map.insert(claim.to_owned(), value.clone());
            assert_eq!(pointers(Value::Object(map)), [format!("/{claim}")], "{claim} {value}");
        }
        assert_eq!(pointers(json!({"name": "  ", "email": "a@example.org"})), ["/name"]);
        for good in ["1990-04-21", "0000-02-29", "1990"] {
            assert_eq!(pointers(json!({"name": "A", "birthdate": good})), Vec::<String>::new(), "{good}");
        }
    }

    #[test]
    fn identifiers_are_compared_without_what_people_add() {
        assert_eq!(normal(" +254 (712) 345-678 "), "+254712345678");
        assert_eq!(normal("2363 1234"), "23631234");
        assert_eq!(normal("Amina@Example.ORG"), "amina@example.org");
        assert_eq!(normal("ＡＢ-12"), "ab-12");
        assert_eq!(IdentifierKind::Uin.fault("2363"), None);
        assert!(IdentifierKind::Uin.fault("2364").is_some());
        assert_eq!(IdentifierKind::Document.fault("A-123/7"), None);
        assert!(
            IdentifierKind::Username.fault("12345").is_some() && IdentifierKind::Username.fault("amina.j").is_none()
        );
    }
}
