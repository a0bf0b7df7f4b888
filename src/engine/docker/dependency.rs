//! Waits until a service is what others depend on: healthy, or done. Where others need no more than an endpoint, it is
//! not asked.

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::Docker as Client;
use tokio::time::{Instant, sleep};

use crate::plan::State;

use super::super::{EngineError, Progress, Unit};
use super::{fault, logs, observe};

/// A dependency that hangs must not hang `up`.
const LIMIT: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(200);
const LOG_LINES: usize = 20;

/// What a service is waited for to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Healthy,
    /// Ended with code 0.
    Done,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Reached,
    NotYet,
    Ended(i64),
    Unhealthy,
}

impl Goal {
    fn verdict(self, state: State) -> Verdict {
        match (self, state) {
            (Self::Healthy, State::Healthy) | (Self::Done, State::Exited(0)) => Verdict::Reached,
            (_, State::Exited(code)) => Verdict::Ended(code),
            (Self::Healthy, State::Unhealthy) => Verdict::Unhealthy,
            _ => Verdict::NotYet,
        }
    }
}

/// # Errors
/// [`EngineError::NoHealthCheck`] where health is waited for that nobody checks, [`EngineError::Ended`] and
/// [`EngineError::NotReady`] with the last lines that the container printed.
pub(super) async fn wait_for(
    client: &Client,
    project: &str,
    service: &str,
    goal: Goal,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), EngineError> {
    if goal == Goal::Healthy {
        require_health_check(client, project, service).await?;
    }
    let limit = Instant::now() + LIMIT;
    loop {
        let observed = observe::observe(client, project, &BTreeSet::new()).await?;
        let Some(container) = observed.container(service) else {
            let message = "its container is gone".to_owned();
            return Err(EngineError::Other {
                what: format!("service {service}"),
                message,
            });
        };
        let log = async || logs::last_lines(client, &container.id, LOG_LINES).await;
        let service = service.to_owned();
        let last = format!("{:?}", container.state).to_lowercase();
        match goal.verdict(container.state) {
            Verdict::Reached => return Ok(()),
            Verdict::Ended(code) => {
                return Err(EngineError::Ended {
                    service,
                    code,
                    log: log().await,
                });
            }
            Verdict::NotYet if Instant::now() < limit => {}
            Verdict::NotYet | Verdict::Unhealthy => {
                let seconds = (LIMIT - limit.saturating_duration_since(Instant::now())).as_secs();
                return Err(EngineError::NotReady {
                    service,
                    seconds,
                    last,
                    log: log().await,
                });
            }
        }
        progress(Progress {
            done: 0,
            total: 0,
            unit: Unit::Steps,
            message: &last,
        });
        sleep(PAUSE).await;
    }
}

/// Without a check of its own, nor one of its image, a container never becomes healthy.
async fn require_health_check(client: &Client, project: &str, service: &str) -> Result<(), EngineError> {
    let inspected = client
        .inspect_container(&format!("{project}-{service}-1"), None)
        .await;
    let detail = inspected.map_err(|error| fault::other(&format!("service {service}"), &error))?;
    let test = detail.config.and_then(|config| config.healthcheck?.test);
    if has_health_check(test.as_deref()) {
        return Ok(());
    }
    Err(EngineError::NoHealthCheck {
        service: service.to_owned(),
    })
}

fn has_health_check(test: Option<&[String]>) -> bool {
    test.and_then(<[String]>::first)
        .is_some_and(|kind| kind != "NONE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goal_has_its_own_end_and_its_own_failure() {
        for (goal, state, expected) in [
            (Goal::Healthy, State::Healthy, Verdict::Reached),
            (Goal::Healthy, State::Running, Verdict::NotYet),
            (Goal::Healthy, State::Unhealthy, Verdict::Unhealthy),
            (Goal::Healthy, State::Exited(0), Verdict::Ended(0)),
            (Goal::Done, State::Running, Verdict::NotYet),
            (Goal::Done, State::Exited(0), Verdict::Reached),
            (Goal::Done, State::Exited(3), Verdict::Ended(3)),
        ] {
            assert_eq!(goal.verdict(state), expected, "{goal:?} {state:?}");
        }
    }

    #[test]
    fn an_absent_an_empty_and_a_disabled_check_are_none() {
        let test = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert!(has_health_check(Some(&test(&["CMD", "true"]))));
        assert!(!has_health_check(Some(&test(&["NONE"]))));
        assert!(!has_health_check(Some(&[])));
        assert!(!has_health_check(None));
    }
}
