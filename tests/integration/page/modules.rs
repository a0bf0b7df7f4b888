//! The page's pure modules, run in the browser that they are for: tables of arguments and what comes back.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Programs, Screen};
use crate::dashboard::Server;

/// A browser on the login page, whose modules everybody may load.
struct Modules {
    browser: Browser,
    _server: Server,
    _directory: TempDir,
}

impl Modules {
    async fn load() -> Option<Self> {
        let programs = Programs::find()?;
        let directory = tempfile::tempdir().unwrap();
        let server = Server::start(directory.path(), "secret");
        let browser = Browser::start(&programs, Screen::Desk).await;
        browser.open(&format!("{}/login", server.url)).await;
        Some(Self {
            browser,
            _server: server,
            _directory: directory,
        })
    }

    /// Calls `function` of `module` with each list of arguments.
    async fn call(&self, module: &str, function: &str, table: &[Value]) -> Vec<Value> {
        let script = "
            const base = document.querySelector('script[type=module]').src;
            const found = await import(new URL(given[0], base));
            return given[2].map((list) => found[given[1]](...list) ?? null);";
        let answers = self.browser.run(script, json!([module, function, table])).await;
        serde_json::from_value(answers).unwrap()
    }

    /// Runs `script`, in which `load(path)` imports a module.
    async fn run(&self, script: &str) -> Value {
        let base = "const base = document.querySelector('script[type=module]').src; \
                    const load = (path) => import(new URL(path, base));";
        self.browser.run(&format!("{base}{script}"), json!([])).await
    }

    /// Fails with the first row whose answer is another.
    async fn check(&self, module: &str, function: &str, table: &[(Value, Value)]) {
        let arguments: Vec<_> = table.iter().map(|(arguments, _)| arguments.clone()).collect();
        let answers = self.call(module, function, &arguments).await;
        for ((arguments, expected), answer) in table.iter().zip(answers) {
            assert_eq!(&answer, expected, "{function} of {arguments}");
        }
    }
}

/// Noon and some in UTC on a Tuesday, an hour later in Berlin.
const NOW: i64 = 1_773_146_096_789;

#[tokio::test]
async fn times_are_read_as_grafana_reads_them() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let berlin = |text: &str, up: bool| json!([text, { "now": NOW, "zone": "Europe/Berlin", "roundUp": up }]);
    let sunday = |text: &str| json!([text, { "now": NOW, "zone": "UTC", "weekStart": "sunday" }]);
    let utc = |text: &str| {
        let moment: jiff::Timestamp = text.parse().unwrap();
        json!(moment.as_millisecond())
    };
    let table = [
        (berlin("now", false), json!(NOW)),
        (berlin("now-5m", false), json!(NOW - 300_000)),
        (berlin("now-1h", false), json!(NOW - 3_600_000)),
        (berlin("now+30s", false), json!(NOW + 30_000)),
        (berlin("now-m", false), json!(NOW - 60_000)),
        (berlin("now/d", false), utc("2026-03-09T23:00:00Z")),
        (berlin("now/d", true), utc("2026-03-10T22:59:59.999Z")),
        (berlin("now-1d/d", false), utc("2026-03-08T23:00:00Z")),
        (berlin("now/w", false), utc("2026-03-08T23:00:00Z")),
        (sunday("now/w"), utc("2026-03-08T00:00:00Z")),
        (berlin("now/M", true), utc("2026-03-31T21:59:59.999Z")),
        (berlin("now/Q", false), utc("2025-12-31T23:00:00Z")),
        (berlin("now/y", false), utc("2025-12-31T23:00:00Z")),
        (berlin("now-1M", false), utc("2026-02-10T12:34:56.789Z")),
        (berlin("now/h-30m", false), utc("2026-03-10T11:30:00Z")),
        (berlin("now/m", false), utc("2026-03-10T12:34:00Z")),
        (berlin("1773146096789", false), json!(NOW)),
        (berlin("2026-03-10 13:34:56", false), json!(NOW - 789)),
        (berlin("2026-03-10", false), utc("2026-03-09T23:00:00Z")),
        (berlin("20260310T133456", false), json!(NOW - 789)),
        (berlin("2026-03-10T12:34:56Z", false), json!(NOW - 789)),
        // clocks go forward on 29 March and back on 25 October
        (berlin("2026-03-29 12:00:00", false), utc("2026-03-29T10:00:00Z")),
        (berlin("2026-10-25 12:00:00", false), utc("2026-10-25T11:00:00Z")),
        (berlin("2026-02-30", false), Value::Null),
        (berlin("yesterday", false), Value::Null),
        (berlin("now-", false), Value::Null),
        (berlin("now-5x", false), Value::Null),
        (berlin("now-999999999y", false), Value::Null),
        (berlin("", false), Value::Null),
    ];
    modules.check("time/expression.js", "parseMoment", &table).await;
}

