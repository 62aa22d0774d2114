//! The verification of all evidence: work in the background, since it reads every record. Its verdict is itself a record
//! of evidence, so the page shows who had it verified, when, and what came of it.

use async_trait::async_trait;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stoa_audit::{AuditError, Entry, Filter, Outcome, Record, VerifyingKey, verify};
use stoa_core::{Actor, ActorKind, Tenant};
use stoa_store::jobs::{self, Job, JobError, JobFilter, JobHandler, JobState, NewJob};
use stoa_store::{Store, Tx};
use stoa_ui::{Badge, Column, Form, Html, Notice, Page, Table, Tone};
use stoa_web::{Allowed, Fault, View, see_other};

use crate::{AuditRead, Room, State, shown};

/// The kind of the job, and the action of its record.
const KIND: &str = "node.evidence.verify";
const OBJECT: &str = "evidence";
/// How soon a page that waits looks again.
const REFRESH_SECONDS: u32 = 2;

/// Who asked for it.
#[derive(Serialize, Deserialize)]
struct Asked {
    tenant: Tenant,
    actor: String,
    name: Option<String>,
}

/// What came of one database.
#[derive(Serialize, Deserialize)]
struct Verdict {
    room: String,
    intact: bool,
    verified: u64,
    batches: u64,
    unsealed: u64,
    /// Records wait for longer than a sealer lets them.
    behind: bool,
    finding: Option<String>,
}

/// Verifies every database of the node.
pub struct VerifyEvidence {
    node: Store,
    rooms: Vec<Room>,
    trusted: Vec<VerifyingKey>,
}

impl VerifyEvidence {
    /// For these databases; `node` is the one that keeps the verdict.
    pub fn new(node: Store, rooms: Vec<Room>, trusted: Vec<VerifyingKey>) -> Self {
        Self { node, rooms, trusted }
    }
}

#[async_trait]
impl JobHandler for VerifyEvidence {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let asked: Asked = job.payload()?;
        let mut verdicts = Vec::new();
        for room in &self.rooms {
            let verdict = verify::verify(&room.store, &self.trusted, &[])
                .await
                .map_err(|error| JobError::later(format!("{}: {error}", room.name)))?;
            verdicts.push(Verdict {
                room: room.name.to_owned(),
                intact: verdict.is_intact(),
                verified: verdict.verified,
                batches: verdict.batches,
                unsealed: verdict.unsealed,
                behind: verdict.is_behind(room.store.clock().now()),
                finding: verdict.finding.map(|finding| finding.to_string()),
            });
        }
        let actor =
            Actor { kind: ActorKind::Official, id: asked.actor, name: asked.name, ..Actor::anonymous(asked.tenant) };
        let whole = verdicts.iter().all(|verdict| verdict.intact);
        let job = job.clone();
        self.node
            .write(async move |tx: &mut Tx<'_>| -> Result<(), AuditError> {
                let mut record = Record::done(&actor, KIND, OBJECT.to_owned());
                record.outcome = if whole { Outcome::Done } else { Outcome::Failed };
                record.detail = json!(verdicts);
                stoa_audit::append(tx, &record).await?;
                Ok(job.finish(tx).await?)
            })
            .await
            .map_err(|error| JobError::later(error.to_string()))
    }
}

