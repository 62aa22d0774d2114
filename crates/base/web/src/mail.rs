//! The one way in which the node sends mail: a port that blocks call, and SMTP behind it.

use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use stoa_core::{Problem, Refusal};

/// How long one delivery to the mail server may take.
const TIME: std::time::Duration = std::time::Duration::from_secs(20);

/// A mail to one person. Nobody sees who else got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The receiver's address, with or without a name.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The text for those who read text.
    pub text: String,
    /// The same as a page, if there is one.
    pub html: Option<String>,
    /// Names this mail for ever, so that a second try is known as the same: `<id>` of `Message-ID`.
    pub id: String,
}

/// Why a mail was not taken by the mail server.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The receiver's address, or a header, is none. Trying again makes no sense.
    #[error("the mail cannot be written: {0}")]
    Invalid(String),
    /// The mail server refused it for good.
    #[error("the mail server refuses the mail: {0}")]
    Refused(String),
    /// The mail server is away or asks to come again.
    #[error("the mail server is away: {0}")]
    Away(String),
    /// The address of the mail server in the configuration is none.
    #[error("`mail.smtp_url` cannot be used: {0}")]
    Setup(String),
}

impl MailError {
    /// Whether trying again later makes sense.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_))
    }

    /// The kind in one word, without anything that a person or a server wrote.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Refused(_) => "refused",
            Self::Away(_) => "away",
            Self::Setup(_) => "setup",
        }
    }
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        // The server's own words may name the receiver; the log gets the kind alone.
        tracing::warn!(kind = error.kind(), "web: a mail was not sent");
        match error {
            MailError::Invalid(_) => {
                Self::new(Refusal::Invalid, "web.address_refused").detail("The mail address cannot be used.")
            }
            MailError::Away(_) => {
                Self::new(Refusal::Busy, "web.other_system_unavailable").retry_after(std::time::Duration::from_mins(1))
            }
            MailError::Refused(_) | MailError::Setup(_) => Self::new(Refusal::BadGateway, "web.other_system_failed"),
        }
    }
}

/// Sends mail. A mail that was taken is the mail server's from then on.
#[async_trait]
pub trait MailPort: Send + Sync {
    /// Hands one mail over.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// Mail by SMTP (RFC 5321), with TLS as the address says.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// A mail server by its URL: `smtps://user:password@host:465` (TLS from the beginning) or `smtp://host:587`, where
    /// STARTTLS is required unless the host is this machine.
    pub fn new(url: &str, from: &str) -> Result<Self, MailError> {
        let setup = |error: &dyn std::fmt::Display| MailError::Setup(error.to_string());
        let from: Mailbox = from.parse().map_err(|error| setup(&format!("`mail.from`: {error}")))?;
        let own = ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| {
            let rest = url.strip_prefix("smtp://").unwrap_or("");
            let authority = rest.rsplit('@').next().unwrap_or("");
            authority.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
        });
        // Only the query may choose another way: a password may well hold these letters.
        let chosen = url.split_once('?').is_some_and(|(_, query)| query.split('&').any(|one| one.starts_with("tls=")));
        let url = if url.starts_with("smtp://") && !own && !chosen {
            format!("{url}{}tls=required", if url.contains('?') { '&' } else { '?' })
        } else {
            url.to_owned()
        };
        // Somebody else may have installed it before: the same one, there is only one in the house.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|error| setup(&error))?;
        Ok(Self { transport: transport.timeout(Some(TIME)).build(), from })
    }
}

#[async_trait]
impl MailPort for Smtp {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let invalid = |error: &dyn std::fmt::Display| MailError::Invalid(error.to_string());
        // A line break in a subject would begin a header of the sender's choice.
        if mail.subject.chars().any(char::is_control) || mail.id.chars().any(char::is_control) {
            return Err(MailError::Invalid("the subject holds a control character".to_owned()));
        }
        let domain = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(mail.to.parse().map_err(|error| invalid(&error))?)
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .subject(&mail.subject);
        let message = match &mail.html {
            None => message.header(ContentType::TEXT_PLAIN).body(mail.text.clone()),
            Some(html) => message.multipart(
                MultiPart::alternative()
                    .singlepart(SinglePart::plain(mail.text.clone()))
                    .singlepart(SinglePart::html(html.clone())),
            ),
        };
        let message = message.map_err(|error| invalid(&error))?;
        self.transport.send(message).await.map(drop).map_err(|error| {
            let words = error.to_string();
            if error.is_permanent() { MailError::Refused(words) } else { MailError::Away(words) }
        })
    }
}
