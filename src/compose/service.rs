//! One entry of `services` to a [`Service`]; whether the names it uses exist is checked elsewhere.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::error::{Problem, ProblemKind, Problems};
use super::model::{Build, Condition, ConfigFile, Healthcheck, Restart, Service};
use super::spot::{Fields, Spot};
use super::yaml::Value;
use super::{mount, port, scalar};

const SUPPORTED: &[&str] = &[
    "build",
    "cap_drop",
    "command",
    "configs",
    "cpus",
    "depends_on",
    "entrypoint",
    "environment",
    "healthcheck",
    "image",
    "init",
    "labels",
    "mem_limit",
    "networks",
    "ports",
    "profiles",
    "read_only",
    "restart",
    "security_opt",
    "tmpfs",
    "user",
    "volumes",
];

/// What the whole file and its caller give to each service.
pub(super) struct Surroundings<'a> {
    /// Absolute; relative paths start here.
    pub(super) directory: &'a Path,
    pub(super) variables: &'a BTreeMap<String, String>,
    /// Contents by name.
    pub(super) configs: &'a BTreeMap<String, String>,
}

pub(super) fn service(
    spot: &Spot,
    around: &Surroundings,
    problems: &mut Problems,
) -> Result<Service, Problem> {
    let fields = spot.fields(SUPPORTED, problems)?;
    if fields.spot("image").is_none() && fields.spot("build").is_none() {
        problems.add(spot.problem(ProblemKind::Missing {
            missing: "image or build",
        }));
    }
    let mut service = Service {
        image: problems.keep(fields.optional("image", Spot::text)),
        command: problems.keep(fields.optional("command", command_line)),
        entrypoint: problems.keep(fields.optional("entrypoint", command_line)),
        environment: problems.keep(fields.or_default("environment", |at| environment(at, around))),
        ports: problems.keep(fields.or_default("ports", |at| each(at, port::port))),
        labels: problems.keep(fields.or_default("labels", labels)),
        user: problems.keep(fields.optional("user", Spot::word)),
        read_only: problems.keep(fields.or_default("read_only", Spot::boolean)),
        tmpfs: problems.keep(fields.or_default("tmpfs", Spot::text_or_texts)),
        cap_drop: problems.keep(fields.or_default("cap_drop", Spot::texts)),
        security_opt: problems.keep(fields.or_default("security_opt", Spot::texts)),
        init: problems.keep(fields.optional("init", Spot::boolean)),
        restart: problems.keep(fields.or_default("restart", restart)),
        ..Service::default()
    };
    resources(&fields, &mut service, problems);
    relations(&fields, &mut service, around, problems);
    Ok(service)
}

fn resources(fields: &Fields, service: &mut Service, problems: &mut Problems) {
    service.mem_limit =
        problems.keep(fields.optional("mem_limit", |at| at.parsed("a size such as 512m", scalar::bytes)));
    service.nano_cpus = problems.keep(fields.optional("cpus", |at| {
        at.parsed("a number of processors such as 0.5", scalar::nano_cpus)
    }));
}

/// The fields that name other parts of the file or read several fields of their own.
fn relations(fields: &Fields, service: &mut Service, around: &Surroundings, problems: &mut Problems) {
    let build = fields.optional("build", |at| build(at, around, problems));
    service.build = problems.keep(build);
    let healthcheck = fields.optional("healthcheck", |at| healthcheck(at, problems));
    service.healthcheck = problems.keep(healthcheck);
    let volumes = fields.or_default("volumes", |at| each(at, |item| mount::mount(item, around)));
    service.volumes = problems.keep(volumes);
    service.configs =
        problems.keep(fields.or_default("configs", |at| each(at, |item| config(item, around.configs))));
    service.depends_on = problems.keep(fields.or_default("depends_on", depends_on));
    service.networks = problems.keep(fields.or_default("networks", networks));
    if service.networks.is_empty() {
        service.networks.insert("default".to_owned(), Vec::new());
    }
}

/// The profiles a service belongs to; none: it is always active.
pub(super) fn profiles(spot: &Spot) -> Result<Vec<String>, Problem> {
    let profiles = spot
        .entries()
        .into_iter()
        .flatten()
        .find(|(key, _)| *key == "profiles");
    profiles.map_or(Ok(Vec::new()), |(_, at)| at.texts())
}

