//! Certificates (scs-0004): issued for a version that is kept, for a year; suspended and withdrawn with a reason; listed in
//! public, and in a statement that is signed.

use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_core::{Date, Instant, Tenant};
use stoa_standards::signature::SigningKey;
use stoa_store::{Tx, seal};

use super::accounts::note;
use super::changes::{Cause, tell_change};
use super::{By, Monitor, board, submit};
use crate::error::MonitorError;
use crate::store;
use crate::store::certificate::CertificateRow;
use crate::store::change::{ChangeRow, ChangedRow};

/// How long a certificate is valid.
const YEARS: i16 = 1;
/// How many days before one ends the next one can be issued for the same.
const RENEWAL_DAYS: i64 = 60;
/// Characters of a reason and of a holder's name at most.
const WORDS_CHARS_MAX: usize = 1_000;
/// What the monitor's statements are signed for; a report's signature never counts for one.
pub const NAMESPACE: &str = "certificates";
/// Under which the seed of the key is sealed.
const SEALED_FOR: &str = "monitor.key";

/// A certificate that is to be issued.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"subject": "cloud-1", "scope": "scs-compatible-iaas", "version": "v5.1", "holder": "One Ltd."}))]
pub struct NewCertificate {
    /// The subject.
    pub subject: String,
    /// The scope, by its id or short name.
    pub scope: String,
    /// The version that it keeps.
    pub version: String,
    /// Who holds it.
    pub holder: String,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// Its number: `2026-0001`.
    pub number: String,
    /// The subject.
    pub subject: String,
    /// The scope's id.
    pub scope: String,
    /// The version.
    pub version: String,
    /// Who holds it.
    pub holder: String,
    /// The day on which it was issued.
    pub issued_on: String,
    /// The last day on which it is valid.
    pub ends_on: String,
    /// `valid`, `suspended`, `withdrawn`, or `ended` once its last day is over.
    pub state: String,
    /// Why it was suspended or withdrawn.
    pub reason: String,
    /// Since when it stands so.
    #[schema(value_type = String)]
    pub changed_at: Instant,
}

/// What is done with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CertificateState {
    /// It is valid again.
    Valid,
    /// It is not valid for now.
    Suspended,
    /// It is valid no more, for good.
    Withdrawn,
}

impl CertificateState {
    /// The word in SQL and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of this word.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Valid, Self::Suspended, Self::Withdrawn].into_iter().find(|state| state.name() == name)
    }
}

/// A statement of the monitor's, with its signature in armor and the key that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// The text that is signed.
    #[serde(rename = "statement")]
    pub text: String,
    /// The signature.
    pub signature: String,
    /// The key, as a line of `authorized_keys` has it.
    pub public_key: String,
}

