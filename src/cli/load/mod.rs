//! `load URL`: puts load on a target, shows it live, prints the summary.

mod arguments;
mod judged;
mod saved;
mod together;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::load::{
    self, Arrivals, Header, LoadError, Protocol, Request, Requested, Running, ScriptSource, Second, Settings,
    Summary, Target, Trust,
};
use crate::report;
use crate::report::load::Spectrum;
use crate::report::number;
use crate::uwsgi::{self, Document};

pub(crate) use arguments::LoadArguments;
use arguments::{ArrivalsChoice, Format};
use saved::Files;

use super::error::{Code, Failure};
use super::output;

/// How long to send where nothing says so.
const DURATION: Duration = Duration::from_secs(10);
const STATS_DEADLINE: Duration = Duration::from_secs(5);

/// How a run ended.
struct Outcome {
    summary: Summary,
    interrupted: bool,
    /// What the script says of it.
    said: Result<String, LoadError>,
}

/// # Errors
/// Settings that cannot run (2); nothing answered (1, or 4 where no connection came about); a condition that holds (6); Ctrl-C (130).
pub(crate) fn run(arguments: &LoadArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    if let Some(coordinator) = &arguments.worker {
        let outcome = runtime.block_on(together::take_share(coordinator));
        // A name that is still being looked up is nothing to wait for.
        runtime.shutdown_background();
        return outcome;
    }
    let settings = settings(arguments)?;
    let files = Files::create(&arguments.save, &settings.target().to_string())?;
    let (before, outcome) = runtime.block_on(measured(arguments, settings, &files))?;
    // What was measured is shown, whatever became of the server and of the script since.
    let after = runtime.block_on(statistics(arguments));
    let summary = &outcome.summary;
    let counted = before
        .zip(after.as_ref().ok().and_then(Option::as_ref))
        .map(|(before, after)| uwsgi::counted_between(&before, after));
    let verdicts = judged::conditions(&arguments.fail_if, summary);
    let said = outcome.said.as_deref().unwrap_or_default();
    let text = report::load::text(summary, spectrum(arguments)) + &judged::text(&verdicts, counted) + said;
    let rendered = match arguments.output {
        Format::Text => &text,
        Format::Json => &judged::json(summary, &verdicts, counted),
    };
    let saved = files.finish(summary, &text);
    output::data(rendered)?;
    if matches!(arguments.output, Format::Json) && !said.is_empty() {
        output::note(said.trim_end());
    }
    saved?;
    judge(&outcome)?;
    judged::fail(&verdicts)?;
    after?;
    outcome.said.map(drop).map_err(|error| refused(&error))
}

fn spectrum(arguments: &LoadArguments) -> Spectrum {
    match (arguments.latency, arguments.uncorrected) {
        (_, true) => Spectrum::Both,
        (true, false) => Spectrum::Latency,
        (false, false) => Spectrum::None,
    }
}

/// Runs the load from here or from its workers; with the statistics of before, where a server is asked for them.
async fn measured(
    arguments: &LoadArguments,
    settings: Settings,
    files: &Files,
) -> Result<(Option<Document>, Outcome), Failure> {
    let mut interrupts = interrupts()?;
    let crew = match arguments.workers {
        Some(workers) => {
            let crew = together::gather(&arguments.listen, settings.clone(), workers);
            Some(together::or_interrupted(crew, &mut interrupts).await?)
        }
        None => None,
    };
    let before = statistics(arguments).await?;
    let running = match crew {
        Some(crew) => crew
            .start(files.observer())
            .await
            .map_err(|error| together::refused(&error))?,
        None => load::start_observed(settings, files.observer()).map_err(|error| refused(&error))?,
    };
    Ok((before, measure(running, &mut interrupts).await?))
}

/// Ctrl-C, from here on until the end: one that comes while nobody waits for it is kept.
fn interrupts() -> Result<Signal, Failure> {
    signal(SignalKind::interrupt()).map_err(|error| Failure::from_error(Code::Unexpected, &error))
}

/// The statistics of the server that is asked, if any is.
async fn statistics(arguments: &LoadArguments) -> Result<Option<Document>, Failure> {
    let Some(address) = &arguments.stats else {
        return Ok(None);
    };
    let failed = |error: &dyn std::error::Error| {
        let mut failure = Failure::from_error(Code::Unavailable, error);
        let causes = std::mem::replace(&mut failure.message, format!("no statistics from {address}"));
        failure.causes.insert(0, causes);
        failure.hint("check --stats, or leave it out")
    };
    let bytes = uwsgi::fetch(address, STATS_DEADLINE)
        .await
        .map_err(|error| failed(&error))?;
    uwsgi::parse(&bytes).map(Some).map_err(|error| failed(&error))
}

fn settings(arguments: &LoadArguments) -> Result<Settings, Failure> {
    let Some(url) = arguments.urls.first() else {
        return Err(Failure::new(Code::Usage, "no URL is given"));
    };
    let Some(asked) = &arguments.rate else {
        let hint = "choose one: -R 16 sends 16 requests a second, whatever becomes of them";
        return Err(Failure::new(Code::Usage, "no rate is given").hint(hint));
    };
    let arrivals = match arguments.arrivals {
        ArrivalsChoice::Even => Arrivals::Even,
        ArrivalsChoice::Poisson => Arrivals::Poisson { seed: arguments.seed },
    };
    let without = arguments.requests.is_none().then_some(DURATION);
    let duration = arguments.duration.or(asked.length()).or(without);
    Ok(Settings {
        threads: arguments.threads,
        connections: arguments.connections,
        duration,
        requests: arguments.requests,
        warm_up: arguments.warmup.unwrap_or_default(),
        timeout: arguments.timeout,
        connect_timeout: arguments.connect_timeout,
        mix: mix(arguments)?,
        cookies: arguments.cookies,
        seed: arguments.seed,
        trust: trust(arguments)?,
        timing: arguments.timing.into(),
        script: script(arguments)?,
        ..Settings::new(url.clone(), asked.over(duration.unwrap_or(DURATION), arrivals))
    })
}

