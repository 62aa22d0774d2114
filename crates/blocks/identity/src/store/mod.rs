//! All SQL of the block, by what it is about.

pub(crate) mod client;
pub(crate) mod consent;
pub(crate) mod factor;
pub(crate) mod grant;
pub(crate) mod key;
pub(crate) mod person;
pub(crate) mod session;
pub(crate) mod tidy;
pub(crate) mod transaction;
pub(crate) mod wallet;

use stoa_core::{Id, Kind};

macro_rules! ids {
    ($($(#[$doc:meta])* $vis:vis $kind:ident, $id:ident = $name:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        $vis enum $kind {}
        impl Kind for $kind {
            const NAME: &'static str = $name;
        }
        $(#[$doc])*
        $vis type $id = Id<$kind>;
    )*};
}

ids! {
    /// A client.
    pub ClientKind, ClientId = "client";
    /// A person.
    pub PersonKind, PersonId = "person";
    /// An identifier of a person.
    pub IdentifierKindId, IdentifierId = "identifier";
    /// A way of proving who one is.
    pub FactorKindId, FactorId = "factor";
    /// A person's session.
    pub SessionKind, SessionId = "session";
    /// What a person granted to a client.
    pub(crate) GrantKind, GrantId = "grant";
    /// What a person agreed to.
    pub(crate) ConsentKind, ConsentId = "consent";
    /// A wallet that is bound to a person.
    pub(crate) WalletKind, WalletId = "wallet";
    /// A reading of a person's data.
    pub(crate) ReadKind, ReadId = "read";
}
