//! What changed: as a page, as a feed, and by mail for whoever asks for it.

use std::time::Duration;

use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use stoa_core::{FieldError, Instant};
use stoa_ui::{Address, Badge, Choice, Column, Definitions, Field, Form, Html, Notice, Page, Table, Tone, escape};
use stoa_web::{Fault, FormFields, Params, Path, Public, View, bytes_as};

use super::{HOME, asked, cell, certificates, detail_at, shown, state_key, tenant};
use crate::error::MonitorError;
use crate::service::{Board, Change, Changed, Monitor, NewSubscription, what_changed};

/// Changes of a page and of a feed at most.
const CHANGES_MAX: u32 = 200;
/// How far back they go.
const CHANGES_TIME: Duration = Duration::from_hours(90 * 24);

/// Since when changes are shown.
pub(super) fn since(monitor: &Monitor) -> Instant {
    monitor.store().clock().now().minus(CHANGES_TIME)
}

/// The scope of a change: its name and its short name.
fn scope_of(board: &Board, change: &Change) -> (String, String) {
    let known = board.scopes.find(&change.scope);
    known.map_or_else(
        || (change.scope.clone(), change.scope.clone()),
        |known| (known.scope.name.clone(), known.alias.clone()),
    )
}

/// Changes, each with what made it.
pub(super) fn table(view: &View, board: &Board, found: &[Change]) -> Table {
    let w = view.words();
    Table::new(w.t("monitor-changes"))
        .column(Column::new(w.t("monitor-since")))
        .column(Column::new(w.t("monitor-subject")))
        .column(Column::new(w.t("monitor-scope")))
        .column(Column::new(w.t("monitor-before")))
        .column(Column::new(w.t("monitor-now")))
        .column(Column::new(w.t("monitor-cause")))
        .rows(found.iter().map(|change| {
            let (name, alias) = scope_of(board, change);
            let state = |state, version: &str| {
                let text = format!("{} {version}", w.t(state_key(state)));
                Badge::html(cell::tone(state, None), text.trim())
            };
            let (before, after) = match &change.what {
                Changed::State { before, before_version, after, version } => {
                    (state(*before, before_version), state(*after, version))
                }
                Changed::Certificate { number, before, after, .. } => {
                    let title = w.with("monitor-certificate", &[("number", number.as_str().into())]);
                    let link = Html::link(certificates::at(number), title).then(Html::trusted(" "));
                    let before = before.map_or_else(|| Html::text("–"), |state| certificates::badge(w, state.name()));
                    (before, link.then(certificates::badge(w, after.name())))
                }
            };
            let cause = match (change.cause.as_str(), change.evidence) {
                ("evidence", Some(id)) => {
                    Html::link(format!("/monitor/page/report/{id}"), w.t("monitor-cause-evidence"))
                }
                (cause, _) => Html::text(w.t(cause_key(cause))),
            };
            [
                w.instant(change.at),
                Html::link(detail_at(&change.subject, &alias).to_string(), board.title(&change.subject)),
                Html::text(name),
                before,
                after,
                cause,
            ]
        }))
        .empty(Html::paragraph(w.t("monitor-changes-none")))
}

/// The newest changes.
pub(super) async fn changes(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let tenant = tenant(&view);
    let board = monitor.board(&tenant).await?;
    let subject = params.get("subject").filter(|text| !text.is_empty());
    let found = monitor.changes(&tenant, subject, since(&monitor), CHANGES_MAX).await?;
    let table = table(&view, &board, &found);
    let feed = Address::new("/monitor/feed.atom").with("subject", subject.unwrap_or("")).with("lang", w.locale().tag());
    let links =
        [(w.t("monitor-feed"), feed.to_string()), (w.t("monitor-subscribe"), "/monitor/page/subscribe".to_owned())];
    let page = Page::new(&view.frame, w.t("monitor-changes"))
        .wide()
        .crumb(w.t("monitor-overview"), HOME)
        .lead(w.t("monitor-changes-lead"))
        .actions(stoa_ui::actions(links))
        .push(table.render(w));
    let twin = Address::new("/monitor/v1/changes").with("subject", subject.unwrap_or(""));
    Ok(shown(&page, &twin.to_string()))
}

/// The word of what made a change.
fn cause_key(cause: &str) -> &'static str {
    match cause {
        "decision" => "monitor-cause-decision",
        "time" => "monitor-cause-time",
        _ => "monitor-cause-evidence",
    }
}

/// A text within XML.
fn xml(text: &str) -> String {
    escape(&stoa_core::plain(text))
}

