//! What a tuning is to find out, made from what was typed; measures nothing.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::experiment::{Objectives, Phase, Question};
use crate::load;
use crate::report::number;
use crate::report::tuning::Asked;

use super::super::super::error::{Code, Failure};
use super::super::super::settings::{Given, UpSettings};
use super::TuneArguments;

/// Before what counts.
pub(super) const WARM_UP: Duration = Duration::from_secs(2);
/// One request at a time, to know what it takes.
const CALIBRATION: Duration = Duration::from_secs(8);
/// In which the server comes to rest.
pub(super) const COOL_DOWN: Duration = Duration::from_secs(1);
/// So many requests tell a 99th percentile.
const ENOUGH: f64 = 600.0;

/// Processes and threads that are tried, where nothing is said of them.
const MOST: u32 = 16;

/// What is to be found out, and how.
pub(super) struct Task {
    pub(super) question: Question,
    pub(super) slo: String,
    pub(super) rate: Option<f64>,
    pub(super) path: String,
    pub(super) connections: Option<usize>,
    pub(super) duration: Option<Duration>,
    /// After which a request is given up: long after it is too late.
    pub(super) timeout: Duration,
    pub(super) settings: UpSettings,
}

impl Task {
    pub(super) fn new(arguments: &TuneArguments) -> Result<Self, Failure> {
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
        let given = arguments.up.given();
        if given.rate && arguments.up.sends_nothing() {
            return Err(usage("--rate", "0", &"leave it out to look for the highest rate"));
        }
        let mut settings = UpSettings::new(&arguments.up.sending())?;
        settings.refuse_watched()?;
        refuse_options(&settings)?;
        settings.uwsgi_is_set = true;
        let load = settings.load.take();
        let rate = load.as_ref().filter(|_| given.rate).map(|load| load.rate);
        refuse_useless(arguments, given)?;
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
                processes: range(
                    given.processes,
                    processes,
                    arguments.max_processes.unwrap_or(MOST),
                ),
                threads: range(given.threads, threads, arguments.max_threads.unwrap_or(MOST)),
                memory,
                cheaper: arguments.cheaper,
                // Known once the lab is up.
                processors: 1,
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
    pub(super) fn description(&self, arguments: &TuneArguments) -> String {
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

    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            slo: &self.slo,
            objectives: &self.question.objectives,
            rate: self.rate,
            path: &self.path,
            most: (*self.question.processes.end(), *self.question.threads.end()),
            memory: self.question.memory,
            processors: self.question.processors,
            cheaper: self.question.cheaper,
        }
    }

    /// Enough requests to tell, in a bearable time.
    pub(super) fn length(&self, rate: f64) -> Duration {
        let enough = Duration::from_secs_f64((ENOUGH / rate).clamp(10.0, 60.0).ceil());
        self.duration.unwrap_or(enough)
    }

    pub(super) fn open(&self, rate: f64) -> Phase {
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
    pub(super) fn closed(&self, connections: usize) -> Phase {
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

/// What says how many are tried, where one number alone is.
fn refuse_useless(arguments: &TuneArguments, given: Given) -> Result<(), Failure> {
    let without_rate = [
        (arguments.max_processes.is_some(), "--max-processes"),
        (arguments.max_threads.is_some(), "--max-threads"),
        (arguments.cheaper, "--cheaper"),
    ];
    let (_, flag) = match without_rate.iter().find(|(is_given, _)| *is_given) {
        Some(found) if !given.rate => *found,
        _ if given.processes && arguments.max_processes.is_some() => {
            (true, "--max-processes beside --processes")
        }
        _ if given.threads && arguments.max_threads.is_some() => (true, "--max-threads beside --threads"),
        _ => return Ok(()),
    };
    Err(Failure::new(Code::Usage, format!("{flag} has nothing to say here"))
        .hint("with --rate numbers of processes and threads are tried; without it the rate, on --processes and --threads"))
}

/// Options that would take the place of what is tried.
fn refuse_options(settings: &UpSettings) -> Result<(), Failure> {
    let taken = ["processes", "workers", "p", "threads", "cheaper"];
    let mut options = settings.uwsgi.options.iter();
    match options.find(|(key, _)| taken.contains(&key.as_str())) {
        Some((key, _)) => Err(Failure::new(Code::Usage, format!("uWSGI's option `{key}` is what a tuning tries"))
            .hint("leave it out of --uwsgi and of the project file's options; --processes and --threads fix one number")),
        None => Ok(()),
    }
}
