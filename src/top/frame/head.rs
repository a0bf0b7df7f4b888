//! The lines above the table: who the server is, what it does, how full it is.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::report::number;
use crate::uwsgi::Statistics;

use super::super::figures::{self, Figures};
use super::super::rates::Flow;
use super::super::server::{Condition, Server};
use super::super::state::{Film, State};
use super::super::table::Tone;
use super::super::value::plain;
use super::super::{tables, words};
use super::bars;
use super::style::Theme;

/// As many of them as a terminal of that size has room for, the most telling first.
pub(super) fn lines(state: &State, theme: Theme, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if height >= 3 {
        lines.push(title(state, theme, width));
    }
    if height >= 10 && state.servers().len() > 1 {
        lines.push(tabs(state, theme, width));
    }
    if height < 7 {
        return lines;
    }
    match state.server().and_then(|server| server.latest.as_ref()) {
        Some(latest) => match &latest.seen.statistics {
            Statistics::Emperor(emperor) => lines.push(Line::from(words::emperor(emperor))),
            Statistics::Router(router) => lines.push(Line::from(words::router(router))),
            Statistics::Server(_) => lines.extend(of_servers(state, theme, width, height)),
        },
        None => lines.extend(of_servers(state, theme, width, height)),
    }
    lines
}

fn of_servers(state: &State, theme: Theme, width: usize, height: usize) -> Vec<Line<'static>> {
    let figures = Figures::of(state.scope());
    let mut lines = vec![Line::from(words::totals(&figures, &state.calendar()))];
    if height >= 9 {
        lines.push(gauges(&figures, theme, width));
    }
    if height >= 12 {
        lines.push(oldest(state, &figures, theme));
    }
    if height >= 14 {
        lines.extend(identity(state, theme));
    }
    let rows = match height {
        0..16 => return lines,
        16..36 => 1,
        36..50 => 3,
        _ => 5,
    };
    lines.extend(charts(state, &figures, theme, width, rows));
    lines
}

/// The server on the left; what kind of picture it is, the time and the pace on the right, as far as there is room.
fn title(state: &State, theme: Theme, width: usize) -> Line<'static> {
    let mut spans = match state.server() {
        Some(server) => of_server(server, state, theme),
        None => of_all(state, theme),
    };
    let mut badges = Vec::new();
    if let Some(film) = state.film {
        badges.push(film_words(film));
    }
    if state.is_paused() {
        badges.push(" PAUSED ");
    }
    if state.fast {
        badges.push(" FAST ");
    }
    spans.extend(badges.iter().map(|badge| Span::styled(*badge, theme.reversed())));
    let pace = match state.film {
        Some(film) => format!("× {}", number::rate(film.speed)),
        None => format!("every {}", number::duration(state.interval)),
    };
    let calendar = state.calendar();
    let time = calendar.time(calendar.now_us / 1_000_000);
    let rights = [
        format!(" {}  {pace} ", calendar.now()),
        format!(" {time}  {pace} "),
        format!(" {time} "),
    ];
    let taken: usize = spans.iter().map(Span::width).sum();
    let right = rights
        .into_iter()
        .find(|right| taken + right.chars().count() <= width);
    if let Some(right) = right {
        let gap = width - taken - right.chars().count();
        spans.push(Span::raw(format!("{}{right}", " ".repeat(gap))));
    }
    Line::from(spans)
}

fn film_words(film: Film) -> &'static str {
    match film {
        Film { ended: true, .. } => " REPLAY END ",
        Film { stopped: true, .. } => " REPLAY STOPPED ",
        _ => " REPLAY ",
    }
}

fn of_server(server: &Server, state: &State, theme: Theme) -> Vec<Span<'static>> {
    let version = match server.latest.as_ref().map(|latest| &latest.seen.statistics) {
        Some(Statistics::Server(document)) => format!("uWSGI {}", plain(&document.version)),
        Some(Statistics::Emperor(emperor)) => format!("Emperor {}", plain(&emperor.version)),
        Some(Statistics::Router(router)) => format!("Router {}", plain(&router.version)),
        None => "uWSGI".to_owned(),
    };
    let mut spans = vec![
        Span::styled(version, theme.strong()),
        Span::raw(format!("  {}  ", plain(&server.source))),
    ];
    let style = match server.condition {
        Condition::Unknown => theme.faint(),
        Condition::Up { .. } => Style::new(),
        Condition::Down { .. } => theme.tone(Tone::Bad),
    };
    let condition = words::condition(server, state.calendar().now_us, state.interval);
    spans.push(Span::styled(format!("{condition}  "), style));
    spans
}

