//! What a service mounts, short and long.

use super::build::absolute;
use super::error::Problem;
use super::model::Mount;
use super::service::Surroundings;
use super::spot::Spot;
use super::yaml::Value;

const EXPECTED: &str = "a volume such as data:/path, ./directory:/path:ro or /path";

/// `[source:]target[:ro|rw]`, or the same as a mapping. A source with a leading `.`, `/` or `~` is a path, any other a volume's key.
pub(super) fn mount(spot: &Spot, around: &Surroundings) -> Result<Mount, Problem> {
    match &spot.node.value {
        Value::Mapping(_) => long(spot, around),
        _ => short(spot, around),
    }
}

fn short(spot: &Spot, around: &Surroundings) -> Result<Mount, Problem> {
    let text = spot.text().map_err(|_found| spot.expected(EXPECTED))?;
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, mode) = match parts.as_slice() {
        [target] => (None, *target, "rw"),
        [source, target] => (Some(*source), *target, "rw"),
        [source, target, mode] => (Some(*source), *target, *mode),
        _ => return Err(spot.expected(EXPECTED)),
    };
    if !target.starts_with('/') || source == Some("") || !matches!(mode, "ro" | "rw") {
        return Err(spot.expected(EXPECTED));
    }
    let (target, read_only) = (target.to_owned(), mode == "ro");
    match source {
        Some(path) if path.starts_with(['.', '/', '~']) => bind(spot, path, target, read_only, around),
        volume => Ok(Mount::Volume {
            source: volume.map(str::to_owned),
            target,
            read_only,
        }),
    }
}

fn long(spot: &Spot, around: &Surroundings) -> Result<Mount, Problem> {
    let fields = spot.only_fields(&["read_only", "source", "target", "type"])?;
    let kind = fields.required("type", |at| {
        at.parsed(
            "volume or bind (a tmpfs goes under the service's tmpfs)",
            |word| matches!(word, "volume" | "bind").then(|| word.to_owned()),
        )
    })?;
    let target = fields.required("target", container_path)?;
    let read_only = fields.or_default("read_only", Spot::boolean)?;
    if kind == "bind" {
        let path = fields.required("source", Spot::text)?;
        return bind(spot, &path, target, read_only, around);
    }
    Ok(Mount::Volume {
        source: fields.optional("source", Spot::text)?,
        target,
        read_only,
    })
}

pub(super) fn container_path(spot: &Spot) -> Result<String, Problem> {
    spot.parsed("an absolute path in the container", |word| {
        word.starts_with('/').then(|| word.to_owned())
    })
}

fn bind(
    spot: &Spot,
    path: &str,
    target: String,
    read_only: bool,
    around: &Surroundings,
) -> Result<Mount, Problem> {
    let source = match path.strip_prefix('~') {
        None => absolute(around.directory, path),
        Some(below) => {
            let home = around.variables.get("HOME");
            let home = home.filter(|_| below.is_empty() || below.starts_with('/'));
            let home = home.ok_or_else(|| spot.expected("a path (the variable HOME is not set)"))?;
            absolute(home.as_ref(), below.trim_start_matches('/'))
        }
    };
    Ok(Mount::Bind {
        source,
        target,
        read_only,
    })
}
