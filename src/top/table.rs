//! A table as data: columns, rows of values, order. Draws nothing.

use super::filter::Filter;
use super::value::{Calendar, Value};

/// What a row is like, beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Busy,
    Cheap,
    Signal,
    Pause,
    /// Gone, or in trouble.
    Bad,
    /// Beside the point.
    Faint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Characters that are kept free for it, so that it does not jump.
    pub(crate) width: u16,
    pub(crate) right: bool,
}

/// A column of numbers.
pub(crate) const fn number(title: &'static str, width: u16) -> Column {
    Column {
        title,
        width,
        right: true,
    }
}

/// A column of words.
pub(crate) const fn words(title: &'static str, width: u16) -> Column {
    Column {
        title,
        width,
        right: false,
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Value>,
    pub(crate) tone: Tone,
    /// Stay below it whatever the order is.
    pub(crate) children: Vec<Row>,
}

impl Row {
    pub(crate) fn new(cells: Vec<Value>, tone: Tone) -> Self {
        Self {
            cells,
            tone,
            children: Vec::new(),
        }
    }
}

/// A column by its place, and the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// What to say where there is no row.
    pub(crate) nothing: String,
}

impl Table {
    pub(crate) fn new(columns: Vec<Column>, nothing: impl Into<String>) -> Self {
        Self {
            title: String::new(),
            columns,
            rows: Vec::new(),
            nothing: nothing.into(),
        }
    }

    /// Rows that are equal keep their order.
    pub(crate) fn sort(&mut self, sort: Sort) {
        sort_rows(&mut self.rows, sort);
    }

    /// Keeps the rows that match. A row stays for a child's sake, with the children that match.
    pub(crate) fn filter(&mut self, filter: &Filter, calendar: &Calendar) {
        let columns = &self.columns;
        let matches = |row: &Row| filter.matches(columns, &row.cells, calendar);
        self.rows.retain_mut(|row| {
            if matches(row) {
                return true;
            }
            row.children.retain(|child| matches(child));
            !row.children.is_empty()
        });
    }

    /// Takes the colours away from what is no longer so.
    pub(crate) fn fade(&mut self) {
        for row in &mut self.rows {
            row.tone = Tone::Faint;
            row.children.iter_mut().for_each(|child| child.tone = Tone::Faint);
        }
    }

    /// All rows as they stand below each other.
    pub(crate) fn lines(&self) -> Vec<&Row> {
        let mut lines = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            lines.push(row);
            lines.extend(&row.children);
        }
        lines
    }

    /// The characters that each column needs.
    pub(crate) fn widths(&self, calendar: &Calendar) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .map(|column| usize::from(column.width).max(column.title.chars().count()))
            .collect();
        for row in self.lines() {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = (*width).max(cell.show(calendar).chars().count());
            }
        }
        widths
    }
}

fn sort_rows(rows: &mut [Row], sort: Sort) {
    rows.sort_by(|one, two| {
        let (Some(one), Some(two)) = (one.cells.get(sort.column), two.cells.get(sort.column)) else {
            return std::cmp::Ordering::Equal;
        };
        let order = one.compare(two);
        if sort.descending { order.reverse() } else { order }
    });
    for row in rows {
        sort_rows(&mut row.children, sort);
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn row(worker: usize, requests: u64, cores: &[(u64, u64)]) -> Row {
        let mut row = Row::new(
            vec![Value::Place(worker, None), Value::Count(requests)],
            Tone::Plain,
        );
        row.children = cores
            .iter()
            .map(|(core, requests)| {
                Row::new(
                    vec![Value::Place(worker, Some(*core)), Value::Count(*requests)],
                    Tone::Plain,
                )
            })
            .collect();
        row
    }

    fn table() -> Table {
        let mut table = Table::new(vec![number("WID", 4), number("REQ", 5)], "none");
        table.rows = vec![
            row(1, 10, &[(0, 4), (1, 6)]),
            row(2, 30, &[(0, 30)]),
            row(3, 10, &[]),
        ];
        table
    }

    fn places(table: &Table) -> Vec<String> {
        let calendar = calendar();
        let lines = table.lines();
        lines.iter().map(|row| row.cells[0].show(&calendar)).collect()
    }

    fn calendar() -> Calendar {
        Calendar {
            zone: TimeZone::UTC,
            now_us: 0,
        }
    }

    #[test]
    fn rows_sort_by_any_column_and_cores_stay_below_their_worker() {
        let mut table = table();
        let sort = |column, descending| Sort { column, descending };
        table.sort(sort(1, true));
        assert_eq!(places(&table), ["2", "2:0", "1", "1:1", "1:0", "3"]);
        table.sort(sort(0, false));
        assert_eq!(places(&table), ["1", "1:0", "1:1", "2", "2:0", "3"]);
    }

    #[test]
    fn a_worker_stays_for_the_sake_of_a_core_that_matches() {
        let mut table = table();
        table.filter(&Filter::parse("req=6"), &calendar());
        assert_eq!(places(&table), ["1", "1:1"]);
    }

    #[test]
    fn a_column_is_as_wide_as_its_widest_cell() {
        let mut table = table();
        table.rows.push(row(4, 123_456_789, &[]));
        assert_eq!(table.widths(&calendar()), [4, 9]);
    }
}
