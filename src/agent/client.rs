//! Asks a running lab how it is doing, or to stop.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};

use crate::state::AgentRecord;

use super::{AgentError, Status};

const DEADLINE: Duration = Duration::from_secs(2);

pub(crate) async fn ask_status(record: &AgentRecord) -> Result<Status, AgentError> {
    let answer = send(record, |client, url| client.get(format!("{url}/status"))).await?;
    answer.json().await.map_err(|source| AgentError::Silent {
        pid: record.pid,
        source,
    })
}

/// Returns when the lab has taken notice; it ends some time after.
pub(crate) async fn ask_stop(record: &AgentRecord) -> Result<(), AgentError> {
    send(record, |client, url| client.post(format!("{url}/stop")))
        .await
        .map(drop)
}

async fn send(
    record: &AgentRecord,
    request: impl Fn(&Client, &str) -> RequestBuilder,
) -> Result<Response, AgentError> {
    let silent = |source| AgentError::Silent {
        pid: record.pid,
        source,
    };
    let client = Client::builder()
        .no_proxy()
        .timeout(DEADLINE)
        .build()
        .map_err(silent)?;
    let request = request(&client, &format!("http://{}", record.address)).bearer_auth(&record.token);
    request
        .send()
        .await
        .and_then(Response::error_for_status)
        .map_err(silent)
}
