//! Flavor names, and what follows from them.

mod cloud;
mod derived;
mod lines;
mod names;
mod properties;
