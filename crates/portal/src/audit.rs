//! The evidence: searched, looked at with its proof.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use stoa_audit::{AuditError, Filter, Found, RecordId, latest_checkpoint, prove};
use stoa_core::{Date, Problem, Refusal};
use stoa_store::Tx;
use stoa_ui::{
    Address, Badge, Choice, Column, Definitions, Field, Form, Html, Notice, Page, Paging, Table, Tone, actions, code,
    escape,
};
use stoa_web::{Allowed, Fault, Params, Path, View, bytes_as};

use crate::{AuditRead, PortalParts, Room, State, shown};

/// Records of one page.
const SIZE: u32 = 25;

fn chosen<'a>(parts: &'a PortalParts, params: &Params) -> Result<&'a Room, Problem> {
    let first = parts.blocks.first().map_or("node", |mounted| mounted.block.name);
    let name = params.get("room").unwrap_or(first);
    parts
        .room(name)
        .ok_or_else(|| Problem::new(Refusal::NotFound, "web.not_found").detail("There is no such database."))
}

/// What a person searches for, and what is wrong with it.
struct Wanted {
    texts: BTreeMap<&'static str, String>,
    from: Option<Date>,
    until: Option<Date>,
    before: Option<i64>,
}

/// The inputs of the search.
const TEXTS: [&str; 6] = ["action", "actor", "subject", "object", "from", "until"];

impl Wanted {
    fn read(params: &Params) -> Result<Self, Problem> {
        let text = |key: &str| params.get(key).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let texts: BTreeMap<_, _> = TEXTS.into_iter().filter_map(|key| Some((key, text(key)?))).collect();
        let day = |key: &str| texts.get(key).and_then(|day| day.parse::<Date>().ok());
        let before = text("before").map(|before| before.parse::<i64>());
        let before = before.transpose().map_err(|_| {
            Problem::new(Refusal::Malformed, "web.invalid_parameter").field("?before", "format", "must be a number")
        })?;
        Ok(Self { from: day("from"), until: day("until"), texts, before })
    }

    fn text(&self, key: &str) -> Option<String> {
        self.texts.get(key).cloned()
    }

    /// The days that are none: a search by one of them would quietly be a search by nothing.
    fn wrong_days(&self) -> Vec<&'static str> {
        let days = [("from", self.from), ("until", self.until)];
        days.into_iter()
            .filter(|(key, day)| day.is_none() && self.texts.contains_key(key))
            .map(|(key, _)| key)
            .collect()
    }

    fn filter(&self) -> Filter {
        // A day is from its beginning to its end.
        Filter {
            actor: self.text("actor"),
            subject: self.text("subject"),
            object: self.text("object"),
            action: self.text("action"),
            from: self.from.map(Date::start),
            until: self.until.map(|day| day.plus_days(1).start()),
            before: self.before,
            limit: Some(SIZE),
        }
    }
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
    let wanted = Wanted::read(&params)?;
    let form = search_form(&view, &parts, room, &wanted);
    let mut page = Page::new(&view.frame, w.t("portal-audit"))
        .wide()
        .crumb(w.t("ui-console"), "/console")
        .lead(w.t("portal-audit-about"))
        .actions(actions([
            (w.t("portal-verify"), "/console/audit/verify".to_owned()),
            (w.t("portal-checkpoint"), "/console/audit/checkpoint".to_owned()),
        ]))
        .form(&form);
    if wanted.wrong_days().is_empty() {
        let (tenant, filter) = (allowed.actor.tenant.clone(), wanted.filter());
        let found =
            room.store.scan(async move |tx: &mut Tx<'_>| stoa_audit::search(tx, &tenant, &filter).await).await?;
        page = page.push(records(&view, &parts, room, &wanted, &found));
    }
    Ok(shown(&page))
}

