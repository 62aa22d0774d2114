//! Folding: what a text and a question have in common when accents, case and spelling marks do not matter.
//!
//! It is done here and not by the databases, so that both engines find the same rows: they only ever see the folded
//! words. Pure: text in, words out.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest word in characters that is kept; what follows is cut off, in texts and in questions alike.
pub const WORD_CHARS_MAX: usize = 64;

/// The words of a text, folded: compatibility forms taken apart (NFKD), lower-case, without marks, letters that no
/// decomposition reaches spelt out, digits of other scripts as ASCII digits.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut length = 0;
    for folded in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).nfkd() {
        if is_combining_mark(folded) || folded == '\u{0640}' {
            continue; // Arabic tatweel only stretches a word, as marks only point it.
        }
        if folded.is_alphanumeric() {
            if length < WORD_CHARS_MAX {
                spell(folded, &mut word);
            }
            length += 1;
        } else if !is_joiner(folded) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
            length = 0;
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Apostrophes and zero-width joiners stand inside a word: `Ng'ombe`, `O’Brien`.
fn is_joiner(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{02bc}' | '\u{200c}' | '\u{200d}' | '\u{00ad}')
}

/// Letters that Unicode does not take apart but people do, as `unaccent` of PostgreSQL; and, for Arabic, the spellings
/// that stand for each other in names (alef maksura, teh marbuta).
fn spell(letter: char, word: &mut String) {
    match letter {
        'ß' => word.push_str("ss"),
        'æ' => word.push_str("ae"),
        'œ' => word.push_str("oe"),
        'þ' => word.push_str("th"),
        'ø' => word.push('o'),
        'đ' | 'ð' => word.push('d'),
        'ł' => word.push('l'),
        'ħ' => word.push('h'),
        'ı' => word.push('i'),
        'ŋ' => word.push('n'),
        'ς' => word.push('σ'),
        'ى' | 'ی' => word.push('ي'),
        'ة' => word.push('ه'),
        'ک' => word.push('ك'),
        '٠'..='٩' => word.push(ascii_digit(letter, '٠')),
        '۰'..='۹' => word.push(ascii_digit(letter, '۰')),
        '०'..='९' => word.push(ascii_digit(letter, '०')),
        other => word.push(other),
    }
}

fn ascii_digit(digit: char, zero: char) -> char {
    char::from_digit(digit as u32 - zero as u32, 10).unwrap_or(digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> String {
        words(text).join(" ")
    }

    #[test]
    fn accents_case_and_compatibility_forms_do_not_matter() {
        assert_eq!(folded("Äthiopien, Côte d’Ivoire"), "athiopien cote divoire");
        assert_eq!(folded("Łódź STRASSE Straße Ærø"), "lodz strasse strasse aero");
        assert_eq!(folded("ﬁne Ｗｉｄｅ Å"), "fine wide a");
        assert_eq!(folded("İstanbul ıspanak"), "istanbul ispanak");
        assert_eq!(folded("  a-b/c.d@e  "), "a b c d e");
        assert_eq!(folded("Ng'ombe"), "ngombe");
    }

    #[test]
    fn arabic_is_found_with_and_without_its_marks() {
        assert_eq!(folded("مُحَمَّد"), folded("محمد"));
        assert_eq!(folded("أحمد إبراهيم آدم"), folded("احمد ابراهيم ادم"));
        assert_eq!(folded("فاطمة"), folded("فاطمه"));
        assert_eq!(folded("مـحـمـد"), folded("محمد"));
        assert_eq!(folded("٢٠٢٦ ۲۰۲۶"), "2026 2026");
    }

    #[test]
    fn a_word_without_end_is_cut() {
        assert_eq!(words(&"x".repeat(1000)), ["x".repeat(WORD_CHARS_MAX)]);
    }

    proptest! {
        /// Whatever is typed, a word holds letters and digits only: neither engine's query syntax can be reached.
        #[test]
        fn words_hold_nothing_but_letters_and_digits(text in any::<String>()) {
            for word in words(&text) {
                prop_assert!(!word.is_empty());
                prop_assert!(word.chars().all(|c| c.is_alphanumeric() && !c.is_ascii_uppercase()), "{word:?}");
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
