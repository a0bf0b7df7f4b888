//! What pip printed, and what of it says why it failed.

use std::collections::VecDeque;
use std::path::Path;

use super::PythonProblem;

const KEPT_LINES: usize = 30;
const OF_DISK: [&str; 3] = ["[Errno 28]", "No space left on device", "[Errno 122]"];
const OF_NETWORK: [&str; 3] = ["Retrying (", "Max retries exceeded", "Read timed out"];
const OF_TRUST: [&str; 2] = ["SSLError(", "Could not find a suitable TLS CA certificate bundle"];
const OF_INDEX: [&str; 4] = [
    "Could not find a version",
    "No matching distribution",
    "Max retries exceeded",
    "Read timed out",
];

/// The last lines that pip printed, and those that tell a cause, which may have come long before. Wordings seen with
/// pip 23.0, 23.2 and 26.3.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<String>,
    error: Option<String>,
    unreachable: Option<String>,
    untrusted: Option<String>,
    disk_full: bool,
}

impl Log {
    pub(super) fn note(&mut self, line: &str) {
        let line = line.trim_end();
        if line.is_empty() {
            return;
        }
        if self.lines.len() == KEPT_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
        let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
        self.disk_full |= says(&OF_DISK);
        if says(&OF_NETWORK) {
            self.unreachable = Some(cause(line).to_owned());
        }
        if says(&OF_TRUST) {
            self.untrusted = Some(cause(line).to_owned());
        }
        self.note_error(line);
    }

    /// The first error counts, but of a version that is not there the second line is the shorter one.
    fn note_error(&mut self, line: &str) {
        let line = line.trim_start();
        let Some(error) = line.strip_prefix("ERROR: ").or(line.strip_prefix("error: ")) else {
            return;
        };
        let is_lengthy = |error: &String| error.starts_with("Could not find a version");
        if self.error.as_ref().is_none_or(is_lengthy) {
            self.error = Some(error.trim().to_owned());
        }
    }

    /// The problem of a pip that failed with `ending` when it installed what `requirements` asks for, or else uWSGI.
    pub(super) fn problem(
        self,
        ending: &str,
        requirements: Option<&Path>,
        python: &str,
        directory: &Path,
    ) -> PythonProblem {
        let log: Vec<String> = self.lines.into();
        let message = self.error.or_else(|| log.last().cloned());
        let message = message.unwrap_or_else(|| ending.to_owned());
        if self.disk_full {
            return PythonProblem::DiskFull {
                directory: directory.to_owned(),
            };
        }
        let is_of_index = OF_INDEX.iter().any(|words| message.contains(words));
        match (self.untrusted, self.unreachable, requirements) {
            (Some(message), _, _) => PythonProblem::Untrusted { message, log },
            (_, Some(message), _) if is_of_index => PythonProblem::Offline { message, log },
            (_, _, Some(file)) => PythonProblem::Requirements {
                file: file.to_owned(),
                message,
                log,
            },
            (_, _, None) if is_of_index => PythonProblem::NotOnIndex {
                python: python.to_owned(),
                log,
            },
            (_, _, None) => PythonProblem::Install { message, log },
        }
    }
}

