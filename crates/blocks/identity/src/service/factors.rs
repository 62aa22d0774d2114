//! How a person proves who they are: passwords, authenticator applications, recovery codes. Set up here, used in
//! [`sign_in`](super::sign_in).

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::Instant;
use stoa_store::jobs::{NewJob, enqueue};
use stoa_store::{Tx, seal};

use super::{By, FactorId, Identity, PersonId, note, secret, subject_of};
use crate::error::IdentityError;
use crate::jose::random;
use crate::model::person::words;
use crate::model::totp;
use crate::store;
use crate::store::factor::FactorRow;

/// Characters of a password (NIST SP 800-63B-4 §3.1.1: length counts, rules of composition do not).
pub(crate) const PASSWORD_CHARS: RangeInclusive<usize> = 10..=128;
/// Recovery codes of one sheet.
const RECOVERY_CODES: usize = 10;
/// Authenticator applications of one person.
const TOTP_MAX: usize = 5;
/// Letters that one network may ask for in a minute.
const LETTERS_MAX: u32 = 20;
/// How long a code to set a new password holds.
const RESET_TIME: std::time::Duration = std::time::Duration::from_mins(30);
/// Sends one mail to a person.
pub(crate) const MAIL_JOB: &str = "identity.mail";
/// Finds out who forgot a password.
pub(crate) const FORGOT_JOB: &str = "identity.forgot";

/// A kind of factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// A password.
    Password,
    /// An authenticator application.
    Totp,
    /// A passkey.
    Passkey,
    /// Codes that were printed once.
    Recovery,
}

impl FactorKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Password, Self::Totp, Self::Passkey, Self::Recovery];

    /// The word in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::Recovery => "recovery",
        }
    }

    /// Where its secret part is sealed.
    pub(super) const fn sealed_in(self) -> &'static str {
        match self {
            Self::Password => "factor.password",
            Self::Totp => "factor.totp",
            Self::Passkey => "factor.passkey",
            Self::Recovery => "factor.recovery",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A factor without its secret part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Factor {
    /// Its id.
    #[schema(value_type = String)]
    pub id: FactorId,
    /// What it is.
    pub kind: FactorKind,
    /// What the person calls it.
    pub label: String,
    /// When it was added.
    #[schema(value_type = String)]
    pub created_at: Instant,
    /// When it was used last.
    #[schema(value_type = Option<String>)]
    pub used_at: Option<Instant>,
}

/// An authenticator application that is about to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpOffer {
    /// Its id.
    pub id: FactorId,
    /// The key in letters.
    pub key: String,
    /// The key as applications read it.
    pub uri: String,
}

/// Recovery codes, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCodes(pub Vec<String>);

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum About {
    /// A code to set a new password.
    Reset,
    /// Somebody signed in with a browser that was not seen before.
    NewBrowser,
    /// The password was changed.
    PasswordChanged,
    /// A code to prove who one is.
    Code,
    /// A wallet was bound to the person.
    Wallet,
}

/// Somebody forgot the password of whoever is behind this name, which is a keyed hash only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    tenant: stoa_core::Tenant,
    hash: String,
    language: String,
    /// What the letter is about.
    #[serde(default = "reset")]
    about: About,
}

fn reset() -> About {
    About::Reset
}

/// A mail on its way: the address is looked up when it is sent, so no job holds one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) person: PersonId,
    pub(crate) about: About,
    pub(crate) language: String,
    pub(crate) at: Instant,
}

impl Identity {
    /// The factors of a person that work.
    pub async fn factors(&self, person: PersonId) -> Result<Vec<Factor>, IdentityError> {
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<FactorRow>, IdentityError> {
            Ok(store::factor::list(tx, person).await?)
        };
        let rows = self.store().read(read).await?;
        let shown = rows.into_iter().filter(|row| row.confirmed_at.is_some()).filter_map(|row| {
            let kind = FactorKind::from_word(&row.kind)?;
            Some(Factor { id: row.id, kind, label: row.label, created_at: row.created_at, used_at: row.used_at })
        });
        Ok(shown.collect())
    }

    /// Sets a person's password; sessions elsewhere end, since whoever had the old one may sit in them.
    pub(crate) async fn set_password(
        &self,
        by: &By,
        person: PersonId,
        password: String,
        but: Option<super::SessionId>,
    ) -> Result<(), IdentityError> {
        self.check_password(person, &password).await?;
        let hash = self.hashing().hash(password).await?;
        let (this, by) = (self.clone(), by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let kind = FactorKind::Password;
            let had = store::factor::delete_kind(tx, person, kind.as_str()).await? > 0;
            let sealed = seal::seal(tx, this.master(), &subject_of(person), kind.sealed_in(), hash.as_bytes()).await?;
            store::factor::insert(tx, person, kind.as_str(), "", &sealed, true).await?;
            store::factor::use_activations(tx, person).await?;
            store::session::delete_others(tx, person, but).await?;
            store::grant::revoke_all(tx, person, None).await?;
            if had {
                this.post(tx, person, About::PasswordChanged, "").await?;
            }
            note(tx, &by, "identity.password.set", format!("identity/people/{person}"), Some(person), json!({})).await
        };
        self.store().write(write).await
    }

