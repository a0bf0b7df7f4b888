//! Shows a run as it goes on: progress, notes, results of phases that have ended; runs nothing.

use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use crate::experiment::{News, Scenario};
use crate::provision::{Annotation, Grafana};
use crate::report;

use super::super::output;
use super::bring_up::Up;
use super::kept;

/// Shows how far a run is, keeps each phase's results as it ends, and marks notes in Grafana.
pub(super) struct Teller<'a> {
    bar: ProgressBar,
    scenario: &'a Scenario,
    directory: &'a kept::Directory,
    grafana: Option<Arc<Grafana>>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(scenario: &'a Scenario, up: &Up, directory: &'a kept::Directory) -> Self {
        let bar = ProgressBar::new(scenario.duration().as_secs().max(1));
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} s  {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        let login = up.settings.grafana.as_ref();
        let grafana = login.and_then(|grafana| {
            let password = &up.credentials.grafana_password;
            Grafana::new(&grafana.url, &grafana.user, password).ok()
        });
        Self {
            bar,
            scenario,
            directory,
            grafana: grafana.map(Arc::new),
        }
    }

    pub(super) fn tell(&self, news: &News<'_>) {
        match news {
            News::Phase { index, phase } => {
                self.bar.set_position(self.scenario.begin_of(*index).as_secs());
                let note = phase.note.as_deref().unwrap_or_default();
                self.bar
                    .suspend(|| output::note(&format!("{}: {note}", phase.name)));
                self.bar.set_message(phase.name.clone());
            }
            News::Second(second) => {
                self.bar.inc(1);
                self.bar.set_message(report::load::live_line(second));
            }
            News::PhaseEnded(phase) => {
                if let Err(failure) = self.directory.keep_phase(phase) {
                    self.bar.suspend(|| output::note(&failure.to_string()));
                }
            }
            News::Note { text, timestamp_ms } => self.mark(text, *timestamp_ms),
        }
    }

    /// What Grafana does not take, the points have.
    fn mark(&self, text: &str, timestamp_ms: i64) {
        let Some(grafana) = self.grafana.clone() else {
            return;
        };
        let annotation = Annotation {
            timestamp_ms,
            text: text.to_owned(),
            tags: vec!["uwsgi-lab".to_owned(), "note".to_owned()],
        };
        tokio::spawn(async move { grafana.annotate(&annotation).await.ok() });
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
