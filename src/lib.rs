//! `uwsgi-lab`: a uWSGI measuring bench in one command.
//!
//! The library has one door, [`run`]; all modules are private, so that the compiler reports dead code.
//! Dependencies point from the command line down to plain data; `tests/integration/layers.rs` keeps it so.

mod agent;
mod cli;
mod compose;
mod engine;
mod plan;
mod load;
mod embedded;
mod point;
mod provision;
mod report;
mod state;

pub use cli::run;
