//! The dashboard's page in a real browser, over a real InfluxDB: what people see and do.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

mod modules;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Programs, Screen};
use crate::dashboard::{Server, dashboard, panels};
use crate::environment::Peer;
use crate::panels::{Influxdb, client, connect, fill, points, succeed};

const SECONDS: u64 = 900;

/// A browser, and a dashboard server with a quarter of an hour of data up to now.
struct Visit {
    browser: Browser,
    server: Server,
    influxdb: Influxdb,
    _directory: TempDir,
}

impl Visit {
    /// `None` when a peer is missing.
    async fn begin(screen: Screen) -> Option<Self> {
        let (programs, influxd) = (Programs::find()?, Peer::INFLUXD.find()?);
        let directory = tempfile::tempdir().unwrap();
        let influxdb = Influxdb::start(&influxd, directory.path()).await;
        fill(&influxdb, points(now() - SECONDS)).await;
        let server = Server::start(&directory.path().join("dashboard"), "secret");
        connect(&server, &influxdb).await;
        let visit = Self {
            browser: Browser::start(&programs, screen).await,
            server,
            influxdb,
            _directory: directory,
        };
        visit.save(&dashboard()).await;
        Some(visit)
    }

    /// As `begin`, logged in and on the dashboard.
    async fn on_dashboard(screen: Screen, query: &str) -> Option<Self> {
        let visit = Self::begin(screen).await?;
        visit.open("/login").await;
        visit.log_in("secret").await;
        visit
            .browser
            .until("location.pathname", json!("/d/uwsgi-lab/uwsgi"))
            .await;
        visit.open(&format!("/d/uwsgi-lab/uwsgi?{query}")).await;
        visit.shown().await;
        Some(visit)
    }

