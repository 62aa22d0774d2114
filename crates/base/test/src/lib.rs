//! `TestStoa`: a whole system in a test, through its real router, with a clock that stands still and seeded ids.
//!
//! Databases are SQLite files in a temporary folder; with `STOA_TEST_PG` set to the URL of a PostgreSQL they are schemas
//! of that server instead, dropped by the script that started it.

mod engine;
mod stoa;
mod walk;

pub use engine::{Place, on_postgres, open_store};
pub use stoa::{Answer, Caller, TestStoa};
pub use walk::{Example, walk};