/// Reads the items of a list.
fn each<'a, T>(
    spot: &Spot<'a>,
    read: impl FnMut(&Spot<'a>) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    spot.list()?.iter().map(read).collect()
}

fn command_line(spot: &Spot) -> Result<Vec<String>, Problem> {
    if let Value::Text { text, .. } = &spot.node.value {
        return scalar::split_words(text)
            .ok_or_else(|| spot.expected("a command line whose quotes are closed"));
    }
    spot.text_or_texts()
}

/// The value of a variable, label or argument; `None` where the file gives none.
fn plain_value(spot: &Spot) -> Result<Option<String>, Problem> {
    let ambiguous = |found: &str| ProblemKind::Ambiguous {
        found: found.to_owned(),
    };
    match &spot.node.value {
        Value::Null => Ok(None),
        Value::Boolean(boolean) => Ok(Some(boolean.to_string())),
        Value::Number(word)
        | Value::Text {
            text: word,
            plain: true,
        } if scalar::is_ambiguous(word) => Err(spot.problem(ambiguous(word))),
        Value::Number(word) | Value::Text { text: word, .. } => Ok(Some(word.clone())),
        Value::List(_) | Value::Mapping(_) => Err(spot.expected("text")),
    }
}

/// `{KEY: value}` or `[KEY=value]`; `None` where only the key is given.
fn pairs(spot: &Spot) -> Result<BTreeMap<String, Option<String>>, Problem> {
    if let Some(items) = spot.items() {
        let pair = |item: &Spot| {
            let text = item.text()?;
            Ok(match text.split_once('=') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                None => (text, None),
            })
        };
        return items.iter().map(pair).collect();
    }
    let entries = spot.entries();
    let entries = entries.ok_or_else(|| spot.expected("a mapping or a list of KEY=value"))?;
    let pair = |(key, at): &(&str, Spot)| Ok(((*key).to_owned(), plain_value(at)?));
    entries.iter().map(pair).collect()
}

/// A key without a value takes the caller's variable of that name, or is left out.
fn environment(spot: &Spot, around: &Surroundings) -> Result<BTreeMap<String, String>, Problem> {
    let entries = pairs(spot)?.into_iter().filter_map(|(key, value)| {
        let value = value.or_else(|| around.variables.get(&key).cloned())?;
        Some((key, value))
    });
    Ok(entries.collect())
}

pub(super) fn labels(spot: &Spot) -> Result<BTreeMap<String, String>, Problem> {
    let entries = pairs(spot)?.into_iter();
    Ok(entries
        .map(|(key, value)| (key, value.unwrap_or_default()))
        .collect())
}

fn build(spot: &Spot, around: &Surroundings, problems: &mut Problems) -> Result<Build, Problem> {
    if let Value::Text { .. } = spot.node.value {
        return Ok(Build {
            context: context(spot, around)?,
            dockerfile: "Dockerfile".to_owned(),
            args: BTreeMap::new(),
            target: None,
            overlays: BTreeMap::new(),
        });
    }
    let fields = spot.fields(&["args", "context", "dockerfile", "target"], problems)?;
    Ok(Build {
        context: fields.required("context", |at| context(at, around))?,
        dockerfile: fields
            .optional("dockerfile", Spot::text)?
            .unwrap_or_else(|| "Dockerfile".to_owned()),
        args: fields.or_default("args", |at| environment(at, around))?,
        target: fields.optional("target", Spot::text)?,
        overlays: BTreeMap::new(),
    })
}

fn context(spot: &Spot, around: &Surroundings) -> Result<PathBuf, Problem> {
    let text = spot.text()?;
    if text.contains("://") || text.starts_with("git@") {
        return Err(spot.expected("a directory"));
    }
    Ok(absolute(around.directory, &text))
}

