//! A running load: starts its threads and stops them; prints nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::exchanges::{Exchanges, Timeouts};
use super::interval::Interval;
use super::merger::{Desk, Merger, Observer};
use super::origin::origins;
use super::pace::Pace;
use super::part::Part;
use super::readiness::{Readiness, Waker};
use super::recorder::Recorder;
use super::reports::{Message, Outbox};
use super::request::Prepared;
use super::schedule::{Agenda, Plan, Profile, Share};
use super::script::{ScriptError, Scripts};
use super::second::Second;
use super::summary::{Gathered, Summary};
use super::worker::{Span, Worker};
use super::{LoadError, Rate, Requested, Settings, limits};

/// Requests in flight when sending ends get this long, or the timeout if that is shorter.
const DRAIN: Duration = Duration::from_secs(5);
/// Seconds that wait for a reader; when it is that far behind, further ones are skipped and counted.
const SECONDS_KEPT: usize = 64;
/// Connections of a closed loop where none are asked for: wrk's choice.
const CLOSED_CONNECTIONS: usize = 10;
/// All threads are up by then, so that the first requests leave on time.
const HEAD_START: Duration = Duration::from_millis(10);

/// Ends a run before its time.
pub(crate) struct Halt {
    pub(crate) stop: Arc<AtomicBool>,
    /// Of this process's own threads.
    pub(crate) wakers: Vec<Waker>,
    /// For those who look after the threads of other processes.
    pub(crate) remote: CancellationToken,
}

impl Halt {
    pub(crate) fn halt(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wakers.iter().for_each(Waker::wake);
        self.remote.cancel();
    }
}

/// A load that runs until its duration is over or it is stopped; dropping it stops it too.
pub(crate) struct Running {
    halt: Halt,
    seconds: Option<mpsc::Receiver<Second>>,
    summary: oneshot::Receiver<Result<Summary, LoadError>>,
    scripts: Option<Scripts>,
}

impl Running {
    /// The seconds as they come; to be taken once. A reader that is slow or gone slows nothing down.
    pub(crate) fn seconds(&mut self) -> Option<mpsc::Receiver<Second>> {
        self.seconds.take()
    }

    /// Sends no more; what is in flight gets at most 5 s, or the timeout if that is shorter.
    pub(crate) fn halt(&self) {
        self.halt.halt();
    }

    /// Waits until the run is over. The summary is handed out once; after that there is [`LoadError::Lost`].
    pub(crate) async fn finished(&mut self) -> Result<Summary, LoadError> {
        if self.summary.is_terminated() {
            return Err(LoadError::Lost);
        }
        let lost = |_gone: oneshot::error::RecvError| LoadError::Lost;
        (&mut self.summary).await.map_err(lost)?
    }

    /// What the script's `done` says of a summary; nothing without one.
    ///
    /// # Errors
    /// A script that fails.
    pub(crate) fn said(&self, summary: &Summary) -> Result<String, LoadError> {
        match &self.scripts {
            Some(scripts) => Ok(scripts.finish(summary)?),
            None => Ok(String::new()),
        }
    }

    /// Stops the run and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<Summary, LoadError> {
        self.halt();
        self.finished().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.halt();
    }
}

/// Starts the load on threads of its own. Blocks while the target's name is looked up; opens no connection before
/// the first request is due.
///
/// # Errors
/// Settings that cannot run: see [`LoadError`]. A target that refuses is none.
pub(crate) fn start(settings: Settings) -> Result<Running, LoadError> {
    start_observed(settings, None)
}

/// As [`start`], with somebody who sees all that was recorded second by second.
///
/// # Errors
/// As [`start`].
pub(crate) fn start_observed(
    settings: Settings,
    observer: Option<Box<dyn Observer>>,
) -> Result<Running, LoadError> {
    let (settings, plan) = planned(settings)?;
    let part = Part::whole(settings.threads);
    let (reports, messages) = channel();
    let Staff {
        workers,
        desks,
        scripts,
    } = staff(&settings, plan.as_ref(), part, &reports)?;
    drop(reports);
    let gathered = Gathered::new(settings, plan)?;
    // From here on a failed start drops `running`, which stops the threads that did start.
    let mut running = merging(gathered, messages, desks, halt(&workers), observer)?;
    running.scripts = scripts;
    workers.into_iter().try_for_each(launch)?;
    Ok(running)
}

/// Checks the settings, ends the run with the last request asked for, and makes the schedule.
pub(crate) fn planned(settings: Settings) -> Result<(Settings, Option<Arc<Plan>>), LoadError> {
    check(&settings)?;
    let mut settings = settings;
    let plan = plan(&settings)?;
    if let (Some(requests), Rate::Open(plan)) = (settings.requests, &settings.rate) {
        let last = plan.end_of(requests);
        settings.duration = [last, settings.duration].into_iter().flatten().min();
    }
    Ok((settings, plan))
}

