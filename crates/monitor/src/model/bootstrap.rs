//! The published monitor's `bootstrap.yaml`: who takes part, with roles, secrets, keys and delegates.
//!
//! A delegate may be an account that stands further down in the file. Everything that is wrong is told at once with its
//! line.

use std::collections::BTreeSet;

use stoa_standards::ReadError;
use stoa_standards::signature::PublicKey;
use stoa_standards::tree::{Cursor, Faults, parse_yaml};

use super::account::{AccountRole, AccountRoles, subject_fault};

/// An account of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrapped {
    /// Its name, which is the subject's.
    pub subject: String,
    /// The group whose row it shares.
    pub group: Option<String>,
    /// What it may do.
    pub roles: AccountRoles,
    /// Hashes of its secrets.
    pub secrets: Vec<String>,
    /// The keys it signs with, by name.
    pub keys: Vec<(String, PublicKey)>,
    /// Who may act for it.
    pub delegates: Vec<String>,
}

/// Reads the file.
pub fn read(text: &str) -> Result<Vec<Bootstrapped>, ReadError> {
    let documents = parse_yaml(text)?;
    let [document] = documents.as_slice() else {
        return Err(ReadError::at(1, "", format!("expected one document, found {}", documents.len())));
    };
    let faults = Faults::default();
    let fields = Cursor::new(document, &faults).fields(&["accounts", "subjects"]);
    let places = fields.items("accounts");
    let accounts: Vec<Bootstrapped> = places.iter().cloned().map(account).collect();
    let names: BTreeSet<&str> = accounts.iter().map(|account| account.subject.as_str()).collect();
    let mut seen = BTreeSet::new();
    for (account, place) in accounts.iter().zip(&places) {
        if !seen.insert(account.subject.as_str()) {
            place.fault(format!("the subject `{}` is there already", account.subject));
        }
        for delegate in &account.delegates {
            if !names.contains(delegate.as_str()) {
                place.fault(format!("the delegate `{delegate}` is no account of this file"));
            }
        }
    }
    faults.done(accounts)
}

fn account(place: Cursor<'_>) -> Bootstrapped {
    let fields = place.fields(&["subject", "group", "roles", "api_keys", "keys", "delegates"]);
    let named = fields.required("subject");
    let subject = named.text();
    if let Some(fault) = subject_fault(&subject).filter(|_| !subject.is_empty()) {
        named.fault(fault);
    }
    let roles = fields.items("roles").into_iter().filter_map(|place| {
        let name = place.text();
        let role = AccountRole::of_name(&name);
        if role.is_none() && !name.is_empty() {
            let known = AccountRole::ALL.map(AccountRole::name).join(", ");
            place.fault(format!("`{name}` is no role; there are {known}"));
        }
        role
    });
    let roles = roles.collect();
    let secrets = fields.items("api_keys").into_iter().map(|place| {
        let hash = place.text();
        if !is_hash(&hash) && !hash.is_empty() {
            place.fault("expected the hash of a secret, as argon2 (`$argon2id$…`) or bcrypt (`$2b$…`) writes it");
        }
        hash
    });
    let secrets = secrets.collect();
    Bootstrapped {
        subject,
        group: fields.optional("group").map(|place| place.text()),
        roles,
        secrets,
        keys: fields.items("keys").iter().filter_map(key).collect(),
        delegates: fields.items("delegates").into_iter().map(|place| place.text()).collect(),
    }
}

/// Whether a text is a hash of a kind that is verified here.
pub fn is_hash(text: &str) -> bool {
    ["$argon2id$", "$argon2i$", "$argon2d$", "$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix))
}

fn key(place: &Cursor<'_>) -> Option<(String, PublicKey)> {
    let fields = place.clone().fields(&["public_key", "public_key_type", "public_key_name"]);
    let [text, kind, name] =
        ["public_key", "public_key_type", "public_key_name"].map(|name| fields.required(name).text());
    let line = format!("{kind} {text}");
    match line.parse::<PublicKey>() {
        Ok(key) => Some((name, key)),
        Err(error) => {
            if !text.is_empty() && !kind.is_empty() {
                place.fault(error.to_string());
            }
            None
        }
    }
}
