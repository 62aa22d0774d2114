//! My identity: what is known of me, how I sign in, where I am signed in, which services have what, and who looked.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::json;
use stoa_core::{FieldError, Problem};
use stoa_ui::{Address, Badge, Column, Definitions, Field, Form, Html, Notice, Page, Table, Tabs, Tone, Words, code};
use stoa_web::{Fault, Params, Public, RequestInfo, View, json as answer, see_other};

use super::activate::{password_form, typed_password};
use super::browser::{Browser, Typed};
use super::{MINE, SIGN_IN, claim_name, faults, refused, shown, with_cookie};
use crate::error::IdentityError;
use crate::model::claims::Claim;
use crate::model::device;
use crate::service::{ClientId, FactorId, FactorKind, Identity, Person, Session, SessionId};

/// How long ago somebody may have signed in who changes how they sign in.
const FRESH: std::time::Duration = std::time::Duration::from_mins(15);

/// Whoever is signed in, or the way to the sign-in.
async fn me(identity: &Identity, browser: &Browser, back: &str) -> Result<Result<Session, Box<Response>>, Fault> {
    Ok(match browser.session(identity).await? {
        Some(session) => Ok(session),
        None => {
            let address = Address::new(SIGN_IN).with("back", back).to_string();
            Err(Box::new(with_cookie(see_other(&address), browser.new_cookie())))
        }
    })
}

/// The same for what only somebody may do who signed in a moment ago: a session that was left open is not enough.
async fn me_now(identity: &Identity, browser: &Browser, back: &str) -> Result<Result<Session, Box<Response>>, Fault> {
    let found = me(identity, browser, back).await?;
    let now = identity.store().clock().now();
    Ok(found.and_then(|session| {
        if now.since(session.signed_in_at) <= FRESH {
            return Ok(session);
        }
        let address = Address::new(SIGN_IN).with("back", back).with("fresh", "yes");
        Err(Box::new(see_other(&address.to_string())))
    }))
}

/// A form of a browser that somebody is signed in at.
async fn acting(
    identity: &Identity,
    browser: &Browser,
    typed: &Typed,
    back: &str,
) -> Result<Result<Session, Box<Response>>, Fault> {
    browser.check(&typed.0)?;
    me(identity, browser, back).await
}

fn tabs(w: &Words, current: &str) -> Html {
    let mut tabs = Tabs::new();
    for (name, path, label) in [
        ("me", MINE, "identity-mine"),
        ("security", "/identity/me/security", "identity-security"),
        ("services", "/identity/me/services", "identity-services"),
        ("history", "/identity/me/history", "identity-history"),
    ] {
        tabs = tabs.tab(w.t(label), path, name == current);
    }
    tabs.render(w.t("identity-mine"))
}

fn outcome(w: &Words, params: &Params) -> Html {
    let key = match params.get("done") {
        Some("password") => "identity-done-password",
        Some("totp") => "identity-done-totp",
        Some("removed") => "identity-done-removed",
        Some("ended") => "identity-done-ended",
        Some("withdrawn") => "identity-done-withdrawn",
        _ => return Html::empty(),
    };
    Notice::html(Tone::Good, w.t(key), Html::empty())
}

/// A button that does one thing.
fn button(view: &View, browser: &Browser, action: &str, label: &str, field: Option<(&str, String)>) -> Html {
    let w = view.words();
    let mut form = Form::post(action, &view.frame, w.t(label)).field(browser.guard_field()).second();
    if let Some((name, value)) = field {
        form = form.field(Field::hidden(name, value));
    }
    form.render(w)
}

pub(super) async fn show(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
) -> Result<Response, Fault> {
    let session = match me(&identity, &browser, MINE).await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let person = identity.person(&session.by(asking.info), session.person).await?;
    let w = view.words();
    let page = Page::new(&view.frame, person.profile.shown())
        .push(tabs(w, "me"))
        .push(profile(w, &person))
        .push(Html::heading(w.t("identity-identifiers")))
        .push(identifiers(w, &person))
        .push(Html::quiet(w.t("identity-wrong-data")))
        .push(
            Html::trusted("<p>")
                .then(Html::link("/identity/me/download", w.t("identity-download")))
                .then(Html::trusted("</p>")),
        )
        .push(button(&view, &browser, "/identity/me/sign-out", "identity-sign-out", None));
    Ok(shown(&page))
}

