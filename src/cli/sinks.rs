//! Where `collect` sends points: flags to sinks, and what became of the points in the end.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::collector::{Limits, LineFile, Outlet, Sink, Spool, SpoolError, WriterStatus};
use crate::influx::Client;

use super::error::{Code, Failure};
use super::files;
use super::influxdb::{HEADING, InfluxArguments};
use super::output;
use super::values::bytes;

#[derive(Debug, clap::Args)]
pub(crate) struct SinkArguments {
    #[command(flatten)]
    influxdb: InfluxArguments,
    /// Append line protocol to this file, `-` is stdout; may be repeated, and stand beside --influxdb [default: - if nothing
    /// else is given]
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    output: Vec<PathBuf>,
    /// While InfluxDB is away, keep points in this directory, where the next run with the same InfluxDB finds them
    #[arg(long, value_name = "DIR", requires = "influxdb", help_heading = HEADING)]
    buffer_dir: Option<PathBuf>,
    /// For --buffer-dir, for each InfluxDB; the oldest points go when it is full
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "1GiB",
        value_parser = bytes,
        requires = "buffer_dir",
        help_heading = HEADING
    )]
    buffer_size: u64,
}

/// Sinks that can be written to, and what people call each.
pub(super) struct Sinks {
    pub(super) names: Vec<String>,
    pub(super) outlets: Vec<Outlet>,
}

impl SinkArguments {
    /// `nothing_else` asks for points on stdout where no sink was given. With `once`, an InfluxDB that is away is an error
    /// unless the points can be kept for the next run.
    pub(super) async fn open(&self, once: bool, nothing_else: bool) -> Result<Sinks, Failure> {
        let mut sinks = Sinks {
            names: Vec::new(),
            outlets: Vec::new(),
        };
        let later = !once || self.buffer_dir.is_some();
        for client in self.influxdb.clients(later).await? {
            if sinks.names.contains(&client.place()) {
                let message = format!("--influxdb is given twice for {}", client.place());
                return Err(Failure::new(Code::Usage, message).hint("give each database once"));
            }
            sinks.names.push(client.place());
            sinks.outlets.push(self.influx(client)?);
        }
        let mut seen = HashSet::new();
        for path in &self.output {
            if !seen.insert(path) {
                let message = format!("--output {} is given twice", path.display());
                return Err(Failure::new(Code::Usage, message).hint("give each file once"));
            }
            sinks.names.push(path.display().to_string());
            sinks.outlets.push(lines(path)?);
        }
        if sinks.outlets.is_empty() && nothing_else {
            sinks.names.push("-".to_owned());
            sinks.outlets.push(lines(Path::new("-"))?);
        }
        Ok(sinks)
    }

    fn influx(&self, client: Client) -> Result<Outlet, Failure> {
        let open = |root| Spool::open_for(&client.place(), root, self.buffer_size);
        let spool = self.buffer_dir.as_deref().map(open).transpose();
        Ok(Outlet {
            spool: spool.map_err(|error| no_buffer(&error))?,
            sink: Sink::Influx(client),
            limits: Limits::default(),
        })
    }

    /// Says what became of the points. Those that no later run can find are an error.
    pub(super) fn conclude(&self, names: &[String], statuses: &[WriterStatus]) -> Result<(), Failure> {
        for (name, status) in names.iter().zip(statuses) {
            if let Some(directory) = self.buffer_dir.as_ref().filter(|_| status.points_on_disk > 0) {
                output::note(&format!(
                    "{} points for {name} wait in {}; the next run with the same options writes them",
                    status.points_on_disk,
                    directory.display()
                ));
            }
        }
        // A reader that has seen enough (`| head`) is no error.
        let is_short = |status: &WriterStatus| status.points_lost() > 0 && status.closed.is_none();
        let mut short = names.iter().zip(statuses).filter(|(_, status)| is_short(status));
        let failure = short.next().map(|(name, status)| {
            let mut failure = Failure::new(Code::Unavailable, shortfall(names, name, status));
            failure.causes.extend(status.last_error().map(str::to_owned));
            failure
        });
        for (name, status) in short {
            output::note(&shortfall(names, name, status));
        }
        failure.map_or(Ok(()), Err)
    }
}

fn shortfall(names: &[String], name: &str, status: &WriterStatus) -> String {
    let place = match names.len() {
        1 => String::new(),
        _ => format!(" to {name}"),
    };
    format!(
        "{} points were not written{place}, {} were",
        status.points_lost(),
        status.points_written
    )
}

fn no_buffer(error: &SpoolError) -> Failure {
    let failure = Failure::from_error(Code::Unavailable, error);
    match error {
        SpoolError::Busy { .. } => failure.hint("give each process a --buffer-dir of its own"),
        SpoolError::Io { path, source, .. } => failure.hint(files::advice(source.kind(), path)),
    }
}

fn lines(path: &Path) -> Result<Outlet, Failure> {
    let (sink, linger) = if path == Path::new("-") {
        let stdout = stdout().map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
        (Sink::Lines(Box::new(stdout)), Duration::ZERO)
    } else {
        let file = LineFile::open(path.to_owned()).map_err(|error| {
            let mut failure = Failure::new(Code::Unavailable, format!("cannot write {}", path.display()));
            failure.causes.push(error.to_string());
            failure.hint(files::advice(error.kind(), path))
        })?;
        (Sink::File(file), Limits::default().linger)
    };
    Ok(Outlet {
        sink,
        limits: Limits {
            linger,
            ..Limits::default()
        },
        spool: None,
    })
}

/// Standard output as a file of its own, without the lock and the line buffer of `std`.
fn stdout() -> io::Result<tokio::fs::File> {
    let descriptor = io::stdout().as_fd().try_clone_to_owned()?;
    Ok(tokio::fs::File::from_std(File::from(descriptor)))
}
