//! Tokens that the node signs for its blocks, so that a block calls another one as itself: short-lived, for one receiver,
//! with the roles that the block declares to need.
//!
//! Who receives one verifies it like any issuer's: this node by [`NodeSigner::as_issuer`], another node by the keys that
//! this one publishes. `sub` is `block:<name>`, `aud` the address of the called block, and `act` names the person or
//! program on whose behalf the block acts.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::JwkSet;
use serde_json::json;
use stoa_audit::SigningKey;
use stoa_core::{Clock, Tenant};

use crate::issuers::{BLOCK_SUBJECT, Issuer, KeySource};

/// How long a token holds: the time of a call and of the clocks' difference.
const TOKEN_TIME: Duration = Duration::from_mins(2);
/// The claim that names the tenant.
const TENANT_CLAIM: &str = "tenant";

/// Signs the tokens of a node's blocks. Cheap to clone.
#[derive(Clone)]
pub struct NodeSigner(Arc<Inner>);

struct Inner {
    key: SigningKey,
    key_id: String,
    issuer: String,
    clock: Clock,
}

/// For whom a block calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Errand {
    /// Whose data it is about.
    pub(crate) tenant: Tenant,
    /// On whose behalf, if somebody asked for it.
    pub(crate) act: Option<String>,
}

impl NodeSigner {
    /// The signer of a node that people reach at this address.
    pub fn new(key: SigningKey, public_url: &str, clock: Clock) -> Self {
        let public = key.verifying_key();
        let print = digest::digest(&digest::SHA256, public.as_bytes());
        let key_id = URL_SAFE_NO_PAD.encode(print.as_ref().get(..12).unwrap_or_default());
        let issuer = public_url.trim_end_matches('/').to_owned();
        Self(Arc::new(Inner { key, key_id, issuer, clock }))
    }

    /// The address of a block of this node, which its tokens are for.
    pub(crate) fn audience(&self, block: &str) -> String {
        format!("{}/{block}", self.0.issuer)
    }

    /// This node as an issuer, for calls among these blocks of its own.
    pub fn as_issuer(&self, blocks: &[&str]) -> Issuer {
        Issuer {
            url: self.0.issuer.clone(),
            // A node without blocks accepts no token of its own; an issuer without audience would be none.
            audiences: std::iter::once(&"node").chain(blocks).map(|block| self.audience(block)).collect(),
            keys: KeySource::Own(self.keys()),
            algorithms: vec![Algorithm::EdDSA],
            roles_claim: "roles".to_owned(),
            tenant_claim: Some(TENANT_CLAIM.to_owned()),
        }
    }

    /// The public keys (RFC 7517), for other nodes.
    pub fn keys(&self) -> JwkSet {
        let public = URL_SAFE_NO_PAD.encode(self.0.key.verifying_key().as_bytes());
        let key =
            json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.0.key_id, "x": public});
        // The set is written above: it is one that can be read.
        serde_json::from_value(json!({"keys": [key]})).unwrap_or(JwkSet { keys: Vec::new() })
    }

    /// A token with which a block calls the block at `audience`.
    pub(crate) fn token(&self, block: &str, roles: &[&str], audience: &str, errand: &Errand) -> String {
        let now = self.0.clock.now();
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.0.key_id});
        let subject = format!("{BLOCK_SUBJECT}{block}");
        let mut claims = json!({
            "iss": self.0.issuer, "sub": subject, "client_id": subject, "aud": audience, "roles": roles,
            "iat": now.seconds(), "exp": now.plus(TOKEN_TIME).seconds(),
        });
        if let Some(claims) = claims.as_object_mut() {
            claims.insert(TENANT_CLAIM.to_owned(), errand.tenant.as_str().into());
            if let Some(act) = &errand.act {
                claims.insert("act".to_owned(), json!({"sub": act}));
            }
        }
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.0.key.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}
