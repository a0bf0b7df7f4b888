//! One entry of `services` to a [`Service`]; whether the names it uses exist is checked elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::{Problem, ProblemKind, Problems};
use super::model::{Condition, ConfigFile, Restart, Service};
use super::spot::{Fields, Spot};
use super::yaml::Value;
use super::{build, health, mount, pairs, port, scalar};

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
        environment: problems.keep(fields.or_default("environment", |at| pairs::environment(at, around))),
        ports: problems.keep(fields.or_default("ports", |at| each(at, port::port))),
        labels: problems.keep(fields.or_default("labels", pairs::labels)),
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
    let build = fields.optional("build", |at| build::build(at, around, problems));
    service.build = problems.keep(build);
    let healthcheck = fields.optional("healthcheck", |at| health::healthcheck(at, problems));
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

fn depends_on(spot: &Spot) -> Result<BTreeMap<String, Condition>, Problem> {
    if let Some(items) = spot.items() {
        let started = |item: &Spot| Ok((item.text()?, Condition::Started));
        return items.iter().map(started).collect();
    }
    let entries = spot.entries();
    let entries = entries.ok_or_else(|| spot.expected("a list or a mapping of services"))?;
    let dependency = |(name, at): &(&str, Spot)| Ok(((*name).to_owned(), condition(at)?));
    entries.iter().map(dependency).collect()
}

fn condition(spot: &Spot) -> Result<Condition, Problem> {
    spot.only_fields(&["condition"])?.required("condition", |at| {
        at.parsed(
            "service_started, service_healthy or service_completed_successfully",
            |word| match word {
                "service_started" => Some(Condition::Started),
                "service_healthy" => Some(Condition::Healthy),
                "service_completed_successfully" => Some(Condition::Completed),
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
        let aliases = at.only_fields(&["aliases"])?.or_default("aliases", Spot::texts)?;
        Ok(((*name).to_owned(), aliases))
    };
    entries.iter().map(network).collect()
}

fn config(spot: &Spot, contents: &BTreeMap<String, String>) -> Result<ConfigFile, Problem> {
    let (source, target, mode) = if let Value::Text { text, .. } = &spot.node.value {
        (text.clone(), None, None)
    } else {
        let fields = spot.only_fields(&["mode", "source", "target"])?;
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
