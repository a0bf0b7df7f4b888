//! One line about a running lab that fits a terminal: what is wrong first, whole parts dropped from the end.

use crate::agent::{LoadErrors, LoadStatus, Status, TargetStatus, WriterStatus};

use super::super::number;

/// Longer words of an error are for `status`.
const LONGEST_ERROR: usize = 60;

/// `16/16 req/s · p50 251ms p99 254ms · busy 3/4 · queue 0/100 · 1824 pts`; errors and points that wait before
/// that. Of more than `width` columns, parts are left out from the end, but never the first.
pub(crate) fn live_line(status: &Status, width: Option<usize>) -> String {
    let mut parts = troubles(status);
    parts.extend(status.load.iter().flat_map(load_parts));
    parts.extend(status.targets.iter().flat_map(target_parts));
    let written = status.writer.points_written;
    parts.push(format!("{written} pts"));
    fitting(&parts, width.unwrap_or(usize::MAX))
}

fn fitting(parts: &[String], width: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let gap = if line.is_empty() { "" } else { " · " };
        let length = line.chars().count() + gap.chars().count() + part.chars().count();
        if !line.is_empty() && length > width {
            break;
        }
        line.push_str(gap);
        line.push_str(part);
    }
    line
}

fn troubles(status: &Status) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(load) = &status.load {
        let errors = &load.errors_last_second;
        parts.extend((errors.total() > 0).then(|| errors_text(errors)));
        parts.extend(load.overloaded.then(|| "overloaded".to_owned()));
    }
    let down = status.targets.iter().filter(|target| target.up == Some(false));
    parts.extend(down.map(|target| {
        let error = brief(target.error.as_deref().unwrap_or("no answer"));
        format!("{} down: {error}", target.source)
    }));
    parts.extend(waiting_text(&status.writer));
    parts
}

fn waiting_text(writer: &WriterStatus) -> Option<String> {
    let mut text = match &writer.error {
        Some(error) => format!("{} pts wait: {}", writer.points_waiting, brief(error)),
        None => String::new(),
    };
    if writer.points_dropped > 0 {
        let gap = if text.is_empty() { "" } else { " · " };
        text = format!("{} pts dropped{gap}{text}", writer.points_dropped);
    }
    (!text.is_empty()).then_some(text)
}

/// `3 connect errors`, `5 errors (3 connect, 2 timeout)`.
pub(super) fn errors_text(errors: &LoadErrors) -> String {
    let kinds = kinds(errors);
    match kinds.as_slice() {
        [(count, kind)] => number::counted(*count, &format!("{kind} error")),
        _ => format!(
            "{} ({})",
            number::counted(errors.total(), "error"),
            kinds_text(&kinds)
        ),
    }
}

/// Those that happened.
pub(super) fn kinds(errors: &LoadErrors) -> Vec<(u64, &'static str)> {
    let kinds = [
        (errors.connect, "connect"),
        (errors.timeout, "timeout"),
        (errors.read, "read"),
        (errors.write, "write"),
        (errors.malformed, "malformed"),
    ];
    kinds.into_iter().filter(|(count, _)| *count > 0).collect()
}

