//! Who gets in: the login page, and names that are not this server's.

use serde_json::json;

use super::Visit;
use crate::browser::Screen;

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
