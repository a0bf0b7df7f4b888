//! A scenario: how uWSGI is set up, phases of load, actions at their times, and what is expected of the outcome. Read from
//! YAML and checked as a whole before anything starts; starts nothing.

mod actions;
mod change;
mod phases;
mod reader;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::load::{Arrivals, AskedRate, Profile, Rate};

use super::expectation::Expectation;
use super::finding::Finding;
pub(super) use phases::TypedPhase;
pub(super) use reader::{Reader, yaml};

/// A scenario that can be run.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    /// What it asks; empty where the title does.
    pub(crate) question: String,
    /// What it shows, in a few sentences.
    pub(crate) story: String,
    pub(crate) seed: u64,
    pub(crate) uwsgi: Server,
    /// Another app than the lab's own.
    pub(crate) app: Option<App>,
    pub(crate) phases: Vec<Phase>,
    /// In the order of their times.
    pub(crate) actions: Vec<Action>,
    pub(crate) expectations: Vec<Expectation>,
    /// What it found, with figures of the run.
    pub(crate) finding: Option<Finding>,
}

/// An app of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct App {
    /// Typed relative to the scenario's file.
    pub(crate) directory: PathBuf,
    /// `module:callable`.
    pub(crate) module: String,
    /// Typed relative to the scenario's file, too.
    pub(crate) requirements: Option<PathBuf>,
}

/// What is set of uWSGI; the lab's defaults for the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) processes: Option<u32>,
    pub(crate) threads: Option<u32>,
    /// `key=value`, in order.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, Setting>,
}

/// One value, or several for an option that is given several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Setting {
    One(Scalar),
    Several(Vec<Scalar>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Truth(bool),
    Number(i64),
    Text(String),
}

impl Scalar {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Truth(truth) => truth.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Server {
    pub(crate) fn of(processes: u32, threads: u32) -> Self {
        Self {
            processes: Some(processes),
            threads: Some(threads),
            options: BTreeMap::new(),
        }
    }

    pub(crate) fn with_option(mut self, key: &str, value: i64) -> Self {
        let setting = Setting::One(Scalar::Number(value));
        self.options.insert(key.to_owned(), setting);
        self
    }

    /// This one, with what `other` sets in the place of what it sets itself.
    pub(super) fn with(&self, other: &Self) -> Self {
        let mut options = self.options.clone();
        options.extend(other.options.clone());
        Self {
            processes: other.processes.or(self.processes),
            threads: other.threads.or(self.threads),
            options,
        }
    }

    /// Options as uWSGI's configuration has them.
    pub(crate) fn options(&self) -> Vec<(String, String)> {
        change::pairs(&self.options)
    }
}

/// A span of the run with one load, or with none.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) note: Option<String>,
    pub(crate) duration: Duration,
    /// None in a pause.
    pub(crate) load: Option<PhaseLoad>,
}

#[derive(Debug, Clone)]
pub(crate) struct PhaseLoad {
    /// As typed.
    pub(crate) asked: String,
    asked_rate: AskedRate,
    arrivals: Arrivals,
    /// Paths on the lab's app and their weights.
    pub(crate) requests: Vec<Weighted>,
    pub(crate) timeout: Duration,
    /// Sent before the phase begins, in whole seconds.
    pub(crate) warm_up: Duration,
    pub(crate) connections: Option<usize>,
}

impl PhaseLoad {
    /// Whether each connection waits for its answer before it asks again.
    pub(super) fn is_closed(&self) -> bool {
        self.asked_rate == AskedRate::Max
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Weighted {
    pub(crate) path: String,
    #[serde(default = "one")]
    pub(crate) weight: u32,
}

fn one() -> u32 {
    1
}

/// Something that is done to the server while the load runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    /// Since the run began.
    pub(crate) at: Duration,
    pub(crate) what: Deed,
    pub(crate) note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// SIGHUP to the master.
    Reload,
    /// SIGKILL to the first worker that runs.
    KillWorker,
    /// Writes uWSGI's configuration anew, with these settings in place of those of their names, and reloads it.
    Set(Vec<(String, String)>),
}

/// Why a text is no scenario that can be run. Lines and columns are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}", place = self.place())]
pub(crate) struct ScenarioError {
    line: usize,
    column: usize,
    message: String,
}

impl ScenarioError {
    fn place(&self) -> String {
        match self.line {
            0 => "the file".to_owned(),
            _ => format!("line {}, column {}", self.line, self.column),
        }
    }
}

impl Scenario {
    /// # Errors
    /// What is wrong first: YAML, keys, phases that are impossible, expectations on figures that do not exist.
    pub(crate) fn parse(source: &str) -> Result<Self, ScenarioError> {
        Self::parse_in(source, Path::new(""))
    }

    /// One whose file is in `directory`, from which its paths lead on.
    ///
    /// # Errors
    /// As [`Self::parse`]; an app that is not there.
    pub(crate) fn parse_in(source: &str, directory: &Path) -> Result<Self, ScenarioError> {
        reader::read(source, directory)
    }

