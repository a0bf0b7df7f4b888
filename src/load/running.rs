//! A running load: starts the worker threads, merges what they see each second, stops them; prints nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::client::HttpClient;
use super::exchanges::Exchanges;
use super::readiness::{Readiness, Waker};
use super::recorder::{Interval, Recorder, histogram};
use super::reports::{Gauges, Message, Outbox};
use super::schedule::{Constant, Share};
use super::second::Second;
use super::summary::{Gathered, Summary};
use super::verdict::Trend;
use super::worker::{Ending, Span, Worker};
use super::{LoadError, Settings, limits};

/// Requests in flight when sending ends get this long, or the timeout if that is shorter.
const DRAIN: Duration = Duration::from_secs(5);
/// Seconds that wait for a reader; when it is that far behind, further ones are skipped and counted.
const SECONDS_KEPT: usize = 64;
/// All threads are up by then, so that the first requests leave on time.
const HEAD_START: Duration = Duration::from_millis(10);

/// A load that runs until its duration is over or it is stopped; dropping it stops it too.
pub(crate) struct Running {
    stop: Arc<AtomicBool>,
    wakers: Vec<Waker>,
    seconds: Option<mpsc::Receiver<Second>>,
    summary: oneshot::Receiver<Result<Summary, LoadError>>,
}

impl Running {
    /// The seconds as they come; to be taken once. A reader that is slow or gone slows nothing down.
    pub(crate) fn seconds(&mut self) -> Option<mpsc::Receiver<Second>> {
        self.seconds.take()
    }

    /// Sends no more; what is in flight gets at most 5 s, or the timeout if that is shorter.
    pub(crate) fn halt(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wakers.iter().for_each(Waker::wake);
    }

    /// Waits until the run is over. To be called once.
    pub(crate) async fn finished(&mut self) -> Result<Summary, LoadError> {
        let lost = |_gone: oneshot::error::RecvError| LoadError::Lost;
        (&mut self.summary).await.map_err(lost)?
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
    check(&settings)?;
    let limits = limits::per_thread(settings.connections, settings.threads)?;
    let resolve = |source| LoadError::Resolve {
        host: settings.target.authority().to_owned(),
        source,
    };
    let addresses = settings.target.resolve().map_err(resolve)?;
    let stop = Arc::new(AtomicBool::new(false));
    let span = Span {
        start: Instant::now() + HEAD_START,
        duration: settings.duration,
        drain: DRAIN.min(settings.timeout),
        stop: Arc::clone(&stop),
    };
    let (reports, messages) = channel();
    let mut wakers = Vec::new();
    let mut desks = Vec::new();
    let mut workers = Vec::new();
    for (index, limit) in limits.into_iter().enumerate() {
        let (returns, empties) = channel();
        let client = HttpClient::new(&settings.target, &settings.headers)?;
        let readiness = Readiness::new().map_err(LoadError::Start)?;
        wakers.push(readiness.waker());
        desks.push(Desk::new(returns)?);
        workers.push(Worker {
            schedule: Share {
                schedule: Constant { rate: settings.rate },
                index: index as u64,
                of: settings.threads as u64,
            },
            exchanges: Exchanges::new(client, addresses.clone(), limit, settings.timeout),
            recorder: Recorder::new(span.start)?,
            readiness,
            span: span.clone(),
            outbox: Outbox {
                worker: index,
                reports: reports.clone(),
                empties,
                reported: 0,
            },
            sent: 0,
            stopped: None,
        });
    }
    drop(reports);
    let (seconds_out, seconds) = mpsc::channel(SECONDS_KEPT);
    let (summary_out, summary) = oneshot::channel();
    let merger = Merger {
        messages,
        desks,
        seconds: seconds_out,
        emitted: 0,
        skipped: 0,
        pending: Interval::new()?,
        total: Interval::new()?,
        stop: Arc::clone(&stop),
        gathered: Gathered {
            settings,
            trend: Trend::default(),
            per_second: histogram()?,
        },
    };
    // From here on a failed start drops `running`, which stops the threads that did start.
    let running = Running {
        stop,
        wakers,
        seconds: Some(seconds),
        summary,
    };
    spawn("load-merge", move || {
        // Nobody waits for the summary of a run that was dropped.
        summary_out.send(merger.run()).ok();
    })?;
    for worker in workers {
        let index = worker.outbox.worker;
        let reports = worker.outbox.reports.clone();
        spawn(&format!("load-{index}"), move || {
            let ending = worker.run();
            let message = Message::Ended {
                worker: index,
                ending,
            };
            reports.send(message).ok();
        })?;
    }
    Ok(running)
}

fn check(settings: &Settings) -> Result<(), LoadError> {
    if !(settings.rate.is_finite() && settings.rate > 0.0) {
        return Err(LoadError::Rate(settings.rate));
    }
    if settings.threads == 0 {
        return Err(LoadError::Threads);
    }
    if settings.timeout.is_zero() {
        return Err(LoadError::Timeout);
    }
    Ok(())
}

/// Threads are not joined: each tells its end through its channel.
fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), LoadError> {
    let builder = thread::Builder::new().name(name.to_owned());
    builder.spawn(body).map(drop).map_err(LoadError::Start)
}

