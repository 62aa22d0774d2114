//! Accounts: kept one by one, or all of them from the published monitor's file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::{FieldError, Instant, Problem, Tenant};
use stoa_standards::scope;
use stoa_standards::signature::PublicKey;
use stoa_store::{StoreError, Tx};
use stoa_ui::Locale;

use super::credentials::fast_hash;
use super::subscriptions::is_mail_address;
use super::{By, Listing, Monitor, history};
use crate::error::MonitorError;
use crate::model::account::{AccountRole, AccountRoles, GROUP_PREFIX, subject_fault};
use crate::model::bootstrap::Bootstrapped;
use crate::store;
use crate::store::account::{AccountId, AccountRow};
use crate::store::subscription::SubscriptionRow;

/// Characters of a listing's texts at most.
const TEXT_CHARS_MAX: usize = 500;
/// What the secrets that are issued here begin with.
const SECRET_PREFIX: &str = "stoam_";

/// An account, without its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The subject that it stands for.
    pub subject: String,
    /// The group whose row it shares.
    pub group: Option<String>,
    /// What it may do beyond handing in reports about itself.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<AccountRole>,
    /// The keys that it signs with.
    pub keys: Vec<AccountKey>,
    /// The subjects that may act for it.
    pub delegates: Vec<String>,
    /// Where whoever runs it is told when its state changes; empty for nobody.
    pub email: String,
    /// How many secrets it can come in with.
    pub secrets: usize,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Instant,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub modified_at: Instant,
}

/// A key that an account signs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountKey {
    /// Its name within the account.
    pub name: String,
    /// The key, as a line of `authorized_keys` has it.
    pub public_key: String,
}

/// What an account is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"group": null, "roles": [], "keys": [], "delegates": [], "email": ""}))]
pub struct NewAccount {
    /// The group whose row it shares.
    pub group: Option<String>,
    /// What it may do beyond handing in reports about itself: `read_any`, `append_any`, `approve`, `admin`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The keys that it signs with.
    #[serde(default)]
    pub keys: Vec<AccountKey>,
    /// The subjects that may act for it.
    #[serde(default)]
    pub delegates: Vec<String>,
    /// Where whoever runs it is told when its state changes, by mail; empty for nobody.
    #[serde(default)]
    pub email: String,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Imported {
    /// Accounts that were not there.
    pub added: usize,
    /// Accounts that were there and are written again.
    pub kept: usize,
    /// Accounts that are not in the file any more and left.
    pub retired: usize,
}

impl Monitor {
    /// All accounts, by subject.
    pub async fn accounts(&self, by: &By) -> Result<Vec<Account>, MonitorError> {
        let tenant = by.tenant().clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let mut accounts = Vec::new();
            for row in store::account::list(tx, &tenant).await? {
                accounts.push(whole(tx, row).await?);
            }
            Ok(accounts)
        };
        self.store().read(read).await
    }

