//! What an operator sets for the block: `[blocks.identity]` of the configuration.

use std::time::Duration;

use serde::Deserialize;

/// The block's section of the configuration, checked by the loader; what is missing has its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long an access token holds.
    pub access_token: Duration,
    /// How long a code holds.
    pub code: Duration,
    /// How long a refresh token holds when it is not used.
    pub refresh_token: Duration,
    /// How long a person stays signed in at most.
    pub session: Duration,
    /// After how long without a request a person is signed out.
    pub session_idle: Duration,
    /// How long a key signs before the next one does.
    pub key: Duration,
    /// How long a page waits for its wallet before it is told to ask again.
    pub wallet_wait: Duration,
    /// How many passwords are hashed at a time.
    pub hashing_threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token: Duration::from_mins(5),
            code: Duration::from_mins(1),
            refresh_token: Duration::from_hours(30 * 24),
            session: Duration::from_hours(12),
            session_idle: Duration::from_hours(1),
            key: Duration::from_hours(90 * 24),
            wallet_wait: Duration::from_secs(20),
            hashing_threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
        }
    }
}

/// The section as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    access_token_seconds: Option<u64>,
    code_seconds: Option<u64>,
    refresh_token_days: Option<u64>,
    session_hours: Option<u64>,
    session_idle_minutes: Option<u64>,
    key_days: Option<u64>,
    wallet_wait_seconds: Option<u64>,
    hashing_threads: Option<usize>,
}

impl Settings {
    /// Reads the block's section.
    ///
    /// # Errors
    /// Names the option that has another type than it should.
    pub fn read(section: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let written = Option::<Written>::deserialize(section)?.unwrap_or_default();
        let usual = Self::default();
        let or = |number: Option<u64>, unit: u64, usual: Duration| {
            number.map_or(usual, |number| Duration::from_secs(number.saturating_mul(unit)))
        };
        Ok(Self {
            access_token: or(written.access_token_seconds, 1, usual.access_token),
            code: or(written.code_seconds, 1, usual.code),
            refresh_token: or(written.refresh_token_days, 86_400, usual.refresh_token),
            session: or(written.session_hours, 3_600, usual.session),
            session_idle: or(written.session_idle_minutes, 60, usual.session_idle),
            key: or(written.key_days, 86_400, usual.key),
            wallet_wait: or(written.wallet_wait_seconds, 1, usual.wallet_wait).min(Duration::from_mins(1)),
            hashing_threads: written.hashing_threads.filter(|threads| *threads > 0).unwrap_or(usual.hashing_threads),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_set_has_its_default() -> Result<(), serde_json::Error> {
        assert_eq!(Settings::read(&serde_json::Value::Null)?, Settings::default());
        let set = Settings::read(&json!({"enabled": true, "key_days": 2, "hashing_threads": 0}))?;
        assert_eq!(set, Settings { key: Duration::from_hours(48), ..Settings::default() });
        assert!(Settings::read(&json!({"session_hours": "long"})).is_err());
        Ok(())
    }
}
