//! `TestStoa`: a whole system in a test, through its real router, with a clock that stands still and seeded ids.
//!
//! Databases are SQLite files in a temporary folder; with `STOA_TEST_ENGINE=postgres` they are schemas of the server that
//! `STOA_TEST_PG` names, dropped by the script that started it.

mod browser;
mod engine;
mod mail;
mod stoa;
mod walk;

pub use browser::Browser;
pub use engine::{Place, on_postgres, open_store};
pub use mail::MailServer;
pub use stoa::{Answer, Caller, MakePages, NodePages, TestStoa};
pub use walk::{Walk, walk_console};
