//! InfluxDB's real clients: Debian's `influx` shell and `python3-influxdb` say the same of both servers.
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::servers::{LOGIN, PASSWORD, Server};
use crate::environment::Peer;

/// Both servers, each asking for a login; `None` where there is no InfluxDB.
async fn pair(directory: &Path) -> Option<(Server, Server)> {
    let influxdb = Server::influxdb(directory, true).await?;
    let user = format!("CREATE USER {LOGIN} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES");
    assert_eq!(influxdb.ask(&[("q", &user)]).await.0, 200);
    Some((influxdb, Server::store_with_login(&directory.join("store"))))
}

fn port(server: &Server) -> &str {
    server.url.rsplit_once(':').unwrap().1
}

/// What a program printed and how it ended.
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{:?}\n{}{}",
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr)
    )
}

fn influx(shell: &Path, server: &Server, home: &Path, password: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(shell);
    command.env_clear().env("HOME", home);
    command
        .env("INFLUX_USERNAME", LOGIN)
        .env("INFLUX_PASSWORD", password);
    command
        .args(["-host", "127.0.0.1", "-port", port(server)])
        .args(arguments);
    said(&command.output().unwrap()).replace(port(server), "PORT")
}

/// What is typed after `influx`, in turn.
const TYPED: [&[&str]; 16] = [
    &["-execute", "CREATE DATABASE shell"],
    &["-execute", "SHOW DATABASES"],
    &[
        "-database",
        "shell",
        "-execute",
        "INSERT m,host=a x=1,s=\"one\",b=true 1700000000000000000",
    ],
    &[
        "-database",
        "shell",
        "-execute",
        "INSERT m,host=b x=2.5,i=3i 1700000001000000000",
    ],
    &[
        "-database",
        "shell",
        "-precision",
        "s",
        "-execute",
        "INSERT m,host=b x=7 1700000002",
    ],
    &["-database", "shell", "-execute", "INSERT nonsense"],
    &["-database", "shell", "-execute", "SELECT * FROM m"],
    &[
        "-database",
        "shell",
        "-format",
        "csv",
        "-execute",
        "SELECT * FROM m GROUP BY host",
    ],
    &[
        "-database",
        "shell",
        "-format",
        "json",
        "-pretty",
        "-execute",
        "SELECT mean(x) FROM m GROUP BY host",
    ],
    &[
        "-database",
        "shell",
        "-format",
        "json",
        "-precision",
        "rfc3339",
        "-execute",
        "SELECT x FROM m",
    ],
    &[
        "-database",
        "shell",
        "-precision",
        "ms",
        "-execute",
        "SELECT last(x) FROM m",
    ],
    &[
        "-database",
        "shell",
        "-execute",
        "SHOW MEASUREMENTS; SHOW TAG KEYS; SHOW FIELD KEYS",
    ],
    &["-database", "shell", "-execute", "SELECT nonsense("],
    &["-database", "nope", "-execute", "SELECT x FROM m"],
    &["-database", "shell", "-execute", "DROP MEASUREMENT m"],
    &["-database", "shell", "-execute", "SELECT count(x) FROM m"],
];

#[tokio::test(flavor = "multi_thread")]
async fn the_influx_shell_says_the_same_of_both_servers() {
    let Some(shell) = Peer::INFLUX.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let Some((influxdb, store)) = pair(directory.path()).await else {
        return;
    };
    for arguments in TYPED {
        let answers =
            [&influxdb, &store].map(|server| influx(&shell, server, directory.path(), PASSWORD, arguments));
        assert_eq!(answers[0], answers[1], "{arguments:?}");
    }
    let refused = [&influxdb, &store].map(|server| {
        influx(
            &shell,
            server,
            directory.path(),
            "x",
            &["-execute", "SHOW DATABASES"],
        )
    });
    assert_eq!(refused[0], refused[1]);
}

/// The Python that has Debian's `python3-influxdb`; the one on PATH may be another.
fn python() -> Option<PathBuf> {
    let python = PathBuf::from("/usr/bin/python3");
    let has_client = Command::new(&python).args(["-c", "import influxdb"]).output();
    if has_client.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!(
        "SKIPPED: no influxdb for {}: install python3-influxdb",
        python.display()
    );
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn python3_influxdb_says_the_same_of_both_servers() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let Some((influxdb, store)) = pair(directory.path()).await else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/store/client.py");
    let run = |server: &Server| {
        let mut command = Command::new(&python);
        command
            .env_clear()
            .arg(&script)
            .args([port(server), LOGIN, PASSWORD]);
        said(&command.output().unwrap())
    };
    let (expected, own) = (run(&influxdb), run(&store));
    assert!(expected.starts_with("Some(0)\n"), "{expected}");
    let lines = expected.lines().zip(own.lines());
    for (expected, own) in lines {
        assert_eq!(expected, own);
    }
    assert_eq!(expected, own);
}
