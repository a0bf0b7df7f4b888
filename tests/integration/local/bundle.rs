//! A lab without containers in one file, and out of it again where there is no package index.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::bundles::{DASHBOARD, all_bytes, contains, damage, forge, write_run};
use crate::docker::lab::handed_on;
use crate::http;
use crate::lab::Ended;
use crate::local::lab::Lab;

/// Where no package index answers.
const NO_INDEX: [(&str, &str); 2] = [("PIP_INDEX_URL", "http://127.0.0.1:9/"), ("PIP_RETRIES", "1")];

fn away() -> Option<Lab> {
    let no_index = NO_INDEX.map(|(name, value)| (name, value.to_owned()));
    Lab::with(no_index.to_vec())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `bundle`, which must work.
fn bundled(lab: &Lab, more: &[&str]) -> (PathBuf, Ended) {
    let file = lab.scratch().join("lab.tar");
    let ended = lab.run(&[&["bundle", "--output", text(&file)], more].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    (file, ended)
}

/// `up` from a bundle, which must fail.
fn refused(lab: &Lab, bundle: &Path) -> (Option<i32>, String) {
    let ended = lab.run_with_ports(&["up", "--detach", "--bundle", text(bundle)]);
    (ended.code, ended.stderr)
}

/// A lab of an app that requires a package; None where there is no package index to build it with, which is told.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn with_requirements() -> Option<Lab> {
    let home = Lab::with(handed_on())?;
    home.write("site/package/travelled.py", "NAME = 'travelled'\n");
    let build =
        "[project]\nname = 'travelled'\nversion = '1'\n[tool.setuptools]\npy-modules = ['travelled']\n";
    home.write("site/package/pyproject.toml", build);
    home.write("site/requirements.txt", "./package\n");
    let app = "import travelled\ndef application(environ, start_response):\n    start_response('200 OK', [])\n    \
        return [travelled.NAME.encode()]\n";
    home.write("site/wsgi.py", app);
    let up = ["up", "--detach", "--app", "site", "--module", "wsgi:application"];
    let ended = home.run_with_ports(&[&up[..], &["--requirements", "site/requirements.txt"]].concat());
    if ended.stderr.contains("package index") {
        eprintln!("SKIPPED: no package index: {}", ended.stderr);
        return None;
    }
    assert_eq!(ended.code, Some(0), "{ended:?}");
    Some(home)
}

#[test]
fn an_app_with_requirements_a_dashboard_and_a_run_travel_to_where_there_is_no_index() {
    let Some(home) = with_requirements() else { return };
    home.write("mine.json", DASHBOARD);
    assert_eq!(home.run(&["dashboards", "import", "mine.json"]).code, Some(0));
    let run = home.scratch().join("my-run");
    write_run(&run);
    let (file, told) = bundled(&home, &[text(&run)]);
    for part in [
        "travelled-1-py3-none-any.whl",
        "pyuwsgi-",
        "Mine (mine)",
        "my-run",
    ] {
        assert!(told.stdout.contains(part), "{}", told.stdout);
    }
    let listed = home.run(&["bundle", "--list", text(&file)]);
    assert_eq!((listed.code, listed.stdout), (Some(0), told.stdout));
    let all = all_bytes(&file);
    assert!(contains(&all, "NAME.encode()"), "the app is in it");
    let [_, influxdb, grafana] = home.credentials();
    assert!(!contains(&all, &influxdb) && !contains(&all, &grafana));
    home.down(&["--volumes", "--images"]);

    let Some(away) = away() else { return };
    let up = away.up(&["--bundle", text(&file)]);
    let answer = http::get(&away.url("--app-port", "/"), None);
    assert_eq!(answer, Some((200, "travelled".to_owned())));
    assert!(
        up.stderr.contains("dashboard 'Mine': from the bundle"),
        "{}",
        up.stderr
    );
    let list = away.run(&["dashboards", "list"]).stdout;
    assert!(list.contains("/d/mine"), "{list}");
    let brought = away.scratch().join("state/runs/my-run");
    assert_eq!(
        fs::read(brought.join("points.lp")).unwrap(),
        fs::read(run.join("points.lp")).unwrap()
    );
    assert!(away.credentials()[1] != influxdb);

    goes_on_without_the_file(&away, &file, &brought);
}

/// The second time nothing is done, and what was changed since stays.
fn goes_on_without_the_file(away: &Lab, file: &Path, brought: &Path) {
    away.write(
        "mine.json",
        &DASHBOARD.replace("\"Mine\"", "\"Mine, and better\""),
    );
    assert_eq!(away.run(&["dashboards", "import", "mine.json"]).code, Some(0));
    let copy = away.scratch().join("copy.tar");
    fs::rename(file, &copy).unwrap();
    let again = away.up(&[]);
    assert!(
        again.stderr.starts_with("Bundle: ") && !again.stderr.contains("created"),
        "{}",
        again.stderr
    );
    let list = away.run(&["dashboards", "list"]).stdout;
    assert!(list.contains("Mine, and better"), "{list}");
    let replayed = away.run_with_ports(&["replay", text(brought)]);
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    let stored = away.influxql("SELECT busy FROM uwsgi_summary WHERE source = 'stored'");
    assert_eq!(stored.len(), 2);
    away.write(
        "other/wsgi.py",
        "def application(e, s):\n    s('200 OK', [])\n    return [b'another']\n",
    );
    away.up(&[
        "--bundle",
        text(&copy),
        "--app",
        "other",
        "--module",
        "wsgi:application",
    ]);
    let answer = http::get(&away.url("--app-port", "/"), None);
    assert_eq!(answer, Some((200, "another".to_owned())));
    away.down(&["--volumes", "--images"]);
    assert!(!away.state().exists());
}

#[test]
fn a_bundle_that_does_not_fit_or_is_not_whole_is_refused_with_what_to_do_and_leaves_no_lab() {
    let Some(home) = Lab::with(handed_on()) else {
        return;
    };
    home.write(
        "site/wsgi.py",
        "def application(e, s):\n    s('200 OK', [])\n    return [b'site']\n",
    );
    home.write("requirements.txt", "pyuwsgi==2.0.30.post1\n");
    let up = ["up", "--detach", "--app", "site", "--module", "wsgi:application"];
    let ended = home.run_with_ports(&[&up[..], &["--requirements", "requirements.txt"]].concat());
    if ended.stderr.contains("package index") {
        eprintln!("SKIPPED: no package index: {}", ended.stderr);
        return;
    }
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (file, _) = bundled(&home, &[]);
    let second = home.run(&["bundle", "--output", text(&file)]);
    assert_eq!(second.code, Some(2));
    assert!(
        second
            .stderr
            .contains("lab.tar exists already\n  hint: write over it with --force")
    );
    home.down(&["--volumes", "--images"]);

    let Some(away) = away() else { return };
    let with = |change: &dyn Fn(&Path)| {
        let copy = away.scratch().join("copy.tar");
        fs::copy(&file, &copy).unwrap();
        change(&copy);
        let (code, stderr) = refused(&away, &copy);
        assert!(!away.state().exists(), "{stderr}");
        (code, stderr.replace(text(&copy), "FILE"))
    };
    let arch = format!("\"arch\": \"{}\"", std::env::consts::ARCH);
    let other = arch.replace(std::env::consts::ARCH, &"z".repeat(std::env::consts::ARCH.len()));
    let (code, stderr) = with(&|copy| forge(copy, &arch, &other));
    assert_eq!(code, Some(4), "{stderr}");
    assert!(
        stderr.contains("error: the bundle has wheels for linux zz"),
        "{stderr}"
    );
    assert!(
        stderr.contains("make the bundle on a machine like this one"),
        "{stderr}"
    );
    let (code, stderr) = with(&|copy| forge(copy, "\"python\": \"3.", "\"python\": \"9."));
    assert_eq!(code, Some(4), "{stderr}");
    assert!(stderr.contains("which is not on PATH"), "{stderr}");
    let (code, stderr) = with(&|copy| forge(copy, "\"directory\": \"app\"", "\"directory\": \"../\""));
    assert_eq!(
        (code, stderr.as_str()),
        (Some(3), "error: FILE leads out of itself: '../'\n")
    );
    let (code, stderr) = with(&|copy| damage(copy, "wheels.tar.gz"));
    let altered =
        "FILE was altered or damaged: wheels.tar.gz is not as it was written\n  hint: copy it once more";
    assert!(code == Some(3) && stderr.contains(altered), "{stderr}");
    let (code, stderr) = with(&|copy| {
        let file = fs::OpenOptions::new().write(true).open(copy).unwrap();
        file.set_len(copy.metadata().unwrap().len() / 2).unwrap();
    });
    assert!(
        code == Some(3) && stderr.contains("FILE is cut short: "),
        "{stderr}"
    );
    let (code, stderr) = with(&|copy| forge(copy, "\"version\": 1", "\"version\": 7"));
    assert!(
        code == Some(3) && stderr.contains("its format is 7, and this one knows 1"),
        "{stderr}"
    );
}

#[test]
fn without_an_index_a_bundle_relies_on_the_uwsgi_of_the_other_machine_and_says_so() {
    let Some(home) = away() else { return };
    let none = home.run(&["bundle"]);
    assert_eq!(none.code, Some(4));
    assert!(none.stderr.contains("there is no lab '"), "{}", none.stderr);
    assert!(!home.state().exists());
    home.up(&["--processes", "3", "--rate", "7"]);
    let (file, told) = bundled(&home, &[]);
    assert!(
        told.stderr
            .contains("warning: the bundle has no uWSGI: pip cannot reach"),
        "{}",
        told.stderr
    );
    home.down(&[]);

    let Some(other) = away() else { return };
    let docker = other.scratch().join("docker.tar");
    fs::copy(&file, &docker).unwrap();
    forge(&docker, "\"engine\": \"local\"", "\"engine\":\"docker\"");
    let dry = other.run_with_ports(&["up", "--dry-run", "--bundle", text(&docker)]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(
        dry.stderr
            .contains("The bundle's images are for Docker, and it has no wheels"),
        "{}",
        dry.stderr
    );
    let dry = other.run_with_ports(&["up", "--dry-run", "--bundle", text(&file)]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(!other.state().exists());
    let up = other.up(&["--bundle", text(&file)]);
    assert!(up.stdout.contains("Sending 7 requests/s"), "{}", up.stdout);
    let ini = fs::read_to_string(other.state().join("services/uwsgi/uwsgi.ini")).unwrap();
    assert!(ini.contains("processes = 3\n"), "{ini}");
}
