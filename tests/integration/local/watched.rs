//! What happens to a lab's server, as it is told to Prometheus, stored, and marked in Grafana.

use std::net::TcpListener;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::environment::eventually;
use crate::http;
use crate::local::lab::Lab;

#[test]
fn what_happens_to_the_server_is_told_to_prometheus_stored_and_marked_in_grafana() {
    let Some(lab) = Lab::new() else { return };
    let metrics = lab.spare_port();
    let up = lab
        .command_with_ports(&["up", "--detach", "--rate", "0"])
        .env("UWSGI_LAB_METRICS_PORT", metrics.to_string())
        .status();
    assert!(up.unwrap().success());
    let url = format!("http://127.0.0.1:{metrics}/metrics");
    eventually("Prometheus could read that the server is up", || {
        let text = http::get(&url, None).map(|(_, text)| text).unwrap_or_default();
        let mut lines = text.lines();
        lines.any(|line| line.starts_with("uwsgi_up{") && line.ends_with("} 1"))
    });
    let status = lab.run(&["status"]).stdout;
    assert!(
        status.contains(&format!("Prometheus can read {url}\n")),
        "{status}"
    );

    let stats = http::json(&lab.url("--stats-port", "/"), None);
    let pid = stats["workers"][1]["pid"].as_i64().unwrap();
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
    eventually("the respawn is stored", || {
        let rows = lab.influxql("SELECT count, text FROM uwsgi_events WHERE kind = 'respawn'");
        rows.iter()
            .any(|row| row[1] == 1 && row[2] == "worker 2 respawned")
    });
    let [user, _, password] = lab.credentials();
    let login: http::Login<'_> = Some((&user, &password));
    eventually("and marked in Grafana", || {
        let marks = http::json(&lab.url("--grafana-port", "/api/annotations?tags=respawn"), login);
        let marks: Vec<Value> = marks.as_array().cloned().unwrap_or_default();
        let text = format!("127.0.0.1:{}: worker 2 respawned", lab.port("--stats-port"));
        marks.len() == 1 && marks[0]["text"] == text.as_str()
    });
}

#[test]
fn a_port_for_prometheus_that_is_taken_refuses_a_lab_only_where_it_was_asked_for() {
    let Some(lab) = Lab::new() else { return };
    let holder = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let ended = lab.run_with_ports(&[
        "up",
        "--detach",
        "--rate",
        "0",
        "--metrics-port",
        &port.to_string(),
    ]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let expected = format!("error: port {port} for Prometheus is taken by process integration");
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
    assert_eq!(lab.services().len(), 0, "nothing was started");
}