/// # Errors
/// A file that cannot be read; what is in it is looked at when it is needed.
fn trust(arguments: &LoadArguments) -> Result<Trust, Failure> {
    let Some(path) = arguments.cacert.as_ref().filter(|_| !arguments.insecure) else {
        return Ok(match arguments.insecure {
            true => Trust::Everybody,
            false => Trust::System,
        });
    };
    let pem = std::fs::read(path).map_err(|error| {
        let mut failure = Failure::new(Code::Usage, format!("{} cannot be read", path.display()));
        failure.causes.push(error.to_string());
        failure.hint("name the authority's certificate with --cacert, or trust any with --insecure")
    })?;
    Ok(Trust::Authorities {
        name: path.display().to_string(),
        pem: Some(pem),
    })
}

fn script(arguments: &LoadArguments) -> Result<Option<ScriptSource>, Failure> {
    let Some(path) = &arguments.script else {
        return Ok(None);
    };
    let source =
        ScriptSource::read(path, &arguments.script_arguments).map_err(|error| refused(&error.into()))?;
    Ok(Some(source))
}

/// The same request to each URL, as often as its weight says.
fn mix(arguments: &LoadArguments) -> Result<Vec<Requested>, Failure> {
    let (urls, weights) = (&arguments.urls, &arguments.weights);
    if !weights.is_empty() && weights.len() != urls.len() {
        let message = format!(
            "{} for {}",
            number::counted(weights.len() as u64, "weight"),
            number::counted(urls.len() as u64, "URL")
        );
        return Err(
            Failure::new(Code::Usage, message).hint("give as many, in the order of the URLs: --weights 3,1")
        );
    }
    let headers = arguments.headers.iter().cloned();
    let request = Request {
        method: method(arguments),
        headers: headers.map(|(name, value)| Header { name, value }).collect(),
        body: arguments.body.as_ref().map(|body| body.0.clone()),
        literal: arguments.literal,
    };
    let weights = weights.iter().copied().chain(std::iter::repeat(1));
    let mix = urls.iter().zip(weights).map(|(url, weight)| Requested {
        target: url.clone(),
        request: request.clone(),
        weight,
    });
    Ok(mix.collect())
}

fn method(arguments: &LoadArguments) -> String {
    let usual = if arguments.body.is_some() { "POST" } else { "GET" };
    arguments.method.as_deref().unwrap_or(usual).to_owned()
}

/// Runs the load to its end. The first Ctrl-C stops it early, a second one gives up its summary.
async fn measure(mut running: Running, interrupts: &mut Signal) -> Result<Outcome, Failure> {
    let show = running.seconds().map(|seconds| tokio::spawn(show(seconds)));
    let mut interrupted = false;
    let summary = loop {
        tokio::select! {
            summary = running.finished() => break summary,
            _ = interrupts.recv() => {
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
    let summary = summary.map_err(|error| refused(&error))?;
    Ok(Outcome {
        said: running.said(&summary),
        summary,
        interrupted,
    })
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
        | LoadError::WarmUp
        | LoadError::Method(_)
        | LoadError::Packet
        | LoadError::Place(_)
        | LoadError::Script(_)
        | LoadError::Header { .. } => Failure::from_error(Code::Usage, error),
        LoadError::Tls(_) => Failure::from_error(Code::Usage, error)
            .hint("name the authority's certificate with --cacert, or trust any with --insecure"),
        _ => Failure::from_error(Code::Unexpected, error),
    }
}

/// A run that measured nothing has failed, however well it went.
fn judge(outcome: &Outcome) -> Result<(), Failure> {
    let Outcome {
        summary, interrupted, ..
    } = outcome;
    if *interrupted {
        let message = "interrupted; the report covers what was due until then";
        return Err(Failure::new(Code::Interrupted, message));
    }
    together::judge(summary)?;
    if summary.counts.answered > 0 || summary.scheduled == 0 {
        return Ok(());
    }
    let url = summary.settings.target();
    let (code, what, hint) = match summary.counts.connected {
        0 => {
            let place = match url.socket() {
                Some(socket) => format!("that it listens on {}", socket.display()),
                None => "host and port in the URL".to_owned(),
            };
            let hint = format!("start the server, or check {place}");
            (Code::Unavailable, "could not be connected to", hint)
        }
        _ => {
            let hint = one_request(url);
            (Code::Unexpected, "answered no request", hint)
        }
    };
    let mut failure = Failure::new(code, format!("{url} {what}"));
    failure.causes.extend(summary.examples.first().map(str::to_owned));
    Err(failure.hint(hint))
}

/// How to see what a target says to one request.
fn one_request(url: &Target) -> String {
    match (url.protocol(), url.socket()) {
        (Protocol::Http, None) => format!("see what it says to one request: curl -v {url}"),
        (Protocol::Http, Some(socket)) => {
            let (socket, path) = (socket.display(), url.path());
            format!("see what it says to one request: curl -v --unix-socket {socket} http://localhost{path}")
        }
        (Protocol::Uwsgi, _) => {
            "look at the server's log; a server that speaks HTTP there needs http:// in place of uwsgi://"
                .to_owned()
        }
    }
}
