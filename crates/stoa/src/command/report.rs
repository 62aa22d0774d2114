//! `stoa report`: reports as files, their signatures, and their way to a monitor.

mod diff;
mod keys;

use std::path::{Path, PathBuf};

use stoa_checks::assessment::Assessment;
use stoa_checks::render::{self, Colour};
use stoa_checks::submit::{Form, Submission, SubmitError, Taken, submit};
use stoa_core::plain;
use stoa_monitor::model::bundle::{self, BundleError, Verified};
use stoa_standards::report::{Report, read_json, read_yaml};
use stoa_standards::scope::{self, Scope};
use stoa_standards::signature::{self, SignatureError};
use stoa_standards::verdict::Reading;

use super::files::{self, put, text};
use crate::cli::{ReportCommand, ReportFormat};
use crate::console::{Console, may_colour};
use crate::exit::{Exit, Failure};

/// Runs one command to its end.
pub(super) async fn run(command: ReportCommand, console: &Console) -> Result<Exit, Failure> {
    match command {
        ReportCommand::Sign { report, key, joined } => sign(&report, &key, joined.as_deref(), console).await,
        ReportCommand::Verify { report, keys, signature } => {
            verify(&report, &keys, signature.as_deref(), console).await
        }
        ReportCommand::VerifyBundle { bundle, keys, any_key: _ } => verify_bundle(&bundle, &keys, console).await,
        ReportCommand::Show { report, spec, reading, format } => {
            show(&report, spec.as_deref(), reading, format, console).await
        }
        ReportCommand::Diff { old, new, format } => diff::run(&old, &new, format, console).await,
        ReportCommand::Submit { report, to, token_file, key, signature, ca } => {
            let signed = signed(&report, key.as_deref(), signature.as_deref())?;
            hand_over(&signed, &to, &token_file, ca.as_deref(), console).await
        }
    }
}

/// Verifies a monitor's bundle.
async fn verify_bundle(path: &Path, keys: &[PathBuf], console: &Console) -> Result<Exit, Failure> {
    let trusted = if keys.is_empty() { Vec::new() } else { keys::allowed(bundle::NAMESPACE, keys)? };
    let verified = match bundle::verify(&text(path)?, &trusted) {
        Ok(verified) => verified,
        Err(error @ BundleError::Malformed(_)) => {
            return Err(Failure::new(Exit::Usage, format!("{}: {error}", files::shown(path)))
                .advice("Give a bundle as the monitor gives it."));
        }
        Err(error) => {
            return Err(Failure::new(Exit::Problems, format!("{}: {error}", files::shown(path)))
                .advice("Do not rely on it; ask the monitor for a new one."));
        }
    };
    let Verified { bundle, key, report_keys, is_scope_known } = verified;
    let evaluation = &bundle.evaluation;
    let version = evaluation.version.as_deref().unwrap_or("no version");
    let said = plain(&format!("{}, {}: {} {version}", bundle.subject, bundle.scope.name, evaluation.state.name()));
    console.out(format!("{said}, at {}", bundle.at)).await?;
    let by = if trusted.is_empty() { "signed with (nobody was named as trusted)" } else { "signed with" };
    console.out(format!("{by}: {key}")).await?;
    for key in report_keys {
        console.out(format!("reports signed with: {key}")).await?;
    }
    let (reports, manual, waivers) = (bundle.reports.len(), bundle.by_hand.len(), bundle.waivers.len());
    console.out(format!("{reports} reports, {manual} results by hand, {waivers} waivers add up to it")).await?;
    if !bundle.moved.is_empty() {
        let moved = bundle.moved.len();
        let line =
            format!("{moved} more reports came from another monitor without their signatures: take its word, or not");
        console.out(line).await?;
    }
    if !is_scope_known {
        console.out("judged by the scope in the bundle, which is none of those that this program brings").await?;
    }
    Ok(Exit::Done)
}

/// A report in its file: the text, byte for byte as it is signed, and the signature that stands before it, if one does.
struct ReportFile {
    path: PathBuf,
    signature: Option<String>,
    text: String,
    reports: Vec<Report>,
    form: Form,
}

impl ReportFile {
    fn read(path: &Path) -> Result<Self, Failure> {
        let whole = text(path)?;
        let (signature, text) = match signature::split(&whole) {
            Ok((signature, report)) => (Some(signature.to_owned()), report.to_owned()),
            Err(_) => (None, whole),
        };
        let is_json = text.trim_start().starts_with('{');
        let read = if is_json { read_json(&text).map(|report| vec![report]) } else { read_yaml(&text) };
        let reports = read.map_err(|error| {
            let lines: String = error.to_string().lines().map(|line| format!("\n  {line}")).collect();
            Failure::new(Exit::Usage, format!("{} is no report:{lines}", files::shown(path)))
                .advice("Give a report in the published format, as `stoa check cloud --format yaml` writes it.")
        })?;
        let form = if is_json { Form::Json } else { Form::Yaml };
        Ok(Self { path: path.to_owned(), signature, text, reports, form })
    }

