//! What containers print.

use bollard::Docker as Client;
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt as _;

use super::super::{EngineError, LogRequest, LogStream};
use super::fault;

/// The lines of one container, in the order it printed them.
pub(super) fn lines_of<'a>(client: &'a Client, container: &str, request: LogRequest) -> LogStream<'a> {
    let tail = request.tail.map_or("all".to_owned(), |lines| lines.to_string());
    let options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .follow(request.follow)
        .timestamps(request.timestamps)
        .tail(&tail)
        // The engine takes 0 for the beginning.
        .since(request.since.unwrap_or(0))
        .build();
    let chunks = client.logs(container, Some(options));
    Box::pin(chunks.flat_map(|chunk| futures_util::stream::iter(lines(chunk))))
}

/// The engine sends one frame a line, but long lines and terminals may put several in one.
fn lines(chunk: Result<LogOutput, bollard::errors::Error>) -> Vec<Result<String, EngineError>> {
    let output = match chunk {
        Ok(output) => output,
        Err(error) => return vec![Err(fault::other("read the log", &error))],
    };
    let text = String::from_utf8_lossy(&output.into_bytes()).into_owned();
    text.lines().map(|line| Ok(line.to_owned())).collect()
}

pub(super) async fn last_lines(client: &Client, container: &str, count: usize) -> Vec<String> {
    let options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .tail(&count.to_string())
        .build();
    let chunks: Vec<_> = client.logs(container, Some(options)).collect().await;
    chunks.into_iter().flat_map(lines).flatten().collect()
}
