//! HTTP from outside: what the lab's endpoints answer.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use reqwest::{Client, RequestBuilder};
use serde_json::Value;

pub(crate) type Login<'a> = Option<(&'a str, &'a str)>;

/// Status and body; `None` where nobody answers.
pub(crate) fn get(url: &str, login: Login<'_>) -> Option<(u16, String)> {
    send(client().get(url), login)
}

pub(crate) fn post(url: &str, login: Login<'_>, body: String) -> Option<(u16, String)> {
    let request = client().post(url).header("content-type", "application/json");
    send(request.body(body), login)
}

/// The JSON that a GET answers with 200.
pub(crate) fn json(url: &str, login: Login<'_>) -> Value {
    let (status, body) = get(url, login).unwrap();
    assert_eq!(status, 200, "{url}: {body}");
    serde_json::from_str(&body).unwrap()
}

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

pub(crate) fn send(request: RequestBuilder, login: Login<'_>) -> Option<(u16, String)> {
    let request = match login {
        Some((user, password)) => request.basic_auth(user, Some(password)),
        None => request,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(async {
        let answer = request.send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    })
}
