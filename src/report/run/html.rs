//! A run's report as one page that needs nothing else.

use tera::Context;

use super::charts::charts;
use super::data::RunReport;
use super::markdown::{HEAD, MOST_TOLD, cells, told};
use crate::report::page;

const TEMPLATE: &str = include_str!("../../../templates/run.html");

/// # Errors
/// None that a run could cause: the template is part of the program.
pub(crate) fn html(report: &RunReport) -> Result<String, tera::Error> {
    let mut context = Context::new();
    context.insert("title", &report.title);
    context.insert("question", &report.question);
    context.insert("story", &report.story);
    context.insert("answer", &report.answer);
    context.insert("good", &(report.unmet().is_empty() && !report.interrupted));
    context.insert("expectations", &report.expectations);
    let rows: Vec<_> = report.phases.iter().map(cells).collect();
    context.insert("head", &HEAD);
    context.insert("phases", &rows);
    context.insert("charts", &charts(report));
    let happened = report.happened();
    let lines: Vec<_> = happened.iter().take(MOST_TOLD).map(|event| told(event)).collect();
    context.insert("happened", &lines);
    context.insert("untold", &happened.len().saturating_sub(MOST_TOLD));
    context.insert("failed_actions", &report.failed_actions);
    page::insert_manifest(&mut context, &report.manifest);
    page::render(TEMPLATE, &context)
}
