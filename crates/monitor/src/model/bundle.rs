//! A bundle of evidence: everything that a subject's state rests on, in one signed file that anybody can verify without
//! asking anybody.
//!
//! It holds the signed reports behind the newest results, what people decided, the scope, and the state that the monitor
//! claims. Whoever verifies it verifies each signature and works the state out again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stoa_core::{Date, Instant};
use stoa_standards::report::{read_json, read_yaml};
use stoa_standards::scope::{self, Scope, Validity};
use stoa_standards::signature::{self, PublicKey, SignatureError};
use stoa_standards::verdict::Verdict;
use uuid::Uuid;

use super::history::Piece;
use super::results::{Results, Source};
use super::standing::{CaseState, Standing, State, Waived};

/// What bundles are signed for.
pub const NAMESPACE: &str = "bundle";

/// A bundle in its file: the statement as a text, byte for byte as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedBundle {
    /// The [`Bundle`] as JSON.
    pub statement: String,
    /// The monitor's signature over it, in armor.
    pub signature: String,
    /// The key that made it, as a line of `authorized_keys` has it.
    pub public_key: String,
}

/// What a monitor says about a subject under a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bundle {
    /// The monitor's address.
    pub monitor: String,
    /// When it says so.
    pub at: Instant,
    /// The subject.
    pub subject: String,
    /// The scope.
    pub scope: BundleScope,
    /// The reports that the newest results come from.
    pub reports: Vec<BundleReport>,
    /// Those that came with the history of another monitor, which did not keep their signatures: the monitor's word.
    #[serde(default)]
    pub moved: Vec<BundleMoved>,
    /// Newest results that people found.
    pub by_hand: Vec<BundleManual>,
    /// Failures that are tolerated.
    pub waivers: Vec<BundleWaiver>,
    /// What all that adds up to.
    pub evaluation: Evaluation,
}

/// The scope of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleScope {
    /// Its id.
    pub uuid: Uuid,
    /// Its title.
    pub name: String,
    /// Its document in the published format; in bundles of before 2026-12 none where it is one of the program's own.
    pub document: Option<String>,
}

/// A report as it was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleReport {
    /// Its id.
    pub id: Uuid,
    /// How its results came about, as the monitor says.
    pub source: Source,
    /// The type of the signed text.
    pub content_type: String,
    /// The signed text.
    pub body: String,
    /// Its signature in armor.
    pub signature: String,
    /// The key that made it.
    pub public_key: String,
}

/// What a report without a signature says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleMoved {
    /// Its id.
    pub id: Uuid,
    /// When the tests ran.
    pub checked_at: Instant,
    /// 1, 0 or -1 by test case.
    pub results: BTreeMap<String, i64>,
}

/// A result that a person found, and a second one approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleManual {
    /// Its id.
    pub id: Uuid,
    /// The test case.
    pub test_case: String,
    /// 1, 0 or -1.
    pub result: i64,
    /// When.
    pub checked_at: Instant,
    /// What was looked at.
    pub evidence: String,
}

/// A failure that is tolerated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleWaiver {
    /// The test case.
    pub test_case: String,
    /// The last day on which it is.
    pub ends_on: String,
    /// Why.
    pub reason: String,
}

/// What results add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evaluation {
    /// The state.
    pub state: State,
    /// The version that decides.
    pub version: Option<String>,
    /// Each version that counts for something, with its state.
    pub versions: Vec<EvaluatedVersion>,
    /// Each test case.
    pub test_cases: BTreeMap<String, CaseState>,
}

/// A version with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvaluatedVersion {
    /// Its name.
    pub name: String,
    /// What it counts for.
    pub validity: Validity,
    /// What its target `main` adds up to.
    pub state: State,
}

impl Evaluation {
    /// What a standing says.
    pub fn new(standing: &Standing) -> Self {
        Self {
            state: standing.state,
            version: standing.decisive().map(|version| version.name.clone()),
            versions: standing
                .versions
                .iter()
                .map(|version| EvaluatedVersion {
                    name: version.name.clone(),
                    validity: version.validity,
                    state: version.state,
                })
                .collect(),
            test_cases: standing.cases.iter().map(|(id, case)| (id.clone(), case.state)).collect(),
        }
    }
}

/// Why a bundle proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It is no bundle.
    #[error("this is no bundle: {0}")]
    Malformed(String),
    /// Its signature does not count.
    #[error("the monitor's signature: {0}")]
    Signature(SignatureError),
    /// It was signed by another than was expected.
    #[error("it was signed with {found}, which is none of the keys that are trusted")]
    Untrusted {
        /// The key that signed it, as OpenSSH names it.
        found: String,
    },
    /// A report's signature does not count.
    #[error("the report {id}: {error}")]
    Report {
        /// The report.
        id: Uuid,
        /// What is wrong.
        error: String,
    },
    /// The bundle does not hold its scope, which is not one of the program's own either.
    #[error("the scope {0} is not known here, and the bundle does not hold it")]
    Scope(Uuid),
    /// The evidence adds up to something else.
    #[error("the evidence does not add up to what is claimed: {0}")]
    Evaluation(String),
}

/// What a bundle proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub bundle: Bundle,
    /// The key that signed it, as OpenSSH names it.
    pub key: String,
    /// The keys that signed its reports.
    pub report_keys: Vec<String>,
    /// Whether the scope by which it is judged is word for word one of the program's own.
    pub is_scope_known: bool,
}

