//! The state as a frame of any size; changes nothing.

mod bars;
mod body;
mod head;
mod help;
mod style;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub(crate) use style::Theme;

use super::server::Server;
use super::state::{State, View};
use super::tables;
use super::value::{Value, plain};
use body::Layout;

/// Lines of the body, and how many of them had room.
pub(crate) type Drawn = (usize, usize);

pub(crate) fn draw(state: &State, theme: Theme, frame: &mut Frame<'_>) -> Drawn {
    let area = frame.area();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let head = if state.help {
        Vec::new()
    } else {
        head::lines(state, theme, width, height)
    };
    let foot = foot(state, theme, width, height);
    let (headings, lines) = body(state, theme, width);
    let page = height.saturating_sub(head.len() + headings.len() + foot.len());
    let scroll = state.scroll.min(lines.len().saturating_sub(page));
    let drawn = (lines.len(), page);
    let above = head.into_iter().chain(headings);
    let below = lines.into_iter().skip(scroll).take(page);
    put(frame.buffer_mut(), area, above.chain(below).collect());
    let foot_height = u16::try_from(foot.len()).unwrap_or(u16::MAX).min(area.height);
    let foot_area = Rect {
        y: area.bottom() - foot_height,
        height: foot_height,
        ..area
    };
    put(frame.buffer_mut(), foot_area, foot);
    drawn
}

fn put(buffer: &mut Buffer, area: Rect, lines: Vec<Line<'static>>) {
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        buffer.set_line(area.x, y, &line, area.width);
    }
}

/// Headings that stay, and lines that scroll.
fn body(state: &State, theme: Theme, width: usize) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    if state.help {
        let title = Line::styled(format!("{:width$}", "Keys and columns"), theme.reversed());
        return (vec![title], help::lines(theme));
    }
    let calendar = state.calendar();
    let layout = Layout {
        theme,
        calendar: &calendar,
        sort: state.sort(),
        skipped: state.columns_skipped,
        width,
    };
    if state.view == View::Beyond {
        return (Vec::new(), beyond(state, layout));
    }
    let table = state.table();
    let (heading, lines) = body::lines(&table, layout);
    if lines.is_empty() {
        let nothing = if state.filter_in_force().is_empty() {
            table.nothing
        } else {
            "nothing matches the filter".to_owned()
        };
        return (vec![heading], vec![Line::styled(nothing, theme.faint())]);
    }
    (vec![heading], lines)
}

fn beyond(state: &State, layout: Layout<'_>) -> Vec<Line<'static>> {
    let mut all = Vec::new();
    for table in state.beyond() {
        let (heading, lines) = body::lines(&table, Layout { sort: None, ..layout });
        if !all.is_empty() {
            all.push(Line::default());
        }
        all.push(Line::styled(table.title, layout.theme.strong()));
        all.push(heading);
        all.extend(lines);
    }
    if all.is_empty() {
        let nothing = "no sockets, caches, spoolers, crons, daemons or metrics";
        all.push(Line::styled(nothing, layout.theme.faint()));
    }
    all
}

/// The latest events and the keys, or what is being typed.
fn foot(state: &State, theme: Theme, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let strip = match height {
        0..20 => 0,
        20..40 => 2,
        _ => 6,
    };
    if !state.help && state.view != View::Events {
        lines.extend(latest_events(state, theme, strip));
    }
    if let Some(text) = &state.typing {
        let prompt = format!("{:width$}", format!("/{text}"));
        lines.push(Line::styled(prompt, theme.reversed()));
    } else if height >= 6 {
        lines.push(keys(state, theme));
    }
    lines
}

fn keys(state: &State, theme: Theme) -> Line<'static> {
    let filter = state.filter_in_force();
    let mut spans = Vec::new();
    if !filter.is_empty() {
        spans.push(Span::styled(format!("/{} ", filter.text()), theme.strong()));
    }
    let keys = "q quit · ? help · / filter · <> sort · a cores · i requests · e events · m more";
    spans.push(Span::styled(keys, theme.faint()));
    Line::from(spans)
}

/// Always `count` lines, so that nothing jumps when something happens.
fn latest_events(state: &State, theme: Theme, count: usize) -> Vec<Line<'static>> {
    let calendar = state.calendar();
    let is_of_many = state.scope().len() > 1;
    let all = state.scope().iter().flat_map(|server: &Server| {
        let events = server.events.iter().rev().take(count);
        events.map(move |(at_us, event)| (*at_us, server, event))
    });
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(at_us, ..)| *at_us);
    let skipped = all.len().saturating_sub(count);
    let mut lines = vec![Line::default(); count.saturating_sub(all.len())];
    lines.extend(all.into_iter().skip(skipped).map(|(at_us, server, event)| {
        let time = Value::Clock(at_us / 1_000_000).show(&calendar);
        let source = if is_of_many {
            format!("{} ", plain(&server.source))
        } else {
            String::new()
        };
        let style = theme.tone(tables::event_tone(event));
        Line::styled(format!("{time} {source}{}", plain(&event.text)), style)
    }));
    lines
}

#[cfg(test)]
mod tests;
