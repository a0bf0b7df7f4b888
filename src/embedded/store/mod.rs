//! A time-series database that speaks InfluxDB's 1.x HTTP API, on SQLite, for labs without Docker.
//!
//! `line` reads what is written, `data` keeps it, `ql` reads what is asked, `execute` answers it, `http` is the door.

mod answer;
mod column;
mod data;
mod line;
mod execute;
mod ql;
