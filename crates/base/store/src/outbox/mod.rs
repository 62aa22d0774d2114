//! The outbox: events written in the transaction of the change that they tell of, and delivered after its commit.
//!
//! An event is committed with its change or not at all. From then on the [`Relay`] brings it to every named subscriber at
//! least once, in the order of commits while all goes well; an event that a subscriber refuses is tried again later on
//! its own, without holding up the ones behind it, and becomes a dead letter in the end. So a subscriber must bear an
//! event twice (its `id` is the same) and out of order (its `sequence` tells).
//!
//! Events carry ids and what changed, not personal values: whoever may read those fetches them, with its own rights.

mod dead;
mod event;
pub(crate) mod prune;
mod relay;

pub use dead::{DeadLetter, DeliveryCount, Retried, counts, dead_letters, discard, retry};
pub use event::{DATA_BYTES_MAX, Delivered, Event, EventId, publish};
pub use relay::{DeliveryError, EventSink, Pass, Relay, RelayOptions, StartAt};
