//! What `?` shows: keys and columns.

use ratatui::text::{Line, Span};

use super::super::keys::HELP;
use super::style::Theme;

const COLUMNS: &[(&str, &str)] = &[
    ("WID", "worker from 1 on; 2:0 is core 0 of worker 2"),
    ("REQ  %", "requests since the master started, and their share"),
    ("RPS  TX/S", "requests and bytes a second, since the last reading"),
    (
        "BUSY%",
        "time in requests that ended since the last reading, of all cores; a long",
    ),
    (
        "",
        "request counts all at once when it ends, so that this can be above 100",
    ),
    ("MEAN", "true mean time in the app of those requests"),
    (
        "AVG",
        "uWSGI's avg_rt: half of it is the last request, and it never fades",
    ),
    (
        "EXC  HC",
        "exceptions and harakiri kills since the master started",
    ),
    (
        "RSS  VSZ",
        "memory after the last request; - without memory-report",
    ),
    (
        "TX  RunT",
        "bytes sent and time in requests since the master started",
    ),
    ("ReSpwn", "how often it was spawned; 1 means once"),
    ("DELTA", "requests since its last spawn"),
    (
        "STATUS",
        "dead: gone and not yet respawned; sig5: handles uwsgi signal 5",
    ),
    ("", "uwsgi-lab explain KEY says more"),
];

pub(super) fn lines(theme: Theme) -> Vec<Line<'static>> {
    let line = |(left, right): &(&str, &str)| {
        Line::from(vec![
            Span::styled(format!("  {left:<19}"), theme.strong()),
            Span::raw((*right).to_owned()),
        ])
    };
    let mut lines: Vec<_> = HELP.iter().map(line).collect();
    lines.push(Line::default());
    lines.extend(COLUMNS.iter().map(line));
    lines
}
