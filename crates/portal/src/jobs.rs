//! Background work: what waits, what runs, what was given up, and what to do about it.

use axum::response::Response;
use stoa_audit::{AuditError, Record};
use stoa_core::{Id, Problem, Refusal};
use stoa_store::jobs::{self, JobEntry, JobFilter, JobId, JobState};
use stoa_store::outbox::DeadLetter;
use stoa_store::{Store, Tx, outbox};
use stoa_ui::{Address, Badge, Choice, Column, Field, Form, Html, Notice, Page, Paging, Table, Tone, escape};
use stoa_web::{Allowed, Fault, FormFields, Params, Right as _, View, see_other};

use crate::{JobsManage, JobsRead, PortalParts, Room, State, shown};

/// Entries of one list.
const SIZE: u32 = 25;
/// Dead letters that one form may pick.
const PICKED_MAX: usize = 200;

fn state_of(word: &str) -> Option<JobState> {
    [JobState::Ready, JobState::Running, JobState::Dead].into_iter().find(|state| state.as_str() == word)
}

/// What a page of one database shows, and from where.
struct Look<'a> {
    room: &'a Room,
    state: Option<JobState>,
    /// The last job of the page before.
    after: Option<JobId>,
    /// The last dead letter of the page before.
    letter: Option<i64>,
}

impl<'a> Look<'a> {
    fn read(parts: &'a PortalParts, params: &Params) -> Result<Self, Problem> {
        let wrong = |name: &str| {
            Problem::new(Refusal::Malformed, "web.invalid_parameter").field(name, "format", "is not of this list")
        };
        let first = parts.rooms.first().map_or("", |room| room.name);
        let room = parts.room(params.get("room").unwrap_or(first)).ok_or_else(|| wrong("?room"))?;
        let after = params.get("after").map(str::parse).transpose().map_err(|_| wrong("?after"))?;
        let letter = params.get("letter").map(str::parse).transpose().map_err(|_| wrong("?letter"))?;
        Ok(Self { room, state: params.get("state").and_then(state_of), after, letter })
    }

    fn here(&self) -> Address {
        let state = self.state.map_or("", JobState::as_str);
        Address::new("/console/jobs").with("room", self.room.name).with("state", state)
    }
}

