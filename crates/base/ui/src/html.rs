//! Markup that is known to be safe. Text becomes [`Html`] only by being escaped; trusted markup says so by name.

use std::fmt::{self, Write as _};

use askama::Template;
use askama::filters::HtmlSafe;

/// A piece of code that is longer may be broken into lines.
const CODE_LINE_MAX: usize = 24;

/// A piece of finished markup. In a template it is written as it is; everything else is escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Nothing.
    pub const fn empty() -> Self {
        Self(String::new())
    }

    /// A text, escaped.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self(escape(text.as_ref()))
    }

    /// Markup that the program itself wrote. Never pass what came from outside.
    pub fn trusted(markup: impl Into<String>) -> Self {
        Self(markup.into())
    }

    /// What a template draws.
    pub fn of(template: &impl Template) -> Self {
        // Rendering into a String fails only when a value's own Display does, and ours do not.
        Self(template.render().unwrap_or_default())
    }

    /// A link. The address is used as it is: build it with [`crate::Address`].
    pub fn link(href: impl AsRef<str>, text: impl AsRef<str>) -> Self {
        Self(format!("<a href=\"{}\">{}</a>", escape(href.as_ref()), escape(text.as_ref())))
    }

    /// A short piece of code, an id or an address: left to right in every language. A long address may break behind a
    /// slash, and nowhere else.
    pub fn code(text: impl AsRef<str>) -> Self {
        let mut code = escape(text.as_ref());
        if code.len() > CODE_LINE_MAX {
            code = code.replace('/', "/<wbr>");
        }
        Self(format!("<code dir=\"ltr\">{code}</code>"))
    }

    /// A text whose direction is its own: a name that somebody typed.
    pub fn isolated(text: impl AsRef<str>) -> Self {
        Self(format!("<bdi>{}</bdi>", escape(text.as_ref())))
    }

    /// A part that is in English whatever the language of the page: for what programs and standards say, which has no
    /// translation. Whoever hears the page gets it in the right voice, and it keeps its direction (WCAG 3.1.2).
    #[must_use]
    pub fn in_english(self) -> Self {
        Self(format!("<span lang=\"en\" dir=\"ltr\">{}</span>", self.0))
    }

    /// The same for whole paragraphs.
    #[must_use]
    pub fn part_in_english(self) -> Self {
        Self(format!("<div lang=\"en\" dir=\"ltr\">{}</div>", self.0))
    }

    /// A paragraph of plain text.
    pub fn paragraph(text: impl AsRef<str>) -> Self {
        Self(format!("<p>{}</p>", escape(text.as_ref())))
    }

    /// A heading of the second level, for a section of a page.
    pub fn heading(text: impl AsRef<str>) -> Self {
        Self(format!("<h2>{}</h2>", escape(text.as_ref())))
    }

    /// A heading of the third level.
    pub fn subheading(text: impl AsRef<str>) -> Self {
        Self(format!("<h3>{}</h3>", escape(text.as_ref())))
    }

    /// A quiet remark.
    pub fn quiet(text: impl AsRef<str>) -> Self {
        Self(format!("<span class=\"quiet\">{}</span>", escape(text.as_ref())))
    }

    /// A list with dots.
    pub fn list(items: impl IntoIterator<Item = Html>) -> Self {
        let mut list = "<ul>".to_owned();
        for item in items {
            // Writing into a String cannot fail.
            let _ = write!(list, "<li>{item}</li>");
        }
        list.push_str("</ul>");
        Self(list)
    }

    /// All pieces, one after the other.
    pub fn join(pieces: impl IntoIterator<Item = Html>) -> Self {
        let mut all = Self::empty();
        for piece in pieces {
            all.0.push_str(&piece.0);
        }
        all
    }

    /// This piece and then another.
    #[must_use]
    pub fn then(mut self, next: impl Into<Html>) -> Self {
        self.0.push_str(&next.into().0);
        self
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The markup, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

impl From<&str> for Html {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Html {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// A text made fit for markup and for quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_markup_is_not_escaped_twice() {
        let evil = "<script>alert(\"1\")</script>&'";
        assert_eq!(Html::text(evil).as_str(), "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;");
        assert_eq!(Html::link("/a?b=1&c=\"", "<b>").as_str(), "<a href=\"/a?b=1&amp;c=&quot;\">&lt;b&gt;</a>");
        assert_eq!(Html::list([Html::code("x")]).as_str(), "<ul><li><code dir=\"ltr\">x</code></li></ul>");
    }
}
