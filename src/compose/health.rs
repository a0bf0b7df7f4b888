//! A service's health check.

use super::error::{Problem, Problems};
use super::model::Healthcheck;
use super::scalar;
use super::spot::Spot;

pub(super) fn healthcheck(spot: &Spot, problems: &mut Problems) -> Result<Healthcheck, Problem> {
    let supported = [
        "disable",
        "interval",
        "retries",
        "start_period",
        "test",
        "timeout",
    ];
    let fields = spot.fields(&supported, problems)?;
    let duration = |at: &Spot| at.parsed("a duration such as 1m30s", scalar::duration);
    let disabled = fields.or_default("disable", Spot::boolean)?;
    let test = fields.optional("test", health_test)?;
    Ok(Healthcheck {
        test: if disabled {
            Some(vec!["NONE".to_owned()])
        } else {
            test
        },
        interval: fields.optional("interval", duration)?,
        timeout: fields.optional("timeout", duration)?,
        start_period: fields.optional("start_period", duration)?,
        retries: fields.optional("retries", Spot::whole_number)?,
    })
}

fn health_test(spot: &Spot) -> Result<Vec<String>, Problem> {
    let Some(items) = spot.items() else {
        return Ok(vec!["CMD-SHELL".to_owned(), spot.text()?]);
    };
    let words: Vec<String> = items.iter().map(Spot::text).collect::<Result<_, _>>()?;
    match words.first().map(String::as_str) {
        Some("NONE" | "CMD" | "CMD-SHELL") => Ok(words),
        _ => Err(spot.expected("a list that begins with CMD, CMD-SHELL or NONE")),
    }
}
