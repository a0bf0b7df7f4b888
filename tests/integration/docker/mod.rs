//! Labs in containers, end to end: the binary, a real Docker daemon, real uWSGI, real InfluxDB.

mod bundle;
mod commands;
mod compose;
mod data;
mod healing;
mod input;
mod interrupted;
pub(crate) mod lab;
mod labelled;
mod measured;
mod recorder;
mod scenarios;
mod unchanged;
