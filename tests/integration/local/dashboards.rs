//! Dashboards of a running lab: from files of any Grafana, and into files that git can keep.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Map, Value, json};

use crate::environment::Process;
use crate::http;
use crate::lab::Ended;
use crate::local::lab::Lab;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/dashboards")
        .join(name)
}

fn done(stdout: &str) -> Ended {
    Ended {
        code: Some(0),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

/// A command about dashboards, its answer without ports and names.
fn dashboards(lab: &Lab, arguments: &[&str]) -> Ended {
    let ended = lab.run(&[&["dashboards"], arguments].concat());
    Ended {
        stdout: lab.masked(&ended.stdout),
        stderr: lab.masked(&ended.stderr),
        ..ended
    }
}

/// With its keys sorted, as Grafana stores what it is sent.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<_> = object.keys().collect();
            keys.sort();
            let sorted: Map<_, _> = keys
                .into_iter()
                .map(|key| (key.clone(), sorted(&object[key])))
                .collect();
            Value::Object(sorted)
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        plain => plain.clone(),
    }
}

/// Changes a stored dashboard as an editor in the browser does.
fn edit(lab: &Lab, uid: &str, change: impl FnOnce(&mut Value)) {
    let [user, _, password] = lab.credentials();
    let login = Some((user.as_str(), password.as_str()));
    let stored = http::json(
        &lab.url("--grafana-port", &format!("/api/dashboards/uid/{uid}")),
        login,
    );
    let mut model = sorted(&stored["dashboard"]);
    change(&mut model);
    let body = json!({ "dashboard": model, "folderUid": stored["meta"]["folderUid"], "overwrite": true });
    let url = lab.url("--grafana-port", "/api/dashboards/db");
    assert_eq!(http::post(&url, login, body.to_string()).unwrap().0, 200);
}

#[test]
fn dashboards_of_any_grafana_come_in_and_are_kept_in_files_that_change_only_with_them() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&["--rate", "0"]);
    let old = fixture("grafana-7.json");
    let (old, at) = (old.to_str().unwrap(), "http://127.0.0.1:<grafana-port>/d");
    let imported = |change: &str| {
        done(&format!(
            "{change}: 'uWSGI: the tutorial' at {at}/uwsgi-the-tutorial; its 2 queries work\n"
        ))
    };
    assert_eq!(dashboards(&lab, &["import", old]), imported("created"));
    assert_eq!(dashboards(&lab, &["import", old]), imported("unchanged"));

    let shared = Ended {
        stderr: "  'broken' A: undefined function nothing()\n".to_owned(),
        ..done(&format!("created: 'Shared' at {at}/shared_1; a query fails\n"))
    };
    let mut command = lab.command(&["dashboards", "import", "-"]);
    command.stdin(fs::File::open(fixture("shared-externally.json")).unwrap());
    let ended: Ended = command.output().unwrap().into();
    let ended = Ended {
        stdout: lab.masked(&ended.stdout),
        ..ended
    };
    assert_eq!(ended, shared);
    let listed = format!(
        "shared_1            Shared               {at}/shared_1\n\
         uwsgi-lab           uWSGI                {at}/uwsgi-lab\n\
         uwsgi-the-tutorial  uWSGI: the tutorial  {at}/uwsgi-the-tutorial\n"
    );
    assert_eq!(dashboards(&lab, &["list"]), done(&listed));
    let json = lab.run(&["dashboards", "list", "--output", "json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let expected = json!({
        "uid": "uwsgi-lab", "title": "uWSGI", "folder": "uwsgi-lab",
        "url": lab.url("--grafana-port", "/d/uwsgi-lab"),
    });
    assert_eq!((&json["version"], &json["dashboards"][1]), (&json!(1), &expected));

    // the lab's own is in a file of another name, in an order of its own
    let kept = lab.scratch().join("kept");
    fs::create_dir(&kept).unwrap();
    let own = include_str!("../../../dashboards/uwsgi.json");
    fs::write(kept.join("own.json"), own).unwrap();
    let all = ["export", "--all", "--to", "kept"];
    assert_eq!(
        dashboards(&lab, &all),
        done(
            "created: kept/shared_1.json\nunchanged: kept/own.json\ncreated: kept/uwsgi-the-tutorial.json\n"
        )
    );
    let text = |name: &str| fs::read_to_string(kept.join(name)).unwrap();
    let tutorial: Value = serde_json::from_str(&text("uwsgi-the-tutorial.json")).unwrap();
    let absent = ["id", "version", "iteration"].map(|key| tutorial.get(key));
    assert_eq!(absent, [None; 3]);
    let source = json!({ "type": "influxdb", "uid": "uwsgi-lab-influxdb" });
    assert_eq!(tutorial["panels"][0]["datasource"], source);

    let before = text("uwsgi-the-tutorial.json");
    let again = dashboards(
        &lab,
        &["import", "kept/uwsgi-the-tutorial.json", "kept/shared_1.json"],
    );
    assert!(
        again.stdout.lines().all(|line| line.starts_with("unchanged: ")),
        "{again:?}"
    );
    for uid in ["uwsgi-lab", "uwsgi-the-tutorial"] {
        edit(&lab, uid, |model| model["panels"][0]["title"] = json!("edited"));
    }
    assert_eq!(
        dashboards(&lab, &all),
        done(
            "unchanged: kept/shared_1.json\nupdated: kept/own.json\nupdated: kept/uwsgi-the-tutorial.json\n"
        )
    );
    let edited = before.replace("\"busy workers\"", "\"edited\"");
    assert_eq!(text("uwsgi-the-tutorial.json"), edited);
    assert_eq!(
        text("own.json"),
        own.replace("\"Requests per second\"", "\"edited\"")
    );
    let printed = dashboards(&lab, &["export", "uwsgi-the-tutorial"]);
    assert_eq!(printed, done(&edited));
    lab.down(&[]);
}

