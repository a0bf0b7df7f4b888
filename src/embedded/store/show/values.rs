//! `SHOW TAG VALUES`: pairs of key and value, sorted. `LIMIT` and `OFFSET` are of each measurement.

use std::collections::BTreeSet;

use regex::Regex;

use crate::embedded::store::answer::{AnswerSeries, Cell};
use crate::embedded::store::column::Tables;
use crate::embedded::store::ql::ast::{KeyChoice, Show};
use crate::embedded::store::ql::{PatternError, compile};
use crate::embedded::store::tags::Purpose;

use super::error::ShowError;
use super::page::Page;
use super::selection::{Filter, measurements};
use super::table;

pub(super) fn tag_values(
    show: &Show,
    keys: &KeyChoice,
    tables: &dyn Tables,
    now: i64,
) -> Result<Vec<AnswerSeries>, ShowError> {
    let keys = Keys::new(keys)?;
    let filter = Filter::new(show.condition.as_ref(), Purpose::Series, now)?;
    let mut answer = Vec::new();
    let mut rows = 0;
    for measurement in measurements(tables, &show.from)? {
        let series = filter.series(tables, &measurement)?;
        let tags = series.iter().flat_map(|series| &series.tags);
        let pairs: BTreeSet<_> = tags.filter(|(key, _)| keys.accept(key)).collect();
        let mut page = Page::new(show.paging, rows);
        for (key, value) in pairs {
            page.add(|| vec![Cell::Text(key.clone()), Cell::Text(value.clone())])?;
        }
        let page = page.into_rows();
        rows += page.len();
        answer.extend(table(&measurement, &["key", "value"], page));
    }
    Ok(answer)
}

/// `WITH KEY …`, ready to be asked.
enum Keys<'s> {
    OneOf { keys: Vec<&'s str>, wanted: bool },
    Matching { pattern: Regex, wanted: bool },
}

impl<'s> Keys<'s> {
    fn new(choice: &'s KeyChoice) -> Result<Self, PatternError> {
        Ok(match choice {
            KeyChoice::Is(key) => Self::OneOf {
                keys: vec![key],
                wanted: true,
            },
            KeyChoice::IsNot(key) => Self::OneOf {
                keys: vec![key],
                wanted: false,
            },
            KeyChoice::OneOf(keys) => Self::OneOf {
                keys: keys.iter().map(String::as_str).collect(),
                wanted: true,
            },
            KeyChoice::Matches(pattern) => Self::Matching {
                pattern: compile(pattern)?,
                wanted: true,
            },
            KeyChoice::MatchesNot(pattern) => Self::Matching {
                pattern: compile(pattern)?,
                wanted: false,
            },
        })
    }

    fn accept(&self, key: &str) -> bool {
        match self {
            Self::OneOf { keys, wanted } => keys.contains(&key) == *wanted,
            Self::Matching { pattern, wanted } => pattern.is_match(key) == *wanted,
        }
    }
}