/// What is known, in words.
pub(super) fn profile(w: &Words, person: &Person) -> Html {
    let mut list = Definitions::new();
    for claim in Claim::ALL {
        let Some(value) = person.profile.get(*claim) else { continue };
        let shown = match value {
            serde_json::Value::String(text) => Html::isolated(text),
            serde_json::Value::Object(parts) => {
                Html::isolated(parts.values().filter_map(|part| part.as_str()).collect::<Vec<_>>().join(", "))
            }
            other => Html::text(other.to_string()),
        };
        list = list.add(claim_name(w, *claim), shown);
    }
    list.render()
}

/// By what somebody is found.
pub(super) fn identifiers(w: &Words, person: &Person) -> Html {
    Table::new(w.t("identity-identifiers"))
        .column(Column::new(w.t("identity-kind")))
        .column(Column::new(w.t("identity-value")))
        .rows(
            person.identifiers.iter().map(|held| {
                [Html::text(w.t(&format!("identity-kind-{}", held.kind.as_str()))), Html::code(&held.value)]
            }),
        )
        .render(w)
}

pub(super) async fn security(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    params: Params,
) -> Result<Response, Fault> {
    let session = match me(&identity, &browser, "/identity/me/security").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let page = security_page(&view, &identity, &browser, &session, outcome(view.words(), &params), None).await?;
    Ok(page)
}

async fn security_page(
    view: &View,
    identity: &Identity,
    browser: &Browser,
    session: &Session,
    notice: Html,
    codes: Option<&[String]>,
) -> Result<Response, Fault> {
    let w = view.words();
    let factors = identity.factors(session.person).await?;
    let now = identity.store().clock().now();
    let ways = Table::new(w.t("identity-factors"))
        .column(Column::new(w.t("identity-factor")))
        .column(Column::new(w.t("identity-factor-label")))
        .column(Column::new(w.t("identity-used")))
        .column(Column::new(w.t("identity-action")).quiet())
        .rows(factors.iter().map(|factor| {
            let used = factor.used_at.map_or_else(|| Html::text("–"), |at| w.ago(at, now));
            let id = factor.id.to_string();
            let action = match factor.kind {
                FactorKind::Password => Html::link("/identity/me/password", w.t("identity-password-change")),
                _ => button(view, browser, "/identity/me/factor/remove", "identity-remove", Some(("factor", id))),
            };
            let kind = w.t(&format!("identity-factor-{}", factor.kind.as_str()));
            [Html::text(kind), Html::isolated(&factor.label), used, action]
        }))
        .empty(Html::paragraph(w.t("identity-factors-none")));
    let wallets = identity.wallets(session.person).await?;
    let bound = Table::new(w.t("identity-wallets"))
        .column(Column::new(w.t("identity-wallet-maker")))
        .column(Column::new(w.t("identity-wallet-since")))
        .column(Column::new(w.t("identity-wallet-until")))
        .column(Column::new(w.t("identity-action")).quiet())
        .rows(wallets.iter().map(|wallet| {
            let field = Some(("wallet", wallet.id.to_string()));
            let action = button(view, browser, "/identity/me/wallet/remove", "identity-remove", field);
            [Html::isolated(&wallet.maker), w.instant(wallet.created_at), w.instant(wallet.expires_at), action]
        }));
    let sessions = identity.sessions(session.person).await?;
    let mut devices = Table::new(w.t("identity-sessions"))
        .column(Column::new(w.t("identity-device")))
        .column(Column::new(w.t("identity-since")))
        .column(Column::new(w.t("identity-seen")))
        .column(Column::new(w.t("identity-action")).quiet());
    for one in &sessions {
        let is_own = one.id == session.id;
        let action = if is_own {
            Badge::html(Tone::Good, w.t("identity-this-one"))
        } else {
            let id = one.id.to_string();
            button(view, browser, "/identity/me/session/end", "identity-end", Some(("session", id)))
        };
        devices = devices.row([
            Html::isolated(device::words(&one.device)),
            w.instant(one.created_at),
            w.ago(one.seen_at, now),
            action,
        ]);
    }
    let mut page = Page::new(&view.frame, w.t("identity-security")).notice(notice).push(tabs(w, "security"));
    if let Some(codes) = codes {
        let list = Html::list(codes.iter().map(Html::code));
        page = page.push(Notice::html(
            Tone::Info,
            w.t("identity-recovery-shown"),
            Html::paragraph(w.t("identity-recovery-shown-do")).then(list),
        ));
    }
    let mut page = page
        .push(Html::heading(w.t("identity-factors")))
        .push(ways.render(w))
        .push(button(view, browser, "/identity/me/totp/new", "identity-totp-add", None))
        .push(Html::quiet(w.t("identity-recovery-about")))
        .push(button(view, browser, "/identity/me/recovery", "identity-recovery-draw", None))
        .push(if wallets.is_empty() {
            Html::empty()
        } else {
            Html::heading(w.t("identity-wallets")).then(bound.render(w))
        })
        .push(Html::heading(w.t("identity-sessions")))
        .push(devices.render(w));
    if sessions.len() > 1 {
        page = page.push(button(view, browser, "/identity/me/sessions/end", "identity-end-others", None));
    }
    Ok(shown(&page))
}

