//! What a test asks of catalogues: the same keys and the same variables in every language, and no key that nobody uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Catalogue, Locale};

/// A comment `# used: prefix-` in the English catalogue says that keys with this prefix are put together at run time.
pub const SOURCES_UNUSED_MARK: &str = "# used: ";

/// Everything that is wrong with the catalogues, in words; `sources` is the text of the code that uses them.
///
/// ```
/// # use stoa_ui::*;
/// let catalogues = [Catalogue::new(Locale::En, "a-b = Hello { $name }\n"), Catalogue::new(Locale::Fr, "c = Oui\n")];
/// let wrong = check(&catalogues, "w.t(\"a-b\")");
/// assert!(wrong.contains(&"fr: a-b is missing".to_owned()));
/// assert!(wrong.contains(&"fr: c is not in the English catalogue".to_owned()));
/// ```
pub fn check(catalogues: &[Catalogue], sources: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut keys: BTreeMap<Locale, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for catalogue in catalogues {
        if let Err((_, errors)) = fluent_bundle::FluentResource::try_new(catalogue.ftl.to_owned()) {
            wrong.extend(errors.iter().map(|error| format!("{}: {error}", catalogue.locale)));
        }
        let held = keys.entry(catalogue.locale).or_default();
        for (key, text) in messages(catalogue.ftl) {
            if held.insert(key, variables(text)).is_some() {
                wrong.push(format!("{}: {key} comes twice", catalogue.locale));
            }
        }
    }
    let english = keys.remove(&Locale::En).unwrap_or_default();
    for locale in Locale::ALL.into_iter().filter(|locale| *locale != Locale::En) {
        let held = keys.remove(&locale).unwrap_or_default();
        for (key, variables) in &english {
            match held.get(key) {
                None => wrong.push(format!("{locale}: {key} is missing")),
                // A language may choose a plural where English needs none, but may not drop a value.
                Some(theirs) => wrong.extend(
                    essential(variables)
                        .symmetric_difference(&essential(theirs))
                        .map(|name| format!("{locale}: {key} differs in {name}")),
                ),
            }
        }
        wrong.extend(
            held.keys()
                .filter(|key| !english.contains_key(*key))
                .map(|key| format!("{locale}: {key} is not in the English catalogue")),
        );
    }
    let prefixes: Vec<&str> = catalogues
        .iter()
        .flat_map(|catalogue| catalogue.ftl.lines())
        .filter_map(|line| line.strip_prefix(SOURCES_UNUSED_MARK))
        .map(str::trim)
        .collect();
    for key in english.keys() {
        let used = sources.contains(&format!("\"{key}\"")) || prefixes.iter().any(|prefix| key.starts_with(prefix));
        if !used {
            wrong.push(format!("{key} is used nowhere"));
        }
    }
    wrong
}

/// The keys of a catalogue with their texts: a key stands at the beginning of a line.
fn messages(ftl: &str) -> Vec<(&str, &str)> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in ftl.split_inclusive('\n') {
        if line.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some((key, _)) = line.split_once('=')
        {
            starts.push((key.trim(), at));
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).map(|(_, start)| *start).chain([ftl.len()]);
    starts.iter().zip(ends).map(|((key, start), end)| (*key, ftl.get(*start..end).unwrap_or(""))).collect()
}

fn variables(text: &str) -> BTreeSet<&str> {
    text.split('$')
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).next())
        .collect()
}

/// A number and its written form are one variable.
fn essential<'a>(variables: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    variables.iter().map(|name| name.strip_suffix("-text").unwrap_or(name)).collect()
}
