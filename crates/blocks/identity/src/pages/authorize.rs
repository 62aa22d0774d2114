//! The authorization endpoint: where a service sends a person's browser.

use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::Response;
use stoa_ui::{Address, Html, Notice, Page, Tone, escape};
use stoa_web::{Fault, Profile, Public, View, content_security_to, see_other};

use super::browser::{Browser, Typed};
use super::{SIGN_IN, with_cookie};
use crate::model::authorize::{Answer, ResponseMode};
use crate::model::oauth::OauthError;
use crate::model::parameters::Parameters;
use crate::service::{Begun, Identity};

pub(super) async fn ask(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    uri: Uri,
) -> Result<Response, Fault> {
    let asked = Parameters::read(uri.query().unwrap_or("").as_bytes());
    let session = browser.session(&identity).await?;
    let begun = identity.authorize(&asked, &browser.hash(), session.as_ref(), &asking.info).await?;
    let response = match begun {
        Begun::Answer(answer) => answered(&view, &answer),
        Begun::Interact(transaction) => see_other(&Address::new(SIGN_IN).with("t", transaction).to_string()),
        Begun::Refused(error) => refusal(&view, &identity, &error),
    };
    Ok(with_cookie(response, browser.new_cookie()))
}

/// The same by POST (OpenID Connect Core §3.1.2.1). Browsers send no cookies with a form of another site, so the request
/// comes again by GET.
pub(super) async fn ask_by_form(_: Public, Typed(asked): Typed) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.iter() {
        query.append_pair(name, value);
    }
    see_other(&format!("/identity/authorize?{}", query.finish()))
}

/// A refusal that cannot be sent to the service: the person reads it.
fn refusal(view: &View, identity: &Identity, error: &OauthError) -> Response {
    let w = view.words();
    let page = Page::new(&view.frame, w.t("identity-refused"))
        .push(Notice::html(Tone::Bad, w.t("identity-refused-what"), Html::paragraph(w.t("identity-refused-do"))))
        .push(Html::paragraph(w.t("identity-refused-detail")).then(Html::code(error.to_string())));
    // The published suite wants a page, whatever it asks for.
    let status = if identity.profile() == Profile::Govstack { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    stoa_web::page(status, &page)
}

/// The answer on its way to the client.
pub(super) fn answered(view: &View, answer: &Answer) -> Response {
    if answer.mode == ResponseMode::Query {
        return see_other(&answer.address());
    }
    let w = view.words();
    let mut form = format!("<form method=\"post\" action=\"{}\" data-send>", escape(&answer.redirect_uri));
    for (name, value) in &answer.parameters {
        form.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)));
    }
    form.push_str(&format!("<p><button type=\"submit\">{}</button></p></form>", escape(&w.t("identity-go-on"))));
    let page = Page::new(&view.frame, w.t("identity-going-back")).push(Html::trusted(form));
    leading_to(stoa_web::page(StatusCode::OK, &page), &answer.redirect_uri)
}

/// A page whose forms lead to the client in the end: browsers are told where that is.
pub(super) fn leading_to(mut response: Response, redirect_uri: &str) -> Response {
    let origin = match redirect_uri.parse::<Uri>() {
        Ok(uri) if uri.authority().is_some() => {
            let authority = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
            format!("{}://{authority}", uri.scheme_str().unwrap_or("https"))
        }
        _ => format!("{}:", redirect_uri.split(':').next().unwrap_or_default()),
    };
    if let Some(policy) = content_security_to(&origin) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
