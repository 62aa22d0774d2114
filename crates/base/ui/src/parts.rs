//! The smaller components: notices, badges, tabs, lists of terms, progress, code, folds, and questions before harm.

use std::fmt::Write as _;

use crate::{Form, Html, Words, escape};

/// What sort of news something is. Never told by colour alone: each has its word or sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    Plain,
    /// To know.
    Info,
    /// It worked, it runs.
    Good,
    /// Have a look.
    Warning,
    /// It failed, it stands still.
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Info => "info",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// A short word about a state.
#[derive(Debug)]
pub struct Badge;

impl Badge {
    /// The badge as markup.
    pub fn html(tone: Tone, text: impl AsRef<str>) -> Html {
        Html::trusted(format!("<span class=\"badge {}\">{}</span>", tone.class(), escape(text.as_ref())))
    }
}

/// A box with news: the outcome of an action, a warning.
#[derive(Debug)]
pub struct Notice;

impl Notice {
    /// The notice as markup. It is announced when the page opens.
    pub fn html(tone: Tone, title: impl AsRef<str>, body: impl Into<Html>) -> Html {
        let role = if tone == Tone::Bad { "alert" } else { "status" };
        let (class, title) = (tone.class(), escape(title.as_ref()));
        Html::trusted(format!("<div class=\"notice {class}\" role=\"{role}\"><p><strong>{title}</strong></p>"))
            .then(body.into())
            .then(Html::trusted("</div>"))
    }
}

/// Views of the same thing, as links.
#[derive(Debug, Default)]
pub struct Tabs(String);

impl Tabs {
    /// No tabs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next tab; the current one is marked.
    #[must_use]
    pub fn tab(mut self, label: impl AsRef<str>, href: impl AsRef<str>, current: bool) -> Self {
        let mark = if current { " aria-current=\"page\"" } else { "" };
        // Writing into a String cannot fail.
        let _ = write!(self.0, "<li><a href=\"{}\"{mark}>{}</a></li>", escape(href.as_ref()), escape(label.as_ref()));
        self
    }

    /// The tabs as markup; `label` names the group for those who hear the page.
    pub fn render(self, label: impl AsRef<str>) -> Html {
        Html::trusted(format!(
            "<nav class=\"tabs\" aria-label=\"{}\"><ul>{}</ul></nav>",
            escape(label.as_ref()),
            self.0
        ))
    }
}

/// Terms and what they are, side by side.
///
/// ```
/// # use stoa_ui::*;
/// let html = Definitions::new().add("Version", "0.1.0").add("Id", Html::code("7f")).render();
/// assert_eq!(html.as_str(), "<dl><div><dt>Version</dt><dd>0.1.0</dd></div><div><dt>Id</dt>\
///     <dd><code dir=\"ltr\">7f</code></dd></div></dl>");
/// ```
#[derive(Debug, Default)]
pub struct Definitions(String);

impl Definitions {
    /// No terms yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next term.
    #[must_use]
    pub fn add(mut self, term: impl AsRef<str>, value: impl Into<Html>) -> Self {
        let _ = write!(self.0, "<div><dt>{}</dt><dd>{}</dd></div>", escape(term.as_ref()), value.into());
        self
    }

    /// The list as markup.
    pub fn render(self) -> Html {
        Html::trusted(format!("<dl>{}</dl>", self.0))
    }
}

/// How far something is: a bar and the same in words.
#[derive(Debug)]
pub struct Progress;

impl Progress {
    /// The bar as markup.
    pub fn html(label: impl AsRef<str>, done: u64, total: u64, words: &Words) -> Html {
        let label = escape(label.as_ref());
        let text = words.with("ui-progress", &[("done", done.into()), ("total", total.into())]);
        Html::trusted(format!(
            "<div class=\"progress\"><progress aria-label=\"{label}\" max=\"{}\" value=\"{done}\"></progress> \
             <span>{}</span></div>",
            total.max(1),
            escape(&text)
        ))
    }
}

