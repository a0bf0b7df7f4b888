//! Turns the daemon's answers into our errors. Daemons differ in status codes and wording, so status class and
//! text are looked at together, here and nowhere else. Wordings seen with Docker 20.10.24 and Podman 4.3.1.

use bollard::errors::Error;

use super::super::{EngineError, PullProblem};

/// True where the daemon says that the thing does not exist.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// True where the thing is already in the state that was asked for.
pub(super) fn is_done_already(error: &Error) -> bool {
    match error {
        Error::DockerResponseServerError { status_code: 304, .. } => true,
        Error::DockerResponseServerError {
            status_code: 409,
            message,
        } => message.contains("already in progress") || message.contains("is not paused"),
        _ => false,
    }
}

/// True where another container has the name.
pub(super) fn is_name_taken(error: &Error) -> bool {
    let lower = message(error).to_lowercase();
    lower.contains("is already in use by container") || lower.contains("name is already in use")
}

/// True where something else needs the thing.
pub(super) fn is_in_use(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 409, .. })
}

/// The daemon's own words, without the client's wrapping.
pub(super) fn message(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Error::DockerStreamError { error } => error.trim().to_owned(),
        other => chain(other),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        source = cause.source();
    }
    words
}

/// An error of doing `what` (`network default: create`).
pub(super) fn other(what: &str, error: &Error) -> EngineError {
    let message = message(error);
    if is_disk_full(&message) {
        return EngineError::DiskFull { message };
    }
    EngineError::Other {
        what: what.to_owned(),
        message,
    }
}

pub(super) fn is_disk_full(message: &str) -> bool {
    message.contains("no space left on device")
}

/// An error of creating or starting the container of `service`.
pub(super) fn of_service(service: &str, name: &str, error: &Error) -> EngineError {
    let message = message(error);
    let lower = message.to_lowercase();
    if lower.contains("address already in use") || lower.contains("port is already allocated") {
        return EngineError::PortTaken {
            service: service.to_owned(),
            message,
        };
    }
    if is_name_taken(error) {
        return EngineError::Foreign {
            name: name.to_owned(),
            kind: "container",
        };
    }
    if lower.contains("rootfs is marked read-only") {
        let message = "its root is read-only, so no file can be uploaded into it".to_owned();
        return EngineError::Other {
            what: format!("service {service}"),
            message,
        };
    }
    other(&format!("service {service}"), error)
}

/// An error of pulling `reference`.
pub(super) fn of_pull(reference: &str, error: &Error) -> EngineError {
    let message = message(error);
    if is_disk_full(&message) {
        return EngineError::DiskFull { message };
    }
    let problem = pull_problem(&message);
    EngineError::Pull {
        reference: reference.to_owned(),
        message,
        problem,
    }
}

fn pull_problem(message: &str) -> PullProblem {
    let lower = message.to_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|text| lower.contains(text));
    if has(&["toomanyrequests", "too many requests", "rate limit"]) {
        PullProblem::RateLimited
    } else if has(&["manifest unknown", "not found", "no matching manifest"]) {
        PullProblem::NotFound
    } else if has(&[
        "access denied",
        "unauthorized",
        "authentication required",
        "forbidden",
    ]) {
        PullProblem::Denied
    } else if has(&[
        "no such host",
        "timeout",
        "i/o",
        "connection refused",
        "unreachable",
        "tls",
        "x509",
        "eof",
    ]) {
        PullProblem::Offline
    } else {
        PullProblem::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(status_code: u16, message: &str) -> Error {
        Error::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        }
    }

    #[test]
    fn pull_problems_are_told_apart_by_the_daemons_words() {
        let cases = [
            (
                "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 1.1.1.1:53: no such host",
                PullProblem::Offline,
            ),
            (
                "manifest for influxdb:9.9.9 not found: manifest unknown: manifest unknown",
                PullProblem::NotFound,
            ),
            (
                "pull access denied for secret, repository does not exist or may require 'docker login'",
                PullProblem::Denied,
            ),
            (
                "toomanyrequests: You have reached your pull rate limit.",
                PullProblem::RateLimited,
            ),
            ("something else", PullProblem::Other),
        ];
        for (message, problem) in cases {
            assert_eq!(pull_problem(message), problem, "{message}");
        }
    }

    #[test]
    fn a_taken_port_a_taken_name_and_a_full_disk_have_kinds_of_their_own() {
        let kind = |status, message| match of_service("web", "lab-web-1", &server(status, message)) {
            EngineError::PortTaken { .. } => "port",
            EngineError::Foreign { .. } => "foreign",
            EngineError::DiskFull { .. } => "disk",
            _ => "other",
        };
        let cases = [
            (
                500,
                "driver failed programming external connectivity on endpoint x: Error starting userland proxy: \
                   listen tcp4 127.0.0.1:9090: bind: address already in use",
                "port",
            ),
            (
                500,
                "Bind for 127.0.0.1:9090 failed: port is already allocated",
                "port",
            ),
            (
                409,
                "Conflict. The container name \"/lab-web-1\" is already in use by container \"abc\".",
                "foreign",
            ),
            (
                500,
                "mkdir /var/lib/docker/overlay2/x: no space left on device",
                "disk",
            ),
            (500, "OCI runtime create failed", "other"),
        ];
        for (status, message, expected) in cases {
            assert_eq!(kind(status, message), expected, "{message}");
        }
    }
}