fn of_all(state: &State, theme: Theme) -> Vec<Span<'static>> {
    let servers = state.servers();
    let down = servers.iter().filter(|server| server.is_down()).count();
    let mut spans = vec![Span::styled(
        number::counted(servers.len() as u64, "server"),
        theme.strong(),
    )];
    if down > 0 {
        let tone = theme.tone(Tone::Bad);
        spans.push(Span::styled(format!("  {down} DOWN"), tone));
    }
    spans.push(Span::raw("  "));
    spans
}

/// The chosen one is among those that are shown.
fn tabs(state: &State, theme: Theme, width: usize) -> Line<'static> {
    let mut names = vec![" 0 all ".to_owned()];
    names.extend(state.servers().iter().enumerate().map(|(index, server)| {
        let down = if server.is_down() { " DOWN" } else { "" };
        format!(" {} {}{down} ", index + 1, plain(&server.source))
    }));
    let chosen = state.selected.map_or(0, |index| index + 1);
    let length = |from: usize| -> usize {
        let shown = names.iter().take(chosen + 1).skip(from);
        shown.map(|name| name.chars().count()).sum()
    };
    let first = (0..chosen).find(|from| length(*from) <= width).unwrap_or(chosen);
    let tabs = names.iter().enumerate().skip(first);
    let spans = tabs.map(|(index, name)| {
        let style = if index == chosen {
            theme.reversed()
        } else {
            theme.faint()
        };
        Span::styled(name.clone(), style)
    });
    spans.collect::<Vec<_>>().into()
}

fn gauges(figures: &Figures, theme: Theme, width: usize) -> Line<'static> {
    let third = width / 3;
    let mut spans = gauge("busy", Some(figures.busy), Some(figures.running), theme, third);
    spans.extend(gauge("cores", figures.in_request, figures.cores, theme, third));
    spans.extend(gauge("queue", figures.queue, figures.max_queue, theme, third));
    Line::from(spans)
}

fn gauge(
    name: &str,
    part: Option<u64>,
    whole: Option<u64>,
    theme: Theme,
    width: usize,
) -> Vec<Span<'static>> {
    let Some((part, whole)) = part.zip(whole) else {
        return vec![Span::raw(format!("{:width$}", format!("{name} -")))];
    };
    let label = format!("{name} {part}/{whole} ");
    let room = width.saturating_sub(label.chars().count() + 2);
    let bar = bars::gauge(part as f64, whole as f64, room);
    let style = theme.level(part as f64, whole as f64);
    vec![Span::raw(label), Span::styled(bar, style), Span::raw("  ")]
}

fn oldest(state: &State, figures: &Figures, theme: Theme) -> Line<'static> {
    if let Some(request) = tables::oldest(state.scope()) {
        return Line::from(words::oldest(request, state.calendar().now_us));
    }
    // A replay knows how many there were, and uWSGI before 2.0.14 no more than that.
    let words = match figures.in_request {
        Some(count) if count > 0 => format!("{} in flight", number::counted(count, "request")),
        _ => "no request in flight".to_owned(),
    };
    Line::styled(words, theme.faint())
}

/// Of all servers together there is none.
fn identity(state: &State, theme: Theme) -> Option<Line<'static>> {
    let latest = state.server()?.latest.as_ref()?;
    Some(Line::styled(words::identity(latest, &state.node)?, theme.faint()))
}

fn charts(state: &State, figures: &Figures, theme: Theme, width: usize, rows: usize) -> Vec<Line<'static>> {
    let third = width / 3;
    let scope = state.scope();
    let rate = |flow: Flow| number::brief_rate(flow.requests_s);
    let count = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
    let all = [
        (
            "req/s",
            figures.flow.map_or("-".to_owned(), rate),
            figures::history(scope, width, |entry| entry.requests_s),
        ),
        (
            "busy",
            count(figures.in_request.or(Some(figures.busy))),
            figures::history(scope, width, |entry| entry.busy),
        ),
        (
            "queue",
            count(figures.queue),
            figures::history(scope, width, |entry| entry.queue),
        ),
    ];
    let mut lines = vec![Vec::new(); rows];
    for (name, now, values) in &all {
        let label = format!("{name} {now:>5} ");
        let blank = " ".repeat(label.chars().count());
        let room = third.saturating_sub(label.chars().count() + 2);
        let shown = &values[values.len().saturating_sub(room)..];
        let most = shown.iter().flatten().copied().fold(0.0, f64::max);
        let drawn = bars::columns(shown, most, room, rows);
        for (index, (line, row)) in lines.iter_mut().zip(drawn).enumerate() {
            let is_last = index + 1 == rows;
            line.push(Span::raw(if is_last { label.clone() } else { blank.clone() }));
            line.push(Span::styled(row, theme.chart()));
            line.push(Span::raw("  "));
        }
    }
    lines.into_iter().map(Line::from).collect()
}
