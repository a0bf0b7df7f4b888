//! Which database a statement is about: the one that is named at its sources, else the one of the request.

use super::super::ql::ast::{Measurement, Select, Source};

/// The one retention policy that a database has.
pub(super) const POLICY: &str = "autogen";

/// Why there is no such database; the words are InfluxDB's, except the last.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScopeError {
    #[error("database name required")]
    NoDatabase,
    #[error("database not found: {0}")]
    UnknownDatabase(String),
    #[error("retention policy not found: {0}")]
    UnknownPolicy(String),
    #[error("a query about more than one database is not supported: {0}, {1}")]
    TwoDatabases(String, String),
}

/// `default` is the request's; empty where it names none.
pub(super) fn database<'a>(select: &'a Select, default: &'a str) -> Result<&'a str, ScopeError> {
    let mut found: Option<&str> = None;
    for measurement in measurements(select) {
        let name = measurement.database.as_deref().unwrap_or(default);
        match found {
            Some(other) if other != name => {
                return Err(ScopeError::TwoDatabases(other.to_owned(), name.to_owned()));
            }
            _ => found = Some(name),
        }
    }
    found
        .filter(|name| !name.is_empty())
        .ok_or(ScopeError::NoDatabase)
}

/// `default` is the request's; empty where it names none.
pub(super) fn check_policies(select: &Select, default: &str) -> Result<(), ScopeError> {
    let named = measurements(select)
        .into_iter()
        .map(|at| at.policy.as_deref().unwrap_or(default));
    match named.into_iter().find(|name| !["", POLICY].contains(name)) {
        Some(unknown) => Err(ScopeError::UnknownPolicy(unknown.to_owned())),
        None => Ok(()),
    }
}

fn measurements(select: &Select) -> Vec<&Measurement> {
    let mut measurements = Vec::new();
    collect(select, &mut measurements);
    measurements
}

fn collect<'a>(select: &'a Select, measurements: &mut Vec<&'a Measurement>) {
    for source in &select.from {
        match source {
            Source::Measurement(measurement) => measurements.push(measurement),
            Source::Subquery(inner) => collect(inner, measurements),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::super::ql::{self, ast::Statement};
    use super::*;

    #[test]
    fn a_query_is_about_one_database_and_its_only_policy() {
        let table = [
            ("SELECT x FROM m", "db", "", Ok("db")),
            ("SELECT x FROM m", "db", "autogen", Ok("db")),
            ("SELECT x FROM m", "", "", Err(ScopeError::NoDatabase)),
            (
                "SELECT x FROM m",
                "db",
                "week",
                Err(ScopeError::UnknownPolicy("week".into())),
            ),
            ("SELECT x FROM other..m", "db", "", Ok("other")),
            ("SELECT x FROM other.autogen.m", "", "", Ok("other")),
            (
                "SELECT x FROM other.week.m",
                "",
                "",
                Err(ScopeError::UnknownPolicy("week".into())),
            ),
            ("SELECT x FROM (SELECT x FROM other..m)", "db", "", Ok("other")),
            (
                "SELECT x FROM m, other..m",
                "db",
                "",
                Err(ScopeError::TwoDatabases("db".into(), "other".into())),
            ),
        ];
        for (query, default, policy, expected) in table {
            let statements = ql::parse(query, &BTreeMap::new(), 0).unwrap();
            let Statement::Select(select) = &statements[0] else {
                panic!("{query}")
            };
            let found =
                database(select, default).and_then(|name| check_policies(select, policy).map(|()| name));
            assert_eq!(found, expected, "{query}");
        }
    }
}
