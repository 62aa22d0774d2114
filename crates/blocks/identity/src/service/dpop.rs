//! Proof of possession (RFC 9449): a token that was stolen is worth nothing without the key that it is bound to.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use serde_json::Value;
use stoa_core::Instant;
use stoa_store::Tx;

use super::Identity;
use super::clients::times;
use crate::error::IdentityError;
use crate::jose::{Algorithm, Head, full_size, thumbprint, verify};
use crate::model::oauth::{OauthCode, OauthError};
use crate::store;

/// How old a proof may be, and how far in the future: the clocks of devices are not good.
const PROOF_TIME: Duration = Duration::from_mins(2);
/// How long a nonce holds: this window and the one before.
const NONCE_WINDOW: i64 = 300;

/// What a proof is about.
pub(crate) struct Proven<'a> {
    /// The method of the request.
    pub(crate) method: &'a str,
    /// Its address below the issuer.
    pub(crate) path: &'a str,
    /// The access token that it carries, at a resource.
    pub(crate) access_token: Option<&'a str>,
}

impl Identity {
    /// A nonce of this moment. With one in its proof a device need not know the time.
    pub(crate) fn dpop_nonce(&self) -> String {
        self.nonce_at(self.now(), 0)
    }

    fn nonce_at(&self, now: Instant, back: i64) -> String {
        let window = now.seconds().div_euclid(NONCE_WINDOW) - back;
        let mac = self.master().mac("identity.dpop_nonce", &window.to_be_bytes());
        BASE64.encode(mac.get(..16).unwrap_or_default())
    }

    /// The thumbprint of the key that the proof holds. Each proof counts once.
    pub(crate) async fn dpop(&self, proof: &str, about: Proven<'_>) -> Result<String, IdentityError> {
        let wrong = |why: &str| OauthError::new(OauthCode::InvalidDpopProof, format!("DPoP: {why}"));
        let head = Head::read(proof).map_err(wrong)?;
        if !head.typ.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("dpop+jwt")) {
            return Err(wrong("typ must be dpop+jwt").into());
        }
        // A private key in the header would be no proof, and no secret any more.
        let public = head.jwk.filter(|jwk| ["d", "k", "p", "q"].iter().all(|name| jwk.get(name).is_none()));
        let mut public = public.ok_or_else(|| wrong("jwk must be a public key"))?;
        let read = |jwk: &Value| serde_json::from_value::<Jwk>(jwk.clone()).ok();
        // Of the key as it stands there: its holder computes it so too.
        let print = read(&public).and_then(|key| thumbprint(&key));
        let print = print.ok_or_else(|| wrong("the key is of a kind that is not accepted"))?;
        full_size(&mut public);
        let mut key = read(&public).ok_or_else(|| wrong("jwk must be a public key"))?;
        // The header names no key of a set: the one that it holds is meant.
        key.common.key_id.clone_from(&head.kid);
        let found = verify(proof, &JwkSet { keys: vec![key] }, &Algorithm::ALL).map_err(wrong)?;
        let claims = &found.claims;
        let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
        if text("htm") != Some(about.method) {
            return Err(wrong("htm is another method").into());
        }
        let address = text("htu").unwrap_or("");
        let address = address.split(['?', '#']).next().unwrap_or(address);
        if address.strip_prefix(self.issuer()) != Some(about.path) {
            return Err(wrong("htu is another address").into());
        }
        if let Some(token) = about.access_token {
            let hash = BASE64.encode(digest::digest(&digest::SHA256, token.as_bytes()));
            if text("ath") != Some(hash.as_str()) {
                return Err(wrong("ath is of another access token").into());
            }
        }
        let id = text("jti").filter(|id| (1..=256).contains(&id.len())).ok_or_else(|| wrong("jti is missing"))?;
        let now = self.now();
        match text("nonce") {
            Some(nonce) if [0, 1].iter().any(|back| self.nonce_at(now, *back) == nonce) => {}
            Some(_) => return Err(OauthError::new(OauthCode::UseDpopNonce, "DPoP: the nonce is old").into()),
            None => {
                let made = claims.get("iat").and_then(|_| times(claims).1).ok_or_else(|| wrong("iat is missing"))?;
                if made.plus(PROOF_TIME) < now || made > now.plus(PROOF_TIME) {
                    let words = "DPoP: the clock is wrong; use the nonce";
                    return Err(OauthError::new(OauthCode::UseDpopNonce, words).into());
                }
            }
        }
        let hash = stoa_web::secret_hash(&format!("dpop:{print}:{id}"));
        let until = now.plus(PROOF_TIME).plus(Duration::from_secs(2 * NONCE_WINDOW.unsigned_abs()));
        let write = async move |tx: &mut Tx<'_>| -> Result<bool, IdentityError> {
            Ok(store::client::note_seen(tx, &hash, until).await?)
        };
        if !self.store().write(write).await? {
            return Err(wrong("came before").into());
        }
        Ok(print)
    }
}
