//! A scenario as it is typed in YAML, checked and made into one that can be run; names the place of what is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::load::{self, Arrivals, AskedRate};

use super::super::expectation::{Expectation, ExpectationError};
use super::super::finding::Finding;
use super::change::{self, Workers};
use super::{Action, Deed, Phase, PhaseLoad, Scenario, ScenarioError, Server, Setting, Weighted};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    title: String,
    #[serde(default)]
    question: String,
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
    finding: Option<String>,
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
    #[serde(rename = "do", with = "serde_yaml::with::singleton_map")]
    what: TypedDeed,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TypedDeed {
    Reload,
    KillWorker,
    Set(BTreeMap<String, Setting>),
}

/// What comes before the first load does not wait for ever.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// # Errors
/// What is wrong first: YAML, keys, phases that are impossible, expectations on figures that do not exist.
pub(super) fn read(source: &str) -> Result<Scenario, ScenarioError> {
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

/// A note is a mark in a graph, and its point one line of a file.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The settings themselves, where they have no note.
fn told(what: &Deed) -> Option<String> {
    let Deed::Set(settings) = what else { return None };
    let settings = settings.iter().map(|(key, value)| format!("{key} = {value}"));
    Some(settings.collect::<Vec<_>>().join(", "))
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
        self.check_workers(&typed.uwsgi, &actions)?;
        let expectations = typed.expect.iter().map(|text| self.expectation(text, &phases));
        let finding = typed.finding.as_deref().map(|text| self.finding(text, &phases));
        Ok(Scenario {
            title: typed.title,
            question: in_one_line(&typed.question),
            finding: finding.transpose()?,
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
        let what = match &typed.what {
            TypedDeed::Reload => Deed::Reload,
            TypedDeed::KillWorker => Deed::KillWorker,
            TypedDeed::Set(settings) => Deed::Set(self.changes(settings)?),
        };
        let note = typed.note.as_deref().map(in_one_line);
        Ok(Action {
            at,
            note: note.or_else(|| told(&what)),
            what,
        })
    }

    fn changes(&self, settings: &BTreeMap<String, Setting>) -> Result<Vec<(String, String)>, ScenarioError> {
        let pairs = change::pairs(settings);
        if pairs.is_empty() {
            return Err(self.wrong_in(
                "actions",
                "set",
                "`set` names settings of uWSGI, as in `set: {processes: 2}`",
            ));
        }
        match pairs
            .iter()
            .find_map(|(key, value)| Some((key, change::refusal(key, value)?)))
        {
            Some((key, message)) => Err(self.wrong_in("actions", key, message)),
            None => Ok(pairs),
        }
    }

    /// `actions` are in the order of their times.
    fn check_workers(&self, server: &Server, actions: &[Action]) -> Result<(), ScenarioError> {
        let message = "with `cheaper` at `processes` or above uWSGI ends: it must be lower";
        let mut workers = Workers::at_first(server);
        if workers.is_fatal() {
            return Err(self.wrong("cheaper", message));
        }
        for action in actions {
            let Deed::Set(settings) = &action.what else {
                continue;
            };
            workers.change(settings);
            if workers.is_fatal() {
                let key = settings.iter().map(|(key, _)| key.as_str());
                let mut key = key.filter(|key| matches!(*key, "cheaper" | "processes" | "workers"));
                return Err(self.wrong_in("actions", key.next().unwrap_or("set"), message));
            }
        }
        Ok(())
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

    fn finding(&self, text: &str, phases: &[Phase]) -> Result<Finding, ScenarioError> {
        let known = |name: &str| phases.iter().any(|phase| phase.name == name);
        Finding::parse(&in_one_line(text), known).map_err(|error| self.wrong(&error.part, error.to_string()))
    }

    /// The first place where `typed` stands in the source as a word of its own.
    fn wrong(&self, typed: &str, message: impl Into<String>) -> ScenarioError {
        self.wrong_from(0, typed, message)
    }

    /// The first such place below the key `section` of the scenario.
    fn wrong_in(&self, section: &str, typed: &str, message: impl Into<String>) -> ScenarioError {
        let line = format!("\n{section}:");
        self.wrong_from(self.source.find(&line).unwrap_or(0), typed, message)
    }

    fn wrong_from(&self, from: usize, typed: &str, message: impl Into<String>) -> ScenarioError {
        let alone = |at: usize| {
            let before = self.source[..at].chars().next_back();
            let after = self.source[at + typed.len()..].chars().next();
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        };
        let places = self.source[from..].match_indices(typed).map(|(at, _)| from + at);
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