impl Monitor {
    /// Issues a certificate for a version that the subject keeps today.
    pub async fn issue_certificate(&self, by: &By, new: NewCertificate) -> Result<Certificate, MonitorError> {
        let holder = words("/holder", &new.holder)?;
        let board = self.board(by.tenant()).await?;
        if board.subjects(&new.subject).is_none_or(|subjects| subjects != [new.subject.as_str()]) {
            return Err(MonitorError::SubjectNotFound(new.subject));
        }
        let known = board.scopes.find(&new.scope);
        let known = known.ok_or_else(|| MonitorError::field("/scope", "unknown", "is no scope of this monitor"))?;
        let entry = board.entry(&new.subject, known.scope.uuid);
        let version = entry.and_then(|entry| entry.standing.version(&new.version));
        let is_kept = version.is_some_and(|version| version.validity.is_certifiable() && version.state.is_green());
        if !is_kept {
            let message = "is not kept by the subject today, or no certificate can be had for it";
            return Err(MonitorError::field("/version", "not_kept", message));
        }
        let (asked, by, alias) = (by, by.clone(), known.alias.clone());
        let (scope, today) = (known.scope.uuid.to_string(), board.date);
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let tenant = by.tenant();
            let held = store::certificate::held(tx, tenant, (&new.subject, &scope, &new.version)).await?;
            let is_long = |day: &str| day.parse::<Date>().is_ok_and(|day| day.days_since(today) > RENEWAL_DAYS);
            if let Some((number, ends_on)) = held.into_iter().find(|(_, ends_on)| is_long(ends_on)) {
                let message = format!(
                    "has the certificate {number} until {ends_on}; the next one can be issued {RENEWAL_DAYS} days before"
                );
                return Err(MonitorError::field("/version", "unique", message));
            }
            let year = format!("{:04}", today.year());
            let last = store::certificate::last_number(tx, tenant, &year).await?;
            let last = last.and_then(|number| number.rsplit('-').next()?.parse::<u32>().ok()).unwrap_or(0);
            let row = CertificateRow {
                id: tx.new_id(),
                number: format!("{year}-{:04}", last + 1),
                subject: new.subject.clone(),
                scope: scope.clone(),
                version: new.version.clone(),
                holder: holder.clone(),
                issued_on: today.to_string(),
                ends_on: a_year_later(today).to_string(),
                issued_by: by.actor.id.clone(),
                state: CertificateState::Valid.name().to_owned(),
                reason: String::new(),
                changed_at: tx.now(),
                changed_by: by.actor.id.clone(),
            };
            store::certificate::insert(tx, tenant, &row).await?;
            let detail = json!({"subject": row.subject, "scope": alias, "version": row.version});
            note(tx, &by, "monitor.certificate.issue", &row.number, detail.clone()).await?;
            let of = format!("certificates/{}", row.number);
            submit::publish(tx, &by, "stoa.monitor.certificate.issued.v1", &of, detail).await?;
            tell_certificate(tx, tenant, &row, None, &alias).await?;
            Ok(certificate(row, today))
        };
        self.write_once(asked, "certificate.issue", write).await
    }

    /// Suspends a certificate, makes it valid again, or withdraws it for good.
    pub async fn change_certificate(
        &self,
        by: &By,
        number: &str,
        state: CertificateState,
        reason: &str,
    ) -> Result<Certificate, MonitorError> {
        let reason = words("/reason", reason)?;
        let today = self.store().clock().now().date();
        let operation = format!("certificate.change/{number}");
        let (asked, by, number) = (by, by.clone(), number.to_owned());
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let found = store::certificate::find(tx, by.tenant(), &number).await?;
            let row = found.ok_or_else(|| MonitorError::CertificateNotFound(number.clone()))?;
            let is_over = row.state == CertificateState::Withdrawn.name() || row.state == state.name();
            if is_over {
                let message = format!("the certificate is {} already", row.state);
                return Err(MonitorError::field("/state", "state", message));
            }
            store::certificate::change(tx, row.id, state.name(), &reason, &by.actor.id).await?;
            let detail = json!({"subject": row.subject, "before": row.state, "after": state.name(), "reason": reason});
            note(tx, &by, "monitor.certificate.change", &number, detail.clone()).await?;
            let of = format!("certificates/{number}");
            submit::publish(tx, &by, "stoa.monitor.certificate.changed.v1", &of, detail).await?;
            let before = row.state.clone();
            let row = CertificateRow {
                state: state.name().to_owned(),
                reason: reason.clone(),
                changed_at: tx.now(),
                changed_by: by.actor.id.clone(),
                ..row
            };
            let scopes = board::scopes(tx, by.tenant()).await?;
            let alias = scopes.find(&row.scope).map_or(row.scope.as_str(), |known| known.alias.as_str());
            tell_certificate(tx, by.tenant(), &row, Some(before), alias).await?;
            Ok(certificate(row, today))
        };
        self.write_once(asked, &operation, write).await
    }

    /// All certificates, newest first.
    pub async fn certificates(&self, tenant: &Tenant) -> Result<Vec<Certificate>, MonitorError> {
        let (tenant, today) = (tenant.clone(), self.store().clock().now().date());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let rows = store::certificate::list(tx, &tenant).await?;
            Ok(rows.into_iter().map(|row| certificate(row, today)).collect())
        };
        self.store().read(read).await
    }

    /// One certificate.
    pub async fn certificate(&self, tenant: &Tenant, number: &str) -> Result<Certificate, MonitorError> {
        let (tenant, number) = (tenant.clone(), number.to_owned());
        let today = self.store().clock().now().date();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let row = store::certificate::find(tx, &tenant, &number).await?;
            Ok(certificate(row.ok_or_else(|| MonitorError::CertificateNotFound(number.clone()))?, today))
        };
        self.store().read(read).await
    }

    /// The signed list of certificates that were suspended or withdrawn, as of now.
    pub async fn revocations(&self, tenant: &Tenant) -> Result<Statement, MonitorError> {
        let now = self.store().clock().now();
        let revoked: Vec<_> = self
            .certificates(tenant)
            .await?
            .into_iter()
            .filter(|certificate| matches!(certificate.state.as_str(), "suspended" | "withdrawn"))
            .map(|certificate| {
                json!({"number": certificate.number, "state": certificate.state, "reason": certificate.reason,
                    "since": certificate.changed_at})
            })
            .collect();
        // As of the day: the same list has the same signature all day.
        let text = json!({"issuer": self.address(), "tenant": tenant.as_str(), "date": now.date().to_string(), "revoked": revoked});
        let text = format!("{text:#}\n");
        let key = self.key().await?;
        let signature = key.sign_for(NAMESPACE, text.as_bytes()).map_err(MonitorError::Key)?;
        Ok(Statement { text, signature, public_key: key.public().to_string() })
    }

    /// The key of the monitor's statements, made when it is first needed.
    pub(super) async fn key(&self) -> Result<SigningKey, MonitorError> {
        let keys = self.shared.keys.clone().ok_or(MonitorError::NoKeys)?;
        let random = stoa_web::new_secret("").map_err(|_| MonitorError::NoKeys)?;
        let fresh = stoa_web::secret_hash(&random);
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            if store::certificate::seed(tx).await?.is_none() {
                let sealed = seal::seal(tx, &keys, SEALED_FOR, SEALED_FOR, &fresh).await?;
                store::certificate::put_seed(tx, &sealed).await?;
            }
            let sealed = store::certificate::seed(tx).await?.ok_or(MonitorError::NoKeys)?;
            let seed = seal::open(tx, &keys, SEALED_FOR, SEALED_FOR, &sealed).await?;
            let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| MonitorError::NoKeys)?;
            SigningKey::from_seed(seed, "compliance-monitor").map_err(MonitorError::Key)
        };
        let mut known = self.shared.signing.lock().await;
        if let Some(key) = &*known {
            return Ok(key.clone());
        }
        let key = self.store().write(write).await?;
        *known = Some(key.clone());
        Ok(key)
    }
}

