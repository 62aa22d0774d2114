//! Signing in, step by step, inside of one transaction in one browser. Whoever guesses waits longer each time, and the
//! answer is the same whether the person is there or not.

use serde_json::json;
use stoa_core::Tenant;
use stoa_store::{Tx, seal};

use super::factors::{About, FactorKind, recovery_hash};
use super::sessions::{At, SignedInPerson};
use super::{By, Identity, PersonId, secret, subject_of};
use crate::error::IdentityError;
use crate::model::acr::{Method, Methods};
use crate::model::person::normal;
use crate::model::throttle::Counted;
use crate::model::totp;
use crate::store;

/// What somebody shows.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// A name and a password.
    Password {
        /// By what the person is found.
        name: String,
        /// The password as it was typed.
        password: String,
    },
    /// A code of an authenticator application or from the printed sheet, after a password.
    Code(String),
    /// A code that was sent, in the place of a password.
    Sent {
        /// By what the person is found.
        name: String,
        /// The code.
        code: String,
    },
}

/// What comes after a proof.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// A code is wanted too.
    Code,
    /// Signed in.
    Done(SignedInPerson),
}

/// An attempt that was counted.
pub(super) struct Attempt {
    name: [u8; 32],
    network: Option<[u8; 32]>,
}

impl Identity {
    /// Looks at what somebody shows in a transaction.
    pub(crate) async fn prove(&self, transaction: &str, at: &At, proof: Proof) -> Result<Next, IdentityError> {
        let hash = stoa_web::secret_hash(transaction);
        let browser = at.browser;
        let read = async move |tx: &mut Tx<'_>| -> Result<_, IdentityError> {
            Ok(store::transaction::find(tx, &hash, &browser).await?)
        };
        let row = self.store().read(read).await?.ok_or(IdentityError::SignInOver)?;
        let tenant = Tenant::new(row.tenant).unwrap_or_default();
        match proof {
            Proof::Password { name, password } => {
                let person = self.by_password(&tenant, at, &name, password).await?;
                self.go_on(&tenant, &hash, at, person, Methods::of([Method::Password])).await
            }
            Proof::Sent { name, code } => {
                let person = self.by_sent_code(&tenant, at, &name, &code).await?;
                self.go_on(&tenant, &hash, at, person, Methods::of([Method::SentCode])).await
            }
            Proof::Code(code) => {
                let person = row.person.ok_or(IdentityError::SignInOver)?;
                let mut methods = Methods::read(&row.methods);
                methods.add(self.by_code(&tenant, at, person, &code).await?);
                self.done(&tenant, &hash, at, person, methods).await.map(Next::Done)
            }
        }
    }

    /// Whom a name and a password belong to.
    pub(super) async fn by_password(
        &self,
        tenant: &Tenant,
        at: &At,
        name: &str,
        password: String,
    ) -> Result<PersonId, IdentityError> {
        let (tenant_of, hash, browser) = (tenant.clone(), self.identifier_hash(name), at.browser);
        let read = async move |tx: &mut Tx<'_>| -> Result<(Option<PersonId>, bool), IdentityError> {
            let Some(found) = store::person::by_identifier(tx, &tenant_of, &hash).await? else {
                return Ok((None, false));
            };
            let row = store::person::by_id(tx, found.person).await?;
            let person = row.filter(|row| row.state == "active").map(|row| row.id);
            Ok((person, store::session::knows_browser(tx, found.person, &browser).await?))
        };
        let (person, is_known) = self.store().read(read).await?;
        // Whoever guesses from elsewhere does not lock a person out of a browser that they came with before.
        let under = if is_known {
            let browser: String = at.browser.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}\0{browser}", normal(name))
        } else {
            normal(name)
        };
        let counted = self.count_attempt(tenant, at, &under).await?;
        let kept = self.kept_password(person).await?;
        let fits = match self.hashing().verify(kept, password).await {
            Ok(fits) => fits,
            Err(error) => {
                // Nothing was looked at: it was no failure.
                self.take_back_attempt(counted).await?;
                return Err(error);
            }
        };
        match person.filter(|_| fits) {
            Some(person) => {
                self.forget_attempts(counted).await?;
                Ok(person)
            }
            None => refused(),
        }
    }

    /// Whether a code is one of the person's; each counts once.
    async fn by_code(&self, tenant: &Tenant, at: &At, person: PersonId, code: &str) -> Result<Method, IdentityError> {
        let counted = self.count_attempt(tenant, at, &format!("code of {person}")).await?;
        match self.own_code(person, code).await? {
            Some(method) => {
                self.forget_attempts(counted).await?;
                Ok(method)
            }
            None => refused(),
        }
    }

    /// The same, for whoever counted the attempt already.
    pub(super) async fn own_code(&self, person: PersonId, code: &str) -> Result<Option<Method>, IdentityError> {
        let (master, now, code) = (self.master().clone(), self.now(), code.to_owned());
        let write = async move |tx: &mut Tx<'_>| -> Result<Option<Method>, IdentityError> {
            let subject = subject_of(person);
            for row in store::factor::of_kind(tx, person, FactorKind::Totp.as_str()).await? {
                let key = seal::open(tx, &master, &subject, FactorKind::Totp.sealed_in(), &row.sealed).await?;
                if let Some(step) = totp::verify(&key, &code, now.seconds(), row.counter)
                    && store::factor::note_use(tx, row.id, step).await?
                {
                    return Ok(Some(Method::OneTimeCode));
                }
            }
            let wanted = recovery_hash(&code);
            for row in store::factor::of_kind(tx, person, FactorKind::Recovery.as_str()).await? {
                let text = seal::open(tx, &master, &subject, FactorKind::Recovery.sealed_in(), &row.sealed).await?;
                let mut hashes: Vec<String> = serde_json::from_slice(&text).unwrap_or_default();
                let before = hashes.len();
                hashes.retain(|hash| *hash != wanted);
                if hashes.len() < before {
                    let text = json!(hashes).to_string();
                    let kind = FactorKind::Recovery.sealed_in();
                    let sealed = seal::seal(tx, &master, &subject, kind, text.as_bytes()).await?;
                    store::factor::set_sealed(tx, row.id, &sealed).await?;
                    return Ok(Some(Method::RecoveryCode));
                }
            }
            Ok(None)
        };
        self.store().write(write).await
    }

    /// Counts an attempt before it is looked at, so that many at once count too. Refused while too many failed.
    pub(super) async fn count_attempt(&self, tenant: &Tenant, at: &At, name: &str) -> Result<Attempt, IdentityError> {
        let under = |what: &str| self.master().mac("identity.attempt", format!("{tenant}\0{what}").as_bytes());
        let by_name = under(name);
        let by_network = at.network.map(|network| under(&format!("network {network}")));
        let write = async move |tx: &mut Tx<'_>| -> Result<Option<std::time::Duration>, IdentityError> {
            let now = tx.now();
            let counted = [(Some(by_name), Counted::Name), (by_network, Counted::Network)];
            let mut held = Vec::new();
            for (hash, kind) in counted.into_iter().filter_map(|(hash, kind)| Some((hash?, kind))) {
                let attempts = store::factor::attempts(tx, &hash).await?;
                if let Some(wait) = attempts.wait(kind, now) {
                    return Ok(Some(wait));
                }
                held.push((hash, attempts));
            }
            for (hash, attempts) in held {
                store::factor::set_attempts(tx, &hash, attempts.failed(now)).await?;
            }
            Ok(None)
        };
        match self.store().write(write).await? {
            Some(wait) => Err(IdentityError::TooManyAttempts(wait)),
            None => Ok(Attempt { name: by_name, network: by_network }),
        }
    }

    /// Somebody came in: what failed under their name is forgotten. What failed from their network is not, but for this
    /// attempt; others guess from there too.
    pub(super) async fn forget_attempts(&self, counted: Attempt) -> Result<(), IdentityError> {
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            store::factor::clear_attempts(tx, &counted.name).await?;
            if let Some(network) = &counted.network {
                store::factor::take_back_attempt(tx, network).await?;
            }
            Ok(())
        };
        self.store().write(write).await
    }

    /// An attempt that was counted and not looked at.
    async fn take_back_attempt(&self, counted: Attempt) -> Result<(), IdentityError> {
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            for hash in [Some(&counted.name), counted.network.as_ref()].into_iter().flatten() {
                store::factor::take_back_attempt(tx, hash).await?;
            }
            Ok(())
        };
        self.store().write(write).await
    }

    /// Whether a code of the person's application is wanted beside these methods: who set one up is asked for it, whichever
    /// way they come.
    pub(super) async fn wants_application(
        tx: &mut Tx<'_>,
        person: PersonId,
        methods: &Methods,
    ) -> Result<bool, IdentityError> {
        if methods.shows_possession() {
            return Ok(false);
        }
        Ok(!store::factor::of_kind(tx, person, FactorKind::Totp.as_str()).await?.is_empty())
    }

    /// After a password: a code is wanted where the person has an application for it.
    async fn go_on(
        &self,
        tenant: &Tenant,
        transaction: &[u8; 32],
        at: &At,
        person: PersonId,
        methods: Methods,
    ) -> Result<Next, IdentityError> {
        let (hash, words, shown) = (*transaction, methods.words(), methods.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<bool, IdentityError> {
            let wants_code = Self::wants_application(tx, person, &shown).await?;
            if wants_code {
                store::transaction::set_proved(tx, &hash, Some(person), &words).await?;
            }
            Ok(wants_code)
        };
        if self.store().write(write).await? {
            return Ok(Next::Code);
        }
        self.done(tenant, transaction, at, person, methods).await.map(Next::Done)
    }

    /// Signs in for good.
    async fn done(
        &self,
        tenant: &Tenant,
        transaction: &[u8; 32],
        at: &At,
        person: PersonId,
        methods: Methods,
    ) -> Result<SignedInPerson, IdentityError> {
        let (this, hash, at, given) = (self.clone(), *transaction, at.clone(), secret()?);
        let by = By::person(tenant, person, at.info.clone());
        let write = async move |tx: &mut Tx<'_>| -> Result<SignedInPerson, IdentityError> {
            let row = store::person::by_id(tx, person).await?.filter(|row| row.state == "active");
            row.ok_or(IdentityError::NotProved)?;
            let signed_in = this.sign_in_as(tx, &by, person, &methods, &at, &given).await?;
            store::transaction::set_signed_in(tx, &hash).await?;
            if signed_in.is_new_browser {
                this.post(tx, person, About::NewBrowser, "").await?;
            }
            Ok(signed_in)
        };
        self.store().write(write).await
    }
}

/// What was shown does not hold. Guesses go to the log of the node and not to the evidence, which whoever guesses could
/// fill.
pub(super) fn refused<T>() -> Result<T, IdentityError> {
    tracing::info!(target: "security", "identity: a proof did not hold");
    Err(IdentityError::NotProved)
}
