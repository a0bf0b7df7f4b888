//! An experiment as it is typed in YAML, checked and made into one that can be run; names the place of what is wrong.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::load;

use super::super::figures::Known;
use super::super::scenario::{App, Phase, Reader, Scalar, ScenarioError, Server, Setting, TypedPhase, yaml};
use super::{Experiment, Variant};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Typed {
    title: String,
    #[serde(default)]
    question: String,
    #[serde(default = "one")]
    seed: u64,
    #[serde(default = "five")]
    repeat: u32,
    warm_up: Option<String>,
    duration: Option<String>,
    cool_down: Option<String>,
    judge: Option<String>,
    app: Option<App>,
    /// What all variants have.
    #[serde(default)]
    uwsgi: Server,
    #[serde(default)]
    vary: Varied,
    #[serde(default)]
    cases: Vec<TypedCase>,
    loads: Vec<TypedPhase>,
}

fn one() -> u64 {
    1
}

fn five() -> u32 {
    5
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedCase {
    name: String,
    #[serde(default)]
    uwsgi: Server,
}

/// Settings and the values they take, in the order in which they were typed.
#[derive(Default)]
struct Varied(Vec<(String, Vec<Scalar>)>);

impl<'de> Deserialize<'de> for Varied {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Varied;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("settings of uWSGI with lists of values, as in `processes: [1, 2, 4]`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Varied, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Varied(pairs))
            }
        }
        from.deserialize_map(InOrder)
    }
}

const DURATION: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(2);
const COOL_DOWN: Duration = Duration::from_secs(1);
/// More would take weeks.
const MOST_CASES: usize = 10_000;

pub(super) fn read(source: &str, directory: &Path) -> Result<Experiment, ScenarioError> {
    let typed: Typed = yaml(source)?;
    let reader = Reader { source, directory };
    let length = |text: &Option<String>, default: Duration| match text.as_deref() {
        None => Ok(default),
        Some("0" | "0s") => Ok(Duration::ZERO),
        Some(text) => load::duration(text).map_err(|error| reader.wrong(text, error.to_string())),
    };
    let warm_up = length(&typed.warm_up, WARM_UP)?;
    if warm_up.subsec_nanos() != 0 {
        let text = typed.warm_up.as_deref().unwrap_or("warm-up");
        return Err(reader.wrong(text, "a warm-up lasts whole seconds"));
    }
    let duration = length(&typed.duration, DURATION)?;
    let cool_down = length(&typed.cool_down, COOL_DOWN)?;
    if typed.repeat == 0 {
        return Err(reader.wrong("repeat", "each case is measured once or more"));
    }
    if let Some(judge) = typed.judge.as_ref().filter(|judge| Known::of(judge).is_none()) {
        let message = format!("there is no figure `{judge}`; there are {}", Known::names());
        return Err(reader.wrong(judge, message));
    }
    let variants = variants(&reader, &typed)?;
    let loads = loads(&reader, typed.loads, duration, typed.seed)?;
    if variants.len() * loads.len() * typed.repeat as usize > MOST_CASES {
        let message = format!("more than {MOST_CASES} measurements: take fewer values, loads or repetitions");
        return Err(reader.wrong("vary", message));
    }
    let app = typed.app.map(|app| reader.app(app)).transpose()?;
    Ok(Experiment {
        app,
        title: typed.title,
        question: typed.question.trim().to_owned(),
        seed: typed.seed,
        variants,
        loads,
        repeat: typed.repeat,
        warm_up,
        cool_down,
        judge: typed.judge,
    })
}

/// Every combination of what is varied, then the cases that were typed whole.
fn variants(reader: &Reader<'_>, typed: &Typed) -> Result<Vec<Variant>, ScenarioError> {
    let mut combined = vec![Variant {
        name: String::new(),
        server: typed.uwsgi.clone(),
    }];
    no_own(reader, &typed.uwsgi)?;
    for (key, values) in &typed.vary.0 {
        let wrong = |message: String| reader.wrong_in("vary", key, message);
        if typed.vary.0.iter().filter(|(other, _)| other == key).count() > 1 {
            return Err(wrong(format!("`{key}` is varied twice")));
        }
        if values.is_empty() {
            return Err(wrong(format!("`{key}` is varied and has no value")));
        }
        let mut next = Vec::new();
        for variant in &combined {
            for value in values {
                next.push(with(reader, variant, key, value)?);
            }
        }
        combined = next;
        if let Some(name) = twice(&combined) {
            return Err(wrong(format!("`{key}` has a value twice: {name}")));
        }
        if combined.len() > MOST_CASES {
            return Err(reader.wrong(key, format!("more than {MOST_CASES} combinations")));
        }
    }
    if typed.vary.0.is_empty() {
        combined.clear();
    }
    for case in &typed.cases {
        if combined.iter().any(|variant| variant.name == case.name) {
            return Err(reader.wrong(&case.name, format!("two cases are named `{}`", case.name)));
        }
        no_own(reader, &case.uwsgi)?;
        combined.push(Variant {
            name: case.name.clone(),
            server: typed.uwsgi.with(&case.uwsgi),
        });
    }
    if combined.is_empty() {
        let message = "an experiment varies something, as in `vary: {processes: [1, 4]}`, or has cases";
        return Err(reader.wrong("title", message));
    }
    Ok(combined)
}

