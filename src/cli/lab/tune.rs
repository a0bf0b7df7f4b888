//! `uwsgi-lab tune --slo …`: the cheapest configuration for a rate, or the highest rate of a configuration.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use tokio_util::sync::CancellationToken;

use crate::experiment::{
    Calibration, Candidate, Demand, Label, Machine, Manifest, Measured, News, Objectives, PROCESSOR, Phase,
    Question, Search, Server, Tuned, measurement,
};
use crate::load;
use crate::report;
use crate::report::tuning::{Asked, TuningReport};
use crate::report::{command, number};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{UpArguments, UpSettings};
use super::experiment::basis;
use super::interrupts::Interrupts;
use super::made::{Made, manifest};
use super::notebook::Notebook;
use super::outlets::{influx, lines, tell_lost, writers};
use super::rig::{Order, Rig};
use super::stage::Takers;
use super::{runtime, up};

#[derive(Debug, Args)]
pub(crate) struct TuneArguments {
    /// What has to hold, as in p99<300ms or p99<300ms,error_share<1%
    #[arg(long, value_name = "OBJECTIVE")]
    slo: String,
    /// The most memory of all workers together, as in 200M
    #[arg(long, value_name = "SIZE")]
    max_memory: Option<String>,
    /// The most processes that are tried; --processes tries one number alone
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    max_processes: u32,
    /// The most threads of a process that are tried; 1 for an app that is not safe with threads, --threads for one number alone
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    max_threads: u32,
    /// Try in the end how many workers may be stopped while they are not needed
    #[arg(long)]
    cheaper: bool,
    /// How long each measurement lasts [default: some 600 requests, from 10s to 60s]
    #[arg(long, value_name = "DURATION")]
    duration: Option<String>,
    /// What random arrivals follow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where measurements and reports go [default: runs in the labs' state directory]
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Begin anew, also where one that was interrupted could be gone on with
    #[arg(long)]
    afresh: bool,
    #[command(flatten)]
    up: UpArguments,
}

pub(crate) const EXAMPLES: &str = "\
With --rate it looks for the cheapest number of processes and threads, without it for the highest rate that --processes and
--threads sustain.

Examples:
  uwsgi-lab tune --slo 'p99<300ms' --rate 40
  uwsgi-lab tune --slo 'p99<300ms' --rate 40 --path '/?sleep=0.1' --max-threads 1 --cheaper
  uwsgi-lab tune --slo 'p99<1s,error_share<1%' --processes 4 --threads 2";

/// Before what counts.
const WARM_UP: Duration = Duration::from_secs(2);
/// One request at a time, to know what it takes.
const CALIBRATION: Duration = Duration::from_secs(8);
/// In which the server comes to rest.
const COOL_DOWN: Duration = Duration::from_secs(1);
/// So many requests tell a 99th percentile.
const ENOUGH: f64 = 600.0;

/// # Errors
/// An objective that is none (2), a lab or a server that does not come up (as `up`), nothing that meets the objective (6),
/// Ctrl-C (130).
pub(crate) fn run(arguments: &TuneArguments) -> Result<(), Failure> {
    let task = Task::new(arguments)?;
    let environment = &task.settings.lab.environment;
    let basis = basis(&task.description(arguments), &task.settings);
    let notebook = Notebook::open(
        arguments.save.as_deref(),
        environment,
        "tune",
        &basis,
        arguments.afresh,
    )?;
    let lab = task.settings.lab.name.clone();
    let outcome = runtime()?.block_on(conducted(&task, &notebook));
    let (tuned, manifest) = outcome.map_err(|failure| {
        notebook.remove_if_empty();
        failure.of_lab(&lab)
    })?;
    let report = TuningReport::new(&task.asked(), &tuned, manifest);
    notebook.write("report.md", &report::tuning::markdown(&report))?;
    let page =
        report::tuning::html(&report).map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    notebook.write("report.html", &page)?;
    // Last: with it the tuning is finished.
    notebook.write("report.json", &report.json())?;
    output::data(&report::tuning::markdown(&report))?;
    let end = command::of_lab("The lab stays up; `uwsgi-lab down` takes it away.", &lab);
    let place = notebook.path().join("report.html");
    output::note(&format!("\nReport: {}\n{end}", place.display()));
    match report.is_found() {
        true => Ok(()),
        false => Err(Failure::new(
            Code::Condition,
            format!("nothing was found that holds {}", task.slo),
        )),
    }
}

