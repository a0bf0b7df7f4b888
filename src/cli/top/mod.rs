//! `uwsgi-lab top`: uWSGI servers in the terminal, or as text or JSON for scripts.

mod replay;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use clap::ValueEnum;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use crate::agent::AgentSettings;
use crate::state::AgentRecord;
use crate::top::{self, Clock, CoreView, Filter, Server, Sort, State, Target, Theme};
use crate::uwsgi::{StatsAddress, hostname};

use super::error::{Code, Failure};
use super::lab::state_failure;
use super::output;
use super::settings::{LabArguments, LabSettings};
use super::signals;
use super::values::{count, duration, rate};

/// Where a uWSGI of one's own serves statistics more often than not.
const USUAL: &str = "127.0.0.1:9191";
/// A scrape takes uWSGI's master 0.1 ms to 2 ms; shorter intervals would measure the measuring.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

pub(crate) const EXAMPLES: &str = "\
Examples:
  uwsgi-lab top                                  the running lab, else 127.0.0.1:9191
  uwsgi-lab top 10.0.0.5:1717 /run/app/stats.sock @stats
  uwsgi-lab top --once --sort rps                one table of a second, for people
  uwsgi-lab top --replay 30m --speed 10          what the running lab has stored
  uwsgi-lab top --output json -n 60 | jq -c '.servers[0].requests_s'

In the view, ? shows the keys. `uwsgi-lab explain` says what each figure means.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TopArguments {
    /// Stats servers: HOST:PORT, /PATH, @NAME or a URL [default: the running lab's, else 127.0.0.1:9191]
    #[arg(value_name = "TARGET")]
    targets: Vec<StatsAddress>,
    /// Time between readings
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    interval: Duration,
    /// Print one table over one interval and end, as -n 1
    #[arg(long, conflicts_with = "count")]
    once: bool,
    /// Print that many tables, one an interval, and end
    #[arg(short = 'n', long, value_name = "COUNT", value_parser = count::<u64>)]
    count: Option<u64>,
    /// `json` prints one document a reading, one a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    /// Where to show cores
    #[arg(long, value_name = "WHERE", default_value = "off")]
    cores: CoreView,
    /// Order the workers by this column, the most first
    #[arg(long, value_name = "COLUMN", value_parser = column, default_value = "req")]
    sort: usize,
    /// The least first
    #[arg(long)]
    reverse: bool,
    /// Show only what matches: text, or status=busy, rps>10, mean>250ms
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// Show what the running lab has stored, from so long ago (10m) or a time (2026-11-29T11:00) on
    #[arg(
        long,
        value_name = "FROM",
        num_args = 0..=1,
        default_missing_value = "10m",
        value_parser = replay::from,
        conflicts_with_all = ["targets", "once", "count"],
        help_heading = "Replay"
    )]
    replay: Option<replay::From>,
    /// Seconds of the replay in one second
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = rate, requires = "replay", help_heading = "Replay")]
    speed: f64,
    #[command(flatten)]
    lab: LabArguments,
}

/// The place of a column of workers, by its title.
fn column(title: &str) -> Result<usize, String> {
    let titles = top::WORKER_COLUMNS.map(|column| column.title);
    let place = titles.iter().position(|known| known.eq_ignore_ascii_case(title));
    place.ok_or_else(|| format!("columns are {}", titles.join(", ")))
}

pub(crate) fn run(arguments: &TopArguments) -> Result<(), Failure> {
    if arguments.interval < SHORTEST_INTERVAL {
        return Err(Failure::new(Code::Usage, "--interval is at least 10ms"));
    }
    let lab = LabSettings::new(&arguments.lab)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    let outcome = runtime.block_on(show(arguments, &lab));
    runtime.shutdown_background();
    outcome
}

async fn show(arguments: &TopArguments, lab: &LabSettings) -> Result<(), Failure> {
    let rounds = if arguments.once { Some(1) } else { arguments.count };
    let is_view = rounds.is_none() && arguments.output == Format::Text;
    if is_view && !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(
            Failure::new(Code::Usage, "`top` needs a terminal to show its view in")
                .hint("`uwsgi-lab top --once` prints one table, `--output json` one line a reading"),
        );
    }
    let clock = Clock::start();
    let stop = signals::stop().map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    let theme = Theme {
        color: lab.environment.get("NO_COLOR").is_none(),
    };
    if let Some(from) = arguments.replay {
        if !is_view {
            return Err(Failure::new(Code::Usage, "--replay is for the terminal only")
                .hint("`uwsgi-lab status` has the address of the InfluxDB that can be asked instead"));
        }
        let state = state(arguments, &[], &clock);
        return replay::run(state, lab, from, arguments.speed, theme, &stop).await;
    }
    let targets = targets(arguments, lab, &clock).await?;
    let state = state(arguments, &targets, &clock);
    if !is_view {
        return print(state, &targets, clock, &stop, rounds, arguments.output).await;
    }
    let shown = top::run(state, &targets, clock, theme, &stop).await;
    shown.map_err(|error| Failure::from_error(Code::Unavailable, &error))
}

