//! The page's modules in a real browser, without a server behind them: tables on what they compute, and panels drawn.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Path as Address;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::browser::{Browser, Programs, Screen};

/// A page with the styles of the dashboard and nothing on it.
const STAGE: &str = "<!doctype html><html lang=en data-theme=dark><meta charset=utf-8><title>tests</title>\
    <link rel=icon href=/icon.svg><link rel=stylesheet href=/style.css><link rel=stylesheet href=/uplot.css>\
    <link rel=stylesheet href=/panels/panels.css><body></body></html>";

const RUN: &str = "const { run } = await import('/tests/run.js'); return run(given[0]);";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn file(directory: &str, path: &str) -> Response {
    let media_type = match Path::new(path)
        .extension()
        .and_then(|extension| extension.to_str())
    {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        _ => "image/svg+xml",
    };
    match fs::read(repository(directory).join(path)) {
        Ok(bytes) => ([(header::CONTENT_TYPE, media_type)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn test_module(Address(path): Address<String>) -> Response {
    file("tests/integration/page", &path)
}

async fn asset(Address(path): Address<String>) -> Response {
    file("src/embedded/page/assets", &path)
}

/// The stage, the page's files and the tests, served until the test ends.
async fn serve() -> String {
    let routes = Router::new()
        .route("/", get(|| async { Html(STAGE) }))
        .route("/tests/{*path}", get(test_module))
        .route("/{*path}", get(asset));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    format!("http://{address}/")
}

/// The addresses of all modules of tests, in the order of their names.
fn modules() -> Vec<String> {
    let entries = fs::read_dir(repository("tests/integration/page")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut modules: Vec<_> = names
        .filter(|name| name.ends_with(".test.js"))
        .map(|name| format!("/tests/{name}"))
        .collect();
    modules.sort();
    modules
}

#[tokio::test]
async fn the_modules_of_the_page_do_what_their_tables_say_and_panels_draw_what_they_are_given() {
    let Some(programs) = Programs::find() else { return };
    let browser = Browser::start(&programs, Screen::Desk).await;
    browser.open(&serve().await).await;
    let modules = modules();
    let results = browser.run(RUN, json!([modules])).await;
    let results = results.as_array().unwrap();
    let failures: Vec<_> = results
        .iter()
        .filter(|result| !result["failure"].is_null())
        .collect();
    assert_eq!(failures, Vec::<&Value>::new());
    for module in modules {
        let ran = results
            .iter()
            .filter(|result| result["module"] == module.as_str())
            .count();
        assert!(ran > 0, "{module} ran no test");
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
