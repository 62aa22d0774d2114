//! Flavor names, and what follows from them.

mod names;
mod properties;
