//! `uwsgi-lab compare RUN RUN`: two stored runs side by side.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::experiment;
use crate::report;

use super::error::{Code, Failure};
use super::output;

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArguments {
    /// The directory of a run, as `run` and `demo` name it
    #[arg(value_name = "RUN")]
    first: PathBuf,
    /// Another run of the same phases
    #[arg(value_name = "RUN")]
    second: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// # Errors
/// A directory without the report of a run (3); two runs without a common phase (2).
pub(crate) fn run(arguments: &CompareArguments) -> Result<(), Failure> {
    let (first, second) = (report_of(&arguments.first)?, report_of(&arguments.second)?);
    let compared = experiment::compare(&first, &second);
    if compared.is_empty() {
        return Err(Failure::new(
            Code::Usage,
            "the two runs have no phase of one name and of five seconds or more",
        )
        .hint("compare two runs of one scenario"));
    }
    match arguments.output {
        Format::Text => output::data(&report::run::comparison(&first, &second, &compared)),
        Format::Json => {
            let rows = compared.iter().map(|one| {
                let mut row = json!(one);
                row["differs"] = json!(one.differs());
                row
            });
            let document = json!({ "version": 1, "compared": rows.collect::<Vec<_>>() });
            output::data(&format!("{document:#}\n"))
        }
    }
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
