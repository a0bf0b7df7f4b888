//! What of a log is worth showing with a failure. Pure.

/// What uWSGI says at each start between asterisks (seen with 2.0.31).
const BANNER: [&str; 5] = [
    "*** Starting uWSGI",
    "*** Python threads support",
    "*** Operational MODE",
    "*** uWSGI is running",
    "*** WARNING: you are running uWSGI as root",
];
/// Beginnings and words of errors: Python's, uWSGI's, anybody's.
const ERRORS: [&str; 5] = ["Traceback", "Error", "ERROR", "error:", "unable to load app"];
/// What pip, apt and curl say when they do not get through.
const NETWORK: [&str; 13] = [
    "Retrying (",
    "NewConnectionError",
    "ProxyError",
    "SSLError",
    "CERTIFICATE_VERIFY_FAILED",
    "Temporary failure",
    "Could not resolve",
    "Name or service not known",
    "Network is unreachable",
    "onnection refused",
    "onnection reset",
    "timed out",
    "no such host",
];

/// The lines from the first one on that tells of an error; all where none does.
pub(super) fn from_error_on(log: &[String]) -> &[String] {
    let first = log.iter().position(|line| tells_of_error(line));
    &log[first.unwrap_or(0)..]
}

/// The same; none where none does.
pub(super) fn error_in(log: &[String]) -> &[String] {
    let first = log.iter().position(|line| tells_of_error(line));
    &log[first.unwrap_or(log.len())..]
}

fn tells_of_error(line: &str) -> bool {
    let alarm = line.starts_with("***") && !BANNER.iter().any(|banner| line.starts_with(banner));
    alarm || ERRORS.iter().any(|word| line.contains(word))
}

/// True where the log is that of a command that could not reach the network.
pub(super) fn is_of_network(log: &[String]) -> bool {
    log.iter()
        .any(|line| NETWORK.iter().any(|words| line.contains(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_banner_of_uwsgi_is_left_out_before_an_error() {
        let log = lines(
            "*** Starting uWSGI 2.0.31 (64bit) on [Sun Nov 22 14:00:00 2026] ***
mapped 145808 bytes (142 KB) for 8 cores
*** Operational MODE: preforking+threaded ***
Traceback (most recent call last):
  File \"x.py\", line 1
ModuleNotFoundError: No module named 'nope'
*** no app loaded. GAME OVER ***",
        );
        assert_eq!(from_error_on(&log), &log[3..]);
        assert_eq!(error_in(&log), &log[3..]);
        assert_eq!(from_error_on(&log[..3]), &log[..3], "nothing tells of an error");
        assert_eq!(error_in(&log[..3]), &log[..0], "nothing tells of an error");
        let callable = lines(
            "*** Starting uWSGI\nunable to load app 0 (mountpoint='') (callable not found or import error)\n\
             *** no app loaded. GAME OVER ***",
        );
        assert_eq!(from_error_on(&callable), &callable[1..]);
        let alone = lines("*** Starting uWSGI\n*** no app loaded. GAME OVER ***");
        assert_eq!(from_error_on(&alone), &alone[1..]);
    }

    #[test]
    fn a_build_that_failed_for_want_of_a_network_is_known_by_its_words() {
        assert!(is_of_network(&lines(
            "Collecting flask\nWARNING: Retrying (Retry(total=4)) after connection broken"
        )));
        assert!(!is_of_network(&lines(
            "Collecting flask\nERROR: Invalid requirement: 'flask=='"
        )));
    }
}
