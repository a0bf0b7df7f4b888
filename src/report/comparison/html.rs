//! Two runs side by side, as one page that needs nothing else.

use serde_json::{Value, json};
use tera::Context;

use crate::report::curves::{Curve, percentiles};
use crate::report::page;

use super::{Comparison, Side};

const TEMPLATE: &str = include_str!("../../../templates/comparison.html");

impl Comparison<'_> {
    /// # Errors
    /// None that a run could cause: the template is part of the program.
    pub(crate) fn html(&self) -> Result<String, tera::Error> {
        let mut context = Context::new();
        context.insert("title", &self.question());
        context.insert("answer", &self.answer());
        context.insert("rows", &self.rows());
        context.insert("charts", &self.charts());
        context.insert("unlike", &self.unlike());
        let side = |name: &str, side: &Side<'_>| {
            json!({
                "name": name,
                "place": side.place,
                "title": side.title(),
                "made": side.made(),
                "command": side.manifest()["command"],
                "ini": side.manifest()["uwsgi_ini"],
            })
        };
        context.insert(
            "sides",
            &[side("first", &self.first), side("second", &self.second)],
        );
        context.insert("command", self.command);
        page::render(TEMPLATE, &context)
    }

    /// For each phase that was compared the curves of both runs.
    fn charts(&self) -> Vec<String> {
        let mut phases: Vec<&str> = self.compared.iter().map(|one| one.phase.as_str()).collect();
        phases.dedup();
        let drawn = phases.into_iter().map(|phase| {
            let sides = [("first", &self.first), ("second", &self.second)];
            let told = sides
                .map(|(name, side)| (name, curve(side, phase, "latency"), curve(side, phase, "service")));
            let curves = told.iter().filter(|(_, latency, _)| !latency.is_empty());
            let curves = curves.map(|(name, latency, service)| Curve {
                name: (*name).to_owned(),
                latency,
                service,
            });
            percentiles(
                &format!("Latency by percentile: {phase}"),
                &curves.collect::<Vec<_>>(),
            )
            .svg()
        });
        drawn.filter(|svg| !svg.is_empty()).collect()
    }
}

/// Empty where the report has none.
fn curve(side: &Side<'_>, phase: &str, kind: &str) -> Vec<(f64, u64)> {
    let phases = side.report["phases"].as_array().into_iter().flatten();
    let mut phases = phases.filter(|one| one["name"] == phase);
    let points = phases
        .next()
        .and_then(|phase| phase[kind].as_array())
        .into_iter()
        .flatten();
    let point = |point: &Value| Some((point[0].as_f64()?, point[1].as_u64()?));
    points.filter_map(point).collect()
}
