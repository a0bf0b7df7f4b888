//! `/login` and `/logout` of the page: credentials in, a session out, and back to where the browser wanted to go.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::super::page;
use super::body::JsonBody;
use super::refusal::Refusal;
use super::search::Parameters;
use super::server::Shared;
use super::session;

/// Where the login page sends the browser afterwards.
const WANTED: &str = "redirectTo";

#[derive(Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: String,
}

/// The login page, or onwards for somebody who is logged in.
pub(super) async fn page(
    State(shared): State<Shared>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if session::is_open(&shared.keeper, &headers).await? {
        let parameters = Parameters::parse(raw.as_deref());
        return Ok(redirect(local(parameters.first(WANTED).unwrap_or("/"))));
    }
    Ok(page::login_page(headers).await)
}

/// 200 with the session's cookie, 401, or 429 after too many wrong passwords.
pub(super) async fn log_in(
    State(shared): State<Shared>,
    headers: HeaderMap,
    JsonBody(form): JsonBody<Form>,
) -> Result<Response, Refusal> {
    shared.admission.check(&form.user, &form.password)?;
    let cookie = session::open(&shared.keeper, &headers).await?;
    let body = Json(json!({ "message": "Logged in", "redirectUrl": "/" }));
    Ok(([(header::SET_COOKIE, cookie)], body).into_response())
}

/// Ends the session and shows the login page.
pub(super) async fn log_out(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    let cookie = session::close(&shared.keeper, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], redirect("/login")).into_response())
}

/// The login page's address for somebody who wants to see `wanted`, a path with its query.
pub(super) fn address(wanted: &str) -> String {
    if wanted == "/" {
        return "/login".to_owned();
    }
    let query = Url::parse_with_params("http://localhost/login", [(WANTED, wanted)]);
    query.map_or_else(
        |_| "/login".to_owned(),
        |url| format!("/login?{}", url.query().unwrap_or_default()),
    )
}

/// 302, which is never stored.
pub(super) fn redirect(to: &str) -> Response {
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::FOUND, headers).into_response()
}

/// The address itself when it is a path of this server, else the front page: a link to the login page must not lead
/// elsewhere. Browsers read `\` as `/` and skip tabs and line ends, so that `/\` and `/<tab>/` name another host too.
fn local(wanted: &str) -> &str {
    let is_plain = wanted
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_plain && wanted.starts_with('/') && !wanted.starts_with("//") {
        wanted
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_followed() {
        let table = [
            ("/d/uwsgi?from=now-5m&to=now", true),
            ("/", true),
            ("", false),
            ("d/uwsgi", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("/\t/evil.example", false),
            ("/\r\nset-cookie:a=b", false),
            ("https://evil.example", false),
            ("javascript:alert(1)", false),
        ];
        for (wanted, expected) in table {
            assert_eq!(local(wanted) == wanted, expected, "{wanted}");
        }
    }

    #[test]
    fn the_login_pages_address_carries_the_wanted_one() {
        assert_eq!(address("/"), "/login");
        let expected = "/login?redirectTo=%2Fd%2Fx%3Ffrom%3Dnow-5m%26to%3Dnow";
        assert_eq!(address("/d/x?from=now-5m&to=now"), expected);
    }
}
