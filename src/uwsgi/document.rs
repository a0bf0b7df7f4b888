//! uWSGI's statistics document as data: the keys we use, and what is wrong when it cannot be read.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::repair::repair;

/// What the master of one uWSGI server says about it. A key that is missing reads as zero, as in Telegraf.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Document {
    #[serde(default)]
    pub(crate) version: String,
    /// The longest of the sockets' queues, not their sum; refreshed once a second.
    #[serde(default)]
    pub(crate) listen_queue: u64,
    /// Always 0: nothing in uWSGI increments it.
    #[serde(default)]
    pub(crate) listen_queue_errors: u64,
    /// Bytes waiting in the master's signal pipe.
    #[serde(default)]
    pub(crate) signal_queue: u64,
    /// A copy of `listen_queue`.
    #[serde(default)]
    pub(crate) load: u64,
    #[serde(default)]
    pub(crate) pid: u64,
    #[serde(default)]
    pub(crate) uid: u64,
    #[serde(default)]
    pub(crate) gid: u64,
    #[serde(default)]
    pub(crate) sockets: Vec<Socket>,
    pub(crate) workers: Vec<Worker>,
}

/// A socket that takes requests. A Unix socket always says 0 and 0 on Linux.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Socket {
    pub(crate) queue: u64,
    pub(crate) max_queue: u64,
}

/// One entry of `workers`: always as many as `processes`, running or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Worker {
    /// 0 while the worker does not run.
    pub(crate) pid: u64,
    pub(crate) accepting: u64,
    /// Since the master started or reloaded; survives the worker's respawn.
    pub(crate) requests: u64,
    /// Since this worker was spawned.
    pub(crate) delta_requests: u64,
    pub(crate) exceptions: u64,
    pub(crate) harakiri_count: u64,
    pub(crate) signals: u64,
    /// Bytes.
    pub(crate) signal_queue: u64,
    /// `idle`, `busy`, `cheap`, `pause` or `sig` and a number.
    pub(crate) status: String,
    /// Bytes as of the last request's end; 0 means unknown.
    pub(crate) rss: u64,
    /// Bytes as of the last request's end; 0 means unknown.
    pub(crate) vsz: u64,
    /// Microseconds inside requests that have ended.
    pub(crate) running_time: u64,
    /// Unix seconds.
    pub(crate) last_spawn: u64,
    /// Starts at 1.
    pub(crate) respawn_count: u64,
    /// Bytes of headers and bodies.
    pub(crate) tx: u64,
    /// Microseconds; an exponential average of weight 1/2.
    pub(crate) avg_rt: u64,
    pub(crate) apps: Vec<App>,
    /// None with `stats-no-cores`.
    pub(crate) cores: Option<Vec<Core>>,
}

/// An application that a worker has loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) modifier1: u64,
    /// Counted when a request starts.
    pub(crate) requests: u64,
    /// Seconds.
    pub(crate) startup_time: u64,
    pub(crate) exceptions: u64,
}

/// A thread (or asynchronous slot) of a worker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Core {
    pub(crate) id: u64,
    pub(crate) requests: u64,
    pub(crate) static_requests: u64,
    pub(crate) routed_requests: u64,
    pub(crate) offloaded_requests: u64,
    pub(crate) write_errors: u64,
    pub(crate) read_errors: u64,
    /// 0 or 1.
    pub(crate) in_request: u64,
    pub(crate) req_info: RequestInfo,
}

/// The request in flight; empty between requests (since uWSGI 2.0.14).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct RequestInfo {
    /// Unix seconds.
    pub(crate) request_start: Option<u64>,
}

/// Why what a server sent is no document of a uWSGI server with workers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    /// uWSGI sends nothing at all when it fails half-way through writing a document.
    #[error("the server closed the connection without sending anything")]
    Empty,
    #[error("the document ends in the middle, after {bytes} bytes")]
    Truncated { bytes: usize },
    #[error("not a statistics document; it begins with `{beginning}`")]
    NotJson { beginning: String },
    #[error("an Emperor's document, which has no workers: give the stats address of one of its vassals")]
    Emperor,
    #[error(
        "a router's document, which has no workers: give the stats address of the uWSGI server behind it"
    )]
    Router,
    #[error("JSON without `workers`: this is not uWSGI's stats server")]
    NoWorkers,
    #[error("the document has more than {OBJECT_LIMIT} workers, apps and cores")]
    TooMany,
    #[error("a key of the document has a value of the wrong kind")]
    Invalid(#[source] serde_json::Error),
}

