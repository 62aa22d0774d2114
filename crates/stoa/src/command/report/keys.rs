//! Keys of reports in the files of OpenSSH.

use std::path::{Path, PathBuf};

use stoa_standards::signature::{KeyError, PublicKey, SigningKey};

use crate::command::files::text;
use crate::exit::{Exit, Failure};

/// Keys that may sign at most.
const KEYS_MAX: usize = 1000;

/// A private key.
pub(super) fn signing(path: &Path) -> Result<SigningKey, Failure> {
    let text = text(path)?;
    text.parse().map_err(|error: KeyError| {
        let refuse = |message: String| Failure::new(Exit::Usage, format!("{}: {message}", path.display()));
        if text.parse::<PublicKey>().is_ok() {
            return refuse("this is a public key".to_owned())
                .advice("Give the private one, which lies beside it without .pub.");
        }
        match error {
            KeyError::Encrypted => refuse(error.to_string()),
            _ => refuse(error.to_string()).advice("Make a key with: ssh-keygen -t ed25519 -N '' -f report-key"),
        }
    })
}

/// The keys of these files that may sign for this purpose: each a public key, or lines of `authorized_keys` or `allowed_signers`.
pub(super) fn allowed(namespace: &str, paths: &[PathBuf]) -> Result<Vec<PublicKey>, Failure> {
    let mut keys = Vec::new();
    for path in paths {
        for (number, line) in text(path)?.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refuse = |why: &str| {
                Failure::new(Exit::Usage, format!("{}: line {}: {why}", path.display(), number + 1))
                    .advice("Give a public key as ssh-keygen writes it: ssh-ed25519 AAAA… name")
            };
            let Some((before, key)) = split(line) else { return Err(refuse("there is no public key in it")) };
            // Conditions that are not looked at must not be taken for met.
            if before.contains("cert-authority") || before.contains("valid-") {
                return Err(refuse("certificates and times of validity are not supported"));
            }
            if before.contains("namespaces=") && !names(before, namespace) {
                continue;
            }
            keys.push(key.parse().map_err(|error: KeyError| refuse(&error.to_string()))?);
            if keys.len() > KEYS_MAX {
                return Err(refuse("too many keys"));
            }
        }
    }
    if keys.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("the files hold no public key that may sign {namespace}s"))
            .advice("Give a public key as ssh-keygen writes it: ssh-ed25519 AAAA… name"));
    }
    Ok(keys)
}

/// What stands before a key (principals and options), and the key from its type on.
fn split(line: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    for word in line.split(' ') {
        if ["ssh-", "ecdsa-sha2-", "sk-"].iter().any(|kind| word.starts_with(kind)) && !word.contains(['@', ',', '=']) {
            return line.split_at_checked(from);
        }
        from += word.len() + 1;
    }
    None
}

/// Whether the option `namespaces="a,b"` has ours.
fn names(options: &str, namespace: &str) -> bool {
    let listed = options.split("namespaces=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    listed.split(',').any(|name| name == namespace)
}
