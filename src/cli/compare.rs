//! `uwsgi-lab compare RUN RUN`: two stored runs side by side, with a report.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::Value;

use crate::experiment;
use crate::report::comparison::{Comparison, Side};

use super::error::{Code, Failure};
use super::repeating::repeating;
use super::settings::Environment;
use super::{output, place};

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArguments {
    /// The directory of a run, as `run` and `demo` name it, or its name in the labs' state directory
    #[arg(value_name = "RUN")]
    first: PathBuf,
    /// Another run of the same phases
    #[arg(value_name = "RUN")]
    second: PathBuf,
    /// Where the report goes [default: runs in the labs' state directory]
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// # Errors
/// A directory without the report of a run (3); two runs without a common phase, a place that holds a report already (2); a
/// place that cannot be written (4).
pub(crate) fn run(arguments: &CompareArguments) -> Result<(), Failure> {
    let environment = Environment::capture();
    let report_of = |run: &Path| report_of(&place::stored(run, &environment)?);
    let (first, second) = (report_of(&arguments.first)?, report_of(&arguments.second)?);
    let compared = experiment::compare(&first, &second);
    if compared.is_empty() {
        return Err(Failure::new(
            Code::Usage,
            "the two runs have no phase of one name and of five seconds or more",
        )
        .hint("compare two runs of one scenario"));
    }
    let places = [&arguments.first, &arguments.second].map(|run| run.display().to_string());
    let side = |place, report| Side { place, report };
    let comparison = Comparison {
        first: side(&places[0], &first),
        second: side(&places[1], &second),
        compared: &compared,
        command: &repeating(),
    };
    let directory = place::Place::create(arguments.save.as_deref(), &environment, "compare")?;
    let page = comparison
        .html()
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    directory.write("report.json", &comparison.json())?;
    directory.write("report.md", &comparison.markdown())?;
    directory.write("report.html", &page)?;
    match arguments.output {
        Format::Text => output::data(&comparison.text())?,
        Format::Json => output::data(&comparison.json())?,
    }
    output::note(&format!("Report: {}", directory.path("report.html").display()));
    Ok(())
}

fn report_of(run: &Path) -> Result<Value, Failure> {
    let path = run.join("report.json");
    let invalid = |cause: String| {
        let mut failure = Failure::new(Code::InvalidFile, format!("cannot read {}", path.display()));
        failure.causes.push(cause);
        failure.hint("name the directory of a run: `uwsgi-lab demo hello` makes one and says where")
    };
    let text = fs::read_to_string(&path).map_err(|error| invalid(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))
}
