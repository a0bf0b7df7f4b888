//! `load URL`: puts load on a target, shows it live, prints the summary.

mod arguments;
mod asked;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::sync::mpsc;

use crate::load::{self, Arrivals, Header, LoadError, Request, Second, Settings, Summary};
use crate::report;

pub(crate) use arguments::LoadArguments;
use arguments::{ArrivalsChoice, Format};

use super::error::{Code, Failure};
use super::output;

/// How long to send where nothing says so.
const DURATION: Duration = Duration::from_secs(10);

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
    let Some(asked) = &arguments.rate else {
        let hint = "choose one: -R 16 sends 16 requests a second, whatever becomes of them";
        return Err(Failure::new(Code::Usage, "no rate is given").hint(hint));
    };
    let arrivals = match arguments.arrivals {
        ArrivalsChoice::Even => Arrivals::Even,
        ArrivalsChoice::Poisson => Arrivals::Poisson { seed: arguments.seed },
    };
    let duration = arguments.duration.or(asked.length()).unwrap_or(DURATION);
    let headers = arguments.headers.iter().cloned();
    Ok(Settings {
        target: arguments.url.clone(),
        rate: asked.over(duration, arrivals),
        threads: arguments.threads,
        connections: arguments.connections,
        duration: Some(duration),
        timeout: arguments.timeout,
        request: Request {
            method: method(arguments),
            headers: headers.map(|(name, value)| Header { name, value }).collect(),
            body: arguments.body.as_ref().map(|body| body.0.clone()),
        },
        timing: arguments.timing.into(),
    })
}

fn method(arguments: &LoadArguments) -> String {
    let usual = if arguments.body.is_some() { "POST" } else { "GET" };
    arguments.method.as_deref().unwrap_or(usual).to_owned()
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
        LoadError::Rate(_)
        | LoadError::Threads
        | LoadError::Timeout
        | LoadError::Method(_)
        | LoadError::Packet
        | LoadError::Header { .. } => Failure::from_error(Code::Usage, error),
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
