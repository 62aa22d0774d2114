//! One field of a form: label, hint, error and control, tied together for those who hear the page.

use askama::Template;

use crate::{Html, Words};

/// One thing to choose from.
#[derive(Debug, Clone)]
pub struct Choice {
    value: String,
    label: String,
    hint: Option<String>,
    chosen: bool,
}

impl Choice {
    /// A choice, not chosen.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None, chosen: false }
    }

    /// Chosen if the condition holds.
    #[must_use]
    pub fn chosen(mut self, chosen: bool) -> Self {
        self.chosen = chosen;
        self
    }

    /// A remark under the label (radios and checkboxes only).
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[derive(Debug, Clone)]
enum Kind {
    Input(&'static str),
    Area { rows: u32 },
    Select(Vec<Choice>),
    Radios(Vec<Choice>),
    Checkboxes(Vec<Choice>),
    Checkbox,
    Date,
    File { accept: String },
    Hidden,
    Shown,
}

/// A field.
///
/// ```
/// # use stoa_ui::*;
/// # let w = Texts::new(&[]).words(Locale::En);
/// let field = Field::text("name", "Name of the key").hint("So that you know it again.").error("Enter a name");
/// let html = field.render(&w).into_string();
/// assert!(html.contains("<label for=\"f-name\">Name of the key</label>"));
/// assert!(html.contains("aria-describedby=\"f-name-hint f-name-error\" aria-invalid=\"true\""));
/// ```
#[derive(Debug, Clone)]
pub struct Field {
    name: String,
    label: String,
    kind: Kind,
    value: String,
    hint: Option<String>,
    error: Option<Html>,
    optional: bool,
    ltr: bool,
    narrow: bool,
    attributes: String,
}

#[derive(Template)]
#[template(path = "field.html")]
struct Drawn<'a> {
    field: &'a Field,
    id: &'a str,
    described: &'a str,
    optional: &'a str,
    error_word: &'a str,
    date: [(&'static str, String, String, &'static str); 3],
}

