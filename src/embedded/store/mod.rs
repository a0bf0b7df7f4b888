//! A time-series database that speaks InfluxDB's 1.x HTTP API, on SQLite, for labs without Docker.
//!
//! `line` reads what is written, `data` keeps it, `ql` reads what is asked, `execute` and `show` answer
//! it, `http` is the door.

mod answer;
mod column;
mod data;
mod execute;
mod http;
mod line;
mod ql;
mod show;
mod tags;

pub(crate) use http::{StoreError, StoreOptions, StoreServer};