#[tokio::test]
async fn buckets_are_as_wide_as_grafana_makes_them() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let row = |length_s: i64, points: i64, least: i64, expected: i64| {
        (
            json!([{ "from": 0, "to": length_s * 1000 }, points, least]),
            json!(expected),
        )
    };
    let table = [
        row(300, 500, 1000, 1000),
        row(900, 1000, 5000, 5000),
        row(21_600, 1000, 1000, 20_000),
        row(86_400, 700, 1000, 120_000),
        row(30 * 86_400, 1000, 1000, 1_800_000),
        row(365 * 86_400, 100, 1000, 86_400_000),
        row(1, 0, 1, 1000),
    ];
    modules.check("time/interval.js", "intervalMs", &table).await;
    let table = [
        (json!(["10s"]), json!(10_000)),
        (json!([">1m"]), json!(60_000)),
        (json!(["500ms"]), json!(500)),
        (json!(["1.5h"]), json!(5_400_000)),
        (json!([""]), Value::Null),
        (json!(["5"]), Value::Null),
        (json!([null]), Value::Null),
    ];
    modules.check("time/interval.js", "durationMs", &table).await;
}

#[tokio::test]
async fn ranges_are_named_zoomed_and_shifted() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let named = |from: &str, to: &str, expected: &str| {
        (
            json!([{ "from": from, "to": to }, "Europe/Berlin"]),
            json!(expected),
        )
    };
    let table = [
        named("now-5m", "now", "Last 5 minutes"),
        named("now-7m", "now", "Last 7 minutes"),
        named("now-1y", "now", "Last 1 year"),
        named("now/d", "now/d", "Today"),
        named("now-2h", "now-1h", "now-2h to now-1h"),
        named("1773146096789", "now", "2026-03-10 13:34:56 to now"),
    ];
    modules.check("time/range.js", "describe", &table).await;
    let ends = |from: i64, to: i64| json!({ "from": from.to_string(), "to": to.to_string() });
    let range = |from: i64, to: i64| json!({ "from": from, "to": to });
    let table = [
        (json!([range(1000, 2000), 9000]), ends(500, 2500)),
        (json!([range(1000, 2000), 2000]), ends(0, 2000)),
        (json!([range(1000, 2000), 2200]), ends(200, 2200)),
    ];
    modules.check("time/range.js", "zoomedOut", &table).await;
    let table = [
        (json!([range(1000, 2000), -1, 9000]), ends(500, 1500)),
        (json!([range(1000, 2000), 1, 9000]), ends(1500, 2500)),
        (json!([range(1000, 2000), 1, 2100]), ends(1100, 2100)),
        (json!([range(1000, 2000), 1, 1500]), ends(1000, 2000)),
    ];
    modules.check("time/range.js", "shifted", &table).await;
}