    /// The signature: in the file itself, in the one that is named, or beside it.
    fn signature(&self, named: Option<&Path>) -> Result<String, Failure> {
        match (named, &self.signature) {
            (Some(named), _) => text(named),
            (None, Some(own)) => Ok(own.clone()),
            (None, None) => {
                let beside = beside(&self.path);
                if files::is_standard_input(&self.path) {
                    return Err(Failure::new(Exit::Usage, "the report on standard input has no signature before it")
                        .advice("Name the signature with --signature."));
                }
                if !beside.exists() {
                    let message = format!("{} has no signature: there is no {}", self.path.display(), beside.display());
                    return Err(Failure::new(Exit::Usage, message)
                        .advice("Sign it with `stoa report sign`, or name the signature with --signature."));
                }
                text(&beside)
            }
        }
    }
}

/// `report.yaml.sig`
fn beside(report: &Path) -> PathBuf {
    let mut name = report.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

async fn sign(report: &Path, key: &Path, joined: Option<&Path>, console: &Console) -> Result<Exit, Failure> {
    let file = ReportFile::read(report)?;
    if file.signature.is_some() && joined.is_none() {
        let message = format!("{} holds a signature already", report.display());
        return Err(Failure::new(Exit::Usage, message)
            .advice("Sign the report itself, or write another joined file with --joined."));
    }
    joined.map(files::see_to).transpose()?;
    if files::is_standard_input(report) && joined.is_none() {
        return Err(Failure::new(
            Exit::Usage,
            "a report on standard input has no file beside which its signature could be",
        )
        .advice("Name a file for report and signature with --joined."));
    }
    let key = keys::signing(key)?;
    let signature = key.sign(file.text.as_bytes()).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let written = match joined {
        Some(joined) => {
            put(joined, &signature::join(&signature, &file.text))?;
            joined.to_owned()
        }
        None => {
            let beside = beside(report);
            put(&beside, &signature)?;
            beside
        }
    };
    console.out(format!("{}: signed with {}", written.display(), key.public().fingerprint())).await?;
    Ok(Exit::Done)
}

async fn verify(report: &Path, keys: &[PathBuf], named: Option<&Path>, console: &Console) -> Result<Exit, Failure> {
    let file = ReportFile::read(report)?;
    let signature = file.signature(named)?;
    let allowed = keys::allowed(signature::NAMESPACE, keys)?;
    match signature::verify(&signature, file.text.as_bytes(), &allowed) {
        Ok(key) => {
            let who = if key.comment().is_empty() { String::new() } else { format!(" ({})", shown(key.comment())) };
            console
                .out(format!("{}: signed with {}{who}, and unchanged", files::shown(report), key.fingerprint()))
                .await?;
            for report in &file.reports {
                let subject = shown(&report.subject);
                console.out(format!("  {subject}: {}, {}", shown(&report.scope.name), report.checked_at)).await?;
            }
            Ok(Exit::Done)
        }
        Err(error) => {
            let failure = Failure::new(Exit::Problems, format!("{}: {error}", files::shown(report)));
            Err(match error {
                SignatureError::UnknownKey { .. } => failure.advice("Give the signer's public key with --key."),
                SignatureError::Namespace { .. } => {
                    failure.advice("Sign it with `stoa report sign`, or ssh-keygen -Y sign -n report.")
                }
                SignatureError::Unsupported { .. } => failure.advice("Sign with a key of type ssh-ed25519."),
                _ => failure.advice("Get the report and its signature once more from whoever made them."),
            })
        }
    }
}

async fn show(
    report: &Path,
    spec: Option<&Path>,
    reading: Reading,
    format: ReportFormat,
    console: &Console,
) -> Result<Exit, Failure> {
    let file = ReportFile::read(report)?;
    let given = spec.map(read_scope).transpose()?;
    for report in &file.reports {
        let scope = match &given {
            Some(given) if given.uuid == report.scope.uuid => given,
            Some(given) => {
                let message =
                    format!("the report is about the scope {}, the file describes {}", report.scope.uuid, given.uuid);
                return Err(
                    Failure::new(Exit::Usage, message).advice("Give the description of that scope with --spec.")
                );
            }
            None => scope::find_built_in(&report.scope.uuid.to_string()).ok_or_else(|| {
                Failure::new(Exit::Usage, format!("the scope {} is none that is built in", report.scope.uuid))
                    .advice("Give its description with --spec FILE.")
            })?,
        };
        console.out(written(report, scope, reading, format)).await?;
    }
    Ok(Exit::Done)
}

/// A report in one of the formats, without the last line end.
pub(super) fn written(report: &Report, scope: &Scope, reading: Reading, format: ReportFormat) -> String {
    let assessment = || Assessment::of_report(report, scope, reading);
    let text = match format {
        ReportFormat::Text => render::text(&assessment(), colour()),
        ReportFormat::Json => report.to_json(),
        ReportFormat::Yaml => report.to_yaml(),
        ReportFormat::Junit => render::junit(&assessment()),
        ReportFormat::Html => render::html(&assessment()),
        ReportFormat::Markdown => render::markdown(&assessment()),
    };
    text.trim_end_matches('\n').to_owned()
}

/// Whether standard output shows colours.
fn colour() -> Colour {
    use std::io::IsTerminal as _;
    if may_colour() && std::io::stdout().is_terminal() { Colour::Yes } else { Colour::No }
}

/// A scope in the published format.
pub(super) fn read_scope(path: &Path) -> Result<Scope, Failure> {
    scope::read(&text(path)?).map_err(|error| {
        let lines: String = error.to_string().lines().map(|line| format!("\n  {line}")).collect();
        Failure::new(Exit::Usage, format!("{} is no scope:{lines}", path.display()))
            .advice("Give a scope in the published YAML format (scs-0003-v1).")
    })
}

/// A report that is signed.
struct Signed {
    body: String,
    form: Form,
}

fn signed(report: &Path, key: Option<&Path>, named: Option<&Path>) -> Result<Signed, Failure> {
    let file = ReportFile::read(report)?;
    let signature = match key {
        Some(key) => keys::signing(key)?
            .sign(file.text.as_bytes())
            .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?,
        None => {
            let signature = file.signature(named)?;
            // Whose key it is, the monitor knows; that the signature fits is known here already.
            signature::verify_any(&signature, file.text.as_bytes()).map_err(|error| {
                Failure::new(Exit::Problems, format!("{}: {error}", files::shown(report)))
                    .advice("Nothing was handed over. Sign the report once more with `stoa report sign`.")
            })?;
            signature
        }
    };
    Ok(Signed { body: signature::join(&signature, &file.text), form: file.form })
}

async fn hand_over(
    signed: &Signed,
    to: &str,
    token_file: &Path,
    ca: Option<&Path>,
    console: &Console,
) -> Result<Exit, Failure> {
    let token = text(token_file)?;
    let authority = ca.map(|path| text(path).map(String::into_bytes)).transpose()?;
    let submission =
        Submission { monitor: to, token: token.trim(), body: signed.body.clone(), form: signed.form, authority };
    match submit(&submission).await {
        Ok(Taken::Now) => console.out("the monitor took the report").await?,
        Ok(Taken::Before) => console.out("the monitor has this report already").await?,
        Err(error) => return Err(not_taken(&error, token_file, ca)),
    }
    Ok(Exit::Done)
}

fn not_taken(error: &SubmitError, token_file: &Path, ca: Option<&Path>) -> Failure {
    let usage = |message: String, advice: &str| Failure::new(Exit::Usage, message).advice(advice);
    let failed = |advice: &str| Failure::new(Exit::Failed, error.to_string()).advice(advice);
    match error {
        SubmitError::Address { .. } => usage(error.to_string(), "Give the monitor's address with https://."),
        SubmitError::Token => usage(
            format!("{}: {error}", token_file.display()),
            "Write NAME:PASSPHRASE in base64 into it: printf %s NAME:PASSPHRASE | base64 -w0",
        ),
        SubmitError::Authority(_) => usage(
            format!("{}: {error}", ca.unwrap_or(Path::new("--ca")).display()),
            "Give a file of certificates in PEM, which begin with -----BEGIN CERTIFICATE-----.",
        ),
        SubmitError::Http(_) => failed("See that the monitor can be reached from here, then submit again."),
        SubmitError::Refused { status: 300..=399, .. } => {
            failed("The monitor is elsewhere, and a token is not sent on. Give its own address with --to.")
        }
        SubmitError::Refused { status: 401, .. } => failed(
            "See that the token is that of the subject, and that the monitor knows the key that signed the report.",
        ),
        SubmitError::Refused { status: 404, .. } => failed("See that the address is the monitor's."),
        SubmitError::Refused { status: 415, .. } => failed("Submit the report as YAML."),
        SubmitError::Refused { status: 500.., .. } => failed("Submit again later."),
        SubmitError::Refused { .. } => failed("Look at what the monitor says, then submit again."),
    }
}

/// A text of others that cannot steer a terminal.
fn shown(text: &str) -> String {
    stoa_standards::tree::shortened(text)
}
