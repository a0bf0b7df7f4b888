//! The directory of a run: manifest, scenario, results of each phase, points, reports.

use std::fs;
use std::path::{Path, PathBuf};

use crate::experiment::PhaseOutcome;
use crate::report;
use crate::report::run::RunReport;

use super::super::error::{Code, Failure};
use super::super::place::Place;
use super::super::settings::Environment;

pub(super) struct Directory(Place);

impl Directory {
    /// Makes it: `given`, or one named after the scenario and the time.
    pub(super) fn create(
        given: Option<&Path>,
        environment: &Environment,
        name: &str,
    ) -> Result<Self, Failure> {
        let place = Place::create(given, environment, name)?;
        place.make("phases")?;
        Ok(Self(place))
    }

    pub(super) fn points(&self) -> PathBuf {
        self.0.path("points.lp")
    }

    pub(super) fn report(&self) -> PathBuf {
        self.0.path("report.html")
    }

    /// Results of a phase as JSON, and its percentiles as HdrHistogram's plotter reads them.
    pub(super) fn keep_phase(&self, phase: &PhaseOutcome) -> Result<(), Failure> {
        let Some(summary) = &phase.summary else {
            return Ok(());
        };
        let name: String = phase
            .name
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        let results = serde_json::to_string_pretty(&report::load::json(summary)).unwrap_or_default();
        self.write(&format!("phases/{name}.json"), &results)?;
        self.write(
            &format!("phases/{name}.hgrm"),
            &report::load::percentiles(&summary.latency),
        )
    }

    pub(super) fn finish(&self, scenario: &str, report: &RunReport) -> Result<(), Failure> {
        self.write("scenario.yaml", scenario)?;
        self.write("report.json", &report.json())?;
        self.write("report.md", &report::run::markdown(report))?;
        let page =
            report::run::html(report).map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
        self.write("report.html", &page)
    }

    /// For a run that did not begin.
    pub(super) fn remove_if_empty(&self) {
        fs::remove_dir(self.0.path("phases")).ok();
        self.0.remove_if_empty();
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.0.write(name, text)
    }
}
