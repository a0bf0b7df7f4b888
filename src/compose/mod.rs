//! Compose YAML to plain data; knows no engine.

mod model;

pub(crate) use model::*;
