//! What people call a field and the values to choose from, language by language. No rule depends on it, so a version that
//! changes nothing else changes nothing for programs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Characters of one title at most.
const TITLE_CHARS_MAX: usize = 200;
/// Languages of one title at most.
const LANGUAGES_MAX: usize = 100;

/// A title by language (BCP 47). The language `""` is the one that holds where none fits: JSON Schema's own `title`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Titles(BTreeMap<String, String>);

impl Titles {
    /// Reads `title` and `x-titles` of a field.
    pub(super) fn read(title: Option<&Value>, others: Option<&Value>) -> Result<Self, String> {
        let mut titles = Self::of_languages(others)?;
        if let Some(title) = title {
            titles.put("", title)?;
        }
        Ok(titles)
    }

    fn of_languages(value: Option<&Value>) -> Result<Self, String> {
        let mut titles = Self::default();
        let Some(value) = value else { return Ok(titles) };
        let object = value.as_object().filter(|object| object.len() <= LANGUAGES_MAX);
        for (language, title) in object.ok_or("must be an object of titles by language")? {
            titles.put(language, title)?;
        }
        Ok(titles)
    }

    fn put(&mut self, language: &str, title: &Value) -> Result<(), String> {
        let text = title.as_str().map(str::trim).ok_or("must be a text")?;
        if text.chars().count() > TITLE_CHARS_MAX || text.chars().any(char::is_control) {
            return Err(format!("must have at most {TITLE_CHARS_MAX} characters, none of them a control character"));
        }
        self.set(language, text);
        Ok(())
    }

    /// Sets the title in a language, or takes it away when it is empty.
    pub fn set(&mut self, language: &str, title: &str) {
        if title.is_empty() {
            self.0.remove(language);
        } else {
            self.0.insert(language.to_owned(), title.to_owned());
        }
    }

    /// The title in exactly this language.
    pub fn exactly(&self, language: &str) -> Option<&str> {
        self.0.get(language).map(String::as_str)
    }

    /// The title in this language, else the one that holds where none fits, else the English one.
    pub fn best(&self, language: &str) -> Option<&str> {
        [language, "", "en"].into_iter().find_map(|language| self.exactly(language))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes `title` and `x-titles`.
    pub(super) fn write(&self, out: &mut Map<String, Value>) {
        if let Some(title) = self.exactly("") {
            out.insert("title".to_owned(), Value::from(title));
        }
        let others = self.by_language();
        if !others.is_empty() {
            out.insert("x-titles".to_owned(), Value::Object(others));
        }
    }

    fn by_language(&self) -> Map<String, Value> {
        let named = self.0.iter().filter(|(language, _)| !language.is_empty());
        named.map(|(language, title)| (language.clone(), Value::from(title.as_str()))).collect()
    }
}

/// The titles of the values to choose from, by value: `x-enumTitles`.
pub(super) fn of_choices(value: Option<&Value>) -> Result<BTreeMap<String, Titles>, String> {
    let Some(value) = value else { return Ok(BTreeMap::new()) };
    let object = value.as_object().ok_or("must be an object of titles by value and language")?;
    object.iter().map(|(choice, titles)| Ok((choice.clone(), Titles::of_languages(Some(titles))?))).collect()
}

/// Writes the titles of the values to choose from.
pub(super) fn write_choices(titles: &BTreeMap<String, Titles>, out: &mut Map<String, Value>) {
    let object: Map<String, Value> = titles
        .iter()
        .filter(|(_, titles)| !titles.is_empty())
        .map(|(choice, titles)| (choice.clone(), Value::Object(titles.by_language())))
        .collect();
    if !object.is_empty() {
        out.insert("x-enumTitles".to_owned(), Value::Object(object));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_best_title_is_taken_and_what_is_none_is_refused() {
        let read = |value: Value| Titles::read(value.get("title"), value.get("x-titles"));
        let titles = read(json!({"title": "Sexe", "x-titles": {"ar": "الجنس", "en": "Sex"}})).unwrap();
        assert_eq!(["ar", "sw"].map(|language| titles.best(language)), [Some("الجنس"), Some("Sexe")]);
        assert_eq!(read(json!({"x-titles": {"en": "Sex"}})).unwrap().best("fr"), Some("Sex"));
        assert_eq!(read(json!({})).unwrap().best("fr"), None);
        let mut out = Map::new();
        titles.write(&mut out);
        assert_eq!(read(Value::Object(out)).unwrap(), titles);
        for wrong in [json!({"title": 7}), json!({"x-titles": "Sex"}), json!({"x-titles": {"en": "a".repeat(201)}})] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(of_choices(Some(&json!({"f": "Female"}))).is_err());
        let choices = of_choices(Some(&json!({"f": {"en": "Female"}}))).unwrap();
        assert_eq!(choices["f"].best("ar"), Some("Female"));
    }
}
