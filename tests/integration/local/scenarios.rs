//! `run` and `demo`: each scenario that comes with the program, shortened, on a lab without Docker; files that are none.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::path::Path;
use std::thread;

use serde_json::Value;

use crate::environment::eventually;
use crate::http;
use crate::lab::{self, Ended};
use crate::local::lab::Lab;

fn report(directory: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(directory.join("report.json")).unwrap()).unwrap()
}

fn demo(name: &str, part: &str) {
    if let Some(lab) = Lab::new() {
        play(&lab, name, part);
    }
}

/// Runs a demo in `part` of its time; all that it expects must hold.
pub(crate) fn play(lab: &lab::Lab, name: &str, part: &str) {
    let directory = lab.scratch().join("run");
    let arguments = [
        "demo",
        name,
        "--shorten",
        part,
        "--save",
        directory.to_str().unwrap(),
    ];
    let ended = lab.run_with_ports(&arguments);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = report(&directory);
    let held = report["expectations"].as_array().unwrap().iter();
    assert!(
        held.len() > 0 && held.clone().all(|one| one["holds"] == true),
        "{report:#}"
    );
    let page = fs::read_to_string(directory.join("report.html")).unwrap();
    assert!(page.contains("Latency by percentile") && page.contains("</html>"));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "nothing is fetched"
    );
    let points = fs::read_to_string(directory.join("points.lp")).unwrap();
    for measurement in ["uwsgi_summary,", "uwsgi_load,", "uwsgi_events,kind=note,"] {
        assert!(points.contains(measurement), "{measurement}");
    }
    let notes = lab.influxql("SELECT count(text) FROM uwsgi_events WHERE kind = 'note'");
    assert!(
        notes[0][1].as_u64().is_some_and(|count| count > 0),
        "notes are on the dashboard: {notes:?}"
    );
}

#[test]
fn demo_hello() {
    demo("hello", "0.3");
}

#[test]
fn demo_saturation() {
    demo("saturation", "0.5");
}

#[test]
fn demo_harakiri() {
    demo("harakiri", "0.5");
}

#[test]
fn demo_cheaper() {
    demo("cheaper", "0.6");
}

#[test]
fn demo_respawn() {
    demo("respawn", "0.5");
}

#[test]
fn demo_slow_client_of_death() {
    demo("slow-client-of-death", "0.4");
}

#[test]
fn demo_memory() {
    demo("memory", "0.6");
}

#[test]
fn demo_reload() {
    demo("reload", "0.6");
}

#[test]
fn what_was_expected_and_is_not_found_is_told_with_an_exit_code_of_its_own() {
    let Some(lab) = Lab::new() else { return };
    let file = lab.scratch().join("wrong.yaml");
    let scenario = "title: Wrong\nphases:\n- {name: only, rate: 8, duration: 9s}\nexpect:\n- harakiri >= 1\n- errors == 0\n";
    fs::write(&file, scenario).unwrap();
    let directory = lab.scratch().join("run");
    let run = [
        "run",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ];
    let ended = lab.run_with_ports(&run);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert!(
        ended
            .stderr
            .ends_with("error: 1 not as expected\n  cause: harakiri >= 1: found 0\n"),
        "{}",
        ended.stderr
    );
    let report = report(&directory);
    let answer = report["answer"].as_str().unwrap();
    let unmet =
        "1 of 2 expectations does not hold: harakiri >= 1 (found 0). 99 of 100 requests took at most ";
    assert!(answer.starts_with(unmet), "{answer}");
    assert_eq!(report["manifest"]["seed"], 1);
    assert_eq!(
        fs::read_to_string(directory.join("scenario.yaml")).unwrap(),
        scenario
    );
    let again = lab.run_with_ports(&run);
    assert_eq!(again.code, Some(2), "a run is never overwritten: {again:?}");
    is_shown_again(&lab, &directory);
    is_compared_with_itself(&lab, &directory);
}