/// The newest changes as an Atom feed (RFC 4287).
pub(super) async fn feed(
    asking: Public,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let tenant = &asking.actor.tenant;
    let board = monitor.board(tenant).await?;
    let subject = params.get("subject").filter(|text| !text.is_empty());
    let found = monitor.changes(tenant, subject, since(&monitor), CHANGES_MAX).await?;
    let w = monitor.words(&params)?;
    let own = xml(&monitor.address());
    let language = params.get("lang").unwrap_or("");
    let of = |path: &str| Address::new(path).with("subject", subject.unwrap_or("")).with("lang", language).to_string();
    let (id, page) = (of("/feed.atom"), of("/page/changes"));
    let updated = found.first().map_or(board.date.start(), |change| change.at);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
         <id>{own}{1}</id>\n<title>{2}</title>\n<updated>{updated}</updated>\n<author><name>{3}</name></author>\n\
         <link rel=\"self\" href=\"{own}{1}\"/>\n<link href=\"{own}{4}\"/>\n",
        w.locale().tag(),
        xml(&id),
        xml(&w.t("monitor-changes")),
        xml(&w.t("monitor-nav")),
        xml(&page)
    );
    for change in &found {
        let (name, alias) = scope_of(&board, change);
        let link = xml(&detail_at(&change.subject, &alias).to_string().replacen("/monitor", &monitor.address(), 1));
        let title = format!("{}, {name}: {}", board.title(&change.subject), what_changed(&w, &change.what));
        let link = match &change.what {
            Changed::State { .. } => link,
            Changed::Certificate { number, .. } => {
                xml(&certificates::at(number).replacen("/monitor", &monitor.address(), 1))
            }
        };
        let made_by = match &change.what {
            Changed::Certificate { reason, .. } if !reason.is_empty() => reason.clone(),
            _ => w.t(cause_key(&change.cause)),
        };
        out.push_str(&format!(
            "<entry>\n<id>urn:uuid:{}</id>\n<title>{}</title>\n<updated>{}</updated>\n<link href=\"{link}\"/>\n\
             <summary>{}</summary>\n</entry>\n",
            change.id,
            xml(&title),
            change.at,
            xml(&made_by)
        ));
    }
    out.push_str("</feed>\n");
    Ok(bytes_as(StatusCode::OK, "application/atom+xml; charset=utf-8", out))
}

/// The addresses of all public pages, for those who look for them.
pub(super) async fn sitemap(asking: Public, Extract(monitor): Extract<Monitor>) -> Result<Response, Fault> {
    let board = monitor.board(&asking.actor.tenant).await?;
    let mut pages: Vec<String> = ["table", "certificates", "changes", "methodology"]
        .iter()
        .map(|name| format!("/monitor/page/{name}"))
        .collect();
    for known in board.scopes.iter() {
        let scope = &known.scope;
        pages.push(format!("/monitor/page/scope/{}", Address::segment(&known.alias)));
        pages.extend(scope.versions.iter().map(|version| asked::at("version", known, &version.name)));
        pages.extend(scope.modules.iter().map(|module| asked::at("standard", known, &module.id)));
        pages.extend(scope.test_cases.iter().map(|case| asked::at("test-case", known, &case.id)));
    }
    let certificates = monitor.certificates(&asking.actor.tenant).await?;
    pages.extend(certificates.iter().map(|certificate| super::certificates::at(&certificate.number)));
    for row in &board.rows {
        pages.push(super::subject::at(&row.name));
        for known in board.scopes.iter() {
            if board.is_tested(&row.subjects, known.scope.uuid) {
                pages.push(detail_at(&row.name, &known.alias).to_string());
                for subject in row.subjects.iter().filter(|name| board.entry(name, known.scope.uuid).is_some()) {
                    let (subject, alias) = (Address::segment(subject), Address::segment(&known.alias));
                    pages.push(format!("/monitor/page/history/{subject}/{alias}"));
                }
            }
        }
    }
    let address = monitor.address();
    let mut out = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
                   <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
        .to_owned();
    for page in pages {
        out.push_str(&format!("<url><loc>{}</loc></url>\n", xml(&page.replacen("/monitor", &address, 1))));
    }
    out.push_str("</urlset>\n");
    Ok(bytes_as(StatusCode::OK, "application/xml; charset=utf-8", out))
}

/// Asks to be told by mail.
pub(super) async fn subscribe_form(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    params: Params,
) -> Result<Response, Fault> {
    let typed = NewSubscription {
        subject: params.get("subject").unwrap_or("").to_owned(),
        scope: params.get("scope").unwrap_or("").to_owned(),
        ..NewSubscription::default()
    };
    Ok(stoa_web::page(StatusCode::OK, &subscribe_page(&view, &monitor, &typed, &[]).await?))
}

