//! Frames as terminals of several sizes show them.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};

use super::super::samples::{failure, of_document, reading};
use super::super::server::Server;
use super::super::state::{Message, State};
use super::*;

const NOW: u64 = 1_795_950_153;

fn state(sources: &[&str]) -> State {
    let servers = sources
        .iter()
        .map(|source| Server::new(*source, format!("tcp://{source}")));
    State::new(
        servers.collect(),
        Duration::from_secs(1),
        TimeZone::UTC,
        "box".to_owned(),
        0,
    )
}

/// Looked at for eight seconds, the last of them [`NOW`].
fn watched() -> State {
    let mut state = state(&["127.0.0.1:9191"]);
    for second in 0..8 {
        let workers = [
            (11, "busy", 10 + second * 4),
            (12, "idle", 4 + second),
            (0, "cheap", 0),
            (14, "sig5", 1),
        ];
        let reading = Box::new(reading((NOW - 7 + second) as f64, &workers));
        state.update(Message::Looked { server: 0, reading });
    }
    state
}

fn press(state: &mut State, keys: &str) {
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '→' => KeyCode::Right,
            '↓' => KeyCode::Down,
            '⇥' => KeyCode::Tab,
            c => KeyCode::Char(c),
        };
        state.update(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
}

fn buffer(state: &mut State, width: u16, height: u16, color: bool) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut drawn = (0, 0);
    terminal
        .draw(|frame| drawn = draw(state, Theme { color }, frame))
        .unwrap();
    state.was_drawn(drawn.0, drawn.1);
    terminal.backend().buffer().clone()
}

