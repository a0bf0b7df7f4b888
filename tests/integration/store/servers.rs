//! The two servers that are compared, each with its data in a directory of its own, and how they are asked.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};

use crate::environment::{PATIENCE, Peer, Process, free_port, uwsgi_lab};

pub(super) const LOGIN: &str = "lab";
pub(super) const PASSWORD: &str = "pass:word";

/// A running server that speaks InfluxDB's HTTP API; it ends with its test.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) url: String,
    pub(super) http: Client,
}

/// `uwsgi-lab store` with its data in `directory`, in an environment without settings.
pub(super) fn store_command(directory: &Path) -> Command {
    let mut command = uwsgi_lab();
    command
        .args(["store", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Server {
    pub(crate) fn store(directory: &Path) -> Self {
        Self::started(&mut store_command(directory))
    }

    pub(super) fn store_with_login(directory: &Path) -> Self {
        let mut command = store_command(directory);
        command.env("INFLUXDB_ADMIN_USER", LOGIN);
        Self::started(command.env("INFLUXDB_ADMIN_PASSWORD", PASSWORD))
    }

    /// Runs `command`, which says on its first line where it listens.
    pub(super) fn started(command: &mut Command) -> Self {
        let mut process = Process::start(command);
        let (_, news) = process.listen();
        let line = news.next().unwrap();
        let (_, url) = line.split_once("listens on ").unwrap_or_else(|| panic!("{line}"));
        let url = url.split(',').next().unwrap();
        Self {
            process,
            url: url.to_owned(),
            http: client(),
        }
    }

    /// `None` where there is no InfluxDB to compare with.
    pub(crate) async fn influxdb(directory: &Path, auth: bool) -> Option<Self> {
        let influxd = Peer::INFLUXD.find()?;
        let port = free_port();
        let place = directory.display();
        let config = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{place}/meta\"\n\
             [data]\ndir = \"{place}/data\"\nwal-dir = \"{place}/wal\"\nquery-log-enabled = false\n\
             [monitor]\nstore-enabled = false\n\
             [http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\nauth-enabled = {auth}\n"
        );
        let file = directory.join("influxd.conf");
        fs::write(&file, config).unwrap();
        let mut command = Command::new(influxd);
        command
            .arg("-config")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Self {
            process: Process::start(&mut command),
            url: format!("http://127.0.0.1:{port}"),
            http: client(),
        };
        server.answers().await;
        Some(server)
    }

    async fn answers(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.get("/ping").send().await.is_err() {
            assert!(
                tokio::time::Instant::now() < deadline,
                "{} does not answer",
                self.url
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url))
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.url))
    }

    pub(crate) async fn write(&self, parameters: &str, body: impl Into<reqwest::Body>) {
        let request = self.post(&format!("/write?{parameters}")).body(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        assert_eq!((status, response.text().await.unwrap()), (204, String::new()));
    }

    /// Status and body of the answer to the form.
    pub(crate) async fn ask(&self, form: &[(&str, &str)]) -> (u16, String) {
        said(self.post("/query").form(form).send().await.unwrap()).await
    }
}

pub(super) async fn said(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

pub(super) fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}
