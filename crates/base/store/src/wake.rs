//! Who sleeps until a commit: a transaction names what it concerns, and its commit wakes those who wait for that.

use tokio::sync::watch;

/// What a commit can be about, for those of the store's services that wait for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Events were published or are to be delivered again.
    Outbox,
    /// Jobs were enqueued.
    Jobs,
    /// Evidence was appended.
    Audit,
}

impl Topic {
    const ALL: [Self; 3] = [Self::Outbox, Self::Jobs, Self::Audit];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The topics that a transaction concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Topics(u8);

/// Beside the topics: the log is to be emptied, since what it still holds must not be found there.
const SCRUB: u8 = 1 << 7;

impl Topics {
    #[must_use]
    pub(crate) const fn with_scrub(self) -> Self {
        Self(self.0 | SCRUB)
    }

    pub(crate) const fn wants_scrub(self) -> bool {
        self.0 & SCRUB != 0
    }

    #[must_use]
    pub(crate) const fn with(self, topic: Topic) -> Self {
        Self(self.0 | topic.bit())
    }

    #[must_use]
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The sleepers of one store.
#[derive(Debug)]
pub(crate) struct Wakes {
    commits: [watch::Sender<u64>; 3],
}

impl Default for Wakes {
    fn default() -> Self {
        Self { commits: std::array::from_fn(|_| watch::Sender::new(0)) }
    }
}

impl Wakes {
    /// Called after a commit is durable.
    pub(crate) fn committed(&self, topics: Topics) {
        for (topic, commits) in Topic::ALL.into_iter().zip(&self.commits) {
            if topics.0 & topic.bit() != 0 {
                commits.send_modify(|count| *count = count.wrapping_add(1));
            }
        }
    }

    pub(crate) fn subscribe(&self, topic: Topic) -> watch::Receiver<u64> {
        match topic {
            Topic::Outbox => self.commits[0].subscribe(),
            Topic::Jobs => self.commits[1].subscribe(),
            Topic::Audit => self.commits[2].subscribe(),
        }
    }
}
