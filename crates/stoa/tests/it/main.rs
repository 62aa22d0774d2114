//! The program by its surface: the real binary with its exit codes and words, and the laws of the house.

mod cli;
mod documents;
mod faults;
mod house;
mod program;