async fn subscribe_page<'v>(
    view: &'v View,
    monitor: &Monitor,
    typed: &NewSubscription,
    faults: &[FieldError],
) -> Result<Page<'v>, Fault> {
    let w = view.words();
    let page = Page::new(&view.frame, w.t("monitor-subscribe")).crumb(w.t("monitor-changes"), "/monitor/page/changes");
    if !monitor.has_mail() {
        let feed = Html::link("/monitor/feed.atom", w.t("monitor-feed"));
        return Ok(page.push(Notice::html(Tone::Info, w.t("monitor-no-mail"), feed)));
    }
    let board = monitor.board(&tenant(view)).await?;
    let mut subjects: Vec<&str> = board.entries().map(|(subject, _, _)| subject).collect();
    subjects.dedup();
    let subjects =
        subjects.into_iter().map(|subject| Choice::new(subject, board.title(subject)).chosen(typed.subject == subject));
    let scopes = board
        .scopes
        .iter()
        .map(|known| Choice::new(&known.alias, &known.scope.name).chosen(typed.scope == known.alias));
    let any = |chosen: bool| std::iter::once(Choice::new("", w.t("monitor-any")).chosen(chosen));
    let fault = |pointer: &str, key: &str| faults.iter().any(|fault| fault.pointer == pointer).then(|| w.t(key));
    let form = Form::post("/monitor/page/subscribe", &view.frame, w.t("monitor-subscribe"))
        .field(
            Field::text("email", w.t("monitor-email"))
                .ltr()
                .attribute("autocomplete", "email")
                .attribute("inputmode", "email")
                .value(&typed.email)
                .error_if(fault("/email", "monitor-email-wrong")),
        )
        .field(
            Field::select("subject", w.t("monitor-subject"), any(typed.subject.is_empty()).chain(subjects))
                .error_if(fault("/subject", "problem-monitor-subject-not-found")),
        )
        .field(
            Field::select("scope", w.t("monitor-scope"), any(typed.scope.is_empty()).chain(scopes))
                .error_if(fault("/scope", "problem-monitor-scope-not-found")),
        )
        .field(Field::checkbox("weekly", w.t("monitor-weekly"), typed.weekly))
        .redraws();
    Ok(page.lead(w.t("monitor-subscribe-lead")).form(&form))
}

/// Takes the wish, and says that a mail is on its way.
pub(super) async fn subscribe(
    asking: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    typed: FormFields,
) -> Result<Response, Fault> {
    asking.check_forgery()?;
    let w = view.words();
    let text = |name: &str| typed.text(name).to_owned();
    let new = NewSubscription {
        email: text("email"),
        subject: text("subject"),
        scope: text("scope"),
        weekly: typed.is_checked("weekly"),
    };
    if view.is_redraw() || !monitor.has_mail() {
        return Ok(stoa_web::page(StatusCode::OK, &subscribe_page(&view, &monitor, &new, &[]).await?));
    }
    if let Err(problem) = monitor.subscribe(&tenant(&view), new.clone(), w.locale()).await {
        if problem.errors.is_empty() {
            return Err(problem.into());
        }
        let page = subscribe_page(&view, &monitor, &new, &problem.errors).await?;
        return Ok(stoa_web::page(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    let page = Page::new(&view.frame, w.t("monitor-subscribe"))
        .crumb(w.t("monitor-changes"), "/monitor/page/changes")
        .notice(Notice::html(Tone::Good, w.t("monitor-mail-sent"), Html::paragraph(w.t("monitor-mail-sent-text"))));
    Ok(stoa_web::page(StatusCode::OK, &page))
}

/// One's own subscription, by the token of a mail. Looking at it changes nothing: mail programs open links too.
pub(super) async fn subscription(
    _: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let w = view.words();
    let found = monitor.subscription(&token).await?.ok_or(MonitorError::SubscriptionNotFound)?;
    let or_all = |text: &str| if text.is_empty() { w.t("monitor-any") } else { text.to_owned() };
    let at = format!("/monitor/page/subscription/{}", Address::segment(&token));
    let facts = Definitions::new()
        .add(w.t("monitor-email"), Html::isolated(&found.email))
        .add(w.t("monitor-subject"), Html::isolated(or_all(&found.subject)))
        .add(w.t("monitor-scope"), Html::isolated(or_all(&found.scope)));
    let form = if found.is_confirmed {
        Form::post(format!("{at}/end"), &view.frame, w.t("monitor-subscription-end"))
    } else {
        Form::post(at, &view.frame, w.t("monitor-subscription-confirm"))
    };
    let page = Page::new(&view.frame, w.t("monitor-subscription"))
        .crumb(w.t("monitor-changes"), "/monitor/page/changes")
        .push(facts.render())
        .push(form.render(w));
    Ok(stoa_web::page(StatusCode::OK, &page))
}

/// Confirms a subscription.
pub(super) async fn confirm(
    asking: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    asking.check_forgery()?;
    if !monitor.confirm_subscription(&token).await? {
        return Err(MonitorError::SubscriptionNotFound.into());
    }
    Ok(said(&view, "monitor-subscription-confirmed"))
}

/// Ends a subscription.
pub(super) async fn end(
    asking: Public,
    view: View,
    Extract(monitor): Extract<Monitor>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    asking.check_forgery()?;
    if !monitor.end_subscription(&token).await? {
        return Err(MonitorError::SubscriptionNotFound.into());
    }
    Ok(said(&view, "monitor-subscription-ended"))
}

fn said(view: &View, key: &str) -> Response {
    let w = view.words();
    let page = Page::new(&view.frame, w.t("monitor-subscription"))
        .crumb(w.t("monitor-changes"), "/monitor/page/changes")
        .notice(Notice::html(Tone::Good, w.t(key), Html::link(HOME, w.t("monitor-overview"))));
    stoa_web::page(StatusCode::OK, &page)
}
