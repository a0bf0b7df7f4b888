//! `uwsgi-lab replay RUN`: the points of a stored run, put into a lab's InfluxDB to be looked at.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::collector::gzipped;
use crate::engine::Role;
use crate::experiment::StoredPoints;
use crate::influx::InfluxError;
use crate::report::number;

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::place::stored;
use super::super::settings::{UpArguments, UpSettings};
use super::bring_up::Up;
use super::interrupts::Interrupts;
use super::outlets::influx_client;
use super::{runtime, up};

const BATCH: usize = 5_000;
/// Shown before and after the run.
const MARGIN_MS: i64 = 5_000;

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The directory of a run, as `run` and `demo` name it, or its name in the labs' state directory
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Move the run in time so that it ends now
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    up: UpArguments,
}

/// # Errors
/// No stored run (3), a lab that does not come up (as `up`), an InfluxDB that does not take the points (4).
pub(crate) fn run(arguments: &ReplayArguments) -> Result<(), Failure> {
    arguments.up.refuse_for_scenario()?;
    let mut settings = UpSettings::new(&arguments.up)?;
    let path = stored(&arguments.run, &settings.lab.environment)?.join("points.lp");
    let text = fs::read_to_string(&path).map_err(|error| {
        let mut failure = Failure::new(Code::InvalidFile, format!("cannot read {}", path.display()));
        failure.causes.push(error.to_string());
        failure.hint("name the directory of a run: `uwsgi-lab demo hello` makes one and says where")
    })?;
    let points = StoredPoints::parse(&text)
        .map_err(|error| Failure::new(Code::InvalidFile, format!("{}: {error}", path.display())))?;
    let Some(span) = points.span() else {
        return Err(Failure::new(
            Code::InvalidFile,
            format!("{} holds no point", path.display()),
        ));
    };
    settings.load = None;
    let outcome = runtime()?.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let up = up::raised(&settings, &mut interrupts).await?;
        let by_ms = if arguments.now {
            now_ms().saturating_sub(span.1)
        } else {
            0
        };
        let writing = write(&points, by_ms, &up);
        let advice = "run the command again: what was written already is written over";
        let written = interrupts.or_end_of(writing, advice).await?;
        tell(written, (span.0 + by_ms, span.1 + by_ms), &up)
    });
    outcome.map_err(|failure: Failure| failure.of_lab(&settings.lab.name))
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns how many points were written. The same points again take the place of the first.
async fn write(stored: &StoredPoints, by_ms: i64, up: &Up) -> Result<u64, Failure> {
    let client = influx_client(up)?;
    let refused = |error: &InfluxError| Failure::from_error(Code::Unavailable, error);
    let mut written = 0;
    for (lines, points) in stored.batches(BATCH, by_ms) {
        let body = gzipped(&lines).map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
        client.write(body).await.map_err(|error| refused(&error))?;
        written += points;
    }
    Ok(written)
}

fn tell(points: u64, (from, to): (i64, i64), up: &Up) -> Result<(), Failure> {
    output::note(&format!("{} written.", number::counted(points, "point")));
    let grafana = up
        .endpoints
        .iter()
        .find(|endpoint| endpoint.role == Role::Grafana);
    match grafana {
        Some(grafana) => output::data(&format!(
            "http://{}/d/uwsgi-lab?from={}&to={}\n",
            grafana.address(),
            from - MARGIN_MS,
            to + MARGIN_MS
        )),
        None => Ok(()),
    }
}