/// The words of a frame without the blanks at the ends of lines.
fn shown(state: &mut State, width: u16, height: u16) -> String {
    let buffer = buffer(state, width, height, true);
    let line = |y| -> String {
        let cells = (0..width).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_owned()
    };
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

/// The lines of the table, from its heading on.
fn body(state: &mut State) -> String {
    let shown = shown(state, 80, 24);
    let lines = shown.lines().skip(6);
    lines
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_terminal_of_80_by_24_shows_who_the_server_is_what_it_does_and_how_full_it_is() {
    let expected = "\
uWSGI 2.0.31  127.0.0.1:9191  up                  Sun Nov 29 11:02:33  every 1s
5.0 req/s · mean 250ms · req 50 · tx 97.7K (9.77K/s) · exc 0 · harakiri 0
busy 1/3 █████░░░░░░░░░░  cores 1/4 ████░░░░░░░░░░  queue 3/100 █░░░░░░░░░░░
oldest request 3s in worker 1:0: GET app/slow?x=1
node box · master 4711 · uid 33 · gid 33 · read in 412us · cwd /srv/app
req/s   5.0      ███████  busy     1      ████████  queue     3     ████████
 WID     PID STATUS    REQ▼    %   RPS BUSY%   MEAN    AVG EXC  HC   RSS  TX/S ›
   1      11 busy        38 76.0   4.0   100  250ms  251ms   0   0 25.2M 7.81K
   2      12 idle        11 22.0   1.0  25.0  250ms  251ms   0   0 25.2M 1.95K
   4      14 sig5         1  2.0     0     0      -  251ms   0   0 25.2M     0
   3       0 cheap        0    0     0     0      -  251ms   0   0 25.2M     0












q quit · ? help · / filter · <> sort · a cores · i requests · e events · m more";
    assert_eq!(shown(&mut watched(), 80, 24), expected);
}

#[test]
fn a_wide_terminal_shows_every_column() {
    let shown = shown(&mut watched(), 200, 60);
    assert!(shown.contains("SIG SIGQ DELTA LastSpwn"), "{shown}");
    assert!(shown.contains("10:36:40"), "{shown}");
}

#[test]
fn columns_that_have_no_room_are_reached_with_the_right_arrow() {
    let mut state = watched();
    press(&mut state, "→→→→→→→→→→→");
    let body = body(&mut state);
    let heading = body.lines().next().unwrap();
    assert_eq!(
        heading.split_whitespace().collect::<Vec<_>>(),
        [
            "WID", "TX/S", "VSZ", "TX", "ReSpwn", "RunT", "SIG", "SIGQ", "DELTA", "LastSpwn"
        ]
    );
}

#[test]
fn every_size_and_every_view_is_drawn() {
    let mut several = state(&["a:1", "b:1", "c:1"]);
    let looks = [
        reading(NOW as f64, &[(11, "busy", 10)]),
        failure(NOW as f64, "cannot connect"),
        of_document(
            NOW as f64,
            br#"{"version":"2.0.31","vassals":[{"id":"one.ini","pid":7}]}"#,
        ),
    ];
    for (server, reading) in looks.into_iter().enumerate() {
        let reading = Box::new(reading);
        several.update(Message::Looked { server, reading });
    }
    for mut state in [watched(), several, state(&[]), state(&["a:1"])] {
        for keys in ["", "i", "e", "m", "?", "?wa", "a", "/busy", "\n", "⇥", "⇥→", "⇥"] {
            press(&mut state, keys);
            for width in [1, 2, 7, 10, 40, 80, 200] {
                for height in [1, 2, 3, 5, 6, 7, 9, 10, 12, 14, 16, 24, 36, 50] {
                    shown(&mut state, width, height);
                }
            }
        }
    }
}

#[test]
fn ten_by_three_shows_the_title_and_the_first_worker() {
    assert_eq!(shown(&mut watched(), 10, 3), "uWSGI 2.0.\n WID     ›\n   1");
}

#[test]
fn states_of_workers_have_uwsgitops_colours_and_none_with_no_color() {
    let mut state = watched();
    let colored = buffer(&mut state, 80, 24, true);
    let colors = [7, 8, 9, 10].map(|y| colored[(0, y)].fg);
    assert_eq!(
        colors,
        [Color::Green, Color::Reset, Color::Yellow, Color::Magenta]
    );
    let plain = buffer(&mut state, 80, 24, false);
    assert!(
        plain
            .content()
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
}

#[test]
fn a_server_that_hangs_is_said_to_be_silent_and_one_that_is_down_is_shown_faint() {
    let mut state = watched();
    state.update(Message::Time((NOW + 4) * 1_000_000));
    let silent = shown(&mut state, 80, 24);
    assert!(
        silent.starts_with("uWSGI 2.0.31  127.0.0.1:9191  silent for 4s "),
        "{silent}"
    );
    let reading = Box::new(failure((NOW + 5) as f64, "no complete answer within 5000 ms"));
    state.update(Message::Looked { server: 0, reading });
    state.update(Message::Time((NOW + 7) * 1_000_000));
    let down = buffer(&mut state, 80, 24, true);
    let title: String = (0..80).map(|x| down[(x, 0)].symbol()).collect();
    let expected = "uWSGI 2.0.31  127.0.0.1:9191  DOWN for 2s: no complete answer within 5000 ms";
    assert_eq!(title.trim_end(), expected);
    let row = &down[(0, 7)];
    assert_eq!((row.fg, row.modifier), (Color::Reset, Modifier::DIM));
}

#[test]
fn keys_sort_reverse_and_filter_the_table() {
    let mut state = watched();
    let workers = |state: &mut State| -> Vec<String> {
        let body = body(state);
        let rows = body.lines().skip(1);
        rows.map(|row| row.split_whitespace().next().unwrap().to_owned())
            .collect()
    };
    press(&mut state, "r");
    assert_eq!(workers(&mut state), ["3", "4", "2", "1"]);
    press(&mut state, "<<<r");
    assert_eq!(workers(&mut state), ["4", "3", "2", "1"], "by WID, descending");
    press(&mut state, "/pid>11\n");
    assert_eq!(workers(&mut state), ["4", "2"]);
    press(&mut state, "/nothing like that");
    assert_eq!(workers(&mut state), ["nothing"]);
}

#[test]
fn a_pause_keeps_the_picture_and_readings_go_on_behind_it() {
    let mut state = watched();
    press(&mut state, " ");
    let paused = shown(&mut state, 80, 24);
    assert!(paused.contains(" PAUSED "), "{paused}");
    let later = Box::new(failure((NOW + 5) as f64, "cannot connect"));
    state.update(Message::Looked {
        server: 0,
        reading: later,
    });
    assert_eq!(shown(&mut state, 80, 24), paused);
    press(&mut state, " ");
    let shown = shown(&mut state, 80, 24);
    assert!(shown.contains("DOWN for 0s: cannot connect"), "{shown}");
}

#[test]
fn what_scrolls_keeps_its_heading_and_stops_at_its_end() {
    let mut state = state(&["a:1"]);
    let workers: Vec<_> = (1..=50).map(|pid| (pid, "idle", 100 - pid)).collect();
    let reading = Box::new(reading(NOW as f64, &workers));
    state.update(Message::Looked { server: 0, reading });
    let first_row = |state: &mut State| {
        let body = body(state);
        let mut lines = body.lines();
        assert!(lines.next().unwrap().starts_with(" WID"));
        lines
            .next()
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(first_row(&mut state), "1");
    press(&mut state, "↓↓");
    assert_eq!(first_row(&mut state), "3");
    press(&mut state, "G");
    // 24 lines but for 7 above, 2 of events and the keys.
    assert_eq!(first_row(&mut state), "37");
    press(&mut state, "↓g");
    assert_eq!(first_row(&mut state), "1");
}

#[test]
fn nothing_that_a_client_sends_steers_the_terminal() {
    let mut state = state(&["a:1"]);
    let document = br#"{"workers":[{"id":1,"pid":7,"status":"busy","cores":[{"id":0,"in_request":1,
        "vars":["REQUEST_METHOD=GET","REQUEST_URI=/\u001b[2J",""]}]}]}"#;
    let reading = Box::new(of_document(NOW as f64, document));
    state.update(Message::Looked { server: 0, reading });
    press(&mut state, "i");
    let body = body(&mut state);
    assert!(body.contains("GET    /\u{fffd}[2J"), "{body}");
}
