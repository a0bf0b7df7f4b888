//! Checks that dependencies inside `src/` all point down, which the compiler cannot do within one crate.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// Lowest layer first. A module may use itself and anything on an earlier line.
const LAYERS: &[&[&str]] = &[
    &["compose", "point"],
    &["plan"],
    &["bundle", "engine", "embedded", "influx", "uwsgi", "load", "state"],
    &["provision", "collector"],
    &["agent"],
    &["experiment"],
    &["report"],
    &["top"],
    &["cli"],
];

#[test]
fn every_dependency_points_to_a_lower_layer() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut offences = Vec::new();
    for file in rust_files(&src) {
        let relative = file.strip_prefix(&src).unwrap().display().to_string();
        let module = relative.split(['/', '.']).next().unwrap();
        if module == "lib" || module == "main" {
            continue;
        }
        let own_layer = layer(module).unwrap_or_else(|| panic!("add `{module}` to LAYERS"));
        for line in fs::read_to_string(&file).unwrap().lines() {
            let code = line.split("//").next().unwrap();
            for tail in code.split("crate::").skip(1) {
                assert!(
                    !tail.starts_with('{'),
                    "{relative}: write one `use crate::…` per module"
                );
                let used = tail
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap();
                if layer(used).is_some_and(|other| used != module && own_layer <= other) {
                    offences.push(format!("{relative} uses crate::{used}"));
                }
            }
        }
    }
    assert_eq!(offences, Vec::<String>::new());
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|names| names.contains(&module))
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
