//! What everybody may see: the files of the pages, home, sign-in, language and colours.

use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use stoa_core::{Problem, Refusal};
use stoa_ui::{Field, Form, Html, Locale, Notice, Page, STATIC, StaticFile, Theme, Tone, actions, cards, code};
use stoa_web::{
    Fault, FormFields, LANGUAGE_COOKIE, Params, Path, Public, THEME_COOKIE, View, bytes_as, end_session_cookie,
    preference_cookie, see_other, session_cookie, session_secret,
};

use crate::{State, shown};

fn file(file: &'static StaticFile) -> Response {
    let mut response = bytes_as(StatusCode::OK, file.content_type, file.body.as_str());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(StaticFile::CACHE_CONTROL));
    response
}

/// A file that pages load, by its present name.
pub(crate) async fn asset(_: Public, Path(name): Path<String>) -> Result<Response, Fault> {
    let found = stoa_ui::static_file(&format!("/static/{name}"));
    Ok(file(found.ok_or_else(|| Problem::new(Refusal::NotFound, "web.not_found"))?))
}

/// The icon, under the name that browsers ask for unasked.
pub(crate) async fn icon(_: Public) -> Response {
    let mut response = file(&STATIC.icon);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}

/// What this node is and where to go.
pub(crate) async fn home(_: Public, view: View, parts: State) -> Response {
    let w = view.words();
    let signed_in = view.visitor.actor.is_some();
    let blocks = parts.blocks.iter().map(|mounted| {
        let name = mounted.block.name;
        let href = if signed_in { format!("/console/{name}") } else { format!("/docs/{name}") };
        (mounted.block.title_in(w), href, Html::text(mounted.block.about_in(w)))
    });
    let own = [
        (w.t("ui-docs"), "/docs".to_owned(), Html::text(w.t("portal-docs-about"))),
        (w.t("portal-problems"), "/problems".to_owned(), Html::text(w.t("portal-problems-about"))),
    ];
    let button = if signed_in {
        (w.t("ui-console"), "/console".to_owned())
    } else {
        (w.t("portal-sign-in"), "/sign-in".to_owned())
    };
    let page = Page::new(&view.frame, w.t("portal-home-title"))
        .lead(w.t("portal-home-lead"))
        .actions(actions([button]))
        .push(cards(blocks.chain(own)));
    shown(&page)
}

/// The sign-in: with a link, one button, so that a preview of the link does not use it up; without, how to get one.
pub(crate) async fn sign_in(_: Public, view: View, params: Params) -> Response {
    let back = stoa_ui::same_site(params.get("back").unwrap_or("/console")).to_owned();
    let link = params.get("link").unwrap_or("");
    if link.is_empty() && view.visitor.actor.is_some() {
        return see_other(&back);
    }
    let mut page = sign_in_page(&view, link, &back, None);
    if params.get("ended").is_some() {
        let w = view.words();
        let told = Html::paragraph(w.t("portal-session-ended-what"));
        page = page.notice(Notice::html(Tone::Warning, w.t("portal-session-over"), told));
    }
    shown(&page)
}

fn sign_in_page<'a>(view: &'a View, link: &str, back: &str, error: Option<String>) -> Page<'a> {
    let w = view.words();
    let known = !link.is_empty() && error.is_none();
    let field = if known {
        Field::hidden("link", link)
    } else {
        Field::text("link", w.t("portal-link")).hint(w.t("portal-link-hint")).ltr().attribute("autocomplete", "off")
    };
    let form = Form::post("/sign-in", &view.frame, w.t("portal-sign-in"))
        .field(Field::hidden("back", back))
        .field(field.error_if(error));
    let page = Page::new(&view.frame, w.t("portal-sign-in")).errors(form.errors());
    if known {
        return page.lead(w.t("portal-sign-in-ready")).push(form.render(w));
    }
    page.lead(w.t("portal-sign-in-how"))
        .push(code(w.t("portal-command"), "stoa link", w))
        .push(form.render(w))
        .push(Html::paragraph(w.t("portal-sign-in-later")))
}

/// Uses a link up and begins a session.
pub(crate) async fn use_link(_: Public, view: View, parts: State, typed: FormFields) -> Result<Response, Fault> {
    let w = view.words();
    let back = stoa_ui::same_site(typed.text("back")).to_owned();
    let back = if back == "/" { "/console".to_owned() } else { back };
    // People paste the whole address as often as its secret.
    let link = typed.text("link").rsplit("link=").next().unwrap_or("").trim().to_owned();
    if link.is_empty() {
        let page = sign_in_page(&view, "", &back, Some(w.t("portal-link-missing")));
        return Ok(stoa_web::page(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    let Some(session) = parts.node.use_link(&link).await? else {
        let page = sign_in_page(&view, &link, &back, Some(w.t("portal-link-used")));
        return Ok(stoa_web::page(StatusCode::UNPROCESSABLE_ENTITY, &page));
    };
    let mut response = see_other(&back);
    if let Some(cookie) = session_cookie(&session, parts.is_https()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session: anybody's own, whatever else they may do.
pub(crate) async fn sign_out(asking: Public, parts: State, headers: HeaderMap) -> Result<Response, Fault> {
    asking.check_forgery()?;
    if let Some(secret) = session_secret(&headers) {
        parts.node.sign_out(&asking.actor, secret).await?;
    }
    let mut response = see_other("/");
    response.headers_mut().append(SET_COOKIE, end_session_cookie());
    Ok(response)
}

/// Remembers language and colours for a year. It changes nothing but the look, so it needs no session and no token.
pub(crate) async fn preferences(_: Public, parts: State, typed: FormFields) -> Response {
    let mut response = see_other(stoa_ui::same_site(typed.text("back")));
    let mut remember = |name: &str, value: &str| {
        if let Some(cookie) = preference_cookie(name, value, parts.is_https()) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    };
    if let Some(locale) = Locale::from_tag(typed.text("language")) {
        remember(LANGUAGE_COOKIE, locale.tag());
    }
    if !typed.text("theme").is_empty() {
        remember(THEME_COOKIE, Theme::from_word(typed.text("theme")).as_str());
    }
    response
}