#[tokio::test]
async fn variables_are_written_in_the_format_that_is_asked_for() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let run = |text: &str| {
        format!(
            "const {{ interpolate }} = await load('variables/interpolate.js');
             const known = {{
                 one: {{ name: 'one', value: 'a.b', text: 'A' }},
                 two: {{ name: 'two', value: ['x y', 'z/1'], text: ['X', 'Z'] }},
                 at: {{ name: 'at', value: '1773146096789', text: '1773146096789', verbatim: true }},
             }};
             return interpolate({}, (name) => known[name]);",
            json!(text)
        )
    };
    let table = [
        ("$one [[one]] ${one} $ones $other", "a.b a.b a.b $ones $other"),
        ("$two", "{x y,z/1}"),
        ("${two:csv}", "x y,z/1"),
        ("${two:pipe}", "x y|z/1"),
        ("${two:regex} ${one:regex}", r"(x y|z\/1) a\.b"),
        ("${two:json}", r#"["x y","z/1"]"#),
        ("${two:queryparam}", "var-two=x%20y&var-two=z%2F1"),
        (
            "${two:singlequote} ${two:doublequote}",
            r#"'x y','z/1' "x y","z/1""#,
        ),
        ("${two:text} ${one:text} ${one.text}", "X + Z A A"),
        (
            "${at} ${at:date} ${at:date:seconds}",
            "1773146096789 2026-03-10T12:34:56.789Z 1773146096",
        ),
        ("${at:date:YYYY-MM-DD}", "2026-03-10"),
        (
            "$timeFilter $__interval ${unknown:csv}",
            "$timeFilter $__interval ${unknown:csv}",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(modules.run(&run(text)).await, json!(expected), "{text}");
    }
}

#[tokio::test]
async fn a_value_in_a_query_is_written_for_the_place_where_it_stands() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let run = |query: &str| {
        format!(
            "const {{ Variables }} = await load('variables/variables.js');
             const definitions = [
                 {{ name: 'many', type: 'custom', query: 'a/b,c.d,e', multi: true, includeAll: true, current: {{ value: ['a/b', 'c.d'] }} }},
                 {{ name: 'every', type: 'custom', query: 'x,y', multi: true, includeAll: true, current: {{ value: ['$__all'] }} }},
                 {{ name: 'any', type: 'custom', query: 'x', includeAll: true, allValue: '.*', current: {{ value: '$__all' }} }},
                 {{ name: 'quote', type: 'textbox', query: \"it's\" }},
                 {{ name: 'fixed', type: 'constant', query: 'mean' }},
             ];
             const range = () => ({{ from: 1000, to: 3601000 }});
             const variables = new Variables(definitions, {{ datasources: [], range, dashboard: {{ title: 'D' }} }});
             await variables.start(new URLSearchParams());
             return variables.query({});",
            json!(query)
        )
    };
    let table = [
        (r#""s" =~ /^$many$/"#, r#""s" =~ /^(a\/b|c\.d)$/"#),
        (r#""s" =~ /^${many:pipe}$/"#, r#""s" =~ /^a/b|c.d$/"#),
        (r#""s" =~ /^$every$/"#, r#""s" =~ /^(x|y)$/"#),
        (r#""s" =~ /^$any$/"#, r#""s" =~ /^.*$/"#),
        (r#""s" = '$quote'"#, r#""s" = 'it\'s'"#),
        (
            r#"SELECT $fixed("x") / 2 FROM /^$many/"#,
            r#"SELECT mean("x") / 2 FROM /^(a\/b|c\.d)/"#,
        ),
        ("a / $fixed / b", "a / mean / b"),
        (
            "time($__interval) $timeFilter ${__interval} $__interval_ms",
            "time($__interval) $timeFilter $__interval $__interval_ms",
        ),
        (
            "$__from ${__to} $__range $__range_s ${__range_ms}",
            "1000 3601000 1h 3600 3600000",
        ),
    ];
    for (query, expected) in table {
        assert_eq!(modules.run(&run(query)).await, json!(expected), "{query}");
    }
}

#[tokio::test]
async fn the_choices_of_variables_are_filtered_and_sorted() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let frames = |values: Value| json!([{ "fields": [{ "type": "time", "values": [] }, { "type": "string", "values": values }] }]);
    let option = |text: &str, value: &str| json!({ "text": text, "value": value });
    let plain = |texts: &[&str]| Value::from(texts.iter().map(|text| option(text, text)).collect::<Vec<_>>());
    let row =
        |values: Value, definition: Value, expected: Value| (json!([frames(values), definition]), expected);
    let table = [
        row(json!(["b", "a", "b", null]), json!({}), plain(&["b", "a"])),
        row(json!(["b", "a"]), json!({ "sort": 1 }), plain(&["a", "b"])),
        row(json!(["a", "b"]), json!({ "sort": 2 }), plain(&["b", "a"])),
        row(json!(["w10", "w9"]), json!({ "sort": 3 }), plain(&["w9", "w10"])),
        row(json!(["b", "A"]), json!({ "sort": 5 }), plain(&["A", "b"])),
        row(
            json!(["lab:1", "web:2"]),
            json!({ "regex": "/^lab/" }),
            plain(&["lab:1"]),
        ),
        row(
            json!(["lab:1", "lab:2"]),
            json!({ "regex": "/:(.*)/" }),
            plain(&["1", "2"]),
        ),
        row(
            json!(["lab:1"]),
            json!({ "regex": "/(?<text>.*):(?<value>.*)/" }),
            json!([option("lab", "1")]),
        ),
    ];
    modules
        .check("variables/options.js", "queriedOptions", &table)
        .await;
    let custom = |query: &str| json!([{ "type": "custom", "query": query }, []]);
    let table = [
        (custom("a, b,c\\,d"), plain(&["a", "b", "c,d"])),
        (
            custom("one : 1, two : 2"),
            json!([option("one", "1"), option("two", "2")]),
        ),
        (
            json!([{ "type": "interval", "query": "1m,10m", "name": "i", "auto": true }, []]),
            json!([
                option("auto", "$__auto_interval_i"),
                option("1m", "1m"),
                option("10m", "10m")
            ]),
        ),
        (
            json!([{ "type": "datasource", "query": "influxdb" }, [
                { "type": "influxdb", "name": "lab", "uid": "u" }, { "type": "other", "name": "x", "uid": "x" },
            ]]),
            json!([option("lab", "u")]),
        ),
    ];
    modules.check("variables/options.js", "ownOptions", &table).await;
}

#[tokio::test]
async fn a_query_that_was_clicked_together_becomes_text() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let part = |kind: &str, parameters: Value| json!({ "type": kind, "params": parameters });
    let select = json!([[
        part("field", json!(["busy"])),
        part("mean", json!([])),
        part("math", json!([" / 2"])),
        part("alias", json!(["half"]))
    ]]);
    let table = [
        (
            json!([{
                "measurement": "uwsgi", "policy": "default", "select": select,
                "tags": [
                    { "key": "source", "operator": "=~", "value": "/^$source$/" },
                    { "key": "host", "operator": "=", "value": "it's", "condition": "OR" },
                ],
                "groupBy": [part("time", json!(["$__interval"])), part("tag", json!(["source::tag"])), part("fill", json!(["null"]))],
                "orderByTime": "DESC", "limit": "5",
            }]),
            json!(
                "SELECT mean(\"busy\") / 2 AS \"half\" FROM \"uwsgi\" WHERE (\"source\" =~ /^$source$/ OR \"host\" = \
                 'it\\'s') AND $timeFilter GROUP BY time($__interval), \"source\" fill(null) ORDER BY time DESC LIMIT 5"
            ),
        ),
        (
            json!([{
                "measurement": "/uwsgi.*/", "policy": "week", "tags": [], "groupBy": [],
                "select": [[part("field", json!(["*"]))], [part("field", json!(["a"])), part("percentile", json!(["95"]))]],
            }]),
            json!("SELECT *, percentile(\"a\", 95) FROM \"week\"./uwsgi.*/ WHERE $timeFilter"),
        ),
    ];
    modules.check("panel/builder.js", "builtQuery", &table).await;
}

#[tokio::test]
async fn panels_take_their_places_in_rows_and_repeats() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let script = r"
        const { sectionsOf } = await load('grid.js');
        const worker = { isAll: () => true, options: [1, 2, 3].map((id) => ({ text: `w${id}`, value: String(id) })) };
        const variables = { get: (name) => (name === 'worker' ? worker : undefined) };
        const at = (x, y, w, h) => ({ x, y, w, h });
        const panels = [
            { id: 1, gridPos: at(0, 4, 12, 8) },
            { id: 2, gridPos: at(12, 0, 12, 4) },
            { id: 3, type: 'row', title: 'Folded', collapsed: true, gridPos: at(0, 20, 24, 1), panels: [{ id: 4, gridPos: at(0, 30, 24, 8) }] },
            { id: 5, type: 'row', title: 'Open', gridPos: at(0, 40, 24, 1) },
            { id: 6, repeat: 'worker', maxPerRow: 2, gridPos: at(0, 41, 24, 5) },
        ];
        return sectionsOf({ panels }, variables).map(({ row, panels }) => [row?.id ?? null, panels.map(({ model, scoped, place }) => (
            [model.id, scoped.worker?.text ?? '', [place.x, place.y, place.w, place.h].join(' ')]
        ))]);";
    let expected = json!([
        [null, [[2, "", "12 0 12 4"], [1, "", "0 0 12 8"]]],
        [3, [[4, "", "0 0 24 8"]]],
        [
            5,
            [
                [6, "w1", "0 0 12 5"],
                [6, "w2", "12 0 12 5"],
                [6, "w3", "0 5 12 5"]
            ]
        ],
    ]);
    assert_eq!(modules.run(script).await, expected);
}

#[tokio::test]
async fn csv_is_quoted_and_no_address_runs_code() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let table = json!({ "timed": true, "columns": ["a", "b,\"c\""], "rows": [[0, 1.5, null], [1000, "=1+1", "x\ny"]] });
    let expected =
        "Time,a,\"b,\"\"c\"\"\"\r\n1970-01-01 00:00:00,1.5,\r\n1970-01-01 00:00:01,'=1+1,\"x\ny\"\r\n";
    modules
        .check(
            "panel/inspect.js",
            "csv",
            &[(json!([table, "UTC"]), json!(expected))],
        )
        .await;
    let table = [
        (json!(["https://example.org/x"]), json!("https://example.org/x")),
        (json!(["javascript:alert(1)"]), Value::Null),
        (json!(["data:text/html,x"]), Value::Null),
    ];
    modules.check("view/markdown.js", "safeAddress", &table).await;
}

#[tokio::test]
async fn events_of_the_same_moment_are_one_mark_that_says_all_of_them() {
    let Some(modules) = Modules::load().await else {
        return;
    };
    let field =
        |name: &str, kind: &str, values: Value| json!({ "name": name, "type": kind, "values": values });
    let frame = json!({ "fields": [
        field("Time", "time", json!([1, 1, 1, 2])),
        field("text", "string", json!(["a", "b", "a", null])),
        field("kind", "string", json!(["x", "y", "x", "z"])),
    ]});
    let columns = json!({ "textColumn": "text", "tagsColumn": "kind,source" });
    let event = |time: u32, text: &str, tags: &[&str]| json!({ "time": time, "timeEnd": time, "text": text, "tags": tags });
    let expected = json!([event(1, "a; b", &["x", "y"]), event(2, "", &["z"])]);
    let found = modules
        .call("annotations.js", "eventsOf", &[json!([[frame], columns])])
        .await;
    assert_eq!(found, [expected]);
}
