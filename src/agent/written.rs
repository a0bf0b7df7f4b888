//! Holds the dashboards to what is written: a panel may ask only for measurements, tags and fields that points have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::load::Second;
use crate::point::Point;
use crate::uwsgi::{self, Scrape, Summary};

const DASHBOARDS: [&str; 1] = [include_str!("../../dashboards/uwsgi.json")];
const DOCUMENTS: [&[u8]; 2] = [
    include_bytes!("../../tests/fixtures/uwsgi-stats/hello-world-busy.json"),
    include_bytes!("../../tests/fixtures/uwsgi-stats/mules-spooler-cache.json"),
];
/// Tags and fields of events, which come from two documents and not from one.
const EVENTS: (&str, &[&str], &[&str]) = ("uwsgi_events", &["source", "kind"], &["text", "count", "worker"]);

/// Tags and fields by measurement, taken from points made as a running lab makes them.
fn written() -> BTreeMap<&'static str, (BTreeSet<&'static str>, BTreeSet<&'static str>)> {
    let scrape = Scrape {
        source: "127.0.0.1:9191",
        timestamp_ms: 1_700_000_000_000,
        duration_us: 100,
    };
    let mut points: Vec<Point> = Vec::new();
    for document in DOCUMENTS {
        let document = uwsgi::parse(document).unwrap();
        let summary = Summary::of(&document, 1_700_000_000);
        points.extend(uwsgi::points(&document, &summary, &scrape));
    }
    points.push(Second::example().point("http://127.0.0.1:9090/", 1_700_000_000_000));
    let mut written = BTreeMap::<_, (BTreeSet<_>, BTreeSet<_>)>::new();
    for point in points {
        let (tags, fields) = written.entry(point.measurement).or_default();
        tags.extend(point.tags.iter().map(|(key, _)| *key));
        fields.extend(point.fields.iter().map(|(key, _)| *key));
    }
    let (measurement, tags, fields) = EVENTS;
    written.insert(
        measurement,
        (tags.iter().copied().collect(), fields.iter().copied().collect()),
    );
    written
}

/// All panels, those folded into rows included, without the rows.
fn panels(model: &Value) -> Vec<&Value> {
    let own = model["panels"].as_array().into_iter().flatten();
    own.flat_map(|panel| match panel["type"].as_str() {
        Some("row") => panels(panel),
        _ => vec![panel],
    })
    .collect()
}

/// The innermost `SELECT … FROM "measurement" …` parts of a query: measurement, what is selected, the clauses.
fn innermost(query: &str) -> Vec<(&str, &str, &str)> {
    let parts = query.match_indices("FROM \"").map(|(at, _)| {
        let select = query[..at].rfind("SELECT").unwrap();
        let (measurement, rest) = query[at + 6..].split_once('"').unwrap();
        (
            measurement,
            &query[select..at],
            rest.split(") WHERE $timeFilter").next().unwrap(),
        )
    });
    parts.collect()
}

/// Names in double quotes that are not given by `AS`.
fn names(text: &str) -> Vec<&str> {
    let pieces: Vec<_> = text.split('"').collect();
    let quoted = pieces.iter().enumerate().skip(1).step_by(2);
    quoted
        .filter(|(at, _)| !pieces[at - 1].trim_end().ends_with(" AS"))
        .map(|(_, name)| *name)
        .collect()
}

#[test]
fn every_panel_asks_only_for_what_is_written() {
    let written = written();
    let mut offences = Vec::new();
    for text in DASHBOARDS {
        let model: Value = serde_json::from_str(text).unwrap();
        for panel in panels(&model) {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["query"].as_str().unwrap();
                assert!(!innermost(query).is_empty(), "no measurement in {query}");
                for (measurement, select, clauses) in innermost(query) {
                    let Some((tags, fields)) = written.get(measurement) else {
                        offences.push(format!("{}: nobody writes {measurement}", panel["title"]));
                        continue;
                    };
                    let (filters, groups) = clauses.split_once("GROUP BY").unwrap_or((clauses, ""));
                    let is_field = |name: &&str| fields.contains(name);
                    let is_tag = |name: &&str| tags.contains(name);
                    let selected = names(select).into_iter().filter(|name| !is_field(name));
                    let filtered = names(filters)
                        .into_iter()
                        .filter(|name| !is_field(name) && !is_tag(name));
                    let grouped = names(groups).into_iter().filter(|name| !is_tag(name));
                    offences.extend(
                        selected
                            .chain(filtered)
                            .chain(grouped)
                            .map(|name| format!("{}: {measurement}.{name}", panel["title"])),
                    );
                }
            }
        }
    }
    assert_eq!(offences, Vec::<String>::new());
}

#[test]
fn the_check_sees_through_subqueries_and_aliases() {
    let query = "SELECT sum(\"b\") AS \"x\" FROM (SELECT mean(\"busy\") AS \"b\" FROM \"s\" WHERE $timeFilter AND \
                 \"source\" =~ /^$source$/ GROUP BY time($__interval), \"source\") WHERE $timeFilter fill(none)";
    let parts = innermost(query);
    assert_eq!(parts.len(), 1);
    assert_eq!(
        (parts[0].0, names(parts[0].1), names(parts[0].2)),
        ("s", vec!["busy"], vec!["source", "source"])
    );
}
