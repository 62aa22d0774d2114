//! Who is told by mail: asked for on a page, confirmed by mail, ended by one click.

use std::time::Duration;

use stoa_core::{Problem, Tenant};
use stoa_store::Tx;
use stoa_ui::Locale;

use super::Monitor;
use super::telling::{About, post};
use crate::error::MonitorError;
use crate::store;
use crate::store::subscription::SubscriptionRow;

/// Characters of an address at most (RFC 5321).
const EMAIL_CHARS_MAX: usize = 254;
/// How soon the same address is asked again to confirm the same: nobody fills another's box by this form.
const ASKED_AGAIN: Duration = Duration::from_hours(1);
/// And how often one address is asked about different things in that time.
const ASKED_MAX: i64 = 5;
/// How long a subscription waits to be confirmed.
const UNCONFIRMED_KEPT: Duration = Duration::from_hours(72);

/// What somebody wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewSubscription {
    /// The address.
    pub email: String,
    /// A subject; empty for all.
    pub subject: String,
    /// A scope, by its short name; empty for all.
    pub scope: String,
    /// Whether also a summary comes every week.
    pub weekly: bool,
}

/// A subscription, for whoever holds its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The address.
    pub email: String,
    /// The subject; empty for all.
    pub subject: String,
    /// The scope; empty for all.
    pub scope: String,
    /// Whether also a summary comes every week.
    pub weekly: bool,
    /// Whether the address confirmed it.
    pub is_confirmed: bool,
}

/// Whether a text can be an address of mail; only a mail that arrives proves that it is one.
pub(super) fn is_mail_address(text: &str) -> bool {
    text.chars().count() <= EMAIL_CHARS_MAX
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control() || "<>,;".contains(letter))
}

impl Monitor {
    /// Whether mail can be sent.
    pub fn has_mail(&self) -> bool {
        self.shared.mail.is_some()
    }

    /// Takes a wish to be told, and asks the address to confirm it. The answer is the same whoever is known already.
    pub async fn subscribe(&self, tenant: &Tenant, new: NewSubscription, locale: Locale) -> Result<(), Problem> {
        let email = new.email.trim().to_owned();
        if !is_mail_address(&email) {
            return Err(MonitorError::field("/email", "format", "must be a mail address").into());
        }
        let board = self.board(tenant).await?;
        if !new.subject.is_empty()
            && board.subjects(&new.subject).is_none_or(|subjects| subjects != [new.subject.as_str()])
        {
            return Err(MonitorError::field("/subject", "unknown", "is no subject of this monitor").into());
        }
        if !new.scope.is_empty() && board.scopes.find(&new.scope).is_none() {
            return Err(MonitorError::field("/scope", "unknown", "is no scope of this monitor").into());
        }
        let token = stoa_web::new_secret("")?;
        let tenant = tenant.clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), MonitorError> {
            let now = tx.now();
            let same = store::subscription::find_same(tx, &tenant, &email, &new.subject, &new.scope).await?;
            // Whoever types somebody's address changes nothing of what that one confirmed.
            if same.as_ref().is_some_and(|row| row.confirmed_at.is_some()) {
                return Ok(());
            }
            let row = SubscriptionRow {
                id: same.as_ref().map_or_else(|| tx.new_id(), |row| row.id),
                tenant: tenant.as_str().to_owned(),
                email: email.clone(),
                subject: new.subject.clone(),
                scope: new.scope.clone(),
                language: locale.tag().to_owned(),
                token: same.as_ref().map_or_else(|| token.clone(), |row| row.token.clone()),
                weekly: new.weekly,
                created_at: now,
                confirmed_at: None,
            };
            let is_soon = same.is_some_and(|row| now.since(row.created_at) < ASKED_AGAIN);
            let asked = store::subscription::asked(tx, &tenant, &row.email, now.minus(ASKED_AGAIN)).await?;
            if is_soon || asked >= ASKED_MAX {
                return Ok(());
            }
            store::subscription::put(tx, &row).await?;
            post(tx, row.id, About::Confirm).await
        };
        Ok(self.store().write(write).await?)
    }

    /// The subscription with this token.
    pub async fn subscription(&self, token: &str) -> Result<Option<Subscription>, MonitorError> {
        let token = token.to_owned();
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            Ok(store::subscription::find_by_token(tx, &token).await?)
        };
        Ok(self.store().read(read).await?.map(|row| Subscription {
            email: row.email,
            subject: row.subject,
            scope: row.scope,
            weekly: row.weekly,
            is_confirmed: row.confirmed_at.is_some(),
        }))
    }

    /// The holder of the token confirms it; false where there is none.
    pub async fn confirm_subscription(&self, token: &str) -> Result<bool, MonitorError> {
        self.with_subscription(token, true).await
    }

    /// The holder of the token ends it; false where there is none.
    pub async fn end_subscription(&self, token: &str) -> Result<bool, MonitorError> {
        self.with_subscription(token, false).await
    }

    async fn with_subscription(&self, token: &str, is_wanted: bool) -> Result<bool, MonitorError> {
        let token = token.to_owned();
        let write = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let Some(row) = store::subscription::find_by_token(tx, &token).await? else { return Ok(false) };
            if is_wanted {
                store::subscription::confirm(tx, row.id).await?;
            } else {
                store::subscription::remove(tx, row.id).await?;
            }
            Ok(true)
        };
        self.store().write(write).await
    }

    /// Forgets those that nobody confirmed in time.
    pub(super) async fn forget_unconfirmed(&self) -> Result<(), MonitorError> {
        let before = self.store().clock().now().minus(UNCONFIRMED_KEPT);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), MonitorError> {
            Ok(store::subscription::forget_unconfirmed(tx, before).await?)
        };
        self.store().write(write).await
    }
}
