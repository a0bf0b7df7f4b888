//! The view as plain text, for `--once` and for pipes; every column, no colours.

use std::fmt::Write as _;

use crate::report::number;
use crate::uwsgi::Statistics;

use super::figures::Figures;
use super::server::Server;
use super::state::State;
use super::table::{Row, Table};
use super::value::{Calendar, plain};
use super::{tables, words};

/// Each server with its head, its chief table, its requests in flight and what happened since `since_us` (µs since
/// the Unix epoch).
pub(crate) fn text(state: &State, since_us: u64) -> String {
    let calendar = state.calendar();
    let mut text = String::new();
    for (index, server) in state.servers().iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        head(server, state, &calendar, &mut text);
        text.push('\n');
        table(&state.chief_of(server), &calendar, &mut text);
        let requests = tables::requests(std::slice::from_ref(server), calendar.now_us);
        if !requests.rows.is_empty() {
            text.push('\n');
            table(&requests, &calendar, &mut text);
        }
        for (at_us, event) in server.events.iter().filter(|(at_us, _)| *at_us > since_us) {
            let time = calendar.time(at_us / 1_000_000);
            line(&mut text, &format!("\n{time} {}", plain(&event.text)));
        }
    }
    text
}

fn head(server: &Server, state: &State, calendar: &Calendar, text: &mut String) {
    let condition = words::condition(server, calendar.now_us, state.interval);
    let over = server.rates.as_ref().map_or(String::new(), |rates| {
        format!("  rates over {}s", number::rate(rates.seconds))
    });
    let source = plain(&server.source);
    line(text, &format!("{source}  {condition}  {}{over}", calendar.now()));
    let Some(latest) = &server.latest else { return };
    match &latest.seen.statistics {
        Statistics::Emperor(emperor) => line(text, &words::emperor(emperor)),
        Statistics::Router(router) => line(text, &words::router(router)),
        Statistics::Server(document) => {
            let figures = Figures::of(std::slice::from_ref(server));
            line(text, &format!("uWSGI {}", plain(&document.version)));
            line(text, &words::totals(&figures, calendar));
            line(text, &words::levels(&figures));
            if let Some(identity) = words::identity(latest, &state.node) {
                line(text, &identity);
            }
        }
    }
}

/// Columns as wide as they need to be, whatever the terminal.
fn table(table: &Table, calendar: &Calendar, text: &mut String) {
    if table.rows.is_empty() {
        line(text, &table.nothing);
        return;
    }
    let mut widths: Vec<usize> = table
        .columns
        .iter()
        .map(|column| column.title.chars().count())
        .collect();
    let rows = table.lines();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.show(calendar).chars().count());
        }
    }
    let titles = table.columns.iter().map(|column| column.title.to_owned());
    line(text, &aligned(table, &widths, titles));
    for Row { cells, .. } in rows {
        let cells = cells.iter().map(|cell| cell.show(calendar));
        line(text, &aligned(table, &widths, cells));
    }
}

fn aligned(table: &Table, widths: &[usize], cells: impl Iterator<Item = String>) -> String {
    let parts = table.columns.iter().zip(widths).zip(cells);
    let parts: Vec<String> = parts
        .map(|((column, width), cell)| {
            if column.right {
                format!("{cell:>width$}")
            } else {
                format!("{cell:width$}")
            }
        })
        .collect();
    parts.join("  ")
}

fn line(text: &mut String, words: &str) {
    // Writing to a String cannot fail.
    writeln!(text, "{}", words.trim_end()).ok();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::super::samples::{failure, reading};
    use super::super::state::Message;
    use super::*;

    #[test]
    fn one_frame_has_every_column_the_requests_in_flight_and_servers_that_are_down() {
        let servers = vec![Server::new("a:1", "tcp://a:1"), Server::new("b:1", "tcp://b:1")];
        let mut state = State::new(
            servers,
            Duration::from_secs(1),
            TimeZone::UTC,
            "box".to_owned(),
            0,
        );
        for at_s in [1_795_950_152, 1_795_950_153] {
            let workers = [(11, "busy", at_s - 1_795_950_152 + 10), (12, "idle", 4)];
            let reading = Box::new(reading(at_s as f64, &workers));
            state.update(Message::Looked { server: 0, reading });
        }
        let reading = Box::new(failure(1_795_950_153.0, "cannot connect: Connection refused"));
        state.update(Message::Looked { server: 1, reading });
        let expected = "\
a:1  up  Sun Nov 29 11:02:33  rates over 1s
uWSGI 2.0.31
1.0 req/s · mean 250ms · req 15 · tx 29.3K (1.95K/s) · exc 0 · harakiri 0
busy 1/2 · cores 1/2 · queue 3/100
node box · master 4711 · uid 33 · gid 33 · read in 412us · cwd /srv/app

WID  PID  STATUS  REQ     %  RPS  BUSY%   MEAN    AVG  EXC  HC    RSS   TX/S    VSZ     TX  ReSpwn   RunT  SIG  SIGQ  DELTA  LastSpwn
  1   11  busy     11  73.3  1.0   25.0  250ms  251ms    0   0  25.2M  1.95K  98.2M  21.5K       1  2.75s    0     0     11  10:36:40
  2   12  idle      4  26.7    0      0      -  251ms    0   0  25.2M      0  98.2M  7.81K       1     1s    0     0      4  10:36:40

AGE  CORE  PID  CLIENT  METHOD  URL
 3s   1:0   11          GET     app/slow?x=1

b:1  DOWN for 0s: cannot connect: Connection refused  Sun Nov 29 11:02:33

never answered since this view began

11:02:33 does not answer: cannot connect: Connection refused
";
        assert_eq!(text(&state, 0), expected);
    }
}