    /// One account.
    pub async fn account(&self, by: &By, subject: &str) -> Result<Account, MonitorError> {
        let (tenant, subject) = (by.tenant().clone(), subject.to_owned());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::account::find(tx, &tenant, &subject).await?;
            let row = row.ok_or_else(|| MonitorError::SubjectNotFound(subject.clone()))?;
            whole(tx, row).await
        };
        self.store().read(read).await
    }

    /// Makes an account; refused where the subject has one.
    pub async fn create_account(&self, by: &By, subject: &str, new: NewAccount) -> Result<Account, MonitorError> {
        self.write_account(by, subject, new, true).await
    }

    /// Writes an account again.
    pub async fn put_account(&self, by: &By, subject: &str, new: NewAccount) -> Result<Account, MonitorError> {
        self.write_account(by, subject, new, false).await
    }

    async fn write_account(
        &self,
        by: &By,
        subject: &str,
        new: NewAccount,
        is_new: bool,
    ) -> Result<Account, MonitorError> {
        let checked = Checked::new(subject, &new)?;
        let no_random = |_| StoreError::Unavailable { reason: "the system gives no random numbers".to_owned() };
        let token = stoa_web::new_secret("").map_err(no_random)?;
        let (asked, by, subject) = (by, by.clone(), subject.to_owned());
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let tenant = by.tenant();
            let is_there = store::account::find(tx, tenant, &subject).await?.is_some();
            if is_new && is_there {
                return Err(MonitorError::field("/subject", "unique", "has an account already"));
            }
            if !is_new && !is_there {
                return Err(MonitorError::SubjectNotFound(subject.clone()));
            }
            let id = store::account::put(tx, tenant, &subject, new.group.as_deref(), checked.roles).await?;
            put_keys(tx, id, &checked.keys).await?;
            let mut delegates = Vec::new();
            for (place, name) in new.delegates.iter().enumerate() {
                let row = store::account::find(tx, tenant, name).await?;
                let missing = || MonitorError::field(format!("/delegates/{place}"), "unknown", "is no account");
                delegates.push(row.ok_or_else(missing)?.id);
            }
            store::account::set_delegates(tx, id, &delegates).await?;
            let contact = Contact { subject: &subject, email: new.email.trim(), token: &token };
            contact.put(tx, tenant, id).await?;
            let keys: Vec<String> = checked.keys.iter().map(|(_, key)| key.fingerprint()).collect();
            let detail = json!({"roles": checked.roles.iter().collect::<Vec<_>>(), "delegates": new.delegates,
                "group": new.group, "keys": keys, "isTold": !new.email.trim().is_empty()});
            note(tx, &by, "monitor.account.put", &subject, detail).await?;
            let row = store::account::find(tx, tenant, &subject).await?;
            whole(tx, row.ok_or_else(|| MonitorError::SubjectNotFound(subject.clone()))?).await
        };
        let account = self.write_once(asked, "account.put", write).await?;
        self.rights_changed(asked.tenant());
        Ok(account)
    }

    /// An account leaves. Its evidence stays.
    pub async fn retire_account(&self, by: &By, subject: &str) -> Result<(), MonitorError> {
        let (by, subject) = (by.clone(), subject.to_owned());
        let tenant = by.tenant().clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::account::find(tx, by.tenant(), &subject).await?;
            let row = row.ok_or_else(|| MonitorError::SubjectNotFound(subject.clone()))?;
            store::account::retire(tx, row.id).await?;
            note(tx, &by, "monitor.account.retire", &subject, json!({})).await
        };
        self.store().write(write).await?;
        self.rights_changed(&tenant);
        Ok(())
    }

    /// Issues a secret for an account; it is told once and kept as a hash.
    pub async fn issue_secret(&self, by: &By, subject: &str) -> Result<String, Problem> {
        let secret = stoa_web::new_secret(SECRET_PREFIX)?;
        let (by, subject, hash) = (by.clone(), subject.to_owned(), fast_hash(&secret));
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::account::find(tx, by.tenant(), &subject).await?;
            let row = row.ok_or_else(|| MonitorError::SubjectNotFound(subject.clone()))?;
            store::account::add_secret(tx, row.id, &hash).await?;
            note(tx, &by, "monitor.account.issue_secret", &subject, json!({})).await
        };
        self.store().write(write).await?;
        Ok(secret)
    }

    /// Takes all secrets of an account away.
    pub async fn revoke_secrets(&self, by: &By, subject: &str) -> Result<(), MonitorError> {
        let (by, subject) = (by.clone(), subject.to_owned());
        let tenant = by.tenant().clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::account::find(tx, by.tenant(), &subject).await?;
            let row = row.ok_or_else(|| MonitorError::SubjectNotFound(subject.clone()))?;
            for hash in store::account::secrets(tx, row.id).await? {
                store::account::remove_secret(tx, row.id, &hash).await?;
            }
            note(tx, &by, "monitor.account.revoke_secrets", &subject, json!({})).await
        };
        self.store().write(write).await?;
        self.rights_changed(&tenant);
        Ok(())
    }

    /// Makes the accounts those of a file: new ones are added, those that are there are written again, those that are
    /// not in it leave. A file without accounts changes nothing. Secrets that were issued here stay.
    pub async fn import(&self, by: &By, accounts: Vec<Bootstrapped>) -> Result<Imported, MonitorError> {
        self.import_as(by, accounts, Import::Whole).await
    }

    /// Adds accounts of a file; whoever is there already stays as it is.
    pub(super) async fn import_new(&self, by: &By, accounts: Vec<Bootstrapped>) -> Result<Imported, MonitorError> {
        self.import_as(by, accounts, Import::NewOnly).await
    }

    async fn import_as(&self, by: &By, accounts: Vec<Bootstrapped>, how: Import) -> Result<Imported, MonitorError> {
        if accounts.is_empty() {
            return Ok(Imported::default());
        }
        let (asked, by) = (by, by.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let tenant = by.tenant();
            let mut before = store::account::list(tx, tenant).await?;
            let ever = store::account::ever(tx, tenant).await?;
            let mut done = Imported::default();
            let mut ids: BTreeMap<&str, AccountId> = BTreeMap::new();
            // Whoever left here does not come back with an old list.
            let has_left = |subject: &String| {
                how == Import::NewOnly && ever.contains(subject) && !before.iter().any(|row| row.subject == *subject)
            };
            let accounts: Vec<&Bootstrapped> = accounts.iter().filter(|account| !has_left(&account.subject)).collect();
            for account in &accounts {
                let there = before.iter().find(|row| row.subject == account.subject);
                match there {
                    Some(_) => done.kept += 1,
                    None => done.added += 1,
                }
                let id = match there.filter(|_| how == Import::NewOnly) {
                    Some(row) => row.id,
                    None => {
                        note_bootstrapped(tx, &by, account).await?;
                        put_bootstrapped(tx, tenant, account).await?
                    }
                };
                ids.insert(&account.subject, id);
            }
            for account in &accounts {
                let is_kept = || before.iter().any(|row| row.subject == account.subject);
                if how == Import::NewOnly && is_kept() {
                    continue;
                }
                let delegates: Vec<_> =
                    account.delegates.iter().filter_map(|name| ids.get(name.as_str()).copied()).collect();
                if let Some(id) = ids.get(account.subject.as_str()) {
                    store::account::set_delegates(tx, *id, &delegates).await?;
                }
            }
            before.retain(|row| how == Import::Whole && !ids.contains_key(row.subject.as_str()));
            for row in &before {
                store::account::retire(tx, row.id).await?;
                done.retired += 1;
            }
            note(tx, &by, "monitor.account.import", "all", json!(done)).await?;
            Ok(done)
        };
        let done = self.write_once(asked, "account.import", write).await?;
        self.rights_changed(asked.tenant());
        Ok(done)
    }

    /// How the public table names subjects and groups.
    pub async fn listings(&self, by: &By) -> Result<Vec<Listing>, MonitorError> {
        let tenant = by.tenant().clone();
        self.store().read(async move |tx: &mut Tx<'_>| Ok(store::listing::list(tx, &tenant).await?)).await
    }

    /// Writes how the public table names a subject or a group.
    pub async fn put_listing(&self, by: &By, listing: Listing) -> Result<(), MonitorError> {
        check_listing(&listing)?;
        let by = by.clone();
        let tenant = by.tenant().clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            store::listing::put(tx, by.tenant(), &listing).await?;
            note(tx, &by, "monitor.listing.put", &listing.name, json!(listing)).await
        };
        self.store().write(write).await?;
        self.changed(&tenant);
        Ok(())
    }

    /// Forgets how the public table named a subject or a group.
    pub async fn remove_listing(&self, by: &By, name: &str) -> Result<(), MonitorError> {
        let (by, name) = (by.clone(), name.to_owned());
        let tenant = by.tenant().clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            if !store::listing::remove(tx, by.tenant(), &name).await? {
                return Err(MonitorError::ListingNotFound(name.clone()));
            }
            note(tx, &by, "monitor.listing.remove", &name, json!({})).await
        };
        self.store().write(write).await?;
        self.changed(&tenant);
        Ok(())
    }

    /// The short names of the scopes that were added.
    pub async fn added_scopes(&self, by: &By) -> Result<Vec<String>, MonitorError> {
        let tenant = by.tenant().clone();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            Ok(store::scope::list(tx, &tenant).await?.into_iter().map(|(alias, _)| alias).collect())
        };
        self.store().read(read).await
    }

    /// The document of a scope that was added, by its short name.
    pub async fn scope_document(&self, by: &By, alias: &str) -> Result<Option<String>, MonitorError> {
        let (tenant, alias) = (by.tenant().clone(), alias.to_owned());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let added = store::scope::list(tx, &tenant).await?;
            Ok(added.into_iter().find(|(name, _)| *name == alias).map(|(_, document)| document))
        };
        self.store().read(read).await
    }

    /// Adds a scope from its published form, or puts it in the place of the one with its id; its title.
    pub async fn put_scope(&self, by: &By, alias: &str, document: String) -> Result<String, MonitorError> {
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if alias.is_empty() || alias.len() > 63 || !alias.chars().all(fits) {
            return Err(MonitorError::field("/alias", "format", "must be 1 to 63 characters of a-z, 0-9 and -"));
        }
        let read = scope::read(&document).map_err(|error| MonitorError::unreadable(&error))?;
        let (by, alias) = (by.clone(), alias.to_owned());
        let tenant = by.tenant().clone();
        let title = read.name.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let known = super::board::scopes(tx, by.tenant()).await?;
            if known.find(&alias).is_some_and(|other| other.scope.uuid != read.uuid) {
                return Err(MonitorError::field("/alias", "unique", "belongs to another scope"));
            }
            let uuid = read.uuid.to_string();
            let before = known.by_uuid(read.uuid).map(|known| Arc::clone(&known.scope));
            history::keep_edition(tx, by.tenant(), before.as_deref(), (read.uuid, &document)).await?;
            store::scope::put(tx, by.tenant(), &uuid, &alias, &document, &by.actor.id).await?;
            note(tx, &by, "monitor.scope.put", &alias, json!({"uuid": uuid, "name": read.name})).await
        };
        self.store().write(write).await?;
        self.changed(&tenant);
        Ok(title)
    }

    /// Rights are looked up anew from now on.
    fn rights_changed(&self, tenant: &Tenant) {
        self.shared.keyring.forget();
        self.changed(tenant);
    }
}

