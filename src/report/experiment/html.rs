//! An experiment's report as one page that needs nothing else.

use serde_json::json;
use tera::Context;

use super::data::{ExperimentReport, LoadReport, VariantReport};
use super::markdown::{cells, head, heading};
use crate::experiment::Verdict;
use crate::report::curves::{Curve, percentiles};
use crate::report::intervals::{Intervals, Row, Standing};
use crate::report::{figure, page};

const TEMPLATE: &str = include_str!("../../../templates/experiment.html");

/// # Errors
/// None that an experiment could cause: the template is part of the program.
pub(crate) fn html(report: &ExperimentReport) -> Result<String, tera::Error> {
    let mut context = Context::new();
    context.insert("title", &report.title);
    context.insert("question", &report.question);
    context.insert("answers", &report.answers);
    context.insert("measured", &report.measured);
    context.insert("of", &report.of);
    let loads = report.loads.iter().map(|load| {
        let rows: Vec<_> = load.variants.iter().map(|variant| cells(load, variant)).collect();
        json!({"heading": heading(load), "head": head(load), "rows": rows, "chart": chart(load), "curves": curves(load)})
    });
    context.insert("loads", &loads.collect::<Vec<_>>());
    page::insert_manifest(&mut context, &report.manifest);
    page::render(TEMPLATE, &context)
}

fn chart(load: &LoadReport) -> String {
    let Some(judge) = load.judge.as_deref() else {
        return String::new();
    };
    let row = |variant: &VariantReport| {
        Some(Row {
            name: variant.name.clone(),
            estimate: *variant.figures.get(judge)?,
            stands: standing(load, variant),
            model: None,
        })
    };
    let drawn = Intervals {
        title: &format!("{judge} with its 95 % interval"),
        rows: load.variants.iter().filter_map(row).collect(),
        limit: None,
        legend: "● the best, and what does not differ from it by more than chance · ○ worse, or not held against it · line: 95 % interval",
        label: &|value| figure::brief(judge, value),
    };
    drawn.svg()
}

/// Of the best, the cheapest, and as many others as can be told apart.
fn curves(load: &LoadReport) -> String {
    const MOST: usize = 6;
    let chosen = |variant: &&VariantReport| {
        let name = Some(&variant.name);
        name == load.best.as_ref() || name == load.cheapest.as_ref()
    };
    let mut shown: Vec<&VariantReport> = load.variants.iter().filter(chosen).collect();
    let others = load.variants.iter().filter(|variant| !chosen(variant));
    shown.extend(others.take(MOST.saturating_sub(shown.len())));
    let curves = shown.iter().map(|variant| Curve {
        name: variant.name.clone(),
        latency: &variant.latency,
        service: &variant.service,
    });
    let curves: Vec<Curve<'_>> = curves.collect();
    let title = match load.variants.len() > shown.len() {
        true => "Latency by percentile: the best and some others",
        false => "Latency by percentile",
    };
    percentiles(title, &curves).svg()
}

fn standing(load: &LoadReport, variant: &VariantReport) -> Standing {
    match variant.verdict {
        _ if load.best.as_ref() == Some(&variant.name) => Standing::Good,
        Some(Verdict::Alike) => Standing::Good,
        _ if variant.fault.is_some() => Standing::Bad,
        Some(Verdict::Worse) => Standing::Bad,
        _ => Standing::Neutral,
    }
}