/// Nothing differs, and the report is where it is told to be.
fn is_compared_with_itself(lab: &lab::Lab, directory: &Path) {
    let beside = lab.scratch().join("compared");
    let arguments = [
        "compare",
        directory.to_str().unwrap(),
        directory.to_str().unwrap(),
        "--save",
        beside.to_str().unwrap(),
    ];
    let compared = lab.run(&arguments);
    assert_eq!(compared.code, Some(0), "{compared:?}");
    let rate = compared
        .stdout
        .lines()
        .find(|line| line.starts_with("only") && line.contains("rate"));
    assert!(
        rate.is_some_and(|line| line.contains("none that shows")),
        "{}",
        compared.stdout
    );
    let kept = report(&beside);
    let answer = kept["answer"].as_str().unwrap();
    assert!(
        answer.starts_with("Nothing differs by more than chance, in "),
        "{answer}"
    );
    let page = fs::read_to_string(beside.join("report.html")).unwrap();
    assert!(page.contains(answer) && page.contains("<svg"), "{page}");
    let again = lab.run(&arguments);
    assert_eq!(again.code, Some(2), "a report is never overwritten: {again:?}");
    let nothing = lab.run(&[
        "compare",
        directory.to_str().unwrap(),
        lab.scratch().to_str().unwrap(),
    ]);
    assert_eq!(nothing.code, Some(3), "{nothing:?}");
}

