//! What both servers are asked: the panels' queries, those that people write, combinations, and mistakes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::points::{Chance, SECONDS, START};

/// The queries of dashboards/uwsgi.json, of its variables and annotations too, at several intervals, with Grafana's macros replaced.
pub(super) fn of_panels() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards/uwsgi.json");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let mut texts = Vec::new();
    collect(&dashboard["panels"], &mut texts);
    assert!(texts.len() > 20, "the dashboard has queries: {}", texts.len());
    let sources = [".*", "127\\.0\\.0\\.1:9191", "nothing"];
    let mut queries = Vec::new();
    texts.extend(
        list(&dashboard["templating"])
            .iter()
            .filter_map(|variable| variable["query"].as_str()),
    );
    texts.extend(
        list(&dashboard["annotations"])
            .iter()
            .filter_map(|annotation| annotation["target"]["query"].as_str()),
    );
    for text in texts {
        for (number, interval) in ["1s", "5s", "10s", "1m", "10m", "1h"].into_iter().enumerate() {
            let source = sources[if number == 2 {
                1
            } else if number == 4 {
                2
            } else {
                0
            }];
            queries.push(with_macros(text, interval, source));
        }
    }
    queries
}

fn list(section: &Value) -> &[Value] {
    section["list"].as_array().unwrap()
}

/// The queries of panels, also of those in rows that are closed.
fn collect<'a>(panels: &'a Value, texts: &mut Vec<&'a str>) {
    for panel in panels.as_array().into_iter().flatten() {
        let targets = panel["targets"].as_array().into_iter().flatten();
        texts.extend(targets.filter_map(|target| target["query"].as_str()));
        collect(&panel["panels"], texts);
    }
}

fn with_macros(text: &str, interval: &str, source: &str) -> String {
    text.replace("$timeFilter", &time_filter())
        .replace("$__interval", interval)
        .replace("$source", source)
        .replace("$worker", ".*")
}

fn time_filter() -> String {
    format!(
        "time >= {}ms and time <= {}ms",
        START * 1000 + 12_345,
        (START + SECONDS) * 1000
    )
}

