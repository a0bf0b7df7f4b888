//! Dashboards as `dashboards` tells of them, to people and to programs. Pure: it asks nobody.

use std::fmt::Write as _;

use serde::Serialize;

use crate::provision::{Change, Listed, PanelFailure};

/// What a command found or did; the JSON shape is only ever added to.
#[derive(Debug, Serialize)]
pub(crate) struct Dashboards<T> {
    version: u32,
    pub(crate) dashboards: Vec<T>,
}

impl<T> From<Vec<T>> for Dashboards<T> {
    fn from(dashboards: Vec<T>) -> Self {
        Self {
            version: 1,
            dashboards,
        }
    }
}

/// One of Grafana's dashboards.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    uid: String,
    title: String,
    /// Null at the root.
    folder: Option<String>,
    url: String,
}

/// One that was taken from a file.
#[derive(Debug, Serialize)]
pub(crate) struct Imported {
    /// As it was named; `-` for standard input.
    pub(crate) file: String,
    pub(crate) uid: String,
    title: String,
    url: String,
    #[serde(serialize_with = "change_name")]
    change: Change,
    /// How many queries of its panels answer; null where one fails.
    queries: Option<usize>,
    pub(crate) failures: Vec<QueryFailure>,
}

#[derive(Debug, Serialize)]
pub(crate) struct QueryFailure {
    panel: String,
    ref_id: String,
    message: String,
}

/// One that was written to a file.
#[derive(Debug, Serialize)]
pub(crate) struct Exported {
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(crate) file: String,
    #[serde(serialize_with = "change_name")]
    pub(crate) change: Change,
}

impl Shown {
    /// `grafana`: `http://host:port`.
    pub(crate) fn new(listed: Listed, grafana: &str) -> Self {
        Self {
            url: address(grafana, &listed.uid),
            uid: listed.uid,
            title: listed.title,
            folder: listed.folder,
        }
    }
}

impl Imported {
    /// `asked`: how many queries answered, or those that failed.
    pub(crate) fn new(
        file: &str,
        (uid, title): (&str, &str),
        grafana: &str,
        change: Change,
        asked: Result<usize, Vec<PanelFailure>>,
    ) -> Self {
        let (queries, failures) = match asked {
            Ok(queries) => (Some(queries), Vec::new()),
            Err(failures) => (None, failures),
        };
        Self {
            file: file.to_owned(),
            uid: uid.to_owned(),
            title: title.to_owned(),
            url: address(grafana, uid),
            change,
            queries,
            failures: failures.into_iter().map(QueryFailure::from).collect(),
        }
    }

    pub(crate) fn has_changed(&self) -> bool {
        self.change != Change::Unchanged
    }
}

impl From<PanelFailure> for QueryFailure {
    fn from(failure: PanelFailure) -> Self {
        Self {
            panel: failure.panel,
            ref_id: failure.ref_id,
            message: failure.message,
        }
    }
}

fn address(grafana: &str, uid: &str) -> String {
    format!("{grafana}/d/{uid}")
}

fn name(change: Change) -> &'static str {
    match change {
        Change::Unchanged => "unchanged",
        Change::Created => "created",
        Change::Updated => "updated",
    }
}

fn change_name<S: serde::Serializer>(change: &Change, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*change))
}

/// A line for each: uid, title, address.
pub(crate) fn list_text(shown: &[Shown]) -> String {
    let width = |text: fn(&Shown) -> &str| shown.iter().map(|one| text(one).chars().count()).max();
    let uids = width(|one| &one.uid).unwrap_or_default();
    let titles = width(|one| &one.title).unwrap_or_default();
    let mut text = String::new();
    for one in shown {
        // Writing to a String cannot fail.
        writeln!(text, "{:uids$}  {:titles$}  {}", one.uid, one.title, one.url).ok();
    }
    text
}

/// What became of one file, in a line.
pub(crate) fn imported_text(imported: &Imported) -> String {
    let Imported { title, url, .. } = imported;
    let change = name(imported.change);
    let queries = match imported.queries {
        Some(0) => "it asks nothing".to_owned(),
        Some(1) => "its query works".to_owned(),
        Some(queries) => format!("its {queries} queries work"),
        None if imported.failures.len() == 1 => "a query fails".to_owned(),
        None => format!("{} queries fail", imported.failures.len()),
    };
    format!("{change}: '{title}' at {url}; {queries}\n")
}

/// A query that failed, in a line.
pub(crate) fn failure_text(failure: &QueryFailure) -> String {
    let QueryFailure {
        panel,
        ref_id,
        message,
    } = failure;
    format!("'{panel}' {ref_id}: {message}")
}

/// What became of one dashboard's file, in a line.
pub(crate) fn exported_text(exported: &Exported) -> String {
    format!("{}: {}\n", name(exported.change), exported.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(asked: Result<usize, Vec<PanelFailure>>) -> Imported {
        Imported::new("-", ("u", "T"), "http://127.0.0.1:3000", Change::Updated, asked)
    }

    #[test]
    fn dashboards_stand_in_columns() {
        let listed = |uid: &str, title: &str| Listed {
            uid: uid.to_owned(),
            title: title.to_owned(),
            folder: None,
        };
        let shown = [listed("a", "Übersicht"), listed("long", "T")].map(|one| Shown::new(one, "http://h:1"));
        assert_eq!(
            list_text(&shown),
            "a     Übersicht  http://h:1/d/a\nlong  T          http://h:1/d/long\n"
        );
    }

    #[test]
    fn an_import_says_what_changed_and_whether_its_queries_work() {
        let failure = PanelFailure {
            panel: "P".to_owned(),
            ref_id: "A".to_owned(),
            message: "no".to_owned(),
        };
        let table = [
            (
                Ok(0),
                "updated: 'T' at http://127.0.0.1:3000/d/u; it asks nothing\n",
            ),
            (
                Ok(1),
                "updated: 'T' at http://127.0.0.1:3000/d/u; its query works\n",
            ),
            (
                Ok(9),
                "updated: 'T' at http://127.0.0.1:3000/d/u; its 9 queries work\n",
            ),
            (
                Err(vec![failure]),
                "updated: 'T' at http://127.0.0.1:3000/d/u; a query fails\n",
            ),
        ];
        for (asked, expected) in table {
            let imported = imported(asked);
            assert_eq!(imported_text(&imported), expected);
            for failure in &imported.failures {
                assert_eq!(failure_text(failure), "'P' A: no");
            }
        }
    }

    #[test]
    fn programs_read_the_same() {
        let json = serde_json::to_string(&Dashboards::from(vec![imported(Ok(2))])).unwrap();
        assert_eq!(
            json,
            r#"{"version":1,"dashboards":[{"file":"-","uid":"u","title":"T","url":"http://127.0.0.1:3000/d/u","change":"updated","queries":2,"failures":[]}]}"#
        );
    }
}
