//! docker-compose as a second opinion: what it makes of a file must be the same project to us as the file itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use super::super::*;

const VARIABLES: &[(&str, &str)] = &[
    ("GIVEN", "given"),
    ("EMPTY", ""),
    ("UWSGI_LAB_INFLUXDB_PASSWORD", "i"),
    ("UWSGI_LAB_GRAFANA_PASSWORD", "g"),
];

/// The file as `docker-compose config` prints it; `None` where there is no docker-compose.
#[expect(
    clippy::disallowed_methods,
    reason = "a test of another program hands on what that program needs to start"
)]
fn as_docker_compose_reads(file: &Path) -> Option<String> {
    let output = Command::new("docker-compose")
        .args(["--project-name", "lab", "--file"])
        .arg(file)
        .arg("config")
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME"))
        .envs(VARIABLES.iter().copied())
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: {} (docker-compose is not installed)", file.display());
            return None;
        }
        output => output.unwrap(),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", file.display());
    Some(String::from_utf8(output.stdout).unwrap())
}

fn as_we_read(file: &Path, text: &str) -> Project {
    let variables = VARIABLES.iter();
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options = LoadOptions {
        variables: &variables.collect::<BTreeMap<_, _>>(),
        profiles: &BTreeSet::new(),
        name: Some("lab"),
    };
    load(file, text, &options).unwrap().project
}

fn agree(file: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if let Some(theirs) = as_docker_compose_reads(&file) {
        let ours = std::fs::read_to_string(&file).unwrap();
        assert_eq!(as_we_read(&file, &ours), as_we_read(&file, &theirs));
    }
}

#[test]
fn docker_compose_agrees_on_short_forms() {
    agree("tests/fixtures/compose/short-forms.yaml");
}

#[test]
fn docker_compose_agrees_on_long_forms() {
    agree("tests/fixtures/compose/long-forms.yaml");
}

#[test]
fn docker_compose_agrees_on_variables_and_merges() {
    agree("tests/fixtures/compose/variables-and-merges.yaml");
}

#[test]
fn docker_compose_agrees_on_our_own_stack() {
    agree("stack/compose.yaml");
}
