//! Which key does what; pure.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::state::View;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Forward,
    Back,
    PageForward,
    PageBack,
    First,
    Last,
    To(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Quit,
    Suspend,
    Pause,
    Fast,
    Cores,
    Show(View),
    Help,
    Server(Step),
    SortBy(Step),
    Reverse,
    /// Seconds, in a replay.
    Seek(i64),
    /// A replay twice as fast, or half.
    Faster,
    Slower,
    Scroll(Step),
    Columns(Step),
    Filter,
    Type(char),
    Erase,
    Accept,
    Escape,
}

/// What `?` shows: keys, and what they do.
pub(crate) const HELP: &[(&str, &str)] = &[
    ("q  Ctrl-C", "quit"),
    ("space", "pause: the picture stands still, reading goes on"),
    ("f", "fast: read ten times a second; rates stay those of a second"),
    ("w", "workers; of an Emperor its vassals, of a router its nodes"),
    ("a", "cores: off, instead of workers, below workers"),
    ("i", "requests in flight, with their URLs"),
    ("e", "events: reloads, respawns, harakiri, deaths, down and up"),
    (
        "m",
        "more: sockets, applications, caches, spoolers, crons, metrics",
    ),
    ("Tab  0 1…9", "next server; all servers, the first, the second …"),
    ("<  >  r", "sort by the column to the left, to the right; reverse"),
    ("arrows  j k", "scroll; left and right scroll columns"),
    ("PgUp PgDn Home End", "scroll by pages, to the top, to the end"),
    ("/", "filter: text, or STATUS=busy, RPS>10, MEAN>250ms, RSS>64M"),
    (
        "[ ]  { }  + -",
        "in a replay: 10 s back and on, a minute, faster, slower",
    ),
    ("Esc", "leave filter, help or view"),
];

/// None for a key that does nothing.
pub(crate) fn action(key: KeyEvent, is_typing: bool) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Action::Quit),
            KeyCode::Char('z') => Some(Action::Suspend),
            KeyCode::Char('u') if is_typing => Some(Action::Escape),
            _ => None,
        };
    }
    if is_typing {
        return match key.code {
            KeyCode::Char(c) => Some(Action::Type(c)),
            KeyCode::Backspace => Some(Action::Erase),
            KeyCode::Enter => Some(Action::Accept),
            KeyCode::Esc => Some(Action::Escape),
            _ => None,
        };
    }
    match key.code {
        KeyCode::Char(c) => of_character(c),
        KeyCode::Tab => Some(Action::Server(Step::Forward)),
        KeyCode::BackTab => Some(Action::Server(Step::Back)),
        KeyCode::Up => Some(Action::Scroll(Step::Back)),
        KeyCode::Down => Some(Action::Scroll(Step::Forward)),
        KeyCode::PageUp => Some(Action::Scroll(Step::PageBack)),
        KeyCode::PageDown => Some(Action::Scroll(Step::PageForward)),
        KeyCode::Home => Some(Action::Scroll(Step::First)),
        KeyCode::End => Some(Action::Scroll(Step::Last)),
        KeyCode::Left => Some(Action::Columns(Step::Back)),
        KeyCode::Right => Some(Action::Columns(Step::Forward)),
        KeyCode::Esc => Some(Action::Escape),
        KeyCode::F(1) => Some(Action::Help),
        _ => None,
    }
}

fn of_character(c: char) -> Option<Action> {
    let action = match c {
        'q' => Action::Quit,
        ' ' => Action::Pause,
        'f' => Action::Fast,
        'a' => Action::Cores,
        'w' => Action::Show(View::Chief),
        'i' => Action::Show(View::Requests),
        'e' => Action::Show(View::Events),
        'm' => Action::Show(View::Beyond),
        '?' | 'h' => Action::Help,
        '<' | ',' => Action::SortBy(Step::Back),
        '>' | '.' => Action::SortBy(Step::Forward),
        'r' => Action::Reverse,
        '[' => Action::Seek(-10),
        ']' => Action::Seek(10),
        '{' => Action::Seek(-60),
        '}' => Action::Seek(60),
        '+' | '=' => Action::Faster,
        '-' => Action::Slower,
        'j' => Action::Scroll(Step::Forward),
        'k' => Action::Scroll(Step::Back),
        'g' => Action::Scroll(Step::First),
        'G' => Action::Scroll(Step::Last),
        '/' => Action::Filter,
        '0'..='9' => Action::Server(Step::To(c as usize - '0' as usize)),
        _ => return None,
    };
    Some(action)
}
