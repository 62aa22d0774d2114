//! What a person typed into a form.

use axum::extract::{FromRequest, Request};
use stoa_core::{Problem, Refusal};

use crate::Fault;
use crate::input::whole_body;

/// The fields of a sent form, in their order. Values are as they were typed, without white space around them.
#[derive(Debug, Clone, Default)]
pub struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// The field's value; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(held, _)| held == name).map_or("", |(_, value)| value)
    }

    /// The field's value, if it was sent at all.
    pub fn sent(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// All values of a field that may be sent several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// Whether a checkbox was checked.
    pub fn is_checked(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The date of three fields, `<name>-day`, `<name>-month`, `<name>-year`, as `2026-11-24`; as typed when it is no
    /// date, so that it can be refused by name; empty when nothing was typed.
    pub fn date(&self, name: &str) -> String {
        let part = |part: &str| self.text(&format!("{name}-{part}"));
        let (day, month, year) = (part("day"), part("month"), part("year"));
        if day.is_empty() && month.is_empty() && year.is_empty() {
            return String::new();
        }
        format!("{year:0>4}-{month:0>2}-{day:0>2}")
    }
}

impl<S: Send + Sync> FromRequest<S> for FormFields {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let bytes = whole_body(request, state).await?;
        let request = Request::builder()
            .method("POST")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(bytes))
            .map_err(|_| unreadable())?;
        #[expect(clippy::disallowed_types, reason = "its refusal becomes a problem here")]
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, state).await;
        let fields = form.map_err(|_| unreadable())?.0;
        // Browsers send line breaks as CR LF (HTML, "normalize line endings"); we keep LF.
        let tidy = |value: String| value.replace("\r\n", "\n").trim().to_owned();
        Ok(Self(fields.into_iter().map(|(name, value)| (name, tidy(value))).collect()))
    }
}

/// A form with files, part by part.
#[derive(Debug)]
pub struct Upload(pub axum::extract::Multipart);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let parts = axum::extract::Multipart::from_request(request, state).await;
        Ok(Self(parts.map_err(|_| unreadable())?))
    }
}

fn unreadable() -> Problem {
    Problem::new(Refusal::Malformed, "web.body_unreadable").detail("The form could not be read.")
}
