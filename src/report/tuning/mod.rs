//! A tuning as data, JSON, Markdown and one HTML page; runs nothing.

mod data;
mod html;
mod markdown;

pub(crate) use data::{Asked, TuningReport};
pub(crate) use html::html;
pub(crate) use markdown::{line, markdown};
