//! What an operator sets for the monitor: `[blocks.monitor]` of the configuration.

use std::time::Duration;

use serde::Deserialize;
use stoa_core::limit::BODY_BYTES_MAX;

/// A day.
const DAY: Duration = Duration::from_hours(24);

/// The block's section of the configuration, checked by the loader; what is missing has its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How old a report may be when it is handed in.
    pub age_max: Duration,
    /// The largest body of reports, in bytes.
    pub body_bytes_max: usize,
    /// Whether everybody may have the signed bytes of reports.
    pub is_evidence_open: bool,
    /// After how many days the text of a report is removed; never without.
    pub text_kept_days: Option<i32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { age_max: DAY * 7, body_bytes_max: BODY_BYTES_MAX, is_evidence_open: true, text_kept_days: None }
    }
}

/// The section as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    report_age_days: Option<u32>,
    report_kib: Option<usize>,
    open_evidence: Option<bool>,
    keep_text_days: Option<i32>,
}

impl Settings {
    /// Reads the block's section.
    ///
    /// # Errors
    /// Names the option that has another type than it should.
    pub fn read(section: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let written = Option::<Written>::deserialize(section)?.unwrap_or_default();
        let usual = Self::default();
        Ok(Self {
            age_max: written.report_age_days.map_or(usual.age_max, |days| DAY * days),
            body_bytes_max: written.report_kib.map_or(usual.body_bytes_max, |kib| kib.saturating_mul(1024)),
            is_evidence_open: written.open_evidence.unwrap_or(usual.is_evidence_open),
            text_kept_days: written.keep_text_days.filter(|days| *days > 0),
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
        assert_eq!(Settings::read(&json!({"enabled": true, "keep_text_days": 0}))?, Settings::default());
        let set = json!({"report_age_days": 2, "report_kib": 64, "open_evidence": false, "keep_text_days": 90});
        let wanted =
            Settings { age_max: DAY * 2, body_bytes_max: 65_536, is_evidence_open: false, text_kept_days: Some(90) };
        assert_eq!(Settings::read(&set)?, wanted);
        assert!(Settings::read(&json!({"report_kib": "many"})).is_err());
        Ok(())
    }
}
