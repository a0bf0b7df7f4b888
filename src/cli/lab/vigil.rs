//! Watches whether the services of a lab run, and tells each end and each return once. Mends nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use tokio::time::sleep;

use crate::engine::{AnyEngine, Engine as _, EngineError};
use crate::plan::{Container, Observed, State};
use crate::report::lab::{self as report, News};

use super::excerpt;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Enough for the traceback of an app that does not import.
const LINES: usize = 15;

/// Tells `tell` of whatever happens, until it is dropped.
pub(super) async fn keep(engine: &AnyEngine, lab: &str, tell: &dyn Fn(&str)) -> Infallible {
    let mut vigil = Vigil::default();
    loop {
        let observed = engine.observe(lab, &BTreeSet::new()).await;
        if let Some(text) = vigil.sight(&observed) {
            tell(&text);
        }
        if let Ok(observed) = observed {
            for news in vigil.news(&observed) {
                let log = last_lines(engine, &observed, &news).await;
                let log = excerpt::error_in(&log);
                tell(&report::news_text(&news, log, lab));
            }
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn last_lines(engine: &AnyEngine, observed: &Observed, news: &News) -> Vec<String> {
    match news {
        News::Stopped { service, .. } => match observed.container(service) {
            Some(container) => engine.last_lines(&container.id, LINES).await,
            None => Vec::new(),
        },
        News::Missing { .. } | News::Back { .. } => Vec::new(),
    }
}

/// What was told last.
#[derive(Debug, Default)]
struct Vigil {
    /// Services, and whether they run.
    known: BTreeMap<String, bool>,
    is_blind: bool,
}

impl Vigil {
    /// Says when the engine does not answer any more, and when it does again.
    fn sight(&mut self, observed: &Result<Observed, EngineError>) -> Option<String> {
        let was_blind = std::mem::replace(&mut self.is_blind, observed.is_err());
        match observed {
            Err(error) if !was_blind => Some(format!("The services are out of sight: {error}")),
            Ok(_) if was_blind => Some("The services are in sight again.".to_owned()),
            _ => None,
        }
    }

    fn news(&mut self, observed: &Observed) -> Vec<News> {
        let mut news = Vec::new();
        for container in &observed.containers {
            let (service, runs) = (container.service.clone(), container.state.is_alive());
            match self.known.insert(service.clone(), runs) {
                Some(true) if !runs => news.push(stopped(container)),
                // A service that is done has nothing to tell.
                None if matches!(container.state, State::Exited(code) if code != 0) => {
                    news.push(stopped(container));
                }
                Some(false) if runs => news.push(News::Back { service }),
                _ => {}
            }
        }
        for (service, runs) in &mut self.known {
            if *runs && observed.container(service).is_none() {
                *runs = false;
                news.push(News::Missing {
                    service: service.clone(),
                });
            }
        }
        news
    }
}

fn stopped(container: &Container) -> News {
    let service = container.service.clone();
    match container.state {
        // It is about to be gone, with what it printed.
        State::Dead => News::Missing { service },
        State::Exited(code) => News::Stopped {
            service,
            code: Some(code),
        },
        _ => News::Stopped { service, code: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(services: &[(&str, State)]) -> Observed {
        let containers = services
            .iter()
            .map(|(service, state)| Container::example(service, *state));
        Observed {
            containers: containers.collect(),
            ..Observed::default()
        }
    }

    #[test]
    fn each_end_and_each_return_is_news_once() {
        let service = || "uwsgi".to_owned();
        let stopped = |code| {
            vec![News::Stopped {
                service: service(),
                code: Some(code),
            }]
        };
        let back = vec![News::Back { service: service() }];
        let missing = vec![News::Missing { service: service() }];
        let mut vigil = Vigil::default();
        let mut look = |state: Option<State>| {
            let services: Vec<_> = state.iter().map(|state| ("uwsgi", *state)).collect();
            vigil.news(&observed(&services))
        };
        assert_eq!(look(Some(State::Running)), []);
        assert_eq!(look(Some(State::Healthy)), []);
        assert_eq!(look(Some(State::Exited(137))), stopped(137));
        assert_eq!(look(Some(State::Exited(137))), []);
        assert_eq!(look(None), []);
        assert_eq!(look(Some(State::Running)), back);
        assert_eq!(look(None), missing);
        assert_eq!(look(None), []);
        assert_eq!(look(Some(State::Running)), back);
        assert_eq!(look(Some(State::Dead)), missing);
        assert_eq!(look(None), []);
        assert_eq!(look(Some(State::Running)), back);
    }

    #[test]
    fn what_was_over_before_the_first_look_is_news_only_where_it_failed() {
        let mut vigil = Vigil::default();
        let first = observed(&[("migration", State::Exited(0)), ("uwsgi", State::Exited(1))]);
        let stopped = News::Stopped {
            service: "uwsgi".to_owned(),
            code: Some(1),
        };
        assert_eq!(vigil.news(&first), [stopped]);
    }

    #[test]
    fn an_engine_that_goes_away_is_told_once_and_so_is_its_return() {
        let mut vigil = Vigil::default();
        let gone = || {
            Err(EngineError::Forbidden {
                address: "x".to_owned(),
            })
        };
        assert_eq!(vigil.sight(&Ok(observed(&[]))), None);
        assert!(vigil.sight(&gone()).is_some());
        assert_eq!(vigil.sight(&gone()), None);
        let again = "The services are in sight again.".to_owned();
        assert_eq!(vigil.sight(&Ok(observed(&[]))), Some(again));
    }
}