/// Two for each core of the largest server one could think of. Of empty objects, 16 MB would hold five million, and become
/// gigabytes of points.
const OBJECT_LIMIT: usize = 200_000;

/// Reads the document of a uWSGI server. One that is not strict JSON is repaired first.
pub(crate) fn parse(bytes: &[u8]) -> Result<Document, DocumentError> {
    if bytes.is_empty() {
        return Err(DocumentError::Empty);
    }
    if bytes.len() > OBJECT_LIMIT && bytes.iter().filter(|byte| **byte == b'{').count() > OBJECT_LIMIT {
        return Err(DocumentError::TooMany);
    }
    // Nearly all documents are clean, so the pass that repairs runs only when the strict parser has failed.
    serde_json::from_slice(bytes).or_else(|_| {
        let text = repair(bytes);
        serde_json::from_str(&text).map_err(|error| classify(&text, error))
    })
}

/// The keys that tell the kinds of document apart.
#[derive(Deserialize)]
struct Kind {
    workers: Option<IgnoredAny>,
    vassals: Option<IgnoredAny>,
    subscriptions: Option<IgnoredAny>,
}

fn classify(text: &str, error: serde_json::Error) -> DocumentError {
    if error.is_eof() {
        return DocumentError::Truncated { bytes: text.len() };
    }
    match serde_json::from_str(text) {
        Ok(Kind { workers: Some(_), .. }) => DocumentError::Invalid(error),
        Ok(Kind { vassals: Some(_), .. }) => DocumentError::Emperor,
        Ok(Kind {
            subscriptions: Some(_),
            ..
        }) => DocumentError::Router,
        Ok(_) => DocumentError::NoWorkers,
        Err(_) => DocumentError::NotJson {
            beginning: beginning(text),
        },
    }
}

/// The first 40 characters on one line, for messages.
pub(super) fn beginning(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(40).map(printable).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::summary::Summary;
    use super::*;

    fn fixtures() -> Vec<(String, Vec<u8>)> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/uwsgi-stats");
        let documents = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        documents
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
            .collect()
    }

    #[test]
    fn every_captured_document_is_read() {
        let fixtures = fixtures();
        assert_eq!(fixtures.len(), 17, "captured documents");
        for (name, bytes) in fixtures {
            let document = parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                document.version.starts_with("2.0.3"),
                "{name}: {}",
                document.version
            );
            assert!(!document.workers.is_empty(), "{name} has workers");
        }
    }

    #[test]
    fn every_captured_document_cut_anywhere_is_an_error_and_never_a_document() {
        for (name, bytes) in fixtures() {
            let end = bytes.trim_ascii_end().len();
            for cut in (0..end).step_by(97) {
                assert!(parse(&bytes[..cut]).is_err(), "{name} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_document_of_millions_of_objects_is_refused_before_it_is_read() {
        let document = format!("{{\"workers\":[{}{{}}]}}", "{},".repeat(5_000_000));
        assert!(matches!(parse(document.as_bytes()), Err(DocumentError::TooMany)));
    }

    proptest! {
        #[test]
        fn a_document_with_any_bytes_changed_crashes_nothing(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        ) {
            let (_, mut bytes) = fixtures().swap_remove(0);
            for (index, byte) in changes {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            if let Ok(document) = parse(&bytes) {
                Summary::of(&document, 0);
            }
        }
    }

    #[test]
    fn what_is_no_document_is_told_apart() {
        for (sent, message) in [
            ("", "the server closed the connection without sending anything"),
            (
                r#"{"version":"2.0.30","workers":[{"#,
                "the document ends in the middle, after 32 bytes",
            ),
            (
                "Hello World",
                "not a statistics document; it begins with `Hello World`",
            ),
            (
                r#"{"version":"2.0.30","vassals":[]}"#,
                "an Emperor's document, which has no workers: give the stats address of one of its vassals",
            ),
            (
                r#"{"version":"2.0.30","subscriptions":[]}"#,
                "a router's document, which has no workers: give the stats address of the uWSGI server behind it",
            ),
            (
                r#"{"cwd":"/"}"#,
                "JSON without `workers`: this is not uWSGI's stats server",
            ),
            (
                r#"{"workers":"many"}"#,
                "a key of the document has a value of the wrong kind",
            ),
        ] {
            assert_eq!(parse(sent.as_bytes()).unwrap_err().to_string(), message, "{sent}");
        }
    }
}