/// What becomes of those that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Import {
    /// The file says who takes part: they are written again, or leave.
    Whole,
    /// They stay as they are.
    NewOnly,
}

/// Evidence of what an import made of one account.
async fn note_bootstrapped(tx: &mut Tx<'_>, by: &By, account: &Bootstrapped) -> Result<(), MonitorError> {
    let keys: Vec<String> = account.keys.iter().map(|(_, key)| key.fingerprint()).collect();
    let detail = json!({"roles": account.roles.iter().collect::<Vec<_>>(), "delegates": account.delegates,
        "group": account.group, "keys": keys, "secrets": account.secrets.len()});
    note(tx, by, "monitor.account.put", &account.subject, detail).await
}

async fn put_bootstrapped(tx: &mut Tx<'_>, tenant: &Tenant, account: &Bootstrapped) -> Result<AccountId, MonitorError> {
    let id = store::account::put(tx, tenant, &account.subject, account.group.as_deref(), account.roles).await?;
    put_keys(tx, id, &account.keys).await?;
    for hash in store::account::secrets(tx, id).await? {
        let is_ours = hash.starts_with(super::credentials::FAST_PREFIX);
        if !is_ours && !account.secrets.contains(&hash) {
            store::account::remove_secret(tx, id, &hash).await?;
        }
    }
    for hash in &account.secrets {
        store::account::add_secret(tx, id, hash).await?;
    }
    Ok(id)
}

