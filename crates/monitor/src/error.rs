//! Why the monitor refused or failed.

use stoa_audit::AuditError;
use stoa_core::{Date, FieldError, Problem, ProblemInfo, Refusal};
use stoa_standards::ReadError;
use stoa_standards::signature::{KeyError, SignatureError};
use stoa_store::StoreError;
use stoa_store::seal::SealError;

/// A refusal or failure of the monitor.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// No such subject or group takes part.
    #[error("there is no subject {0}")]
    SubjectNotFound(String),
    /// No scope has that id or short name.
    #[error("there is no scope {0}")]
    ScopeNotFound(String),
    /// The scope has no such version.
    #[error("the scope has no version {0}")]
    VersionNotFound(String),
    /// The scope takes in no such standard.
    #[error("the scope has no standard {0}")]
    StandardNotFound(String),
    /// The scope has no such test case.
    #[error("the scope has no test case {0}")]
    TestCaseNotFound(String),
    /// The public table has no name of its own for that.
    #[error("there is no listing {0}")]
    ListingNotFound(String),
    /// No report has that id.
    #[error("there is no report {0}")]
    ReportNotFound(String),
    /// The report came without its signed bytes: with the history of another monitor.
    #[error("the signed bytes of the report {0} were not kept by the monitor that it came from")]
    NotSigned(String),
    /// The text of the report was removed, as the operator of the monitor wants it.
    #[error("the text of the report {id} was removed on {on}; its results are kept")]
    TextRemoved {
        /// The report.
        id: String,
        /// When.
        on: Date,
    },
    /// There is no such waiver or manual result, or it is decided.
    #[error("there is nothing of that id to decide about")]
    DecisionNotFound,
    /// There is no certificate of that number.
    #[error("there is no certificate {0}")]
    CertificateNotFound(String),
    /// The monitor's own key cannot be used.
    #[error("the key of the monitor cannot be used: {0}")]
    Key(KeyError),
    /// The monitor's own key cannot be had here.
    #[error("the key of the monitor cannot be had here")]
    NoKeys,
    /// A sealed value could not be made or opened.
    #[error(transparent)]
    Seal(SealError),
    /// There is no such subscription, or it ended.
    #[error("there is no such subscription; it may have ended")]
    SubscriptionNotFound,
    /// The signature does not count.
    #[error(transparent)]
    Signature(SignatureError),
    /// The submitter may not act for the subject.
    #[error("the account {submitter} may not hand in reports about {subject}")]
    NotDelegated {
        /// Who handed it in.
        submitter: String,
        /// What it is about.
        subject: String,
    },
    /// A report of that id was taken before.
    #[error("the report {0} was taken before")]
    Replayed(String),
    /// The body is no report; each mistake with its place.
    #[error("the body is no report")]
    Unreadable(Vec<FieldError>),
    /// The body is of a type that is not taken.
    #[error("reports are taken as application/x-signed-yaml and application/x-signed-json")]
    ContentType,
    /// The request breaks a rule.
    #[error("the request is not valid")]
    InvalidRequest(Vec<FieldError>),
    /// Whoever recorded a result may not approve it too.
    #[error("a second person has to decide about what you recorded")]
    SamePerson,
    /// The database failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The evidence could not be written.
    #[error(transparent)]
    Audit(AuditError),
}

/// A store that is busy is that wherever the unit of work met it.
impl From<SealError> for MonitorError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Store(error) => Self::Store(error),
            other => Self::Seal(other),
        }
    }
}

impl From<AuditError> for MonitorError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error) => Self::Store(error),
            other => Self::Audit(other),
        }
    }
}

impl MonitorError {
    /// A request with one field at fault.
    pub fn field(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::InvalidRequest(vec![FieldError { pointer: pointer.into(), code, message: message.into() }])
    }

    /// A report or another document with mistakes, each at its place.
    pub fn unreadable(error: &ReadError) -> Self {
        Self::Unreadable(field_errors(error))
    }
}

/// The mistakes of a document as those of fields: `run.uuid` becomes `/run/uuid`, and the line stands in the message.
pub(crate) fn field_errors(error: &ReadError) -> Vec<FieldError> {
    let pointer = |path: &str| {
        let steps = path.replace('[', ".").replace(']', "");
        steps.split('.').filter(|step| !step.is_empty()).map(|step| format!("/{step}")).collect::<String>()
    };
    let message = |fault: &stoa_standards::Fault| match fault.line {
        0 => fault.message.clone(),
        line => format!("line {line}: {}", fault.message),
    };
    let errors = error.faults.iter().map(|fault| FieldError {
        pointer: pointer(&fault.path),
        code: "format",
        message: message(fault),
    });
    errors.collect()
}