/// The naive and the right queries of the classic panels, as people paste them.
pub(super) fn classic() -> Vec<String> {
    let texts = [
        r#"SELECT sum("m") FROM (SELECT mean("listen_queue") AS "m" FROM "uwsgi_overview" WHERE T GROUP BY time(I), "source") WHERE T GROUP BY time(I) fill(none)"#,
        r#"SELECT max("listen_queue") FROM "uwsgi_overview" WHERE T GROUP BY time(I), "source" fill(none)"#,
        r#"SELECT sum("m") FROM (SELECT mean("in_request") AS "m" FROM "uwsgi_cores" WHERE T GROUP BY time(I), "source", "worker_id", "core_id") WHERE T GROUP BY time(I) fill(none)"#,
        r#"SELECT count("b")/count("n") FROM (SELECT "accepting" AS "b" FROM "uwsgi_workers" WHERE T AND "status"='busy'), (SELECT "accepting" AS "n" FROM "uwsgi_workers" WHERE T AND "worker_id"='1') WHERE T GROUP BY time(I), "source" fill(none)"#,
        r#"SELECT count("l") FROM (SELECT last("pid") AS "l" FROM "uwsgi_workers" WHERE T GROUP BY time(I), "source", "worker_id" fill(none)) WHERE T GROUP BY time(I) fill(none)"#,
        r#"SELECT sum("d") FROM (SELECT non_negative_difference("harakiri_count") AS "d" FROM "uwsgi_workers" WHERE T GROUP BY "source", "worker_id") WHERE T GROUP BY time(I) fill(none)"#,
        r#"SELECT sum("l") FROM (SELECT last("harakiri_count") AS "l" FROM "uwsgi_workers" WHERE T GROUP BY time(I), "source", "worker_id") WHERE T GROUP BY time(I) fill(none)"#,
        r#"SELECT mean("d") FROM (SELECT non_negative_derivative("requests",1s) AS "d" FROM "uwsgi_workers" WHERE T GROUP BY "source", "worker_id") WHERE T GROUP BY time(I), "worker_id" fill(none)"#,
        r#"SELECT sum("r") FROM (SELECT mean("d") AS "r" FROM (SELECT non_negative_derivative("requests",1s) AS "d" FROM "uwsgi_workers" WHERE T GROUP BY "source", "worker_id") WHERE T GROUP BY time(I), "source", "worker_id") WHERE T GROUP BY time(I) fill(none)"#,
        r#"SELECT sum("rt")/sum("rq") FROM (SELECT non_negative_difference("running_time") AS "rt", non_negative_difference("requests") AS "rq" FROM "uwsgi_workers" WHERE T GROUP BY "source", "worker_id") WHERE T GROUP BY time(I), "worker_id" fill(none)"#,
        r#"SELECT sum("r")/1000000 FROM (SELECT mean("d") AS "r" FROM (SELECT non_negative_derivative("running_time",1s) AS "d" FROM "uwsgi_workers" WHERE T GROUP BY "source", "worker_id") WHERE T GROUP BY time(I), "source", "worker_id") WHERE T GROUP BY time(I) fill(none)"#,
        r#"SELECT sum("harakiri_count") FROM "uwsgi_workers" WHERE T GROUP BY time(I) fill(null)"#,
        r#"SELECT count("status") FROM "uwsgi_workers" WHERE T AND "status"='busy' GROUP BY time(I) fill(null)"#,
        r#"SELECT count("avg_rt") FROM "uwsgi_workers" WHERE T AND ("worker_id"='1' OR "worker_id"='2') GROUP BY time(I) fill(null)"#,
        r#"SELECT sum("respawn_count") FROM "uwsgi_workers" WHERE T GROUP BY time(I), "uwsgi_host" fill(null)"#,
        r#"SELECT mean("avg_rt") FROM "uwsgi_workers" WHERE T GROUP BY time(I) fill(null)"#,
        r#"SELECT mean("requests") FROM "uwsgi_workers" WHERE T GROUP BY time(I), "worker_id" fill(null)"#,
        r#"SELECT non_negative_derivative(sum("requests"), 1s) FROM "uwsgi_workers" WHERE T GROUP BY time(I) fill(null)"#,
        r#"SELECT non_negative_difference(last("harakiri_count")) FROM "uwsgi_workers" WHERE T GROUP BY time(I), "source", "worker_id" fill(none)"#,
        r#"SELECT spread("respawn_count") FROM "uwsgi_workers" WHERE T GROUP BY time(I), "source", "worker_id" fill(none)"#,
        r#"SELECT mean("c") FROM (SELECT count("status") AS "c" FROM "uwsgi_workers" WHERE T AND "status"='busy' GROUP BY time(10s)) WHERE T GROUP BY time(I)"#,
    ];
    let mut queries = Vec::new();
    for text in texts {
        for interval in ["5s", "1m", "10m"] {
            queries.push(
                text.replace("time(I)", &format!("time({interval})"))
                    .replace(" T ", &format!(" {} ", time_filter()))
                    .replace("WHERE T)", &format!("WHERE {})", time_filter())),
            );
        }
    }
    queries
}

