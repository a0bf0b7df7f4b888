//! InfluxQL: text to [`ast`]. Knows no database.

pub(super) mod ast;