    /// One that expects nothing and does nothing but send.
    pub(super) fn of_phases(title: &str, seed: u64, uwsgi: Server, phases: Vec<Phase>) -> Self {
        Self {
            title: title.to_owned(),
            question: String::new(),
            story: String::new(),
            finding: None,
            seed,
            app: None,
            uwsgi,
            phases,
            actions: Vec::new(),
            expectations: Vec::new(),
        }
    }

    pub(crate) fn duration(&self) -> Duration {
        self.phases.iter().map(|phase| phase.duration).sum()
    }

    /// The same in less time: phases last `factor` of theirs, and so do the times of actions.
    pub(crate) fn shortened(mut self, factor: f64) -> Self {
        for phase in &mut self.phases {
            phase.duration = phase.duration.mul_f64(factor);
            if let Some(load) = &mut phase.load {
                load.asked_rate = load.asked_rate.shortened(factor);
            }
        }
        for action in &mut self.actions {
            action.at = action.at.mul_f64(factor);
        }
        self
    }

    /// When the phase begins, since the run began.
    pub(crate) fn begin_of(&self, index: usize) -> Duration {
        self.phases.iter().take(index).map(|phase| phase.duration).sum()
    }
}

impl Phase {
    /// One path of the lab's app: at random times at `rate` requests a second, or in a closed loop.
    pub(crate) fn sending(
        name: &str,
        rate: Option<f64>,
        path: &str,
        duration: Duration,
        timeout: Duration,
    ) -> Self {
        let asked_rate = rate.map_or(AskedRate::Max, |rate| {
            AskedRate::Profile(Profile::Constant { rate })
        });
        Self {
            name: name.to_owned(),
            note: None,
            duration,
            load: Some(PhaseLoad {
                asked: rate.map_or("max".to_owned(), |rate| rate.to_string()),
                asked_rate,
                arrivals: Arrivals::Poisson { seed: 1 },
                requests: vec![Weighted {
                    path: path.to_owned(),
                    weight: 1,
                }],
                timeout,
                warm_up: Duration::ZERO,
                connections: None,
            }),
        }
    }

    /// The same over so many connections at most.
    pub(crate) fn over(mut self, connections: Option<usize>) -> Self {
        if let Some(load) = &mut self.load {
            load.connections = connections;
        }
        self
    }

    pub(super) fn pause(name: &str, duration: Duration) -> Self {
        Self {
            name: name.to_owned(),
            note: None,
            duration,
            load: None,
        }
    }

    /// The same where requests that arrive at random do so by another seed.
    pub(super) fn seeded(mut self, seed: u64) -> Self {
        if let Some(load) = &mut self.load
            && let Arrivals::Poisson { .. } = load.arrivals
        {
            load.arrivals = Arrivals::Poisson { seed };
        }
        self
    }

