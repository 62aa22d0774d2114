//! A state as people see it: the cell of the table, and the badge that others embed.

use axum::extract::State as Extract;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use stoa_standards::scope::Validity;
use stoa_ui::{Badge, Html, Tone, Words, escape};
use stoa_web::{Fault, Params, Path, Public, bytes_as};

use crate::error::MonitorError;
use crate::model::standing::{CaseState, Standing, State, VersionStanding};
use crate::service::Monitor;

/// The key of a state's word.
pub(crate) const fn state_key(state: State) -> &'static str {
    match state {
        State::Pass => "monitor-state-pass",
        State::Fail => "monitor-state-fail",
        State::Missing => "monitor-state-missing",
        State::Aborted => "monitor-state-aborted",
        State::Nothing => "monitor-state-nothing",
    }
}

/// The key of a test case's state.
pub(super) const fn case_key(state: CaseState) -> &'static str {
    match state {
        CaseState::Pass => "monitor-case-pass",
        CaseState::Fail => "monitor-case-fail",
        CaseState::Missing => "monitor-case-missing",
        CaseState::Expired => "monitor-case-expired",
        CaseState::Aborted => "monitor-case-aborted",
        CaseState::Waived => "monitor-case-waived",
    }
}

const fn validity_key(validity: Validity) -> &'static str {
    match validity {
        Validity::Effective => "monitor-validity-effective",
        Validity::Warn => "monitor-validity-warn",
        Validity::Draft => "monitor-validity-draft",
        Validity::Deprecated => "monitor-validity-deprecated",
    }
}

/// The word for what a version counts for.
pub(crate) fn validity(w: &Words, validity: Validity) -> String {
    w.t(validity_key(validity))
}

/// How a state is coloured. A version that ends soon is a warning even when it is kept.
pub(super) const fn tone(state: State, validity: Option<Validity>) -> Tone {
    match (state, validity) {
        (State::Pass, Some(Validity::Warn)) | (State::Missing | State::Aborted, _) => Tone::Warning,
        (State::Pass, Some(Validity::Deprecated)) | (State::Fail, _) => Tone::Bad,
        (State::Pass, Some(Validity::Draft)) | (State::Nothing, _) => Tone::Plain,
        (State::Pass, _) => Tone::Good,
    }
}

/// How the state of a test case is coloured.
pub(super) const fn case_tone(state: CaseState) -> Tone {
    match state {
        CaseState::Pass => Tone::Good,
        CaseState::Fail => Tone::Bad,
        CaseState::Missing | CaseState::Expired | CaseState::Aborted | CaseState::Waived => Tone::Warning,
    }
}

/// The names of the versions that are kept, each with a mark of the published monitor where it is not effective.
pub(crate) fn kept_names(standing: &Standing, with_drafts: bool) -> String {
    let shown = |version: &&VersionStanding| with_drafts || version.validity != Validity::Draft;
    let mark = |validity| match validity {
        Validity::Effective => "",
        Validity::Draft => "*",
        Validity::Warn => "†",
        Validity::Deprecated => "††",
    };
    let names = standing.kept().filter(shown).map(|version| format!("{}{}", version.name, mark(version.validity)));
    names.collect::<Vec<_>>().join(", ")
}

/// The cell of the table: what the state is, and of which version.
pub(super) fn cell(w: &Words, standing: Option<&Standing>, with_drafts: bool) -> Html {
    let Some(standing) = standing else { return Badge::html(Tone::Plain, w.t(state_key(State::Nothing))) };
    let decisive = standing.decisive();
    let kept = kept_names(standing, with_drafts);
    let decides = || decisive.map(|version| version.name.clone()).unwrap_or_default();
    // What is kept stands behind a pass; behind anything else what decides.
    let version = if kept.is_empty() || !standing.state.is_green() { decides() } else { kept };
    let word = w.t(state_key(standing.state));
    let text = if version.is_empty() { word } else { format!("{word} {version}") };
    let badge = Badge::html(tone(standing.state, decisive.map(|version| version.validity)), text);
    if standing.is_verified() || standing.state == State::Nothing {
        return badge;
    }
    badge.then(Html::trusted(" ")).then(Html::quiet(w.t("monitor-self-reported-short")))
}

/// The cell of the table where one version is looked at.
pub(super) fn of_version(w: &Words, state: State, version: &str, validity: Validity) -> Html {
    let word = w.t(state_key(state));
    Badge::html(tone(state, Some(validity)), if state == State::Nothing { word } else { format!("{word} {version}") })
}

/// A badge in SVG: what is shown, the state, the version and the day.
pub(super) async fn badge(
    asking: Public,
    Extract(monitor): Extract<Monitor>,
    Path((subject, scope)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Fault> {
    let scope = scope.strip_suffix(".svg").unwrap_or(&scope);
    let board = monitor.board(&asking.actor.tenant).await?;
    let known = board.scopes.find(scope).ok_or_else(|| MonitorError::ScopeNotFound(scope.to_owned()))?;
    let subjects = board.subjects(&subject).ok_or_else(|| MonitorError::SubjectNotFound(subject.clone()))?;
    let subjects: Vec<String> = subjects.into_iter().map(str::to_owned).collect();
    let entry = board.worst(&subjects, known.scope.uuid).map(|(_, entry)| entry);
    let (mut state, mut version, mut validity) = (State::Nothing, String::new(), None);
    if let Some(standing) = entry.map(|entry| &entry.standing) {
        match params.get("version") {
            Some(name) => {
                let found = standing.version(name).ok_or_else(|| MonitorError::VersionNotFound(name.to_owned()))?;
                (state, version, validity) = (found.state, found.name.clone(), Some(found.validity));
            }
            None => {
                state = standing.state;
                version = standing.decisive().map(|version| version.name.clone()).unwrap_or_default();
                validity = standing.decisive().map(|version| version.validity);
            }
        }
    }
    let w = monitor.words(&params)?;
    let word = w.t(state_key(state));
    let is_own = params.get("version").is_none() && entry.is_some_and(|entry| !entry.standing.is_verified());
    let vouched = if is_own { format!(" · {}", w.t("monitor-self-reported-short")) } else { String::new() };
    let value = format!("{word} {version}{vouched} · {}", w.date(board.date)).replace("  ", " ");
    let drawn = drawn(&known.scope.name, value.trim(), tone(state, validity));
    let mut response = bytes_as(StatusCode::OK, "image/svg+xml", drawn);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/svg+xml; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    // It is there to be embedded elsewhere.
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    Ok(response)
}

/// Two fields beside each other. Letters are taken for as wide as the widest of common fonts, so nothing is cut.
fn drawn(label: &str, value: &str, tone: Tone) -> String {
    let width = |text: &str| u32::try_from(text.chars().count()).unwrap_or(0) * 7 + 16;
    let (left, right) = (width(label), width(value));
    let colour = match tone {
        Tone::Good => "#1a6b34",
        Tone::Bad => "#a4161a",
        Tone::Warning => "#8a5300",
        _ => "#555f6b",
    };
    let (label, value) = (escape(label), escape(value));
    let (all, left_middle, right_middle) = (left + right, left / 2, left + right / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"22\" role=\"img\" \
         aria-label=\"{label}: {value}\"><title>{label}: {value}</title>\
         <rect width=\"{left}\" height=\"22\" fill=\"#37424f\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"22\" fill=\"{colour}\"/>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"{left_middle}\" y=\"15\">{label}</text><text x=\"{right_middle}\" y=\"15\">{value}</text></g></svg>\n"
    )
}
