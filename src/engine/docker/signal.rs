//! Signals to processes inside a container, sent from inside: their pids mean nothing outside.

use bollard::Docker as Client;
use bollard::exec::StartExecOptions;
use bollard::models::ExecConfig;

use super::super::error::EngineError;
use super::super::signal::Signal;
use super::fault;

/// Runs the shell's `kill` in the container, as its superuser, because the processes may be another user's.
pub(super) async fn send(
    client: &Client,
    container: &str,
    pid: u64,
    signal: Signal,
) -> Result<(), EngineError> {
    let failed = |error| fault::other("send a signal", &error);
    let command = format!("kill -s {} {pid}", signal.name());
    let config = ExecConfig {
        cmd: Some(["sh", "-c", &command].map(str::to_owned).to_vec()),
        user: Some("0".to_owned()),
        ..ExecConfig::default()
    };
    let exec = client.create_exec(container, config).await.map_err(failed)?;
    let detached = StartExecOptions {
        detach: true,
        ..StartExecOptions::default()
    };
    client
        .start_exec(&exec.id, Some(detached))
        .await
        .map_err(failed)?;
    // What is detached says nothing, so its end is waited for.
    for _ in 0..50 {
        let state = client.inspect_exec(&exec.id).await.map_err(failed)?;
        match (state.running, state.exit_code) {
            (Some(false), Some(0)) => return Ok(()),
            (Some(false), code) => {
                let message = format!("`{command}` in {container} ended with {}", code.unwrap_or(-1));
                return Err(EngineError::Signal { pid, message });
            }
            _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
    let message = format!("`{command}` in {container} does not end");
    Err(EngineError::Signal { pid, message })
}
