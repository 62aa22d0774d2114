//! A small client of OpenStack clouds, for programs that test and watch them.
//!
//! It knows how one logs in, where a cloud's services are, and how to be a polite guest: everything is bounded in time,
//! size, number and concurrency, every call is counted, and every error says which call it was, what came, and what to do.
//! What an answer means is not known here: answers are JSON, because a cloud under test may answer anything.
//!
//! ```no_run
//! use stoa_core::Clock;
//! use stoa_openstack::{Call, Cloud, Config, Environment, Limits, Service};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::load(Some("mycloud"), &Environment::of_process())?;
//! let cloud = Cloud::new(config, Limits::default(), Clock::system())?;
//! let flavors = cloud.list(Call::get(Service::Compute, "/flavors/detail"), "flavors").await?;
//! println!("{} flavors, {} calls", flavors.len(), cloud.calls().total());
//! # Ok(())
//! # }
//! ```

mod answer;
mod call;
mod catalog;
mod cloud;
pub mod config;
mod counts;
mod discovery;
mod error;
mod limits;
mod login;
mod paging;
mod retry;
mod secret;
mod service;
mod session;
mod transport;

pub use answer::Answer;
pub use call::{Call, segment};
pub use catalog::{Catalog, Endpoint, Entry};
pub use cloud::Cloud;
pub use config::{Config, ConfigError, Environment, FieldFault};
pub use counts::Counts;
pub use error::{CallName, Error, Failure, SetupError};
pub use limits::{Limits, Waits};
pub use secret::Secret;
pub use service::{Interface, Service};
pub use session::Session;
