//! `uwsgi-lab`: a uWSGI measuring bench in one command.
//!
//! The library has one door, [`run`]; all modules are private, so that the compiler reports dead code.
//! Dependencies point from the command line down to plain data; `tests/integration/layers.rs` keeps it so.

mod agent;
mod bundle;
mod cli;
mod collector;
mod compose;
mod embedded;
mod engine;
mod experiment;
mod influx;
mod load;
mod plan;
mod point;
mod provision;
mod report;
mod state;
mod top;
mod uwsgi;

pub use cli::run;