/// Jobs and dead letters of one database.
pub(crate) async fn list(
    allowed: Allowed<JobsRead>,
    view: View,
    parts: State,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let look = match params.get("room") {
        Some(_) => Look::read(&parts, &params)?,
        None => Look { room: most_urgent(&parts).await?, ..Look::read(&parts, &params)? },
    };
    let manages = allowed.may(JobsManage::INFO.permission);
    let filter = JobFilter { state: look.state, after: look.after, ..JobFilter::default() };
    let store = &look.room.store;
    let jobs = store.read(async move |tx: &mut Tx<'_>| jobs::list(tx, &filter, SIZE + 1).await).await?;
    let after = look.letter.unwrap_or(-1);
    let dead = async move |tx: &mut Tx<'_>| outbox::dead_letters(tx, None, after, SIZE + 1).await;
    let letters = store.read(dead).await?;
    let picks = manages && (jobs.iter().any(|job| job.state == JobState::Dead) || !letters.is_empty());
    let mut page = Page::new(&view.frame, w.t("portal-jobs"))
        .wide()
        .crumb(w.t("ui-console"), "/console")
        .lead(w.t("portal-jobs-about"))
        .push(filter_form(&view, &parts, &look))
        .push(job_table(&view, &look, &jobs, manages))
        .push(Html::heading(w.t("portal-letters")))
        .push(Html::paragraph(w.t("portal-letters-about")))
        .push(letter_table(&view, &look, &letters, manages));
    if picks {
        page = page.push(acts(&view, look.room));
    }
    page = match params.get("done") {
        Some("retried") => page.notice(Notice::html(Tone::Good, w.t("portal-retried"), Html::empty())),
        Some("dropped") => page.notice(Notice::html(Tone::Good, w.t("portal-dropped"), Html::empty())),
        Some("nothing") => page.notice(Notice::html(Tone::Warning, w.t("portal-picked-none"), Html::empty())),
        _ => page,
    };
    Ok(shown(&page))
}

/// The database where something was given up, else the first.
async fn most_urgent(parts: &PortalParts) -> Result<&Room, Problem> {
    for room in &parts.rooms {
        let filter = JobFilter { state: Some(JobState::Dead), ..JobFilter::default() };
        let jobs = room.store.read(async move |tx: &mut Tx<'_>| jobs::list(tx, &filter, 1).await).await?;
        let letters = async |tx: &mut Tx<'_>| outbox::dead_letters(tx, None, -1, 1).await;
        if !jobs.is_empty() || !room.store.read(letters).await?.is_empty() {
            return Ok(room);
        }
    }
    parts.rooms.first().ok_or_else(|| Problem::new(Refusal::NotFound, "web.not_found"))
}

fn filter_form(view: &View, parts: &PortalParts, look: &Look<'_>) -> Html {
    let w = view.words();
    let rooms = parts
        .rooms
        .iter()
        .map(|each| Choice::new(each.name, parts.room_label(w, each.name)).chosen(each.name == look.room.name));
    let states = [JobState::Ready, JobState::Running, JobState::Dead]
        .map(|choice| Choice::new(choice.as_str(), w.t(key_of(choice))).chosen(look.state == Some(choice)));
    let any = Choice::new("", w.t("portal-any")).chosen(look.state.is_none());
    Form::filter("/console/jobs", w)
        .field(Field::select("room", w.t("portal-database"), rooms))
        .field(Field::select("state", w.t("portal-state"), std::iter::once(any).chain(states)))
        .render(w)
}

/// One page of a list of which one row more was read.
fn shown_of<T>(rows: &[T]) -> (&[T], bool) {
    let size = usize::try_from(SIZE).unwrap_or(usize::MAX);
    (rows.get(..size.min(rows.len())).unwrap_or_default(), rows.len() > size)
}

fn job_table(view: &View, look: &Look<'_>, jobs: &[JobEntry], manages: bool) -> Html {
    let w = view.words();
    let now = look.room.store.clock().now();
    let (jobs, more) = shown_of(jobs);
    let next = jobs.last().filter(|_| more).map(|last| look.here().with("after", last.id.to_string()));
    let paging = Paging::marked("", None, next).from_the_first(look.after.map(|_| look.here()));
    Table::new(w.t("portal-jobs"))
        .column(Column::new(w.t("portal-work")))
        .column(Column::new(w.t("portal-state")))
        .column(Column::new(w.t("portal-runs")))
        .column(Column::new(w.t("portal-attempts")).numeric())
        .column(Column::new(w.t("portal-last-error")))
        .column(Column::new(w.t("portal-picked")))
        .rows(jobs.iter().map(|job| {
            let pick = if manages && job.state == JobState::Dead {
                pick(view, &format!("job/{}", job.id), &job.kind)
            } else {
                Html::empty()
            };
            [
                named(job),
                Badge::html(tone_of(job.state), w.t(key_of(job.state))),
                w.ago(job.run_at, now),
                Html::text(w.number(job.attempts)),
                Html::isolated(job.last_error.as_deref().unwrap_or("")),
                pick,
            ]
        }))
        .empty(w.t("portal-jobs-none"))
        .paging(paging)
        .render(w)
}

fn letter_table(view: &View, look: &Look<'_>, letters: &[DeadLetter], manages: bool) -> Html {
    let w = view.words();
    let now = look.room.store.clock().now();
    let (letters, more) = shown_of(letters);
    let next = letters.last().filter(|_| more).map(|last| look.here().with("letter", last.sequence.to_string()));
    let paging = Paging::marked("", None, next).from_the_first(look.letter.map(|_| look.here()));
    Table::new(w.t("portal-letters"))
        .column(Column::new(w.t("portal-event")))
        .column(Column::new(w.t("portal-subscriber")))
        .column(Column::new(w.t("portal-given-up")))
        .column(Column::new(w.t("portal-attempts")).numeric())
        .column(Column::new(w.t("portal-last-error")))
        .column(Column::new(w.t("portal-picked")))
        .rows(letters.iter().map(|letter| {
            let pick = if manages {
                pick(view, &format!("letter/{}/{}", letter.sequence, letter.subscriber), &letter.type_)
            } else {
                Html::empty()
            };
            [
                Html::code(&letter.type_),
                Html::code(&letter.subscriber),
                w.ago(letter.dead_at, now),
                Html::text(w.number(letter.attempts)),
                Html::isolated(&letter.last_error),
                pick,
            ]
        }))
        .empty(w.t("portal-letters-none"))
        .paging(paging)
        .render(w)
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

/// The mark of one dead letter; it belongs to the form below the lists.
fn pick(view: &View, what: &str, name: &str) -> Html {
    let label = view.words().with("portal-pick", &[("name", name.into())]);
    Html::trusted(format!(
        "<input type=\"checkbox\" class=\"pick\" form=\"acts\" name=\"pick\" value=\"{}\" aria-label=\"{}\">",
        escape(what),
        escape(&label)
    ))
}

/// The ways out for those that are marked. Dropping asks first, in the same form.
fn acts(view: &View, room: &Room) -> Html {
    let w = view.words();
    let (retry, drop) = (escape(&w.t("portal-retry")), escape(&w.t("portal-drop")));
    let question = escape(&w.t("portal-drop-title"));
    Html::trusted(format!(
        "<form id=\"acts\" method=\"post\" action=\"/console/jobs/act\"><input type=\"hidden\" name=\"csrf\" value=\"{}\">\
         <input type=\"hidden\" name=\"room\" value=\"{}\"><p><strong>{}</strong></p>\
         <div class=\"buttons\"><button class=\"first\" name=\"act\" value=\"retry\">{retry}</button></div>\
         <details class=\"confirm\"><summary>{drop}</summary><div role=\"group\" aria-label=\"{question}\">\
         <p><strong>{question}</strong></p><p>{}</p><div class=\"buttons\">\
         <button class=\"danger\" name=\"act\" value=\"drop\">{drop}</button></div></div></details></form>",
        escape(view.frame.csrf()),
        escape(room.name),
        escape(&w.t("portal-picked-do")),
        escape(&w.t("portal-drop-text")),
    ))
}

/// Tries dead letters again, or drops them, and writes down who did.
pub(crate) async fn act(allowed: Allowed<JobsManage>, parts: State, typed: FormFields) -> Result<Response, Fault> {
    let missing = || Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such dead letter any more.");
    let room = parts.room(typed.text("room")).ok_or_else(missing)?;
    let picked: Vec<String> = typed.all("pick").take(PICKED_MAX).map(str::to_owned).collect();
    let back = Address::new("/console/jobs").with("room", room.name);
    if picked.is_empty() {
        return Ok(see_other(&back.with("done", "nothing").to_string()));
    }
    let again = typed.text("act") == "retry";
    let store: &Store = &room.store;
    let done = store
        .write(async move |tx: &mut Tx<'_>| -> Result<usize, AuditError> {
            let mut done = 0;
            for what in &picked {
                if decide(tx, what, again).await? {
                    let action = if again { "node.job.retry" } else { "node.job.drop" };
                    stoa_audit::append(tx, &Record::done(&allowed.actor, action, what.clone())).await?;
                    done += 1;
                }
            }
            Ok(done)
        })
        .await?;
    if done == 0 {
        return Err(missing().into());
    }
    Ok(see_other(&back.with("done", if again { "retried" } else { "dropped" }).to_string()))
}

/// Decides about one: `job/<id>` or `letter/<sequence>/<subscriber>`. Whether it was there.
async fn decide(tx: &mut Tx<'_>, what: &str, again: bool) -> Result<bool, AuditError> {
    let mut parts = what.splitn(3, '/');
    Ok(match (parts.next(), parts.next(), parts.next()) {
        (Some("job"), Some(id), None) => match (id.parse::<Id<_>>(), again) {
            (Ok(id), true) => jobs::retry(tx, id).await?,
            (Ok(id), false) => jobs::cancel(tx, id).await?,
            (Err(_), _) => false,
        },
        (Some("letter"), Some(sequence), Some(subscriber)) => match (sequence.parse::<i64>(), again) {
            (Ok(sequence), true) => outbox::retry(tx, subscriber, sequence).await? == outbox::Retried::Yes,
            (Ok(sequence), false) => outbox::discard(tx, subscriber, sequence).await?,
            (Err(_), _) => false,
        },
        _ => false,
    })
}