/// Notes what happened to a certificate among the changes, and tells it.
async fn tell_certificate(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    row: &CertificateRow,
    before: Option<String>,
    alias: &str,
) -> Result<(), MonitorError> {
    let what = ChangedRow::Certificate {
        number: row.number.clone(),
        before: before.unwrap_or_default(),
        after: row.state.clone(),
        version: row.version.clone(),
        reason: row.reason.clone(),
    };
    let change = ChangeRow {
        id: tx.new_id(),
        at: row.changed_at,
        subject: row.subject.clone(),
        scope: row.scope.clone(),
        what,
        cause: Cause::Decision.name().to_owned(),
        evidence: None,
    };
    tell_change(tx, tenant, &change, alias).await
}

fn words(pointer: &str, text: &str) -> Result<String, MonitorError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(MonitorError::field(pointer, "required", "is required"));
    }
    if text.chars().count() > WORDS_CHARS_MAX {
        return Err(MonitorError::field(pointer, "max", format!("must have at most {WORDS_CHARS_MAX} characters")));
    }
    Ok(text.to_owned())
}

/// The day before the same day of the next year: a year counts its first day.
fn a_year_later(day: Date) -> Date {
    let same = Date::new(day.year().saturating_add(YEARS), day.month(), day.day());
    // From a leap day to the end of February.
    same.unwrap_or_else(|_| day.plus_days(366)).plus_days(-1)
}

fn certificate(row: CertificateRow, today: Date) -> Certificate {
    let is_over = row.ends_on.parse::<Date>().is_ok_and(|last| today > last);
    let state = if is_over && row.state == "valid" { "ended".to_owned() } else { row.state };
    Certificate {
        number: row.number,
        subject: row.subject,
        scope: row.scope,
        version: row.version,
        holder: row.holder,
        issued_on: row.issued_on,
        ends_on: row.ends_on,
        state,
        reason: row.reason,
        changed_at: row.changed_at,
    }
}
