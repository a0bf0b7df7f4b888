//! `load URL`: puts load on a target, shows it live, prints the summary.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::ProgressBar;
use tokio::sync::mpsc;

use crate::load::{self, Header, LoadError, Second, Settings, Summary, Target, TargetError};
use crate::report;

use super::error::{Code, Failure};
use super::{output, values};

/// Load a URL at a constant rate and report latencies from the intended times
///
/// Requests leave on schedule whatever became of the last one, so a server that stalls is seen as its users
/// would see it. After the duration, requests in flight get up to 5 s (or the timeout, if shorter) to finish; what
/// is still unanswered then, or was never sent, counts in the latencies as a lower bound.
#[derive(Debug, clap::Args)]
pub(crate) struct LoadArguments {
    /// What to load, as in http://127.0.0.1:9090/
    #[arg(value_parser = target)]
    url: Target,
    /// Threads to send from
    #[arg(short, long, default_value_t = 1, value_name = "N", value_parser = at_least_one)]
    threads: usize,
    /// Most connections to open; without it, as many as are needed
    ///
    /// A limit also limits the queue that the server sees. Requests that find no connection free wait, and
    /// the wait counts as latency.
    #[arg(short, long, value_name = "N", value_parser = at_least_one)]
    connections: Option<usize>,
    /// How long to send: 500ms, 10s, 2m, 1h
    #[arg(short, long, default_value = "10s", value_name = "TIME", value_parser = values::duration)]
    duration: Duration,
    /// Requests a second: 16, 0.5, 2k, 1M; has to be chosen
    #[arg(short = 'R', long, value_name = "RATE", value_parser = values::rate, allow_negative_numbers = true)]
    rate: Option<f64>,
    /// Header to send, as in 'Accept: text/html'; repeat for more
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = values::header)]
    headers: Vec<(String, String)>,
    /// For a whole request, from connecting to its last byte
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = values::duration)]
    timeout: Duration,
    /// Print the whole percentile spectrum
    #[arg(short = 'L', long)]
    latency: bool,
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Why what was typed is nothing to load.
#[derive(Debug, thiserror::Error)]
enum UrlError {
    #[error("it has no scheme: type http://{0}")]
    NoScheme(String),
    #[error(transparent)]
    Target(#[from] TargetError),
}

fn target(text: &str) -> Result<Target, UrlError> {
    let is_bare = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    if is_bare && !text.contains("://") {
        return Err(UrlError::NoScheme(text.to_owned()));
    }
    Ok(Target::parse(text)?)
}

/// How a run ended.
struct Outcome {
    summary: Summary,
    interrupted: bool,
}

/// # Errors
/// Settings that cannot run (2); nothing answered (1, or 4 where no connection came about); Ctrl-C (130).
pub(crate) fn run(arguments: &LoadArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    let outcome = runtime.block_on(measure(settings(arguments)?))?;
    output::data(&rendered(&outcome.summary, arguments))?;
    judge(&outcome)
}

fn settings(arguments: &LoadArguments) -> Result<Settings, Failure> {
    let Some(rate) = arguments.rate else {
        let hint = "choose one: -R 16 sends 16 requests a second, whatever becomes of them";
        return Err(Failure::new(Code::Usage, "no rate is given").hint(hint));
    };
    let headers = arguments.headers.iter().cloned();
    Ok(Settings {
        target: arguments.url.clone(),
        rate,
        threads: arguments.threads,
        connections: arguments.connections,
        duration: Some(arguments.duration),
        timeout: arguments.timeout,
        headers: headers.map(|(name, value)| Header { name, value }).collect(),
    })
}

/// Runs the load to its end. The first Ctrl-C stops it early, a second one gives up its summary.
async fn measure(settings: Settings) -> Result<Outcome, Failure> {
    let mut running = load::start(settings).map_err(|error| refused(&error))?;
    let show = running.seconds().map(|seconds| tokio::spawn(show(seconds)));
    let mut interrupted = false;
    let summary = loop {
        tokio::select! {
            summary = running.finished() => break summary,
            _ = tokio::signal::ctrl_c() => {
                if interrupted {
                    return Err(Failure::new(Code::Interrupted, "interrupted twice, no summary"));
                }
                interrupted = true;
                running.halt();
            }
        }
    };
    if let Some(show) = show {
        // It ends with the channel; a summary is worth more than its last line.
        show.await.ok();
    }
    let summary = summary.map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    Ok(Outcome { summary, interrupted })
}

/// One line each second, where somebody watches.
async fn show(mut seconds: mpsc::Receiver<Second>) {
    let bar = match io::stderr().is_terminal() {
        true => ProgressBar::new_spinner(),
        false => ProgressBar::hidden(),
    };
    while let Some(second) = seconds.recv().await {
        bar.set_message(report::load::live_line(&second));
        bar.tick();
    }
    bar.finish_and_clear();
}

fn rendered(summary: &Summary, arguments: &LoadArguments) -> String {
    match arguments.output {
        Format::Text => report::load::text(summary, arguments.latency),
        Format::Json => format!("{:#}\n", report::load::json(summary)),
    }
}

fn refused(error: &LoadError) -> Failure {
    match error {
        LoadError::Resolve { .. } => {
            Failure::from_error(Code::Unavailable, error).hint("check the host name in the URL")
        }
        LoadError::Descriptors { available, .. } => Failure::from_error(Code::Usage, error).hint(format!(
            "ask for at most -c {available}, or raise the limit: ulimit -n"
        )),
        LoadError::Connections { .. } => {
            Failure::from_error(Code::Usage, error).hint("raise -c, lower -t, or leave -c out")
        }
        LoadError::Rate(_) | LoadError::Threads | LoadError::Timeout | LoadError::Header { .. } => {
            Failure::from_error(Code::Usage, error)
        }
        _ => Failure::from_error(Code::Unexpected, error),
    }
}

/// A run that measured nothing has failed, however well it went.
fn judge(outcome: &Outcome) -> Result<(), Failure> {
    let Outcome { summary, interrupted } = outcome;
    if *interrupted {
        let message = "interrupted; the report covers what was due until then";
        return Err(Failure::new(Code::Interrupted, message));
    }
    if summary.counts.answered > 0 || summary.scheduled == 0 {
        return Ok(());
    }
    let url = &summary.settings.target;
    let (code, what, hint) = match summary.counts.connected {
        0 => {
            let hint = "start the server, or check host and port in the URL".to_owned();
            (Code::Unavailable, "could not be connected to", hint)
        }
        _ => {
            let hint = format!("see what it says to one request: curl -v {url}");
            (Code::Unexpected, "answered no request", hint)
        }
    };
    let mut failure = Failure::new(code, format!("{url} {what}"));
    failure.causes.extend(summary.first_error.clone());
    Err(failure.hint(hint))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_its_scheme_is_completed_in_the_error() {
        let refused = |text: &str| target(text).unwrap_err().to_string();
        assert_eq!(
            refused("127.0.0.1:9090"),
            "it has no scheme: type http://127.0.0.1:9090"
        );
        assert_eq!(
            refused("localhost:9090/x"),
            "it has no scheme: type http://localhost:9090/x"
        );
        assert_eq!(
            refused("https://localhost/"),
            "https is not spoken here yet; use http://"
        );
        assert_eq!(
            target("http://localhost:9090").unwrap().to_string(),
            "http://localhost:9090/"
        );
    }
}