/// Where whoever runs a subject is told of it. The address stands for a subscription that nobody has to confirm: whoever
/// keeps the accounts vouches for it (scs-0004: operators are told by themselves).
struct Contact<'a> {
    subject: &'a str,
    email: &'a str,
    token: &'a str,
}

impl Contact<'_> {
    async fn put(&self, tx: &mut Tx<'_>, tenant: &Tenant, account: AccountId) -> Result<(), MonitorError> {
        let before = store::account::email(tx, account).await?;
        if before == self.email {
            return Ok(());
        }
        if let Some(old) = store::subscription::find_same(tx, tenant, &before, self.subject, "").await? {
            store::subscription::remove(tx, old.id).await?;
        }
        store::account::set_email(tx, account, self.email).await?;
        if self.email.is_empty() {
            return Ok(());
        }
        let now = tx.now();
        let same = store::subscription::find_same(tx, tenant, self.email, self.subject, "").await?;
        let row = same.unwrap_or_else(|| SubscriptionRow {
            id: tx.new_id(),
            tenant: tenant.to_string(),
            email: self.email.to_owned(),
            subject: self.subject.to_owned(),
            scope: String::new(),
            language: Locale::default().tag().to_owned(),
            token: self.token.to_owned(),
            weekly: false,
            created_at: now,
            confirmed_at: None,
        });
        store::subscription::put(tx, &row).await?;
        Ok(store::subscription::confirm(tx, row.id).await?)
    }
}

/// What was checked of a new account.
struct Checked {
    roles: AccountRoles,
    keys: Vec<(String, PublicKey)>,
}

