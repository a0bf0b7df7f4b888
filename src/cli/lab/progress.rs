//! Shows how a plan goes: bars and spinners in a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::engine::{Event, Progress, Unit, Waiting};
use crate::plan::{Operation, Step};
use crate::report::lab as report;

use super::super::output;

/// One display for a whole command.
pub(super) struct Display {
    /// None without a terminal.
    bars: Option<MultiProgress>,
    /// Events of one stage come from one thread, but behind a shared callback.
    open: Mutex<BTreeMap<String, ProgressBar>>,
    begun: Mutex<BTreeMap<String, Instant>>,
}

impl Display {
    pub(super) fn new() -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self {
            bars,
            open: Mutex::new(BTreeMap::new()),
            begun: Mutex::new(BTreeMap::new()),
        }
    }

    pub(super) fn tell(&self, event: Event<'_>) {
        match event {
            Event::Started(step) => self.start(step),
            Event::Progressed(step, progress) => self.advance(step, progress),
            Event::Finished(step) => {
                let took = self.took(&step.operation);
                self.end(&step.operation.to_string(), &report::done(&step.operation, took));
            }
            Event::Failed(step) => self.end(&step.operation.to_string(), &report::failed(&step.operation)),
        }
    }

    /// A service that is waited for.
    pub(super) fn waiting(&self, waiting: Waiting<'_>) {
        let endpoint = waiting.endpoint;
        let key = format!("{}:{}", endpoint.service, endpoint.port);
        let text = format!(
            "service {}: waiting for {} on {} ({}, {} s)",
            endpoint.service,
            endpoint.role.name(),
            endpoint.address(),
            report::plain(waiting.last),
            waiting.since.as_secs()
        );
        if waiting.since > Duration::from_millis(300) {
            self.spinner(&key, &text).set_message(text);
        }
    }

    pub(super) fn ready(&self, endpoint: &crate::engine::Endpoint) {
        let key = format!("{}:{}", endpoint.service, endpoint.port);
        let text = format!(
            "service {}: {} ready on {}",
            endpoint.service,
            endpoint.role.name(),
            endpoint.address()
        );
        self.end(&key, &text);
    }

    /// A line above whatever moves.
    pub(super) fn line(&self, text: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| output::note(text)),
            None => output::note(text),
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, ProgressBar>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begun(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn took(&self, operation: &Operation) -> Duration {
        let begun = self.begun().remove(&operation.to_string());
        begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }

    fn start(&self, step: &Step) {
        let key = step.operation.to_string();
        self.begun().insert(key.clone(), Instant::now());
        let text = format!("{} …", report::doing(step));
        if self.bars.is_some() {
            self.spinner(&key, &text).set_message(text);
        } else if takes_long(&step.operation) {
            output::note(&text);
        }
    }

    fn spinner(&self, key: &str, first: &str) -> ProgressBar {
        let mut open = self.open();
        if let Some(bar) = open.get(key) {
            return bar.clone();
        }
        let bar = match &self.bars {
            Some(bars) => {
                let bar = bars.add(ProgressBar::new_spinner());
                bar.enable_steady_tick(Duration::from_millis(100));
                bar
            }
            None => {
                output::note(first);
                ProgressBar::hidden()
            }
        };
        open.insert(key.to_owned(), bar.clone());
        bar
    }

    fn advance(&self, step: &Step, progress: Progress<'_>) {
        let Some(bar) = self.open().get(&step.operation.to_string()).cloned() else {
            return;
        };
        if progress.total > 0 {
            if bar.length() != Some(progress.total) {
                bar.set_length(progress.total);
                bar.set_style(style(progress.unit));
            }
            bar.set_position(progress.done);
        }
        let message = if progress.total > 0 && progress.unit == Unit::Bytes {
            report::doing(step)
        } else {
            format!("{}: {}", report::doing(step), progress.message)
        };
        bar.set_message(message);
    }

    fn end(&self, key: &str, text: &str) {
        if let Some(bar) = self.open().remove(key) {
            bar.finish_and_clear();
        }
        self.line(text);
    }
}

impl Drop for Display {
    /// An interruption leaves no line behind that still seems to move.
    fn drop(&mut self) {
        for bar in self.open().values() {
            bar.finish_and_clear();
        }
    }
}

fn style(unit: Unit) -> ProgressStyle {
    let template = match unit {
        Unit::Bytes => "{spinner} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {wide_msg}",
        Unit::Steps => "{spinner} [{bar:30}] {pos}/{len} {wide_msg}",
    };
    // The template is a constant; should it be wrong, the default shows the same figures.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn takes_long(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::PullImage { .. } | Operation::BuildImage { .. } | Operation::LoadImages { .. }
    )
}
