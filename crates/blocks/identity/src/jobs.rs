//! What the block works on in the background: keys whose turn comes, mails, and what is over.

use std::time::Duration;

use async_trait::async_trait;
use stoa_store::jobs::{Job, JobError, JobHandler};
use stoa_store::{Backoff, StoreError, Tx};
use stoa_ui::{Locale, Texts};
use stoa_web::mail::{Mail, MailError};

use crate::error::IdentityError;
use crate::model::throttle::FORGOTTEN;
use crate::pages::CATALOGUES;
use crate::service::{About, FORGOT_JOB, Identity, Letter, MAIL_JOB};
use crate::store;

fn later(error: IdentityError) -> JobError {
    JobError::later(stoa_core::Problem::from(error).to_string())
}

/// Makes signing keys ahead of their turn.
pub(crate) struct TurnKeys(pub(crate) Identity);

#[async_trait]
impl JobHandler for TurnKeys {
    fn kind(&self) -> &'static str {
        "identity.keys"
    }

    fn every(&self) -> Option<Duration> {
        Some(Duration::from_hours(1))
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        self.0.turn_keys().await.map(drop).map_err(later)
    }
}

/// Forgets what is over: codes, tokens, sessions, requests, failures.
pub(crate) struct Tidy(pub(crate) Identity);

#[async_trait]
impl JobHandler for Tidy {
    fn kind(&self) -> &'static str {
        "identity.tidy"
    }

    fn every(&self) -> Option<Duration> {
        Some(Duration::from_mins(10))
    }

    async fn run(&self, _: &Job) -> Result<(), JobError> {
        let ended = async |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            // A code or refresh token that comes again a little later is still known as one that was used.
            let before = tx.now().minus(Duration::from_hours(1));
            store::tidy::forget_ended(tx, before).await
        };
        let attempts = async |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            let before = tx.now().minus(FORGOTTEN);
            store::tidy::forget_attempts(tx, before).await
        };
        while self.0.store().write(ended).await? > 0 {}
        while self.0.store().write(attempts).await? > 0 {}
        Ok(())
    }
}

/// Finds out who forgot a password.
pub(crate) struct Remind(pub(crate) Identity);

#[async_trait]
impl JobHandler for Remind {
    fn kind(&self) -> &'static str {
        FORGOT_JOB
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        self.0.remind(job.payload()?).await.map_err(later)
    }
}

/// Sends one mail to a person.
pub(crate) struct SendMail {
    identity: Identity,
    texts: Texts,
}

impl SendMail {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, texts: Texts::new(CATALOGUES) }
    }
}

#[async_trait]
impl JobHandler for SendMail {
    fn kind(&self) -> &'static str {
        MAIL_JOB
    }

    /// Over some hours: a code to set a password is made when the mail goes.
    fn backoff(&self) -> Backoff {
        Backoff { first: Duration::from_secs(10), longest: Duration::from_hours(1), attempts_max: 12 }
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let letter: Letter = job.payload()?;
        let Some(port) = self.identity.mail().cloned() else { return Ok(()) };
        let Some((to, code)) = self.identity.address_letter(&letter).await.map_err(later)? else { return Ok(()) };
        let w = self.texts.words(Locale::from_tag(&letter.language).unwrap_or_default());
        let issuer = self.identity.issuer();
        let (subject, text) = match letter.about {
            About::Reset => {
                let link = format!("{issuer}/activate?code={}", code.unwrap_or_default());
                (w.t("identity-mail-reset"), w.with("identity-mail-reset-text", &[("link", link.as_str().into())]))
            }
            About::NewBrowser => {
                let link = format!("{issuer}/me/security");
                let at = letter.at.to_string();
                let args = [("link", link.as_str().into()), ("at", at.as_str().into())];
                (w.t("identity-mail-browser"), w.with("identity-mail-browser-text", &args))
            }
            About::Wallet => {
                let link = format!("{issuer}/me/security");
                let at = letter.at.to_string();
                let args = [("link", link.as_str().into()), ("at", at.as_str().into())];
                (w.t("identity-mail-wallet"), w.with("identity-mail-wallet-text", &args))
            }
            About::Code => {
                let code = code.unwrap_or_default();
                (w.t("identity-mail-code"), w.with("identity-mail-code-text", &[("code", code.as_str().into())]))
            }
            About::PasswordChanged => {
                let at = letter.at.to_string();
                (w.t("identity-mail-password"), w.with("identity-mail-password-text", &[("at", at.as_str().into())]))
            }
        };
        let mail = Mail { to, subject, text, html: None, id: format!("identity.{}", job.id) };
        match port.send(&mail).await {
            Ok(()) => Ok(()),
            Err(error @ MailError::Away(_)) => Err(JobError::later(error.to_string())),
            // The address, or the server's word about it, stays as it is.
            Err(error) => Err(JobError::never(error.to_string())),
        }
    }
}
