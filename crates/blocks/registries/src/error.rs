//! Why the block refused or failed.

use stoa_audit::AuditError;
use stoa_core::{FieldError, Problem, ProblemInfo, Refusal};
use stoa_store::StoreError;
use stoa_store::keys::KeyError;
use stoa_store::seal::SealError;

/// A refusal or failure of the registries block.
#[derive(Debug, thiserror::Error)]
pub enum RegistriesError {
    /// No register of this tenant has that code or id.
    #[error("there is no register {0}")]
    RegistryNotFound(String),
    /// The register has no such version.
    #[error("the register {code} has no version {label}")]
    VersionNotFound {
        /// The register.
        code: String,
        /// The version that was asked for.
        label: String,
    },
    /// The register has no such field.
    #[error("the version has no field {0}")]
    FieldNotFound(String),
    /// No record matches.
    #[error("no record found")]
    RecordNotFound,
    /// Another register of this tenant has the code.
    #[error("the code {0} belongs to another register")]
    CodeTaken(String),
    /// There is no such uploaded file, or it is forgotten.
    #[error("there is no such file")]
    UploadNotFound,
    /// The schema breaks a rule.
    #[error("the schema is not valid")]
    InvalidSchema(Vec<FieldError>),
    /// The record breaks a rule of the schema.
    #[error("the record does not fit its schema")]
    InvalidRecord(Vec<FieldError>),
    /// The request breaks a rule.
    #[error("the request is not valid")]
    InvalidRequest(Vec<FieldError>),
    /// Another record has a value that must be unique.
    #[error("another record has the same {0}")]
    NotUnique(String),
    /// More than one record matches where one is meant.
    #[error("{0} records match where one is meant")]
    SeveralMatch(u64),
    /// Records of a register name this one, or records of it.
    #[error("records of the register {0} refer to it")]
    StillReferred(String),
    /// A version is on its way to be published.
    #[error("the version {0} is being published")]
    Publishing(String),
    /// Records that are there break rules that a new version brings.
    #[error("records that are there break the new rules")]
    BreaksNewRules(Vec<FieldError>),
    /// There is nothing to publish.
    #[error("the register has no draft")]
    NoDraft,
    /// Somebody else changed the draft since the designer saw it.
    #[error("the draft was changed by {0} in the meantime")]
    DraftChanged(String),
    /// The record has changed since the caller read it.
    #[error("the record is at version {0} by now")]
    Changed(i64),
    /// The database failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The evidence could not be written.
    #[error(transparent)]
    Audit(AuditError),
    /// A sealed value could not be made or opened.
    #[error(transparent)]
    Seal(SealError),
}

/// A store that is busy or too slow is that wherever the unit of work met it: callers wait for it and try again.
impl From<SealError> for RegistriesError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Store(error) | SealError::Key(KeyError::Store(error)) => Self::Store(error),
            other => Self::Seal(other),
        }
    }
}

impl From<AuditError> for RegistriesError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error) => Self::Store(error),
            AuditError::Seal(error) => error.into(),
            other => Self::Audit(other),
        }
    }
}

impl RegistriesError {
    /// A request with one field at fault.
    pub fn field(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::InvalidRequest(vec![FieldError { pointer: pointer.into(), code, message: message.into() }])
    }
}

/// What an import does something about, wherever in a unit of work it came from.
impl RegistriesError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) | Self::Audit(AuditError::Store(error)) | Self::Seal(SealError::Store(error)) => {
                Some(error)
            }
            _ => None,
        }
    }

    pub(crate) const fn is_not_unique(&self) -> bool {
        matches!(self, Self::NotUnique(_))
    }

    pub(crate) fn is_too_long(&self) -> bool {
        matches!(self.store(), Some(StoreError::TooLong { .. }))
    }

    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.store(), Some(StoreError::Busy { .. } | StoreError::Contended))
    }
}

impl From<RegistriesError> for Problem {
    fn from(error: RegistriesError) -> Self {
        use RegistriesError as E;
        let words = error.to_string();
        let problem = |refusal, code| Problem::new(refusal, code).detail(format!("{}.", capital(&words)));
        match error {
            E::RegistryNotFound(_) => problem(Refusal::NotFound, "registries.registry_not_found"),
            E::VersionNotFound { .. } => problem(Refusal::NotFound, "registries.version_not_found"),
            E::FieldNotFound(_) => problem(Refusal::NotFound, "registries.field_not_found"),
            E::RecordNotFound => problem(Refusal::NotFound, "registries.record_not_found"),
            E::UploadNotFound => problem(Refusal::NotFound, "registries.upload_not_found"),
            E::CodeTaken(_) => problem(Refusal::Conflict, "registries.code_taken"),
            E::InvalidSchema(errors) => with(problem(Refusal::Invalid, "registries.invalid_schema"), errors),
            E::InvalidRecord(errors) => with(problem(Refusal::Invalid, "registries.invalid_record"), errors),
            E::InvalidRequest(errors) => with(problem(Refusal::Malformed, "registries.invalid_request"), errors),
            E::NotUnique(_) => problem(Refusal::Conflict, "registries.not_unique"),
            E::SeveralMatch(_) => problem(Refusal::Conflict, "registries.several_match"),
            E::StillReferred(_) => problem(Refusal::Conflict, "registries.still_referred"),
            E::Publishing(_) => problem(Refusal::Conflict, "registries.publishing"),
            E::BreaksNewRules(errors) => with(problem(Refusal::Conflict, "registries.breaks_new_rules"), errors),
            E::NoDraft => problem(Refusal::Conflict, "registries.no_draft"),
            E::DraftChanged(_) => problem(Refusal::PreconditionFailed, "registries.draft_changed"),
            E::Changed(_) => problem(Refusal::PreconditionFailed, "registries.record_changed"),
            E::Store(error) => error.into(),
            E::Audit(error) => error.into(),
            E::Seal(error) => error.into(),
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
        ProblemInfo::new($code, $title, include_str!(concat!("../../../../docs/reference/problems/", $code, ".md")))
    };
}

/// The problems that this block can name.
pub const PROBLEMS: &[ProblemInfo] = &[
    page!("registries.registry_not_found", "There is no such register"),
    page!("registries.version_not_found", "The register has no such version"),
    page!("registries.field_not_found", "The version has no such field"),
    page!("registries.record_not_found", "No record found"),
    page!("registries.upload_not_found", "There is no such file"),
    page!("registries.code_taken", "The code belongs to another register"),
    page!("registries.invalid_schema", "The schema is not valid"),
    page!("registries.invalid_record", "The record does not fit its schema"),
    page!("registries.invalid_request", "The request is not valid"),
    page!("registries.not_unique", "Another record has the same value"),
    page!("registries.several_match", "Several records match"),
    page!("registries.still_referred", "Other records refer to this one"),
    page!("registries.publishing", "A version is being published"),
    page!("registries.breaks_new_rules", "Records that are there break the new rules"),
    page!("registries.no_draft", "There is no draft to publish"),
    page!("registries.draft_changed", "The draft has changed meanwhile"),
    page!("registries.record_changed", "The record has changed meanwhile"),
];
