//! Background work: what waits, what runs, what was given up, and what to do about it.

use axum::response::Response;
use stoa_audit::{AuditError, Record};
use stoa_core::{Id, Problem, Refusal};
use stoa_store::jobs::{self, JobEntry, JobFilter, JobState};
use stoa_store::{Store, Tx, outbox};
use stoa_ui::{Address, Badge, Choice, Column, Confirm, Field, Form, Html, Notice, Page, Table, Tone};
use stoa_web::{Allowed, Fault, FormFields, Params, Right as _, View, see_other};

use crate::{JobsManage, JobsRead, Room, State, shown};

/// Entries of one list at most.
const MOST: u32 = 100;

fn state_of(word: &str) -> Option<JobState> {
    [JobState::Ready, JobState::Running, JobState::Dead].into_iter().find(|state| state.as_str() == word)
}

/// Jobs and dead letters of every database.
pub(crate) async fn list(
    allowed: Allowed<JobsRead>,
    view: View,
    parts: State,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let state = params.get("state").and_then(state_of);
    let states = [JobState::Ready, JobState::Running, JobState::Dead]
        .map(|choice| Choice::new(choice.as_str(), w.t(key_of(choice))).chosen(state == Some(choice)));
    let any = Choice::new("", w.t("portal-any")).chosen(state.is_none());
    let filter = Form::filter("/console/jobs", w).field(Field::select(
        "state",
        w.t("portal-state"),
        std::iter::once(any).chain(states),
    ));
    let manages = allowed.may(JobsManage::INFO.permission);
    let now = parts.node.store().clock().now();
    let mut table = Table::new(w.t("portal-jobs"))
        .column(Column::new(w.t("portal-work")))
        .column(Column::new(w.t("portal-database")))
        .column(Column::new(w.t("portal-state")))
        .column(Column::new(w.t("portal-runs")))
        .column(Column::new(w.t("portal-attempts")).numeric())
        .column(Column::new(w.t("portal-last-error")))
        .column(Column::new(w.t("portal-actions")).quiet())
        .empty(w.t("portal-jobs-none"));
    for room in &parts.rooms {
        let filter = JobFilter { state, ..JobFilter::default() };
        for job in room.store.read(async move |tx: &mut Tx<'_>| jobs::list(tx, &filter, MOST).await).await? {
            let (tone, word) = (tone_of(job.state), w.t(key_of(job.state)));
            let acts = if manages && job.state == JobState::Dead {
                acts(&view, room, "job", &job.id.to_string(), "")
            } else {
                Html::empty()
            };
            table = table.row([
                named(&job),
                Html::text(room.name),
                Badge::html(tone, word),
                w.ago(job.run_at, now),
                Html::text(w.number(job.attempts)),
                Html::isolated(job.last_error.as_deref().unwrap_or("")),
                acts,
            ]);
        }
    }
    let mut letters = Table::new(w.t("portal-letters"))
        .column(Column::new(w.t("portal-event")))
        .column(Column::new(w.t("portal-subscriber")))
        .column(Column::new(w.t("portal-given-up")))
        .column(Column::new(w.t("portal-attempts")).numeric())
        .column(Column::new(w.t("portal-last-error")))
        .column(Column::new(w.t("portal-actions")).quiet())
        .empty(w.t("portal-letters-none"));
    for room in &parts.rooms {
        let dead = room.store.read(async |tx: &mut Tx<'_>| outbox::dead_letters(tx, None, -1, MOST).await).await?;
        for letter in dead {
            let acts = if manages {
                acts(&view, room, "letter", &letter.sequence.to_string(), &letter.subscriber)
            } else {
                Html::empty()
            };
            letters = letters.row([
                Html::code(&letter.type_),
                Html::code(&letter.subscriber),
                w.ago(letter.dead_at, now),
                Html::text(w.number(letter.attempts)),
                Html::isolated(&letter.last_error),
                acts,
            ]);
        }
    }
    let mut page = Page::new(&view.frame, w.t("portal-jobs"))
        .wide()
        .crumb(w.t("portal-console"), "/console")
        .lead(w.t("portal-jobs-about"))
        .push(filter.render(w))
        .push(table.render(w))
        .push(Html::heading(w.t("portal-letters")))
        .push(Html::paragraph(w.t("portal-letters-about")))
        .push(letters.render(w));
    let done = match params.get("done") {
        Some("retried") => Some("portal-retried"),
        Some("dropped") => Some("portal-dropped"),
        _ => None,
    };
    if let Some(done) = done {
        page = page.notice(Notice::html(Tone::Good, w.t(done), Html::empty()));
    }
    Ok(shown(&page))
}

fn named(job: &JobEntry) -> Html {
    let kind = Html::code(&job.kind);
    match &job.key {
        Some(key) => kind.then(Html::trusted(" ")).then(Html::quiet(key)),
        None => kind,
    }
}

const fn key_of(state: JobState) -> &'static str {
    match state {
        JobState::Ready => "portal-job-ready",
        JobState::Running => "portal-job-running",
        JobState::Dead => "portal-job-dead",
    }
}

const fn tone_of(state: JobState) -> Tone {
    match state {
        JobState::Ready => Tone::Plain,
        JobState::Running => Tone::Info,
        JobState::Dead => Tone::Bad,
    }
}

/// The ways out of a dead letter.
fn acts(view: &View, room: &Room, what: &str, id: &str, subscriber: &str) -> Html {
    let w = view.words();
    let form = |act: &str, label: String| {
        Form::post("/console/jobs/act", &view.frame, label)
            .field(Field::hidden("act", act))
            .field(Field::hidden("what", what))
            .field(Field::hidden("room", room.name))
            .field(Field::hidden("id", id))
            .field(Field::hidden("subscriber", subscriber))
    };
    form("retry", w.t("portal-retry")).render(w).then(Confirm::html(
        w.t("portal-drop"),
        w.t("portal-drop-title"),
        w.t("portal-drop-text"),
        &form("drop", w.t("portal-drop")).danger(),
        w,
    ))
}

/// Tries a dead letter again, or drops it, and writes down who did.
pub(crate) async fn act(allowed: Allowed<JobsManage>, parts: State, typed: FormFields) -> Result<Response, Fault> {
    let missing = || Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such dead letter any more.");
    let room = parts.room(typed.text("room")).ok_or_else(missing)?;
    let (what, id) = (typed.text("what").to_owned(), typed.text("id").to_owned());
    let again = typed.text("act") == "retry";
    let subscriber = typed.text("subscriber").to_owned();
    let store: &Store = &room.store;
    let done = store
        .write(async move |tx: &mut Tx<'_>| -> Result<bool, AuditError> {
            let done = match (what.as_str(), id.parse::<i64>(), id.parse::<Id<_>>()) {
                ("job", _, Ok(id)) if again => jobs::retry(tx, id).await?,
                ("job", _, Ok(id)) => jobs::cancel(tx, id).await?,
                ("letter", Ok(sequence), _) if again => {
                    outbox::retry(tx, &subscriber, sequence).await? == outbox::Retried::Yes
                }
                ("letter", Ok(sequence), _) => outbox::discard(tx, &subscriber, sequence).await?,
                _ => false,
            };
            if done {
                let action = if again { "node.job.retry" } else { "node.job.drop" };
                let object = format!("{what}/{subscriber}{id}");
                stoa_audit::append(tx, &Record::done(&allowed.actor, action, object)).await?;
            }
            Ok(done)
        })
        .await?;
    if !done {
        return Err(missing().into());
    }
    let back = Address::new("/console/jobs").with("done", if again { "retried" } else { "dropped" });
    Ok(see_other(&back.to_string()))
}
