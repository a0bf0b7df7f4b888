//! The few WebDriver commands that tests use, as JSON over HTTP, and the two processes behind them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::environment::{Lines, PATIENCE, Peer, Process, eventually};

/// The browser and the program that drives it.
pub(crate) struct Programs {
    chromium: PathBuf,
    chromedriver: PathBuf,
}

impl Programs {
    /// `None` when either is missing, which is then said by name.
    pub(crate) fn find() -> Option<Self> {
        let (chromium, chromedriver) = (Peer::CHROMIUM.find(), Peer::CHROMEDRIVER.find());
        Some(Self {
            chromium: chromium?,
            chromedriver: chromedriver?,
        })
    }
}

/// What the page is shown on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Screen {
    Desk,
    /// 390 × 844 CSS pixels, touch.
    Phone,
}

/// A browser with one window and a profile of its own. Both processes end with it.
pub(crate) struct Browser {
    http: Client,
    session: String,
    _driver: Process,
    _lines: Lines,
    _chromium: Process,
    _profile: TempDir,
}

impl Browser {
    /// In the time zone of Berlin, where local time is not UTC in any season.
    pub(crate) async fn start(programs: &Programs, screen: Screen) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let chromium = start_chromium(&programs.chromium, profile.path());
        let debugger = debugger_address(profile.path());
        let (driver, lines, port) = start_driver(&programs.chromedriver);
        let http = Client::builder().no_proxy().build().unwrap();
        let options = json!({ "debuggerAddress": debugger });
        let wanted = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let sessions = format!("http://127.0.0.1:{port}/session");
        let body = json!({ "capabilities": { "alwaysMatch": wanted } });
        let answer = command(&http, Method::POST, &sessions, &body).await;
        let browser = Self {
            session: format!("{sessions}/{}", answer["sessionId"].as_str().unwrap()),
            http,
            _driver: driver,
            _lines: lines,
            _chromium: chromium,
            _profile: profile,
        };
        browser.use_screen(screen).await;
        browser
    }

    async fn use_screen(&self, screen: Screen) {
        let (width, height, phone) = match screen {
            Screen::Desk => (1440, 900, false),
            Screen::Phone => (390, 844, true),
        };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": phone }))
            .await;
    }

    async fn devtools(&self, name: &str, parameters: Value) {
        self.post("/goog/cdp/execute", json!({ "cmd": name, "params": parameters }))
            .await;
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        command(
            &self.http,
            Method::POST,
            &format!("{}{path}", self.session),
            &body,
        )
        .await
    }

    /// Loads an address; a page that the server refuses is a page too.
    pub(crate) async fn open(&self, url: &str) {
        self.post("/url", json!({ "url": url })).await;
    }

    /// What the body of an async function returns in the page; an exception in it fails the test.
    pub(crate) async fn run(&self, script: &str, arguments: Value) -> Value {
        let script = format!("return (async (...given) => {{ {script} }})(...arguments);");
        self.post("/execute/sync", json!({ "script": script, "args": arguments }))
            .await
    }

    /// The value of an expression.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};"), json!([])).await
    }

    /// Waits until an expression is `expected`.
    pub(crate) async fn until(&self, expression: &str, expected: Value) {
        let began = Instant::now();
        loop {
            let found = self.value(expression).await;
            if found == expected {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{expression} is {found} and not {expected}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Types keys one after the other; `\u{e00c}` is Escape.
    pub(crate) async fn type_keys(&self, keys: &str) {
        let actions: Vec<_> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        self.post(
            "/actions",
            json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }),
        )
        .await;
    }

    /// Presses the mouse at the first place, moves and releases it at the second; both in CSS pixels of the window.
    pub(crate) async fn drag(&self, from: (i64, i64), to: (i64, i64)) {
        let moved = |(x, y): (i64, i64)| json!({ "type": "pointerMove", "duration": 50, "x": x, "y": y });
        let middle = (i64::midpoint(from.0, to.0), i64::midpoint(from.1, to.1));
        let actions = json!([
            moved(from), { "type": "pointerDown", "button": 0 }, moved(middle), moved(to), { "type": "pointerUp", "button": 0 },
        ]);
        let mouse = json!({
            "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions,
        });
        self.post("/actions", json!({ "actions": [mouse] })).await;
    }

    /// What the console got since the last call, above the level of information.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().unwrap().iter();
        let grave = entries.filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        grave
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn start_chromium(program: &Path, profile: &Path) -> Process {
    let mut command = Command::new(program);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
        "--no-first-run",
        "--remote-debugging-port=0",
        "--host-resolver-rules=MAP evil.example 127.0.0.1",
        "--window-size=1440,900",
    ]);
    command
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank");
    command
        .env("TZ", "Europe/Berlin")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Process::start(&mut command)
}

/// Chromium writes the port it took into its profile.
fn debugger_address(profile: &Path) -> String {
    let file = profile.join("DevToolsActivePort");
    let mut port = String::new();
    eventually("Chromium takes a port", || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        port = text.lines().next().unwrap_or_default().to_owned();
        !port.is_empty()
    });
    format!("127.0.0.1:{port}")
}

fn start_driver(program: &Path) -> (Process, Lines, u16) {
    let mut command = Command::new(program);
    command
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut driver = Process::start(&mut command);
    let (lines, _) = driver.listen();
    let said = lines.until("ChromeDriver was started successfully on port ");
    let port = said
        .last()
        .and_then(|line| line.trim_end_matches('.').rsplit_once(' '));
    let port = port.unwrap().1.parse().unwrap();
    (driver, lines, port)
}

async fn command(http: &Client, method: Method, url: &str, body: &Value) -> Value {
    let answer = http.request(method, url).json(body).send().await.unwrap();
    let mut answer: Value = answer.json().await.unwrap();
    let value = answer["value"].take();
    if let Some(error) = value["error"].as_str() {
        panic!("{url}: {error}: {}\n{body}", value["message"]);
    }
    value
}
