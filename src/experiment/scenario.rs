//! A scenario: how uWSGI is set up, phases of load, actions at their times, and what is expected of the outcome. Read from
//! YAML and checked as a whole before anything starts; starts nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::load::{self, Arrivals, AskedRate, Rate};

use super::expectation::{Expectation, ExpectationError};

/// A scenario that can be run.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    /// What it shows, in a few sentences.
    pub(crate) story: String,
    pub(crate) seed: u64,
    pub(crate) uwsgi: Server,
    pub(crate) phases: Vec<Phase>,
    /// In the order of their times.
    pub(crate) actions: Vec<Action>,
    pub(crate) expectations: Vec<Expectation>,
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
    fn text(&self) -> String {
        match self {
            Self::Truth(truth) => truth.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Server {
    /// Options as uWSGI's configuration has them.
    pub(crate) fn options(&self) -> Vec<(String, String)> {
        let pairs = self.options.iter().flat_map(|(key, setting)| {
            let values = match setting {
                Setting::One(value) => vec![value.text()],
                Setting::Several(values) => values.iter().map(Scalar::text).collect(),
            };
            values.into_iter().map(move |value| (key.clone(), value))
        });
        pairs.collect()
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
    pub(crate) connections: Option<usize>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Deed {
    /// SIGHUP to the master.
    Reload,
    /// SIGKILL to the first worker that runs.
    KillWorker,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    title: String,
    #[serde(default)]
    story: String,
    #[serde(default = "first_seed")]
    seed: u64,
    #[serde(default)]
    uwsgi: Server,
    phases: Vec<TypedPhase>,
    #[serde(default)]
    actions: Vec<TypedAction>,
    #[serde(default)]
    expect: Vec<String>,
}

fn first_seed() -> u64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedPhase {
    name: String,
    note: Option<String>,
    duration: Option<String>,
    /// As after `load -R`.
    rate: Option<TypedRate>,
    /// `even` or `poisson`.
    arrivals: Option<TypedArrivals>,
    #[serde(default)]
    requests: Vec<Weighted>,
    timeout: Option<String>,
    connections: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TypedRate {
    Number(f64),
    Text(String),
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum TypedArrivals {
    Even,
    Poisson,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedAction {
    at: String,
    #[serde(rename = "do")]
    what: Deed,
    note: Option<String>,
}

/// What comes before the first load does not wait for ever.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Scenario {
    /// # Errors
    /// What is wrong first: YAML, keys, phases that are impossible, expectations on figures that do not exist.
    pub(crate) fn parse(source: &str) -> Result<Self, ScenarioError> {
        let typed: Typed = serde_yaml::from_str(source).map_err(|error| {
            let (line, column) = error
                .location()
                .map_or((0, 0), |place| (place.line(), place.column()));
            let message = error.to_string();
            // The place is told by us, once.
            let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
            ScenarioError {
                line,
                column,
                message,
            }
        })?;
        Reader { source }.read(typed)
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

/// A note is a mark in a graph, and its point one line of a file.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Makes what was typed into a scenario, and finds where what is wrong was typed.
struct Reader<'a> {
    source: &'a str,
}

impl Reader<'_> {
    fn read(&self, typed: Typed) -> Result<Scenario, ScenarioError> {
        if typed.phases.is_empty() {
            return Err(self.wrong("phases", "a scenario has at least one phase"));
        }
        let seed = typed.seed;
        let mut phases: Vec<Phase> = Vec::new();
        for phase in typed.phases {
            if phases.iter().any(|earlier| earlier.name == phase.name) {
                let message = format!("two phases are named `{}`", phase.name);
                return Err(self.wrong(&phase.name, message));
            }
            phases.push(self.phase(phase, seed)?);
        }
        let length = phases.iter().map(|phase| phase.duration).sum();
        let mut actions = Vec::new();
        for action in typed.actions {
            actions.push(self.action(&action, length)?);
        }
        actions.sort_by_key(|action| action.at);
        let expectations = typed.expect.iter().map(|text| self.expectation(text, &phases));
        Ok(Scenario {
            title: typed.title,
            story: typed.story.trim().to_owned(),
            seed,
            uwsgi: typed.uwsgi,
            expectations: expectations.collect::<Result<_, _>>()?,
            phases,
            actions,
        })
    }

    fn phase(&self, typed: TypedPhase, seed: u64) -> Result<Phase, ScenarioError> {
        let name = &typed.name;
        let rate = match &typed.rate {
            Some(TypedRate::Number(rate)) => Some(rate.to_string()),
            Some(TypedRate::Text(text)) => Some(text.clone()),
            None => None,
        };
        let asked = rate
            .as_deref()
            .filter(|rate| *rate != "0")
            .map(load::parse_rate)
            .transpose();
        let asked = asked.map_err(|error| self.wrong(rate.as_deref().unwrap_or(name), error.to_string()))?;
        let given = typed.duration.as_deref().map(load::duration).transpose();
        let given = given
            .map_err(|error| self.wrong(typed.duration.as_deref().unwrap_or(name), error.to_string()))?;
        let own = asked.as_ref().and_then(AskedRate::length);
        let duration = given.or(own).ok_or_else(|| {
            self.wrong(
                name,
                format!("phase `{name}` needs a duration, as in `duration: 20s`"),
            )
        })?;
        if duration > LONGEST {
            return Err(self.wrong(name, format!("phase `{name}` lasts longer than a day")));
        }
        let timeout = typed.timeout.as_deref().map(load::duration).transpose();
        let timeout = timeout
            .map_err(|error| self.wrong(typed.timeout.as_deref().unwrap_or(name), error.to_string()))?;
        let arrivals = match typed.arrivals {
            Some(TypedArrivals::Poisson) => Arrivals::Poisson { seed },
            _ => Arrivals::Even,
        };
        for request in &typed.requests {
            if !request.path.starts_with('/') {
                return Err(self.wrong(&request.path, "a path begins with '/'"));
            }
            if let Err(error) = load::Target::parse(&format!("http://127.0.0.1{}", request.path)) {
                return Err(self.wrong(&request.path, error.to_string()));
            }
            if request.weight == 0 {
                return Err(self.wrong(&request.path, "a weight is 1 or more"));
            }
        }
        let load = asked.zip(rate).map(|(asked, text)| PhaseLoad {
            asked: text,
            asked_rate: asked,
            arrivals,
            requests: match typed.requests.is_empty() {
                true => vec![Weighted {
                    path: "/".to_owned(),
                    weight: 1,
                }],
                false => typed.requests.clone(),
            },
            timeout: timeout.unwrap_or(LOAD_TIMEOUT),
            connections: typed.connections,
        });
        Ok(Phase {
            name: typed.name,
            note: typed.note.as_deref().map(in_one_line),
            duration,
            load,
        })
    }

    fn action(&self, typed: &TypedAction, length: Duration) -> Result<Action, ScenarioError> {
        let at = match typed.at.as_str() {
            "0" | "0s" => Duration::ZERO,
            text => load::duration(text).map_err(|error| self.wrong(text, error.to_string()))?,
        };
        if at >= length {
            let message = format!("an action at {} comes after the end of the last phase", typed.at);
            return Err(self.wrong(&typed.at, message));
        }
        Ok(Action {
            at,
            what: typed.what,
            note: typed.note.as_deref().map(in_one_line),
        })
    }

    fn expectation(&self, text: &str, phases: &[Phase]) -> Result<Expectation, ScenarioError> {
        let expectation: Expectation = text
            .parse()
            .map_err(|error: ExpectationError| self.wrong(text, error.to_string()))?;
        let known = |name: &String| phases.iter().any(|phase| phase.name == *name);
        match expectation.phase.as_ref().filter(|name| !known(name)) {
            Some(name) => Err(self.wrong(text, format!("there is no phase `{name}`"))),
            None => Ok(expectation),
        }
    }

    /// The first place where `typed` stands in the source as a word of its own.
    fn wrong(&self, typed: &str, message: impl Into<String>) -> ScenarioError {
        let alone = |at: usize| {
            let before = self.source[..at].chars().next_back();
            let after = self.source[at + typed.len()..].chars().next();
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        };
        let places = self.source.match_indices(typed).map(|(at, _)| at);
        let at = places
            .clone()
            .find(|at| alone(*at))
            .or_else(|| places.clone().next());
        let before = at.map(|at| &self.source[..at]);
        let line = before.map_or(0, |before| before.matches('\n').count() + 1);
        let column = before.map_or(0, |before| {
            before.rsplit('\n').next().unwrap_or("").chars().count() + 1
        });
        ScenarioError {
            line,
            column,
            message: message.into(),
        }
    }
}

impl Phase {
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
