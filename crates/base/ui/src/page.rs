//! A whole page: skip link, header, navigation, breadcrumb, one first heading, content, footer.

use askama::Template;

use crate::{Form, Frame, Html, Locale, STATIC, Theme};

/// A page in the making. Components are pushed one after the other.
///
/// ```
/// # use stoa_ui::*;
/// # let shell = Shell::new(Texts::new(&[]), Vec::new());
/// # let frame = shell.frame(Visit { locale: Locale::Ar, theme: Theme::Auto, path: "/", csrf: "", actor: None });
/// let html = Page::new(&frame, "السجلات").crumb("الرئيسية", "/console").lead("…").push(Html::paragraph("…")).render();
/// assert!(html.contains("<html lang=\"ar\" dir=\"rtl\""));
/// ```
#[derive(Debug)]
pub struct Page<'a> {
    frame: &'a Frame,
    title: String,
    heading: Option<Html>,
    lead: Html,
    crumbs: Vec<(String, String)>,
    actions: Html,
    errors: Vec<(String, Html)>,
    redraw: Option<String>,
    notices: Html,
    body: Html,
    wide: bool,
    refresh_seconds: Option<u32>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Sheet<'a> {
    page: &'a Page<'a>,
    frame: &'a Frame,
    locales: [Locale; 4],
    themes: [Theme; 3],
    style: &'a str,
    script: &'a str,
    icon: &'a str,
}

impl Sheet<'_> {
    fn t(&self, key: &str) -> String {
        self.frame.words.t(key)
    }
}

impl<'a> Page<'a> {
    /// An empty page with this title, which is also its first heading.
    pub fn new(frame: &'a Frame, title: impl Into<String>) -> Self {
        Self {
            frame,
            title: title.into(),
            heading: None,
            lead: Html::empty(),
            crumbs: Vec::new(),
            actions: Html::empty(),
            errors: Vec::new(),
            redraw: None,
            notices: Html::empty(),
            body: Html::empty(),
            wide: false,
            refresh_seconds: None,
        }
    }

    /// A first heading that is more than the title: with a badge, say.
    #[must_use]
    pub fn heading(mut self, heading: Html) -> Self {
        self.heading = Some(heading);
        self
    }

    /// A sentence or two under the heading.
    #[must_use]
    pub fn lead(mut self, lead: impl Into<Html>) -> Self {
        self.lead = lead.into();
        self
    }

    /// One more step of the breadcrumb, from the outside in; the page itself is not among them.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push((label.into(), href.into()));
        self
    }

    /// Links and buttons beside the heading; see [`crate::actions`].
    #[must_use]
    pub fn actions(mut self, actions: Html) -> Self {
        self.actions = actions;
        self
    }

    /// The error summary: pairs of a field's id and its message, from [`crate::Form::errors`]; without an id the message
    /// is no link. The title says "Error:".
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = (String, Html)>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// The form that the page is for, with its errors in the summary. If it [redraws](Form::redraws), the switch of
    /// language and colours sends it there, so that what was typed comes back in the other language.
    #[must_use]
    pub fn form(mut self, form: &Form) -> Self {
        self.redraw = form.redraw_address().map(str::to_owned);
        let drawn = form.render(&self.frame.words);
        self.errors(form.errors()).push(drawn)
    }

    /// A notice above the heading: the outcome of what was done before.
    #[must_use]
    pub fn notice(mut self, notice: Html) -> Self {
        self.notices = self.notices.then(notice);
        self
    }

    /// The next piece of the content.
    #[must_use]
    pub fn push(mut self, piece: Html) -> Self {
        self.body = self.body.then(piece);
        self
    }

    /// Without a bound to the content's width, for large tables.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// For a page that waits for something: a link that looks again, which the script follows by itself every so many
    /// seconds. A page that reloads on its own takes the reading away from whoever hears it (WCAG 2.2.1), so the script
    /// only moves the progress on, and loads the page again once there is something else to see.
    #[must_use]
    pub fn refresh(mut self, seconds: u32) -> Self {
        self.refresh_seconds = Some(seconds);
        self
    }

    /// The finished page.
    pub fn render(&self) -> String {
        let sheet = Sheet {
            page: self,
            frame: self.frame,
            locales: Locale::ALL,
            themes: Theme::ALL,
            style: STATIC.style.path(),
            script: STATIC.script.path(),
            icon: STATIC.icon.path(),
        };
        Html::of(&sheet).into_string()
    }
}