impl Field {
    fn new(name: impl Into<String>, label: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind,
            value: String::new(),
            hint: None,
            error: None,
            optional: false,
            ltr: false,
            narrow: false,
            attributes: String::new(),
        }
    }

    /// A line of text.
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Input("text"))
    }

    /// Something to search for.
    pub fn search(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Input("search"))
    }

    /// A password. What was typed is never drawn again. `autocomplete` tells the browser which one: `current-password` or
    /// `new-password`.
    pub fn password(name: impl Into<String>, label: impl Into<String>, autocomplete: &'static str) -> Self {
        Self::new(name, label, Kind::Input("password")).attribute("autocomplete", autocomplete).ltr()
    }

    /// A whole number. It is a text with a number keyboard: a wheel or an arrow key never changes it by mistake.
    pub fn integer(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Input("text")).attribute("inputmode", "numeric").ltr().narrow()
    }

    /// A number with decimal places.
    pub fn decimal(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Input("text")).attribute("inputmode", "decimal").ltr().narrow()
    }

    /// A date as three fields, `<name>-day`, `<name>-month`, `<name>-year`; the value is given as `2026-11-24`.
    pub fn date(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Date)
    }

    /// A date by the browser's own calendar: for filters, where three fields would be too many.
    pub fn calendar(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Input("date")).narrow()
    }

    /// Several lines of text.
    pub fn area(name: impl Into<String>, label: impl Into<String>, rows: u32) -> Self {
        Self::new(name, label, Kind::Area { rows })
    }

    /// One of many, in a list that opens.
    pub fn select(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = Choice>,
    ) -> Self {
        Self::new(name, label, Kind::Select(choices.into_iter().collect()))
    }

    /// One of a few.
    pub fn radios(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = Choice>,
    ) -> Self {
        Self::new(name, label, Kind::Radios(choices.into_iter().collect()))
    }

    /// Any of a few.
    pub fn checkboxes(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = Choice>,
    ) -> Self {
        Self::new(name, label, Kind::Checkboxes(choices.into_iter().collect()))
    }

    /// Yes or no; a checked box sends `true`.
    pub fn checkbox(name: impl Into<String>, label: impl Into<String>, checked: bool) -> Self {
        Self::new(name, label, Kind::Checkbox).value(if checked { "true" } else { "" })
    }

    /// A file; `accept` as in HTML (`.csv,text/csv`). Its form must be [`crate::Form::multipart`].
    pub fn file(name: impl Into<String>, label: impl Into<String>, accept: impl Into<String>) -> Self {
        Self::new(name, label, Kind::File { accept: accept.into() })
    }

    /// A value that is sent and not shown.
    pub fn hidden(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(name, "", Kind::Hidden).value(value)
    }

    /// A value that is shown and not sent.
    pub fn shown(name: impl Into<String>, label: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Shown).value(value)
    }

    /// With this value in it. For selects, radios and checkboxes use [`Choice::chosen`].
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// A hint between label and control.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What is wrong with the value and how to put it right.
    #[must_use]
    pub fn error(mut self, error: impl Into<Html>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// The same, if there is one.
    #[must_use]
    pub fn error_if(mut self, error: Option<impl Into<Html>>) -> Self {
        self.error = error.map(Into::into);
        self
    }

    /// Says "(optional)" after the label. Mandatory fields carry no mark.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Written from left to right in every language.
    #[must_use]
    pub fn ltr(mut self) -> Self {
        self.ltr = true;
        self
    }

    /// As wide as a short value.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.narrow = true;
        self
    }

    /// A further attribute of the control: `autocomplete`, `maxlength`, `pattern`, `placeholder`…
    #[must_use]
    pub fn attribute(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.attributes.push_str(&format!(" {name}=\"{}\"", crate::escape(value.as_ref())));
        self
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the control (of its first part, where it has several): where the error summary leads.
    pub fn id(&self) -> String {
        let safe: String = self.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        match self.kind {
            Kind::Date => format!("f-{safe}-day"),
            Kind::Radios(_) | Kind::Checkboxes(_) => format!("f-{safe}-1"),
            _ => format!("f-{safe}"),
        }
    }

    /// The message of what is wrong, if something is.
    pub fn message(&self) -> Option<&Html> {
        self.error.as_ref()
    }

    fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File { .. })
    }

    pub(crate) fn needs_multipart(&self) -> bool {
        self.is_file()
    }

    /// The attributes that name hint and error, and say that the value is wrong.
    fn described(&self, base: &str) -> String {
        let mut ids = Vec::new();
        if self.hint.is_some() {
            ids.push(format!("{base}-hint"));
        }
        if self.error.is_some() {
            ids.push(format!("{base}-error"));
        }
        let mut out = String::new();
        if !ids.is_empty() {
            out.push_str(&format!(" aria-describedby=\"{}\"", ids.join(" ")));
        }
        if self.error.is_some() && !matches!(self.kind, Kind::Radios(_) | Kind::Checkboxes(_) | Kind::Date) {
            out.push_str(" aria-invalid=\"true\"");
        }
        out
    }

    /// The field as markup.
    pub fn render(&self, words: &Words) -> Html {
        let safe: String = self.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let id = format!("f-{safe}");
        let mut parts = self.value.splitn(3, '-').map(str::to_owned);
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        Html::of(&Drawn {
            field: self,
            id: &id,
            described: &self.described(&id),
            optional: &words.t("ui-optional"),
            error_word: &words.t("ui-error"),
            date: [
                ("day", words.t("ui-date-day"), day.unwrap_or_default(), "2"),
                ("month", words.t("ui-date-month"), month.unwrap_or_default(), "2"),
                ("year", words.t("ui-date-year"), year.unwrap_or_default(), "4"),
            ],
        })
    }
}