/// A block of code with a name; the script adds a button that copies it.
pub fn code(label: impl AsRef<str>, text: impl AsRef<str>, words: &Words) -> Html {
    Html::trusted(format!(
        "<pre tabindex=\"0\" role=\"region\" aria-label=\"{}\" dir=\"ltr\" data-copy=\"{}\" data-copied=\"{}\"><code>{}</code></pre>",
        escape(label.as_ref()),
        escape(&words.t("ui-copy")),
        escape(&words.t("ui-copied")),
        escape(text.as_ref())
    ))
}

/// Something that opens on demand.
#[derive(Debug)]
pub struct Fold;

impl Fold {
    /// The fold as markup.
    pub fn html(summary: impl AsRef<str>, body: impl Into<Html>, open: bool) -> Html {
        let open = if open { " open" } else { "" };
        Html::trusted(format!("<details class=\"fold\"{open}><summary>{}</summary><div>", escape(summary.as_ref())))
            .then(body.into())
            .then(Html::trusted("</div></details>"))
    }
}

/// A question before something is destroyed, without a script: a button that opens the question in place.
#[derive(Debug)]
pub struct Confirm;

impl Confirm {
    /// The button and its question; the form's button does it.
    ///
    /// ```
    /// # use stoa_ui::*;
    /// # let shell = Shell::new(Texts::new(&[]), Vec::new());
    /// # let frame = shell.frame(Visit { locale: Locale::En, theme: Theme::Auto, path: "/", csrf: "", actor: None });
    /// let form = Form::post("/console/keys/7/revoke", &frame, "Revoke key").danger();
    /// let html = Confirm::html("Revoke", "Revoke the key “import”?", "Programs that use it stop.", &form, frame.words());
    /// assert!(html.as_str().starts_with("<details class=\"confirm\"><summary"));
    /// ```
    pub fn html(
        trigger: impl AsRef<str>,
        question: impl AsRef<str>,
        consequence: impl Into<Html>,
        form: &Form,
        words: &Words,
    ) -> Html {
        let question = escape(question.as_ref());
        Html::trusted(format!(
            "<details class=\"confirm\"><summary>{}</summary><div role=\"group\" aria-label=\"{question}\">\
             <p><strong>{question}</strong></p><p>",
            escape(trigger.as_ref())
        ))
        .then(consequence.into())
        .then(Html::trusted("</p>"))
        .then(form.render(words))
        .then(Html::trusted("</div></details>"))
    }
}

/// Links that look like buttons, for the head of a page; the first is the main one.
pub fn actions(links: impl IntoIterator<Item = (String, String)>) -> Html {
    let mut out = String::new();
    for (at, (label, href)) in links.into_iter().enumerate() {
        let class = if at == 0 { "first" } else { "second" };
        let _ = write!(out, "<a class=\"button {class}\" href=\"{}\">{}</a>", escape(&href), escape(&label));
    }
    Html::trusted(out)
}

/// Key figures side by side: label, figure, remark.
pub fn figures(figures: impl IntoIterator<Item = (String, String, Html)>) -> Html {
    let mut out = "<dl class=\"figures\">".to_owned();
    for (label, figure, remark) in figures {
        let _ = write!(out, "<div><dt>{}</dt><dd><b>{}</b>", escape(&label), escape(&figure));
        if !remark.is_empty() {
            let _ = write!(out, " <span>{remark}</span>");
        }
        out.push_str("</dd></div>");
    }
    out.push_str("</dl>");
    Html::trusted(out)
}

/// Places to go, each with a line about it: title, address, text.
pub fn cards(cards: impl IntoIterator<Item = (String, String, Html)>) -> Html {
    let mut out = "<ul class=\"cards\">".to_owned();
    for (title, href, text) in cards {
        let _ = write!(out, "<li><h2><a href=\"{}\">{}</a></h2><p>{text}</p></li>", escape(&href), escape(&title));
    }
    out.push_str("</ul>");
    Html::trusted(out)
}