/// Has all evidence verified in the background. Pressed twice it runs once.
pub(crate) async fn begin(allowed: Allowed<AuditRead>, parts: State) -> Result<Response, Fault> {
    let actor = &allowed.actor;
    let asked = Asked { tenant: actor.tenant.clone(), actor: actor.id.clone(), name: actor.name.clone() };
    let (payload, key) = (json!(asked), actor.tenant.to_string());
    parts
        .node
        .store()
        .write(async move |tx: &mut Tx<'_>| jobs::enqueue(tx, NewJob::new(KIND, &payload).key(&key)).await)
        .await?;
    Ok(see_other("/console/audit/verify"))
}

/// The latest verdict, and whether a new one is under way.
pub(crate) async fn show(allowed: Allowed<AuditRead>, view: View, parts: State) -> Result<Response, Fault> {
    let w = view.words();
    let tenant = allowed.actor.tenant.clone();
    let filter = Filter { action: Some(KIND.to_owned()), limit: Some(1), ..Filter::default() };
    let store = parts.node.store();
    let wanted = filter.clone();
    let found = store.read(async move |tx: &mut Tx<'_>| stoa_audit::search(tx, &tenant, &wanted).await).await?;
    let waiting = JobFilter { kind: Some(KIND.to_owned()), ..JobFilter::default() };
    let jobs = store.read(async move |tx: &mut Tx<'_>| jobs::list(tx, &waiting, 10).await).await?;
    let key = allowed.actor.tenant.to_string();
    let own = |state: fn(JobState) -> bool| jobs.iter().any(|job| job.key.as_deref() == Some(&key) && state(job.state));
    let runs = own(|state| state != JobState::Dead);
    let mut page = Page::new(&view.frame, w.t("portal-verify"))
        .crumb(w.t("ui-console"), "/console")
        .crumb(w.t("portal-audit"), "/console/audit")
        .lead(w.t("portal-verify-about"));
    if runs {
        let told = Html::paragraph(w.t("portal-verify-runs-what"));
        page = page.push(Notice::html(Tone::Info, w.t("portal-verify-runs"), told)).refresh(REFRESH_SECONDS);
    } else {
        if own(|state| state == JobState::Dead) {
            let way = Html::link("/console/jobs?state=dead", w.t("portal-jobs-look"));
            page = page.push(Notice::html(Tone::Bad, w.t("portal-verify-failed"), way));
        }
        page = page.push(Form::post("/console/audit/verify", &view.frame, w.t("portal-verify-now")).render(w));
    }
    let latest = match found.first() {
        Some(found) => verdict(&view, &parts, &found.entry),
        None => Html::paragraph(w.t("portal-verify-never")),
    };
    Ok(shown(&page.push(Html::heading(w.t("portal-verify-latest"))).push(latest)))
}

fn verdict(view: &View, parts: &State, entry: &Entry) -> Html {
    let w = view.words();
    let verdicts: Vec<Verdict> = serde_json::from_str(&entry.detail).unwrap_or_default();
    let whole = verdicts.iter().all(|verdict| verdict.intact);
    let (tone, said, more) = match (whole, verdicts.iter().any(|verdict| verdict.behind)) {
        (true, false) => (Tone::Good, "portal-verify-whole", "portal-verify-tail"),
        (true, true) => (Tone::Warning, "portal-verify-behind", "portal-verify-behind-do"),
        (false, _) => (Tone::Bad, "portal-verify-broken", "portal-verify-do"),
    };
    let told = Notice::html(tone, w.t(said), Html::paragraph(w.t(more)));
    let table = Table::new(w.t("portal-verify-latest"))
        .column(Column::new(w.t("portal-database")))
        .column(Column::new(w.t("portal-state")))
        .column(Column::new(w.t("portal-records")).numeric())
        .column(Column::new(w.t("portal-batches")).numeric())
        .column(Column::new(w.t("portal-waiting")).numeric())
        .column(Column::new(w.t("portal-finding")))
        .rows(verdicts.iter().map(|verdict| {
            let state = match (verdict.intact, verdict.behind) {
                (true, false) => Badge::html(Tone::Good, w.t("portal-whole")),
                (true, true) => Badge::html(Tone::Warning, w.t("portal-waiting")),
                (false, _) => Badge::html(Tone::Bad, w.t("portal-not-whole")),
            };
            [
                Html::text(parts.room_label(w, &verdict.room)),
                state,
                Html::text(w.number(verdict.verified)),
                Html::text(w.number(verdict.batches)),
                Html::text(w.number(verdict.unsealed)),
                verdict.finding.as_ref().map_or_else(Html::empty, |finding| Html::text(finding).in_english()),
            ]
        }));
    let who = Html::trusted("<p>")
        .then(w.instant(entry.at))
        .then(Html::trusted(" · "))
        .then(Html::code(&entry.actor))
        .then(Html::trusted("</p>"));
    told.then(who).then(table.render(w))
}
