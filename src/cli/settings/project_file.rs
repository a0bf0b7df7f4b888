//! `uwsgi-lab.yaml`: what a project always wants of its lab. Every key is optional; unknown ones are refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::error::{Code, Failure};
use super::reworded;

pub(super) const DEFAULT_NAME: &str = "uwsgi-lab.yaml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectFile {
    pub(super) name: Option<String>,
    pub(super) engine: Option<String>,
    /// A Compose file in place of the lab's own; relative to the project file.
    pub(super) file: Option<PathBuf>,
    #[serde(default)]
    pub(super) ports: Ports,
    #[serde(default)]
    pub(super) uwsgi: Uwsgi,
    pub(super) app: Option<App>,
    /// An existing stats server to watch.
    pub(super) stats: Option<String>,
    #[serde(default)]
    pub(super) collector: Collector,
    #[serde(default)]
    pub(super) load: Load,
    pub(super) wait: Option<Scalar>,
    /// True for the settings of a bundle, whose paths are there once it is unpacked.
    #[serde(skip)]
    pub(super) is_bundled: bool,
    /// True where there is no such file.
    #[serde(skip)]
    pub(super) is_absent: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) app: Option<u16>,
    pub(super) stats: Option<u16>,
    pub(super) influxdb: Option<u16>,
    pub(super) grafana: Option<u16>,
    /// For Prometheus; 0 serves nothing.
    pub(super) metrics: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Uwsgi {
    pub(super) processes: Option<u32>,
    pub(super) threads: Option<u32>,
    /// Any other option; a list gives the option several times.
    #[serde(default)]
    pub(super) options: BTreeMap<String, OptionValue>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    /// Relative to the project file.
    pub(super) directory: PathBuf,
    /// `module:callable`.
    pub(super) module: String,
    /// Relative to the project file.
    pub(super) requirements: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Collector {
    pub(super) interval: Option<Scalar>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    /// Requests a second; 0 sends none.
    pub(super) rate: Option<Scalar>,
    pub(super) connections: Option<usize>,
    pub(super) threads: Option<usize>,
    pub(super) path: Option<String>,
}

/// Text, a number or a truth value, kept as it would be typed.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Truth(bool),
    Whole(i64),
    Fraction(f64),
    Text(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OptionValue {
    One(Scalar),
    Several(Vec<Scalar>),
}

impl Scalar {
    pub(super) fn typed(&self) -> String {
        match self {
            Self::Truth(truth) => truth.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Fraction(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl OptionValue {
    pub(super) fn typed(&self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value.typed()],
            Self::Several(values) => values.iter().map(Scalar::typed).collect(),
        }
    }
}

impl ProjectFile {
    /// The file at `path`, or `uwsgi-lab.yaml` of the working directory where there is one.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let file = path.unwrap_or(Path::new(DEFAULT_NAME));
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_none() => {
                return Ok(Self {
                    is_absent: true,
                    ..Self::default()
                });
            }
            Err(error) => {
                let mut failure = Failure::new(Code::InvalidFile, format!("cannot read {}", file.display()));
                failure.causes.push(error.to_string());
                return Err(failure);
            }
        };
        let mut project = Self::parse(&text, file)?;
        project.resolve_paths(file.parent().unwrap_or(Path::new("")));
        Ok(project)
    }

    pub(super) fn parse(text: &str, file: &Path) -> Result<Self, Failure> {
        // A file of comments alone is the YAML null.
        let parsed = serde_yaml::from_str::<Option<Self>>(text);
        parsed
            .map(Option::unwrap_or_default)
            .map_err(|error| reworded::failure(&error, file))
    }

    pub(super) fn resolve_paths(&mut self, base: &Path) {
        let app = self
            .app
            .iter_mut()
            .flat_map(|app| std::iter::once(&mut app.directory).chain(&mut app.requirements));
        for path in app.chain(&mut self.file) {
            *path = base.join(&*path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_comments_sets_nothing() {
        assert!(
            ProjectFile::parse("# later\n", Path::new("x"))
                .unwrap()
                .name
                .is_none()
        );
    }

    #[test]
    fn options_keep_the_way_they_are_typed() {
        let text = "uwsgi: {options: {harakiri: 30, lazy: true, env: [A=1, B=2]}}";
        let options = ProjectFile::parse(text, Path::new("x")).unwrap().uwsgi.options;
        let typed: Vec<_> = options
            .iter()
            .map(|(key, value)| (key.as_str(), value.typed()))
            .collect();
        assert_eq!(
            typed,
            [
                ("env", vec!["A=1".to_owned(), "B=2".to_owned()]),
                ("harakiri", vec!["30".to_owned()]),
                ("lazy", vec!["true".to_owned()])
            ]
        );
    }
}
