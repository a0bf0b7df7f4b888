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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Machine, Manifest};
    use crate::report::run::data::{EventReport, SampleReport, SecondReport};

    fn manifest() -> Manifest {
        Manifest {
            version: 1,
            tool: "0".to_owned(),
            command: "uwsgi-lab run day.yaml".to_owned(),
            title: "A day".to_owned(),
            seed: 1,
            began: "2026-01-01T00:00:00Z".to_owned(),
            engine: "local".to_owned(),
            images: [].into(),
            uwsgi: None,
            machine: Machine::here(),
            app: None,
            uwsgi_ini: "[uwsgi]".to_owned(),
        }
    }

    fn second(at: u32) -> SecondReport {
        SecondReport {
            at: f64::from(at) + 1.0,
            asked: Some(100.0),
            rate: 100.0 + f64::from(at * 7919 % 13),
            p50: Some(1000 + u64::from(at * 31 % 997)),
            p99: Some(9000 + u64::from(at * 17 % 89_000)),
            errors: u64::from(at.is_multiple_of(1000)),
            refused: 0,
        }
    }

    fn sample(at: u32) -> SampleReport {
        let busy = u64::from(at * 7919 % 9);
        SampleReport {
            at: f64::from(at) + 0.5,
            workers: 8,
            busy,
            idle: 8 - busy,
            cheap: 0,
            running: 8,
            in_request: Some(busy * 2),
            queue: Some(u64::from(at * 101 % 50)),
            rss: Some(50_000_000 + u64::from(at)),
        }
    }

    fn event(at: u32) -> EventReport {
        EventReport {
            at: f64::from(at),
            kind: "respawn",
            text: format!("worker {} respawned", at % 8),
        }
    }

    #[test]
    fn a_day_with_thousands_of_events_is_a_page_of_less_than_a_megabyte() {
        const DAY: u32 = 86_400;
        let report = RunReport {
            version: 1,
            title: "A day".to_owned(),
            question: String::new(),
            story: String::new(),
            answer: "It held.".to_owned(),
            interrupted: false,
            planned: f64::from(DAY),
            expectations: Vec::new(),
            phases: Vec::new(),
            events: (0..DAY).step_by(10).map(event).collect(),
            notes: Vec::new(),
            failed_actions: Vec::new(),
            seconds: (0..DAY).map(second).collect(),
            samples: (0..DAY).map(sample).collect(),
            manifest: manifest(),
        };
        let page = html(&report).unwrap();
        assert!(page.len() < 1_000_000, "{}", page.len());
        assert!(page.contains("And 8440 more, in report.json."));
    }
}
