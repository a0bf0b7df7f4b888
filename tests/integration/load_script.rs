//! `uwsgi-lab load -s`: scripts as people have them for wrk and wrk2.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::process::Output;

use serde_json::{Value, json};

use super::load::{all_answered, keeps_alive, run};
use super::load_requests::recording;

/// Runs 20 requests of a script on a server that records them, and returns exit code, report, what was said, and the requests.
fn load(script: &str, more: &[&str]) -> (Option<i32>, Value, String, Vec<(String, String)>) {
    let (address, seen) = recording();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("script.lua").display().to_string();
    fs::write(&file, script).unwrap();
    let url = format!("http://{address}/start");
    let run_of_20 = ["-R", "200", "-n", "20", "--output", "json", "-s", &file];
    let Output {
        status,
        stdout,
        stderr,
    } = run(&[&[&url[..]], &run_of_20[..], more].concat());
    let said = String::from_utf8(stderr).unwrap();
    let report = serde_json::from_slice(&stdout).unwrap_or_default();
    (status.code(), report, said, seen.lock().unwrap().clone())
}

const COUNTING: &str = r#"
local threads = {}
function setup(thread)
    threads[#threads + 1] = thread
    thread:set("id", #threads)
    thread:set("settings", { prefix = "/n/" })
end
function init(args)
    sent, statuses, bodies = 0, 0, ""
    word = args[1]
end
function request()
    sent = sent + 1
    return wrk.format(nil, settings.prefix .. id .. "/" .. sent .. "/" .. word)
end
function response(status, headers, body)
    if status == 200 and headers["Content-Length"] == "5" then statuses = statuses + 1 end
    bodies = body
end
function done(summary, latency, requests)
    for _, thread in ipairs(threads) do
        print("thread", thread:get("id"), thread:get("statuses"), thread:get("bodies"))
    end
    io.write(string.format("%d of %d, %d errors, ", summary.requests, 20, summary.errors.status))
    io.write(latency:percentile(50) > 0 and latency.max >= latency.min and "times\n" or "no times\n")
end
"#;

#[test]
fn a_script_with_all_functions_makes_the_requests_sees_the_answers_and_has_the_last_word() {
    let (code, report, said, requests) = load(COUNTING, &["-t", "2", "--", "tail"]);
    assert_eq!(
        (code, &report["requests"]),
        (Some(0), &all_answered(20)),
        "{said}"
    );
    let mut lines: Vec<String> = requests.into_iter().map(|(line, _)| line).collect();
    lines.sort();
    // The first call of each thread is a trial, as in wrk.
    let mut expected: Vec<String> = (1..=2)
        .flat_map(|id| (2..=11).map(move |sent| format!("GET /n/{id}/{sent}/tail HTTP/1.1")))
        .collect();
    expected.sort();
    assert_eq!(lines, expected);
    assert_eq!(
        said,
        "thread\t1\t10\thello\nthread\t2\t10\thello\n20 of 20, 0 errors, times\n"
    );
}

#[test]
fn a_script_that_only_sets_what_is_sent_needs_no_function() {
    let script = r#"
wrk.method = "PUT"
wrk.path = "/form?x=1"
wrk.body = "a=1"
wrk.headers["X-Kind"] = "form"
"#;
    let (code, report, said, requests) = load(script, &["-H", "X-More: 1"]);
    assert_eq!(
        (code, &report["requests"]),
        (Some(0), &all_answered(20)),
        "{said}"
    );
    let form = ("PUT /form?x=1 HTTP/1.1".to_owned(), "a=1".to_owned());
    assert_eq!(requests, vec![form; 20]);
}

#[test]
fn a_script_that_cannot_go_on_is_refused_by_name_and_place() {
    let before = |script: &str| {
        let (code, report, said, requests) = load(script, &[]);
        assert_eq!(
            (code, report, requests.len()),
            (Some(2), json!(null), 0),
            "{said}"
        );
        said
    };
    for (script, part) in [
        ("function request( return 1 end", "script.lua:1:"),
        (
            "function init(args)\n  error('no table')\nend",
            "script.lua:2: no table",
        ),
        ("function request() return 7 end", "request() returned no string"),
        ("function request() return 'GET /' end", "no complete request"),
        (
            "function request() return wrk.format() .. wrk.format() end",
            "several requests at once",
        ),
        (
            "function delay() return 5 end",
            "delay() has no place in a schedule",
        ),
    ] {
        let said = before(script);
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    let later = "local sent = 0\nfunction request()\n  sent = sent + 1\n  if sent > 5 then error('used up') end\n  return wrk.format()\nend";
    let (code, _, said, requests) = load(later, &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("script.lua:4: used up"), "{said}");
    assert!(requests.len() <= 4, "{requests:?}");
}

#[test]
fn a_script_can_end_the_run_and_what_is_no_http_url_has_none() {
    let script = "function response() wrk.thread:stop() end";
    let (code, report, said, _) = load(script, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        report["requests"]["answered"].as_u64().unwrap() < 20,
        "{report:#}"
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("script.lua").display().to_string();
    fs::write(&file, "wrk.path = '/'").unwrap();
    for urls in [
        &["uwsgi://127.0.0.1:1/"][..],
        &["http://127.0.0.1:1/", "http://127.0.0.1:1/b"],
    ] {
        let output = run(&[urls, &["-R", "5", "-s", &file]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("to one http or https URL"), "{said}");
    }
    let url = format!(
        "http://{}/",
        keeps_alive(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    );
    let output = run(&[&url, "-R", "5", "-s", "/missing.lua"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_script_that_fails_at_the_end_does_not_take_the_report_with_it() {
    let (code, report, said, _) = load("function done() error('too late') end", &[]);
    assert_eq!(
        (code, &report["requests"]),
        (Some(2), &all_answered(20)),
        "{said}"
    );
    assert!(said.contains("script.lua:1: too late"), "{said}");
}