/// How these workers, of which there is one at least, are stopped.
pub(crate) fn halt(workers: &[HttpWorker]) -> Halt {
    Halt {
        stop: Arc::clone(&workers[0].span.stop),
        wakers: workers.iter().map(|worker| worker.readiness.waker()).collect(),
        remote: CancellationToken::new(),
    }
}

/// Starts the thread that merges what comes to the `desks`.
pub(crate) fn merging(
    gathered: Gathered,
    messages: Receiver<Message>,
    desks: Vec<Desk>,
    halt: Halt,
    observer: Option<Box<dyn Observer>>,
) -> Result<Running, LoadError> {
    let (seconds_out, seconds) = mpsc::channel(SECONDS_KEPT);
    let (summary_out, summary) = oneshot::channel();
    let warms_up = !gathered.settings.warm_up.is_zero();
    let merger = Merger {
        messages,
        desks,
        seconds: seconds_out,
        stop: Arc::clone(&halt.stop),
        warm_up: warms_up.then(Interval::new).transpose()?,
        observer,
        gathered,
        emitted: 0,
        skipped: 0,
        pending: Interval::new()?,
        total: Interval::new()?,
    };
    spawn("load-merge", move || {
        // Nobody waits for the summary of a run that was dropped.
        summary_out.send(merger.run()).ok();
    })?;
    Ok(Running {
        halt,
        seconds: Some(seconds),
        summary,
        scripts: None,
    })
}

pub(crate) type HttpWorker = Worker<Prepared>;

/// The schedule, with the warm-up before it; nothing in a closed loop.
fn plan(settings: &Settings) -> Result<Option<Arc<Plan>>, LoadError> {
    match &settings.rate {
        Rate::Max => Ok(None),
        Rate::Open(plan) if settings.warm_up.is_zero() => Ok(Some(Arc::clone(plan))),
        Rate::Open(plan) => match plan.warmed_up(settings.warm_up) {
            Some(plan) => Ok(Some(Arc::new(plan))),
            None => Err(LoadError::WarmUp),
        },
    }
}

/// All that takes part in a run here: the workers, a desk for each in the merging thread, and their script.
pub(crate) struct Staff {
    pub(crate) workers: Vec<HttpWorker>,
    pub(crate) desks: Vec<Desk>,
    scripts: Option<Scripts>,
}

/// The workers of a part of the run, which start at once, and a desk for each. Blocks while the targets' names are looked up.
pub(crate) fn staff(
    settings: &Settings,
    plan: Option<&Arc<Plan>>,
    part: Part,
    reports: &Sender<Message>,
) -> Result<Staff, LoadError> {
    let limits = limits::per_thread(connections(settings, part.of), part)?;
    let (origins, of_mix) = origins(&settings.mix, &settings.trust)?;
    let span = Span {
        start: Instant::now() + HEAD_START,
        warm_up: settings.warm_up,
        duration: settings.duration.map(|duration| settings.warm_up + duration),
        drain: DRAIN.min(settings.timeout),
        stop: Arc::default(),
    };
    let timeouts = Timeouts {
        whole: settings.timeout,
        connect: settings.connect_timeout,
    };
    let (scripts, of_threads) = match &settings.script {
        Some(source) => {
            let [Requested { target, request, .. }] = settings.mix.as_slice() else {
                return Err(ScriptError::Target.into());
            };
            let (scripts, of_threads) = Scripts::load(source, target, request, part.threads, &span.stop)?;
            (Some(scripts), of_threads)
        }
        None => (None, Vec::new()),
    };
    let mut of_threads = of_threads.into_iter();
    let mut workers = Vec::new();
    let mut desks = Vec::new();
    for ((index, number), limit) in part.indices().enumerate().zip(limits) {
        let (returns, empties) = channel();
        let client =
            Prepared::new(&settings.mix, &of_mix, settings.seed)?.with(of_threads.next(), settings.cookies);
        let share = Share {
            index: number,
            of: part.of as u64,
        };
        desks.push(Desk::new(returns)?);
        workers.push(Worker {
            share,
            agenda: match plan {
                Some(plan) => Agenda::open(plan, share),
                None => Agenda::Closed {
                    left: part.share_of(settings.requests.unwrap_or(u64::MAX), number),
                },
            },
            // A closed loop goes for the most requests, and times of arrival cost some.
            exchanges: Exchanges::new(client, origins.clone(), limit, timeouts, plan.is_some()),
            recorder: Recorder::new(span.measured_from(), !settings.warm_up.is_zero())?,
            readiness: Readiness::new().map_err(LoadError::Start)?,
            pace: Pace::new(settings.timing),
            span: span.clone(),
            outbox: Outbox::new(index, reports.clone(), empties),
            sent: 0,
            measured: 0,
            held: false,
            held_until: span.start,
            stopped: None,
        });
    }
    Ok(Staff {
        workers,
        desks,
        scripts,
    })
}

