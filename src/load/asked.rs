//! The rate as it is typed after `-R` or in a scenario, and the plan it becomes.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::typed::{self, TypedError};
use super::{Arrivals, Plan, Profile, Rate, Sine, Stage, Stages};

/// What was typed. A ramp without a length of its own takes that of the run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AskedRate {
    Max,
    Ramp { from: f64, to: f64 },
    Profile(Profile),
}

/// Why a text is no rate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskedError {
    #[error(transparent)]
    Value(#[from] TypedError),
    #[error("`{0}` is no stage: RATE:TIME or RATE..RATE:TIME, as in 50:10s or 10..500:30s")]
    Stage(String),
    #[error("the stages ask for no request")]
    Nothing,
    #[error("a sine is sine:LOW..HIGH:PERIOD, as in sine:50..150:60s")]
    Sine,
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    #[error("{path}, line {line}: `{text}` is no number of seconds from the start")]
    Time { path: String, line: usize, text: String },
    #[error("{path}, line {line}: earlier than the line before; the times have to be in order")]
    Order { path: String, line: usize },
    #[error("{0} has no times in it")]
    Empty(String),
}

impl AskedRate {
    /// How long it is meant to last, where it says so.
    pub(crate) fn length(&self) -> Option<Duration> {
        match self {
            Self::Max | Self::Ramp { .. } => None,
            Self::Profile(profile) => profile.length(),
        }
    }

    /// The same in less time: of stages each lasts `factor` of its length, of what has no length nothing changes.
    pub(crate) fn shortened(&self, factor: f64) -> Self {
        let Self::Profile(Profile::Stages(stages)) = self else {
            return self.clone();
        };
        let stages = stages.each().iter().map(|stage| Stage {
            length: stage.length.mul_f64(factor),
            ..*stage
        });
        Self::Profile(Profile::Stages(Stages::new(stages.collect())))
    }

    pub(crate) fn over(&self, duration: Duration, arrivals: Arrivals) -> Rate {
        let profile = match self {
            Self::Max => return Rate::Max,
            Self::Ramp { from, to } => Profile::Stages(Stages::new(vec![Stage {
                length: duration,
                from: *from,
                to: *to,
            }])),
            Self::Profile(profile) => profile.clone(),
        };
        Rate::Open(Arc::new(Plan {
            profile,
            arrivals,
            lead: None,
        }))
    }
}

pub(crate) fn parse(text: &str) -> Result<AskedRate, AskedError> {
    if text == "max" {
        return Ok(AskedRate::Max);
    }
    if let Some(path) = text.strip_prefix('@') {
        return Ok(AskedRate::Profile(Profile::Recorded(recorded(path)?.into())));
    }
    if let Some(swing) = text.strip_prefix("sine:") {
        return Ok(AskedRate::Profile(Profile::Sine(sine(swing)?)));
    }
    if text.contains(':') {
        let stages: Vec<Stage> = text.split(',').map(stage).collect::<Result<_, _>>()?;
        if stages.iter().all(|stage| stage.from == 0.0 && stage.to == 0.0) {
            return Err(AskedError::Nothing);
        }
        return Ok(AskedRate::Profile(Profile::Stages(Stages::new(stages))));
    }
    if text.contains("..") {
        let (from, to) = rates(text)?;
        return match from == 0.0 && to == 0.0 {
            true => Err(AskedError::Nothing),
            false => Ok(AskedRate::Ramp { from, to }),
        };
    }
    let rate = typed::rate(text)?;
    Ok(AskedRate::Profile(Profile::Constant { rate }))
}

/// `RATE` or `RATE..RATE`, where 0 is allowed.
fn rates(text: &str) -> Result<(f64, f64), TypedError> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let rate = |text| typed::rate_or_none(text).map(Option::unwrap_or_default);
    Ok((rate(from)?, rate(to)?))
}

fn stage(text: &str) -> Result<Stage, AskedError> {
    let (rate, length) = text
        .split_once(':')
        .ok_or_else(|| AskedError::Stage(text.to_owned()))?;
    let (from, to) = rates(rate)?;
    Ok(Stage {
        length: typed::duration(length)?,
        from,
        to,
    })
}

fn sine(text: &str) -> Result<Sine, AskedError> {
    let (range, period) = text.split_once(':').ok_or(AskedError::Sine)?;
    let (low, high) = rates(range)?;
    if high <= low {
        return Err(AskedError::Sine);
    }
    Ok(Sine {
        mean: f64::midpoint(low, high),
        amplitude: (high - low) / 2.0,
        period: typed::duration(period)?,
    })
}

