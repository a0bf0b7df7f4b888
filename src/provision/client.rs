//! JSON requests to one Grafana with basic authentication; knows no endpoint's rules but 401 and 403.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;

use super::error::ProvisionError;
use super::patience::Patience;

/// Longer than Grafana's slowest answer here, the health of an unreachable data source.
const DEADLINE: Duration = Duration::from_secs(35);

/// A Grafana and the admin to speak as.
pub(crate) struct Grafana {
    http: Client,
    /// Without a slash at the end.
    url: String,
    user: String,
    password: String,
    pub(super) patience: Patience,
}

/// Status and JSON body; the body is null where Grafana sent none.
#[derive(Debug)]
pub(super) struct Reply {
    method: Method,
    path: String,
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Grafana {
    /// `url` as in `http://127.0.0.1:3000`; sends nothing yet. Waits of provisioning last at most a minute.
    pub(crate) fn new(url: &str, user: &str, password: &str) -> Result<Self, ProvisionError> {
        let http = Client::builder().no_proxy().timeout(DEADLINE).build();
        Ok(Self {
            http: http.map_err(ProvisionError::Client)?,
            url: url.trim_end_matches('/').to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
            patience: Patience {
                limit: Duration::from_secs(60),
                pause: Duration::from_millis(250),
            },
        })
    }

    /// Bounds each wait (for the plugin, for the data source) by `limit` instead of a minute.
    pub(crate) fn waiting_at_most(mut self, limit: Duration) -> Self {
        self.patience.limit = limit;
        self
    }

    pub(super) async fn get(&self, path: &str) -> Result<Reply, ProvisionError> {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Reply, ProvisionError> {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Reply, ProvisionError> {
        self.send(Method::PUT, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, ProvisionError> {
        let unreachable = |source| ProvisionError::Unreachable {
            url: self.url.clone(),
            source,
        };
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url))
            .basic_auth(&self.user, Some(&self.password));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(unreachable)?;
        if status == 401 {
            return Err(ProvisionError::Credentials {
                url: self.url.clone(),
                user: self.user.clone(),
            });
        }
        // a proxy in between, or a starting server, may answer without JSON; its text is then the message
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Reply {
            method,
            path: path.to_owned(),
            status,
            body,
        })
    }

    /// The error for a reply that the caller has no rule for.
    pub(super) fn unexpected(&self, reply: Reply) -> ProvisionError {
        let (method, message) = (verb(&reply.method), reply.message());
        let (path, status) = (reply.path, reply.status);
        if status == 403 {
            return ProvisionError::Forbidden {
                user: self.user.clone(),
                method,
                path,
                message,
            };
        }
        ProvisionError::Unexpected {
            method,
            path,
            status,
            message,
        }
    }
}

impl Reply {
    /// Grafana's own words, or the whole body where there is no `message`.
    pub(super) fn message(&self) -> String {
        match self.body.get("message").unwrap_or(&self.body) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

fn verb(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "PATCH",
    }
}