const CALLS: [&str; 42] = [
    "count(f)",
    "count(s)",
    "count(b)",
    "count(i)",
    "sum(f)",
    "sum(i)",
    "mean(f)",
    "mean(i)",
    "median(i)",
    "median(f)",
    "min(f)",
    "min(i)",
    "max(f)",
    "max(i)",
    "spread(f)",
    "spread(i)",
    "stddev(f)",
    "first(f)",
    "first(s)",
    "first(b)",
    "last(i)",
    "last(s)",
    "percentile(f, 90)",
    "percentile(i, 12.5)",
    "distinct(s)",
    "distinct(i)",
    "count(distinct(s))",
    "mode(i)",
    "mode(s)",
    "top(f, 3)",
    "bottom(i, 2)",
    "integral(f)",
    "derivative(mean(f), 1s)",
    "non_negative_derivative(max(i), 1m)",
    "difference(sum(i))",
    "non_negative_difference(last(f))",
    "cumulative_sum(sum(i))",
    "moving_average(mean(f), 3)",
    "elapsed(max(f), 1s)",
    "mean(f) * 2 + 1",
    "sum(i) / count(i)",
    "max(f) - min(f)",
];
const WINDOWS: [&str; 8] = [
    "",
    "time(1m)",
    "time(10s)",
    "time(1m, 7s)",
    "time(5m)",
    "time(1h)",
    "time(1m, -13s)",
    "time(90s)",
];
const FILLS: [&str; 8] = [
    "",
    "",
    "fill(none)",
    "fill(null)",
    "fill(0)",
    "fill(previous)",
    "fill(linear)",
    "fill(-1.5)",
];
const TAGS: [&str; 6] = ["", "", "host", "*", "zone, host", "/h.*/"];
const CONDITIONS: [&str; 12] = [
    "",
    "",
    "host = 'a'",
    "host != 'a'",
    "host =~ /[ab]/",
    "zone !~ /x/",
    "i > 0",
    "f >= -10.5 AND f < 50",
    "s = 'one'",
    "b = true",
    "(host = 'a' OR zone = 'y') AND i <= 20",
    "host = ''",
];
const LIMITS: [&str; 7] = [
    "",
    "",
    "",
    "LIMIT 3",
    "LIMIT 2 OFFSET 1",
    "SLIMIT 1",
    "LIMIT 4 SLIMIT 2 SOFFSET 1",
];

/// Combinations of function, window, fill, tags, condition, order and limits, drawn in the same way each time.
pub(super) fn combined(count: usize) -> Vec<String> {
    let mut chance = Chance::new(4);
    let mut of = |choices: &[&'static str]| {
        choices[usize::try_from(chance.below(choices.len().try_into().unwrap())).unwrap()]
    };
    (0..count)
        .map(|_| {
            let (call, window, fill) = (of(&CALLS), of(&WINDOWS), of(&FILLS));
            let (tags, condition, limit) = (of(&TAGS), of(&CONDITIONS), of(&LIMITS));
            let order = of(&["", "", "ORDER BY time DESC"]);
            let range = of(&[
                "",
                "time >= 1700000100s AND time < 1700000900s",
                "time > '2023-11-14T22:20:00Z' AND time <= 1700001500000ms",
            ]);
            let range = if window.is_empty() || !range.is_empty() {
                range
            } else {
                "time >= 1700000000s AND time <= 1700001600s"
            };
            let condition = [range, condition]
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join(" AND ");
            let groups = [window, tags]
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join(", ");
            let fill = if window.is_empty() { "" } else { fill };
            let mut query = format!("SELECT {call} FROM mixed");
            for (keyword, part) in [
                ("WHERE", condition.as_str()),
                ("GROUP BY", &groups),
                ("", fill),
                ("", order),
                ("", limit),
            ] {
                if !part.is_empty() {
                    query.push_str(&format!(" {keyword} {part}").replace("  ", " "));
                }
            }
            query
        })
        .collect()
}

