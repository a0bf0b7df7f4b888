//! The one write that may be under way, and the pause after one that failed; chooses no batches.

use std::future::pending;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::batch::Batch;
use super::sink::{Outcome, Sink};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Owns the sink; a write that is under way has it meanwhile and brings it back.
pub(super) struct Delivery {
    sink: Option<Sink>,
    under_way: Option<BoxFuture<'static, (Sink, Batch, Outcome)>>,
    began: Option<Instant>,
    /// No write before this time.
    not_before: Instant,
    next_pause: Duration,
}

impl Delivery {
    pub(super) fn new(sink: Sink) -> Self {
        Self {
            sink: Some(sink),
            under_way: None,
            began: None,
            not_before: Instant::now(),
            next_pause: FIRST_PAUSE,
        }
    }

    /// When the next write may start; None while one is under way, whose end must be waited for.
    pub(super) fn free_at(&self) -> Option<Instant> {
        self.sink.as_ref().map(|_| self.not_before)
    }

    /// Starts to write `batch`. The sink must be free.
    pub(super) fn start(&mut self, batch: Batch) {
        let Some(mut sink) = self.sink.take() else { return };
        self.began = Some(Instant::now());
        let write = async move {
            let outcome = sink.write(&batch).await;
            (sink, batch, outcome)
        };
        self.under_way = Some(write.boxed());
    }

    /// Waits for the write under way, for ever if there is none. May be dropped and called again.
    pub(super) async fn done(&mut self) -> (Batch, Outcome) {
        let Some(write) = &mut self.under_way else {
            return pending().await;
        };
        let (sink, batch, outcome) = write.await;
        self.under_way = None;
        self.began = None;
        self.sink = Some(sink);
        self.pace(&outcome);
        (batch, outcome)
    }

    /// When the write under way began.
    pub(super) fn began(&self) -> Option<Instant> {
        self.began
    }

    /// Each failure in a row doubles the pause.
    fn pace(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Retry(_) => {
                self.not_before = Instant::now() + self.next_pause;
                self.next_pause = (self.next_pause * 2).min(LONGEST_PAUSE);
            }
            _ => self.next_pause = FIRST_PAUSE,
        }
    }
}