pub(super) fn kinds_text(kinds: &[(u64, &'static str)]) -> String {
    let words: Vec<String> = kinds
        .iter()
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    words.join(", ")
}

/// Rate and latencies of the last second; nothing of either before there was an answer or an error.
pub(super) fn load_parts(load: &LoadStatus) -> Vec<String> {
    let Some(achieved) = load.achieved_rate.filter(|_| load.answered + load.errors > 0) else {
        return vec!["load starting".to_owned()];
    };
    let mut parts = vec![format!(
        "{}/{} req/s",
        number::rate(achieved),
        number::rate(load.asked_rate)
    )];
    if let Some((p50, p99)) = load.latency_p50.zip(load.latency_p99) {
        let [p50, p99] = [p50, p99].map(number::brief_latency);
        parts.push(format!("p50 {p50} p99 {p99}"));
    }
    parts
}

/// Nothing of a server that is down: that is told as trouble.
pub(super) fn target_parts(target: &TargetStatus) -> Vec<String> {
    match target.up {
        None => return vec![format!("{} not read yet", target.source)],
        Some(false) => return Vec::new(),
        Some(true) => {}
    }
    let known = |value: Option<u64>| value.map_or("?".to_owned(), |value| value.to_string());
    let mut parts = vec![format!("busy {}/{}", known(target.busy), known(target.workers))];
    if let Some((queue, most)) = target.queue.zip(target.max_queue) {
        parts.push(format!("queue {queue}/{most}"));
    }
    parts
}

/// Without what only a programmer reads: `(os error 111)`.
pub(crate) fn plain(error: &str) -> String {
    let mut words = error.to_owned();
    while let Some(start) = words.find(" (os error ") {
        let end = words[start..]
            .find(')')
            .map_or(words.len(), |end| start + end + 1);
        words.replace_range(start..end, "");
    }
    words
}

fn brief(error: &str) -> String {
    let words = plain(error);
    if words.chars().count() <= LONGEST_ERROR {
        return words;
    }
    let kept: String = words.chars().take(LONGEST_ERROR - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn status() -> Status {
        Status {
            metrics: None,
            pid: 7,
            detached: true,
            started_ms: 1_000,
            targets: vec![TargetStatus {
                source: "127.0.0.1:9191".to_owned(),
                address: "http://127.0.0.1:9191".to_owned(),
                up: Some(true),
                error: None,
                workers: Some(4),
                running: Some(4),
                busy: Some(3),
                cores: Some(8),
                in_request: Some(3),
                queue: Some(0),
                max_queue: Some(100),
            }],
            writer: WriterStatus {
                points_written: 1824,
                points_waiting: 0,
                points_on_disk: 0,
                points_dropped: 0,
                first_write_ms: Some(1),
                error: None,
                disk_error: None,
            },
            load: Some(LoadStatus {
                target: "http://127.0.0.1:9090/".to_owned(),
                asked_rate: 16.0,
                achieved_rate: Some(16.0),
                latency_p50: Some(251_310),
                latency_p99: Some(254_200),
                connections: Some(5),
                backlog: Some(0),
                sent: 160,
                answered: 160,
                errors: 0,
                errors_by_kind: LoadErrors::default(),
                errors_last_second: LoadErrors::default(),
                overloaded: false,
            }),
        }
    }

    /// Everything that can be wrong at once.
    pub(in super::super) fn troubled() -> Status {
        let mut status = status();
        let target = &mut status.targets[0];
        target.up = Some(false);
        target.error = Some("cannot connect: Connection refused (os error 111)".to_owned());
        status.writer.points_waiting = 12;
        status.writer.points_on_disk = 11;
        status.writer.error =
            Some("InfluxDB at http://127.0.0.1:8086 cannot be reached: Connection refused".to_owned());
        if let Some(load) = &mut status.load {
            load.errors = 5;
            load.errors_by_kind = LoadErrors {
                connect: 4,
                timeout: 1,
                ..LoadErrors::default()
            };
            load.errors_last_second.connect = 3;
            load.overloaded = true;
        }
        status
    }

    #[test]
    fn a_lab_without_trouble_fits_one_line() {
        let line = "16/16 req/s · p50 251ms p99 254ms · busy 3/4 · queue 0/100 · 1824 pts";
        assert_eq!(live_line(&status(), Some(80)), line);
        assert_eq!(live_line(&status(), None), line);
    }

    #[test]
    fn whole_parts_are_dropped_from_the_end_but_never_the_first() {
        let table = [
            (
                69,
                "16/16 req/s · p50 251ms p99 254ms · busy 3/4 · queue 0/100 · 1824 pts",
            ),
            (68, "16/16 req/s · p50 251ms p99 254ms · busy 3/4 · queue 0/100"),
            (40, "16/16 req/s · p50 251ms p99 254ms"),
            (3, "16/16 req/s"),
        ];
        for (width, line) in table {
            assert_eq!(live_line(&status(), Some(width)), line, "{width}");
        }
    }

    #[test]
    fn what_is_wrong_comes_first() {
        assert_eq!(
            live_line(&troubled(), None),
            "3 connect errors · overloaded · 127.0.0.1:9191 down: cannot connect: Connection refused · \
             12 pts wait: InfluxDB at http://127.0.0.1:8086 cannot be reached: Connec… · \
             16/16 req/s · p50 251ms p99 254ms · 1824 pts"
        );
        assert_eq!(live_line(&troubled(), Some(80)), "3 connect errors · overloaded");
    }

    #[test]
    fn a_load_that_has_neither_answer_nor_error_is_starting() {
        let mut status = status();
        if let Some(load) = &mut status.load {
            (load.achieved_rate, load.answered) = (Some(0.0), 0);
        }
        status.targets[0].up = None;
        assert_eq!(
            live_line(&status, None),
            "load starting · 127.0.0.1:9191 not read yet · 1824 pts"
        );
    }

    #[test]
    fn errors_are_named_by_kind() {
        let errors = LoadErrors {
            timeout: 1,
            ..LoadErrors::default()
        };
        assert_eq!(errors_text(&errors), "1 timeout error");
        let errors = LoadErrors { read: 2, ..errors };
        assert_eq!(errors_text(&errors), "3 errors (1 timeout, 2 read)");
    }
}
