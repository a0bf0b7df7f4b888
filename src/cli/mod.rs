//! The command line: clap types, one short function a command, errors with hints, exit codes.

mod announce;
mod collect;
mod compare;
mod dashboard;
mod dashboards;
mod error;
mod explain;
mod files;
mod influxdb;
mod lab;
mod load;
mod output;
mod place;
mod repeating;
mod settings;
mod signals;
mod sinks;
mod store;
mod top;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A uWSGI measuring bench in one command.
#[derive(Debug, Parser)]
#[command(name = "uwsgi-lab", version, about, max_term_width = 100, after_help = error::EXIT_CODES)]
struct Arguments {
    /// Log what happens inside to stderr; repeat for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the lab up: services, dashboard, collector and load
    #[command(after_help = settings::UP_EXAMPLES)]
    Up(settings::UpArguments),
    /// Stop the lab and remove its services; the data is kept
    Down(lab::teardown::DownArguments),
    /// Begin again: everything removed, data too, then `up`
    Reset(settings::UpArguments),
    /// Show services, endpoints, collector and load
    Status(lab::status::StatusArguments),
    /// Print what the services print
    Logs(lab::logs::LogsArguments),
    /// Open the dashboard in the browser
    Open(lab::open::OpenArguments),
    /// List the lab's dashboards, take in others, write them to files
    Dashboards(dashboards::DashboardsArguments),
    /// Run a scenario: phases of load on a server set up for it, with a report
    #[command(after_help = lab::play::FORMAT)]
    Run(lab::play::RunArguments),
    /// Run a scenario that comes with the program, or list them
    Demo(lab::play::DemoArguments),
    /// Measure settings × loads, each several times on a fresh server: which is better by more than chance
    #[command(after_help = lab::experiment::KEYS)]
    Experiment(lab::experiment::ExperimentArguments),
    /// Find the cheapest configuration that meets an objective, or the highest rate that one sustains
    #[command(after_help = lab::tune::EXAMPLES)]
    Tune(lab::tune::TuneArguments),
    /// Two stored runs side by side: what differs by more than chance
    Compare(compare::CompareArguments),
    /// Put the points of a stored run into a lab, to look at it again
    Replay(lab::replay::ReplayArguments),
    /// Put all that a lab needs into one file, to bring it up where there is no network
    Bundle(lab::bundle::BundleArguments),
    /// Send requests on a schedule and report latencies
    Load(load::LoadArguments),
    /// Read uWSGI statistics and write them to InfluxDB or stdout
    Collect(collect::CollectArguments),
    /// Watch uWSGI servers in the terminal: workers, rates, requests in flight, events
    #[command(after_help = top::EXAMPLES)]
    Top(top::TopArguments),
    /// Say what a statistic means, and what it does not
    Explain(explain::ExplainArguments),
    /// Serve the lab's own dashboard: the part of Grafana's HTTP API that a lab uses
    Dashboard(dashboard::DashboardArguments),
    /// Serve the lab's own time-series database: InfluxDB's 1.x HTTP API on SQLite
    Store(store::StoreArguments),
    #[command(name = lab::background::COMMAND, hide = true)]
    Agent,
    #[command(name = crate::engine::SERVICE_COMMAND, hide = true)]
    Service(lab::service::ServiceArguments),
    #[command(name = crate::engine::CHILD_COMMAND, hide = true)]
    ServiceChild(lab::service::ChildArguments),
}

/// Runs the command line of this process and returns its exit code.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    output::log(arguments.verbose);
    let outcome = match arguments.command {
        Command::Up(arguments) => lab::up::run(&arguments),
        Command::Down(arguments) => lab::teardown::down(&arguments),
        Command::Reset(arguments) => lab::teardown::reset(&arguments),
        Command::Status(arguments) => lab::status::run(&arguments),
        Command::Logs(arguments) => lab::logs::run(&arguments),
        Command::Open(arguments) => lab::open::run(&arguments),
        Command::Dashboards(arguments) => dashboards::run(&arguments),
        Command::Run(arguments) => lab::play::run(&arguments),
        Command::Demo(arguments) => lab::play::demo(&arguments),
        Command::Experiment(arguments) => lab::experiment::run(&arguments),
        Command::Tune(arguments) => lab::tune::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Replay(arguments) => lab::replay::run(&arguments),
        Command::Bundle(arguments) => lab::bundle::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Collect(arguments) => collect::run(&arguments),
        Command::Top(arguments) => top::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Dashboard(arguments) => dashboard::run(arguments),
        Command::Store(arguments) => store::run(arguments),
        Command::Agent => lab::background::run(),
        Command::Service(arguments) => lab::service::run(&arguments),
        Command::ServiceChild(arguments) => lab::service::run_child(&arguments),
    };
    output::finish(outcome)
}