pub(super) async fn password(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
) -> Result<Response, Fault> {
    if let Err(elsewhere) = me_now(&identity, &browser, "/identity/me/password").await? {
        return Ok(*elsewhere);
    }
    Ok(shown(&password_page(&view, &browser, &[])))
}

fn password_page<'a>(view: &'a View, browser: &Browser, found: &[FieldError]) -> Page<'a> {
    let w = view.words();
    let form = password_form(view, browser, "/identity/me/password", found).cancel("/identity/me/security");
    Page::new(&view.frame, w.t("identity-password-change"))
        .crumb(w.t("identity-security"), "/identity/me/security")
        .lead(w.t("identity-password-lead"))
        .form(&form)
}

pub(super) async fn set_password(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let session = match me_now(&identity, &browser, "/identity/me/password").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let done = match typed_password(&typed) {
        Ok(password) => {
            identity.set_password(&session.by(asking.info), session.person, password, Some(session.id)).await
        }
        Err(found) => Err(IdentityError::InvalidRequest(found)),
    };
    match done {
        Ok(()) => Ok(see_other("/identity/me/security?done=password")),
        Err(error) => Ok(refused(&password_page(&view, &browser, &faults(Problem::from(error))?))),
    }
}

pub(super) async fn offer_totp(
    _: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let session = match me_now(&identity, &browser, "/identity/me/security").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let account = identity.shown_name(session.person).await?;
    identity.offer_totp(session.person, typed.text("label"), &account).await?;
    Ok(see_other("/identity/me/totp"))
}

pub(super) async fn totp(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
) -> Result<Response, Fault> {
    let session = match me_now(&identity, &browser, "/identity/me/totp").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    totp_page(&view, &identity, &browser, &session, None).await
}

async fn totp_page(
    view: &View,
    identity: &Identity,
    browser: &Browser,
    session: &Session,
    error: Option<String>,
) -> Result<Response, Fault> {
    let w = view.words();
    let account = identity.shown_name(session.person).await?;
    let Some(offer) = identity.totp_offer(session.person, &account).await? else {
        return Ok(see_other("/identity/me/security"));
    };
    let is_wrong = error.is_some();
    let form = Form::post("/identity/me/totp", &view.frame, w.t("identity-totp-confirm"))
        .field(browser.guard_field())
        .field(
            Field::integer("code", w.t("identity-totp-code"))
                .attribute("autocomplete", "one-time-code")
                .error_if(error),
        )
        .cancel("/identity/me/security");
    let page = Page::new(&view.frame, w.t("identity-totp-add"))
        .crumb(w.t("identity-security"), "/identity/me/security")
        .lead(w.t("identity-totp-lead"))
        .push(picture(&offer.uri, &w.t("identity-totp-picture")))
        .push(code(w.t("identity-totp-key"), &offer.key, w))
        .push(Html::trusted("<p>").then(Html::link(&offer.uri, w.t("identity-totp-open"))).then(Html::trusted("</p>")))
        .form(&form);
    Ok(if is_wrong { refused(&page) } else { shown(&page) })
}

