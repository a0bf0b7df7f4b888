//! What a browser meets over a loopback server: login, sessions, redirects, the page's files and their headers.

use std::collections::BTreeMap;

use reqwest::header::{self, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::fake::test_server;

/// A browser that follows no redirect and keeps no cookie, so that tests see both.
struct Browser {
    url: String,
    http: Client,
}

impl Browser {
    async fn new() -> Self {
        let (address, _stop) = test_server().await;
        Self {
            url: format!("http://{address}"),
            http: Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .build()
                .unwrap(),
        }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send(Method::GET, path, headers).await
    }

    async fn log_in(&self, user: &str, password: &str) -> Response {
        let request = self.http.post(format!("{}/login", self.url));
        let body = json!({ "user": user, "password": password });
        request
            .header("origin", self.url.as_str())
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    fn cookie_name(&self) -> String {
        let (_, port) = self.url.rsplit_once(':').unwrap();
        format!("grafana_session_{port}")
    }

    /// The `Cookie` header of a new session.
    async fn session(&self) -> String {
        let answer = self.log_in("admin", "secret").await;
        let cookie = text(answer.headers(), "set-cookie").to_owned();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// The address of a file that the front page names.
    async fn asset(&self, name: &str) -> String {
        let cookie = self.session().await;
        let page = self.get("/", &[("cookie", &cookie)]).await.text().await.unwrap();
        let end = page.find(name).unwrap() + name.len();
        let start = page[..end].rfind('"').unwrap() + 1;
        page[start..end].to_owned()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_right_password_opens_a_session_for_page_and_api() {
    let browser = Browser::new().await;
    let answer = browser.log_in("admin", "secret").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = text(answer.headers(), "set-cookie").to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Max-Age=604800; HttpOnly; SameSite=Lax");
    assert_eq!(
        pair.split_once('=')
            .map(|(name, token)| (name.to_owned(), token.len())),
        Some((browser.cookie_name(), 43))
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body, json!({ "message": "Logged in", "redirectUrl": "/" }));
    for path in [
        "/",
        "/dashboards",
        "/d/uwsgi-lab",
        "/d/uwsgi-lab/uwsgi?from=now-5m",
        "/api/search",
    ] {
        let answer = browser.get(path, &[("cookie", pair)]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    let forged = format!("{}x", &pair[..pair.len() - 1]);
    let refused = browser.get("/api/search", &[("cookie", &forged)]).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_on_one_port_leaves_that_on_another_alone() {
    let (one, other) = (Browser::new().await, Browser::new().await);
    // What a browser keeps for the host: the latest value of each name, whatever the port.
    let mut jar = BTreeMap::new();
    for browser in [&one, &other] {
        let session = browser.session().await;
        let (name, token) = session.split_once('=').unwrap();
        jar.insert(name.to_owned(), token.to_owned());
    }
    let pairs: Vec<String> = jar
        .iter()
        .map(|(name, token)| format!("{name}={token}"))
        .collect();
    let cookies = pairs.join("; ");
    for browser in [&one, &other] {
        let answer = browser.get("/api/search", &[("cookie", &cookies)]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{cookies}");
    }
}

#[tokio::test]
async fn a_wrong_password_opens_nothing() {
    let browser = Browser::new().await;
    for (user, password) in [("admin", "wrong"), ("root", "secret"), ("", "")] {
        let answer = browser.log_in(user, password).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(text(answer.headers(), "set-cookie"), "");
        let body: Value = answer.json().await.unwrap();
        let expected = json!({
            "message": "Invalid username or password", "messageId": "password-auth.failed", "statusCode": 401,
            "traceID": "",
        });
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn guessing_passwords_is_slowed_for_the_page_and_the_api_alike() {
    let browser = Browser::new().await;
    for number in 0..5 {
        let attempt = browser.log_in("admin", &format!("a{number}")).await;
        assert_eq!(attempt.status(), StatusCode::UNAUTHORIZED);
    }
    let mut refused = None;
    for number in 0..100 {
        let request = browser.http.get(format!("{}/api/org", browser.url));
        let attempt = request
            .basic_auth("admin", Some(format!("b{number}")))
            .send()
            .await
            .unwrap();
        if attempt.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(attempt.json::<Value>().await.unwrap());
            break;
        }
    }
    let expected = json!({ "message": "Too many wrong passwords, try again in some seconds" });
    assert_eq!(refused, Some(expected));
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let browser = Browser::new().await;
    let (first, second) = (browser.session().await, browser.session().await);
    let answer = browser.get("/logout", &[("cookie", &first)]).await;
    assert_eq!(
        (answer.status(), text(answer.headers(), "location")),
        (StatusCode::FOUND, "/login")
    );
    let forgotten = format!(
        "{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
        browser.cookie_name()
    );
    assert_eq!(text(answer.headers(), "set-cookie"), forgotten);
    let status = async |cookie: &str| browser.get("/api/search", &[("cookie", cookie)]).await.status();
    assert_eq!(status(&first).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&second).await, StatusCode::OK);
}

#[tokio::test]
async fn somebody_who_is_not_logged_in_is_sent_to_the_login_page_and_brought_back() {
    let browser = Browser::new().await;
    let redirected = async |path: &str, cookie: &str| {
        let answer = browser.get(path, &[("cookie", cookie)]).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{path}");
        text(answer.headers(), "location").to_owned()
    };
    assert_eq!(redirected("/", "").await, "/login");
    let wanted = "/login?redirectTo=%2Fd%2Fx%3Ffrom%3Dnow-5m%26to%3Dnow";
    assert_eq!(redirected("/d/x?from=now-5m&to=now", "").await, wanted);
    let cookie = browser.session().await;
    let table = [
        ("/login", "/"),
        (wanted, "/d/x?from=now-5m&to=now"),
        ("/login?redirectTo=//evil.example", "/"),
        ("/login?redirectTo=https://evil.example", "/"),
    ];
    for (path, expected) in table {
        assert_eq!(redirected(path, &cookie).await, expected, "{path}");
    }
    assert_eq!(browser.get("/login", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn another_sites_page_can_neither_log_in_nor_be_a_frame_around_ours() {
    let browser = Browser::new().await;
    let request = browser.http.post(format!("{}/login", browser.url));
    let request = request.header("origin", "https://evil.example");
    let refused = request
        .json(&json!({ "user": "admin", "password": "secret" }))
        .send();
    assert_eq!(refused.await.unwrap().status(), StatusCode::FORBIDDEN);
    let asset = browser.asset("main.js").await;
    for path in ["/login", "/api/health", &asset, "/nothing"] {
        let answer = browser.get(path, &[]).await;
        let policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";
        let found = [
            "content-security-policy",
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
        ]
        .map(|name| text(answer.headers(), name));
        assert_eq!(found, [policy, "nosniff", "DENY", "no-referrer"], "{path}");
    }
}

#[tokio::test]
async fn a_file_is_compressed_and_kept_for_ever_under_the_address_of_its_version() {
    let browser = Browser::new().await;
    let path = browser.asset("main.js").await;
    let plain = browser.get(&path, &[]).await;
    assert_eq!(
        text(plain.headers(), "content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        text(plain.headers(), "cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(text(plain.headers(), "content-encoding"), "");
    let etag = text(plain.headers(), "etag").to_owned();
    let script = plain.bytes().await.unwrap();
    assert_eq!(script, include_bytes!("../page/assets/main.js").as_slice());
    let packed = browser.get(&path, &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(text(packed.headers(), "content-encoding"), "gzip");
    let packed = packed.bytes().await.unwrap();
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, script);
    let same = browser.get(&path, &[("if-none-match", &etag)]).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(same.bytes().await.unwrap().len(), 0);
    for path in [
        "/public/old/main.js",
        &path.replace("main.js", "index.html"),
        &path.replace("main.js", "../main.js"),
    ] {
        let missing = browser.get(path, &[]).await;
        assert_ne!(missing.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_page_is_asked_for_again_each_time() {
    let browser = Browser::new().await;
    let cookie = browser.session().await;
    for (path, cookie) in [("/", cookie.as_str()), ("/login", "")] {
        let page = browser.get(path, &[("cookie", cookie)]).await;
        assert_eq!(text(page.headers(), "content-type"), "text/html; charset=utf-8");
        assert_eq!(text(page.headers(), "cache-control"), "no-cache");
        let etag = text(page.headers(), "etag").to_owned();
        let again = browser
            .get(path, &[("cookie", cookie), ("if-none-match", &etag)])
            .await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        let head = browser.send(Method::HEAD, path, &[("cookie", cookie)]).await;
        let length: usize = text(head.headers(), header::CONTENT_LENGTH.as_str())
            .parse()
            .unwrap();
        assert_eq!((head.status(), length > 100), (StatusCode::OK, true), "{path}");
    }
}