/// What is to be found out, and how.
struct Task {
    question: Question,
    slo: String,
    rate: Option<f64>,
    path: String,
    connections: Option<usize>,
    duration: Option<Duration>,
    /// After which a request is given up: long after it is too late.
    timeout: Duration,
    settings: UpSettings,
}

impl Task {
    fn new(arguments: &TuneArguments) -> Result<Self, Failure> {
        arguments.up.refuse_for_tuning()?;
        let usage = |flag: &str, text: &str, error: &dyn std::fmt::Display| {
            Failure::new(Code::Usage, format!("{flag} cannot be '{text}'")).hint(error.to_string())
        };
        let memory = arguments.max_memory.as_deref().map(|text| {
            megabytes(text).ok_or_else(|| {
                usage(
                    "--max-memory",
                    text,
                    &"a size is a number with K, M or G, as in 200M",
                )
            })
        });
        let memory = memory.transpose()?;
        let objectives = arguments.slo.parse::<Objectives>();
        let objectives = objectives.and_then(|objectives| objectives.with_memory(memory));
        let objectives = objectives.map_err(|error| usage("--slo", &arguments.slo, &error))?;
        let duration = arguments.duration.as_deref();
        let duration =
            duration.map(|text| load::duration(text).map_err(|error| usage("--duration", text, &error)));
        let duration = duration.transpose()?;
        let mut settings = UpSettings::new(&arguments.up)?;
        settings.uwsgi_is_set = true;
        let load = settings.load.take();
        let given = arguments.up.given();
        let rate = load.as_ref().filter(|_| given.rate).map(|load| load.rate);
        if given.rate && rate.is_none() {
            return Err(usage("--rate", "0", &"leave it out to look for the highest rate"));
        }
        let (processes, threads) = (settings.uwsgi.processes, settings.uwsgi.threads);
        let range = |is_given: bool, one: u32, most: u32| -> RangeInclusive<u32> {
            if is_given || rate.is_none() {
                one..=one
            } else {
                1..=most
            }
        };
        let micros = objectives.time().map_or(3e6, |time| time.number());
        Ok(Self {
            question: Question {
                objectives,
                processes: range(given.processes, processes, arguments.max_processes),
                threads: range(given.threads, threads, arguments.max_threads),
                memory,
                cheaper: arguments.cheaper,
                processors: Machine::here().processors.unwrap_or(1),
                seed: arguments.seed,
            },
            slo: arguments.slo.clone(),
            rate,
            path: load.as_ref().map_or("/".to_owned(), |load| load.path.clone()),
            connections: load.and_then(|load| load.connections),
            duration,
            timeout: Duration::from_secs_f64((micros / 1e6 * 10.0).clamp(2.0, 30.0)),
            settings,
        })
    }

    /// What tells this tuning from another.
    fn description(&self, arguments: &TuneArguments) -> String {
        let Question {
            processes,
            threads,
            cheaper,
            seed,
            ..
        } = &self.question;
        format!(
            "tune --slo {} --rate {:?} --max-memory {:?} --path {} processes {processes:?} threads {threads:?} cheaper {cheaper} \
             duration {:?} connections {:?} seed {seed}",
            self.slo, self.rate, arguments.max_memory, self.path, self.duration, self.connections
        )
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            slo: &self.slo,
            objectives: &self.question.objectives,
            rate: self.rate,
            path: &self.path,
            most: (*self.question.processes.end(), *self.question.threads.end()),
            memory: self.question.memory,
            processors: self.question.processors,
        }
    }

    /// Enough requests to tell, in a bearable time.
    fn length(&self, rate: f64) -> Duration {
        let enough = Duration::from_secs_f64((ENOUGH / rate).clamp(10.0, 60.0).ceil());
        self.duration.unwrap_or(enough)
    }

    fn open(&self, rate: f64) -> Phase {
        Phase::sending(
            &format!("{}/s", number::rate(rate)),
            Some(rate),
            &self.path,
            self.length(rate),
            self.timeout,
        )
        .over(self.connections)
    }

    /// `connections` requests at a time.
    fn closed(&self, connections: usize) -> Phase {
        let name = format!("{connections} at a time");
        Phase::sending(&name, None, &self.path, CALIBRATION, Duration::from_secs(30)).over(Some(connections))
    }
}

