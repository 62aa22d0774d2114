//! Tables: a caption always, headers that sort by being links, paging, and an empty state that says what to do.
//! On a narrow screen each row becomes a card whose cells name their column, and the headers that sort stand above the
//! cards. Roles are written out, since a browser may forget that what is laid out as cards is a table.

use askama::Template;

use crate::{Address, Html, Words};

/// In which order a list is, by which column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorting {
    /// The column's name.
    pub by: String,
    /// From large to small.
    pub descending: bool,
}

impl Sorting {
    /// Reads `name` or `-name`, as it stands in the query.
    ///
    /// ```
    /// # use stoa_ui::Sorting;
    /// assert_eq!(Sorting::parse("-created").to_string(), "-created");
    /// assert!(Sorting::parse("-created").descending);
    /// ```
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix('-') {
            Some(by) => Self { by: by.to_owned(), descending: true },
            None => Self { by: text.to_owned(), descending: false },
        }
    }
}

impl std::fmt::Display for Sorting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.by)
    }
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    label: String,
    numeric: bool,
    hidden: bool,
    sort: Option<(String, &'static str)>,
}

impl Column {
    /// A column of texts.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), numeric: false, hidden: false, sort: None }
    }

    /// Numbers stand at the end of their cell, digit under digit.
    #[must_use]
    pub fn numeric(mut self) -> Self {
        self.numeric = true;
        self
    }

    /// The label is only heard, not seen: a column of actions.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// The header is a link that sorts by `name`; `here` is the list's address, whose `sort` is replaced.
    #[must_use]
    pub fn sorts(mut self, name: &str, current: Option<&Sorting>, here: &Address) -> Self {
        let (state, next) = match current.filter(|sorting| sorting.by == name) {
            Some(Sorting { descending: false, .. }) => ("ascending", format!("-{name}")),
            Some(_) => ("descending", name.to_owned()),
            None => ("none", name.to_owned()),
        };
        self.sort = Some((here.without("page").with("sort", next).to_string(), state));
        self
    }
}

/// Which part of a list is shown, and the ways to the others.
#[derive(Debug, Clone)]
pub struct Paging {
    text: String,
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    last: Option<String>,
}

impl Paging {
    /// Page `page` of `size` rows from `total` rows; `here` is the list's address, whose `page` is replaced. A page after
    /// the last one is the last one.
    ///
    /// ```
    /// # use stoa_ui::*;
    /// # let w = Texts::new(&[]).words(Locale::En);
    /// let html = Table::new("T").paging(Paging::numbered(&w, &Address::new("/list"), 999, 25, 60)).render(&w).into_string();
    /// assert!(html.contains("51 to 60 of 60, page 3 of 3") && !html.contains("page=999"));
    /// ```
    pub fn numbered(words: &Words, here: &Address, page: u32, size: u32, total: u64) -> Self {
        let pages = Self::pages(size, total);
        let page = page.clamp(1, pages);
        let first = u64::from(page - 1) * u64::from(size) + 1;
        let last = (first + u64::from(size) - 1).min(total);
        let to = |page: u32| here.with("page", page.to_string()).to_string();
        let text = match (total, pages) {
            (0, _) => words.with("ui-rows", &[("count", 0_i64.into())]),
            (_, 1) => {
                words.with("ui-paging", &[("first", first.into()), ("last", last.into()), ("total", total.into())])
            }
            _ => words.with(
                "ui-paging-pages",
                &[
                    ("first", first.into()),
                    ("last", last.into()),
                    ("total", total.into()),
                    ("page", page.into()),
                    ("pages", pages.into()),
                ],
            ),
        };
        Self {
            text,
            first: (page > 2).then(|| to(1)),
            previous: (page > 1).then(|| to(page - 1)),
            next: (page < pages).then(|| to(page + 1)),
            last: (page + 1 < pages).then(|| to(pages)),
        }
    }

    /// How many pages of `size` rows there are: at least one.
    pub fn pages(size: u32, total: u64) -> u32 {
        u32::try_from(total.div_ceil(u64::from(size.max(1)))).unwrap_or(u32::MAX).max(1)
    }