    /// What is wrong with a password.
    async fn check_password(&self, person: PersonId, password: &str) -> Result<(), IdentityError> {
        let wrong = |code, message: &str| Err(IdentityError::field("/password", code, message));
        if !PASSWORD_CHARS.contains(&password.chars().count()) {
            return wrong("length", "must have 10 to 128 characters");
        }
        let mut letters: Vec<char> = password.to_lowercase().chars().collect();
        letters.sort_unstable();
        letters.dedup();
        if letters.len() < 5 {
            return wrong("weak", "must have at least five different characters");
        }
        let plain = words(password).concat();
        let about = self.profile_of(person).await?.search_words();
        let is_own = about.iter().any(|word| word.chars().count() >= 4 && plain.contains(word.as_str()));
        if is_own {
            return wrong("weak", "must not hold your name or your date of birth");
        }
        Ok(())
    }

    /// What is kept of the password of a person, if there is one.
    pub(super) async fn kept_password(&self, person: Option<PersonId>) -> Result<Option<String>, IdentityError> {
        let Some(person) = person else { return Ok(None) };
        let master = self.master().clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<String>, IdentityError> {
            let kind = FactorKind::Password;
            let rows = store::factor::of_kind(tx, person, kind.as_str()).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            let opened = seal::open(tx, &master, &subject_of(person), kind.sealed_in(), &row.sealed).await?;
            Ok(Some(String::from_utf8_lossy(&opened).into_owned()))
        };
        self.store().read(read).await
    }

    /// Begins to add an authenticator application; it counts once a code of it was shown.
    pub(crate) async fn offer_totp(
        &self,
        person: PersonId,
        label: &str,
        account: &str,
    ) -> Result<TotpOffer, IdentityError> {
        let label: String = label.trim().chars().filter(|c| !c.is_control()).take(60).collect();
        let key = random::<{ totp::KEY_BYTES }>()?;
        let master = self.master().clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<FactorId, IdentityError> {
            let kind = FactorKind::Totp;
            let held = store::factor::list(tx, person).await?;
            for row in held.iter().filter(|row| row.kind == kind.as_str() && row.confirmed_at.is_none()) {
                store::factor::delete(tx, person, row.id).await?;
            }
            if held.iter().filter(|row| row.kind == kind.as_str() && row.confirmed_at.is_some()).count() >= TOTP_MAX {
                return Err(IdentityError::field("/label", "length", "there are five applications already"));
            }
            let sealed = seal::seal(tx, &master, &subject_of(person), kind.sealed_in(), &key).await?;
            Ok(store::factor::insert(tx, person, kind.as_str(), &label, &sealed, false).await?)
        };
        let id = self.store().write(write).await?;
        let host = self.shared.public_url.split("://").nth(1).unwrap_or("stoa");
        Ok(TotpOffer { id, key: totp::base32(&key), uri: totp::uri(&format!("Stoa {host}"), account, &key) })
    }

    /// The offer that waits to be confirmed, drawn again.
    pub(crate) async fn totp_offer(&self, person: PersonId, account: &str) -> Result<Option<TotpOffer>, IdentityError> {
        let master = self.master().clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<Option<(FactorId, Vec<u8>)>, IdentityError> {
            let kind = FactorKind::Totp;
            let held = store::factor::list(tx, person).await?;
            let waits = held.into_iter().find(|row| row.kind == kind.as_str() && row.confirmed_at.is_none());
            let Some(row) = waits else { return Ok(None) };
            let key = seal::open(tx, &master, &subject_of(person), kind.sealed_in(), &row.sealed).await?;
            Ok(Some((row.id, key.to_vec())))
        };
        let host = self.shared.public_url.split("://").nth(1).unwrap_or("stoa");
        Ok(self.store().read(read).await?.map(|(id, key)| TotpOffer {
            id,
            key: totp::base32(&key),
            uri: totp::uri(&format!("Stoa {host}"), account, &key),
        }))
    }

