//! A form: fields, the token against cross-site requests, one main button, and a way out.

use askama::Template;

use crate::{Field, Frame, Html, Words};

/// A form that changes something ([`Form::post`]) or filters a list ([`Form::filter`]).
///
/// ```
/// # use stoa_ui::*;
/// # let shell = Shell::new(Texts::new(&[]), Vec::new());
/// # let frame = shell.frame(Visit { locale: Locale::En, theme: Theme::Auto, path: "/", csrf: "c5rf", actor: None });
/// let form = Form::post("/console/keys", &frame, "Create key")
///     .field(Field::text("name", "Name").error("Enter a name"))
///     .cancel("/console/keys");
/// let page = Page::new(&frame, "New key").form(&form).render();
/// assert!(page.contains("<title>Error: New key"));
/// assert!(page.contains("href=\"#f-name\">Enter a name</a>"));
/// assert!(page.contains("name=\"csrf\" value=\"c5rf\""));
/// ```
#[derive(Debug, Clone)]
pub struct Form {
    action: String,
    csrf: Option<String>,
    submit: String,
    fields: Vec<Field>,
    before: Html,
    cancel: Option<String>,
    danger: bool,
    second: bool,
    filter: bool,
    multipart: bool,
    redraws: bool,
    faults: Vec<Html>,
    more: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "form.html")]
struct Drawn<'a> {
    form: &'a Form,
    fields: Vec<Html>,
    cancel_word: &'a str,
}

impl Form {
    /// A form that changes something; it carries the visit's token.
    pub fn post(action: impl Into<String>, frame: &Frame, submit: impl Into<String>) -> Self {
        Self { csrf: Some(frame.csrf().to_owned()), ..Self::get(action, submit) }
    }

    /// A form that asks for something: its fields become the query.
    pub fn get(action: impl Into<String>, submit: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            csrf: None,
            submit: submit.into(),
            fields: Vec::new(),
            before: Html::empty(),
            cancel: None,
            danger: false,
            second: false,
            filter: false,
            multipart: false,
            redraws: false,
            faults: Vec::new(),
            more: Vec::new(),
        }
    }

    /// The compact form above a table: fields beside each other.
    pub fn filter(action: impl Into<String>, words: &Words) -> Self {
        Self { filter: true, ..Self::get(action, words.t("ui-filter")) }
    }

    /// The same for a list that is searched.
    pub fn search(action: impl Into<String>, words: &Words) -> Self {
        Self { filter: true, ..Self::get(action, words.t("ui-search")) }
    }

    /// The next field.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.multipart |= field.needs_multipart();
        self.fields.push(field);
        self
    }

    /// Many fields.
    #[must_use]
    pub fn fields(self, fields: impl IntoIterator<Item = Field>) -> Self {
        fields.into_iter().fold(self, Self::field)
    }

    /// Something above the fields.
    #[must_use]
    pub fn before(mut self, html: Html) -> Self {
        self.before = self.before.then(html);
        self
    }

    /// A link beside the button that leads away without sending; under a filter, the link to the whole list.
    #[must_use]
    pub fn cancel(mut self, href: impl Into<String>) -> Self {
        self.cancel = Some(href.into());
        self
    }

    /// A second button, which sends its own name and value with the form.
    #[must_use]
    pub fn button(mut self, name: impl Into<String>, value: impl Into<String>, label: impl Into<String>) -> Self {
        self.more.push((name.into(), value.into(), label.into()));
        self
    }

    /// The button destroys something and looks like it.
    #[must_use]
    pub fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// The page is for something else: the button stands back behind another form's.
    #[must_use]
    pub fn second(mut self) -> Self {
        self.second = true;
        self
    }

    /// Sent as `multipart/form-data`; a file field turns this on by itself.
    #[must_use]
    pub fn multipart(mut self) -> Self {
        self.multipart = true;
        self
    }

    /// What is wrong and belongs to no field that is shown. Nothing that was refused may be swallowed: it stands in the
    /// summary, without a link.
    #[must_use]
    pub fn faults(mut self, faults: impl IntoIterator<Item = Html>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// Its address draws the form again with what was typed, and does nothing else, when it is sent there with `redraw`
    /// in the query. So the switch of language and colours loses no answer: see [`crate::Page::form`].
    #[must_use]
    pub fn redraws(mut self) -> Self {
        self.redraws = true;
        self
    }

    /// The address that draws the form again, if it has one.
    pub(crate) fn redraw_address(&self) -> Option<&str> {
        (self.redraws && self.csrf.is_some() && !self.multipart).then_some(self.action.as_str())
    }

    /// What is wrong, field by field, for [`crate::Page::errors`].
    pub fn errors(&self) -> Vec<(String, Html)> {
        let faults = self.faults.iter().map(|fault| (String::new(), fault.clone()));
        self.fields.iter().filter_map(|field| Some((field.id(), field.message()?.clone()))).chain(faults).collect()
    }

    /// The form as markup. The token comes first: it is read before a file that follows.
    pub fn render(&self, words: &Words) -> Html {
        Html::of(&Drawn {
            form: self,
            fields: self.fields.iter().map(|field| field.render(words)).collect(),
            cancel_word: &words.t(if self.filter { "ui-clear" } else { "ui-cancel" }),
        })
    }
}