/// In a lab that is new, at the times that the points had.
fn is_shown_again(lab: &lab::Lab, run: &Path) {
    lab.down(&["--volumes"]);
    let ended = lab.run_with_ports(&["replay", run.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let points = fs::read_to_string(run.join("points.lp")).unwrap();
    let loads: Vec<&str> = points
        .lines()
        .filter(|line| line.starts_with("uwsgi_load,"))
        .collect();
    let stored = lab.influxql("SELECT answered FROM uwsgi_load");
    let times: Vec<String> = stored.iter().map(|row| row[0].to_string()).collect();
    let kept: Vec<&str> = loads
        .iter()
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(times, kept);
    let address = format!(
        "http://127.0.0.1:{}/d/uwsgi-lab?from=",
        lab.port("--grafana-port")
    );
    assert!(ended.stdout.starts_with(&address), "{}", ended.stdout);
}

#[test]
fn a_file_that_is_no_scenario_starts_nothing() {
    let Some(lab) = Lab::new() else { return };
    let file = lab.scratch().join("wrong.yaml");
    for (source, message) in [
        (
            "title: x\nphases:\n- {name: a, rat: 8, duration: 3s}\n",
            "line 3, column 13: phases[0]: unknown field `rat`",
        ),
        (
            "title: x\nphases:\n- {name: a, rate: 8}\n",
            "line 3, column 10: phase `a` needs a duration",
        ),
        (
            "title: x\nphases:\n- {name: a, rate: 8, duration: 3s}\nexpect: [bussy == 4]\n",
            "line 4, column 10: there is no figure `bussy`",
        ),
        (
            "title: x\nuwsgi: {options: {\"a b\": 1}}\nphases:\n- {name: a, duration: 3s}\n",
            "`a b` is not the name of a uWSGI option",
        ),
    ] {
        fs::write(&file, source).unwrap();
        let ended: Ended = lab.run_with_ports(&["run", file.to_str().unwrap()]);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
        assert!(
            ended.stderr.starts_with(&format!("error: {}: ", file.display())),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(lab.services().len(), 0);
    assert!(!lab.scratch().join("state/runs").exists(), "no run, no directory");
}

#[test]
fn a_scenario_brings_its_own_app_and_tells_which_it_was() {
    let Some(lab) = Lab::new() else { return };
    let site = lab.scratch().join("files/site");
    fs::create_dir_all(&site).unwrap();
    let app = "def shop(environ, start):\n    start('418 A teapot', [])\n    return [b'tea']\n";
    fs::write(site.join("tea.py"), app).unwrap();
    let file = lab.scratch().join("files/tea.yaml");
    let scenario = "title: Tea\napp: {directory: ./site, module: 'tea:shop'}\nphases:\n- {name: a, rate: 8, duration: 3s}\nexpect: [non_2xx == 24]\n";
    fs::write(&file, scenario).unwrap();
    let directory = lab.scratch().join("run");
    let run = [
        "run",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ];
    let contradicted = lab.run_with_ports(
        &[
            &run[..],
            &["--app", site.to_str().unwrap(), "--module", "tea:shop"],
        ]
        .concat(),
    );
    assert_eq!(contradicted.code, Some(2), "{contradicted:?}");
    assert!(
        contradicted.stderr.contains("--app contradicts the scenario"),
        "{}",
        contradicted.stderr
    );
    let ended = lab.run_with_ports(&run);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let app = &report(&directory)["manifest"]["app"];
    assert_eq!(app["module"], "tea:shop");
    assert_eq!(app["sha256"].as_str().map(str::len), Some(64));
    fs::remove_dir_all(&site).unwrap();
    let gone = lab.run_with_ports(&["run", file.to_str().unwrap()]);
    assert_eq!(gone.code, Some(3), "{gone:?}");
    assert!(
        gone.stderr
            .contains("line 2, column 18: `./site` is no directory in "),
        "{}",
        gone.stderr
    );
}

#[test]
fn a_run_begins_once_the_server_has_answered_what_came_before() {
    let Some(lab) = Lab::new() else { return };
    let file = lab.scratch().join("calm.yaml");
    let scenario = "title: Calm\nuwsgi: {processes: 2, threads: 1}\nphases:\n- {name: a, rate: 1, duration: 5s}\nexpect: [max(queue) == 0, max(in_request) <= 1]\n";
    fs::write(&file, scenario).unwrap();
    let first = lab.run_with_ports(&["run", file.to_str().unwrap()]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let url = lab.url("--app-port", "/?sleep=5");
    let before: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            thread::spawn(move || http::get(&url, None).map(|(status, _)| status))
        })
        .collect();
    eventually("the server has work", || {
        let stats = http::json(&lab.url("--stats-port", "/"), None);
        let workers = stats["workers"].as_array().unwrap().iter();
        workers.filter(|worker| worker["status"] == "busy").count() == 2
    });
    let next = lab.run_with_ports(&["run", file.to_str().unwrap()]);
    assert_eq!(next.code, Some(0), "{next:?}");
    assert!(
        next.stderr.contains("The server still has 2 requests at work"),
        "{}",
        next.stderr
    );
    let answered: Vec<_> = before.into_iter().map(|one| one.join().unwrap()).collect();
    assert_eq!(answered, [Some(200); 4]);
}

#[test]
fn a_server_that_dies_in_a_run_is_told_with_what_it_said() {
    let Some(lab) = Lab::new() else { return };
    let file = lab.scratch().join("deadly.yaml");
    let scenario = "title: Deadly\nphases:\n- {name: only, rate: 8, duration: 8s}\nactions:\n- {at: 2s, do: {set: {no-such-option: 1}}}\n";
    fs::write(&file, scenario).unwrap();
    let directory = lab.scratch().join("run");
    let ended = lab.run_with_ports(&[
        "run",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(
        ended.stderr.contains("error: uWSGI does not answer any more")
            && ended.stderr.contains("no-such-option"),
        "{}",
        ended.stderr
    );
    assert!(
        directory.join("report.html").exists(),
        "what was measured is kept"
    );
    fs::write(&file, scenario.replace("no-such-option: 1", "processes: 0")).unwrap();
    let ended = lab.run_with_ports(&["run", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains("line 5, column")
            && ended.stderr.contains("processes are whole numbers above 0"),
        "{ended:?}"
    );
}
