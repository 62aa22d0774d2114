//! The domain manager (scs-0302): what it may and may not do, attempt by attempt. The attempts are made elsewhere.

use super::{Check, Finding};
use crate::tree::shortened_to;

/// Letters of an answer that a reason repeats: an address with four ids, and what is said of it.
const ANSWER_MAX: usize = 400;

/// Whether an attempt must succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// The domain manager must be able to: it is inside of its own domain.
    Must,
    /// It must not be able to.
    MustNot,
}

/// How an attempt ended. Granting and revoking are judged by the assignments that are there afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was done.
    Done,
    /// It was refused, with 403.
    Forbidden,
    /// It ended otherwise, and proves nothing.
    Otherwise(String),
}

/// Something that a domain manager tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who: `manager ada of domain a`.
    pub manager: String,
    /// What: `create a user in domain b`.
    pub doing: String,
    /// Whether it must succeed.
    pub right: Right,
    /// How it ended.
    pub ended: Ended,
}

/// Weighs all attempts; a run without any proves nothing.
pub fn check(attempts: &[Attempt]) -> Check {
    if attempts.is_empty() {
        return Check::aborted("domain manager", "nothing was tried", "configure two domains with a manager each");
    }
    Check::of(attempts.iter().filter_map(|attempt| {
        let Attempt { manager, doing, right, ended } = attempt;
        let native =
            "use Keystone 2024.2 or later with enforce_scope and enforce_new_defaults, or the published policy";
        match (right, ended) {
            (Right::Must, Ended::Done) | (Right::MustNot, Ended::Forbidden) => None,
            (Right::Must, Ended::Forbidden) => Some(Finding::fault(manager, format!("it cannot {doing}"), native)),
            (Right::MustNot, Ended::Done) => Some(Finding::fault(manager, format!("it can {doing}"), native)),
            (_, Ended::Otherwise(how)) => {
                let reason = format!("whether it can {doing} was not found out: {}", shortened_to(ANSWER_MAX, how));
                Some(Finding::unknown(manager, reason, "look at Keystone's answer"))
            }
        }
    }))
}
