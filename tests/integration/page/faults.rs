//! What goes wrong, and what the page says about it: panels, data sources, servers.

use serde_json::json;

use super::{Visit, panel, panel_of, query};
use crate::browser::Screen;
use crate::dashboard::Server;

#[tokio::test]
async fn a_panel_that_cannot_be_shown_says_why_and_leaves_the_others_alone() {
    let Some(visit) = Visit::begin(Screen::Desk).await else {
        return;
    };
    let good = "SELECT last(\"busy\") FROM \"uwsgi_summary\" WHERE $timeFilter";
    let broken = json!({ "uid": "broken", "title": "Broken", "time": { "from": "now-15m", "to": "now" }, "panels": [
        panel(1, "stat", &query(good)),
        panel(2, "timeseries", &query("SELECT nonsense FROM WHERE")),
        panel_of("gone", 3, "timeseries", &query(good)),
        panel(4, "no-such-panel", &query(good)),
        panel(5, "timeseries", &json!([])),
        panel(6, "timeseries", &query("SELECT last(\"busy\") FROM \"nothing\" WHERE $timeFilter")),
    ]});
    visit.save(&broken).await;
    visit.log_in_to("/d/broken").await;
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
async fn the_page_says_that_the_server_is_away_and_goes_on_when_it_is_back() {
    let Some(mut visit) = Visit::on_dashboard(Screen::Desk, "refresh=1s").await else {
        return;
    };
    let address = visit.server.url.trim_start_matches("http://").to_owned();
    visit.server.kill();
    let banner = "document.querySelector('.banner').textContent.split('.')[0]";
    visit
        .browser
        .until(banner, json!("The dashboard server does not answer"))
        .await;
    let stays =
        "document.querySelector('.panel[data-panel-id=\"1\"] .stat-value').textContent.includes('19.5')";
    assert_eq!(visit.browser.value(stays).await, json!(true));
    visit.server = Server::start_at(&address, &visit.data(), "secret");
    visit.browser.until(banner, json!("")).await;
    visit
        .browser
        .until("document.querySelectorAll('.panel-error').length", json!(0))
        .await;
    let complaints = visit.browser.complaints().await;
    let refused = complaints.iter().filter(|text| !text.contains("net::ERR_"));
    assert_eq!(refused.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test]
async fn panels_say_that_the_database_is_away() {
    let Some(mut visit) = Visit::begin(Screen::Desk).await else {
        return;
    };
    visit.influxdb.kill();
    visit.log_in_to_dashboard("refresh=").await;
    let reason = "document.querySelector('.panel[data-panel-id=\"7\"] .panel-notice').innerText.includes('Connection refused')";
    visit.browser.until(reason, json!(true)).await;
    let problem =
        "document.querySelector('[data-variable=source] .variable-problem').ariaLabel.startsWith('Source: ')";
    visit.browser.until(problem, json!(true)).await;
}
