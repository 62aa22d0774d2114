//! Texts in all languages, from Fluent catalogues that are built into the binary.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::{CATALOGUES, Locale};

/// One language's texts of one crate, in Fluent's syntax.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    /// The language.
    pub locale: Locale,
    /// The texts.
    pub ftl: &'static str,
}

impl Catalogue {
    /// A catalogue; blocks keep theirs in `locales/<tag>.ftl` and take them in with `include_str!`.
    pub const fn new(locale: Locale, ftl: &'static str) -> Self {
        Self { locale, ftl }
    }
}

type Bundle = FluentBundle<Arc<FluentResource>>;

/// All texts of a node in all languages. Cheap to clone.
#[derive(Clone)]
pub struct Texts(Arc<BTreeMap<Locale, Bundle>>);

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Texts").field(&self.0.keys()).finish()
    }
}

impl Texts {
    /// The texts of this crate and of these catalogues. Where a key comes twice the later one holds.
    ///
    /// A catalogue with broken syntax gives the texts that can be read: [`crate::check()`] names the rest in a test.
    pub fn new(catalogues: &[Catalogue]) -> Self {
        let mut bundles = BTreeMap::new();
        for locale in Locale::ALL {
            let mut bundle = Bundle::new_concurrent(vec![locale.langid()]);
            // Marks around arguments keep a Latin name in an Arabic sentence in its place; elsewhere they only cost.
            bundle.set_use_isolating(locale.dir() == "rtl");
            for catalogue in CATALOGUES.iter().chain(catalogues).filter(|catalogue| catalogue.locale == locale) {
                let resource = match FluentResource::try_new(catalogue.ftl.to_owned()) {
                    Ok(resource) | Err((resource, _)) => resource,
                };
                bundle.add_resource_overriding(Arc::new(resource));
            }
            bundles.insert(locale, bundle);
        }
        Self(Arc::new(bundles))
    }

    /// These texts in one language.
    pub fn words(&self, locale: Locale) -> Words {
        Words { texts: self.clone(), locale }
    }

    fn find(&self, locale: Locale, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let bundle = self.0.get(&locale)?;
        let pattern = bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        Some(bundle.format_pattern(pattern, args, &mut errors).into_owned())
    }
}

/// A value that a text is filled with.
#[derive(Debug, Clone)]
pub enum Arg {
    /// A text.
    Text(String),
    /// A number, which also chooses the plural; it is written with the language's separators.
    Number(i64),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<i32> for Arg {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}
impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}
impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// Texts in one language, and its way to write numbers and times (see `format`). Cheap to clone.
#[derive(Debug, Clone)]
pub struct Words {
    texts: Texts,
    locale: Locale,
}

impl Words {
    /// The language.
    pub fn locale(&self) -> Locale {
        self.locale
    }

    /// All the texts, to take another language of them.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The text of a key; in English where the language lacks it, and the key itself where English does too.
    pub fn t(&self, key: &str) -> String {
        self.fill(key, None)
    }

    /// Whether any language has this key.
    pub fn has(&self, key: &str) -> bool {
        self.texts.find(Locale::En, key, None).is_some()
    }

    /// The text of a key, filled with values. A number `count` is there twice: `$count` chooses the plural and
    /// `$count-text` is written with separators.
    ///
    /// ```
    /// # use stoa_ui::{Locale, Texts};
    /// let w = Texts::new(&[]).words(Locale::En);
    /// assert_eq!(w.with("ui-rows", &[("count", 1.into())]), "1 row");
    /// assert_eq!(w.with("ui-rows", &[("count", 12_345.into())]), "12,345 rows");
    /// ```
    pub fn with(&self, key: &str, args: &[(&str, Arg)]) -> String {
        let mut filled = FluentArgs::new();
        for (name, arg) in args {
            match arg {
                Arg::Text(text) => filled.set((*name).to_owned(), text.as_str()),
                Arg::Number(number) => {
                    filled.set(format!("{name}-text"), self.number(*number));
                    filled.set((*name).to_owned(), FluentValue::from(*number));
                }
            }
        }
        self.fill(key, Some(&filled))
    }

    fn fill(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        self.texts
            .find(self.locale, key, args)
            .or_else(|| self.texts.find(Locale::En, key, args))
            .unwrap_or_else(|| key.to_owned())
    }
}
