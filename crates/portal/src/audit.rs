//! The evidence: searched, looked at with its proof, verified.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use stoa_audit::{AuditError, Filter, RecordId, latest_checkpoint, prove, verify};
use stoa_core::{Instant, Problem, Refusal};
use stoa_store::Tx;
use stoa_ui::{
    Address, Badge, Choice, Column, Definitions, Field, Form, Html, Notice, Page, Paging, Table, Tone, actions, code,
};
use stoa_web::{Allowed, Fault, Params, Path, View, bytes_as};

use crate::{AuditRead, PortalParts, Room, State, shown};

/// Records of one page.
const SIZE: u32 = 50;

fn chosen<'a>(parts: &'a PortalParts, params: &Params) -> Result<&'a Room, Problem> {
    let first = parts.blocks.first().map_or("node", |mounted| mounted.block.name);
    let name = params.get("room").unwrap_or(first);
    parts
        .room(name)
        .ok_or_else(|| Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such database."))
}

/// Records of one database, newest first.
pub(crate) async fn search(
    allowed: Allowed<AuditRead>,
    view: View,
    parts: State,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let room = chosen(&parts, &params)?;
    let text = |key: &str| params.get(key).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    // A day is from its beginning to its end.
    let day = |key: &str, time: &str| text(key).and_then(|day| format!("{day}T{time}Z").parse::<Instant>().ok());
    let filter = Filter {
        actor: text("actor"),
        subject: text("subject"),
        object: text("object"),
        action: text("action"),
        from: day("from", "00:00:00"),
        until: day("until", "00:00:00").map(|at| at.plus(std::time::Duration::from_hours(24))),
        before: text("before").and_then(|before| before.parse().ok()),
        limit: Some(SIZE),
    };
    let tenant = allowed.actor.tenant.clone();
    let wanted = filter.clone();
    let found = room.store.scan(async move |tx: &mut Tx<'_>| stoa_audit::search(tx, &tenant, &wanted).await).await?;
    let mut here = Address::new("/console/audit").with("room", room.name);
    for key in ["actor", "subject", "object", "action", "from", "until"] {
        here = here.with(key, text(key).unwrap_or_default());
    }
    let full = u32::try_from(found.len()).is_ok_and(|count| count == SIZE);
    let next = found.last().filter(|_| full).map(|last| here.with("before", last.sequence.to_string()));
    let table = Table::new(w.t("portal-audit"))
        .column(Column::new(w.t("portal-when")))
        .column(Column::new(w.t("portal-action")))
        .column(Column::new(w.t("portal-actor")))
        .column(Column::new(w.t("portal-object")))
        .column(Column::new(w.t("portal-outcome")))
        .rows(found.iter().map(|found| {
            let entry = &found.entry;
            let address = format!("/console/audit/{}/{}", room.name, entry.id);
            let at =
                Html::trusted(format!("<a href=\"{address}\">")).then(w.instant(entry.at)).then(Html::trusted("</a>"));
            [
                at,
                Html::code(&entry.action),
                Html::code(&entry.actor),
                Html::code(&entry.object),
                outcome(&view, &entry.outcome),
            ]
        }))
        .empty(w.t("portal-audit-none"))
        .paging(Paging::marked("", filter.before.map(|_| here.clone()), next));
    let rooms = parts.rooms.iter().map(|each| Choice::new(each.name, each.name).chosen(each.name == room.name));
    let value = |key: &str| text(key).unwrap_or_default();
    let form = Form::filter("/console/audit", w)
        .field(Field::select("room", w.t("portal-database"), rooms))
        .field(Field::search("action", w.t("portal-action")).ltr().value(value("action")))
        .field(Field::search("actor", w.t("portal-actor")).ltr().value(value("actor")))
        .field(Field::search("subject", w.t("portal-subject")).ltr().value(value("subject")))
        .field(Field::search("object", w.t("portal-object")).ltr().value(value("object")))
        .field(Field::calendar("from", w.t("portal-from")).value(value("from")))
        .field(Field::calendar("until", w.t("portal-until")).value(value("until")))
        .cancel("/console/audit");
    let page = Page::new(&view.frame, w.t("portal-audit"))
        .wide()
        .crumb(w.t("portal-console"), "/console")
        .lead(w.t("portal-audit-about"))
        .actions(actions([
            (w.t("portal-verify"), "/console/audit/verify".to_owned()),
            (w.t("portal-checkpoint"), "/console/audit/checkpoint".to_owned()),
        ]))
        .push(form.render(w))
        .push(table.render(w));
    Ok(shown(&page))
}

fn outcome(view: &View, word: &str) -> Html {
    let w = view.words();
    match word {
        "done" => Badge::html(Tone::Good, w.t("portal-outcome-done")),
        "refused" => Badge::html(Tone::Warning, w.t("portal-outcome-refused")),
        _ => Badge::html(Tone::Bad, w.t("portal-outcome-failed")),
    }
}

/// One record, with the proof that it was sealed.
pub(crate) async fn record(
    allowed: Allowed<AuditRead>,
    view: View,
    parts: State,
    Path((room, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let w = view.words();
    let missing = || Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such record.");
    let room = parts.room(&room).ok_or_else(missing)?;
    let id: RecordId = id.parse().map_err(|_| missing())?;
    let tenant = allowed.actor.tenant.clone();
    let entry = room.store.read(async move |tx: &mut Tx<'_>| stoa_audit::get(tx, &tenant, id).await).await?;
    let proof = room.store.scan(async move |tx: &mut Tx<'_>| prove(tx, id).await).await;
    let mut facts = Definitions::new()
        .add(w.t("portal-when"), w.instant(entry.at))
        .add(w.t("portal-action"), Html::code(&entry.action))
        .add(w.t("portal-actor"), Html::code(&entry.actor));
    for (key, value) in [
        ("portal-on-behalf-of", entry.on_behalf_of.as_deref()),
        ("portal-client", entry.client.as_deref()),
        ("portal-object", Some(entry.object.as_str())),
        ("portal-subject", entry.subject.as_deref()),
        ("portal-purpose", entry.purpose.as_deref()),
        ("portal-correlation", entry.correlation.as_deref()),
    ] {
        if let Some(value) = value {
            facts = facts.add(w.t(key), Html::code(value));
        }
    }
    facts = facts.add(w.t("portal-outcome"), outcome(&view, &entry.outcome));
    let detail = serde_json::from_str::<serde_json::Value>(&entry.detail)
        .ok()
        .filter(|value| !value.is_null())
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    let proven = match &proof {
        Ok((_, proof)) if proof.holds(&entry, &parts.trusted) => Notice::html(
            Tone::Good,
            w.t("portal-proof-holds"),
            Definitions::new()
                .add(w.t("portal-batch"), w.number(i128::from(proof.checkpoint.head.batch)))
                .add(w.t("portal-sealed-at"), w.instant(proof.checkpoint.head.at))
                .render(),
        ),
        Err(AuditError::NotSealed) => Notice::html(Tone::Info, w.t("portal-proof-waits"), Html::empty()),
        _ => Notice::html(Tone::Bad, w.t("portal-proof-broken"), Html::paragraph(w.t("portal-verify-do"))),
    };
    let mut page = Page::new(&view.frame, w.t("portal-record"))
        .crumb(w.t("portal-console"), "/console")
        .crumb(w.t("portal-audit"), Address::new("/console/audit").with("room", room.name).to_string())
        .push(proven)
        .push(facts.render());
    if let Some(detail) = detail {
        page = page.push(Html::heading(w.t("portal-detail"))).push(code(w.t("portal-detail"), detail, w));
    }
    Ok(shown(&page))
}

/// Verifies every database now, and names the first record that is not as it was.
pub(crate) async fn verify(_: Allowed<AuditRead>, view: View, parts: State) -> Result<Response, Fault> {
    let w = view.words();
    let mut table = Table::new(w.t("portal-verify"))
        .column(Column::new(w.t("portal-database")))
        .column(Column::new(w.t("portal-state")))
        .column(Column::new(w.t("portal-records")).numeric())
        .column(Column::new(w.t("portal-batches")).numeric())
        .column(Column::new(w.t("portal-waiting")).numeric())
        .column(Column::new(w.t("portal-finding")));
    let (mut whole, mut behind) = (true, false);
    for room in &parts.rooms {
        let verdict = verify::verify(&room.store, &parts.trusted, &[]).await?;
        let waits = verdict.is_behind(room.store.clock().now());
        whole &= verdict.is_intact();
        behind |= waits;
        let state = match (verdict.is_intact(), waits) {
            (true, false) => Badge::html(Tone::Good, w.t("portal-whole")),
            (true, true) => Badge::html(Tone::Warning, w.t("portal-waiting")),
            (false, _) => Badge::html(Tone::Bad, w.t("portal-not-whole")),
        };
        table = table.row([
            Html::text(room.name),
            state,
            Html::text(w.number(verdict.verified)),
            Html::text(w.number(verdict.batches)),
            Html::text(w.number(verdict.unsealed)),
            verdict.finding.map_or_else(Html::empty, |finding| Html::isolated(finding.to_string())),
        ]);
    }
    let (tone, said, more) = match (whole, behind) {
        (true, false) => (Tone::Good, "portal-verify-whole", "portal-verify-tail"),
        (true, true) => (Tone::Warning, "portal-verify-behind", "portal-verify-behind-do"),
        (false, _) => (Tone::Bad, "portal-verify-broken", "portal-verify-do"),
    };
    let notice = Notice::html(tone, w.t(said), Html::paragraph(w.t(more)));
    let page = Page::new(&view.frame, w.t("portal-verify"))
        .crumb(w.t("portal-console"), "/console")
        .crumb(w.t("portal-audit"), "/console/audit")
        .push(notice)
        .push(table.render(w));
    Ok(shown(&page))
}

/// The latest checkpoint of each database, to be kept elsewhere.
pub(crate) async fn checkpoint(_: Allowed<AuditRead>, parts: State) -> Result<Response, Fault> {
    let mut texts = Vec::new();
    for room in &parts.rooms {
        let latest = room.store.read(async |tx: &mut Tx<'_>| latest_checkpoint(tx).await).await?;
        texts.extend(latest.map(|checkpoint| checkpoint.to_string().trim_end().to_owned()));
    }
    let mut response = bytes_as(StatusCode::OK, "text/plain; charset=utf-8", texts.join("\n\n") + "\n");
    let name = HeaderValue::from_static("attachment; filename=\"stoa-checkpoint.txt\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