impl Checked {
    fn new(subject: &str, new: &NewAccount) -> Result<Self, MonitorError> {
        let mut errors = Vec::new();
        let mut fault = |pointer: String, code: &'static str, message: String| {
            errors.push(FieldError { pointer, code, message });
        };
        if let Some(message) = subject_fault(subject) {
            fault("/subject".to_owned(), "format", message);
        }
        if let Some(message) = new.group.as_deref().and_then(subject_fault) {
            fault("/group".to_owned(), "format", message);
        }
        if !new.email.trim().is_empty() && !is_mail_address(new.email.trim()) {
            fault("/email".to_owned(), "format", "must be a mail address".to_owned());
        }
        let mut roles = Vec::new();
        for (place, name) in new.roles.iter().enumerate() {
            match AccountRole::of_name(name) {
                Some(role) => roles.push(role),
                None => {
                    let known = AccountRole::ALL.map(AccountRole::name).join(", ");
                    fault(format!("/roles/{place}"), "enum", format!("must be one of {known}"));
                }
            }
        }
        let mut keys: Vec<(String, PublicKey)> = Vec::new();
        for (place, key) in new.keys.iter().enumerate() {
            if key.name.is_empty() || keys.iter().any(|(name, _)| *name == key.name) {
                fault(format!("/keys/{place}/name"), "unique", "must be a name that no other key has".to_owned());
            }
            match key.public_key.parse() {
                Ok(read) => keys.push((key.name.clone(), read)),
                Err(error) => fault(format!("/keys/{place}/publicKey"), "format", format!("{error}")),
            }
        }
        if errors.is_empty() {
            return Ok(Self { roles: roles.into_iter().collect(), keys });
        }
        Err(MonitorError::InvalidRequest(errors))
    }
}

async fn put_keys(tx: &mut Tx<'_>, id: AccountId, keys: &[(String, PublicKey)]) -> Result<(), MonitorError> {
    for (name, _) in store::account::keys(tx, id).await? {
        if !keys.iter().any(|(kept, _)| *kept == name) {
            store::account::remove_key(tx, id, &name).await?;
        }
    }
    for (name, key) in keys {
        store::account::put_key(tx, id, name, &key.to_string(), &key.fingerprint()).await?;
    }
    Ok(())
}

async fn whole(tx: &mut Tx<'_>, row: AccountRow) -> Result<Account, MonitorError> {
    let keys = store::account::keys(tx, row.id).await?;
    Ok(Account {
        keys: keys.into_iter().map(|(name, public_key)| AccountKey { name, public_key }).collect(),
        delegates: store::account::delegates(tx, row.id).await?,
        email: store::account::email(tx, row.id).await?,
        secrets: store::account::secrets(tx, row.id).await?.len(),
        subject: row.subject,
        group: row.group,
        roles: row.roles.iter().collect(),
        created_at: row.created_at,
        modified_at: row.modified_at,
    })
}

fn check_listing(listing: &Listing) -> Result<(), MonitorError> {
    let mut errors = Vec::new();
    let name = listing.name.strip_prefix(GROUP_PREFIX).unwrap_or(&listing.name);
    if let Some(message) = subject_fault(name) {
        errors.push(FieldError { pointer: "/name".to_owned(), code: "format", message });
    }
    let texts = [("title", &listing.title), ("description", &listing.description), ("operator", &listing.operator)];
    for (field, text) in texts {
        if text.chars().count() > TEXT_CHARS_MAX {
            let message = format!("must have at most {TEXT_CHARS_MAX} characters");
            errors.push(FieldError { pointer: format!("/{field}"), code: "max", message });
        }
    }
    let links = [("url", &listing.url), ("operatorUrl", &listing.operator_url), ("healthUrl", &listing.health_url)];
    for (field, link) in links {
        // Links of pages: nothing that a browser would run.
        let is_web = link.starts_with("https://") || link.starts_with("http://");
        if !link.is_empty() && (!is_web || link.chars().count() > TEXT_CHARS_MAX || link.contains(char::is_whitespace))
        {
            let message = "must be an address that begins with https:// or http://".to_owned();
            errors.push(FieldError { pointer: format!("/{field}"), code: "format", message });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(MonitorError::InvalidRequest(errors)) }
}

/// Evidence of something that was done to `monitor/<object>`.
pub(super) async fn note(
    tx: &mut Tx<'_>,
    by: &By,
    action: &'static str,
    object: &str,
    detail: serde_json::Value,
) -> Result<(), MonitorError> {
    let kind = action.split('.').nth(1).unwrap_or("account");
    let mut record = stoa_audit::Record::done(&by.actor, action, format!("monitor/{kind}s/{object}"));
    record.detail = detail;
    record.correlation = Some(&by.info.correlation).filter(|text| !text.is_empty()).map(String::as_str);
    stoa_audit::append(tx, &record).await?;
    Ok(())
}