/// Verifies a bundle: the monitor's signature, by one of `trusted` unless there are none; each report's signature; and that
/// the evidence adds up to what is claimed. Whose the reports' keys are is for the reader to know.
pub fn verify(text: &str, trusted: &[PublicKey]) -> Result<Verified, BundleError> {
    let malformed = |error: serde_json::Error| BundleError::Malformed(error.to_string());
    let signed: SignedBundle = serde_json::from_str(text).map_err(malformed)?;
    let key = signature::verify_for(NAMESPACE, &signed.signature, signed.statement.as_bytes())
        .map_err(BundleError::Signature)?;
    let found = key.fingerprint();
    if !trusted.is_empty() && !trusted.iter().any(|key| key.fingerprint() == found) {
        return Err(BundleError::Untrusted { found });
    }
    let bundle: Bundle = serde_json::from_str(&signed.statement).map_err(malformed)?;
    let scope = scope_of(&bundle.scope)?;
    let mut results = Results::default();
    let mut report_keys = Vec::new();
    for report in &bundle.reports {
        let (piece, key) = piece(&bundle, report)?;
        piece.within(&scope).add_to(&mut results);
        if !report_keys.contains(&key) {
            report_keys.push(key);
        }
    }
    for moved in &bundle.moved {
        let verdicts = moved.results.iter().map(|(id, number)| Ok((id.clone(), verdict(*number)?)));
        let verdicts = verdicts.collect::<Result<_, BundleError>>()?;
        unsigned(moved.id, moved.checked_at, Source::Moved, verdicts).add_to(&mut results);
    }
    for manual in &bundle.by_hand {
        let verdicts = [(manual.test_case.clone(), verdict(manual.result)?)].into();
        unsigned(manual.id, manual.checked_at, Source::Manual, verdicts).add_to(&mut results);
    }
    let waived: Vec<Waived> = bundle
        .waivers
        .iter()
        .filter_map(|waiver| {
            let ends_on = waiver.ends_on.parse::<Date>().ok()?;
            // A bundle holds those that hold at its instant.
            Some(Waived { test_case: waiver.test_case.clone(), from: Instant::EPOCH, ends_on, withdrawn_at: None })
        })
        .collect();
    let evaluation = Evaluation::new(&Standing::new(&scope, &results, &waived, bundle.at));
    if evaluation != bundle.evaluation {
        return Err(BundleError::Evaluation(difference(&bundle.evaluation, &evaluation)));
    }
    let own = scope::built_in().map(|(_, own)| own).find(|own| own.uuid == scope.uuid);
    let is_scope_known = own == Some(&scope);
    Ok(Verified { bundle, key: found, report_keys, is_scope_known })
}

fn verdict(number: i64) -> Result<Verdict, BundleError> {
    Verdict::of_number(number).ok_or_else(|| BundleError::Malformed(format!("{number} is no result")))
}

/// What the monitor says without a report that is signed.
fn unsigned(id: Uuid, checked_at: Instant, source: Source, verdicts: BTreeMap<String, Verdict>) -> Piece {
    Piece { id, checked_at, counts_from: checked_at, source, verdicts }
}

/// A report's results, once its signature and what it is about are sure; and the key that signed it.
fn piece(bundle: &Bundle, report: &BundleReport) -> Result<(Piece, String), BundleError> {
    let wrong = |error: String| BundleError::Report { id: report.id, error };
    let key =
        signature::verify_any(&report.signature, report.body.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    let documents = match report.content_type.as_str() {
        "application/json" => read_json(&report.body).map(|report| vec![report]),
        _ => read_yaml(&report.body),
    };
    let documents = documents.map_err(|error| wrong(error.to_string()))?;
    let document = documents.into_iter().find(|document| document.run.uuid == report.id);
    let document = document.ok_or_else(|| wrong("the signed text holds another report".to_owned()))?;
    if document.subject != bundle.subject || document.scope.uuid != bundle.scope.uuid {
        return Err(wrong("it is about something else".to_owned()));
    }
    let verdicts = document.all_verdicts();
    let (id, checked_at) = (report.id, document.checked_at);
    Ok((Piece { id, checked_at, counts_from: checked_at, source: report.source, verdicts }, key.fingerprint()))
}

fn scope_of(scope: &BundleScope) -> Result<Scope, BundleError> {
    match &scope.document {
        Some(document) => {
            let read = scope::read(document).map_err(|error| BundleError::Malformed(error.to_string()))?;
            if read.uuid == scope.uuid { Ok(read) } else { Err(BundleError::Scope(scope.uuid)) }
        }
        None => {
            let own = scope::built_in().map(|(_, own)| own).find(|own| own.uuid == scope.uuid);
            own.cloned().ok_or(BundleError::Scope(scope.uuid))
        }
    }
}

/// Where two evaluations differ, in a few words.
fn difference(claimed: &Evaluation, found: &Evaluation) -> String {
    let case = claimed.test_cases.iter().find(|(id, state)| found.test_cases.get(*id) != Some(state));
    if let Some((id, state)) = case {
        let found = found.test_cases.get(id).map_or("unknown", |state| state.name());
        return format!("{id} is {found}, not {}", state.name());
    }
    let version = claimed.versions.iter().zip(&found.versions).find(|(claimed, found)| claimed != found);
    if let Some((claimed, found)) = version {
        let of = |version: &EvaluatedVersion| {
            format!("{} ({}) {}", version.name, version.validity.name(), version.state.name())
        };
        return format!("{}, not {}", of(found), of(claimed));
    }
    format!("{}, not {}", found.state.name(), claimed.state.name())
}
