//! Pages: whoever looks at one gets it in their language, and a refusal is a page too where a browser asked.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use stoa_core::{Problem, Refusal};
use stoa_ui::{
    Address, Definitions, Frame, Html, Locale, NavEntry, Notice, Page, Shell, Texts, Theme, Tone, Visit, Words,
};

use crate::answer::{Fault, Refused, bytes_as, problem_value, status_of};
use crate::block::{Block, Profile};
use crate::caller::Asked;
use crate::visitor::{LANGUAGE_COOKIE, THEME_COOKIE, Visitor, preference_cookie};

/// The languages and the navigation of a node that holds these blocks; the node's own entries come first.
pub fn shell(own: &[stoa_ui::Catalogue], navigation: &[NavEntry], blocks: &[Block]) -> Shell {
    let catalogues: Vec<_> = own.iter().chain(blocks.iter().flat_map(|block| block.catalogues)).copied().collect();
    let entries = blocks.iter().flat_map(|block| block.navigation).chain(navigation).copied().collect();
    Shell::new(Texts::new(&catalogues), entries)
}

/// One look at a page: who looks, and the frame to draw in. Takes no permission: a page that needs one takes
/// [`Allowed`](crate::Allowed) beside it.
#[derive(Debug, Clone)]
pub struct View {
    /// Who looks.
    pub visitor: Visitor,
    /// What stands around the page.
    pub frame: Frame,
    is_redraw: bool,
    is_https: bool,
}

impl View {
    fn of(pages: &Pages, parts: &Parts) -> Self {
        let visitor = Visitor::of(parts);
        let redraw = redraw_word(parts);
        let chosen = [redraw, visitor.language.as_deref()].into_iter().flatten().find_map(Locale::from_tag);
        let light = redraw.filter(|word| is_theme(word)).or(visitor.theme.as_deref());
        // Where the answer to a form has no page of its own, one goes back to the page that the form stood on.
        let path = if parts.method.is_safe() {
            visitor.address.clone()
        } else {
            came_from(&parts.headers).unwrap_or_default()
        };
        let frame = pages.shell.frame(Visit {
            locale: chosen.or_else(|| Locale::accepted(&visitor.accepts)).unwrap_or_default(),
            theme: light.map(Theme::from_word).unwrap_or_default(),
            path: if path.is_empty() { "/console" } else { &path },
            csrf: &visitor.csrf,
            actor: visitor.actor.as_ref(),
        });
        let (is_redraw, is_https) = (redraw.is_some(), is_https(&parts.headers));
        if pages.profile == Profile::Govstack {
            let text = frame.words().t("ui-banner-govstack");
            return Self { visitor, frame: frame.with_banner(text), is_redraw, is_https };
        }
        Self { visitor, frame, is_redraw, is_https }
    }

    /// The texts in the visitor's language.
    pub fn words(&self) -> &Words {
        self.frame.words()
    }

    /// Whether the page was reached by https, so that its cookies must be too.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether the form is only to be drawn again, with what was typed: its visitor switched the language or the
    /// colours. Every form that [redraws](stoa_ui::Form::redraws) asks this before it does anything.
    pub fn is_redraw(&self) -> bool {
        self.is_redraw
    }
}

/// The language or the colours that a form is to be drawn again in.
fn redraw_word(parts: &Parts) -> Option<&str> {
    let query = parts.uri.query().filter(|_| !parts.method.is_safe())?;
    let word = query.split('&').find_map(|pair| pair.strip_prefix("redraw="))?;
    Some(word).filter(|word| is_theme(word) || Locale::ALL.iter().any(|locale| locale.tag() == *word))
}

fn is_theme(word: &str) -> bool {
    Theme::ALL.iter().any(|theme| theme.as_str() == word)
}

/// The page of this node that the request came from. Our pages ask browsers to say so to ourselves only.
fn came_from(headers: &HeaderMap) -> Option<String> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?.parse::<Uri>().ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let path = referer.path_and_query()?.as_str();
    (referer.authority()?.as_str() == host && stoa_ui::same_site(path) == path).then(|| path.to_owned())
}

impl<S: Send + Sync> FromRequestParts<S> for View {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        // Only a router that was put together without the node's layers has no pages.
        let missing = || Problem::new(Refusal::Failed, "web.failed").detail("This page was mounted without its shell.");
        Ok(Self::of(parts.extensions.get::<Pages>().ok_or_else(missing)?, parts))
    }
}

