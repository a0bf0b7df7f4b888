//! What is in a bundle, for people. Reads none.

use std::fmt::Write as _;
use std::path::Path;

use crate::bundle::{BundledImage, Manifest};

use super::number;

const INDENT: usize = 14;

/// One line a thing, under what kind of thing it is.
pub(crate) fn text(path: &Path, manifest: &Manifest) -> String {
    let size: u64 = manifest.parts.iter().map(|part| part.size).sum();
    let mut text = format!(
        "{}: {}, made at {} by uwsgi-lab {}\n\n",
        path.display(),
        number::bytes(size as f64),
        manifest.made,
        manifest.tool
    );
    let lab = format!("{} (engine {})", manifest.lab, manifest.engine);
    rows(&mut text, "Lab", [lab]);
    rows(&mut text, "App", [app(manifest)]);
    rows(&mut text, "Images", manifest.images.iter().map(image));
    if let Some(wheels) = &manifest.wheels {
        let kind = format!("for Python {} on {} {}", wheels.python, wheels.os, wheels.arch);
        rows(
            &mut text,
            "Wheels",
            std::iter::once(kind).chain(wheels.files.iter().cloned()),
        );
    }
    let dashboards = manifest.dashboards.iter();
    rows(
        &mut text,
        "Dashboards",
        dashboards.map(|one| format!("{} ({})", one.title, one.uid)),
    );
    rows(&mut text, "Runs", manifest.runs.iter().cloned());
    text
}

fn rows(text: &mut String, kind: &str, things: impl IntoIterator<Item = String>) {
    let mut kind = kind;
    for thing in things {
        // Writing to a String cannot fail.
        writeln!(text, "  {kind:width$}{thing}", width = INDENT - 2).ok();
        kind = "";
    }
}

fn app(manifest: &Manifest) -> String {
    let watched = manifest
        .project
        .pointer("/stats")
        .and_then(|stats| stats.as_str());
    let module = manifest
        .project
        .pointer("/app/module")
        .and_then(|module| module.as_str());
    match (watched, module) {
        (Some(stats), _) => format!("none; watches {stats}"),
        (None, Some(module)) => module.to_owned(),
        (None, None) => "hello world".to_owned(),
    }
}

fn image((service, image): (&String, &BundledImage)) -> String {
    let size = number::bytes(image.size as f64);
    format!("{service}: {} ({}, {size})", image.name, image.platform)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::bundle::{BundledDashboard, Part, Wheels};

    #[test]
    fn each_thing_stands_under_its_kind_and_a_kind_without_things_is_not_named() {
        let image = BundledImage {
            name: "influxdb:1.8.10".to_owned(),
            tag: "uwsgi-lab-bundle:aa".to_owned(),
            id: "sha256:aa".to_owned(),
            digests: vec![],
            platform: "linux/amd64".to_owned(),
            size: 3 << 20,
            built_from: None,
        };
        let dashboard = |uid: &str, title: &str| BundledDashboard {
            uid: uid.to_owned(),
            title: title.to_owned(),
        };
        let manifest = Manifest {
            version: 1,
            tool: "0.1.0".to_owned(),
            made: "2026-01-02T03:04:05Z".to_owned(),
            lab: "shop".to_owned(),
            engine: "docker".to_owned(),
            own_stack: true,
            project: json!({"app": {"directory": "app", "module": "wsgi:application"}}),
            images: BTreeMap::from([("influxdb".to_owned(), image)]),
            wheels: Some(Wheels {
                python: "3.11".to_owned(),
                os: "linux".to_owned(),
                arch: "x86_64".to_owned(),
                files: vec!["pyuwsgi-2.0.30.whl".to_owned()],
            }),
            dashboards: vec![dashboard("uwsgi-lab", "uWSGI"), dashboard("mine", "Mine")],
            runs: Vec::new(),
            parts: vec![Part {
                name: "stack.tar.gz".to_owned(),
                size: 1536,
                unpacked: 4096,
                sha256: String::new(),
            }],
        };
        let expected = "shop.tar: 1.50KB, made at 2026-01-02T03:04:05Z by uwsgi-lab 0.1.0

  Lab         shop (engine docker)
  App         wsgi:application
  Images      influxdb: influxdb:1.8.10 (linux/amd64, 3.00MB)
  Wheels      for Python 3.11 on linux x86_64
              pyuwsgi-2.0.30.whl
  Dashboards  uWSGI (uwsgi-lab)
              Mine (mine)
";
        assert_eq!(text(Path::new("shop.tar"), &manifest), expected);
    }
}
