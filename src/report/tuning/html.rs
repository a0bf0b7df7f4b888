//! A tuning's report as one page that needs nothing else.

use tera::Context;

use super::data::{TrialReport, TuningReport};
use super::markdown::{cells, head, model};
use crate::experiment::{Certainty, Prediction};
use crate::report::intervals::{Intervals, Row, Standing};
use crate::report::{figure, number, page};

const TEMPLATE: &str = include_str!("../../../templates/tuning.html");

/// # Errors
/// None that a tuning could cause: the template is part of the program.
pub(crate) fn html(report: &TuningReport) -> Result<String, tera::Error> {
    let mut context = Context::new();
    context.insert("title", &report.question);
    context.insert("answer", &report.answer);
    context.insert("good", &report.nothing().is_none());
    context.insert("ini", &report.ini);
    context.insert("chart", &chart(report));
    context.insert("head", &head(report));
    let rows: Vec<_> = report.trials.iter().map(|trial| cells(report, trial)).collect();
    context.insert("rows", &rows);
    context.insert("model", &model(report));
    context.insert("caveats", &report.caveats);
    page::insert_manifest(&mut context, &report.manifest);
    page::render(TEMPLATE, &context)
}

fn chart(report: &TuningReport) -> String {
    let row = |trial: &TrialReport| {
        let judged = trial
            .judged
            .iter()
            .find(|judged| judged.figure == report.figure)?;
        Some(Row {
            name: format!(
                "{} at {}/s",
                trial.candidate.name,
                number::rate(trial.candidate.rate)
            ),
            estimate: judged.found?,
            stands: match trial.verdict {
                Certainty::Meets => Standing::Good,
                Certainty::Fails => Standing::Bad,
                Certainty::TooClose => Standing::Neutral,
            },
            model: match trial.predicted {
                Prediction::Value(value) => Some(value),
                Prediction::FallsBehind | Prediction::Unknown => None,
            },
        })
    };
    let drawn = Intervals {
        title: &format!("{}, measured and of the model", report.figure),
        rows: report.trials.iter().filter_map(row).collect(),
        legend: "● holds · ○ does not · grey: too close to call · line: interval of all looks · ◇ the model · dashed: the objective",
        limit: Some((report.limit, "the objective")),
        label: &|value| figure::brief(&report.figure, value),
    };
    drawn.svg()
}
