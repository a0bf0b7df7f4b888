//! What containers print.

use std::pin::Pin;

use bollard::Docker as Client;
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::{Stream, StreamExt as _};

use super::super::EngineError;
use super::{Docker, fault};

/// Which lines are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogRequest {
    /// The last so many lines; `None` is all of them.
    pub(crate) tail: Option<u32>,
    /// From this Unix second on; `None` is from the beginning.
    pub(crate) since: Option<i32>,
    /// Go on with what is printed from now on.
    pub(crate) follow: bool,
    pub(crate) timestamps: bool,
}

/// Lines without their ends; what went to stdout and what to stderr, in the order it came.
pub(crate) type LogStream<'a> = Pin<Box<dyn Stream<Item = Result<String, EngineError>> + 'a>>;

impl Docker {
    /// The lines of one container, in the order it printed them.
    pub(crate) fn logs(&self, container: &str, request: LogRequest) -> LogStream<'_> {
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
        let chunks = self.client.logs(container, Some(options));
        Box::pin(chunks.flat_map(|chunk| futures_util::stream::iter(lines(chunk))))
    }
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
