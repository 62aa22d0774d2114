//! What happens during a run, for whoever watches.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use stoa_standards::rule::Check;

use super::Ended;
use crate::Progress;

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A group began.
    Began {
        /// The group.
        group: &'static str,
    },
    /// A group does something that takes long.
    Step {
        /// The group.
        group: &'static str,
        /// What it does.
        text: &'a str,
    },
    /// A test case is decided.
    Found {
        /// The group that decided it.
        group: &'static str,
        /// The test case.
        id: &'a str,
        /// What was found.
        check: &'a Check,
        /// How long its group took.
        elapsed: Duration,
    },
    /// A group ended.
    Ended {
        /// The group.
        group: &'static str,
        /// How.
        ended: Ended,
    },
}

/// Whoever watches. Clones are the same watcher.
#[derive(Clone)]
pub struct Listener(Arc<dyn Fn(&Event<'_>) + Send + Sync>);

impl Listener {
    /// Tells everything to a function, which must not take long.
    pub fn new(listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Nobody watches.
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        (self.0)(event);
    }

    /// Where groups tell their steps.
    pub fn progress(&self) -> Progress {
        let listener = self.clone();
        Progress::new(move |group, text| listener.tell(&Event::Step { group, text }))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
