//! The actions of a scenario: what is typed of them made into deeds at their times.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::load;

use super::change::{self, Workers};
use super::reader::{Reader, in_one_line};
use super::{Action, Deed, ScenarioError, Server, Setting};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypedAction {
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

/// The settings themselves, where they have no note.
fn told(what: &Deed) -> Option<String> {
    let Deed::Set(settings) = what else { return None };
    let settings = settings.iter().map(|(key, value)| format!("{key} = {value}"));
    Some(settings.collect::<Vec<_>>().join(", "))
}

impl Reader<'_> {
    pub(super) fn action(&self, typed: &TypedAction, length: Duration) -> Result<Action, ScenarioError> {
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
    pub(super) fn check_workers(&self, server: &Server, actions: &[Action]) -> Result<(), ScenarioError> {
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
}