fn search_form(view: &View, parts: &PortalParts, room: &Room, wanted: &Wanted) -> Form {
    let w = view.words();
    let rooms = parts
        .rooms
        .iter()
        .map(|each| Choice::new(each.name, parts.room_label(w, each.name)).chosen(each.name == room.name));
    let value = |key: &str| wanted.text(key).unwrap_or_default();
    let wrong = wanted.wrong_days();
    let fault = |key: &str| wrong.contains(&key).then(|| w.t("portal-day-wrong"));
    let search = |key: &'static str, label: &str| Field::search(key, w.t(label)).ltr().value(value(key));
    let form = Form::search("/console/audit", w)
        .field(Field::select("room", w.t("portal-database"), rooms))
        .field(search("action", "portal-action"))
        .field(search("actor", "portal-actor"))
        .field(search("subject", "portal-subject"))
        .field(search("object", "portal-object"))
        .field(Field::calendar("from", w.t("portal-from")).value(value("from")).error_if(fault("from")))
        .field(Field::calendar("until", w.t("portal-until")).value(value("until")).error_if(fault("until")));
    if wanted.texts.is_empty() { form } else { form.cancel("/console/audit") }
}

fn records(view: &View, parts: &PortalParts, room: &Room, wanted: &Wanted, found: &[Found]) -> Html {
    let w = view.words();
    let mut here = Address::new("/console/audit").with("room", room.name);
    for key in TEXTS {
        here = here.with(key, wanted.text(key).unwrap_or_default());
    }
    let full = u32::try_from(found.len()).is_ok_and(|count| count == SIZE);
    let next = found.last().filter(|_| full).map(|last| here.with("before", last.sequence.to_string()));
    Table::new(w.t("portal-audit"))
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
                action(view, &entry.action),
                Html::code(&entry.actor),
                object(parts, &entry.object),
                outcome(view, &entry.outcome),
            ]
        }))
        .empty(w.t("portal-audit-none"))
        .paging(Paging::marked("", None, next).from_the_first(wanted.before.map(|_| here)))
        .render(w)
}

/// What was done, in words where there are some; the code itself is what one searches by.
fn action(view: &View, action: &str) -> Html {
    let w = view.words();
    let key = format!("action-{}", action.replace(['.', '_'], "-"));
    if !w.has(&key) {
        return Html::code(action);
    }
    Html::text(w.t(&key)).then(Html::trusted("<br>")).then(Html::code(action))
}

/// What it was done to, with the way to its page.
fn object(parts: &PortalParts, object: &str) -> Html {
    let page = parts.blocks.iter().find_map(|mounted| (mounted.block.page_of)(object));
    match page {
        Some(page) => Html::trusted(format!("<a href=\"{}\">", escape(&page)))
            .then(Html::code(object))
            .then(Html::trusted("</a>")),
        None => Html::code(object),
    }
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
        .add(w.t("portal-action"), action(&view, &entry.action))
        .add(w.t("portal-actor"), Html::code(&entry.actor));
    for (key, value) in [
        ("portal-on-behalf-of", entry.on_behalf_of.as_deref()),
        ("portal-client", entry.client.as_deref()),
        ("portal-subject", entry.subject.as_deref()),
        ("portal-purpose", entry.purpose.as_deref()),
        ("portal-correlation", entry.correlation.as_deref()),
    ] {
        if let Some(value) = value {
            facts = facts.add(w.t(key), Html::code(value));
        }
    }
    facts = facts
        .add(w.t("portal-object"), object(&parts, &entry.object))
        .add(w.t("portal-outcome"), outcome(&view, &entry.outcome));
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
        .crumb(w.t("ui-console"), "/console")
        .crumb(w.t("portal-audit"), Address::new("/console/audit").with("room", room.name).to_string())
        .push(proven)
        .push(facts.render());
    if let Some(detail) = detail {
        page = page.push(Html::heading(w.t("portal-detail"))).push(code(w.t("portal-detail"), detail, w));
    }
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
