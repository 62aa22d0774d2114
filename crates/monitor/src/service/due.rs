//! What people have to look at again: checks that no program makes are repeated each quarter (scs-0004).

use serde::Serialize;
use stoa_core::{Date, Instant};
use stoa_standards::scope::{Automation, Lifetime};

use super::{By, Monitor};
use crate::error::MonitorError;

/// A check by hand that is to be made again, or for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    /// The subject.
    pub subject: String,
    /// The scope's id.
    pub scope: String,
    /// The test case.
    pub test_case: String,
    /// When it was made last; nothing where it never was.
    #[schema(value_type = Option<String>)]
    pub checked_at: Option<Instant>,
    /// The last day of the quarter in which it is to be made again.
    #[schema(value_type = Option<String>)]
    pub due_on: Option<Date>,
    /// Whether that day is over, or it was never made.
    pub is_over: bool,
}

impl Monitor {
    /// The checks by hand of all subjects, those first that are due first.
    pub async fn due(&self, by: &By) -> Result<Vec<Due>, MonitorError> {
        let board = self.board(by.tenant()).await?;
        let mut due = Vec::new();
        for (subject, uuid, entry) in board.entries() {
            let Some(known) = board.scopes.by_uuid(uuid) else { continue };
            let by_hand = known.scope.test_cases.iter().filter(|case| case.automation == Automation::Manual);
            for case in by_hand {
                if !entry.standing.cases.contains_key(&case.id) && entry.results.get(&case.id).is_none() {
                    continue;
                }
                let checked_at = entry.results.get(&case.id).map(|latest| latest.checked_at);
                let due_on = checked_at.map(|at| case.lifetime.min(Lifetime::Quarter).expires(at.date()).plus_days(-1));
                due.push(Due {
                    subject: subject.to_owned(),
                    scope: uuid.to_string(),
                    test_case: case.id.clone(),
                    checked_at,
                    due_on,
                    is_over: due_on.is_none_or(|day| day < board.date),
                });
            }
        }
        due.sort_by_key(|check| check.due_on);
        Ok(due)
    }
}
