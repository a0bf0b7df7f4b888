//! Plays a scenario on a lab: sends the load of each phase, does what is to be done at its time, and watches the server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::collector::{Collector, EventKind, Happened, Snapshot, Target, events_between};
use crate::load::{self, LoadError, Request, Requested, Second, Settings, TargetError};
use crate::point::Point;
use crate::uwsgi::Statistics;

use super::figures::{Counters, Sample};
use super::outcome::{Outcome, PhaseOutcome};
use super::scenario::{Action, Deed, Phase, PhaseLoad, Scenario};

/// Where a scenario is played.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// `http://host:port`, without a path.
    pub(crate) app: String,
    pub(crate) stats: Target,
    pub(crate) interval: Duration,
    /// Takes all points: scrapes, load, notes.
    pub(crate) points: mpsc::Sender<Vec<Point>>,
    /// Takes those that the lab's own collector does not write: load and notes.
    pub(crate) own_points: mpsc::Sender<Vec<Point>>,
    /// Ends the run early, in order.
    pub(crate) stop: CancellationToken,
}

/// Why a load could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConductError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("`{url}` cannot be loaded")]
    Target { url: String, source: TargetError },
}

/// How far a run is.
#[derive(Debug)]
pub(crate) enum News<'a> {
    Phase { index: usize, phase: &'a Phase },
    Second(&'a Second),
    PhaseEnded(&'a PhaseOutcome),
    Note { text: &'a str, timestamp_ms: i64 },
}

/// Plays `scenario` from its first phase to its last. `act` does a deed, or says why it could not; `tell` hears how far it is.
///
/// # Errors
/// A load that cannot start: too few file descriptors, for instance. A server that does not answer is none.
pub(crate) async fn conduct(
    scenario: &Scenario,
    stage: &Stage,
    act: impl AsyncFn(Deed) -> Result<(), String>,
    tell: &dyn Fn(News<'_>),
) -> Result<Outcome, ConductError> {
    let scrapes = CancellationToken::new();
    let collector = Collector::new(stage.interval, stage.points.clone(), scrapes.clone());
    let began = Began::now();
    let seen = Seen::default();
    let watching = tokio::spawn(seen.clone().watch(
        collector.add(stage.stats.clone()),
        collector.events(),
        began,
    ));
    // Figures are differences, so the server is looked at before the first request.
    seen.first().await;
    let play = Play {
        scenario,
        stage,
        began,
        tell,
    };
    let over = CancellationToken::new();
    let phases = async {
        let phases = play.phases().await;
        over.cancel();
        phases
    };
    let (phases, failed_actions) = tokio::join!(phases, play.actions(&act, &over));
    // The last requests are in the next document.
    tokio::select! {
        () = tokio::time::sleep(stage.interval + stage.interval / 4) => {}
        () = stage.stop.cancelled() => {}
    }
    scrapes.cancel();
    collector.finish().await;
    watching.await.ok();
    let phases = phases?;
    let Sights {
        samples,
        events,
        version,
    } = seen.taken();
    Ok(Outcome {
        uwsgi_version: version,
        interrupted: stage.stop.is_cancelled(),
        phases,
        samples,
        events,
        failed_actions,
        began_ms: began.unix_ms,
    })
}

/// When a run began, on both clocks.
#[derive(Debug, Clone, Copy)]
struct Began {
    instant: Instant,
    unix_ms: i64,
}

impl Began {
    fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            instant: Instant::now(),
            unix_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        }
    }

    fn ms(self) -> i64 {
        self.unix_ms
            .saturating_add(i64::try_from(self.instant.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    /// A moment of the Unix clock, since the run began.
    fn since(self, unix_ms: i64) -> Duration {
        Duration::from_millis(u64::try_from(unix_ms.saturating_sub(self.unix_ms)).unwrap_or(0))
    }
}

/// What the server's documents have told so far. Cheap to clone.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Sights>>);

#[derive(Debug, Default)]
struct Sights {
    samples: Vec<Sample>,
    events: Vec<Happened>,
    version: Option<String>,
}

impl Seen {
    async fn watch(
        self,
        mut snapshots: watch::Receiver<Snapshot>,
        mut events: broadcast::Receiver<Happened>,
        began: Began,
    ) {
        let (mut latest, mut respawns, mut reloads) = (None::<Arc<Statistics>>, 0, 0);
        loop {
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { break },
                Ok(event) = events.recv() => {
                    self.0.lock().unwrap_or_else(PoisonError::into_inner).events.push(event);
                    continue;
                }
            }
            let snapshot = snapshots.borrow_and_update().clone();
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(statistics), Some(summary)) = (snapshot.statistics, snapshot.summary)
                && let Statistics::Server(document) = statistics.as_ref()
            {
                seen.version = Some(document.version.clone());
                if let Some(latest) = &latest {
                    let events = events_between(latest, &statistics);
                    let count = |kind| {
                        let events = events.iter().filter(|event| event.kind == kind);
                        events.map(|event| event.count).sum::<u64>()
                    };
                    respawns += count(EventKind::Respawn);
                    reloads += count(EventKind::Reload);
                }
                latest = Some(Arc::clone(&statistics));
                seen.samples.push(Sample {
                    at: began.since(snapshot.timestamp_ms),
                    summary,
                    counters: Counters::of(document),
                    respawns,
                    reloads,
                });
            }
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.events.extend(std::iter::from_fn(|| events.try_recv().ok()));
    }

    /// Waits for the first look at the server, but not for long: it may be down.
    async fn first(&self) {
        for _ in 0..100 {
            if !self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .samples
                .is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn taken(&self) -> Sights {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A scenario under way.
struct Play<'a> {
    scenario: &'a Scenario,
    stage: &'a Stage,
    began: Began,
    tell: &'a dyn Fn(News<'_>),
}

impl Play<'_> {
    async fn phases(&self) -> Result<Vec<PhaseOutcome>, ConductError> {
        let mut outcomes = Vec::new();
        for (index, phase) in self.scenario.phases.iter().enumerate() {
            if self.stage.stop.is_cancelled() {
                break;
            }
            (self.tell)(News::Phase { index, phase });
            if let Some(note) = &phase.note {
                self.note(note).await;
            }
            let outcome = self.phase(phase).await?;
            (self.tell)(News::PhaseEnded(&outcome));
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn phase(&self, phase: &Phase) -> Result<PhaseOutcome, ConductError> {
        let begin = self.began.instant.elapsed();
        let mut outcome = PhaseOutcome {
            name: phase.name.clone(),
            begin,
            end: begin,
            summary: None,
            seconds: Vec::new(),
        };
        match &phase.load {
            Some(load) => self.load(phase, load, &mut outcome).await?,
            None => tokio::select! {
                () = tokio::time::sleep(phase.duration) => {}
                () = self.stage.stop.cancelled() => {}
            },
        }
        outcome.end = self.began.instant.elapsed();
        Ok(outcome)
    }

    async fn load(
        &self,
        phase: &Phase,
        load: &PhaseLoad,
        outcome: &mut PhaseOutcome,
    ) -> Result<(), ConductError> {
        let Some(settings) = self.settings(phase, load)? else {
            return Ok(());
        };
        let url = settings.target().to_string();
        let mut running = load::start(settings)?;
        let mut seconds = running.seconds();
        let mut halted = false;
        loop {
            let next = async {
                match &mut seconds {
                    Some(seconds) => seconds.recv().await,
                    None => None,
                }
            };
            tokio::select! {
                second = next => match second {
                    Some(second) => {
                        self.write(second.point(&url, self.began.ms())).await;
                        (self.tell)(News::Second(&second));
                        outcome.seconds.push((self.began.instant.elapsed(), second));
                    }
                    None => break,
                },
                () = self.stage.stop.cancelled(), if !halted => {
                    halted = true;
                    running.halt();
                }
            }
        }
        outcome.begin += load.warm_up;
        outcome.summary = Some(running.finished().await?);
        Ok(())
    }

    /// Nothing for a phase that sends nothing.
    fn settings(&self, phase: &Phase, load: &PhaseLoad) -> Result<Option<Settings>, ConductError> {
        let Some(rate) = phase.rate() else { return Ok(None) };
        let mut mix = Vec::new();
        for request in &load.requests {
            let url = format!("{}{}", self.stage.app, request.path);
            let target = load::Target::parse(&url).map_err(|source| ConductError::Target { url, source })?;
            mix.push(Requested {
                target,
                request: Request::default(),
                weight: request.weight,
            });
        }
        let Some(first) = mix.first() else { return Ok(None) };
        let settings = Settings::new(first.target.clone(), rate);
        Ok(Some(Settings {
            mix,
            seed: self.scenario.seed,
            duration: Some(phase.duration),
            timeout: load.timeout,
            warm_up: load.warm_up,
            connections: load.connections,
            ..settings
        }))
    }

    /// Does each action at its time; returns what could not be done.
    async fn actions(
        &self,
        act: &impl AsyncFn(Deed) -> Result<(), String>,
        over: &CancellationToken,
    ) -> Vec<String> {
        let mut failed = Vec::new();
        for Action { at, what, note } in &self.scenario.actions {
            tokio::select! {
                () = sleep_until(self.began.instant + *at) => {}
                () = self.stage.stop.cancelled() => break,
                () = over.cancelled() => break,
            }
            if let Some(note) = note {
                self.note(note).await;
            }
            if let Err(error) = act(what.clone()).await {
                failed.push(error);
            }
        }
        failed
    }

    /// A note is an event of the run, as a point and for whoever listens.
    async fn note(&self, text: &str) {
        let timestamp_ms = self.began.ms();
        let point = Point::new("uwsgi_events", timestamp_ms)
            .tag("source", self.stage.stats.source.as_str())
            .tag("kind", "note")
            .field("count", 1_u64)
            .field("text", text);
        self.write(point).await;
        (self.tell)(News::Note { text, timestamp_ms });
    }

    /// Whoever takes no points any more says why at the end.
    async fn write(&self, point: Point) {
        self.stage.points.send(vec![point.clone()]).await.ok();
        self.stage.own_points.send(vec![point]).await.ok();
    }
}

#[cfg(test)]
mod tests;
