//! Measures one case after the other, each on a fresh server of one lab; decides neither which nor how often.

use tokio_util::sync::CancellationToken;

use crate::experiment::{self, App, Label, Measured, News, Scenario, Server};
use crate::uwsgi::UwsgiConfig;

use super::super::error::{Code, Failure};
use super::super::settings::{AppSettings, UpSettings};
use super::bring_up::Up;
use super::made::stamp;
use super::renew::renew;
use super::stage::{Takers, processor_time, stage};

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
    /// A figure that is wanted beside the usual ones.
    pub(super) judge: &'a str,
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
        let before = processor_time(self.up, lab, &stage).await;
        let act = async |_| Ok(());
        let outcome = experiment::conduct(order.scenario, &stage, act, tell)
            .await
            .map_err(|error| Failure::from_error(Code::Unavailable, &error))?;
        if outcome.interrupted {
            return Ok(None);
        }
        let after = processor_time(self.up, lab, &stage).await;
        let processor = before
            .zip(after)
            .and_then(|(before, after)| after.checked_sub(before));
        let measured = Measured::new(
            order.label,
            stamp(outcome.began_ms),
            &outcome,
            order.judge,
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

/// The configuration with what `server` sets.
pub(super) fn set_up(base: &UwsgiConfig, server: &Server) -> UwsgiConfig {
    let mut config = base.clone();
    config.processes = server.processes.unwrap_or(config.processes);
    config.threads = server.threads.unwrap_or(config.threads);
    config.options.extend(server.options());
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
