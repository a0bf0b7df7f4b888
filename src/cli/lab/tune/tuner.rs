//! A tuning under way: calibrates, measures what the search asks for, and tells of it; decides nothing.

use std::time::Duration;

use indicatif::ProgressBar;

use crate::experiment::{
    Calibration, Candidate, Demand, Label, Measured, News, PROCESSOR, Phase, Search, Server, Tuned,
    measurement,
};
use crate::report;
use crate::report::number;

use super::super::super::error::{Code, Failure};
use super::super::super::output;
use super::super::notebook::Notebook;
use super::super::rig::{Order, Rig};
use super::task::{COOL_DOWN, Task, WARM_UP};

/// A tuning under way.
pub(super) struct Tuner<'a> {
    pub(super) task: &'a Task,
    pub(super) rig: Rig<'a>,
    pub(super) notebook: &'a Notebook,
    pub(super) bar: ProgressBar,
    /// Of the next measurement.
    pub(super) number: usize,
}

impl Tuner<'_> {
    /// Returns the first measurement too, for what it tells of the server.
    pub(super) async fn tuned(mut self) -> Result<(Tuned, Measured), Failure> {
        self.announce();
        self.bar.enable_steady_tick(Duration::from_millis(200));
        let (calibration, first) = self.calibrated().await?;
        let (question, rate) = (&self.task.question, self.task.rate);
        let bar = self.bar.clone();
        let measure = async |candidate: Candidate, repeat: u32| self.measured(candidate, repeat).await;
        let search = Search::new(question, calibration, measure);
        let tuned = match rate {
            Some(rate) => search.cheapest(rate).await,
            None => search.highest_rate().await,
        };
        bar.finish_and_clear();
        Ok((tuned?, first))
    }

    fn announce(&self) {
        if self.notebook.goes_on {
            output::note("Goes on with what was measured before.");
        }
        let each = self.task.length(self.task.rate.unwrap_or(f64::INFINITY));
        output::note(&format!(
            "What one request takes first, then some configurations or rates, 2 to 6 measurements of {} for each, until it is clear: some \
             minutes. Ctrl-C keeps what was measured.",
            number::duration(each)
        ));
    }

    /// One request at a time on one core, then as many as there can be threads, for their memory.
    async fn calibrated(&mut self) -> Result<(Calibration, Measured), Failure> {
        let alone = self.calibration(1).await?;
        self.check(&alone)?;
        let demand = Demand::new(&alone.service, alone.get(PROCESSOR));
        let demand = demand.ok_or_else(|| self.silent())?;
        let process = alone.get("max(rss_mb)").unwrap_or(0.0);
        let threads = *self.task.question.threads.end();
        let mut thread = 0.0;
        if threads > 1 {
            let together = self.calibration(threads).await?;
            let memory = together.get("max(rss_mb)").unwrap_or(process);
            thread = ((memory - process) / f64::from(threads - 1)).max(0.01);
        }
        let calibration = Calibration {
            demand,
            process,
            thread,
        };
        Ok((calibration, alone))
    }

    /// # Errors
    /// A server that, asked one at a time, answers nothing, or more with errors than the objective allows.
    fn check(&self, alone: &Measured) -> Result<(), Failure> {
        let path = &self.task.path;
        if alone.get("answered").unwrap_or(0.0) <= 0.0 {
            return Err(self.silent());
        }
        let errors = alone.get("error_share").unwrap_or(0.0);
        let objectives = self.task.question.objectives.each().iter();
        let mut of_errors = objectives.filter(|objective| objective.figure() == "error_share");
        match of_errors.all(|objective| objective.allows(errors)) {
            true => Ok(()),
            false => {
                let message =
                    format!("{errors:.1} % of requests for {path} are answered with errors, one at a time");
                Err(Failure::new(Code::NotReady, message).hint("see `uwsgi-lab logs uwsgi`"))
            }
        }
    }

    fn silent(&self) -> Failure {
        let message = format!("no request for {} is answered, one at a time", self.task.path);
        Failure::new(Code::NotReady, message).hint("see `uwsgi-lab logs uwsgi`")
    }

    async fn calibration(&mut self, threads: u32) -> Result<Measured, Failure> {
        let server = Server::of(1, threads);
        let phase = self.task.closed(threads as usize);
        let name = format!("processes=1 threads={threads}");
        self.one(&name, &server, &phase, 0).await
    }

    async fn measured(&mut self, candidate: Candidate, repeat: u32) -> Result<Measured, Failure> {
        let server = server(candidate);
        let phase = self.task.open(candidate.rate);
        self.one(&candidate.to_string(), &server, &phase, repeat).await
    }

    async fn one(
        &mut self,
        name: &str,
        server: &Server,
        load: &Phase,
        repeat: u32,
    ) -> Result<Measured, Failure> {
        let figure = self.task.question.objectives.main().figure();
        let objectives = self.task.question.objectives.each().iter();
        let wanted: Vec<&str> = objectives.map(|objective| objective.figure()).collect();
        let label = Label {
            variant: name,
            load: &load.name,
            repeat,
        };
        let number = self.number;
        self.number += 1;
        if let Some(known) = self.notebook.kept(number, label) {
            return Ok(known);
        }
        let place = format!("{name}, {}", load.name);
        self.bar.set_message(place.clone());
        let seed = self.task.question.seed.wrapping_add(u64::from(repeat));
        let scenario = measurement(&self.task.slo, seed, server, load, (WARM_UP, COOL_DOWN));
        let order = Order {
            label,
            server,
            scenario: &scenario,
            wanted: &wanted,
        };
        let bar = self.bar.clone();
        let tell = |news: News<'_>| {
            if let News::Second(second) = news {
                bar.set_message(format!("{place}: {}", report::load::live_line(second)));
            }
        };
        let Some(measured) = self.rig.measure(&order, &tell).await? else {
            return Err(Failure::new(Code::Interrupted, "interrupted"));
        };
        self.notebook.keep(number, &measured)?;
        let line = report::tuning::line(&place, figure, measured.get(figure));
        self.bar.suspend(|| output::note(&line));
        Ok(measured)
    }
}

/// A candidate as uWSGI is set up for it.
pub(super) fn server(candidate: Candidate) -> Server {
    let server = Server::of(candidate.processes, candidate.threads);
    match candidate.cheaper {
        Some(cheaper) => server.with_option("cheaper", i64::from(cheaper)),
        None => server,
    }
}
