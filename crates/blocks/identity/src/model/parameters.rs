//! The parameters of a request as OAuth reads them: each at most once, an empty one as if it were not there (RFC 6749
//! §3.1, §3.2).

use super::oauth::OauthError;

/// The longest value of a parameter.
const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Parameters of one request.
const COUNT_MAX: usize = 100;

/// Names and values, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn read(text: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(text)
                .take(COUNT_MAX + 1)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// From pairs that were read elsewhere: the members of a signed request.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Refuses what no honest client sends.
    pub fn check(&self) -> Result<(), OauthError> {
        if self.0.len() > COUNT_MAX {
            return Err(OauthError::request(format!("at most {COUNT_MAX} parameters are taken")));
        }
        for (index, (name, value)) in self.0.iter().enumerate() {
            // RFC 8707 §2: a resource may be named several times.
            if name != "resource" && self.0.iter().take(index).any(|(held, _)| held == name) {
                return Err(OauthError::request(format!("{name}: was sent more than once")));
            }
            if value.len() > VALUE_BYTES_MAX {
                return Err(OauthError::request(format!("{name}: is longer than {VALUE_BYTES_MAX} bytes")));
            }
            if value.contains('\0') {
                return Err(OauthError::request(format!("{name}: holds a NUL character")));
            }
        }
        Ok(())
    }

    /// The value of a parameter that was sent and is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of a parameter that may be sent several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(held, value)| held == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether it was sent at all, if only empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(held, _)| held == name)
    }

    /// The value of a parameter that must be there.
    pub fn need(&self, name: &str) -> Result<&str, OauthError> {
        self.get(name).ok_or_else(|| OauthError::request(format!("{name}: is missing")))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_counts_once_and_an_empty_one_not_at_all() {
        let read = |text: &str| Parameters::read(text.as_bytes());
        let asked = read("a=1&b=&c=x%20y+z&resource=one&resource=two");
        assert_eq!((asked.get("a"), asked.get("b"), asked.get("c")), (Some("1"), None, Some("x y z")));
        assert!(asked.has("b") && !asked.has("d") && asked.check().is_ok());
        assert_eq!(asked.all("resource").collect::<Vec<_>>(), ["one", "two"]);
        assert!(asked.need("b").is_err());
        assert!(read("a=1&a=1").check().unwrap_err().description.starts_with("a: was sent more"));
        assert!(read("a=%00").check().is_err());
        assert!(read(&"x=1&".repeat(200)).check().is_err());
        assert!(read(&format!("a={}", "x".repeat(20_000))).check().is_err());
    }
}
