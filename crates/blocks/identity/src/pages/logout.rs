//! Signing out where a service asks for it (OpenID Connect RP-Initiated Logout 1.0).

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use stoa_ui::{Field, Form, Html, Notice, Page, Tone};
use stoa_web::{Fault, Public, View, see_other};

use super::authorize::leading_to;
use super::browser::{Browser, Typed};
use super::{shown, with_cookie};
use crate::model::parameters::Parameters;
use crate::service::Identity;

/// Where the browser goes afterwards, with the client's state; none where the address is not the client's.
async fn target(identity: &Identity, asked: &Parameters) -> Result<Option<String>, Fault> {
    let Some(address) = asked.get("post_logout_redirect_uri") else { return Ok(None) };
    let hinted = match asked.get("id_token_hint") {
        Some(token) => identity.hinted(token).await?.map(|(client, _)| client),
        None => None,
    };
    let named = asked.get("client_id").map(str::to_owned);
    let client = match (hinted, named) {
        // Who is named in two ways must be the same.
        (Some(hinted), Some(named)) if hinted != named => return Ok(None),
        (hinted, named) => hinted.or(named),
    };
    let Some(client) = client else { return Ok(None) };
    let Some(client) = identity.named_client(&client).await? else { return Ok(None) };
    if !client.metadata.post_logout_redirect_uris.iter().any(|held| held == address) {
        return Ok(None);
    }
    let Some(state) = asked.get("state") else { return Ok(Some(address.to_owned())) };
    let joint = if address.contains('?') { '&' } else { '?' };
    let state: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
    Ok(Some(format!("{address}{joint}state={state}")))
}

/// Asks the person: nobody is signed out by a picture on another site.
pub(super) async fn ask(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    uri: Uri,
) -> Result<Response, Fault> {
    let w = view.words();
    let asked = Parameters::read(uri.query().unwrap_or("").as_bytes());
    let target = target(&identity, &asked).await?;
    if browser.session(&identity).await?.is_none() {
        return Ok(match target {
            Some(target) => see_other(&target),
            None => over(&view),
        });
    }
    let mut form = Form::post("/identity/logout", &view.frame, w.t("identity-sign-out")).field(browser.guard_field());
    for (name, value) in asked.iter().filter(|(name, _)| *name != super::browser::GUARD) {
        form = form.field(Field::hidden(name, value));
    }
    let page = Page::new(&view.frame, w.t("identity-sign-out")).lead(w.t("identity-sign-out-lead")).form(&form);
    let response = with_cookie(shown(&page), browser.new_cookie());
    Ok(match &target {
        Some(target) => leading_to(response, target),
        None => response,
    })
}

pub(super) async fn done(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    // A service may send its request by POST: that is only the asking.
    if !typed.0.has(super::browser::GUARD) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in typed.0.iter() {
            query.append_pair(name, value);
        }
        return Ok(see_other(&format!("/identity/logout?{}", query.finish())));
    }
    browser.check(&typed.0)?;
    if let Some(session) = browser.session(&identity).await? {
        identity.end_session(&session.by(asking.info), session.person, session.id).await?;
    }
    let response = match target(&identity, &typed.0).await? {
        Some(target) => see_other(&target),
        None => over(&view),
    };
    Ok(with_cookie(response, browser.end_cookie()))
}

fn over(view: &View) -> Response {
    let w = view.words();
    let page = Page::new(&view.frame, w.t("identity-signed-out")).push(Notice::html(
        Tone::Good,
        w.t("identity-signed-out-what"),
        Html::empty(),
    ));
    shown(&page)
}