    /// When its requests leave; nothing in a pause.
    pub(crate) fn rate(&self) -> Option<Rate> {
        let load = self.load.as_ref()?;
        Some(load.asked_rate.over(self.duration, load.arrivals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENARIO: &str = "\
title: Four workers
seed: 7
uwsgi:
  processes: 4
  options: {max-requests: 100, env: [A=1, B=2], lazy-apps: true}
phases:
- name: calm
  rate: 16
  duration: 20s
  note: |
    half of what
    it can take
- {name: rest, duration: 5s}
- name: storm
  rate: 40:10s,10..80:20s
  arrivals: poisson
  requests:
  - {path: /?sleep=1s, weight: 1}
  - {path: /}
actions:
- {at: 10s, do: reload, note: now}
- {at: 0s, do: kill-worker}
expect:
- busy == 4
- 'storm: p99 < 300ms'
";

    #[test]
    fn a_scenario_is_read_whole() {
        let scenario = Scenario::parse(SCENARIO).unwrap();
        assert_eq!(scenario.duration(), Duration::from_secs(55));
        let options = scenario.uwsgi.options();
        let expected = [
            ("env", "A=1"),
            ("env", "B=2"),
            ("lazy-apps", "true"),
            ("max-requests", "100"),
        ];
        assert_eq!(
            options,
            expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
        assert!(scenario.phases[1].load.is_none());
        assert_eq!(
            scenario.phases[0].note.as_deref(),
            Some("half of what it can take")
        );
        assert_eq!(scenario.begin_of(2), Duration::from_secs(25));
        assert_eq!(
            scenario.actions[0].what,
            Deed::KillWorker,
            "in the order of their times"
        );
        let storm = scenario.phases[2].load.as_ref().unwrap();
        assert_eq!(storm.requests.len(), 2);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (wrong, right, message) in [
            (
                "rate: 16",
                "rat: 16",
                "line 8, column 3: phases[0]: unknown field `rat`",
            ),
            (
                "rate: 16",
                "rate: -16",
                "line 8, column 9: the rate must be above 0",
            ),
            (
                "duration: 20s",
                "duration: twenty",
                "line 9, column 13: a duration is a number",
            ),
            (
                "  duration: 20s\n",
                "",
                "line 7, column 9: phase `calm` needs a duration",
            ),
            (
                "name: rest",
                "name: calm",
                "line 7, column 9: two phases are named `calm`",
            ),
            (
                "at: 10s",
                "at: 90s",
                "line 21, column 8: an action at 90s comes after the end",
            ),
            (
                "do: reload",
                "do: explode",
                "line 21, column 17: actions[0].do: unknown variant `explode`",
            ),
            (
                "busy == 4",
                "bussy == 4",
                "line 24, column 3: there is no figure `bussy`",
            ),
            (
                "'storm: p99",
                "'gale: p99",
                "line 25, column 4: there is no phase `gale`",
            ),
            (
                "path: /}",
                "path: x}",
                "line 19, column 12: a path begins with '/'",
            ),
        ] {
            let source = SCENARIO.replace(wrong, right);
            assert_ne!(source, SCENARIO, "{wrong}");
            let error = Scenario::parse(&source).unwrap_err().to_string();
            assert!(error.starts_with(message), "{right}: {error}");
        }
        let error = Scenario::parse("title: nothing\nphases: []\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2, column 1: a scenario has at least one phase"
        );
    }

    #[test]
    fn a_spike_is_three_steps_and_a_pause_sends_nothing() {
        let source = "title: t\nphases:\n\
                      - {name: up, spike: {from: 10, to: 200, for: 3s}, duration: 12s}\n\
                      - {name: rest, pause: 5s}\n\
                      - {name: early, spike: {from: 1, to: 50, for: 500ms, at: 2s}, duration: 10s}\n";
        let scenario = Scenario::parse(source).unwrap();
        let asked = |index: usize| {
            scenario.phases[index]
                .load
                .as_ref()
                .map(|load| load.asked.as_str())
        };
        assert_eq!(asked(0), Some("10:4.5s,200:3s,10:4.5s"));
        assert_eq!(asked(1), None);
        assert_eq!(asked(2), Some("1:2s,50:0.5s,1:7.5s"));
        assert_eq!(scenario.duration(), Duration::from_secs(27));
        for (wrong, right, message) in [
            (
                "for: 3s",
                "for: 12s",
                "line 3, column 46: the spike does not end within phase `up`",
            ),
            (
                ", duration: 12s",
                "",
                "line 3, column 10: phase `up` needs a duration",
            ),
            (
                "up, spike",
                "up, rate: 5, spike",
                "line 3, column 10: phase `up` has a rate and a spike",
            ),
            (
                "to: 200",
                "too: 200",
                "line 3, column 32: phases[0].spike: unknown field `too`",
            ),
            (
                "to: 200",
                "to: -2",
                "line 3, column 10: the rate must be 0 or more",
            ),
            (
                "pause: 5s",
                "pause: 5s, rate: 7",
                "line 4, column 10: phase `rest` is a pause",
            ),
            (
                "pause: 5s",
                "pause: long",
                "line 4, column 23: a duration is a number",
            ),
        ] {
            let changed = source.replace(wrong, right);
            assert_ne!(changed, source, "{wrong}");
            let error = Scenario::parse(&changed).unwrap_err().to_string();
            assert!(error.starts_with(message), "{right}: {error}");
        }
    }

    #[test]
    fn an_app_is_looked_for_from_the_place_of_the_file() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("site")).unwrap();
        let source = "title: t\napp: {directory: ./site, module: 'wsgi:application'}\nphases: [{name: a, pause: 1s}]\n";
        let app = Scenario::parse_in(source, place.path()).unwrap().app.unwrap();
        assert_eq!(
            (app.directory, app.module.as_str()),
            (place.path().join("./site"), "wsgi:application")
        );
        let message = |source: &str| Scenario::parse_in(source, place.path()).unwrap_err().to_string();
        let missing = message(&source.replace("./site", "./shop"));
        assert!(
            missing.starts_with("line 2, column 18: `./shop` is no directory in /"),
            "{missing}"
        );
        let requirements = message(&source.replace("./site,", "./site, requirements: all.txt,"));
        assert!(
            requirements.starts_with("line 2, column 40: `all.txt` is no file in /"),
            "{requirements}"
        );
        let module = message(&source.replace(", module: 'wsgi:application'", ""));
        assert!(
            module.starts_with("line 2, column 6: app: missing field `module`"),
            "{module}"
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule_and_another_seed_another() {
        let times = |source: &str| {
            let scenario = Scenario::parse(source).unwrap();
            let Some(Rate::Open(plan)) = scenario.phases[2].rate() else {
                panic!()
            };
            (0..500)
                .map(|requests| plan.end_of(requests).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(times(SCENARIO), times(SCENARIO));
        assert_ne!(times(SCENARIO), times(&SCENARIO.replace("seed: 7", "seed: 8")));
    }

    #[test]
    fn a_shortened_scenario_keeps_its_order() {
        let scenario = Scenario::parse(SCENARIO).unwrap().shortened(0.5);
        assert_eq!(scenario.duration(), Duration::from_millis(27_500));
        assert_eq!(scenario.actions[1].at, Duration::from_secs(5));
    }
}
