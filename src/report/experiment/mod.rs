//! An experiment as data, JSON, Markdown and one HTML page; runs nothing.

mod answer;
mod data;
mod html;
mod markdown;

pub(crate) use data::ExperimentReport;
pub(crate) use html::html;
pub(crate) use markdown::{line, markdown};