    /// Adds the application: a code of it was shown.
    pub(crate) async fn confirm_totp(&self, by: &By, person: PersonId, code: &str) -> Result<(), IdentityError> {
        let (this, by, code, now) = (self.clone(), by.clone(), code.to_owned(), self.now());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let kind = FactorKind::Totp;
            let held = store::factor::list(tx, person).await?;
            let waits = held.into_iter().find(|row| row.kind == kind.as_str() && row.confirmed_at.is_none());
            let row = waits.ok_or(IdentityError::FactorNotFound)?;
            let key = seal::open(tx, this.master(), &subject_of(person), kind.sealed_in(), &row.sealed).await?;
            let step = totp::verify(&key, &code, now.seconds(), row.counter).ok_or(IdentityError::NotProved)?;
            store::factor::confirm(tx, row.id, step).await?;
            note(tx, &by, "identity.totp.add", format!("identity/people/{person}"), Some(person), json!({})).await
        };
        self.store().write(write).await
    }

    /// Draws recovery codes; the ones before end.
    pub(crate) async fn draw_recovery_codes(&self, by: &By, person: PersonId) -> Result<RecoveryCodes, IdentityError> {
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let text = totp::base32(&random::<10>()?);
            codes.push(
                format!("{}-{}", text.get(..8).unwrap_or_default(), text.get(8..).unwrap_or_default()).to_lowercase(),
            );
        }
        let hashes: Vec<String> = codes.iter().map(|code| recovery_hash(code)).collect();
        let (this, by) = (self.clone(), by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let kind = FactorKind::Recovery;
            store::factor::delete_kind(tx, person, kind.as_str()).await?;
            let text = json!(hashes).to_string();
            let sealed = seal::seal(tx, this.master(), &subject_of(person), kind.sealed_in(), text.as_bytes()).await?;
            store::factor::insert(tx, person, kind.as_str(), "", &sealed, true).await?;
            note(tx, &by, "identity.recovery.draw", format!("identity/people/{person}"), Some(person), json!({})).await
        };
        self.store().write(write).await?;
        Ok(RecoveryCodes(codes))
    }

    /// Takes a factor out. A password stays while nothing else lets the person in.
    pub(crate) async fn remove_factor(&self, by: &By, person: PersonId, id: FactorId) -> Result<(), IdentityError> {
        let by = by.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let row = store::factor::find(tx, person, id).await?.ok_or(IdentityError::FactorNotFound)?;
            if row.kind == FactorKind::Password.as_str() {
                let others = store::factor::of_kind(tx, person, FactorKind::Passkey.as_str()).await?;
                if others.is_empty() {
                    return Err(IdentityError::field("/factor", "last", "is the only way in; add another one first"));
                }
            }
            store::factor::delete(tx, person, id).await?;
            let detail = json!({"kind": row.kind});
            note(tx, &by, "identity.factor.remove", format!("identity/people/{person}"), Some(person), detail).await
        };
        self.store().write(write).await
    }

    /// A new code with which a person sets a password: for an official, who hands it over.
    pub async fn new_activation(&self, by: &By, person: PersonId) -> Result<String, IdentityError> {
        let (this, by, code) = (self.clone(), by.clone(), secret()?);
        let hash = code.1;
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            this.person_in(tx, by.tenant(), person).await?;
            store::factor::use_activations(tx, person).await?;
            store::factor::add_activation(tx, &hash, person, tx.now().plus(super::people::ACTIVATION_TIME)).await?;
            note(tx, &by, "identity.activation.make", format!("identity/people/{person}"), Some(person), json!({}))
                .await
        };
        self.store().write(write).await?;
        Ok(code.0)
    }

    /// Whose code it is, while it holds and the person may come in.
    pub(crate) async fn activation(&self, code: &str) -> Result<Option<(stoa_core::Tenant, PersonId)>, IdentityError> {
        let hash = stoa_web::secret_hash(code);
        let read = async move |tx: &mut Tx<'_>| -> Result<_, IdentityError> {
            let Some(person) = store::factor::activation(tx, &hash).await? else { return Ok(None) };
            let row = store::person::by_id(tx, person).await?.filter(|row| row.state == "active");
            Ok(row.map(|row| (stoa_core::Tenant::new(row.tenant).unwrap_or_default(), person)))
        };
        self.store().read(read).await
    }

    /// Somebody forgot their password: a job finds out whether anybody is behind this name. So whoever asks learns nothing,
    /// not even by how long it takes.
    pub(crate) async fn forgot(
        &self,
        tenant: &stoa_core::Tenant,
        network: Option<u64>,
        name: &str,
        language: &str,
    ) -> Result<(), IdentityError> {
        self.letter_to(tenant, network, name, About::Reset, language).await
    }

    /// Lets a job find out whether anybody is behind a name, and write them.
    pub(super) async fn letter_to(
        &self,
        tenant: &stoa_core::Tenant,
        network: Option<u64>,
        name: &str,
        about: About,
        language: &str,
    ) -> Result<(), IdentityError> {
        if self.mail().is_none() {
            return Ok(());
        }
        let minute = self.now().seconds().div_euclid(60);
        let counted = network.map(|network| {
            let of = format!("{tenant}\0letters {network} {minute}");
            self.master().mac("identity.attempt", of.as_bytes())
        });
        let hash = self.identifier_hash(name);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let forgotten = Forgotten { tenant: tenant.clone(), hash, language: language.to_owned(), about };
        let payload = serde_json::to_value(&forgotten)
            .map_err(|error| stoa_store::StoreError::Data { reason: error.to_string() })?;
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            // Whoever asks for many names from one place sends no mail to all of them.
            if let Some(counted) = &counted {
                let now = tx.now();
                let attempts = store::factor::attempts(tx, counted).await?;
                if attempts.failures >= LETTERS_MAX {
                    let left = 60 - now.seconds().rem_euclid(60).unsigned_abs();
                    return Err(IdentityError::TooManyAttempts(std::time::Duration::from_secs(left)));
                }
                store::factor::set_attempts(tx, counted, attempts.failed(now)).await?;
            }
            // Once a minute for each name: whoever asks a hundred times fills no queue.
            let kind = serde_json::to_string(&forgotten.about).unwrap_or_default();
            let key = format!("{}.{kind}.{}", forgotten.hash, tx.now().seconds() / 60);
            enqueue(tx, NewJob::new(FORGOT_JOB, &payload).key(&key)).await?;
            Ok(())
        };
        self.store().write(write).await
    }

    /// Sends a code to whoever is behind a name, if anybody is.
    pub(crate) async fn remind(&self, forgotten: Forgotten) -> Result<(), IdentityError> {
        let pairs = forgotten.hash.as_bytes().chunks_exact(2);
        let bytes: Vec<u8> =
            pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
        let Ok(hash) = <[u8; 32]>::try_from(bytes) else { return Ok(()) };
        let this = self.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let Some(found) = store::person::by_identifier(tx, &forgotten.tenant, &hash).await? else { return Ok(()) };
            this.post(tx, found.person, forgotten.about, &forgotten.language).await
        };
        self.store().write(write).await
    }

    /// Posts a mail to a person.
    pub(super) async fn post(
        &self,
        tx: &mut Tx<'_>,
        person: PersonId,
        about: About,
        language: &str,
    ) -> Result<(), IdentityError> {
        if self.mail().is_some() {
            let letter = Letter { person, about, language: language.to_owned(), at: tx.now() };
            // One of a kind at a time: whoever asks a hundred times fills nobody's letter box.
            let key =
                format!("{person}.{}.{}", serde_json::to_string(&about).unwrap_or_default(), tx.now().seconds() / 60);
            let payload = serde_json::to_value(&letter)
                .map_err(|error| stoa_store::StoreError::Data { reason: error.to_string() })?;
            enqueue(tx, NewJob::new(MAIL_JOB, &payload).key(&key)).await?;
        }
        Ok(())
    }

    /// Where a letter goes, and the code that it carries, made now.
    pub(crate) async fn address_letter(
        &self,
        letter: &Letter,
    ) -> Result<Option<(String, Option<String>)>, IdentityError> {
        let (letter, code) = (letter.clone(), secret()?);
        let (this, hash) = (self.clone(), code.1);
        let write = async move |tx: &mut Tx<'_>| -> Result<Option<(String, Option<String>)>, IdentityError> {
            let row = store::person::by_id(tx, letter.person).await?.filter(|row| row.state == "active");
            let Some(row) = row else { return Ok(None) };
            // Whoever works for an office needs more than a letter box.
            if letter.about == About::Code && !row.roles.is_empty() {
                return Ok(None);
            }
            let tenant = stoa_core::Tenant::new(row.tenant).unwrap_or_default();
            let person = this.person_in(tx, &tenant, letter.person).await?;
            let email = person.profile.text(crate::model::claims::Claim::Email).to_owned();
            if email.is_empty() {
                return Ok(None);
            }
            let code = match letter.about {
                About::Reset => {
                    store::factor::add_activation(tx, &hash, letter.person, tx.now().plus(RESET_TIME)).await?;
                    Some(code.0.clone())
                }
                About::Code => Some(this.new_sent_code(tx, letter.person).await?),
                About::NewBrowser | About::PasswordChanged | About::Wallet => None,
            };
            Ok(Some((email, code)))
        };
        self.store().write(write).await
    }
}

/// What is kept of a recovery code: it is random, so a fast hash is enough. Spaces, lines and capitals do not count.
pub(super) fn recovery_hash(code: &str) -> String {
    use base64::Engine as _;
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(stoa_web::secret_hash(&plain))
}