/// The first name that two of them have.
fn twice(variants: &[Variant]) -> Option<&str> {
    let names = variants.iter().enumerate();
    let repeated = |(index, variant): &(usize, &Variant)| {
        variants[..*index]
            .iter()
            .any(|earlier| earlier.name == variant.name)
    };
    let mut repeated = names.filter(repeated);
    repeated.next().map(|(_, variant)| variant.name.as_str())
}

/// Names of uWSGI's that processes and threads have, of which an experiment has keys of its own.
const OWN: [&str; 4] = ["processes", "workers", "p", "threads"];

fn no_own(reader: &Reader<'_>, server: &Server) -> Result<(), ScenarioError> {
    match OWN.iter().find(|name| server.options.contains_key(**name)) {
        Some(name) => {
            let message = format!(
                "`{name}` among the options would take the place of what is varied: set processes and threads beside them"
            );
            Err(reader.wrong(&format!("{name}:"), message))
        }
        None => Ok(()),
    }
}

fn with(reader: &Reader<'_>, variant: &Variant, key: &str, value: &Scalar) -> Result<Variant, ScenarioError> {
    let mut server = variant.server.clone();
    let count = || match value {
        Scalar::Number(count) => u32::try_from(*count).ok().filter(|count| *count > 0),
        _ => None,
    };
    let count =
        || count().ok_or_else(|| reader.wrong_in("vary", key, format!("{key} are whole numbers above 0")));
    match key {
        "processes" => server.processes = Some(count()?),
        "threads" => server.threads = Some(count()?),
        "workers" | "p" => {
            return Err(reader.wrong_in("vary", key, format!("`{key}` is called processes here")));
        }
        _ => {
            server.options.insert(key.to_owned(), Setting::One(value.clone()));
        }
    }
    let name = format!("{} {key}={}", variant.name, value.text());
    Ok(Variant {
        name: name.trim_start().to_owned(),
        server,
    })
}

fn loads(
    reader: &Reader<'_>,
    typed: Vec<TypedPhase>,
    duration: Duration,
    seed: u64,
) -> Result<Vec<Phase>, ScenarioError> {
    let mut loads: Vec<Phase> = Vec::new();
    for mut load in typed {
        let name = load.name.clone();
        if loads.iter().any(|earlier| earlier.name == name) {
            return Err(reader.wrong(&name, format!("two loads are named `{name}`")));
        }
        load.usual = Some(duration);
        let phase = reader.phase(load, seed)?;
        if phase.load.is_none() {
            return Err(reader.wrong(&name, format!("load `{name}` needs a rate, as in `rate: 16`")));
        }
        loads.push(phase);
    }
    if loads.is_empty() {
        return Err(reader.wrong("loads", "an experiment has at least one load"));
    }
    Ok(loads)
}

#[cfg(test)]
mod tests {
    use super::super::tests::EXPERIMENT;
    use super::*;

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (wrong, right, message) in [
            ("repeat: 4", "repeat: 0", "line 4, column 1: each case"),
            (
                "warm-up: 2s",
                "warm-up: 2.5s",
                "line 5, column 10: a warm-up lasts",
            ),
            ("seed: 3", "sead: 3", "line 3, column 1: unknown field `sead`"),
            (
                "processes: [1, 4]",
                "processes: [1, some]",
                "line 10, column 3: processes are whole numbers above 0",
            ),
            (
                "processes: [1, 4]",
                "processes: []",
                "line 10, column 3: `processes` is varied and has no value",
            ),
            (
                "name: as it is",
                "name: processes=1 threads=1 max-requests=0",
                "line 14, column 10: two cases are named",
            ),
            (", rate: 16", "", "line 16, column 10: load `calm` needs a rate"),
            (
                "processes: [1, 4]",
                "processes: [1, 1]",
                "line 10, column 3: `processes` has a value twice",
            ),
            (
                "lazy-apps: true",
                "threads: 2",
                "line 8, column 19: `threads` among the options",
            ),
            (
                "repeat: 4",
                "judge: speed",
                "line 4, column 8: there is no figure `speed`",
            ),
            ("repeat: 4", "repeat: 4000", "line 9, column 1: more than 10000"),
        ] {
            let source = EXPERIMENT.replace(wrong, right);
            assert_ne!(source, EXPERIMENT, "{wrong}");
            let error = Experiment::parse(&source, Path::new("")).unwrap_err().to_string();
            assert!(error.starts_with(message), "{right}: {error}");
        }
        let nothing = "title: Nothing\nloads: [{name: a, rate: 1}]\n";
        let error = Experiment::parse(nothing, Path::new("")).unwrap_err().to_string();
        assert!(error.contains("an experiment varies something"), "{error}");
    }
}
