//! A scenario as it is typed in YAML, checked and made into one that can be run; names the place of what is wrong.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::uwsgi::UwsgiConfig;

use super::super::expectation::{Expectation, ExpectationError};
use super::super::finding::Finding;
use super::actions::TypedAction;
use super::phases::TypedPhase;
use super::{App, Phase, Scenario, ScenarioError, Server};

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
    app: Option<App>,
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

/// # Errors
/// What is wrong first: YAML, keys, phases that are impossible, expectations on figures that do not exist.
pub(super) fn read(source: &str, directory: &Path) -> Result<Scenario, ScenarioError> {
    let typed: Typed = yaml(source)?;
    Reader { source, directory }.read(typed)
}

/// # Errors
/// What YAML, or the shape of `T`, does not allow.
pub(in crate::experiment) fn yaml<T: DeserializeOwned>(source: &str) -> Result<T, ScenarioError> {
    serde_yaml::from_str(source).map_err(|error| {
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
    })
}

/// A note is a mark in a graph, and its point one line of a file.
pub(super) fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Makes what was typed into a scenario, and finds where what is wrong was typed.
pub(in crate::experiment) struct Reader<'a> {
    pub(in crate::experiment) source: &'a str,
    /// Where the scenario's file is, from which its paths lead on.
    pub(in crate::experiment) directory: &'a Path,
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
            app: typed.app.map(|app| self.app(app)).transpose()?,
            expectations: expectations.collect::<Result<_, _>>()?,
            phases,
            actions,
        })
    }

    pub(in crate::experiment) fn app(&self, typed: App) -> Result<App, ScenarioError> {
        let missing = |path: &Path, kind: &str| {
            let typed = path.display().to_string();
            let message = format!("`{typed}` is no {kind} in {}", self.directory_name());
            self.wrong_in("app", &typed, message)
        };
        let directory = self.directory.join(&typed.directory);
        if !directory.is_dir() {
            return Err(missing(&typed.directory, "directory"));
        }
        let requirements = typed.requirements.as_ref().map(|path| self.directory.join(path));
        if let (Some(path), Some(typed)) = (&requirements, &typed.requirements)
            && !path.is_file()
        {
            return Err(missing(typed, "file"));
        }
        if let Err(error) = UwsgiConfig::check("module", &typed.module) {
            return Err(self.wrong_in("app", "module", error.to_string()));
        }
        Ok(App {
            directory,
            requirements,
            module: typed.module,
        })
    }

    fn directory_name(&self) -> String {
        match self.directory.as_os_str().is_empty() {
            true => "the working directory".to_owned(),
            false => self.directory.display().to_string(),
        }
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
    pub(in crate::experiment) fn wrong(&self, typed: &str, message: impl Into<String>) -> ScenarioError {
        self.wrong_from(0, typed, message)
    }

    /// The first such place below the key `section` of the scenario.
    pub(in crate::experiment) fn wrong_in(
        &self,
        section: &str,
        typed: &str,
        message: impl Into<String>,
    ) -> ScenarioError {
        let line = format!("\n{section}:");
        self.wrong_from(self.source.find(&line).unwrap_or(0), typed, message)
    }

    /// Whether `typed` stands in the source.
    pub(super) fn has(&self, typed: &str) -> bool {
        self.source.contains(typed)
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
