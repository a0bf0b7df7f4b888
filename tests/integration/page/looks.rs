//! What the page shows: data in every panel, new values as they come, themes, and a phone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Visit, now};
use crate::browser::Screen;
use crate::dashboard::{dashboard, panels};
use crate::panels::fill;

/// For each panel, by title: how many of its pixels are coloured, and its text. Grid and axes are grey.
const LOOK: &str = "
    const seen = {};
    for (const panel of document.querySelectorAll('.panel')) {
        panel.scrollIntoView();
        for (let turn = 0; turn < 100; turn += 1) {
            await new Promise((done) => setTimeout(done, 50));
            if (!panel.hasAttribute('aria-busy') && panel.querySelector('canvas, .stat-value, .panel-text')) break;
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

const OPEN_ROWS: &str =
    "document.querySelectorAll('.row-heading[aria-expanded=false]').forEach((heading) => heading.click())";

#[tokio::test]
async fn every_panel_of_the_labs_dashboard_shows_its_data_and_the_console_stays_silent() {
    let Some(visit) = Visit::on_dashboard(Screen::Desk, "").await else {
        return;
    };
    let browser = &visit.browser;
    browser.value(OPEN_ROWS).await;
    let count = json!(panels(&dashboard()).len());
    browser
        .until("document.querySelectorAll('.panel').length", count)
        .await;
    let seen: BTreeMap<String, Value> = serde_json::from_value(browser.run(LOOK, json!([])).await).unwrap();
    let mut bare = Vec::new();
    for (title, panel) in &seen {
        let text = panel["text"].as_str().unwrap();
        let drawn = match panel["type"].as_str().unwrap() {
            "text" => text.len() > 100,
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
async fn a_phone_shows_one_column_without_a_horizontal_scrollbar() {
    let Some(visit) = Visit::on_dashboard(Screen::Phone, "").await else {
        return;
    };
    let browser = &visit.browser;
    browser.value(OPEN_ROWS).await;
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

#[tokio::test]
async fn a_theme_is_kept_for_the_next_visit_and_one_in_the_address_is_not() {
    let Some(visit) = Visit::on_dashboard(Screen::Desk, "").await else {
        return;
    };
    let browser = &visit.browser;
    let theme = "document.documentElement.dataset.theme";
    let before = browser.value(theme).await;
    browser.type_keys("ct").await;
    let after = if before == "light" { "dark" } else { "light" };
    browser.until(theme, json!(after)).await;
    let drawn = "document.querySelectorAll('.panel[data-panel-id=\"7\"] canvas').length";
    browser.until(drawn, json!(1)).await;
    visit
        .open(&format!("/d/uwsgi-lab/uwsgi?theme={}", before.as_str().unwrap()))
        .await;
    assert_eq!(browser.value(theme).await, before);
    visit.open("/d/uwsgi-lab/uwsgi").await;
    assert_eq!(browser.value(theme).await, after);
    visit.shown().await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn events_are_marked_on_the_charts_once_and_by_what_is_switched_on() {
    let Some(visit) = Visit::begin(Screen::Desk).await else {
        return;
    };
    let time = (now() - 300) * 1000;
    for (text, tags) in [
        ("worker respawned", ["uwsgi-lab", "respawn"]),
        ("elsewhere", ["other", "x"]),
    ] {
        visit
            .post(
                "/api/annotations",
                &json!({ "time": time, "text": text, "tags": tags }),
            )
            .await;
    }
    visit.log_in_to_dashboard("refresh=").await;
    let browser = &visit.browser;
    let marks = "[...new Set([...document.querySelectorAll('.panel[data-panel-id=\"7\"] .annotation-mark')].map((mark) => mark.ariaLabel))].sort()";
    let switch = "document.querySelectorAll('.switch input')";
    let stored = "Lab events: worker respawned";
    // what two servers tell of the same moment is one mark
    let queried = "uWSGI events: harakiri of worker 1; respawn of worker 1";
    browser.until(marks, json!([queried])).await;
    browser.value(&format!("{switch}[0].click()")).await;
    browser.until(marks, json!([stored, queried])).await;
    browser.value(&format!("{switch}[1].click()")).await;
    browser.until(marks, json!([stored])).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
