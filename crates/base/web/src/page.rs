//! Pages: whoever looks at one gets it in their language, and a refusal is a page too where a browser asked.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use stoa_core::{Problem, Refusal};
use stoa_ui::{
    Address, Definitions, Frame, Html, Locale, NavEntry, Notice, Page, Shell, Texts, Theme, Tone, Visit, Words,
};

use crate::answer::{Fault, Refused, bytes_as, problem_value, status_of};
use crate::block::{Block, Profile};
use crate::caller::Asked;
use crate::visitor::Visitor;

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
}

impl View {
    fn of(pages: &Pages, parts: &Parts) -> Self {
        let visitor = Visitor::of(parts);
        let chosen = visitor.language.as_deref().and_then(Locale::from_tag);
        let frame = pages.shell.frame(Visit {
            locale: chosen.or_else(|| Locale::accepted(&visitor.accepts)).unwrap_or_default(),
            theme: visitor.theme.as_deref().map(Theme::from_word).unwrap_or_default(),
            path: &visitor.address,
            csrf: &visitor.csrf,
            actor: visitor.actor.as_ref(),
        });
        if pages.profile == Profile::Govstack {
            let text = frame.words().t("ui-banner-govstack");
            return Self { visitor, frame: frame.with_banner(text) };
        }
        Self { visitor, frame }
    }

    /// The texts in the visitor's language.
    pub fn words(&self) -> &Words {
        self.frame.words()
    }
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
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(Refused(problem)) = response.extensions().get::<Refused>() else { return response };
    if let Some(asked) = response.extensions().get::<Asked>() {
        asked_for.extensions.insert(asked.clone());
    }
    let mut page = refusal(&View::of(&pages, &asked_for), problem, &asked_for.method);
    // The log still tells what was refused, and whom.
    *page.extensions_mut() = response.extensions().clone();
    page
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|text| text.contains("text/html"))
}

fn refusal(view: &View, problem: &Problem, method: &Method) -> Response {
    let mut response = if problem.refusal == Refusal::Unauthenticated && view.visitor.actor.is_none() {
        let back = if method.is_safe() { view.visitor.address.as_str() } else { "/console" };
        see_other(&Address::new("/sign-in").with("back", back).to_string())
    } else {
        page(status_of(problem.refusal), &problem_page(view, problem))
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

/// What happened, in the visitor's language where the kind of refusal says it all, with the exact words below.
fn problem_page<'a>(view: &'a View, problem: &Problem) -> Page<'a> {
    let w = view.words();
    let kind = match problem.refusal {
        Refusal::Unauthenticated => "unauthenticated",
        Refusal::Forbidden => "forbidden",
        Refusal::NotFound | Refusal::Gone => "not-found",
        Refusal::Busy | Refusal::TooMany | Refusal::Timeout => "busy",
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
    let mut details =
        Definitions::new().add(w.t("ui-problem-code"), Html::link(format!("/problems/{}", problem.code), problem.code));
    let value = problem_value(problem);
    if let Some(detail) = value.get("detail").and_then(|detail| detail.as_str()) {
        details = details.add(w.t("ui-problem-detail"), detail);
    }
    for error in &problem.errors {
        details = details.add(&error.pointer, error.message.as_str());
    }
    Page::new(&view.frame, title)
        .push(Notice::html(
            if problem.refusal == Refusal::NotFound { Tone::Info } else { Tone::Bad },
            w.t(&format!("ui-problem-{kind}-what")),
            Html::paragraph(w.t(&format!("ui-problem-{kind}-do"))),
        ))
        .push(details.render())
}