/// Of 10^6 bytes.
fn megabytes(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 6] = [
        ("KB", 1e-3),
        ("MB", 1.0),
        ("GB", 1e3),
        ("K", 1e-3),
        ("M", 1.0),
        ("G", 1e3),
    ];
    load::scaled(text, &UNITS).filter(|size| *size > 0.0)
}

async fn conducted(task: &Task, notebook: &Notebook) -> Result<(Tuned, Manifest), Failure> {
    let mut interrupts = Interrupts::listen()?;
    let up = up::raised(&task.settings, &mut interrupts).await?;
    let (all, points) = writers(vec![lines(&notebook.points())?]);
    let (own, own_points) = writers(vec![influx(&up)?]);
    let cancel = CancellationToken::new();
    let takers = Takers {
        all: points,
        own: own_points,
    };
    let rig = Rig {
        up: &up,
        settings: UpSettings::clone(&task.settings),
        takers,
        cancel: cancel.clone(),
    };
    let tuner = Tuner {
        task,
        rig,
        notebook,
        bar: ProgressBar::new_spinner(),
        number: 0,
        latest: None,
    };
    let advice = "the same command goes on from here; what was measured is kept";
    let tuned = interrupts.or_wind_down(tuner.tuned(), &cancel, advice).await;
    for (place, written) in [
        (notebook.points().display().to_string(), all),
        ("InfluxDB".to_owned(), own),
    ] {
        tell_lost(&place, &written.await.unwrap_or_default());
    }
    let (tuned, first) = tuned?;
    let title = format!("tune --slo {}", task.slo);
    let made = Made {
        title: &title,
        seed: task.question.seed,
        began: first.began,
        uwsgi: first.uwsgi,
    };
    let manifest = manifest(made, &task.settings, &up);
    Ok((tuned, manifest))
}

/// A tuning under way.
struct Tuner<'a> {
    task: &'a Task,
    rig: Rig<'a>,
    notebook: &'a Notebook,
    bar: ProgressBar,
    /// Of the next measurement.
    number: usize,
    /// What was measured last, of which all repetitions are told in one line.
    latest: Option<Candidate>,
}

impl Tuner<'_> {
    /// Returns the first measurement too, for what it tells of the server.
    async fn tuned(mut self) -> Result<(Tuned, Measured), Failure> {
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

    /// One request at a time on one core, then as many as there can be threads, for their memory.
    async fn calibrated(&mut self) -> Result<(Calibration, Measured), Failure> {
        let alone = self.calibration(1).await?;
        let processor = alone.get(PROCESSOR).unwrap_or(0.0);
        let demand = Demand::new(&alone.service, processor).filter(|_| alone.get("error_share") == Some(0.0));
        let Some(demand) = demand else {
            let message = format!(
                "{} is answered with errors, one request at a time",
                self.task.path
            );
            return Err(Failure::new(Code::NotReady, message).hint("see `uwsgi-lab logs uwsgi`"));
        };
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

    async fn calibration(&mut self, threads: u32) -> Result<Measured, Failure> {
        let server = Server::of(1, threads);
        let phase = self.task.closed(threads as usize);
        let name = format!("processes=1 threads={threads}");
        self.one(&name, &server, &phase, 0).await
    }

    async fn measured(&mut self, candidate: Candidate, repeat: u32) -> Result<Measured, Failure> {
        let mut server = Server::of(candidate.processes, candidate.threads);
        if let Some(cheaper) = candidate.cheaper {
            server = server.with_option("cheaper", i64::from(cheaper));
        }
        let phase = self.task.open(candidate.rate);
        self.latest = Some(candidate);
        self.one(&candidate.to_string(), &server, &phase, repeat).await
    }

    async fn one(
        &mut self,
        name: &str,
        server: &Server,
        load: &Phase,
        repeat: u32,
    ) -> Result<Measured, Failure> {
        let figure = self
            .task
            .question
            .objectives
            .time()
            .map_or("p99", |time| time.figure());
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
            judge: figure,
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