impl From<MonitorError> for Problem {
    fn from(error: MonitorError) -> Self {
        use MonitorError as E;
        let words = error.to_string();
        let problem = |refusal, code| Problem::new(refusal, code).detail(format!("{}.", capital(&words)));
        match error {
            E::SubjectNotFound(_) => problem(Refusal::NotFound, "monitor.subject_not_found"),
            E::ScopeNotFound(_) => problem(Refusal::NotFound, "monitor.scope_not_found"),
            E::VersionNotFound(_) => problem(Refusal::NotFound, "monitor.version_not_found"),
            E::StandardNotFound(_) => problem(Refusal::NotFound, "monitor.standard_not_found"),
            E::TestCaseNotFound(_) => problem(Refusal::NotFound, "monitor.test_case_not_found"),
            E::ListingNotFound(_) => problem(Refusal::NotFound, "monitor.listing_not_found"),
            E::ReportNotFound(_) => problem(Refusal::NotFound, "monitor.report_not_found"),
            E::NotSigned(_) => problem(Refusal::NotFound, "monitor.not_signed"),
            E::TextRemoved { .. } => problem(Refusal::Gone, "monitor.text_removed"),
            E::DecisionNotFound => problem(Refusal::NotFound, "monitor.decision_not_found"),
            E::CertificateNotFound(_) => problem(Refusal::NotFound, "monitor.certificate_not_found"),
            E::Key(_) | E::NoKeys => problem(Refusal::Failed, "web.failed"),
            E::Seal(error) => error.into(),
            E::SubscriptionNotFound => problem(Refusal::NotFound, "monitor.subscription_not_found"),
            E::Signature(_) => problem(Refusal::Forbidden, "monitor.signature_refused"),
            E::NotDelegated { .. } => problem(Refusal::Forbidden, "monitor.not_delegated"),
            E::Replayed(_) => problem(Refusal::Conflict, "monitor.report_replayed"),
            E::ContentType => problem(Refusal::UnsupportedMedia, "monitor.content_type"),
            E::Unreadable(errors) => with(problem(Refusal::Invalid, "monitor.invalid_report"), errors),
            E::InvalidRequest(errors) => with(problem(Refusal::Invalid, "monitor.invalid_request"), errors),
            E::SamePerson => problem(Refusal::Forbidden, "monitor.same_person"),
            E::Store(error) => error.into(),
            E::Audit(error) => error.into(),
        }
    }
}

fn with(mut problem: Problem, errors: Vec<FieldError>) -> Problem {
    problem.errors = errors;
    problem
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

macro_rules! page {
    ($code:literal, $title:literal) => {
        ProblemInfo::new($code, $title, include_str!(concat!("../../../docs/reference/problems/", $code, ".md")))
    };
}

/// The problems that the monitor can name.
pub const PROBLEMS: &[ProblemInfo] = &[
    page!("monitor.subject_not_found", "There is no such subject"),
    page!("monitor.scope_not_found", "There is no such scope"),
    page!("monitor.version_not_found", "The scope has no such version"),
    page!("monitor.standard_not_found", "The scope has no such standard"),
    page!("monitor.test_case_not_found", "The scope has no such test case"),
    page!("monitor.listing_not_found", "There is no such listing"),
    page!("monitor.report_not_found", "There is no such report"),
    page!("monitor.not_signed", "The signed bytes were not kept"),
    page!("monitor.text_removed", "The text of the report was removed"),
    page!("monitor.decision_not_found", "There is nothing to decide about"),
    page!("monitor.certificate_not_found", "There is no such certificate"),
    page!("monitor.subscription_not_found", "There is no such subscription"),
    page!("monitor.signature_refused", "The signature does not count"),
    page!("monitor.not_delegated", "The submitter may not act for the subject"),
    page!("monitor.report_replayed", "The report was taken before"),
    page!("monitor.content_type", "The body is of a type that is not taken"),
    page!("monitor.invalid_report", "The body is no report"),
    page!("monitor.invalid_request", "The request is not valid"),
    page!("monitor.same_person", "A second person has to decide"),
];
