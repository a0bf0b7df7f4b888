//! A table as lines of a terminal: as many columns as fit, its order shown in its heading.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::super::table::{Column, Row, Sort, Table};
use super::super::value::Calendar;
use super::style::Theme;

/// How a table is to be laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'a> {
    pub(super) theme: Theme,
    pub(super) calendar: &'a Calendar,
    pub(super) sort: Option<Sort>,
    /// Columns left out after the first.
    pub(super) skipped: usize,
    pub(super) width: usize,
}

/// The heading and a line for each row.
pub(super) fn lines(table: &Table, layout: Layout<'_>) -> (Line<'static>, Vec<Line<'static>>) {
    let places = places(table, layout);
    let heading = heading(table, &places, layout);
    let rows = table.lines();
    let lines = rows.into_iter().map(|row| of_row(table, row, &places, layout));
    (heading, lines.collect())
}

/// The columns that are shown, by index, with their widths.
fn places(table: &Table, layout: Layout<'_>) -> Vec<(usize, usize)> {
    let widths = table.widths(layout.calendar);
    let wanted = (0..widths.len()).filter(|index| *index == 0 || *index > layout.skipped);
    let mut room = layout.width;
    let mut places = Vec::new();
    for index in wanted {
        let gap = usize::from(!places.is_empty());
        let least = if table.columns[index].right {
            widths[index]
        } else {
            widths[index].min(8)
        };
        if gap + least > room && !places.is_empty() {
            break;
        }
        let width = widths[index].min(room.saturating_sub(gap));
        places.push((index, width));
        room = room.saturating_sub(gap + width);
    }
    places
}

fn heading(table: &Table, places: &[(usize, usize)], layout: Layout<'_>) -> Line<'static> {
    let style = layout.theme.reversed();
    let mut spans = Vec::new();
    let mut taken = 0;
    for (index, width) in places {
        let column = &table.columns[*index];
        let sorted = layout.sort.filter(|sort| sort.column == *index);
        let title = title(column, sorted, *width);
        let style = match sorted {
            Some(_) => style.add_modifier(Modifier::BOLD),
            None => style,
        };
        if taken > 0 {
            spans.push(Span::styled(" ", style));
        }
        taken += width + usize::from(taken > 0);
        spans.push(Span::styled(fitted(&title, *width, column.right), style));
    }
    let is_more = places
        .last()
        .is_some_and(|(index, _)| index + 1 < table.columns.len());
    let mut rest = " ".repeat(layout.width.saturating_sub(taken));
    if is_more && rest.pop().is_some() {
        rest.push('›');
    }
    spans.push(Span::styled(rest, style));
    Line::from(spans)
}

/// An arrow beside the title where there is room, else in place of its last character.
fn title(column: &Column, sorted: Option<Sort>, width: usize) -> String {
    let Some(sort) = sorted else {
        return column.title.to_owned();
    };
    let arrow = if sort.descending { '▼' } else { '▲' };
    let kept: String = column.title.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}{arrow}")
}

fn of_row(table: &Table, row: &Row, places: &[(usize, usize)], layout: Layout<'_>) -> Line<'static> {
    let style: Style = layout.theme.tone(row.tone);
    let mut text = String::new();
    for (index, width) in places {
        if !text.is_empty() {
            text.push(' ');
        }
        let cell = row.cells.get(*index).map(|cell| cell.show(layout.calendar));
        text.push_str(&fitted(
            &cell.unwrap_or_default(),
            *width,
            table.columns[*index].right,
        ));
    }
    Line::styled(text, style)
}

/// Exactly `width` characters; what is cut ends with `…`.
fn fitted(text: &str, width: usize, right: bool) -> String {
    let length = text.chars().count();
    if length > width {
        let kept: String = text.chars().take(width.saturating_sub(1)).collect();
        return if width > 0 { format!("{kept}…") } else { kept };
    }
    if right {
        format!("{text:>width$}")
    } else {
        format!("{text:width$}")
    }
}
