//! Evidence as its users see it, on both engines; and every kind of tampering, done in the database behind its back.

mod beds;
mod evidence;
mod tampering;