/// A page as an answer.
pub fn page(status: StatusCode, page: &Page<'_>) -> Response {
    bytes_as(status, "text/html; charset=utf-8", page.render())
}

/// What the pages' layer is made of.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) shell: Shell,
    pub(crate) profile: Profile,
}

/// Gives requests what a [`View`] is made from, and turns a browser's refusals into pages, wherever they were made: to the
/// sign-in when nobody is signed in, else a page that says what happened and what to do. Programs get their problem
/// document untouched.
pub(crate) async fn for_browsers(State(pages): State<Pages>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(pages.clone());
    if !wants_page(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut asked_for = parts.clone();
    let remembered = redraw_word(&parts).and_then(|word| remember(word, is_https(&parts.headers)));
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(Refused(problem)) = response.extensions().get::<Refused>() {
        if let Some(asked) = response.extensions().get::<Asked>() {
            asked_for.extensions.insert(asked.clone());
        }
        let mut page = refusal(&View::of(&pages, &asked_for), problem, &asked_for.method);
        // The log still tells what was refused, and whom.
        *page.extensions_mut() = response.extensions().clone();
        response = page;
    }
    if let Some(cookie) = remembered {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn remember(word: &str, secure: bool) -> Option<HeaderValue> {
    let name = if is_theme(word) { THEME_COOKIE } else { LANGUAGE_COOKIE };
    preference_cookie(name, word, secure)
}

/// Whether the form was sent from a page that came by https: browsers name its origin with every form.
fn is_https(headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|text| text.contains("text/html"))
}

fn refusal(view: &View, problem: &Problem, method: &Method) -> Response {
    let mut response = if problem.refusal == Refusal::Unauthenticated && view.visitor.actor.is_none() {
        // The form's own page is opened again after the sign-in; what was typed into it is gone, and that is said.
        let ended = if method.is_safe() { "" } else { "yes" };
        see_other(&Address::new("/sign-in").with("back", view.frame.path()).with("ended", ended).to_string())
    } else {
        page(status_of(problem.refusal), &problem_page(view, problem, method))
    };
    if let Some(wait) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}

/// On to another address, after a form was taken or where a page is elsewhere.
pub fn see_other(address: &str) -> Response {
    let mut response = bytes_as(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    if let Ok(location) = HeaderValue::try_from(address) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// What happened and what to do, in the visitor's language. The exact words of the case are written for programs, in
/// English; they follow as such.
fn problem_page<'a>(view: &'a View, problem: &Problem, method: &Method) -> Page<'a> {
    let w = view.words();
    let kind = match problem.refusal {
        _ if problem.code == "web.timeout" => "timeout",
        Refusal::Unauthenticated => "unauthenticated",
        Refusal::Forbidden => "forbidden",
        Refusal::NotFound | Refusal::Gone => "not-found",
        Refusal::Timeout => "timeout",
        Refusal::Busy | Refusal::TooMany => "busy",
        Refusal::Conflict | Refusal::PreconditionFailed => "conflict",
        Refusal::TooLarge | Refusal::HeadersTooLarge => "too-large",
        Refusal::Failed | Refusal::BadGateway => "failed",
        Refusal::Malformed
        | Refusal::MethodNotAllowed
        | Refusal::UnsupportedMedia
        | Refusal::Invalid
        | Refusal::Misdirected => "invalid",
    };
    let title = w.t(&format!("ui-problem-{kind}"));
    let own = format!("problem-{}", problem.code.replace(['.', '_'], "-"));
    let what = if w.has(&own) { w.t(&own) } else { w.t(&format!("ui-problem-{kind}-what")) };
    let mut details =
        Definitions::new().add(w.t("ui-problem-code"), Html::link(format!("/problems/{}", problem.code), problem.code));
    let value = problem_value(problem);
    if let Some(detail) = value.get("detail").and_then(|detail| detail.as_str()) {
        details = details.add(w.t("ui-problem-detail"), Html::text(detail).in_english());
    }
    for error in &problem.errors {
        details = details.add(&error.pointer, Html::text(&error.message).in_english());
    }
    let page = Page::new(&view.frame, title)
        .push(Notice::html(
            if problem.refusal == Refusal::NotFound { Tone::Info } else { Tone::Bad },
            what,
            Html::paragraph(w.t(&format!("ui-problem-{kind}-do"))),
        ))
        .push(details.render());
    if method.is_safe() {
        return page;
    }
    page.push(
        Html::trusted("<p>").then(Html::link(view.frame.path(), w.t("ui-problem-back"))).then(Html::trusted("</p>")),
    )
}
