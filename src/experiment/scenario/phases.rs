//! The phases of a scenario: what is typed of them made into loads and pauses.

use std::time::Duration;

use serde::Deserialize;

use crate::load::{self, Arrivals, AskedRate};

use super::reader::{Reader, in_one_line};
use super::{Phase, PhaseLoad, ScenarioError, Weighted};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::experiment) struct TypedPhase {
    pub(in crate::experiment) name: String,
    note: Option<String>,
    duration: Option<String>,
    /// Of a load that says nothing of its length itself.
    #[serde(skip)]
    pub(in crate::experiment) usual: Option<Duration>,
    /// In place of duration and rate.
    pause: Option<String>,
    /// As after `load -R`.
    rate: Option<TypedRate>,
    spike: Option<TypedSpike>,
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

/// A rate that rises for a moment and falls back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedSpike {
    from: f64,
    to: f64,
    /// How long it is up.
    #[serde(rename = "for")]
    lasts: String,
    /// Since the phase began; in its middle if this is not typed.
    at: Option<String>,
}

/// What comes before the first load does not wait for ever.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Reader<'_> {
    pub(in crate::experiment) fn phase(&self, typed: TypedPhase, seed: u64) -> Result<Phase, ScenarioError> {
        let note = typed.note.as_deref().map(in_one_line);
        if let Some(pause) = &typed.pause {
            return Ok(Phase {
                duration: self.pause(&typed, pause)?,
                name: typed.name,
                note,
                load: None,
            });
        }
        let rate = self.rate(&typed)?;
        let asked = rate.as_deref().map(load::parse_rate).transpose();
        let asked = asked.map_err(|error| self.wrong_of(&typed, rate.as_deref(), error.to_string()))?;
        let duration = self.duration(&typed, asked.as_ref())?;
        let load = match asked.zip(rate) {
            Some((asked, text)) => Some(self.load(&typed, seed, asked, text)?),
            None => None,
        };
        Ok(Phase {
            name: typed.name,
            note,
            duration,
            load,
        })
    }

    fn pause(&self, typed: &TypedPhase, pause: &str) -> Result<Duration, ScenarioError> {
        let loads = typed.duration.is_some() || typed.rate.is_some() || typed.spike.is_some();
        if loads || !typed.requests.is_empty() {
            let message = format!(
                "phase `{}` is a pause: it has no rate, spike, duration or requests",
                typed.name
            );
            return Err(self.wrong(&typed.name, message));
        }
        self.time(typed, pause)
    }

    /// As text; nothing where nothing is sent.
    fn rate(&self, typed: &TypedPhase) -> Result<Option<String>, ScenarioError> {
        let rate = match &typed.rate {
            Some(TypedRate::Number(rate)) => Some(rate.to_string()),
            Some(TypedRate::Text(text)) => Some(text.clone()),
            None => None,
        };
        match (&typed.spike, rate) {
            (Some(_), Some(_)) => {
                let message = format!(
                    "phase `{}` has a rate and a spike: one of them is enough",
                    typed.name
                );
                Err(self.wrong(&typed.name, message))
            }
            (Some(spike), None) => self.spike(typed, spike).map(Some),
            (None, rate) => Ok(rate.filter(|rate| rate != "0")),
        }
    }

    /// The rate of a spike in three steps.
    fn spike(&self, typed: &TypedPhase, spike: &TypedSpike) -> Result<String, ScenarioError> {
        let length = self.duration(typed, None)?;
        let lasts = self.time(typed, &spike.lasts)?;
        let before = match spike.at.as_deref() {
            Some(at) => self.time(typed, at)?,
            None => length.saturating_sub(lasts) / 2,
        };
        let after = length
            .checked_sub(before + lasts)
            .filter(|after| !after.is_zero());
        let after = after.ok_or_else(|| {
            self.wrong_of(
                typed,
                Some(&spike.lasts),
                format!("the spike does not end within phase `{}`", typed.name),
            )
        })?;
        let step = |rate: f64, time: Duration| format!("{rate}:{}s", time.as_secs_f64());
        Ok([
            step(spike.from, before),
            step(spike.to, lasts),
            step(spike.from, after),
        ]
        .join(","))
    }

    fn duration(&self, typed: &TypedPhase, asked: Option<&AskedRate>) -> Result<Duration, ScenarioError> {
        let given = typed
            .duration
            .as_deref()
            .map(|text| self.time(typed, text))
            .transpose()?;
        let own = asked.and_then(AskedRate::length);
        given
            .or(own)
            .or(typed.usual)
            .ok_or_else(|| self.no_duration(typed))
    }

    fn no_duration(&self, typed: &TypedPhase) -> ScenarioError {
        let message = format!("phase `{}` needs a duration, as in `duration: 20s`", typed.name);
        self.wrong(&typed.name, message)
    }

    fn time(&self, typed: &TypedPhase, text: &str) -> Result<Duration, ScenarioError> {
        let time =
            load::duration(text).map_err(|error| self.wrong_of(typed, Some(text), error.to_string()))?;
        if time > LONGEST {
            let message = format!("phase `{}` lasts longer than a day", typed.name);
            return Err(self.wrong(&typed.name, message));
        }
        Ok(time)
    }

    /// Where `text` was typed, else the phase.
    fn wrong_of(&self, typed: &TypedPhase, text: Option<&str>, message: String) -> ScenarioError {
        let text = text.filter(|text| self.has(text));
        self.wrong(text.unwrap_or(&typed.name), message)
    }

    fn load(
        &self,
        typed: &TypedPhase,
        seed: u64,
        asked_rate: AskedRate,
        asked: String,
    ) -> Result<PhaseLoad, ScenarioError> {
        for request in &typed.requests {
            self.check(request)?;
        }
        let timeout = typed
            .timeout
            .as_deref()
            .map(|text| self.time(typed, text))
            .transpose()?;
        let everything = || Weighted {
            path: "/".to_owned(),
            weight: 1,
        };
        Ok(PhaseLoad {
            asked,
            asked_rate,
            arrivals: match typed.arrivals {
                Some(TypedArrivals::Poisson) => Arrivals::Poisson { seed },
                _ => Arrivals::Even,
            },
            requests: match typed.requests.is_empty() {
                true => vec![everything()],
                false => typed.requests.clone(),
            },
            timeout: timeout.unwrap_or(LOAD_TIMEOUT),
            warm_up: Duration::ZERO,
            connections: typed.connections,
        })
    }

    fn check(&self, request: &Weighted) -> Result<(), ScenarioError> {
        let wrong = |message: String| Err(self.wrong(&request.path, message));
        if !request.path.starts_with('/') {
            return wrong("a path begins with '/'".to_owned());
        }
        if let Err(error) = load::Target::parse(&format!("http://127.0.0.1{}", request.path)) {
            return wrong(error.to_string());
        }
        match request.weight {
            0 => wrong("a weight is 1 or more".to_owned()),
            _ => Ok(()),
        }
    }
}