/// The innermost words of an error that pip prints as Python does: `… broken by 'NewConnectionError('<… object at 0x7f>:
/// Failed to establish a new connection: [Errno 111] Connection refused')': /simple/pyuwsgi/`.
fn cause(line: &str) -> &str {
    let Some(end) = line.rfind("')").max(line.rfind("\")")) else {
        return line.strip_prefix("ERROR: ").unwrap_or(line);
    };
    let inside = &line[..end];
    let quotes = ["('", "(\"", ", '", ", \""];
    let start = quotes
        .iter()
        .filter_map(|quote| Some(inside.rfind(quote)? + quote.len()));
    let words = &inside[start.max().unwrap_or(0)..];
    let without_object = words.split_once("): ").or_else(|| words.split_once(">: "));
    without_object.map_or(words, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRYING: &str = "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after \
        connection broken by ";
    const NO_VERSION: &str = "ERROR: Could not find a version that satisfies the requirement pyuwsgi==2.0.30.post1 (from \
        versions: none)";
    const NO_DISTRIBUTION: &str = "ERROR: No matching distribution found for pyuwsgi==2.0.30.post1";

    fn problem(lines: &[&str], requirements: Option<&str>) -> PythonProblem {
        let mut log = Log::default();
        lines.iter().for_each(|line| log.note(line));
        let requirements = requirements.map(Path::new);
        log.problem(
            "exit status: 1",
            requirements,
            "Python 3.11.7",
            Path::new("/lab/python"),
        )
    }

    #[test]
    fn the_innermost_words_of_an_error_are_its_cause() {
        for (error, words) in [
            (
                "'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f8c>: Failed to \
                 establish a new connection: [Errno 111] Connection refused')': /simple/pyuwsgi/",
                "Failed to establish a new connection: [Errno 111] Connection refused",
            ),
            (
                "'NewConnectionError(\"HTTPSConnection(host='127.0.0.1', port=9): Failed to establish a new connection: \
                 [Errno -2] Name or service not known\")': /simple/pyuwsgi/",
                "Failed to establish a new connection: [Errno -2] Name or service not known",
            ),
            (
                "'ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Authentication \
                 Required'))': /simple/pyuwsgi/",
                "Tunnel connection failed: 407 Proxy Authentication Required",
            ),
            (
                "'ReadTimeoutError(\"HTTPSConnectionPool(host='pypi.org', port=443): Read timed out. (read \
                 timeout=2.0)\")': /simple/pyuwsgi/",
                "Read timed out. (read timeout=2.0)",
            ),
            (
                "'SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: \
                 self-signed certificate in certificate chain (_ssl.c:1006)'))': /simple/pyuwsgi/",
                "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate \
                 chain (_ssl.c:1006)",
            ),
        ] {
            assert_eq!(cause(&format!("{RETRYING}{error}")), words);
        }
    }

    #[test]
    fn each_failure_of_pip_is_of_one_kind() {
        let refused =
            format!("{RETRYING}'NewConnectionError('<x>: [Errno 111] Connection refused')': /simple/");
        let untrusted =
            format!("{RETRYING}'SSLError(SSLCertVerificationError(1, 'self-signed certificate'))': /x/");
        let file = Some("/app/requirements.txt");
        for (lines, requirements, text) in [
            (
                vec![&*refused, NO_VERSION, NO_DISTRIBUTION],
                None,
                "pip cannot reach the package index: [Errno 111] Connection refused",
            ),
            (
                vec![&*untrusted, NO_VERSION, NO_DISTRIBUTION],
                None,
                "pip does not trust the certificate of the package index: self-signed certificate",
            ),
            (
                vec![
                    "ERROR: Could not install packages due to an OSError: Could not find a suitable TLS CA certificate \
                      bundle, invalid path: /none.pem",
                ],
                None,
                "pip does not trust the certificate of the package index: Could not install packages due to an \
                 OSError: Could not find a suitable TLS CA certificate bundle, invalid path: /none.pem",
            ),
            (
                vec![NO_VERSION, NO_DISTRIBUTION],
                None,
                "the package index has no pyuwsgi==2.0.30.post1 for Python 3.11.7",
            ),
            (
                vec![
                    "ERROR: Could not find a version that satisfies the requirement flask==99 (from versions: 0.1)",
                    "ERROR: No matching distribution found for flask==99",
                ],
                file,
                "pip cannot install /app/requirements.txt: No matching distribution found for flask==99",
            ),
            (
                vec![&*refused, "Collecting flask", "ERROR: Failed to build 'site'"],
                file,
                "pip cannot install /app/requirements.txt: Failed to build 'site'",
            ),
            (
                vec![
                    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
                ],
                file,
                "no space left on the disk of /lab/python",
            ),
            (vec!["Killed"], None, "pip cannot install uWSGI: Killed"),
            (vec![], None, "pip cannot install uWSGI: exit status: 1"),
        ] {
            assert_eq!(problem(&lines, requirements).to_string(), text);
        }
    }

    #[test]
    fn the_last_lines_are_kept_and_a_cause_that_came_before_them_still_counts() {
        let mut log = Log::default();
        log.note("OSError: [Errno 28] No space left on device");
        (0..100).for_each(|number| log.note(&format!("line {number}")));
        assert_eq!(log.lines.len(), KEPT_LINES);
        assert_eq!(log.lines.back().unwrap(), "line 99");
        assert!(log.disk_full);
    }
}
