//! Measures one case after the other, each on a fresh server of one lab; decides neither which nor how often.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::experiment::{self, App, Label, Measured, News, Scenario, Server};
use crate::uwsgi::UwsgiConfig;

use super::super::error::{Code, Failure};
use super::super::settings::{AppSettings, UpSettings};
use super::bring_up::Up;
use super::made::stamp;
use super::renew::renew;
use super::stage::{Look, Takers, look, stage};

/// A lab on which is measured.
pub(super) struct Rig<'a> {
    pub(super) up: &'a Up,
    /// Those that all cases share.
    pub(super) settings: UpSettings,
    pub(super) takers: Takers,
    /// Ends what is under way, in order.
    pub(super) cancel: CancellationToken,
}

/// One measurement.
pub(super) struct Order<'a> {
    pub(super) label: Label<'a>,
    pub(super) server: &'a Server,
    pub(super) scenario: &'a Scenario,
    /// Figures that are wanted beside the usual ones.
    pub(super) wanted: &'a [&'a str],
}

impl Rig<'_> {
    /// Whether a server starts that is set up so; it has to.
    pub(super) async fn try_out(&mut self, name: &str, server: &Server) -> Result<(), Failure> {
        self.renewed(server).await.map_err(|failure| named(failure, name))
    }

    /// Nothing where it was interrupted.
    pub(super) async fn measure(
        &mut self,
        order: &Order<'_>,
        tell: &dyn Fn(News<'_>),
    ) -> Result<Option<Measured>, Failure> {
        let name = order.label.variant;
        self.renewed(order.server)
            .await
            .map_err(|failure| named(failure, name))?;
        let stage = stage(
            self.up,
            self.settings.interval,
            self.takers.clone(),
            self.cancel.clone(),
        )?;
        let lab = &self.settings.lab.name;
        let before = look(self.up, lab, &stage).await;
        let act = async |_| Ok(());
        let outcome = experiment::conduct(order.scenario, &stage, act, tell)
            .await
            .map_err(|error| Failure::from_error(Code::Unavailable, &error))?;
        if outcome.interrupted {
            return Ok(None);
        }
        let after = look(self.up, lab, &stage).await;
        let processor = taken(before, after)?;
        let measured = Measured::new(
            order.label,
            stamp(outcome.began_ms),
            &outcome,
            order.wanted,
            processor,
        );
        let measured = measured.ok_or_else(|| {
            let message = format!("not one request of {name} under {} was sent", order.label.load);
            Failure::new(Code::Unexpected, message)
        });
        measured.map(Some)
    }

    async fn renewed(&mut self, server: &Server) -> Result<(), Failure> {
        let base = self.settings.uwsgi.clone();
        self.settings.uwsgi = set_up(&base, server);
        let renewed = renew(&self.settings, self.up, &self.cancel).await;
        self.settings.uwsgi = base;
        renewed
    }
}

/// What the server took of the processors between two looks.
///
/// # Errors
/// It is not the same server any more.
fn taken(before: Option<Look>, after: Option<Look>) -> Result<Option<Duration>, Failure> {
    let Some((before, after)) = before.zip(after) else {
        return Ok(None);
    };
    // In containers all masters may have one number, and each its own account.
    let fell = before
        .processor
        .zip(after.processor)
        .is_some_and(|(before, after)| after < before);
    if before.pid != after.pid || fell {
        let message = "the server was replaced while it was measured";
        return Err(Failure::new(Code::Unavailable, message)
            .hint("another command changed this lab, or uWSGI died: see `uwsgi-lab logs uwsgi`, and give labs that work side by side names of their own"));
    }
    let taken = before.processor.zip(after.processor);
    Ok(taken.map(|(before, after)| after.saturating_sub(before)))
}

/// The configuration with what `server` sets.
pub(super) fn set_up(base: &UwsgiConfig, server: &Server) -> UwsgiConfig {
    let mut config = base.with(&server.options());
    config.processes = server.processes.unwrap_or(config.processes);
    config.threads = server.threads.unwrap_or(config.threads);
    config
}

/// An app of the user's own in the place of the built-in one.
pub(super) fn take_app(settings: &mut UpSettings, app: &App) {
    settings.uwsgi.module.clone_from(&app.module);
    settings.app = Some(AppSettings {
        directory: app.directory.clone(),
        requirements: app.requirements.clone(),
    });
}

fn named(mut failure: Failure, case: &str) -> Failure {
    failure.message = format!("{case}: {}", failure.message);
    failure
}
