//! A lab in containers in one file, and out of it again where neither its images nor what they were built from are left.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bundles::{DASHBOARD, all_bytes, contains, damage, forge, write_run};
use crate::docker::lab::{Lab, docker, handed_on};
use crate::environment::{Process, eventually};
use crate::http;
use crate::lab::Ended;

/// What names images to `up`.
const VARIABLES: [&str; 3] = [
    "UWSGI_LAB_INFLUXDB_IMAGE",
    "UWSGI_LAB_GRAFANA_IMAGE",
    "UWSGI_LAB_UWSGI_BASE",
];

/// Images of this test's own, made of those of all tests, so that they can be removed.
struct Images {
    /// By the variables that name them.
    names: Vec<(&'static str, String)>,
    /// Of those that services run from.
    ids: Vec<String>,
}

impl Images {
    fn of(lab: &Lab) -> Self {
        let given = handed_on();
        let own = VARIABLES.map(|variable| {
            let (_, image) = given.iter().find(|(name, _)| *name == variable).unwrap();
            let own = format!("{}/{}:own", lab.name, variable.to_lowercase());
            let context = lab.scratch().join(variable);
            fs::create_dir(&context).unwrap();
            let process = std::process::id();
            let dockerfile = format!("FROM {image}\nLABEL made-for={}-{process}\n", lab.name);
            fs::write(context.join("Dockerfile"), dockerfile).unwrap();
            docker(&["build", "--tag", &own, context.to_str().unwrap()]);
            (variable, own)
        });
        let run = own.iter().filter(|(variable, _)| variable.ends_with("_IMAGE"));
        let ids = run.map(|(_, name)| docker(&["image", "inspect", "--format", "{{.Id}}", name]));
        Self {
            ids: ids.collect(),
            names: own.to_vec(),
        }
    }

    fn are_there(&self) -> bool {
        self.ids.iter().all(|id| has(id))
    }

    fn are_gone(&self) -> bool {
        self.ids.iter().all(|id| !has(id))
    }

    /// Their names inside of bundles.
    fn lent(&self) -> Vec<String> {
        let digits = self.ids.iter().map(|id| id.strip_prefix("sha256:").unwrap());
        digits
            .map(|digits| format!("uwsgi-lab-bundle:{}", &digits[..24]))
            .collect()
    }