/// What the merging thread knows of one worker.
struct Desk {
    returns: Sender<Box<Interval>>,
    second: u64,
    gauges: Gauges,
    ending: Option<Ending>,
}

impl Desk {
    fn new(returns: Sender<Box<Interval>>) -> Result<Self, LoadError> {
        let desk = Self {
            returns,
            second: 0,
            gauges: Gauges::default(),
            ending: None,
        };
        desk.give_back(Box::new(Interval::new()?));
        Ok(desk)
    }

    fn give_back(&self, empty: Box<Interval>) {
        // A worker that has ended needs none.
        self.returns.send(empty).ok();
    }
}

struct Merger {
    messages: Receiver<Message>,
    desks: Vec<Desk>,
    seconds: mpsc::Sender<Second>,
    emitted: u64,
    skipped: u64,
    pending: Interval,
    total: Interval,
    stop: Arc<AtomicBool>,
    gathered: Gathered,
}

impl Merger {
    fn run(mut self) -> Result<Summary, LoadError> {
        while self.desks.iter().any(|desk| desk.ending.is_none()) {
            match self.messages.recv() {
                Ok(Message::Interval {
                    worker,
                    second,
                    gauges,
                    interval,
                }) => self.take(worker, second, gauges, interval),
                Ok(Message::Ended { worker, ending }) => {
                    self.desks[worker].ending = Some(ending.map_err(LoadError::Wait)?);
                }
                Err(_all_gone) => return Err(LoadError::Lost),
            }
        }
        self.total.add(&self.pending);
        let endings: Vec<Ending> = self.desks.into_iter().filter_map(|desk| desk.ending).collect();
        Ok(Summary::new(self.gathered, self.total, &endings))
    }

    fn take(&mut self, worker: usize, second: u64, gauges: Gauges, mut interval: Box<Interval>) {
        self.pending.add(&interval);
        interval.clear();
        let desk = &mut self.desks[worker];
        desk.second = second;
        desk.gauges = gauges;
        desk.give_back(interval);
        let open = self.desks.iter().filter(|desk| desk.ending.is_none());
        let complete = open.map(|desk| desk.second).min().unwrap_or(0);
        if complete > self.emitted {
            self.emit(complete);
        }
    }

    /// Emits everything since the last one as the seconds up to `number`.
    fn emit(&mut self, number: u64) {
        let mut gauges = Gauges::default();
        self.desks.iter().for_each(|desk| gauges.add(&desk.gauges));
        let span = number - self.emitted;
        let rate = self.gathered.settings.rate;
        let mut second = Second::new(number, span, rate, &self.pending, gauges);
        second.skipped = self.skipped;
        self.total.add(&self.pending);
        self.pending.clear();
        self.emitted = number;
        self.gather(&second);
        if self.seconds.try_send(second).is_err() {
            self.skipped += span;
        }
    }

    /// Seconds after sending has stopped say nothing about the rate.
    fn gather(&mut self, second: &Second) {
        let end = Duration::from_secs(second.number);
        let duration = self.gathered.settings.duration;
        if self.stop.load(Ordering::Relaxed) || duration.is_some_and(|duration| end > duration) {
            return;
        }
        let hundredths = (second.achieved_rate() * 100.0).round() as u64;
        self.gathered.per_second.saturating_record(hundredths);
        if second.latency.max > 0 {
            let latency = second.latency.mean / 1e6;
            self.gathered.trend.add(second.number as f64, latency);
        }
    }
}
