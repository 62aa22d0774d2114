//! Evidence as its users see it, on both engines; and every kind of tampering, done in the database behind its back.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that stumbles is to fail at once")]

mod beds;
mod evidence;
mod tampering;
