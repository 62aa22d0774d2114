//! The keywords of one object of a schema, each read by its type or refused: a rule that cannot be kept must not be lost
//! in silence, its designer believes in it.

use serde_json::{Map, Value};
use stoa_core::FieldError;

/// Words about a schema that rule nothing.
const ANNOTATIONS: [&str; 7] = ["title", "comment", "examples", "deprecated", "schema", "creationDate", "filename"];

/// Collects what is wrong with a schema, so that a designer sees all of it at once.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<FieldError>);

impl Faults {
    pub(super) fn refuse(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), code, message: message.into() });
    }
}

/// The keywords of one object. A keyword may be written with or without `$`; `null` is as good as none.
pub(super) struct Keywords<'v> {
    object: &'v Map<String, Value>,
    pointer: String,
    asked: Vec<&'static str>,
}

impl<'v> Keywords<'v> {
    pub(super) const fn of(object: &'v Map<String, Value>, pointer: String) -> Self {
        Self { object, pointer, asked: Vec::new() }
    }

    pub(super) fn place(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escaped(name))
    }

    /// A keyword's value, whatever it is.
    pub(super) fn any(&mut self, name: &'static str) -> Option<&'v Value> {
        self.asked.push(name);
        let value = self.object.get(name).or_else(|| self.object.get(&format!("${name}")));
        value.filter(|value| !value.is_null())
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        faults: &mut Faults,
        read: impl Fn(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.any(name)?;
        let read = read(value);
        if read.is_none() {
            faults.refuse(self.place(name), "type", format!("must be {wanted}"));
        }
        read
    }

    pub(super) fn flag(&mut self, name: &'static str, faults: &mut Faults) -> Option<bool> {
        self.typed(name, "true or false", faults, Value::as_bool)
    }

    pub(super) fn text(&mut self, name: &'static str, faults: &mut Faults) -> Option<&'v str> {
        self.typed(name, "a text", faults, Value::as_str)
    }

    pub(super) fn list(&mut self, name: &'static str, faults: &mut Faults) -> Option<&'v Vec<Value>> {
        self.typed(name, "a list", faults, Value::as_array)
    }

    /// Whole numbers from a least one on.
    pub(super) fn count(&mut self, name: &'static str, least: i64, faults: &mut Faults) -> Option<i64> {
        let wanted = format!("a whole number, {least} or more");
        self.typed(name, &wanted, faults, |value| value.as_i64().filter(|number| *number >= least))
    }

    /// Numbers that are kept as they are written: a bound with more digits than that would be another bound.
    pub(super) fn number(&mut self, name: &'static str, faults: &mut Faults) -> Option<f64> {
        let wanted = "a number of at most 15 digits, or one that a floating-point number holds exactly";
        self.typed(name, wanted, faults, |value| {
            let number = value.as_number()?;
            let nearest = number.as_f64().filter(|nearest| nearest.is_finite())?;
            super::value::compare(number, nearest).is_eq().then_some(nearest)
        })
    }

    pub(super) fn texts(&mut self, name: &'static str, faults: &mut Faults) -> Vec<String> {
        let texts = |value: &'v Value| {
            value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        self.typed(name, "a list of texts", faults, texts).unwrap_or_default()
    }

    /// Refuses every keyword that nobody asked for.
    pub(super) fn refuse_others(self, faults: &mut Faults) {
        for name in self.object.keys() {
            let plain = name.strip_prefix('$').unwrap_or(name);
            if self.asked.contains(&plain) || ANNOTATIONS.contains(&plain) || plain.starts_with("x-") {
                continue;
            }
            let meant = self.asked.iter().find(|known| known.eq_ignore_ascii_case(plain));
            let message = match meant {
                Some(known) => format!("is no rule that can be kept here; `{known}` is written so"),
                None => "is no rule that can be kept here".to_owned(),
            };
            faults.refuse(self.place(name), "unknown", message);
        }
    }
}

/// A name as it stands in a JSON Pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
