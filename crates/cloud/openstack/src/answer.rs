//! What a service answered.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::error::{CallName, Error, Failure};

/// An answer that is no error.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    pub(crate) call: CallName,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let shown = if self.body.is_empty() { "nothing".to_owned() } else { format!("no JSON ({error})") };
            Error::new(self.call.clone(), Failure::Unreadable { reason: format!("the answer is {shown}") })
        })
    }

    /// What the body has under a key, such as `server`.
    pub fn part(&self, key: &str) -> Result<Value, Error> {
        match self.json()? {
            Value::Object(mut object) if object.contains_key(key) => Ok(object.remove(key).unwrap_or_default()),
            _ => Err(self.lacks(key)),
        }
    }

    /// The text at a pointer (RFC 6901) into the body, such as `/server/id`.
    pub fn text(&self, pointer: &str) -> Result<String, Error> {
        let json = self.json()?;
        let found = json.pointer(pointer).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| self.lacks(pointer.trim_start_matches('/')))
    }

    /// An error that names what the answer lacks.
    pub fn lacks(&self, what: &str) -> Error {
        let reason = format!("the answer has no `{what}`");
        Error::new(self.call.clone(), Failure::Unreadable { reason })
    }
}
