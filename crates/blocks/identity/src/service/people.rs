//! People: enrolled, found, corrected, taken out of use, forgotten. Whatever is known of them is sealed with their own key.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::{FieldError, Instant, Permissions, Tenant};
use stoa_store::{MasterKeys, Tx, seal};

use super::{By, IdentifierId, Identity, PersonId, note, secret, subject_of};
use crate::error::IdentityError;
use crate::jose::random;
use crate::model::check_digit::{self, UIN_DIGITS, VID_DIGITS};
use crate::model::claims::Claim;
use crate::model::person::{IdentifierKind, PersonState, Profile, normal, words};
use crate::store;
use crate::store::person::{IdentifierRow, NewIdentifier as NewRow, PersonRow};

/// Where what is known of a person is sealed, and where an identifier.
const PROFILE_IN: &str = "person.profile";
const IDENTIFIER_IN: &str = "identifier.sealed";
/// Identifiers of one person.
const IDENTIFIERS_MAX: usize = 50;
/// Versions of what is known that are shown.
const VERSIONS_SHOWN: u32 = 200;
/// How often numbers are drawn before it is given up: one of two is fit, and none is taken twice by chance.
const DRAWS: usize = 200;
/// How long the first code of a person holds.
pub(super) const ACTIVATION_TIME: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// A person as officials see them.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// The id under which this block keeps them.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// Whether the identity is in use.
    pub state: PersonState,
    /// Counts the changes of what is known.
    pub version: i64,
    /// What is known.
    pub profile: Profile,
    /// By what the person is found.
    pub identifiers: Vec<Identifier>,
    /// The roles of an official.
    pub roles: Vec<String>,
    /// When the person was enrolled.
    #[schema(value_type = String)]
    pub created_at: Instant,
    /// When something was changed last.
    #[schema(value_type = String)]
    pub modified_at: Instant,
}

/// An identifier of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Identifier {
    /// Its id.
    #[schema(value_type = String)]
    pub id: IdentifierId,
    /// What it is.
    pub kind: IdentifierKind,
    /// The value; of the unique number the last four digits only.
    pub value: String,
    /// When the person proved to hold it.
    #[schema(value_type = Option<String>)]
    pub verified_at: Option<Instant>,
    /// When it ends.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Instant>,
}

/// An identifier that is added.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "document", "value": "A-1234567"}))]
pub struct NewIdentifier {
    /// What it is.
    pub kind: IdentifierKind,
    /// The value; a virtual number is drawn where there is none.
    #[serde(default)]
    pub value: String,
}

/// A person who is enrolled.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"profile": {"name": "Amina Juma", "birthdate": "1990-04-21"},
    "identifiers": [{"kind": "username", "value": "amina.juma"}]}))]
pub struct NewPerson {
    /// What is known.
    pub profile: Profile,
    /// By what the person is found, beside the numbers that are drawn.
    #[serde(default)]
    pub identifiers: Vec<NewIdentifier>,
    /// The roles of an official; only an administrator gives some.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Where the data comes from: a document, another register.
    #[serde(default)]
    pub source: String,
    /// Somebody with the same name and date of birth is there, and is another person.
    #[serde(default)]
    pub is_distinct: bool,
}

/// What was known before.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PersonVersion {
    /// Its number.
    pub version: i64,
    /// What was known.
    pub profile: Profile,
    /// When it was written.
    #[schema(value_type = String)]
    pub changed_at: Instant,
    /// Who wrote it.
    pub changed_by: String,
    /// Where it came from.
    pub source: String,
}

/// How a search asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Search {
    /// An identifier, or words of names and a date of birth.
    pub(crate) text: String,
    /// People enrolled before this one.
    pub(crate) before: Option<PersonId>,
    /// How many.
    pub(crate) limit: u32,
}