/// A text as a picture that a camera reads (ISO/IEC 18004).
fn picture(text: &str, label: &str) -> Html {
    let Ok(drawn) = qrcode::QrCode::new(text.as_bytes()) else { return Html::empty() };
    let width = drawn.width();
    let mut path = String::new();
    for (index, color) in drawn.to_colors().into_iter().enumerate() {
        if color == qrcode::Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", index % width + 4, index / width + 4));
        }
    }
    let side = width + 8;
    Html::trusted(format!(
        "<figure class=\"picture\"><svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {side} {side}\" width=\"232\" \
         height=\"232\" shape-rendering=\"crispEdges\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg></figure>",
        stoa_ui::escape(label)
    ))
}

pub(super) async fn confirm_totp(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let session = match me_now(&identity, &browser, "/identity/me/totp").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    match identity.confirm_totp(&session.by(asking.info), session.person, typed.text("code")).await {
        Ok(()) => Ok(see_other("/identity/me/security?done=totp")),
        Err(IdentityError::NotProved) => {
            let error = view.words().t("identity-wrong-code");
            totp_page(&view, &identity, &browser, &session, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The codes are on the answer itself: they are shown once.
pub(super) async fn draw_recovery(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let session = match me_now(&identity, &browser, "/identity/me/security").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let codes = identity.draw_recovery_codes(&session.by(asking.info), session.person).await?;
    security_page(&view, &identity, &browser, &session, Html::empty(), Some(&codes.0)).await
}

pub(super) async fn remove_factor(
    asking: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let session = match me_now(&identity, &browser, "/identity/me/security").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let id: FactorId = typed.text("factor").parse().map_err(|_| IdentityError::FactorNotFound)?;
    identity.remove_factor(&session.by(asking.info), session.person, id).await?;
    Ok(see_other("/identity/me/security?done=removed"))
}

pub(super) async fn remove_wallet(
    asking: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let session = match me_now(&identity, &browser, "/identity/me/security").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let id = typed.text("wallet").parse().map_err(|_| IdentityError::FactorNotFound)?;
    identity.remove_wallet(&session.by(asking.info), session.person, id).await?;
    Ok(see_other("/identity/me/security?done=removed"))
}

pub(super) async fn end_session(
    asking: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    let session = match acting(&identity, &browser, &typed, "/identity/me/security").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let id: SessionId = typed.text("session").parse().map_err(|_| IdentityError::SessionNotFound)?;
    identity.end_session(&session.by(asking.info), session.person, id).await?;
    Ok(see_other("/identity/me/security?done=ended"))
}

pub(super) async fn end_others(
    asking: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    let session = match acting(&identity, &browser, &typed, "/identity/me/security").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    identity.end_other_sessions(&session.by(asking.info), &session).await?;
    Ok(see_other("/identity/me/security?done=ended"))
}

pub(super) async fn services(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    params: Params,
) -> Result<Response, Fault> {
    let session = match me(&identity, &browser, "/identity/me/services").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let w = view.words();
    let now = identity.store().clock().now();
    let consents = identity.consents(session.person).await?;
    let table = Table::new(w.t("identity-services"))
        .column(Column::new(w.t("identity-service")))
        .column(Column::new(w.t("identity-given")))
        .column(Column::new(w.t("identity-purpose")))
        .column(Column::new(w.t("identity-since")))
        .column(Column::new(w.t("identity-until")))
        .column(Column::new(w.t("identity-action")).quiet())
        .rows(consents.iter().map(|consent| {
            let claims = consent.claims.iter().map(|claim| claim_name(w, *claim)).collect::<Vec<_>>().join(", ");
            let action = match consent.withdrawn_at {
                Some(at) => Html::text(w.t("identity-ended")).then(Html::trusted(" ")).then(w.instant(at)),
                None if consent.expires_at <= now => Html::text(w.t("identity-ended")),
                None => {
                    let client = consent.client.to_string();
                    let to = "/identity/me/services/withdraw";
                    button(&view, &browser, to, "identity-withdraw", Some(("client", client)))
                }
            };
            [
                Html::isolated(&consent.client_name),
                Html::text(if claims.is_empty() { "–".to_owned() } else { claims }),
                Html::isolated(&consent.purpose),
                w.instant(consent.given_at),
                w.instant(consent.expires_at),
                action,
            ]
        }))
        .empty(Html::paragraph(w.t("identity-services-none")));
    let page = Page::new(&view.frame, w.t("identity-services"))
        .wide()
        .notice(outcome(w, &params))
        .push(tabs(w, "services"))
        .push(Html::paragraph(w.t("identity-services-lead")))
        .push(table.render(w));
    Ok(shown(&page))
}

pub(super) async fn withdraw(
    asking: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    let session = match acting(&identity, &browser, &typed, "/identity/me/services").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let client: ClientId = typed.text("client").parse().map_err(|_| IdentityError::ClientNotFound(String::new()))?;
    identity.withdraw(&session.by(asking.info), session.person, client).await?;
    Ok(see_other("/identity/me/services?done=withdrawn"))
}

pub(super) async fn history(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
) -> Result<Response, Fault> {
    let session = match me(&identity, &browser, "/identity/me/history").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let w = view.words();
    let readings = identity.readings(session.person).await?;
    let table = Table::new(w.t("identity-history"))
        .column(Column::new(w.t("identity-when")))
        .column(Column::new(w.t("identity-reader")))
        .column(Column::new(w.t("identity-read")))
        .column(Column::new(w.t("identity-purpose")))
        .rows(readings.iter().map(|reading| {
            let name =
                |name: &String| Claim::from_name(name).map_or_else(|| name.clone(), |claim| claim_name(w, claim));
            let claims = reading.claims.iter().map(name).collect::<Vec<_>>().join(", ");
            [
                w.instant(reading.read_at),
                Html::isolated(&reading.reader),
                Html::text(claims),
                Html::isolated(&reading.purpose),
            ]
        }))
        .empty(Html::paragraph(w.t("identity-history-none")));
    let page = Page::new(&view.frame, w.t("identity-history"))
        .wide()
        .push(tabs(w, "history"))
        .push(Html::paragraph(w.t("identity-history-lead")))
        .push(table.render(w));
    Ok(shown(&page))
}

/// Everything that is known, as a file.
pub(super) async fn download(
    asking: Public,
    State(identity): State<Identity>,
    browser: Browser,
) -> Result<Response, Fault> {
    let session = match me_now(&identity, &browser, "/identity/me/download").await? {
        Ok(session) => session,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let body = everything(&identity, &session, asking.info).await?;
    let mut response = answer(axum::http::StatusCode::OK, &body);
    let name = HeaderValue::from_static("attachment; filename=\"my-identity.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

async fn everything(
    identity: &Identity,
    session: &Session,
    info: RequestInfo,
) -> Result<serde_json::Value, IdentityError> {
    let by = session.by(info);
    let person = identity.person(&by, session.person).await?;
    let versions = identity.versions(&by, session.person).await?;
    let sessions: Vec<_> = identity
        .sessions(session.person)
        .await?
        .into_iter()
        .map(|one| {
            json!({"device": one.device, "signed_in_at": one.signed_in_at, "seen_at": one.seen_at,
                "expires_at": one.expires_at, "methods": one.methods.amr()})
        })
        .collect();
    let consents: Vec<_> = identity
        .consents(session.person)
        .await?
        .into_iter()
        .map(|one| {
            json!({"service": one.client_name, "claims": one.claims, "scope": one.scope.to_string(),
                "purpose": one.purpose, "given_at": one.given_at, "expires_at": one.expires_at,
                "withdrawn_at": one.withdrawn_at})
        })
        .collect();
    let readings: Vec<_> = identity
        .readings(session.person)
        .await?
        .into_iter()
        .map(|one| json!({"reader": one.reader, "claims": one.claims, "purpose": one.purpose, "read_at": one.read_at}))
        .collect();
    let at = identity.store().clock().now();
    Ok(json!({"source": identity.issuer(), "exported_at": at, "person": person, "versions": versions,
        "factors": identity.factors(session.person).await?, "sessions": sessions, "consents": consents,
        "readings": readings}))
}

pub(super) async fn sign_out(
    asking: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    if let Some(session) = browser.session(&identity).await? {
        identity.end_session(&session.by(asking.info), session.person, session.id).await?;
    }
    Ok(with_cookie(see_other("/identity/logout"), browser.end_cookie()))
}
