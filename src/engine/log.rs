//! Which lines of a service are asked of an engine, and how they come.

use std::pin::Pin;

use futures_util::Stream;

use super::EngineError;

/// Which lines are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogRequest {
    /// The last so many lines; `None` is all of them.
    pub(crate) tail: Option<u32>,
    /// From this Unix second on; `None` is from the beginning.
    pub(crate) since: Option<i32>,
    /// Go on with what is printed from now on.
    pub(crate) follow: bool,
    /// Before each line its time in RFC 3339 and a blank.
    pub(crate) timestamps: bool,
}

/// Lines without their ends; what went to stdout and what to stderr, in the order it came.
pub(crate) type LogStream<'a> = Pin<Box<dyn Stream<Item = Result<String, EngineError>> + 'a>>;