/// A closed loop has as many requests on their way as it has connections, so it needs a number of them.
pub(crate) fn connections(settings: &Settings, threads: usize) -> Option<usize> {
    match &settings.rate {
        Rate::Max => settings.connections.or(Some(CLOSED_CONNECTIONS.max(threads))),
        Rate::Open(_) => settings.connections,
    }
}

/// Threads are not joined: each tells its end through its channel.
pub(crate) fn launch(worker: HttpWorker) -> Result<(), LoadError> {
    let index = worker.outbox.worker;
    let reports = worker.outbox.reports.clone();
    spawn(&format!("load-{index}"), move || {
        sharpen_timers();
        let ending = worker.run();
        let message = Message::Ended {
            worker: index,
            ending,
        };
        // Nobody left to tell.
        reports.send(message).ok();
    })
}

/// Linux lets timers of a thread fire up to 50 µs late, to save wake-ups; where it will not be told otherwise, the margin of
/// [`Pace`] makes up for it.
#[cfg(target_os = "linux")]
fn sharpen_timers() {
    rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1)).ok();
}

#[cfg(not(target_os = "linux"))]
fn sharpen_timers() {}

pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), LoadError> {
    let builder = thread::Builder::new().name(name.to_owned());
    builder.spawn(body).map(drop).map_err(LoadError::Start)
}

fn check(settings: &Settings) -> Result<(), LoadError> {
    if let Rate::Open(plan) = &settings.rate
        && let Profile::Constant { rate } = plan.profile
        && !(rate.is_finite() && rate > 0.0)
    {
        return Err(LoadError::Rate(rate));
    }
    if settings.mix.is_empty() || settings.mix.iter().any(|requested| requested.weight == 0) {
        return Err(LoadError::Nothing);
    }
    if settings.threads == 0 {
        return Err(LoadError::Threads);
    }
    if settings.timeout.is_zero() || settings.connect_timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Err(LoadError::Timeout);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::{SocketAddr, TcpListener, TcpStream};

    use super::*;

    fn answer(stream: TcpStream) {
        let mut requests = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut stream = stream;
        while let Some(Ok(line)) = requests.next() {
            if line.is_empty() {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    .unwrap();
            }
        }
    }

    fn server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || answer(stream));
            }
        });
        address
    }

    fn settings(address: SocketAddr) -> Settings {
        let target = format!("http://{address}/").parse().unwrap();
        Settings {
            threads: 2,
            ..Settings::new(target, Rate::per_second(40.0))
        }
    }

    #[tokio::test]
    async fn a_load_without_end_tells_each_second_until_it_is_stopped() {
        let mut running = start(settings(server())).unwrap();
        let mut seconds = running.seconds().unwrap();
        assert!(running.seconds().is_none(), "they are to be taken once");
        let first = seconds.recv().await.unwrap();
        let second = seconds.recv().await.unwrap();
        assert_eq!((first.number, first.span, first.skipped), (1, 1, 0));
        assert_eq!((second.number, second.asked_rate), (2, Some(40.0)));
        assert!(first.counts.answered >= 30, "{first:?}");
        assert!(second.latency.p50 > 0 && second.service.p50 > 0, "{second:?}");
        let summary = running.stop().await.unwrap();
        let counts = summary.counts;
        let parts = counts.answered + counts.errors.total() + summary.in_flight + summary.never_sent;
        assert_eq!(summary.scheduled, parts);
        assert!(counts.answered >= first.counts.answered + second.counts.answered);
        assert!(seconds.recv().await.is_none(), "the channel closes with the run");
    }

    #[tokio::test]
    async fn a_target_that_refuses_is_a_result_and_no_failure_to_start() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut running = start(settings(free)).unwrap();
        let second = running.seconds().unwrap().recv().await.unwrap();
        assert!(second.counts.errors.connect >= 30, "{second:?}");
        assert_eq!((second.counts.answered, second.gauges.connections), (0, 0));
        running.halt();
        let summary = running.finished().await.unwrap();
        assert_eq!(summary.counts.errors.total(), summary.scheduled);
        assert!(
            matches!(running.finished().await, Err(LoadError::Lost)),
            "handed out once"
        );
    }

    #[test]
    fn settings_that_cannot_run_are_refused_before_any_thread_starts() {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let refusal = |change: fn(&mut Settings)| {
            let mut settings = settings(address);
            change(&mut settings);
            start(settings).err().map(|error| error.to_string())
        };
        let refusals = [
            refusal(|it| it.rate = Rate::per_second(f64::NAN)),
            refusal(|it| it.rate = Rate::per_second(0.0)),
            refusal(|it| it.threads = 0),
            refusal(|it| it.timeout = Duration::ZERO),
        ];
        let messages = [
            "rate NaN is not a number above 0",
            "rate 0 is not a number above 0",
            "0 threads send nothing",
            "a timeout of 0 leaves no time to answer",
        ];
        assert_eq!(refusals, messages.map(|message| Some(message.to_owned())));
    }
}