    fn remove(&self) {
        for (_, name) in &self.names {
            docker(&["image", "rm", name]);
        }
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        let names = self.names.iter().map(|(_, name)| name.clone());
        for name in names.chain(self.lent()) {
            Command::new("docker").args(["image", "rm", &name]).output().ok();
        }
    }
}

fn has(image: &str) -> bool {
    Command::new("docker")
        .args(["image", "inspect", image])
        .output()
        .unwrap()
        .status
        .success()
}

/// A command on a machine that has nothing of the lab: no state, and no word of its images in the environment.
fn elsewhere(lab: &Lab, arguments: &[&str]) -> Command {
    let mut command = lab.command_with_ports(arguments);
    for variable in [
        "UWSGI_LAB_INFLUXDB_IMAGE",
        "UWSGI_LAB_GRAFANA_IMAGE",
        "UWSGI_LAB_UWSGI_BASE",
    ] {
        command.env_remove(variable);
    }
    command
}

fn run(mut command: Command) -> Ended {
    command.output().unwrap().into()
}

fn up_elsewhere(lab: &Lab, file: &Path) -> Ended {
    let arguments = ["up", "--detach", "--bundle", file.to_str().unwrap()];
    let ended = run(elsewhere(lab, &arguments));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended
}

/// Brings a lab of an app of its own up from images of its own, and bundles it with a dashboard and a run.
fn prepared(lab: &Lab, images: &Images) -> Ended {
    let site = lab.scratch().join("site");
    fs::create_dir(&site).unwrap();
    let app = "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'my site']\n";
    fs::write(site.join("wsgi.py"), app).unwrap();
    let mut command =
        lab.command_with_ports(&["up", "--detach", "--app", "site", "--module", "wsgi:application"]);
    command.envs(images.names.iter().cloned());
    let ended = run(command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    fs::write(lab.scratch().join("mine.json"), DASHBOARD).unwrap();
    assert_eq!(lab.run(&["dashboards", "import", "mine.json"]).code, Some(0));
    write_run(&lab.scratch().join("my-run"));
    let bundled = lab.run(&["bundle", "my-run", "--output", "lab.tar"]);
    assert_eq!(bundled.code, Some(0), "{bundled:?}");
    bundled
}

#[test]
fn a_bundle_brings_back_a_lab_whose_images_are_gone_without_a_pull_or_a_build() {
    let Some(lab) = Lab::new() else { return };
    let images = Images::of(&lab);
    let told = prepared(&lab, &images).stdout;
    assert!(
        images.lent().iter().all(|name| !has(name)),
        "the names are given back"
    );
    let file = lab.scratch().join("lab.tar");
    for part in [
        "wsgi:application",
        &format!("uwsgi: {}-uwsgi (linux/", lab.name),
        "Mine (mine)",
        "my-run",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let all = all_bytes(&file);
    let [_, influxdb, grafana] = lab.credentials();
    assert!(contains(&all, "my site") && !contains(&all, &influxdb) && !contains(&all, &grafana));
    drop(all);

    // Where the images are, nothing is loaded and nothing recreated.
    let here = up_elsewhere(&lab, &file);
    assert!(
        !here.stderr.contains("load") && !here.stderr.contains("removed"),
        "{}",
        here.stderr
    );

    lab.down(&["--volumes", "--images"]);
    fs::remove_dir_all(lab.scratch().join("state")).unwrap();
    images.remove();
    assert!(images.are_gone() && !has(&format!("{}-uwsgi", lab.name)));

    let dry = run(elsewhere(&lab, &["up", "--dry-run", "--bundle", "lab.tar"]));
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(
        dry.stdout.contains(": load from the bundle, not present\n"),
        "{}",
        dry.stdout
    );
    assert!(
        !dry.stdout.contains("pull") && !dry.stdout.contains("build"),
        "{}",
        dry.stdout
    );
    assert!(!lab.state().exists() && images.are_gone());

    let up = up_elsewhere(&lab, &file);
    assert!(
        !up.stderr.contains("pull") && !up.stderr.contains("buil"),
        "{}",
        up.stderr
    );
    assert!(
        up.stderr.contains("dashboard 'Mine': from the bundle"),
        "{}",
        up.stderr
    );
    let answer = http::get(&lab.url("--app-port", "/"), None);
    assert_eq!(answer, Some((200, "my site".to_owned())));
    assert!(images.are_there(), "the same images");
    assert!(lab.scratch().join("state/runs/my-run/points.lp").is_file());

    // Neither the file nor any word of it is needed from here on.
    fs::remove_file(&file).unwrap();
    let again = run(elsewhere(&lab, &["up", "--detach"]));
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(!again.stderr.contains("created"), "{}", again.stderr);
    let lent = images.lent();
    assert!(lent.iter().all(|name| has(name)));
    lab.down(&["--volumes", "--images"]);
    assert!(!has(&format!("{}-uwsgi", lab.name)) && lent.iter().all(|name| !has(name)));
    assert!(
        images.are_there(),
        "under their own names, as if they had been pulled"
    );
}

#[test]
fn a_bundle_opens_under_another_name_and_its_built_image_is_that_labs() {
    let Some(lab) = Lab::new() else { return };
    let images = Images::of(&lab);
    prepared(&lab, &images);
    lab.down(&["--volumes", "--images"]);
    images.remove();
    let file = lab.scratch().join("lab.tar");
    let Some(other) = Lab::new() else { return };

    let copy = other.scratch().join("copy.tar");
    fs::copy(&file, &copy).unwrap();
    damage(&copy, "images.tar.gz");
    let damaged = run(elsewhere(&other, &["up", "--detach", "--bundle", "copy.tar"]));
    assert_eq!(damaged.code, Some(3), "{damaged:?}");
    assert!(
        damaged.stderr.contains("images.tar.gz is not as it was written"),
        "{}",
        damaged.stderr
    );
    fs::copy(&file, &copy).unwrap();
    let [here, there] = match std::env::consts::ARCH {
        "aarch64" => ["linux/arm64", "linux/amd64"],
        _ => ["linux/amd64", "linux/arm64"],
    };
    forge(&copy, here, there);
    let strange = run(elsewhere(&other, &["up", "--detach", "--bundle", "copy.tar"]));
    assert_eq!(strange.code, Some(4), "{strange:?}");
    let text = format!("the bundle's images are for {there}, and the Docker daemon runs {here}");
    assert!(strange.stderr.contains(&text), "{}", strange.stderr);
    assert!(!other.state().exists() && other.remains().is_empty());

    let another = other.scratch().join("another");
    fs::create_dir(&another).unwrap();
    let flags = ["--app", "another", "--module", "wsgi:application"];
    let dry = ["up", "--dry-run", "--bundle", file.to_str().unwrap()];
    let dry = run(elsewhere(&other, &[&dry[..], &flags].concat()));
    let built = "image of service uwsgi: build, not present";
    assert!(dry.stdout.contains(built), "an app that is in no image: {dry:?}");

    up_elsewhere(&other, &file);
    let answer = http::get(&other.url("--app-port", "/"), None);
    assert_eq!(answer, Some((200, "my site".to_owned())));
    let image = format!("{}-uwsgi", other.name);
    assert!(has(&image) && !has(&format!("{}-uwsgi", lab.name)));
    other.down(&["--volumes", "--images"]);
    assert!(!has(&image) && other.remains().is_empty());
}

#[test]
fn a_bundle_that_is_interrupted_leaves_neither_a_file_nor_a_name_of_an_image() {
    let Some(lab) = Lab::new() else { return };
    let images = Images::of(&lab);
    let mut command = lab.command_with_ports(&["up", "--detach", "--rate", "0"]);
    command.envs(images.names.iter().cloned());
    let ended = run(command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let place = lab.scratch().join("out");
    fs::create_dir(&place).unwrap();
    let mut process = Process::start(&mut lab.command(&["bundle", "--output", "out/lab.tar"]));
    let size = || {
        let entries = fs::read_dir(&place).unwrap();
        entries
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum::<u64>()
    };
    eventually("images are being written", || size() > 1 << 20);
    process.interrupt();
    assert_eq!(process.exit_code(), Some(130));
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    assert!(images.lent().iter().all(|name| !has(name)));
}

/// A service that is built below the file, and one that reads a file from beside it.
const OWN_STACK: &str = r#"
services:
  influxdb:
    image: ${UWSGI_LAB_INFLUXDB_IMAGE}
    ports: ["127.0.0.1:${UWSGI_LAB_INFLUXDB_PORT}:8086"]
    environment:
      INFLUXDB_DB: uWSGI
      INFLUXDB_ADMIN_USER: ${UWSGI_LAB_USER}
      INFLUXDB_ADMIN_PASSWORD: ${UWSGI_LAB_INFLUXDB_PASSWORD}
      INFLUXDB_HTTP_AUTH_ENABLED: "true"
    labels: {dev.uwsgi-lab.endpoint.influxdb: "8086"}
  web:
    build: {context: ./web, args: {BASE: "${UWSGI_LAB_UWSGI_BASE}"}}
    user: "1234"
    ports: ["127.0.0.1:${UWSGI_LAB_APP_PORT}:8000"]
    volumes: ["./pages:/pages:ro"]
    labels: {dev.uwsgi-lab.endpoint.app: "8000"}
"#;

#[test]
fn a_compose_file_of_ones_own_travels_with_what_it_is_built_from_and_what_it_mounts() {
    let Some(lab) = Lab::new() else { return };
    let images = Images::of(&lab);
    let own = lab.scratch().join("own");
    fs::create_dir_all(own.join("web")).unwrap();
    fs::create_dir_all(own.join("pages")).unwrap();
    fs::write(own.join("compose.yaml"), OWN_STACK).unwrap();
    fs::write(own.join("pages/page.txt"), "mounted").unwrap();
    let dockerfile = "ARG BASE\nFROM ${BASE}\nCMD [\"python3\", \"-m\", \"http.server\", \"8000\", \"--directory\", \"/pages\"]\n";
    fs::write(own.join("web/Dockerfile"), dockerfile).unwrap();
    let mut command =
        lab.command_with_ports(&["up", "--detach", "--file", "own/compose.yaml", "--rate", "0"]);
    command.envs(images.names.iter().cloned());
    let ended = run(command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let bundled = lab.run(&["bundle", "--output", "lab.tar"]);
    assert_eq!(bundled.code, Some(0), "{bundled:?}");
    let web = docker(&[
        "image",
        "inspect",
        "--format",
        "{{.Id}}",
        &format!("{}-web", lab.name),
    ]);
    lab.down(&["--volumes", "--images"]);
    fs::remove_dir_all(lab.scratch().join("state")).unwrap();
    fs::remove_dir_all(&own).unwrap();
    images.remove();
    assert!(!has(&web));

    let up = up_elsewhere(&lab, &lab.scratch().join("lab.tar"));
    assert!(!up.stdout.contains("Sending"), "{}", up.stdout);
    let page = http::get(&lab.url("--app-port", "/page.txt"), None);
    assert_eq!(page, Some((200, "mounted".to_owned())));
    assert!(has(&web), "the same image");
    lab.down(&["--volumes", "--images"]);
    assert!(!has(&web));
}
