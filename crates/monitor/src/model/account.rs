//! Who takes part, and what they may do.

use serde::{Deserialize, Serialize};

/// What an account may do beyond handing in reports about itself. The numbers are those of the published monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRole {
    /// Read the whole reports of all subjects.
    ReadAny,
    /// Hand in reports of every subject that it is a delegate of.
    AppendAny,
    /// Keep accounts, listings and scopes.
    Admin,
    /// Approve results.
    Approve,
}

impl AccountRole {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ReadAny, Self::AppendAny, Self::Admin, Self::Approve];

    /// Its bit.
    pub const fn bit(self) -> i64 {
        match self {
            Self::ReadAny => 1,
            Self::AppendAny => 2,
            Self::Admin => 4,
            Self::Approve => 8,
        }
    }

    /// Its name in files and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadAny => "read_any",
            Self::AppendAny => "append_any",
            Self::Admin => "admin",
            Self::Approve => "approve",
        }
    }

    /// The role of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Several roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountRoles(i64);

impl AccountRoles {
    /// The roles of these bits; bits that mean nothing are dropped.
    pub fn of_bits(bits: i64) -> Self {
        AccountRole::ALL.into_iter().filter(|role| bits & role.bit() != 0).collect()
    }

    /// The bits.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether this is among them.
    pub const fn has(self, role: AccountRole) -> bool {
        self.0 & role.bit() != 0
    }

    /// Those that it has.
    pub fn iter(self) -> impl Iterator<Item = AccountRole> {
        AccountRole::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl FromIterator<AccountRole> for AccountRoles {
    fn from_iter<T: IntoIterator<Item = AccountRole>>(roles: T) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

/// Characters of a subject's name at most.
pub const SUBJECT_CHARS_MAX: usize = 100;

/// Why a name cannot name a subject, if it cannot.
pub fn subject_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("must not be empty".to_owned());
    }
    if name.chars().count() > SUBJECT_CHARS_MAX {
        return Some(format!("must have at most {SUBJECT_CHARS_MAX} characters"));
    }
    if name.starts_with(GROUP_PREFIX) {
        return Some(format!("must not begin with `{GROUP_PREFIX}`, by which groups are named"));
    }
    let fits = |letter: char| letter.is_alphanumeric() || "-_.@+ ".contains(letter);
    (name.trim() != name || !name.chars().all(fits))
        .then(|| "must consist of letters, digits, blanks within, and - _ . @ +".to_owned())
}

/// What stands before a group's name where a subject is expected.
pub const GROUP_PREFIX: &str = "group-";
