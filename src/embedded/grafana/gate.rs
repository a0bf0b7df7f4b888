//! Who may speak to the dashboard: the embedded servers' gate, and basic authentication, in Grafana's words.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;

use super::super::account::Account;
use super::super::gate::{self, AllowedHosts, Trespass, text};
use super::refusal::Refusal;

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

/// Refuses requests without the account's login and password, with Grafana's body for either case.
pub(super) async fn check_login(
    State(account): State<Arc<Account>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    match text(request.headers(), header::AUTHORIZATION) {
        Some(authorization) if account.admits_basic(authorization) => Ok(next.run(request).await),
        Some(_) => Err(unauthorized(
            "Invalid username or password",
            "password-auth.failed",
        )),
        None => Err(unauthorized("Unauthorized", "auth.unauthorized")),
    }
}

fn unauthorized(message: &str, id: &str) -> Refusal {
    Refusal::with_body(
        StatusCode::UNAUTHORIZED,
        json!({ "message": message, "messageId": id, "statusCode": 401, "traceID": "" }),
    )
}
