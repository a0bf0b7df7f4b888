//! What a statement answers: series of rows, before they are written as JSON or CSV.

use std::sync::Arc;

/// The result of one statement.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Answer {
    pub(super) series: Vec<AnswerSeries>,
    pub(super) messages: Vec<Message>,
    /// Of `tz()`: what times are written in where they are not asked for as numbers. UTC where `None`.
    pub(super) time_zone: Option<jiff::tz::TimeZone>,
}

/// What is told beside a result, such as that a statement is deprecated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// `warning`, as InfluxDB has it.
    pub(super) level: &'static str,
    pub(super) text: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct AnswerSeries {
    /// Of the measurement; empty where the statement has none, such as `SHOW DATABASES` in some of its forms.
    pub(super) name: String,
    /// Sorted by key; empty where nothing is grouped by tags.
    pub(super) tags: Vec<(String, String)>,
    pub(super) columns: Vec<String>,
    /// Each as long as `columns`.
    pub(super) rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    /// Nanoseconds since 1970.
    Time(i64),
    Float(f64),
    Integer(i64),
    Text(Arc<str>),
    Boolean(bool),
}
