//! A run of a scenario as data, JSON, Markdown and one HTML page; runs nothing.

mod answer;
mod charts;
mod data;
mod html;
mod markdown;

pub(crate) use data::RunReport;
pub(crate) use html::html;
pub(crate) use markdown::markdown;