/// What people write by hand, about every kind of statement.
pub(super) fn written() -> Vec<String> {
    WRITTEN
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

const WRITTEN: &str = r#"
    SELECT * FROM mixed
    SELECT * FROM mixed LIMIT 10
    SELECT * FROM mixed ORDER BY time DESC LIMIT 10
    SELECT * FROM mixed GROUP BY * LIMIT 2
    SELECT f FROM mixed LIMIT 5 OFFSET 3
    SELECT f, i, s, b, host FROM mixed LIMIT 20
    SELECT *::field FROM mixed LIMIT 5
    SELECT *::tag, f FROM mixed LIMIT 5
    SELECT /[fi]/ FROM mixed LIMIT 5
    SELECT f::float, i::integer, s::string, b::boolean, host::tag FROM mixed LIMIT 5
    SELECT f::integer, i::float FROM mixed LIMIT 5
    SELECT host FROM mixed LIMIT 5
    SELECT host, f FROM mixed WHERE host = 'a' LIMIT 5
    SELECT f AS value, i AS "the integer" FROM mixed LIMIT 5
    SELECT f + i, f - i, f * i, f / i, i / 2, i % 7, i & 3, i | 8, i ^ 5 FROM mixed LIMIT 30
    SELECT f + 1, 2 * f, -f, f * -1, (f + i) * 2, 1 - (f - 2) FROM mixed LIMIT 5
    SELECT f / 0, i / 0 FROM mixed LIMIT 5
    SELECT nothing FROM mixed
    SELECT f, nothing FROM mixed LIMIT 3
    SELECT f FROM nothing
    SELECT f FROM mixed, nothing LIMIT 3
    SELECT f FROM mixed, over LIMIT 3
    SELECT a, f FROM over, mixed LIMIT 30
    SELECT * FROM over
    SELECT * FROM units
    SELECT * FROM old
    SELECT * FROM old WHERE time < 0
    SELECT * FROM old WHERE time <= 1
    SELECT * FROM limits
    SELECT * FROM booleans
    SELECT * FROM nine
    SELECT * FROM spaced
    SELECT * FROM "odd name,x"
    SELECT "field one" FROM "odd name,x" WHERE "tag key" = 'tag value'
    SELECT "field one" FROM "odd name,x" GROUP BY "tag key", "a=b"
    SELECT * FROM "SELECT"
    SELECT "select", "quoted" FROM "SELECT" WHERE "from" = 'where'
    SELECT * FROM "é"
    SELECT * FROM /uwsgi_su.*/ LIMIT 2
    SELECT mean(/.*/) FROM mixed
    SELECT mean(*) FROM mixed GROUP BY host
    SELECT count(*) FROM uwsgi_workers
    SELECT max(*) FROM uwsgi_summary GROUP BY source
    SELECT last(*) FROM uwsgi_workers GROUP BY worker_id
    SELECT first(status), last(status) FROM uwsgi_workers
    SELECT mean(requests) FROM /uwsgi_.*/
    SELECT max(f), host FROM mixed
    SELECT max(f), host, i FROM mixed GROUP BY zone
    SELECT top(f, 5) FROM mixed
    SELECT top(f, host, 2) FROM mixed
    SELECT bottom(i, 3), host, s FROM mixed
    SELECT top(f, 2) FROM mixed WHERE time >= 1700000000s AND time < 1700000600s GROUP BY time(2m)
    SELECT sample(f, 0) FROM mixed
    SELECT percentile(f, 50), f FROM mixed
    SELECT percentile(f, 0) FROM mixed
    SELECT percentile(f, 100) FROM mixed
    SELECT percentile(f, 101) FROM mixed
    SELECT distinct(s) FROM mixed
    SELECT distinct(s) FROM mixed GROUP BY host
    SELECT DISTINCT s FROM mixed
    SELECT count(DISTINCT s) FROM mixed
    SELECT mode(s), mode(b) FROM mixed
    SELECT integral(f, 1m) FROM mixed GROUP BY host
    SELECT stddev(i) FROM mixed WHERE host = 'nothing'
    SELECT derivative(f) FROM mixed LIMIT 10
    SELECT derivative(f, 1m) FROM mixed GROUP BY host LIMIT 10
    SELECT non_negative_derivative(requests, 1s) FROM uwsgi_workers GROUP BY source, worker_id LIMIT 5
    SELECT non_negative_difference(requests) FROM uwsgi_workers WHERE worker_id = '2' LIMIT 5
    SELECT difference(f), difference(i) FROM mixed LIMIT 10
    SELECT cumulative_sum(i) FROM mixed LIMIT 10
    SELECT moving_average(i, 5) FROM mixed LIMIT 10
    SELECT elapsed(i) FROM mixed LIMIT 10
    SELECT elapsed(s, 1ms) FROM mixed LIMIT 10
    SELECT derivative(mean(requests), 1s) AS d, mean(requests) FROM uwsgi_workers WHERE time >= 1700000100s AND time < 1700000400s GROUP BY time(30s)
    SELECT abs(f), ceil(f), floor(f), round(f) FROM mixed LIMIT 10
    SELECT sqrt(i), pow(i, 2), exp(i), ln(i), log(i, 3), log2(i), log10(i) FROM mixed LIMIT 10
    SELECT sin(f), cos(f), tan(f), atan2(f, i) FROM mixed LIMIT 5
    SELECT asin(f), acos(f), atan(f) FROM mixed LIMIT 5
    SELECT holt_winters(mean(f), 3, 0) FROM mixed WHERE time >= 1700000100s AND time < 1700000900s GROUP BY time(1m)
    SELECT mean(f), max(i) FROM mixed WHERE time >= 1700000100s AND time < 1700000400s GROUP BY time(1m), host
    SELECT mean(f) AS f, max(f) FROM mixed
    SELECT mean(f), mean(f) FROM mixed
    SELECT f, f FROM mixed LIMIT 2
    SELECT count(f) FROM mixed WHERE time > now()
    SELECT count(f) FROM mixed WHERE time < now() - 1h
    SELECT count(f) FROM mixed WHERE time = 1700000007s
    SELECT count(f) FROM mixed WHERE time >= '2023-11-14 22:20:00' AND time < '2023-11-14 22:30:00.5'
    SELECT count(f) FROM mixed WHERE time >= '2023-11-14'
    SELECT count(f) FROM mixed WHERE time >= 1700000100000000000 AND time < 1700000400000000000
    SELECT count(f) FROM mixed WHERE time >= 1700000100s + 1m AND time < 1700000400s - 500ms
    SELECT count(f) FROM mixed WHERE time > 1700000400s AND time < 1700000100s
    SELECT count(f) FROM mixed WHERE 1700000100s < time
    SELECT f FROM mixed WHERE time >= 1700000100s AND time < 1700000130s OR host = 'a' LIMIT 5
    SELECT f FROM mixed WHERE f > 90 OR i < -45
    SELECT f FROM mixed WHERE NOT f > 90
    SELECT f FROM mixed WHERE f > i LIMIT 10
    SELECT f FROM mixed WHERE f + i > 100 LIMIT 10
    SELECT f FROM mixed WHERE s =~ /^t/ LIMIT 10
    SELECT f FROM mixed WHERE s !~ /^t/ LIMIT 10
    SELECT f FROM mixed WHERE s != 'one' LIMIT 10
    SELECT f FROM mixed WHERE s = '' LIMIT 10
    SELECT f FROM mixed WHERE b LIMIT 10
    SELECT f FROM mixed WHERE b = false AND host != '' LIMIT 10
    SELECT f FROM mixed WHERE host = 'a' AND host = 'b'
    SELECT f FROM mixed WHERE nothing = 'a'
    SELECT f FROM mixed WHERE nothing = '' LIMIT 3
    SELECT f FROM mixed WHERE nothing != 'a' LIMIT 3
    SELECT f FROM mixed WHERE host > 'a' LIMIT 3
    SELECT f FROM mixed WHERE f = 'text' LIMIT 3
    SELECT f FROM mixed WHERE true LIMIT 3
    SELECT f FROM mixed WHERE false LIMIT 3
    SELECT f FROM mixed WHERE host =~ /^$/ LIMIT 3
    SELECT f FROM mixed WHERE host !~ /^$/ LIMIT 3
    SELECT f FROM mixed WHERE host =~ /(?i)A|B/ LIMIT 3
    SELECT mean(f) FROM mixed WHERE time >= 1700000000s AND time < 1700000300s GROUP BY time(1m) tz('Europe/Vienna')
    SELECT mean(f) FROM mixed WHERE time >= '2023-11-14T23:20:00+01:00' AND time < '2023-11-15' GROUP BY time(1h) tz('America/New_York')
    SELECT count(f) FROM mixed WHERE time >= '2023-10-01' AND time < '2023-11-20' GROUP BY time(1w) tz('Asia/Kathmandu')
    SELECT count(f) FROM mixed WHERE time >= '2023-11-13' AND time < '2023-11-16' GROUP BY time(1d)
    SELECT count(f) FROM mixed WHERE time >= '2023-11-13' AND time < '2023-11-16' GROUP BY time(1d) fill(none)
    SELECT count(f) FROM mixed WHERE time >= '2023-11-13' AND time < '2023-11-16' GROUP BY time(1d) tz('Europe/Vienna')
    SELECT f FROM mixed LIMIT 2 tz('Asia/Kathmandu')
    SELECT f FROM mixed tz('Nowhere/Land')
    SELECT mean(f) FROM mixed WHERE time >= 1700000000s AND time < 1700000300s GROUP BY time(1m) ORDER BY time DESC
    SELECT mean(f) FROM mixed WHERE time >= 1700000000s AND time < 1700000300s GROUP BY time(1m), host ORDER BY time DESC LIMIT 2
    SELECT mean(f) FROM mixed WHERE time >= 1700000000s AND time < 1700000300s GROUP BY time(1m), * fill(previous)
    SELECT mean(f) FROM mixed WHERE time >= 1699999000s AND time < 1700000300s GROUP BY time(5m) fill(previous)
    SELECT mean(f) FROM mixed WHERE time >= 1699999000s AND time < 1700003300s GROUP BY time(5m) fill(linear)
    SELECT sum(i) FROM mixed WHERE time >= 1699999000s AND time < 1700003300s GROUP BY time(5m) fill(linear)
    SELECT first(s) FROM mixed WHERE time >= 1699999000s AND time < 1700003300s GROUP BY time(5m) fill(previous)
    SELECT first(b) FROM mixed WHERE time >= 1699999000s AND time < 1700003300s GROUP BY time(5m) fill(0)
    SELECT count(f), sum(f) FROM mixed WHERE time >= 1699999000s AND time < 1700003300s GROUP BY time(5m)
    SELECT count(f) FROM mixed WHERE time >= 1699999000s AND time < 1700003300s GROUP BY time(5m) fill(7)
    SELECT mean(f) FROM mixed WHERE time >= 1700000100s AND time < 1700000400s AND host = 'nothing' GROUP BY time(1m) fill(0)
    SELECT mean(f) FROM mixed GROUP BY time(10m)
    SELECT mean(f) FROM mixed WHERE time > 1700000000s GROUP BY time(1d) LIMIT 3
    SELECT * FROM (SELECT f, host FROM mixed) LIMIT 5
    SELECT mean(m) FROM (SELECT max(f) AS m FROM mixed GROUP BY host)
    SELECT m FROM (SELECT max(f) AS m FROM mixed GROUP BY host)
    SELECT m, host FROM (SELECT max(f) AS m FROM mixed GROUP BY host)
    SELECT max(m) FROM (SELECT mean(f) AS m FROM mixed WHERE time >= 1700000100s AND time < 1700000400s GROUP BY time(1m), host) WHERE time >= 1700000100s AND time < 1700000400s GROUP BY time(2m)
    SELECT sum(c) FROM (SELECT count(f) AS c FROM mixed GROUP BY host), (SELECT count(requests) AS c FROM uwsgi_workers GROUP BY source)
    SELECT f * 2 FROM (SELECT f FROM mixed WHERE host = 'a') LIMIT 5
    SELECT mean FROM (SELECT mean(f) FROM mixed GROUP BY zone)
    SELECT d FROM (SELECT difference(i) AS d FROM mixed) WHERE d > 50
    SELECT max(d) FROM (SELECT difference(i) AS d FROM mixed GROUP BY host) GROUP BY host
    SELECT count(x) FROM (SELECT x FROM (SELECT x FROM (SELECT f AS x FROM mixed)))
    SELECT count(f) FROM uwsgi..mixed
    SELECT count(f) FROM uwsgi.autogen.mixed
    SELECT count(f) FROM "uwsgi"."autogen"./mi.*/
    SELECT count(f) FROM uwsgi.nothing.mixed
    SELECT count(f) FROM nothing.autogen.mixed
    SELECT count(f) FROM autogen.mixed
    SELECT f FROM mixed SLIMIT 1
    SELECT f FROM mixed GROUP BY host SLIMIT 2 SOFFSET 1
    SELECT f FROM mixed LIMIT 0
    SELECT f FROM mixed OFFSET 895
    SELECT f FROM mixed LIMIT 1 OFFSET 100000
    SELECT mean(f) FROM mixed GROUP BY nothing
    SELECT mean(f) FROM mixed GROUP BY host, nothing
    SELECT mean(f) FROM mixed GROUP BY f
    SELECT count(achieved_rate) FROM uwsgi_load GROUP BY target
    SELECT mean(achieved_rate) FROM uwsgi_load WHERE target =~ /slow path/
    SHOW DATABASES
    SHOW MEASUREMENTS
    SHOW MEASUREMENTS LIMIT 2
    SHOW MEASUREMENTS LIMIT 2 OFFSET 3
    SHOW MEASUREMENTS ON uwsgi
    SHOW MEASUREMENTS WITH MEASUREMENT = mixed
    SHOW MEASUREMENTS WITH MEASUREMENT =~ /uwsgi_.*/
    SHOW MEASUREMENTS WHERE host = 'a'
    SHOW MEASUREMENTS WITH MEASUREMENT =~ /uwsgi_.*/ WHERE source =~ /unix/
    SHOW TAG KEYS
    SHOW TAG KEYS FROM mixed
    SHOW TAG KEYS FROM mixed, uwsgi_workers
    SHOW TAG KEYS FROM /uwsgi_.*/
    SHOW TAG KEYS FROM nothing
    SHOW TAG KEYS FROM mixed LIMIT 1
    SHOW TAG KEYS WHERE host = 'a'
    SHOW TAG VALUES WITH KEY = host
    SHOW TAG VALUES FROM mixed WITH KEY = host
    SHOW TAG VALUES FROM mixed WITH KEY IN (host, zone)
    SHOW TAG VALUES FROM mixed WITH KEY =~ /.*/
    SHOW TAG VALUES FROM mixed WITH KEY !~ /host/
    SHOW TAG VALUES FROM mixed WITH KEY != "host"
    SHOW TAG VALUES FROM uwsgi_workers WITH KEY = "worker_id" WHERE source = '127.0.0.1:9191'
    SHOW TAG VALUES FROM uwsgi_workers WITH KEY = "source" WHERE worker_id =~ /[12]/ LIMIT 1
    SHOW TAG VALUES FROM nothing WITH KEY = host
    SHOW TAG VALUES FROM mixed WITH KEY = nothing
    SHOW TAG VALUES WITH KEY = source
    SHOW TAG VALUES FROM "odd name,x" WITH KEY = "tag key"
    SHOW FIELD KEYS
    SHOW FIELD KEYS FROM mixed
    SHOW FIELD KEYS FROM /uwsgi_.*/
    SHOW FIELD KEYS FROM nothing
    SHOW FIELD KEYS FROM mixed LIMIT 2 OFFSET 1
    SHOW SERIES
    SHOW SERIES FROM mixed
    SHOW SERIES FROM mixed WHERE host = 'a'
    SHOW SERIES FROM uwsgi_cores WHERE worker_id =~ /[34]/ LIMIT 5
    SHOW SERIES LIMIT 5 OFFSET 2
    SHOW SERIES FROM nothing
    SHOW RETENTION POLICIES
    SHOW RETENTION POLICIES ON uwsgi
    SHOW RETENTION POLICIES ON nothing
    SHOW SERIES CARDINALITY
    SHOW MEASUREMENT CARDINALITY
    SHOW SERIES EXACT CARDINALITY
    SHOW MEASUREMENT EXACT CARDINALITY
    SHOW TAG KEYS ON nothing
    SHOW USERS
    SHOW CONTINUOUS QUERIES
    CREATE DATABASE uwsgi
    CREATE DATABASE ""
    CREATE DATABASE "a/b"
    DROP DATABASE nothing
    DROP MEASUREMENT nothing
    DELETE FROM nothing
    DROP SERIES FROM nothing
    DELETE FROM mixed WHERE f > 1
    DROP SERIES FROM mixed WHERE f > 1
    DROP SERIES FROM mixed WHERE time > 1
    SELECT f FROM mixed LIMIT 1; SHOW DATABASES
    SHOW DATABASES;
    ;
    SELECT
    SELECT f
    SELECT f FROM
    SELECT FROM mixed
    SELECT f FROM mixed WHERE
    SELECT f FROM mixed GROUP
    SELECT f FROM mixed GROUP BY time(1m)
    SELECT f FROM mixed GROUP BY time
    SELECT f FROM mixed LIMIT -1
    SELECT f FROM mixed LIMIT x
    SELECT f FROM mixed ORDER BY f
    SELECT f, mean(f) FROM mixed
    SELECT mean(f), f FROM mixed
    SELECT mean(s) FROM mixed
    SELECT sum(b) FROM mixed
    SELECT max(s) FROM mixed
    SELECT mean() FROM mixed
    SELECT mean(f, i) FROM mixed
    SELECT mean(1) FROM mixed
    SELECT foo(f) FROM mixed
    SELECT derivative(mean(f)) FROM mixed
    SELECT derivative(f, 0s) FROM mixed
    SELECT moving_average(f, 1) FROM mixed
    SELECT percentile(f) FROM mixed
    SELECT top(f) FROM mixed
    SELECT top(f, 0) FROM mixed
    SELECT mean(mean(f)) FROM mixed
    SELECT max(f), top(f, 2) FROM mixed
    SELECT distinct(s), f FROM mixed
    SELECT mean(f) FROM mixed fill(previous)
    SELECT mean(f) FROM mixed GROUP BY time(0s)
    SELECT mean(f) FROM mixed GROUP BY time(1m) fill(nothing)
    SELECT mean(f) FROM mixed WHERE time > 'yesterday'
    SELECT mean(f) FROM mixed WHERE host = /a/
    SELECT mean(f) FROM mixed WHERE host =~ 'a'
    SELECT mean(f) FROM mixed WHERE host =~ /[/
    SELECT 1 FROM mixed
    SELECT time FROM mixed
    SELECT f FROM mixed WHERE $missing = 1
    SELECT "f FROM mixed
    SELECT f FROM mixed WHERE s = 'open
    SELECT s + 1 FROM mixed LIMIT 5
    SELECT s + s FROM mixed LIMIT 5
    SELECT b + 1 FROM mixed LIMIT 5
    SELECT f % 2 FROM mixed LIMIT 5
    SELECT f & 1 FROM mixed LIMIT 5
    SHOW
    SHOW NOTHING
    SHOW TAG VALUES
    SHOW TAG VALUES FROM mixed
    DROP
    CREATE
    DELETE
    EXPLAIN
    nonsense
    SELECT f FROM mixed; nonsense
"#;
