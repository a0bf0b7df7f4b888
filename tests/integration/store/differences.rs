//! Where the store answers otherwise than InfluxDB 1.6.7 on purpose, with the reason; everything else must be the same.

use serde_json::Value;

/// What was asked, and what both answered.
pub(super) struct Case<'a> {
    pub(super) query: &'a str,
    pub(super) influxdb: &'a Value,
    pub(super) store: &'a Value,
}

/// A difference that is meant: of which queries, what remains the same, and why.
struct Difference {
    about: fn(&str) -> bool,
    /// What is compared instead of the whole answers.
    allows: fn(&Case<'_>) -> bool,
    #[expect(dead_code, reason = "read by people")]
    reason: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        about: |_| true,
        allows: |case| {
            case.influxdb
                .as_str()
                .is_some_and(|text| text.contains("json: unsupported value"))
        },
        reason: "InfluxDB breaks the answer off at a number that JSON has not; the store writes null",
    },
    Difference {
        about: |_| true,
        allows: |case| first(&without_partial(case.influxdb), case.store).is_none(),
        reason: "InfluxDB calls a series of more than 10,000 rows partial although all of it is there",
    },
    Difference {
        about: |query| {
            ["sample(", "holt_winters(", "SHOW CONTINUOUS QUERIES"]
                .iter()
                .any(|part| query.contains(part))
        },
        allows: |case| errors(case.store).contains("is not supported by this store"),
        reason: "not done by the store, which says so",
    },
    Difference {
        about: |query| query.contains("WHERE host =~ /[/"),
        allows: |case| both_fail(case, "error parsing regexp: "),
        reason: "what is wrong with a regular expression is said in the words of another library",
    },
    Difference {
        about: |query| query.starts_with("DELETE") || query.starts_with("DROP SERIES"),
        allows: |case| errors(case.influxdb).starts_with("shard ") && !errors(case.store).is_empty(),
        reason: "the store has no shards to name in the message",
    },
    Difference {
        about: |query| query.contains("top(") || query.contains("bottom("),
        allows: |case| case.query.contains("LIMIT"),
        reason: "with LIMIT, InfluxDB lets top() and bottom() choose among the first points only",
    },
    Difference {
        about: |query| (query.contains("top(") || query.contains("bottom(")) && query.contains("DESC"),
        allows: |case| in_any_order(case.influxdb) == in_any_order(case.store),
        reason: "InfluxDB leaves the points within a window ascending under ORDER BY time DESC",
    },
    Difference {
        about: |query| query.contains("integral(") && query.contains("GROUP BY"),
        allows: |_| true,
        reason: "of several groups InfluxDB answers otherwise each time: the order of series, the last window, the time",
    },
    Difference {
        about: |query| query.contains("integral(") && !query.contains("GROUP BY"),
        allows: |case| first(&without_times(case.influxdb), &without_times(case.store)).is_none(),
        reason: "of floats InfluxDB gives the time 0 where a range is asked for, of integers its start, as other functions",
    },
    Difference {
        about: |query| query.contains("percentile("),
        allows: |case| contains_all(case.store, case.influxdb),
        reason: "InfluxDB ends a series at the first window in which there is no such percentile",
    },
    Difference {
        about: |query| query.contains("percentile("),
        allows: |case| first(&without_times(case.influxdb), &without_times(case.store)).is_none(),
        reason: "of equal values InfluxDB takes the time of any, as its sorting leaves them",
    },
    Difference {
        about: |query| query.contains("mode("),
        allows: |case| without_values(case.influxdb) == without_values(case.store),
        reason: "of values that are equally frequent InfluxDB takes any, as its sorting leaves them",
    },
    Difference {
        about: |query| query.contains("distinct("),
        allows: |case| {
            case.query.contains("LIMIT") || in_any_order(case.influxdb) == in_any_order(case.store)
        },
        reason: "the order of values within a window follows from how InfluxDB reads its series",
    },
    Difference {
        about: |query| query.contains("FROM (SELECT max(f) AS m FROM mixed GROUP BY host)"),
        allows: |case| in_any_order(case.influxdb) == in_any_order(case.store),
        reason: "rows of several series in a subquery come series by series; the store's are sorted by time",
    },
];

pub(super) fn is_meant(case: &Case<'_>) -> bool {
    let mut about = DIFFERENCES
        .iter()
        .filter(|difference| (difference.about)(case.query));
    about.any(|difference| (difference.allows)(case))
}

/// The errors of all statements, and of the query.
fn errors(document: &Value) -> String {
    let results = document["results"].as_array().into_iter().flatten();
    let statements = results.filter_map(|result| result["error"].as_str());
    statements.chain(document["error"].as_str()).collect()
}

fn both_fail(case: &Case<'_>, with: &str) -> bool {
    errors(case.influxdb).contains(with) && errors(case.store).contains(with)
}

/// The document after `change` of each of its series.
fn with_each_series(document: &Value, change: impl Fn(&mut Value)) -> Value {
    let mut document = document.clone();
    let results = document["results"].as_array_mut().into_iter().flatten();
    for series in results
        .filter_map(|result| result.get_mut("series")?.as_array_mut())
        .flatten()
    {
        change(series);
    }
    document
}

fn without_partial(document: &Value) -> Value {
    with_each_series(document, |series| {
        series.as_object_mut().unwrap().remove("partial");
    })
}

fn in_any_order(document: &Value) -> Value {
    with_each_series(document, |series| {
        series["values"]
            .as_array_mut()
            .unwrap()
            .sort_by_cached_key(Value::to_string);
    })
}

fn without_times(document: &Value) -> Value {
    with_each_row(document, |row| row[0] = Value::Null)
}

/// What is null stays null.
fn without_values(document: &Value) -> Value {
    with_each_row(document, |row| row[1] = row[1].is_null().into())
}

fn with_each_row(document: &Value, change: impl Fn(&mut Vec<Value>)) -> Value {
    with_each_series(document, |series| {
        let rows = series["values"].as_array_mut().unwrap().iter_mut();
        rows.filter_map(Value::as_array_mut).for_each(&change);
    })
}

/// Whether every row of `part`'s series is in the series of `whole` with the same tags.
fn contains_all(whole: &Value, part: &Value) -> bool {
    let series = |document: &Value| {
        document["results"][0]["series"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let all = series(whole);
    series(part).iter().all(|one| {
        let same = all.iter().find(|other| other["tags"] == one["tags"]);
        let rows = same
            .and_then(|same| same["values"].as_array())
            .cloned()
            .unwrap_or_default();
        let mut wanted = one["values"].as_array().unwrap().iter();
        wanted.all(|row| rows.iter().any(|other| first(row, other).is_none()))
    })
}

/// Where two documents differ first, as a path with both values; numbers may differ by a billionth.
pub(super) fn first(one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a == b || near(a.as_f64(), b.as_f64()) => None,
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(at, (a, b))| Some(format!("[{at}]{}", first(a, b)?)))
        }
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => a
            .iter()
            .find_map(|(key, value)| Some(format!(".{key}{}", first(value, &b[key])?))),
        _ if one == other => None,
        _ => Some(format!(": {} — {}", short(one), short(other))),
    }
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}
