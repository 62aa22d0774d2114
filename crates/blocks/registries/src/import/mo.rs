//! Catalogues of translations as gettext compiles them (`.mo`; GNU gettext manual, "The Format of GNU MO Files").
//!
//! A file is foreign bytes: every offset in it is checked, and a file that does not hold together gives no translation.

use std::collections::HashMap;

const MAGIC: u32 = 0x9504_12de;
/// More texts than the largest catalogue of `iso-codes` has, by far.
const TEXTS_MAX: u32 = 100_000;

/// The texts of one catalogue with their translations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Translations(HashMap<String, String>);

/// A file that is no catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a gettext catalogue (.mo)")]
pub(super) struct NotACatalogue;

impl Translations {
    /// Reads a catalogue of either byte order. Only UTF-8 texts are taken.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, NotACatalogue> {
        let first = word(bytes, 0, u32::from_le_bytes)?;
        let order: fn([u8; 4]) -> u32 = match first {
            MAGIC => u32::from_le_bytes,
            _ if first.swap_bytes() == MAGIC => u32::from_be_bytes,
            _ => return Err(NotACatalogue),
        };
        let count = word(bytes, 8, order)?;
        let (originals, translations) = (word(bytes, 12, order)?, word(bytes, 16, order)?);
        if count > TEXTS_MAX {
            return Err(NotACatalogue);
        }
        let mut texts = HashMap::with_capacity(count as usize);
        for number in 0..count {
            let original = text(bytes, originals, number, order)?;
            let translation = text(bytes, translations, number, order)?;
            let (Ok(original), Ok(translation)) = (std::str::from_utf8(original), std::str::from_utf8(translation))
            else {
                continue;
            };
            // The first entry, with an empty original, is the catalogue's own head. A context stands before U+0004.
            let original = original.rsplit('\u{4}').next().unwrap_or(original);
            if !original.is_empty() && !translation.is_empty() {
                texts.insert(original.to_owned(), translation.to_owned());
            }
        }
        Ok(Self(texts))
    }

    /// The translation of a text, if there is one.
    pub(super) fn get(&self, text: &str) -> Option<&str> {
        self.0.get(text).map(String::as_str)
    }
}

fn word(bytes: &[u8], at: usize, order: fn([u8; 4]) -> u32) -> Result<u32, NotACatalogue> {
    let end = at.checked_add(4).ok_or(NotACatalogue)?;
    let four = bytes.get(at..end).and_then(|four| four.try_into().ok()).ok_or(NotACatalogue)?;
    Ok(order(four))
}

/// The text that entry `number` of a table of lengths and offsets points to.
fn text(bytes: &[u8], table: u32, number: u32, order: fn([u8; 4]) -> u32) -> Result<&[u8], NotACatalogue> {
    let entry = number.checked_mul(8).and_then(|skip| table.checked_add(skip)).ok_or(NotACatalogue)? as usize;
    let length = word(bytes, entry, order)? as usize;
    let start = word(bytes, entry.checked_add(4).ok_or(NotACatalogue)?, order)? as usize;
    let end = start.checked_add(length).ok_or(NotACatalogue)?;
    bytes.get(start..end).ok_or(NotACatalogue)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::cast_possible_truncation, reason = "catalogues of a test are small")]
    fn catalogue(pairs: &[(&str, &str)], order: fn(u32) -> [u8; 4]) -> Vec<u8> {
        let head = 28;
        let tables = head + pairs.len() as u32 * 16;
        let (mut originals, mut translations, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for (table, choose) in [(&mut originals, 0), (&mut translations, 1)] {
            for pair in pairs {
                let text = if choose == 0 { pair.0 } else { pair.1 };
                table.extend(order(text.len() as u32));
                table.extend(order(tables + texts.len() as u32));
                texts.extend(text.bytes());
                texts.push(0);
            }
        }
        let mut file = Vec::new();
        for number in [MAGIC, 0, pairs.len() as u32, head, head + pairs.len() as u32 * 8, 0, 0] {
            file.extend(order(number));
        }
        file.extend(originals);
        file.extend(translations);
        file.extend(texts);
        file
    }

    #[test]
    fn both_byte_orders_are_read() {
        for order in [u32::to_le_bytes, u32::to_be_bytes] {
            let file = catalogue(
                &[("", "Project-Id-Version: x"), ("Germany", "ألمانيا"), ("Name for KEN\u{4}Kenya", "كينيا")],
                order,
            );
            let translations = Translations::read(&file).unwrap();
            assert_eq!(translations.get("Germany"), Some("ألمانيا"));
            assert_eq!(translations.get("Kenya"), Some("كينيا"));
            assert_eq!(translations.0.len(), 2);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..120, at in 0_usize..120, value: u8) {
            let _ = Translations::read(&bytes);
            let mut file = catalogue(&[("", "h"), ("Germany", "Allemagne"), ("Chad", "Tchad")], u32::to_le_bytes);
            if let Some(byte) = file.get_mut(at) { *byte = value; }
            let _ = Translations::read(&file);
            file.truncate(cut);
            let _ = Translations::read(&file);
        }
    }
}