/// Seconds from the start, one a line; blank lines and what follows a `#` are passed over.
fn recorded(path: &str) -> Result<Vec<Duration>, AskedError> {
    let text = fs::read_to_string(path).map_err(|source| AskedError::File {
        path: path.to_owned(),
        source,
    })?;
    let mut times = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = line.split('#').next().unwrap_or_default().trim();
        if number.is_empty() {
            continue;
        }
        let time = number
            .parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let time = time.ok_or_else(|| AskedError::Time {
            path: path.to_owned(),
            line: index + 1,
            text: number.to_owned(),
        })?;
        if times.last().is_some_and(|last| time < *last) {
            let path = path.to_owned();
            return Err(AskedError::Order {
                path,
                line: index + 1,
            });
        }
        times.push(time);
    }
    match times.is_empty() {
        true => Err(AskedError::Empty(path.to_owned())),
        false => Ok(times),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn stage(seconds: u64, from: f64, to: f64) -> Stage {
        Stage {
            length: Duration::from_secs(seconds),
            from,
            to,
        }
    }

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn each_shape_of_a_rate_is_read() {
        let profile = |text: &str| match parse(text).unwrap() {
            AskedRate::Profile(profile) => profile,
            other => panic!("{other:?}"),
        };
        assert_eq!(profile("2k"), Profile::Constant { rate: 2000.0 });
        assert_eq!(parse("max").unwrap(), AskedRate::Max);
        assert_eq!(parse("0..500").unwrap(), AskedRate::Ramp { from: 0.0, to: 500.0 });
        let spike = Stages::new(vec![
            stage(10, 50.0, 50.0),
            stage(5, 50.0, 400.0),
            stage(60, 0.5, 0.5),
        ]);
        assert_eq!(profile("50:10s,50..400:5s,0.5:1m"), Profile::Stages(spike));
        let sine = Sine {
            mean: 100.0,
            amplitude: 50.0,
            period: Duration::from_secs(60),
        };
        assert_eq!(profile("sine:50..150:60s"), Profile::Sine(sine));
    }

    #[test]
    fn stages_tell_how_long_they_last_and_a_ramp_lasts_as_long_as_the_run() {
        assert_eq!(
            parse("50:10s,400:5s").unwrap().length(),
            Some(Duration::from_secs(15))
        );
        let ramp = parse("10..20").unwrap();
        assert_eq!(ramp.length(), None);
        let Rate::Open(plan) = ramp.over(Duration::from_secs(30), Arrivals::Even) else {
            panic!("{ramp:?}");
        };
        assert_eq!(
            plan.profile,
            Profile::Stages(Stages::new(vec![stage(30, 10.0, 20.0)]))
        );
    }

    #[test]
    fn recorded_times_are_read_from_a_file_and_its_faults_told_by_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = |text: &str| {
            let path = directory.path().join("times");
            fs::write(&path, text).unwrap();
            format!("@{}", path.display())
        };
        let path = directory.path().join("times").display().to_string();
        let times = [0, 500, 500, 2000].map(Duration::from_millis);
        let asked = parse(&file("# two at once\n0\n0.5\n0.5 # here\n\n2\n")).unwrap();
        assert_eq!(asked, AskedRate::Profile(Profile::Recorded(times.into())));
        assert_eq!(
            refused(&file("0\nsoon\n")),
            format!("{path}, line 2: `soon` is no number of seconds from the start")
        );
        assert!(
            refused(&file("2\n1\n"))
                .ends_with("line 2: earlier than the line before; the times have to be in order")
        );
        assert_eq!(refused(&file("\n")), format!("{path} has no times in it"));
    }

    #[test]
    fn what_is_no_rate_is_refused_with_the_form_it_should_have() {
        assert_eq!(
            refused("fast"),
            "a rate is a number of requests a second, as in 16, 0.5, 2k, 1M"
        );
        assert_eq!(refused("0"), "the rate must be above 0");
        assert!(refused("50:10s,9").starts_with("`9` is no stage: RATE:TIME"));
        assert_eq!(refused("0:10s"), "the stages ask for no request");
        assert_eq!(
            refused("sine:9..3:1s"),
            "a sine is sine:LOW..HIGH:PERIOD, as in sine:50..150:60s"
        );
    }
}