/// Joins and cleans `.` and `..` without looking at the disk.
pub(super) fn absolute(directory: &Path, relative: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in directory.join(relative).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

fn restart(spot: &Spot) -> Result<Restart, Problem> {
    let expected = "'no' (in quotes), always, unless-stopped or on-failure[:attempts]";
    spot.parsed(expected, |word| match word.split_once(':') {
        None => match word {
            "no" => Some(Restart::No),
            "always" => Some(Restart::Always),
            "unless-stopped" => Some(Restart::UnlessStopped),
            "on-failure" => Some(Restart::OnFailure(0)),
            _ => None,
        },
        Some(("on-failure", attempts)) => {
            let attempts = attempts.parse::<u32>().ok()?;
            Some(Restart::OnFailure(attempts.into()))
        }
        Some(_) => None,
    })
}

fn healthcheck(spot: &Spot, problems: &mut Problems) -> Result<Healthcheck, Problem> {
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

fn depends_on(spot: &Spot) -> Result<BTreeMap<String, Condition>, Problem> {
    if let Some(items) = spot.items() {
        let started = |item: &Spot| Ok((item.text()?, Condition::ServiceStarted));
        return items.iter().map(started).collect();
    }
    let entries = spot.entries();
    let entries = entries.ok_or_else(|| spot.expected("a list or a mapping of services"))?;
    let dependency = |(name, at): &(&str, Spot)| Ok(((*name).to_owned(), condition(at)?));
    entries.iter().map(dependency).collect()
}

fn condition(spot: &Spot) -> Result<Condition, Problem> {
    only_fields(spot, &["condition"])?.required("condition", |at| {
        at.parsed(
            "service_started, service_healthy or service_completed_successfully",
            |word| match word {
                "service_started" => Some(Condition::ServiceStarted),
                "service_healthy" => Some(Condition::ServiceHealthy),
                "service_completed_successfully" => Some(Condition::ServiceCompletedSuccessfully),
                _ => None,
            },
        )
    })
}

fn networks(spot: &Spot) -> Result<BTreeMap<String, Vec<String>>, Problem> {
    if let Some(items) = spot.items() {
        return items.iter().map(|item| Ok((item.text()?, Vec::new()))).collect();
    }
    let entries = spot.entries();
    let entries = entries.ok_or_else(|| spot.expected("a list or a mapping of networks"))?;
    let network = |(name, at): &(&str, Spot)| {
        if at.is_null() {
            return Ok(((*name).to_owned(), Vec::new()));
        }
        let aliases = only_fields(at, &["aliases"])?.or_default("aliases", Spot::texts)?;
        Ok(((*name).to_owned(), aliases))
    };
    entries.iter().map(network).collect()
}

fn config(spot: &Spot, contents: &BTreeMap<String, String>) -> Result<ConfigFile, Problem> {
    let (source, target, mode) = if let Value::Text { text, .. } = &spot.node.value {
        (text.clone(), None, None)
    } else {
        let fields = only_fields(spot, &["mode", "source", "target"])?;
        (
            fields.required("source", Spot::text)?,
            fields.optional("target", mount::container_path)?,
            fields.optional("mode", file_mode)?,
        )
    };
    let content = contents.get(&source).ok_or_else(|| {
        spot.problem(ProblemKind::Undefined {
            what: "config",
            name: source.clone(),
            defined: super::references::listed(contents.keys()),
        })
    })?;
    Ok(ConfigFile {
        target: target.unwrap_or_else(|| format!("/{source}")),
        content: content.clone(),
        mode: mode.unwrap_or(0o444),
    })
}

/// Octal with its zero: a decimal 440 would be other bits than it looks like.
fn file_mode(spot: &Spot) -> Result<u32, Problem> {
    spot.parsed("permission bits in octal such as 0440", |word| {
        let digits = word.strip_prefix("0o").or_else(|| word.strip_prefix('0'))?;
        u32::from_str_radix(digits, 8).ok().filter(|mode| *mode <= 0o7777)
    })
}

/// As [`Spot::fields`], where the first key that is not supported is enough.
pub(super) fn only_fields<'a>(spot: &Spot<'a>, supported: &[&str]) -> Result<Fields<'a>, Problem> {
    let mut problems = Problems::default();
    let fields = spot.fields(supported, &mut problems)?;
    problems.into_first().map_or(Ok(fields), Err)
}
