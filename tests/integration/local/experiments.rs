//! `experiment` and `tune` on a lab without Docker: what they find, how they go on after Ctrl-C, what they refuse.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::environment::{Process, eventually};
use crate::lab::{self, Ended};
use crate::local::lab::Lab;

/// Cores that are too few, and enough: 8 requests a second of 0.2 s each.
const EXPERIMENT: &str = "\
title: One core or four
question: Are four cores better than one?
repeat: 2
warm-up: 1s
duration: 4s
cool-down: 0s
uwsgi: {processes: 1}
vary: {threads: [1, 4]}
loads:
- {name: busy, rate: 8, requests: [{path: /?sleep=0.2}]}
";

fn report(directory: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(directory.join("report.json")).unwrap()).unwrap()
}

fn cases(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut cases: Vec<_> = fs::read_dir(directory.join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    cases.sort();
    cases
}

/// One measurement of each variant; the one with more cores is better.
pub(crate) fn measure_cores(lab: &lab::Lab) {
    let file = lab.scratch().join("cores.yaml");
    let burning = EXPERIMENT
        .replace("repeat: 2", "repeat: 1")
        .replace("/?sleep=0.2", "/?sleep=0.2&burn=0.005");
    fs::write(&file, burning).unwrap();
    let directory = lab.scratch().join("run");
    let ended = lab.run_with_ports(&[
        "experiment",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = report(&directory);
    let load = &report["loads"][0];
    assert_eq!(load["best"], "threads=4", "{report:#}");
    for variant in load["variants"].as_array().unwrap() {
        let processor = variant["figures"]["cpu_us"]["mean"].as_f64().unwrap();
        assert!(
            (5e3..50e3).contains(&processor),
            "{processor} us a request of 5 ms"
        );
        assert!(
            variant["figures"]["p99"]["low"].is_null(),
            "once tells no interval"
        );
    }
}

#[test]
fn an_experiment_that_is_interrupted_goes_on_and_finds_what_is_better() {
    let Some(lab) = Lab::new() else { return };
    let file = lab.scratch().join("cores.yaml");
    fs::write(&file, EXPERIMENT).unwrap();
    let directory = lab.scratch().join("run");
    let arguments = [
        "experiment",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ];
    let mut command = lab.command_with_ports(&arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process::start(&mut command);
    let (_stdout, stderr) = process.listen();
    eventually("the second case is kept", || {
        directory.join("cases/0001.json").exists()
    });
    let beside = lab.run_with_ports(&["demo", "hello"]);
    assert_eq!(beside.code, Some(2), "{beside:?}");
    assert!(
        beside.stderr.contains("something is measured on the lab"),
        "{beside:?}"
    );
    process.interrupt();
    stderr.until("error: interrupted");
    stderr
        .until("  hint: the same command goes on from here; what was measured is kept, and the lab stays up");
    assert_eq!(process.exit_code(), Some(130));
    assert!(!directory.join("report.json").exists());
    let before = cases(&directory);
    assert!((2..4).contains(&before.len()), "{} cases", before.len());

    let ended = lab.run_with_ports(&arguments);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains(&format!("{} of 4 measurements are there", before.len())),
        "{}",
        ended.stderr
    );
    let after = cases(&directory);
    assert_eq!(after.len(), 4);
    assert_eq!(after[..before.len()], before, "nothing is measured twice");

    let report = report(&directory);
    let load = &report["loads"][0];
    assert_eq!(load["best"], "threads=4", "{report:#}");
    let variants = load["variants"].as_array().unwrap();
    // One core answers 5 a second of the 8, so the wait grows by some 0.6 s each second.
    assert!(
        variants[0]["figures"]["p99"]["mean"].as_f64().unwrap() > 1e6,
        "{report:#}"
    );
    assert!(
        variants[1]["figures"]["p99"]["mean"].as_f64().unwrap() < 4e5,
        "{report:#}"
    );
    assert!(variants[1]["figures"]["max(rss_mb)"]["mean"].as_f64().unwrap() > 1.0);
    assert!(
        variants[1]["figures"]["cpu_us"]["mean"].as_f64().is_some(),
        "{report:#}"
    );
    let page = fs::read_to_string(directory.join("report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("Latency by percentile"));
    let points = fs::read_to_string(directory.join("points.lp")).unwrap();
    assert!(points.contains("uwsgi_load,") && points.contains("uwsgi_summary,"));

    let again = lab.run_with_ports(&arguments);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.stderr.contains("holds a finished run already"), "{again:?}");
}

#[test]
fn a_setting_that_uwsgi_refuses_is_named_before_anything_is_measured() {
    let Some(lab) = Lab::new() else { return };
    let file = lab.scratch().join("wrong.yaml");
    fs::write(
        &file,
        EXPERIMENT.replace("threads: [1, 4]", "no-such-option: [1, 2]"),
    )
    .unwrap();
    let directory = lab.scratch().join("run");
    let ended = lab.run_with_ports(&[
        "experiment",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ]);
    assert!(ended.code == Some(5) || ended.code == Some(4), "{ended:?}");
    assert!(ended.stderr.contains("no-such-option"), "{}", ended.stderr);
    assert!(!directory.exists(), "nothing half-made stays");
}

#[test]
fn files_and_objectives_that_are_none_are_named_before_anything_starts() {
    let Some(lab) = Lab::new() else { return };
    let file = lab.scratch().join("wrong.yaml");
    fs::write(&file, EXPERIMENT.replace("rate: 8", "rat: 8")).unwrap();
    let refused = |arguments: &[&str]| -> Ended { lab.run_with_ports(arguments) };
    let ended = refused(&["experiment", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("line 10, column 16: loads[0]: unknown field `rat`"),
        "{ended:?}"
    );
    for (slo, hint) in [
        ("p99", "an expectation is FIGURE"),
        ("p99<300", "is a time and needs a unit"),
        ("speed<3", "there is no figure `speed`"),
        ("p99==300ms", "is no limit"),
    ] {
        let ended = refused(&["tune", "--slo", slo]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(hint), "{slo}: {ended:?}");
    }
    for (more, message) in [
        (
            ["--max-threads", "1"].as_slice(),
            "--max-threads has nothing to say here",
        ),
        (
            &["--rate", "5", "--uwsgi", "threads=2"],
            "uWSGI's option `threads` is what a tuning tries",
        ),
        (&["--rate", "0"], "--rate cannot be '0'"),
        (
            &["--rate", "5", "--threads", "2", "--max-threads", "4"],
            "--max-threads beside --threads",
        ),
    ] {
        let ended = refused(&[&["tune", "--slo", "p99<1s"], more].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(message), "{more:?}: {ended:?}");
    }
    let ended = refused(&["tune", "--slo", "p99<1s", "--max-memory", "much"]);
    assert!(
        ended.stderr.contains("--max-memory cannot be 'much'"),
        "{ended:?}"
    );
}

#[test]
fn tuning_finds_the_smallest_that_theory_and_measurement_agree_on() {
    let Some(lab) = Lab::new() else { return };
    let directory = lab.scratch().join("run");
    // 40 requests a second of 0.1 s keep 4 cores busy; with 5 one of a hundred waits about 0.2 s, with 6 not half of that.
    let ended = lab.run_with_ports(&[
        "tune",
        "--slo",
        "p99<300ms",
        "--rate",
        "40",
        "--path",
        "/?sleep=0.1",
        "--save",
        directory.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = report(&directory);
    let found = &report["found"];
    assert_eq!(
        (&found["processes"], &found["threads"]),
        (&1.into(), &6.into()),
        "{report:#}"
    );
    assert!(
        ended.stdout.contains("processes = 1\nthreads = 6\n"),
        "{}",
        ended.stdout
    );
    let service = report["model"]["service"].as_f64().unwrap();
    assert!((100e3..110e3).contains(&service), "{service} us");
    let trials = report["trials"].as_array().unwrap();
    let of = |threads: u64| {
        trials
            .iter()
            .find(|trial| trial["candidate"]["threads"] == threads)
    };
    assert_eq!(of(6).unwrap()["verdict"], "meets");
    assert_ne!(of(5).unwrap()["verdict"], "meets");
    let predicted = of(6).unwrap()["predicted"]["value"].as_f64().unwrap();
    assert!((165e3..215e3).contains(&predicted), "{predicted} us");
}

#[test]
fn an_objective_that_nothing_meets_is_told_with_an_exit_code_of_its_own() {
    let Some(lab) = Lab::new() else { return };
    let directory = lab.scratch().join("run");
    let ended = lab.run_with_ports(&[
        "tune",
        "--slo",
        "p99<50ms",
        "--rate",
        "5",
        "--path",
        "/?sleep=0.1",
        "--max-processes",
        "2",
        "--max-threads",
        "2",
        "--save",
        directory.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("Nothing holds p99<50ms: a request takes 10"),
        "{}",
        ended.stdout
    );
    assert!(directory.join("report.html").exists());
}
