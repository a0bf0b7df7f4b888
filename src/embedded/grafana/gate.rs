//! Who may speak to the server: `Host` (against DNS rebinding), `Origin` (against forged requests), and who is logged in.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::account::basic_credentials;
use super::refusal::Refusal;
use super::server::Shared;
use super::{login, session};

/// Names, besides `localhost` and IP addresses, under which the server may be called.
pub(super) type AllowedHosts = Arc<[String]>;

/// Refuses requests whose `Host` is a name nobody gave this server, because a web page that points its own name at
/// 127.0.0.1 would send that name, and changes that another site's page asks for.
pub(super) async fn check_host(
    State(allowed): State<AllowedHosts>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let host = text(request.headers(), header::HOST).unwrap_or_default();
    if !is_allowed(host, &allowed) {
        let message = format!("host {host:?} is not one of this server's names");
        return Err(Refusal::new(StatusCode::FORBIDDEN, message));
    }
    if !request.method().is_safe() && !is_own_page(text(request.headers(), header::ORIGIN), host) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "origin not allowed"));
    }
    Ok(next.run(request).await)
}

/// A browser says which page a request comes from; other clients say nothing.
fn is_own_page(origin: Option<&str>, host: &str) -> bool {
    origin.is_none_or(|origin| origin.split_once("://").is_some_and(|(_, own)| own == host))
}

/// Refuses requests without the account's login and password or a session, with Grafana's body for either case.
pub(super) async fn check_login(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    login(&shared, request.headers()).await?;
    Ok(next.run(request).await)
}

/// Sends a browser that is not logged in to the login page, which brings it back.
pub(super) async fn check_session(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if login(&shared, request.headers()).await.is_ok() {
        return next.run(request).await;
    }
    let wanted = request
        .uri()
        .path_and_query()
        .map_or("/", |wanted| wanted.as_str());
    login::redirect(&login::address(wanted))
}

async fn login(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(authorization) = text(headers, header::AUTHORIZATION) {
        let credentials = basic_credentials(authorization);
        let (login, password) = credentials.ok_or_else(Refusal::wrong_password)?;
        return shared.admission.check(&login, &password);
    }
    if session::is_open(&shared.keeper, headers).await? {
        return Ok(());
    }
    Err(Refusal::unauthorized("Unauthorized", "auth.unauthorized"))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_allowed(host: &str, allowed: &[String]) -> bool {
    let name = without_port(host);
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    is_address
        || name.eq_ignore_ascii_case("localhost")
        || allowed.iter().any(|other| name.eq_ignore_ascii_case(other))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_ask_for_changes_on_its_own_server_only() {
        let table = [
            (None, true),
            (Some("http://127.0.0.1:3000"), true),
            (Some("http://127.0.0.1:9090"), false),
            (Some("https://evil.example"), false),
            (Some("null"), false),
        ];
        for (origin, expected) in table {
            assert_eq!(is_own_page(origin, "127.0.0.1:3000"), expected, "{origin:?}");
        }
    }

    #[test]
    fn addresses_localhost_and_given_names_are_allowed_and_other_names_are_not() {
        let allowed = ["grafana".to_owned()];
        let table = [
            ("127.0.0.1:3000", true),
            ("10.1.2.3", true),
            ("[::1]:3000", true),
            ("[::1]", true),
            ("localhost", true),
            ("LOCALHOST:80", true),
            ("grafana:3000", true),
            ("evil.example:3000", false),
            ("grafana.evil.example", false),
            ("localhost.evil.example:3000", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ];
        for (host, expected) in table {
            assert_eq!(is_allowed(host, &allowed), expected, "{host}");
        }
    }
}
