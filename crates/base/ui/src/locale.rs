//! The languages that every page speaks.

use std::fmt;

use unic_langid::{LanguageIdentifier, langid};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Locale {
    /// English, in which everything is written first.
    #[default]
    En,
    /// French.
    Fr,
    /// Arabic, written from right to left.
    Ar,
    /// Swahili.
    Sw,
}

impl Locale {
    /// All of them, in the order of the language switch.
    pub const ALL: [Self; 4] = [Self::En, Self::Fr, Self::Ar, Self::Sw];

    /// The BCP 47 tag, for `lang` attributes, cookies and `Accept-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::Ar => "ar",
            Self::Sw => "sw",
        }
    }

    /// The direction of writing, for `dir` attributes.
    pub const fn dir(self) -> &'static str {
        match self {
            Self::Ar => "rtl",
            Self::En | Self::Fr | Self::Sw => "ltr",
        }
    }

    /// The language's own name for itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
            Self::Ar => "العربية",
            Self::Sw => "Kiswahili",
        }
    }

    /// The language with this tag; a region or script after it is of no matter (`fr-CA` is French).
    pub fn from_tag(tag: &str) -> Option<Self> {
        let language = tag.trim().split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(language))
    }

    /// The best of an `Accept-Language` header (RFC 9110 §12.5.4), if we speak any of them.
    ///
    /// ```
    /// # use stoa_ui::Locale;
    /// assert_eq!(Locale::accepted("de, sw-KE;q=0.8, en;q=0.5"), Some(Locale::Sw));
    /// assert_eq!(Locale::accepted("de"), None);
    /// ```
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(32) {
            let mut parts = range.split(';');
            let Some(locale) = parts.next().and_then(Self::from_tag) else { continue };
            let quality = parts
                .filter_map(|part| part.trim().strip_prefix("q="))
                .find_map(|q| q.trim().parse::<f32>().ok())
                .unwrap_or(1.0);
            if quality > 0.0 && best.is_none_or(|(most, _)| quality > most) {
                best = Some((quality, locale));
            }
        }
        best.map(|(_, locale)| locale)
    }

    pub(crate) const fn langid(self) -> LanguageIdentifier {
        match self {
            Self::En => langid!("en"),
            Self::Fr => langid!("fr"),
            Self::Ar => langid!("ar"),
            Self::Sw => langid!("sw"),
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_language_of_the_browser_is_taken() {
        assert_eq!(Locale::accepted("ar-EG,ar;q=0.9,en;q=0.8"), Some(Locale::Ar));
        assert_eq!(Locale::accepted("en;q=0.1, fr;q=0.2"), Some(Locale::Fr));
        assert_eq!(Locale::accepted("fr;q=0, *;q=0.5"), None);
        assert_eq!(Locale::accepted(";;q=,,"), None);
        assert_eq!(Locale::from_tag("EN_us"), Some(Locale::En));
    }
}
