//! What people do on the page: zoom, choose ranges, variables and panels, with mouse and keyboard.

use serde_json::json;

use super::{Visit, panel, query};
use crate::browser::Screen;
use crate::dashboard::dashboard;

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
async fn a_link_to_another_range_keeps_the_variables_and_the_page() {
    let address = "from=now-15m&to=now&var-worker=2&var-worker=3&refresh=";
    let Some(visit) = Visit::on_dashboard(Screen::Desk, address).await else {
        return;
    };
    let browser = &visit.browser;
    let follow = "
        window.stays = true;
        [...document.querySelectorAll('.dashboard-link')].find((one) => one.textContent === '1 h').click();";
    browser.run(follow, json!([])).await;
    let shown = "[document.querySelector('.range-text').textContent, document.querySelector('#var-worker').textContent, window.stays, document.querySelector('.dashboard-link[aria-current]')?.textContent ?? null]";
    browser
        .until(shown, json!(["Last 1 hour", "2 + 3", true, "1 h"]))
        .await;
    browser
        .value("document.querySelector('.panel[data-panel-id=\"13\"]').scrollIntoView()")
        .await;
    let workers = "[...document.querySelectorAll('.panel[data-panel-id=\"13\"] .legend-name')].map((one) => one.textContent.slice(0, 8))";
    browser
        .until(workers, json!(["worker 2", "worker 3", "worker 2", "worker 3"]))
        .await;
    browser.value("history.back()").await;
    browser
        .until(shown, json!(["Last 15 minutes", "2 + 3", true, null]))
        .await;
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
async fn keys_show_help_and_one_panel_alone() {
    let Some(visit) = Visit::on_dashboard(Screen::Desk, "refresh=").await else {
        return;
    };
    let browser = &visit.browser;
    browser.type_keys("?").await;
    let title = "document.querySelector('dialog h2')?.textContent ?? ''";
    browser.until(title, json!("Keyboard shortcuts")).await;
    browser.type_keys("\u{e00c}").await;
    browser.until(title, json!("")).await;
    browser
        .value("document.querySelector('.panel[data-panel-id=\"8\"]').focus()")
        .await;
    browser.type_keys("v").await;
    let ids = "[...document.querySelectorAll('.panel')].map((panel) => panel.dataset.panelId).join(' ')";
    browser.until(ids, json!("8")).await;
    assert_eq!(visit.address().await["viewPanel"], "8");
    visit.shown().await;
    browser
        .until("document.querySelectorAll('.panel canvas').length", json!(1))
        .await;
    browser.type_keys("\u{e00c}").await;
    let model = dashboard();
    let open = model["panels"].as_array().unwrap().iter();
    let open = open.filter(|panel| panel["type"] != "row").count();
    browser
        .until("document.querySelectorAll('.panel').length", json!(open))
        .await;
    assert_eq!(visit.address().await.get("viewPanel"), None);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_panel_repeats_for_each_value_of_its_variable_and_asks_for_it() {
    let Some(visit) = Visit::begin(Screen::Desk).await else {
        return;
    };
    let text = "SELECT last(\"rss\") / 1000000 FROM \"uwsgi_workers\" WHERE $timeFilter AND \"worker_id\" =~ /^$worker$/";
    let mut repeated = panel(1, "stat", &query(text));
    repeated["title"] = json!("Worker $worker");
    repeated["repeat"] = json!("worker");
    let worker = json!({
        "name": "worker", "type": "query", "refresh": 1, "multi": true, "includeAll": true, "sort": 3,
        "datasource": { "type": "influxdb", "uid": "uwsgi-lab-influxdb" },
        "query": "SHOW TAG VALUES FROM \"uwsgi_workers\" WITH KEY = \"worker_id\"",
    });
    let dashboard = json!({
        "uid": "repeats", "title": "Repeats", "time": { "from": "now-15m", "to": "now" }, "panels": [repeated],
        "templating": { "list": [worker] },
    });
    visit.save(&dashboard).await;
    visit.log_in_to("/d/repeats?var-worker=2&var-worker=3").await;
    let shown = "[...document.querySelectorAll('.panel')].map((panel) => panel.innerText.split(/\\s*\\n\\s*/).join(' '))";
    visit
        .browser
        .until(shown, json!(["Worker 2 2", "Worker 3 3"]))
        .await;
    assert_eq!(visit.browser.complaints().await, Vec::<String>::new());
}