impl Identity {
    /// Enrols a person; with a code with which they set their first password.
    pub async fn enrol(&self, by: &By, new: NewPerson) -> Result<(Person, String), IdentityError> {
        let profile = new.profile.tidy();
        let mut faults = prefixed("/profile", profile.faults(self.now().date()));
        for (index, one) in new.identifiers.iter().enumerate() {
            let message = match one.kind {
                IdentifierKind::Uin => Some("is drawn, and cannot be chosen"),
                IdentifierKind::Vid if one.value.is_empty() => None,
                kind => kind.fault(&one.value),
            };
            if let Some(message) = message {
                faults.push(fault(format!("/identifiers/{index}/value"), "format", message));
            }
        }
        if new.identifiers.len() > IDENTIFIERS_MAX {
            faults.push(fault("/identifiers", "length", "has more than 50 entries"));
        }
        check_roles(by, &new.roles, &mut faults)?;
        if !faults.is_empty() {
            return Err(IdentityError::InvalidRequest(faults));
        }
        let mut identifiers = new.identifiers;
        // What the person is reached by also finds them.
        for (kind, claim) in [(IdentifierKind::Email, Claim::Email), (IdentifierKind::Phone, Claim::PhoneNumber)] {
            let value = profile.text(claim);
            let is_there = |held: &NewIdentifier| held.kind == kind && normal(&held.value) == normal(value);
            if !value.is_empty() && !identifiers.iter().any(is_there) {
                identifiers.push(NewIdentifier { kind, value: value.to_owned() });
            }
        }
        let (uin, vid) = (draw(UIN_DIGITS)?, draw(VID_DIGITS)?);
        identifiers.push(NewIdentifier { kind: IdentifierKind::Uin, value: uin });
        identifiers.retain(|one| one.kind != IdentifierKind::Vid || !one.value.is_empty());
        identifiers.push(NewIdentifier { kind: IdentifierKind::Vid, value: vid });
        let code = secret()?;
        let (this, by, roles) = (self.clone(), by.clone(), new.roles.join(" "));
        let (source, is_distinct, hash) = (new.source, new.is_distinct, code.1);
        let write = async move |tx: &mut Tx<'_>| -> Result<Person, IdentityError> {
            if !is_distinct && this.has_double(tx, by.tenant(), &profile).await? {
                return Err(IdentityError::PossibleDuplicate);
            }
            let id: PersonId = tx.new_id();
            let sealed = this.seal_profile(tx, id, &profile).await?;
            store::person::insert(tx, by.tenant(), id, &sealed).await?;
            store::person::add_version(tx, id, 1, &sealed, &by.actor.id, &source).await?;
            store::person::set_words(tx, id, &this.search_hashes(by.tenant(), &profile.search_words())).await?;
            if !roles.is_empty() {
                store::person::set_roles(tx, id, &roles).await?;
            }
            for one in &identifiers {
                this.add_identifier_in(tx, by.tenant(), id, one, false).await?;
            }
            store::factor::add_activation(tx, &hash, id, tx.now().plus(ACTIVATION_TIME)).await?;
            let claims: Vec<&String> = profile.0.keys().collect();
            let detail = json!({"claims": claims, "roles": roles, "is_distinct": is_distinct});
            note(tx, &by, "identity.person.enrol", format!("identity/people/{id}"), Some(id), detail).await?;
            this.person_in(tx, by.tenant(), id).await
        };
        Ok((self.store().write(write).await?, code.0))
    }

    /// Whether somebody with the same words in their name and the same date of birth is there.
    async fn has_double(&self, tx: &mut Tx<'_>, tenant: &Tenant, profile: &Profile) -> Result<bool, IdentityError> {
        if profile.text(Claim::Birthdate).is_empty() {
            return Ok(false);
        }
        let mut wanted = words(&profile.shown());
        wanted.push(profile.text(Claim::Birthdate).to_owned());
        let hashes = self.search_hashes(tenant, &wanted);
        Ok(!store::person::search(tx, tenant, &hashes, None, 1).await?.is_empty())
    }

    /// One person; that it was looked is noted, also for the person.
    pub async fn person(&self, by: &By, id: PersonId) -> Result<Person, IdentityError> {
        let (this, by) = (self.clone(), by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<Person, IdentityError> {
            let person = this.person_in(tx, by.tenant(), id).await?;
            this.note_read(tx, &by, &person).await?;
            Ok(person)
        };
        self.store().write(write).await
    }

    async fn note_read(&self, tx: &mut Tx<'_>, by: &By, person: &Person) -> Result<(), IdentityError> {
        // Whoever looks at themself need not be told.
        if by.actor.id == subject_of(person.id) {
            return Ok(());
        }
        let claims = person.profile.0.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
        let reader = by.actor.name.as_deref().unwrap_or(&by.actor.id);
        let purpose = by.info.purpose.as_deref().unwrap_or("");
        store::person::add_read(tx, person.id, None, reader, &claims, purpose).await?;
        let object = format!("identity/people/{}", person.id);
        note(tx, by, "identity.person.read", object, Some(person.id), json!({})).await
    }

    /// People by an identifier, or by all the words of the text; the newest first. That they were shown is noted.
    pub(crate) async fn search(&self, by: &By, search: Search) -> Result<Vec<Person>, IdentityError> {
        let (this, by) = (self.clone(), by.clone());
        let hash = self.identifier_hash(&search.text);
        let hashes = self.search_hashes(by.tenant(), &words(&search.text));
        let has_text = !search.text.trim().is_empty();
        let write = async move |tx: &mut Tx<'_>| -> Result<Vec<Person>, IdentityError> {
            let mut ids: Vec<PersonId> = Vec::new();
            if has_text && let Some(found) = store::person::by_identifier(tx, by.tenant(), &hash).await? {
                ids.push(found.person);
            } else if !has_text || !hashes.is_empty() {
                let rows = store::person::search(tx, by.tenant(), &hashes, search.before, search.limit).await?;
                ids.extend(rows.into_iter().map(|row| row.id));
            }
            let mut people = Vec::with_capacity(ids.len());
            for id in ids {
                let person = this.person_in(tx, by.tenant(), id).await?;
                this.note_read(tx, &by, &person).await?;
                people.push(person);
            }
            Ok(people)
        };
        self.store().write(write).await
    }

    /// What pages call a person who is signed in.
    pub(crate) async fn shown_name(&self, id: PersonId) -> Result<String, IdentityError> {
        Ok(self.profile_of(id).await?.shown())
    }

    /// The claims of which something is known.
    pub(crate) async fn known_claims(&self, id: PersonId) -> Result<BTreeSet<Claim>, IdentityError> {
        let profile = self.profile_of(id).await?;
        Ok(profile.0.keys().filter_map(|name| Claim::from_name(name.split('#').next().unwrap_or(name))).collect())
    }

    /// How many people the tenant has.
    pub async fn count_people(&self, tenant: &Tenant) -> Result<u64, IdentityError> {
        let tenant = tenant.clone();
        let read =
            async move |tx: &mut Tx<'_>| -> Result<i64, IdentityError> { Ok(store::person::count(tx, &tenant).await?) };
        Ok(u64::try_from(self.store().read(read).await?).unwrap_or(0))
    }

    /// Writes what is known as a new version. `seen` is the version that the caller read.
    pub async fn correct(
        &self,
        by: &By,
        id: PersonId,
        seen: Option<i64>,
        profile: Profile,
        source: &str,
    ) -> Result<Person, IdentityError> {
        let profile = profile.tidy();
        let faults = prefixed("/profile", profile.faults(self.now().date()));
        if !faults.is_empty() {
            return Err(IdentityError::InvalidRequest(faults));
        }
        let (this, by, source) = (self.clone(), by.clone(), source.to_owned());
        let write = async move |tx: &mut Tx<'_>| -> Result<Person, IdentityError> {
            let row = found(store::person::find(tx, by.tenant(), id).await?)?;
            if seen.is_some_and(|seen| seen != row.version) {
                return Err(IdentityError::Changed(row.version));
            }
            let before = this.open_profile(tx, &row).await?;
            if before == profile {
                return this.person_in(tx, by.tenant(), id).await;
            }
            let sealed = this.seal_profile(tx, id, &profile).await?;
            store::person::set_profile(tx, id, row.version + 1, &sealed).await?;
            store::person::add_version(tx, id, row.version + 1, &sealed, &by.actor.id, &source).await?;
            store::person::set_words(tx, id, &this.search_hashes(by.tenant(), &profile.search_words())).await?;
            for (kind, claim) in [(IdentifierKind::Email, Claim::Email), (IdentifierKind::Phone, Claim::PhoneNumber)] {
                let (old, new) = (before.text(claim).to_owned(), profile.text(claim).to_owned());
                if normal(&old) != normal(&new) {
                    this.replace_identifier(tx, by.tenant(), id, kind, &old, &new).await?;
                }
            }
            let changed: Vec<&String> = profile
                .0
                .iter()
                .filter(|(name, value)| before.0.get(*name) != Some(value))
                .map(|(name, _)| name)
                .chain(before.0.keys().filter(|name| !profile.0.contains_key(*name)))
                .collect();
            let detail = json!({"claims": changed, "version": row.version + 1});
            note(tx, &by, "identity.person.correct", format!("identity/people/{id}"), Some(id), detail).await?;
            this.person_in(tx, by.tenant(), id).await
        };
        self.store().write(write).await
    }

    async fn replace_identifier(
        &self,
        tx: &mut Tx<'_>,
        tenant: &Tenant,
        id: PersonId,
        kind: IdentifierKind,
        old: &str,
        new: &str,
    ) -> Result<(), IdentityError> {
        if !old.is_empty()
            && let Some(held) = store::person::by_identifier(tx, tenant, &self.identifier_hash(old)).await?
            && held.person == id
        {
            store::person::end_identifier(tx, id, held.id).await?;
        }
        if !new.is_empty() {
            let one = NewIdentifier { kind, value: new.to_owned() };
            self.add_identifier_in(tx, tenant, id, &one, false).await?;
        }
        Ok(())
    }

    /// Takes an identity out of use, or brings it back. Sessions and tokens from before end.
    pub async fn set_state(
        &self,
        by: &By,
        id: PersonId,
        state: PersonState,
        reason: &str,
    ) -> Result<Person, IdentityError> {
        if reason.trim().is_empty() || reason.chars().count() > 500 {
            return Err(IdentityError::field("/reason", "length", "must have 1 to 500 characters"));
        }
        let (this, by, reason) = (self.clone(), by.clone(), reason.trim().to_owned());
        let write = async move |tx: &mut Tx<'_>| -> Result<Person, IdentityError> {
            let row = found(store::person::find(tx, by.tenant(), id).await?)?;
            if row.state != state.as_str() {
                store::person::set_state(tx, id, state.as_str()).await?;
                store::session::delete_others(tx, id, None).await?;
                store::grant::revoke_all(tx, id, None).await?;
                let detail = json!({"from": row.state, "to": state.as_str(), "reason": reason});
                note(tx, &by, "identity.person.state", format!("identity/people/{id}"), Some(id), detail).await?;
            }
            this.person_in(tx, by.tenant(), id).await
        };
        self.store().write(write).await
    }

    /// Gives an official their roles. Tokens carry them from the next one on; sessions begin anew.
    pub async fn set_person_roles(&self, by: &By, id: PersonId, roles: Vec<String>) -> Result<Person, IdentityError> {
        let mut faults = Vec::new();
        if by.actor.permissions != Permissions::All {
            return Err(IdentityError::RolesNotGiven);
        }
        check_roles(by, &roles, &mut faults)?;
        if !faults.is_empty() {
            return Err(IdentityError::InvalidRequest(faults));
        }
        let (this, by) = (self.clone(), by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<Person, IdentityError> {
            let row = found(store::person::find(tx, by.tenant(), id).await?)?;
            store::person::set_roles(tx, id, &roles.join(" ")).await?;
            let detail = json!({"from": row.roles, "to": roles});
            note(tx, &by, "identity.person.roles", format!("identity/people/{id}"), Some(id), detail).await?;
            this.person_in(tx, by.tenant(), id).await
        };
        self.store().write(write).await
    }

    /// Adds an identifier; a virtual number is drawn.
    pub async fn add_identifier(&self, by: &By, id: PersonId, new: NewIdentifier) -> Result<Identifier, IdentityError> {
        let value = match new.kind {
            IdentifierKind::Uin => {
                return Err(IdentityError::field("/kind", "enum", "the unique number is drawn once and never changes"));
            }
            IdentifierKind::Vid => draw(VID_DIGITS)?,
            kind => match kind.fault(&new.value) {
                Some(message) => return Err(IdentityError::field("/value", "format", message)),
                None => new.value,
            },
        };
        let new = NewIdentifier { kind: new.kind, value };
        let (this, by) = (self.clone(), by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<Identifier, IdentityError> {
            let person = this.person_in(tx, by.tenant(), id).await?;
            if person.identifiers.len() >= IDENTIFIERS_MAX {
                return Err(IdentityError::field("/value", "length", "the person has 50 identifiers already"));
            }
            let made = this.add_identifier_in(tx, by.tenant(), id, &new, false).await?;
            let detail = json!({"kind": new.kind.as_str()});
            note(tx, &by, "identity.identifier.add", format!("identity/people/{id}"), Some(id), detail).await?;
            let person = this.person_in(tx, by.tenant(), id).await?;
            person.identifiers.into_iter().find(|held| held.id == made).ok_or(IdentityError::IdentifierNotFound)
        };
        self.store().write(write).await
    }

    /// Ends an identifier: nobody is found by it any more. The unique number stays.
    pub async fn end_identifier(&self, by: &By, id: PersonId, identifier: IdentifierId) -> Result<(), IdentityError> {
        let (this, by) = (self.clone(), by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let person = this.person_in(tx, by.tenant(), id).await?;
            let held = person.identifiers.into_iter().find(|held| held.id == identifier);
            let held = held.ok_or(IdentityError::IdentifierNotFound)?;
            if held.kind == IdentifierKind::Uin {
                return Err(IdentityError::field("/kind", "enum", "the unique number cannot be given up"));
            }
            store::person::end_identifier(tx, id, identifier).await?;
            let detail = json!({"kind": held.kind.as_str()});
            note(tx, &by, "identity.identifier.end", format!("identity/people/{id}"), Some(id), detail).await
        };
        self.store().write(write).await
    }

    /// What was known of a person, the newest first.
    pub async fn versions(&self, by: &By, id: PersonId) -> Result<Vec<PersonVersion>, IdentityError> {
        let (this, by) = (self.clone(), by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<Vec<PersonVersion>, IdentityError> {
            let person = this.person_in(tx, by.tenant(), id).await?;
            this.note_read(tx, &by, &person).await?;
            let mut versions = Vec::new();
            for row in store::person::versions(tx, id, VERSIONS_SHOWN).await? {
                let subject = subject_of(id);
                let opened = seal::open(tx, this.master(), &subject, PROFILE_IN, &row.profile).await?;
                versions.push(PersonVersion {
                    version: row.version,
                    profile: read_profile(&opened)?,
                    changed_at: row.changed_at,
                    changed_by: row.changed_by,
                    source: row.source,
                });
            }
            Ok(versions)
        };
        self.store().write(write).await
    }

    /// Forgets a person for good: their key is destroyed, and what stays says nothing.
    pub async fn erase(&self, by: &By, id: PersonId, reason: &str) -> Result<(), IdentityError> {
        if reason.trim().is_empty() || reason.chars().count() > 500 {
            return Err(IdentityError::field("/reason", "length", "must have 1 to 500 characters"));
        }
        let (this, by, reason) = (self.clone(), by.clone(), reason.trim().to_owned());
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            found(store::person::find(tx, by.tenant(), id).await?)?;
            store::person::erase(tx, id).await?;
            store::wallet::delete_of(tx, id).await?;
            seal::destroy_subject(tx, this.master(), &subject_of(id)).await?;
            let detail = json!({"reason": reason});
            note(tx, &by, "identity.person.erase", format!("identity/people/{id}"), Some(id), detail).await
        };
        self.store().write(write).await
    }

    /// What is known of a person, for whoever noted the reading already.
    pub(super) async fn profile_of(&self, id: PersonId) -> Result<Profile, IdentityError> {
        let this = self.clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<Profile, IdentityError> {
            let row = found(store::person::by_id(tx, id).await?)?;
            this.whole_profile(tx, &row).await
        };
        self.store().read(read).await
    }

    /// What is known, with what the person proved about addresses.
    async fn whole_profile(&self, tx: &mut Tx<'_>, row: &PersonRow) -> Result<Profile, IdentityError> {
        let mut profile = self.open_profile(tx, row).await?;
        let tenant = Tenant::new(row.tenant.clone()).unwrap_or_default();
        for (claim, flag) in [(Claim::Email, Claim::EmailVerified), (Claim::PhoneNumber, Claim::PhoneNumberVerified)] {
            let value = profile.text(claim).to_owned();
            if !value.is_empty() {
                let held = store::person::by_identifier(tx, &tenant, &self.identifier_hash(&value)).await?;
                let is_verified = held.is_some_and(|held| held.person == row.id && held.verified_at.is_some());
                profile.0.insert(flag.as_str().to_owned(), is_verified.into());
            }
        }
        Ok(profile)
    }

    pub(super) async fn person_in(
        &self,
        tx: &mut Tx<'_>,
        tenant: &Tenant,
        id: PersonId,
    ) -> Result<Person, IdentityError> {
        let row = found(store::person::find(tx, tenant, id).await?)?;
        let profile = self.open_profile(tx, &row).await?;
        let mut identifiers = Vec::new();
        for held in store::person::identifiers(tx, id).await? {
            identifiers.extend(opened(tx, self.master(), held).await?);
        }
        Ok(Person {
            id,
            state: PersonState::from_word(&row.state).unwrap_or(PersonState::Blocked),
            version: row.version,
            profile,
            identifiers,
            roles: row.roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
            created_at: row.created_at,
            modified_at: row.modified_at,
        })
    }

    async fn seal_profile(&self, tx: &mut Tx<'_>, id: PersonId, profile: &Profile) -> Result<Vec<u8>, IdentityError> {
        let text =
            serde_json::to_vec(profile).map_err(|error| stoa_store::StoreError::Data { reason: error.to_string() })?;
        Ok(seal::seal(tx, self.master(), &subject_of(id), PROFILE_IN, &text).await?)
    }

    async fn open_profile(&self, tx: &mut Tx<'_>, row: &PersonRow) -> Result<Profile, IdentityError> {
        let opened = seal::open(tx, self.master(), &subject_of(row.id), PROFILE_IN, &row.profile).await?;
        read_profile(&opened)
    }

    async fn add_identifier_in(
        &self,
        tx: &mut Tx<'_>,
        tenant: &Tenant,
        person: PersonId,
        new: &NewIdentifier,
        is_verified: bool,
    ) -> Result<IdentifierId, IdentityError> {
        let hash = self.identifier_hash(&new.value);
        let value = new.value.trim();
        let sealed = seal::seal(tx, self.master(), &subject_of(person), IDENTIFIER_IN, value.as_bytes()).await?;
        let row =
            NewRow { person, kind: new.kind.as_str(), hash: &hash, sealed: &sealed, is_verified, expires_at: None };
        store::person::add_identifier(tx, tenant, &row).await?.ok_or(IdentityError::IdentifierTaken)
    }

    /// The keyed hashes of words, each tenant's its own.
    fn search_hashes(&self, tenant: &Tenant, words: &[String]) -> Vec<[u8; 16]> {
        let hash = |word: &String| {
            let mac = self.master().mac("identity.search", format!("{tenant}\0{word}").as_bytes());
            mac.first_chunk::<16>().copied().unwrap_or_default()
        };
        let mut hashes: Vec<[u8; 16]> = words.iter().map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(20);
        hashes
    }
}

async fn opened(
    tx: &mut Tx<'_>,
    master: &MasterKeys,
    held: IdentifierRow,
) -> Result<Option<Identifier>, IdentityError> {
    let Some(kind) = IdentifierKind::from_word(&held.kind) else { return Ok(None) };
    let value = seal::open(tx, master, &subject_of(held.person), IDENTIFIER_IN, &held.sealed).await?;
    let value = String::from_utf8_lossy(&value).into_owned();
    // The number stays inside: who shows it around shows the key to everything about the person.
    let value = if kind == IdentifierKind::Uin {
        let end = value.len().saturating_sub(4);
        format!("{}{}", "•".repeat(end), value.get(end..).unwrap_or_default())
    } else {
        value
    };
    Ok(Some(Identifier { id: held.id, kind, value, verified_at: held.verified_at, expires_at: held.expires_at }))
}

fn found(row: Option<PersonRow>) -> Result<PersonRow, IdentityError> {
    row.ok_or(IdentityError::PersonNotFound)
}

fn read_profile(bytes: &[u8]) -> Result<Profile, IdentityError> {
    serde_json::from_slice(bytes).map_err(|error| stoa_store::StoreError::Data { reason: error.to_string() }.into())
}

fn draw(digits: usize) -> Result<String, IdentityError> {
    for _ in 0..DRAWS {
        if let Some(number) = check_digit::number(&random::<32>()?, digits) {
            return Ok(number);
        }
    }
    Err(crate::jose::KeyFault("drawn: no number is fit").into())
}

fn fault(pointer: impl Into<String>, code: &'static str, message: &str) -> FieldError {
    FieldError { pointer: pointer.into(), code, message: message.to_owned() }
}

fn prefixed(prefix: &str, faults: Vec<FieldError>) -> Vec<FieldError> {
    faults.into_iter().map(|fault| FieldError { pointer: format!("{prefix}{}", fault.pointer), ..fault }).collect()
}

fn check_roles(by: &By, roles: &[String], faults: &mut Vec<FieldError>) -> Result<(), IdentityError> {
    if roles.is_empty() {
        return Ok(());
    }
    if by.actor.permissions != Permissions::All {
        return Err(IdentityError::RolesNotGiven);
    }
    let is_word = |role: &String| {
        (1..=60).contains(&role.len())
            && role.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    if roles.len() > 20 || !roles.iter().all(is_word) {
        faults.push(fault("/roles", "format", "must be at most 20 words"));
    }
    Ok(())
}