#[test]
fn what_is_wrong_with_a_file_or_a_lab_is_said_with_what_to_do() {
    let Some(lab) = Lab::new() else { return };
    let failed = |code: i32, stderr: &str| Ended {
        code: Some(code),
        stdout: String::new(),
        stderr: stderr.to_owned(),
    };
    let list = failed(
        4,
        "error: Grafana does not run\n  hint: `uwsgi-lab up --name NAME` brings it up\n",
    );
    assert_eq!(dashboards(&lab, &["list"]), list);
    lab.write("prose.json", "Hello");
    lab.write("other.json", r#"{"title": "T"}"#);
    let prometheus = r#"{"title": "T", "panels": [{"title": "CPU", "datasource": {"type": "prometheus"}}]}"#;
    lab.write("prometheus.json", prometheus);
    let table = [
        (
            "none.json",
            "error: cannot read none.json\n  cause: No such file or directory (os error 2)\n",
        ),
        (
            "prose.json",
            "error: 'prose.json' is not a dashboard\n  cause: expected value at line 1 column 1\n  \
             hint: in Grafana, a dashboard's JSON is under Share or Export\n",
        ),
        (
            "other.json",
            "error: 'other.json' is not a dashboard: it has no panels\n  \
             hint: in Grafana, a dashboard's JSON is under Share or Export\n",
        ),
        (
            "prometheus.json",
            "error: the panel 'CPU' asks a data source of the type 'prometheus', and a lab has an InfluxDB\n  \
             hint: take the panel out, or let it ask an InfluxDB with InfluxQL, then export again\n",
        ),
    ];
    for (file, stderr) in table {
        assert_eq!(dashboards(&lab, &["import", file]), failed(3, stderr));
    }
    // whose input is closed at once
    let mut command = lab.command(&["dashboards", "import", "-"]);
    let mut process = Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
    assert_eq!(process.exit_code(), Some(3));

    lab.up(&["--rate", "0"]);
    let missing = failed(
        2,
        "error: Grafana has no dashboard 'gone'\n  hint: `uwsgi-lab dashboards --name NAME list` shows which there are\n",
    );
    assert_eq!(dashboards(&lab, &["export", "gone", "--to", "."]), missing);
    let several = failed(
        2,
        "error: several dashboards do not fit into one output\n  hint: name a directory for them: --to DIR\n",
    );
    assert_eq!(dashboards(&lab, &["export", "uwsgi-lab", "gone"]), several);
    lab.write("file", "");
    let ended = dashboards(&lab, &["export", "uwsgi-lab", "--to", "file"]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(
        ended.stderr.starts_with("error: cannot write to file\n"),
        "{ended:?}"
    );
    lab.down(&[]);
}
