//! Why somebody looks at personal data: asked once for the pages of a register, as long as the browser is open, and
//! written into the log that the person concerned may see.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use stoa_ui::{Choice, Field as Input, Form, Html, Page, Words};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, View, purpose_cookie, see_other};

use super::words::{Said, said};
use super::{HOME, at, below, by, refused, shown};
use crate::permission::RecordRead;
use crate::service::{By, Compiled, Registries, RegistryInfo};

/// Characters of a purpose.
const CHARS_MAX: usize = 200;
/// The usual purposes, and the one that is typed.
const USUAL: [&str; 4] =
    ["registries-purpose-asked", "registries-purpose-law", "registries-purpose-correct", "registries-purpose-check"];
const OTHER: &str = "other";

/// The way to the question, where personal data would be shown and nobody has said why.
pub(super) fn ask(view: &View, by: &By, register: &Compiled) -> Option<Response> {
    if !register.is_personal() || by.info.purpose.is_some() {
        return None;
    }
    let address = below(&register.code, "purpose").with("back", view.frame.path());
    Some(see_other(&address.to_string()))
}

/// The purpose as it was stated, with the way to state another.
pub(super) fn stated(w: &Words, by: &By, register: &Compiled, here: &str) -> Html {
    let Some(purpose) = by.info.purpose.as_deref().filter(|_| register.is_personal()) else { return Html::empty() };
    let change = below(&register.code, "purpose").with("back", here).to_string();
    Html::trusted("<p>")
        .then(Html::text(w.t("registries-purpose")))
        .then(Html::text(": "))
        .then(Html::isolated(purpose))
        .then(Html::text(" "))
        .then(Html::link(change, w.t("registries-purpose-change")))
        .then(Html::trusted("</p>"))
}

fn page<'a>(view: &'a View, info: &RegistryInfo, typed: &FormFields, back: &str, faults: &[Said]) -> Page<'a> {
    let w = view.words();
    let usual = USUAL.iter().map(|key| Choice::new(*key, w.t(key)).chosen(typed.text("purpose") == *key));
    let other = Choice::new(OTHER, w.t("registries-purpose-other")).chosen(typed.text("purpose") == OTHER);
    let form = Form::post(below(&info.code, "purpose").to_string(), &view.frame, w.t("registries-purpose-go"))
        .field(Input::hidden("back", back))
        .field(
            Input::radios("purpose", w.t("registries-purpose-why"), usual.chain(std::iter::once(other)))
                .error_if(said(faults, "/purpose")),
        )
        .field(
            Input::text("words", w.t("registries-purpose-words"))
                .optional()
                .attribute("maxlength", CHARS_MAX.to_string())
                .value(typed.text("words"))
                .error_if(said(faults, "/words")),
        )
        .cancel(at(&info.code).path())
        .redraws();
    Page::new(&view.frame, w.t("registries-purpose-why"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&info.code).path())
        .lead(w.t("registries-purpose-lead"))
        .form(&form)
}

/// Only pages of the register itself are gone back to.
fn back_to(code: &str, back: &str) -> String {
    let own = at(code).to_string();
    let inside = back.strip_prefix(&own).is_some_and(|rest| rest.starts_with('/'));
    if inside && stoa_ui::same_site(back) == back { back.to_owned() } else { below(code, "records").to_string() }
}

/// Asks for the purpose.
pub(super) async fn form(
    allowed: Allowed<RecordRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let info = registries.get(&by(&allowed), &code).await?;
    let back = back_to(&code, params.get("back").unwrap_or(""));
    Ok(shown(&page(&view, &info, &FormFields::default(), &back, &[])))
}

/// Remembers the purpose and goes on.
pub(super) async fn state(
    allowed: Allowed<RecordRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let w = view.words();
    let info = registries.get(&by(&allowed), &code).await?;
    let back = back_to(&code, typed.text("back"));
    if view.is_redraw() {
        return Ok(shown(&page(&view, &info, &typed, &back, &[])));
    }
    let words: String = typed.text("words").chars().take(CHARS_MAX).collect();
    let purpose = match USUAL.iter().find(|key| **key == typed.text("purpose")) {
        Some(key) if words.is_empty() => w.t(key),
        Some(key) => format!("{}: {words}", w.t(key)),
        None if typed.text("purpose") == OTHER && !words.is_empty() => words,
        None => {
            let fault = match typed.text("purpose") {
                OTHER => Said::new("/words", w.t("registries-purpose-words-missing")),
                _ => Said::new("/purpose", w.t("registries-purpose-missing")),
            };
            return Ok(refused(&page(&view, &info, &typed, &back, &[fault])));
        }
    };
    let mut response = see_other(&back);
    if let Some(cookie) = purpose_cookie(&purpose, at(&code).path(), view.is_https()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
