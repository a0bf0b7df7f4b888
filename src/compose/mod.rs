//! Compose YAML to plain data; knows no engine, reads no file and no environment.

mod build;
mod error;
mod health;
mod interpolate;
mod model;
mod mount;
mod pairs;
mod port;
mod project;
mod references;
mod scalar;
mod service;
mod spot;
#[cfg(test)]
mod tests;
mod tree;
mod variables;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) use error::ComposeError;
pub(crate) use model::*;
pub(crate) use variables::Warning;

/// Larger than any Compose file. The YAML parser's time grows with the square of the depth: 1 MiB of `[` takes it a minute.
const MOST_BYTES: usize = 256 << 10;

/// What a file does not say itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoadOptions<'a> {
    pub(crate) variables: &'a BTreeMap<String, String>,
    /// Active profiles; services without a profile are always active.
    pub(crate) profiles: &'a BTreeSet<String>,
    /// Takes the place of the file's `name`.
    pub(crate) name: Option<&'a str>,
}

/// A project, and what the user should know about how it came out.
#[derive(Debug, PartialEq)]
pub(crate) struct Loaded {
    pub(crate) project: Project,
    pub(crate) warnings: Vec<Warning>,
}

/// Reads the text of a Compose file. `path` is its absolute path: relative paths in it start at its directory, and errors name it.
///
/// # Errors
/// Broken YAML is reported alone; variables without a value alone; else all that is wrong, each with its path in the file.
pub(crate) fn load(path: &Path, text: &str, options: &LoadOptions) -> Result<Loaded, ComposeError> {
    if text.len() > MOST_BYTES {
        return Err(ComposeError::TooLarge {
            file: path.to_path_buf(),
            bytes: text.len(),
            most: MOST_BYTES,
        });
    }
    let mut root = yaml::parse(text).map_err(|yaml::Broken(message)| ComposeError::Yaml {
        file: path.to_path_buf(),
        message,
    })?;
    let mut problems = error::Problems::default();
    let warnings = variables::substitute(&mut root, options.variables, &mut problems);
    if !problems.is_empty() {
        return Err(problems.into_error(path));
    }
    let directory = path.parent().unwrap_or(path);
    let project = project::project(&root, directory, options, &mut problems);
    let project = project.map_err(|problem| problems.add(problem));
    match project {
        Ok(project) if problems.is_empty() => Ok(Loaded { project, warnings }),
        _ => Err(problems.into_error(path)),
    }
}
