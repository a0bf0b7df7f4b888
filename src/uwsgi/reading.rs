//! What a stats server sent, read: which kind of document it is, and what is wrong when it is none; fetches nothing.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::document::Document;
use super::emperor::Emperor;
use super::repair::repair;
use super::router::Router;

/// The three kinds of uWSGI process that serve statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statistics {
    Server(Document),
    /// `emperor-stats`.
    Emperor(Emperor),
    /// `http-stats`, `fastrouter-stats` and their like.
    Router(Router),
}

impl Statistics {
    /// The document of a server with workers; None for an Emperor or a router.
    pub(crate) fn server(&self) -> Option<&Document> {
        match self {
            Self::Server(document) => Some(document),
            _ => None,
        }
    }
}

/// Why what a server sent is no document of a uWSGI server with workers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    /// uWSGI sends nothing at all when it fails half-way through writing a document.
    #[error(
        "the server closed the connection without sending anything: the app's own port, of the uwsgi protocol?"
    )]
    Empty,
    #[error("the document ends in the middle, after {bytes} bytes")]
    Truncated { bytes: usize },
    #[error("not a statistics document, it begins with `{beginning}`: the app's own port?")]
    NotJson { beginning: String },
    #[error("an Emperor's document, which has no workers: give the stats address of one of its vassals")]
    Emperor,
    #[error(
        "a router's document, which has no workers: give the stats address of the uWSGI server behind it"
    )]
    Router,
    #[error("JSON without `workers`: this is not uWSGI's stats server")]
    NoWorkers,
    #[error("the document has more than {OBJECT_LIMIT} objects")]
    TooMany,
    #[error("a key of the document has a value of the wrong kind")]
    Invalid(#[source] serde_json::Error),
}

/// Two for each core of the largest server one could think of. Of empty objects, 16 MB would hold five million, and become
/// gigabytes of points.
const OBJECT_LIMIT: usize = 200_000;

/// Reads any document of uWSGI's. One that is not strict JSON is repaired first.
pub(crate) fn read(bytes: &[u8]) -> Result<Statistics, DocumentError> {
    match parse(bytes) {
        Ok(document) => Ok(Statistics::Server(document)),
        Err(DocumentError::Emperor) => repaired(bytes).map(Statistics::Emperor),
        Err(DocumentError::Router) => repaired(bytes).map(Statistics::Router),
        Err(error) => Err(error),
    }
}

fn repaired<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, DocumentError> {
    serde_json::from_str(&repair(bytes)).map_err(DocumentError::Invalid)
}

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
    active_sessions: Option<IgnoredAny>,
}

fn classify(text: &str, error: serde_json::Error) -> DocumentError {
    if error.is_eof() {
        return DocumentError::Truncated { bytes: text.len() };
    }
    match serde_json::from_str(text) {
        Ok(Kind { workers: Some(_), .. }) => DocumentError::Invalid(error),
        Ok(Kind { vassals: Some(_), .. }) => DocumentError::Emperor,
        Ok(Kind {
            active_sessions: Some(_),
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
            (
                "",
                "the server closed the connection without sending anything: the app's own port, of the uwsgi protocol?",
            ),
            (
                r#"{"version":"2.0.30","workers":[{"#,
                "the document ends in the middle, after 32 bytes",
            ),
            (
                "Hello World",
                "not a statistics document, it begins with `Hello World`: the app's own port?",
            ),
            (
                r#"{"version":"2.0.30","vassals":[]}"#,
                "an Emperor's document, which has no workers: give the stats address of one of its vassals",
            ),
            (
                r#"{"version":"2.0.30","active_sessions":0}"#,
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