fn state(arguments: &TopArguments, targets: &[Target], clock: &Clock) -> State {
    let servers = targets
        .iter()
        .map(|target| Server::new(&target.source, target.address.to_string()));
    let zone = TimeZone::system();
    let mut state = State::new(
        servers.collect(),
        arguments.interval,
        zone,
        hostname(),
        clock.now_us(),
    );
    state.cores = arguments.cores;
    state.filter = Filter::parse(arguments.filter.as_deref().unwrap_or_default());
    state.sort_workers(Sort {
        column: arguments.sort,
        descending: !arguments.reverse,
    });
    state
}

async fn print(
    state: State,
    targets: &[Target],
    clock: Clock,
    stop: &CancellationToken,
    rounds: Option<u64>,
    format: Format,
) -> Result<(), Failure> {
    let mut printed = 0;
    let emit = |state: &State, since_us: u64| {
        let all_down = state.servers().iter().all(Server::is_down);
        let is_read = match format {
            Format::Json => output::stream(&format!("{}\n", top::document(state, since_us)))?,
            // What there is to say is said as an error.
            Format::Text if all_down && rounds == Some(1) => true,
            Format::Text => {
                let gap = if printed > 0 { "\n" } else { "" };
                output::stream(&format!("{gap}{}", top::text(state, since_us)))?
            }
        };
        printed += 1;
        Ok(is_read && rounds.is_none_or(|rounds| printed < rounds))
    };
    let state = top::batch(state, targets, clock, stop, emit).await?;
    if printed == 0 {
        return Err(Failure::new(
            Code::Interrupted,
            "interrupted before anything was read",
        ));
    }
    conclude(&state)
}

/// Where no server answers, there was nothing to print.
fn conclude(state: &State) -> Result<(), Failure> {
    let mut reasons = state
        .servers()
        .iter()
        .map(|server| Some(format!("cannot read {}: {}", server.address, server.why_down()?)));
    let Some(reasons) = reasons.by_ref().collect::<Option<Vec<String>>>() else {
        return Ok(());
    };
    let (first, others) = reasons
        .split_first()
        .map_or(("", &[][..]), |(first, others)| (first, others));
    for reason in others {
        output::note(reason);
    }
    Err(Failure::new(Code::Unavailable, first))
}

async fn targets(arguments: &TopArguments, lab: &LabSettings, clock: &Clock) -> Result<Vec<Target>, Failure> {
    if !arguments.targets.is_empty() {
        let host = hostname();
        let named = arguments.targets.iter().cloned();
        return Ok(named
            .map(|address| Target {
                source: address.default_source(&host),
                address,
            })
            .collect());
    }
    let watched = watched(lab)?;
    if watched.is_empty() {
        return Ok(vec![usual(lab, clock).await?]);
    }
    Ok(watched)
}

/// What the running lab was told to do; None where no lab runs.
fn running(lab: &LabSettings) -> Result<Option<AgentSettings>, Failure> {
    let record = AgentRecord::find(&lab.directory).map_err(|error| state_failure(&error))?;
    let settings = record
        .map(|record| serde_json::from_value(record.settings))
        .transpose();
    settings.map_err(|error| Failure::from_error(Code::Unexpected, &error))
}

/// The stats servers that the running lab collects from; none where no lab runs.
fn watched(lab: &LabSettings) -> Result<Vec<Target>, Failure> {
    let Some(settings) = running(lab)? else {
        return Ok(Vec::new());
    };
    let targets = settings.watch.into_iter().map(|watch| {
        let address = watch
            .address
            .parse()
            .map_err(|error: crate::uwsgi::AddressError| Failure::from_error(Code::Unexpected, &error))?;
        Ok(Target {
            address,
            source: watch.source,
        })
    });
    targets.collect()
}

/// The usual address, if somebody answers there.
async fn usual(lab: &LabSettings, clock: &Clock) -> Result<Target, Failure> {
    let mut address: StatsAddress = USUAL
        .parse()
        .map_err(|error: crate::uwsgi::AddressError| Failure::from_error(Code::Unexpected, &error))?;
    match top::look(&mut address, clock).await.outcome {
        Ok(_) => Ok(Target {
            source: address.default_source(&hostname()),
            address,
        }),
        Err(why) => {
            let message = format!(
                "the lab '{}' does not run, and {USUAL} is no stats server: {why}",
                lab.name
            );
            Err(Failure::new(Code::Unavailable, message)
                .hint("name the stats server, as in `uwsgi-lab top HOST:PORT`; uWSGI has one with `stats = HOST:PORT`")
                .hint("or `uwsgi-lab up` brings a lab up"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_titles_in_any_case() {
        assert_eq!(column("WID"), Ok(0));
        assert_eq!(column("lastspwn"), Ok(top::WORKER_COLUMNS.len() - 1));
        let refused = column("speed").unwrap_err();
        assert!(
            refused.starts_with("columns are WID, PID, STATUS, REQ, %, RPS,"),
            "{refused}"
        );
    }
}
