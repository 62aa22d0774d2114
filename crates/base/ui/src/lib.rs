//! Layout, components and languages: what every page of Stoa is made of, accessible by construction.
//!
//! Nothing here does I/O or knows HTTP: values go in, [`Html`] comes out. A page is drawn in three steps: the node's
//! [`Shell`] (languages, navigation) makes a [`Frame`] for one visit; a [`Page`] is filled with components; and
//! [`Page::render`] gives the text to send.
//!
//! ```
//! use stoa_ui::{Column, Html, Locale, Page, Shell, Table, Texts, Theme, Visit};
//!
//! let shell = Shell::new(Texts::new(&[]), Vec::new());
//! let frame = shell.frame(Visit { locale: Locale::En, theme: Theme::Auto, path: "/console", csrf: "", actor: None });
//! let w = frame.words();
//! let table = Table::new("Countries")
//!     .column(Column::new("Name"))
//!     .column(Column::new("People").numeric())
//!     .row([Html::link("/console/registries/ke", "Kenya"), Html::text(w.number(55_100_586))]);
//! let html = Page::new(&frame, "Countries").push(table.render(w)).render();
//! assert!(html.contains("<table") && html.contains("55,100,586"));
//! ```

mod address;
mod chart;
mod check;
mod field;
mod form;
mod format;
mod html;
mod locale;
mod page;
mod parts;
mod shell;
mod statics;
mod table;
mod texts;

pub use address::{Address, same_site};
pub use chart::{Chart, Series};
pub use check::{SOURCES_UNUSED_MARK, check};
pub use field::{Choice, Field};
pub use form::Form;
pub use html::{Html, escape};
pub use locale::Locale;
pub use page::Page;
pub use parts::{Badge, Confirm, Definitions, Fold, Notice, Progress, Tabs, Tone, actions, cards, code, figures};
pub use shell::{Frame, NavEntry, NavGroup, NavLink, Shell, Theme, Visit};
pub use statics::{STATIC, StaticFile, static_file};
pub use table::{Column, Paging, Sorting, Table};
pub use texts::{Arg, Catalogue, Texts, Words};

/// The catalogues of this crate's own texts; [`Texts::new`] always holds them.
pub const CATALOGUES: &[Catalogue] = &[
    Catalogue::new(Locale::En, include_str!("../locales/en.ftl")),
    Catalogue::new(Locale::Fr, include_str!("../locales/fr.ftl")),
    Catalogue::new(Locale::Ar, include_str!("../locales/ar.ftl")),
    Catalogue::new(Locale::Sw, include_str!("../locales/sw.ftl")),
];
