//! The command line: clap types, one short function a command, errors with hints, exit codes.

mod announce;
mod collect;
mod dashboard;
mod error;
mod influxdb;
mod load;
mod output;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use error::Failure;

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
    Load(load::LoadArguments),
    Dashboard(dashboard::DashboardArguments),
    /// Read uWSGI statistics and write them to InfluxDB or stdout
    Collect(collect::CollectArguments),
}

/// Runs the command line of this process and returns its exit code.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    let outcome = match arguments.command {
        Command::Load(arguments) => load::run(&arguments),
        Command::Dashboard(arguments) => dashboard::run(arguments),
        Command::Collect(arguments) => collect::run(&arguments),
    };
    output::finish(outcome)
}