    async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.server.url)).await;
    }

    async fn log_in(&self, password: &str) {
        let script = "
            const form = document.getElementById('login');
            form.elements.user.value = 'admin';
            form.elements.password.value = given[0];
            form.requestSubmit();";
        self.browser.run(script, json!([password])).await;
    }

    /// Waits until all panels in view have their answers.
    async fn shown(&self) {
        let idle =
            "document.querySelectorAll('.panel').length > 0 && !document.querySelector('.panel[aria-busy]')";
        self.browser.until(idle, json!(true)).await;
    }

    async fn post(&self, path: &str, body: &Value) {
        let request = client().post(format!("{}{path}", self.server.url));
        succeed(request.basic_auth("admin", Some("secret")).json(body)).await;
    }

    async fn save(&self, dashboard: &Value) {
        self.post(
            "/api/dashboards/db",
            &json!({ "dashboard": dashboard, "overwrite": true }),
        )
        .await;
    }

    /// The text of the panel with this id.
    async fn panel_text(&self, id: u64) -> String {
        let script = "return document.querySelector(`.panel[data-panel-id=\"${given[0]}\"]`).innerText;";
        self.browser
            .run(script, json!([id]))
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn address(&self) -> Value {
        let script = "return Object.fromEntries(new URLSearchParams(location.search));";
        self.browser.run(script, json!([])).await
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// For each panel, by title: how many of its pixels are coloured, and its text. Grid and axes are grey.
const LOOK: &str = "
    const seen = {};
    for (const panel of document.querySelectorAll('.panel')) {
        panel.scrollIntoView();
        for (let turn = 0; turn < 100; turn += 1) {
            await new Promise((done) => setTimeout(done, 50));
            if (!panel.hasAttribute('aria-busy') && panel.querySelector('canvas, .stat-value')) break;
        }
        let coloured = 0;
        for (const canvas of panel.querySelectorAll('canvas')) {
            if (canvas.width === 0 || canvas.height === 0) continue;
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            for (let at = 0; at < data.length; at += 4) {
                const [red, green, blue, alpha] = data.slice(at, at + 4);
                if (alpha > 60 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) coloured += 1;
            }
        }
        const title = `${panel.dataset.panelId} ${panel.querySelector('.panel-title').textContent}`;
        seen[title] = { type: panel.dataset.type, coloured, text: panel.querySelector('.panel-content').innerText };
    }
    return seen;";

#[tokio::test]
async fn every_panel_of_the_labs_dashboard_shows_its_data_and_the_console_stays_silent() {
    let Some(visit) = Visit::on_dashboard(Screen::Desk, "").await else {
        return;
    };
    let browser = &visit.browser;
    browser
        .value("document.querySelector('.row-heading').click()")
        .await;
    let count = json!(panels(&dashboard()).len());
    browser
        .until("document.querySelectorAll('.panel').length", count)
        .await;
    let seen: BTreeMap<String, Value> = serde_json::from_value(browser.run(LOOK, json!([])).await).unwrap();
    let mut bare = Vec::new();
    for (title, panel) in &seen {
        let text = panel["text"].as_str().unwrap();
        let drawn = match panel["type"].as_str().unwrap() {
            "stat" => text.contains("up") || text.contains(|c: char| c.is_ascii_digit()),
            _ => panel["coloured"].as_u64().unwrap() > 100,
        };
        if !drawn || text.contains("No data") {
            bare.push(format!("{title}: {panel}"));
        }
    }
    assert_eq!((bare, seen.len()), (Vec::new(), panels(&dashboard()).len()));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn values_follow_new_points_without_a_reload() {
    let Some(visit) = Visit::on_dashboard(Screen::Desk, "refresh=1s").await else {
        return;
    };
    assert!(
        visit.panel_text(1).await.contains("19.5"),
        "{}",
        visit.panel_text(1).await
    );
    let rate =
        "document.querySelector('.panel[data-panel-id=\"1\"] .stat-value').textContent.startsWith('77.7')";
    for _ in 0..600 {
        let line = format!(
            "uwsgi_load,target=http://127.0.0.1:9090 achieved_rate=77.7 {}000",
            now()
        );
        fill(&visit.influxdb, line).await;
        if visit.browser.value(rate).await == json!(true) {
            assert_eq!(visit.browser.complaints().await, Vec::<String>::new());
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    visit.browser.until(rate, json!(true)).await;
}

#[tokio::test]
async fn dragging_across_a_chart_zooms_and_the_address_keeps_the_range() {
    let Some(visit) = Visit::on_dashboard(Screen::Desk, "from=now-15m&to=now&refresh=").await else {
        return;
    };
    let browser = &visit.browser;
    let place = "
        const box = document.querySelector('.panel[data-panel-id=\"7\"] .u-over').getBoundingClientRect();
        return [box.left, box.top + box.height / 2, box.width].map(Math.round);";
    let place: [i64; 3] = serde_json::from_value(browser.run(place, json!([])).await).unwrap();
    let [left, y, width] = place;
    browser.drag((left + width / 4, y), (left + width / 2, y)).await;
    browser
        .until(
            "new URLSearchParams(location.search).get('to') !== 'now'",
            json!(true),
        )
        .await;
    let zoomed = visit.address().await;
    let end = |name: &str| zoomed[name].as_str().unwrap().parse::<i64>().unwrap();
    let span = end("to") - end("from");
    assert!(
        (200_000..250_000).contains(&span),
        "a quarter of 15 minutes, not {span} ms"
    );
    visit
        .open(&format!(
            "/d/uwsgi-lab/uwsgi?from={}&to={}",
            end("from"),
            end("to")
        ))
        .await;
    visit.shown().await;
    let shown = "document.querySelector('.range-text').textContent";
    let text = browser.value(shown).await;
    assert!(text.as_str().unwrap().contains(" to "), "{text}");
    browser.type_keys("tz").await;
    browser.until("Number(new URLSearchParams(location.search).get('to') ?? 0) - Number(new URLSearchParams(location.search).get('from') ?? 0)", json!(2 * span)).await;
    browser.value("history.back()").await;
    browser.until(shown, text).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_range_is_chosen_from_the_list_or_typed_in_the_browsers_time_zone() {
    let Some(visit) = Visit::on_dashboard(Screen::Desk, "").await else {
        return;
    };
    let browser = &visit.browser;
    let choose = "
        document.querySelector('.range').click();
        [...document.querySelectorAll('.quick')].find((one) => one.textContent === 'Last 5 minutes').click();";
    browser.run(choose, json!([])).await;
    let ends = "['from', 'to'].map((name) => new URLSearchParams(location.search).get(name))";
    browser.until(ends, json!(["now-5m", "now"])).await;
    let type_in = "
        document.querySelector('.range').click();
        const form = document.querySelector('.timepicker form');
        form.elements.from.value = given[0];
        form.elements.to.value = given[1];
        form.requestSubmit();
        return document.querySelector('.timepicker .problem')?.textContent ?? '';";
    let refused = browser.run(type_in, json!(["yesterday", "now"])).await;
    assert_eq!(
        refused,
        json!("'yesterday' is no time: type now-1h, now/d or 2026-01-31 13:00:00.")
    );
    browser.value("document.querySelector('.range').click()").await;
    let refused = browser.run(type_in, json!(["now", "now-1h"])).await;
    assert_eq!(refused, json!("The range must begin before it ends."));
    browser.value("document.querySelector('.range').click()").await;
    browser
        .run(type_in, json!(["2026-01-31 13:00:00", "2026-01-31 14:00:00"]))
        .await;
    // Berlin is an hour ahead of UTC in January
    browser
        .until(ends, json!(["1769860800000", "1769864400000"]))
        .await;
    let text = browser
        .value("document.querySelector('.range-text').textContent")
        .await;
    assert_eq!(text, json!("2026-01-31 13:00:00 to 2026-01-31 14:00:00"));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_variable_narrows_the_queries_of_the_panels() {
    let Some(visit) = Visit::on_dashboard(Screen::Desk, "refresh=").await else {
        return;
    };
    let browser = &visit.browser;
    assert!(
        visit.panel_text(3).await.contains("6.0"),
        "both sources: {}",
        visit.panel_text(3).await
    );
    let choose = "
        document.getElementById('var-source').click();
        const boxes = [...document.querySelectorAll('.checks input')];
        const offered = boxes.map((box) => box.value);
        boxes.find((box) => box.value === given[0]).click();
        document.body.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
        return offered;";
    let offered = browser.run(choose, json!(["unix:/run/stats"])).await;
    assert_eq!(offered, json!(["$__all", "127.0.0.1:9191", "unix:/run/stats"]));
    let busy =
        "document.querySelector('.panel[data-panel-id=\"3\"] .panel-content').innerText.includes('3.0')";
    browser.until(busy, json!(true)).await;
    assert_eq!(visit.address().await["var-source"], "unix:/run/stats");
    let inspect = "
        document.querySelector('.panel[data-panel-id=\"3\"] .panel-menu').click();
        [...document.querySelectorAll('[role=menuitem]')].find((one) => one.textContent === 'Inspect query').click();
        return document.querySelector('.inspect pre').textContent;";
    let query = browser.run(inspect, json!([])).await;
    assert!(
        query
            .as_str()
            .unwrap()
            .contains(r#""source" =~ /^(unix:\/run\/stats)$/"#),
        "{query}"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_login_page_refuses_a_wrong_password_and_brings_the_right_one_where_it_wanted_to_go() {
    let Some(visit) = Visit::begin(Screen::Desk).await else {
        return;
    };
    let browser = &visit.browser;
    visit.open("/d/uwsgi-lab/uwsgi?from=now-1h&to=now").await;
    browser.until("location.pathname", json!("/login")).await;
    visit.log_in("wrong").await;
    let problem = "document.getElementById('problem').textContent";
    browser
        .until(problem, json!("Invalid username or password"))
        .await;
    visit.log_in("secret").await;
    browser
        .until("location.pathname", json!("/d/uwsgi-lab/uwsgi"))
        .await;
    visit.shown().await;
    assert_eq!(visit.address().await["from"], "now-1h");
    assert_eq!(browser.value("document.cookie").await, json!(""));
    let complaints = browser.complaints().await;
    assert!(
        complaints
            .iter()
            .all(|text| text.contains("/login - Failed to load resource")),
        "{complaints:?}"
    );
    visit.open("/logout").await;
    visit.open("/").await;
    browser.until("location.pathname", json!("/login")).await;
}

#[tokio::test]
async fn a_phone_shows_one_column_without_a_horizontal_scrollbar() {
    let Some(visit) = Visit::on_dashboard(Screen::Phone, "").await else {
        return;
    };
    let browser = &visit.browser;
    browser
        .value("document.querySelector('.row-heading').click()")
        .await;
    let wide = "
        const limit = document.documentElement.clientWidth;
        const all = [...document.querySelectorAll('.toolbar *, .panel, .row-heading')].filter((one) => one.offsetParent);
        return [limit, document.documentElement.scrollWidth, ...all.filter((one) => one.getBoundingClientRect().right > limit + 1).map((one) => one.className)];";
    assert_eq!(browser.run(wide, json!([])).await, json!([390, 390]));
    let left = "[...document.querySelectorAll('.panel[data-type=timeseries]')].map((one) => one.getBoundingClientRect().left)";
    let left: Vec<f64> = serde_json::from_value(browser.value(left).await).unwrap();
    assert!(
        left.len() > 10 && left.iter().all(|one| *one == left[0]),
        "{left:?}"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

fn panel(id: u64, kind: &str, source: &str, targets: Value) -> Value {
    json!({
        "id": id, "type": kind, "title": format!("p{id}"), "gridPos": { "x": 0, "y": id, "w": 24, "h": 4 },
        "datasource": { "type": "influxdb", "uid": source }, "targets": targets,
        "fieldConfig": { "defaults": {}, "overrides": [] }, "options": {},
    })
}

#[tokio::test]
async fn a_panel_that_cannot_be_shown_says_why_and_leaves_the_others_alone() {
    let Some(visit) = Visit::begin(Screen::Desk).await else {
        return;
    };
    let query = |text: &str| json!([{ "refId": "A", "query": text, "rawQuery": true }]);
    let good = "SELECT last(\"busy\") FROM \"uwsgi_summary\" WHERE $timeFilter";
    let source = "uwsgi-lab-influxdb";
    let broken = json!({ "uid": "broken", "title": "Broken", "time": { "from": "now-15m", "to": "now" }, "panels": [
        panel(1, "stat", source, query(good)),
        panel(2, "timeseries", source, query("SELECT nonsense FROM WHERE")),
        panel(3, "timeseries", "gone", query(good)),
        panel(4, "no-such-panel", source, query(good)),
        panel(5, "timeseries", source, json!([])),
        panel(6, "timeseries", source, query("SELECT last(\"busy\") FROM \"nothing\" WHERE $timeFilter")),
    ]});
    visit.save(&broken).await;
    visit.open("/login?redirectTo=/d/broken").await;
    visit.log_in("secret").await;
    visit.browser.until("location.pathname", json!("/d/broken")).await;
    visit.shown().await;
    let reasons = [
        (1, "3"),
        (2, "error parsing query: found WHERE, expected identifier"),
        (3, "Data source 'gone' does not exist on this server."),
        (4, "no-such-panel"),
        (5, "This panel has no queries."),
        (6, "No data"),
    ];
    for (id, reason) in reasons {
        let text = visit.panel_text(id).await;
        assert!(text.contains(reason), "panel {id}: {text}");
    }
    let complaints = visit.browser.complaints().await;
    let expected = "/api/ds/query - Failed to load resource: the server responded with a status of 400";
    assert!(
        complaints.iter().all(|text| text.contains(expected)),
        "{complaints:?}"
    );
}

#[tokio::test]
async fn a_foreign_name_for_this_machine_gets_no_page() {
    let Some(visit) = Visit::begin(Screen::Desk).await else {
        return;
    };
    let port = visit.server.url.rsplit_once(':').unwrap().1;
    visit
        .browser
        .open(&format!("http://evil.example:{port}/login"))
        .await;
    let text = visit.browser.value("document.body.innerText").await;
    let expected = format!("host \\\"evil.example:{port}\\\" is not one of this server's names");
    assert!(text.as_str().unwrap().contains(&expected), "{text}");
}
