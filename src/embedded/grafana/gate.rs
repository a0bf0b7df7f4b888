//! Who may speak to the dashboard: the embedded servers' gate in Grafana's words, and who is logged in.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::super::account::basic_credentials;
use super::super::gate::{self, AllowedHosts, Trespass, text};
use super::refusal::Refusal;
use super::server::Shared;
use super::{login, session};

/// Refuses requests under foreign names, and changes that another site's page asks for.
pub(super) async fn check_host(
    State(allowed): State<AllowedHosts>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    gate::check_host(request.headers(), &allowed)?;
    if !request.method().is_safe() {
        gate::check_origin(request.headers())?;
    }
    Ok(next.run(request).await)
}

impl From<Trespass> for Refusal {
    fn from(trespass: Trespass) -> Self {
        Self::new(StatusCode::FORBIDDEN, trespass.to_string())
    }
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
