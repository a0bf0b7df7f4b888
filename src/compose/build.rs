//! How a service's image is built, and paths on this machine.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::error::{Problem, Problems};
use super::model::Build;
use super::pairs::environment;
use super::service::Surroundings;
use super::spot::Spot;
use super::yaml::Value;

pub(super) fn build(spot: &Spot, around: &Surroundings, problems: &mut Problems) -> Result<Build, Problem> {
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
