//! What is pure in the block: the rules of OAuth and OpenID Connect, clients, people, factors. No clock, no randomness, no
//! database.

pub mod acr;
pub mod authorize;
pub mod check_digit;
pub mod claims;
pub mod client;
pub mod device;
pub mod oauth;
pub mod parameters;
pub mod person;
pub mod pkce;
pub mod redirect;
pub mod throttle;
pub mod totp;
pub(crate) mod wallet;
