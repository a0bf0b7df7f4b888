//! What can be typed after `load`, and each value as it is read; decides nothing about the run.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::cli::values;
use crate::load::{self, AskedRate, Target, TargetError, Threshold, Timing};
use crate::uwsgi::StatsAddress;

use super::saved::Saved;

/// Load a URL at a rate and report latencies from the intended times
///
/// Requests leave on schedule whatever became of the last one, so a server that stalls is seen as its users
/// would see it. After the duration, requests in flight get up to 5 s (or the timeout, if shorter) to finish; what
/// is still unanswered then, or was never sent, counts in the latencies as a lower bound.
#[derive(Debug, clap::Args)]
pub(crate) struct LoadArguments {
    /// What to load: http://HOST:PORT/PATH, https:, uwsgi://HOST:PORT/PATH; over a unix socket http+unix:/SOCKET:/PATH or
    /// uwsgi+unix:/SOCKET:/PATH. Several make a mix, see --weights
    ///
    /// `uwsgi` is uWSGI's own protocol, as a web server speaks it to uWSGI's `socket` option. The path may be left out. In path,
    /// headers and body these are filled anew for each request, the same for the same --seed: {{counter}}, {{random 1..1000}},
    /// {{pick red|green}}, {{hex}}.
    #[arg(value_name = "URL", required = true, value_parser = target)]
    pub(super) urls: Vec<Target>,
    /// How often each of several URLs is chosen, in their order
    #[arg(long, value_name = "N,N…", value_delimiter = ',', value_parser = values::count::<u32>, help_heading = "Requests")]
    pub(super) weights: Vec<u32>,
    /// Threads to send from
    #[arg(short, long, default_value_t = 1, value_name = "N", value_parser = at_least_one, help_heading = "Connections")]
    pub(super) threads: usize,
    /// Most connections to open; without it, as many as are needed
    ///
    /// A limit also limits the queue that the server sees. Requests that find no connection free wait, and
    /// the wait counts as latency.
    #[arg(short, long, value_name = "N", value_parser = at_least_one, help_heading = "Connections")]
    pub(super) connections: Option<usize>,
    /// How long to send: 500ms, 10s, 2m, 1h; without it as long as -n or the rate's stages or times need, else 10s
    #[arg(short, long, value_name = "TIME", value_parser = values::duration, help_heading = "Schedule")]
    pub(super) duration: Option<Duration>,
    /// How many requests to send, in place of a duration or at most within it
    #[arg(short = 'n', long, value_name = "N", value_parser = values::count::<u64>, help_heading = "Schedule")]
    pub(super) requests: Option<u64>,
    /// Send this long before what is measured, at the rate with which the run starts; reported apart. Whole seconds
    #[arg(long, value_name = "TIME", value_parser = whole_seconds, help_heading = "Schedule")]
    pub(super) warmup: Option<Duration>,
    /// Requests a second: 16, 0.5, 2k, 1M; has to be chosen. `max` for a closed loop, as wrk has it
    ///
    /// A rate may change: `10..500` rises evenly over the duration; `50:10s,400:5s,50:10s` goes in stages, each
    /// steady or rising and falling as in `10..500:30s`; `sine:50..150:60s` swings between two rates in a period;
    /// `@FILE` takes the times themselves, in seconds from the start, one a line.
    #[arg(short = 'R', long, value_name = "RATE", value_parser = load::parse_rate, allow_negative_numbers = true, help_heading = "Schedule")]
    pub(super) rate: Option<AskedRate>,
    /// How requests arrive: `even`, or `poisson` for users who do not know of each other
    #[arg(long, value_enum, default_value_t = ArrivalsChoice::Even, value_name = "HOW", help_heading = "Schedule")]
    pub(super) arrivals: ArrivalsChoice,
    /// Which of the possible runs `--arrivals poisson`, a mix of URLs and random values give: the same number, the same run
    #[arg(long, default_value_t = 1, value_name = "N", help_heading = "Schedule")]
    pub(super) seed: u64,
    /// Method of the requests; POST where there is a body, else GET
    #[arg(short = 'X', long, value_name = "METHOD", help_heading = "Requests")]
    pub(super) method: Option<String>,
    /// Body of the requests: the text itself, or @FILE
    #[arg(long, value_name = "TEXT|@FILE", value_parser = body, help_heading = "Requests")]
    pub(super) body: Option<Body>,
    /// Header to send, as in 'Accept: text/html'; repeat for more
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = values::header, help_heading = "Requests")]
    pub(super) headers: Vec<(String, String)>,
    /// A script for wrk or wrk2 (Lua 5.1), whose `request` makes each request; what follows `--` goes to its `init`
    #[arg(short = 's', long, value_name = "FILE", conflicts_with_all = ["literal", "weights", "workers"], help_heading = "Requests")]
    pub(super) script: Option<PathBuf>,
    /// Arguments of the script
    #[arg(last = true, value_name = "ARGUMENTS", requires = "script")]
    pub(super) script_arguments: Vec<String>,
    /// Send the cookies that answers set with later requests, as a browser would: each connection, with those that take its place,
    /// is a visitor. Domain and path of a cookie are not looked at
    #[arg(long, conflicts_with = "script", help_heading = "Requests")]
    pub(super) cookies: bool,
    /// Send double braces as they stand
    #[arg(long, help_heading = "Requests")]
    pub(super) literal: bool,
    /// Trust the authorities in this PEM file, in place of the system's
    #[arg(long, value_name = "FILE", help_heading = "Connections")]
    pub(super) cacert: Option<PathBuf>,
    /// Trust any certificate
    #[arg(short = 'k', long, help_heading = "Connections")]
    pub(super) insecure: bool,
    /// For a whole request, from connecting to its last byte
    #[arg(short = 'T', long, default_value = "30s", value_name = "TIME", value_parser = values::duration, help_heading = "Connections")]
    pub(super) timeout: Duration,
    /// For establishing a connection; without it only the whole request's counts
    #[arg(long, value_name = "TIME", value_parser = values::duration, help_heading = "Connections")]
    pub(super) connect_timeout: Option<Duration>,
    /// How closely sends keep to their times: `precise` within some 100 µs, `relaxed` once a millisecond for the least
    /// processor time
    #[arg(long, value_enum, default_value_t = TimingChoice::Precise, value_name = "TIMING", help_heading = "Schedule")]
    pub(super) timing: TimingChoice,
    /// uWSGI's statistics server, asked before and after: what the server counted stands beside what was sent
    #[arg(long, value_name = "ADDRESS", help_heading = "Results")]
    pub(super) stats: Option<StatsAddress>,
    /// End with exit code 6 where this holds, as in 'p99>300ms', 'errors>0.1%', 'rate<95%'; repeat for more
    ///
    /// Figures: p50, p99.9 and any other percentile, mean, max of the latency from the intended time, the same of `service.`,
    /// `connect.` and `lateness.`; `errors` (all without a good answer), `failed` (without a complete response), `non-2xx` (4xx and
    /// 5xx), `never-sent`, each as a count or in % of what was scheduled; `rate` in answers a second or in % of what was asked.
    #[arg(long, value_name = "CONDITION", help_heading = "Results")]
    pub(super) fail_if: Vec<Threshold>,
    /// Save to a file, by its ending: .txt the report, .json, .hgrm percentiles for HdrHistogram's plotter, .hlog an HdrHistogram
    /// log of each second, .csv a line each second; repeat for more
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub(super) save: Vec<Saved>,
    /// Send nothing, but have so many other processes send this run together, each from -t threads; -c is for all of them
    ///
    /// Each is started as the line on stderr says, here or on another machine, and the run begins when all are there. The k-th
    /// request is sent once, by one of them, and the report is the one that a single process would have given.
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Several processes")]
    pub(super) workers: Option<usize>,
    /// Where to wait for workers; without a port any that is free
    ///
    /// Whoever reaches this address can join the run: it is told what to send, headers and body with any secret in them, and what it
    /// tells is counted. Nothing is encrypted. Let other machines reach it only in a network that you trust.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "HOST:PORT", requires = "workers", value_parser = listening, help_heading = "Several processes")]
    pub(super) listen: String,
    /// Be one of the workers of the run whose coordinator waits at this address; nothing else is to be said
    ///
    /// A worker sends whatever requests its coordinator tells it to send, and does nothing else for it.
    #[arg(long, value_name = "HOST:PORT", exclusive = true, value_parser = joining, help_heading = "Several processes")]
    pub(super) worker: Option<String>,
    /// Print the whole percentile spectrum
    #[arg(short = 'L', long, help_heading = "Results")]
    pub(super) latency: bool,
    /// Print the spectrum of the service time too, which leaves out what requests waited before they were sent
    #[arg(short = 'U', long = "u_latency", help_heading = "Results")]
    pub(super) uncorrected: bool,
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT", help_heading = "Results")]
    pub(super) output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ArrivalsChoice {
    Even,
    Poisson,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TimingChoice {
    Precise,
    Relaxed,
}

impl From<TimingChoice> for Timing {
    fn from(choice: TimingChoice) -> Self {
        match choice {
            TimingChoice::Precise => Self::Precise,
            TimingChoice::Relaxed => Self::Relaxed,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// The body of each request.
#[derive(Debug, Clone)]
pub(super) struct Body(pub(super) Vec<u8>);

/// Why what was typed is no body.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
struct BodyError {
    path: String,
    source: io::Error,
}

fn body(text: &str) -> Result<Body, BodyError> {
    let Some(path) = text.strip_prefix('@') else {
        return Ok(Body(text.as_bytes().to_vec()));
    };
    let read = std::fs::read(path).map_err(|source| BodyError {
        path: path.to_owned(),
        source,
    })?;
    Ok(Body(read))
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
    let over_unix = text.starts_with("http+unix:") || text.starts_with("uwsgi+unix:");
    if is_bare && !over_unix && !text.contains("://") {
        return Err(UrlError::NoScheme(text.to_owned()));
    }
    Ok(Target::parse(text)?)
}

fn whole_seconds(text: &str) -> Result<Duration, String> {
    let duration = values::duration(text).map_err(|error| error.to_string())?;
    match duration.subsec_nanos() {
        0 => Ok(duration),
        _ => Err("whole seconds, as in 5s or 1m: results are kept by the second".to_owned()),
    }
}

fn listening(text: &str) -> Result<String, &'static str> {
    match text.rsplit_once(':') {
        None => Ok(format!("{text}:0")),
        Some(_) => joining(text),
    }
}

fn joining(text: &str) -> Result<String, &'static str> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match port.map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(_)) => Ok(text.to_owned()),
        _ => Err("an address is HOST:PORT, as in 127.0.0.1:7700"),
    }
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
            refused("ftp://localhost/"),
            "unknown scheme `ftp`; use http, https, http+unix, uwsgi or uwsgi+unix"
        );
        assert_eq!(
            target("uwsgi+unix:/run/app.sock:/x").unwrap().to_string(),
            "uwsgi+unix:/run/app.sock:/x"
        );
        assert_eq!(
            target("http://localhost:9090").unwrap().to_string(),
            "http://localhost:9090/"
        );
    }
}