    /// Paging by marks, for lists that are not counted.
    pub fn marked(text: impl Into<String>, previous: Option<Address>, next: Option<Address>) -> Self {
        Self {
            text: text.into(),
            first: None,
            previous: previous.map(|address| address.to_string()),
            next: next.map(|address| address.to_string()),
            last: None,
        }
    }

    /// With a way back to the beginning, for marks that only lead on.
    #[must_use]
    pub fn from_the_first(mut self, first: Option<Address>) -> Self {
        self.first = first.map(|address| address.to_string());
        self
    }
}

/// A table. The first cell of a row names the row.
///
/// ```
/// # use stoa_ui::*;
/// # let w = Texts::new(&[]).words(Locale::En);
/// let here = Address::new("/console/registries");
/// let sorting = Sorting::parse("-name");
/// let html = Table::new("Registers")
///     .column(Column::new("Name").sorts("name", Some(&sorting), &here))
///     .column(Column::new("Records").numeric())
///     .row([Html::link("/console/registries/people", "People"), w.number(1_000_000).into()])
///     .paging(Paging::numbered(&w, &here, 1, 50, 1))
///     .render(&w)
///     .into_string();
/// assert!(html.contains("aria-sort=\"descending\"><a href=\"/console/registries?sort=name\">"));
/// assert!(html.contains("<td role=\"cell\" class=\"n\" data-label=\"Records\">1,000,000</td>"));
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    caption: String,
    caption_shown: bool,
    columns: Vec<Column>,
    rows: Vec<Vec<Html>>,
    empty: Option<Html>,
    paging: Option<Paging>,
}

#[derive(Template)]
#[template(path = "table.html")]
struct Drawn<'a> {
    table: &'a Table,
    /// Cells with their columns, so that the template need not look one up by its place.
    rows: Vec<Vec<(&'a Html, &'a Column)>>,
    empty: &'a Html,
    /// On a narrow screen the headers that sort stand above the cards.
    sortable: bool,
    words: [String; 6],
}

impl Table {
    /// An empty table. The caption is for those who hear the page, unless [`Table::show_caption`].
    pub fn new(caption: impl Into<String>) -> Self {
        Self {
            caption: caption.into(),
            caption_shown: false,
            columns: Vec::new(),
            rows: Vec::new(),
            empty: None,
            paging: None,
        }
    }

    /// Shows the caption as a small heading.
    #[must_use]
    pub fn show_caption(mut self) -> Self {
        self.caption_shown = true;
        self
    }

    /// The next column.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// The next row, a cell for each column.
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = Html>) -> Self {
        self.rows.push(cells.into_iter().collect());
        self
    }

    /// Many rows.
    #[must_use]
    pub fn rows<R: IntoIterator<Item = Html>>(self, rows: impl IntoIterator<Item = R>) -> Self {
        rows.into_iter().fold(self, Self::row)
    }

    /// What stands there when there are no rows: say why, and what to do.
    #[must_use]
    pub fn empty(mut self, html: impl Into<Html>) -> Self {
        self.empty = Some(html.into());
        self
    }

    /// With paging under it.
    #[must_use]
    pub fn paging(mut self, paging: Paging) -> Self {
        self.paging = Some(paging);
        self
    }

    /// Paging that says or offers something.
    fn shown_paging(&self) -> Option<&Paging> {
        self.paging.as_ref().filter(|paging| {
            let ways = [&paging.first, &paging.previous, &paging.next, &paging.last];
            !paging.text.is_empty() || ways.iter().any(|way| way.is_some())
        })
    }

    /// The table as markup.
    pub fn render(&self, words: &Words) -> Html {
        let nothing = Html::text(words.t("ui-nothing"));
        Html::of(&Drawn {
            table: self,
            rows: self.rows.iter().map(|row| row.iter().zip(&self.columns).collect()).collect(),
            empty: self.empty.as_ref().unwrap_or(&nothing),
            sortable: self.columns.iter().any(|column| column.sort.is_some()),
            words: ["ui-pages", "ui-sort", "ui-first", "ui-previous", "ui-next", "ui-last"].map(|key| words.t(key)),
        })
    }
}
