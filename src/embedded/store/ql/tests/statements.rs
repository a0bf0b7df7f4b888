//! Statements as whole values.

use super::super::ast::{
    Column, Dimension, Expression, Fill, GroupBy, KeyChoice, Measurement, Named, Operator, Paging, Pattern,
    Select, Show, Shown, Source, Statement, TimeWindow,
};
use super::{NOW, one, parsed, refusal, select};

#[test]
fn every_clause_of_a_select_is_read() {
    let text = "select mean(\"v\") as x from \"db\".\"rp\".\"m\", db..n, rp.o, /p.*/, db.rp./q/ where host = 'a' \
                group by time(1m, 10s), *, a.b, /c/, (d) fill(previous) order by time desc limit 3 offset 4 slimit 5 \
                soffset 6 tz('Europe/Vienna');";
    let expected = Select {
        columns: vec![Column {
            expression: Expression::Call {
                name: "mean".to_owned(),
                arguments: vec![reference("v")],
            },
            alias: Some("x".to_owned()),
        }],
        from: vec![
            source(Some("db"), Some("rp"), Named::Is("m".to_owned())),
            source(Some("db"), None, Named::Is("n".to_owned())),
            source(None, Some("rp"), Named::Is("o".to_owned())),
            source(None, None, matches("p.*")),
            source(Some("db"), Some("rp"), matches("q")),
        ],
        condition: Some(host_is_a()),
        group_by: GroupBy {
            time: Some(TimeWindow {
                every: 60_000_000_000,
                offset: 10_000_000_000,
            }),
            dimensions: vec![
                Dimension::All,
                Dimension::Tag("a.b".to_owned()),
                Dimension::Matching(Pattern("c".to_owned())),
                Dimension::Tag("d".to_owned()),
            ],
        },
        fill: Fill::Previous,
        descending: true,
        paging: Paging {
            limit: 3,
            offset: 4,
            series_limit: 5,
            series_offset: 6,
        },
        time_zone: Some("Europe/Vienna".to_owned()),
        into: None,
    };
    assert_eq!(one(text), Statement::Select(expected));
}

#[test]
fn a_source_may_be_a_select_of_its_own() {
    let inner = Select {
        columns: vec![column("v")],
        from: vec![measured("m")],
        ..nothing()
    };
    let middle = Select {
        columns: vec![column("v")],
        from: vec![Source::Subquery(Box::new(inner)), measured("n")],
        ..nothing()
    };
    let outer = Select {
        columns: vec![column("v")],
        from: vec![Source::Subquery(Box::new(middle))],
        ..nothing()
    };
    assert_eq!(
        one("SELECT v FROM (SELECT v FROM (SELECT v FROM m), n)"),
        Statement::Select(outer)
    );
}

#[test]
fn windows_and_what_fills_them_are_read() {
    let window = |arguments: &str| {
        select(&format!("SELECT mean(v) FROM m GROUP BY time({arguments})"))
            .group_by
            .time
    };
    let minute = 60_000_000_000;
    let at = |offset| {
        Some(TimeWindow {
            every: minute,
            offset,
        })
    };
    assert_eq!(window("1m"), at(0));
    assert_eq!(window("1m, -10s"), at(-10_000_000_000));
    assert_eq!(window("1m, now()"), at(NOW));
    assert_eq!(
        window("60s, '2018-01-01T00:00:10Z'"),
        at(1_514_764_810_000_000_000)
    );
    assert_eq!(
        window("60s, '2018-01-01 00:00:10'"),
        at(1_514_764_810_000_000_000)
    );
    assert_eq!(window("60s, '2018-01-01'"), at(1_514_764_800_000_000_000));
    assert_eq!(window("0s"), None);
    assert_eq!(window("-1m"), None);
    let fill = |argument: &str| {
        select(&format!(
            "SELECT mean(v) FROM m GROUP BY time(1m) FILL({argument})"
        ))
        .fill
    };
    assert_eq!(fill("null"), Fill::Null);
    assert_eq!(fill("none"), Fill::None);
    assert_eq!(fill("linear"), Fill::Linear);
    assert_eq!(fill("-1.5"), Fill::Value(-1.5));
    assert_eq!(fill("3"), Fill::Value(3.0));
}

#[test]
fn times_are_ordered_by_time_alone() {
    let descending = |order: &str| select(&format!("SELECT v FROM m {order}")).descending;
    let orders = [
        "",
        "ORDER BY time",
        "ORDER BY \"time\" ASC",
        "ORDER BY ASC",
        "ORDER BY DESC",
        "ORDER BY time desc",
    ];
    assert_eq!(orders.map(descending), [false, false, false, false, true, true]);
}

#[test]
fn several_statements_stand_between_semicolons() {
    let drop = |name: &str| Statement::DropDatabase {
        name: name.to_owned(),
    };
    assert_eq!(
        parsed(";; DROP DATABASE a; DROP DATABASE b ;;\n"),
        Ok(vec![drop("a"), drop("b")])
    );
    assert_eq!(parsed(" \n ; -- nothing"), Ok(vec![]));
}

#[test]
fn what_is_shown_is_read_with_its_limits() {
    for (text, expected) in shown() {
        assert_eq!(one(text), Statement::Show(expected), "{text}");
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn shown() -> Vec<(&'static str, Show)> {
    let on = |show: Show| Show {
        database: Some("db".to_owned()),
        ..show
    };
    let m = || {
        vec![Measurement {
            database: None,
            policy: None,
            name: Named::Is("m".to_owned()),
        }]
    };
    let limits = Paging {
        limit: 1,
        offset: 2,
        ..Paging::default()
    };
    let all_limits = Paging {
        series_limit: 3,
        series_offset: 4,
        ..limits
    };
    let values = |keys| show(Shown::TagValues { keys });
    let key = || "k".to_owned();
    let pattern = || Pattern("k".to_owned());
    vec![
        ("SHOW DATABASES", show(Shown::Databases)),
        ("SHOW USERS", show(Shown::Users)),
        (
            "SHOW RETENTION POLICIES ON db",
            on(show(Shown::RetentionPolicies)),
        ),
        ("SHOW MEASUREMENTS", show(Shown::Measurements { with: None })),
        (
            "SHOW MEASUREMENTS ON db WITH MEASUREMENT =~ /m.*/ WHERE host = 'a' ORDER BY time LIMIT 1 OFFSET 2",
            on(Show {
                condition: Some(host_is_a()),
                paging: limits,
                ..show(Shown::Measurements {
                    with: Some(matches("m.*")),
                })
            }),
        ),
        (
            "SHOW MEASUREMENTS WITH MEASUREMENT = \"m\"",
            show(Shown::Measurements {
                with: Some(Named::Is("m".to_owned())),
            }),
        ),
        (
            "SHOW SERIES ON db FROM m WHERE host = 'a' LIMIT 1 OFFSET 2",
            on(Show {
                from: m(),
                condition: Some(host_is_a()),
                paging: limits,
                ..show(Shown::Series)
            }),
        ),
        (
            "SHOW SERIES CARDINALITY",
            show(Shown::SeriesCardinality { exact: false }),
        ),
        (
            "SHOW SERIES EXACT CARDINALITY FROM m",
            Show {
                from: m(),
                ..show(Shown::SeriesCardinality { exact: true })
            },
        ),
        (
            "SHOW MEASUREMENT CARDINALITY",
            show(Shown::MeasurementCardinality { exact: false }),
        ),
        (
            "SHOW MEASUREMENT EXACT CARDINALITY",
            show(Shown::MeasurementCardinality { exact: true }),
        ),
        (
            "SHOW TAG KEYS FROM m WHERE host = 'a' LIMIT 1 OFFSET 2 SLIMIT 3 SOFFSET 4",
            Show {
                from: m(),
                condition: Some(host_is_a()),
                paging: all_limits,
                ..show(Shown::TagKeys)
            },
        ),
        (
            "SHOW FIELD KEYS FROM m LIMIT 1 OFFSET 2",
            Show {
                from: m(),
                paging: limits,
                ..show(Shown::FieldKeys)
            },
        ),
        ("SHOW TAG VALUES WITH KEY = k", values(KeyChoice::Is(key()))),
        (
            "SHOW TAG VALUES WITH KEY != \"k\"",
            values(KeyChoice::IsNot(key())),
        ),
        (
            "SHOW TAG VALUES WITH KEY =~ /k/",
            values(KeyChoice::Matches(pattern())),
        ),
        (
            "SHOW TAG VALUES WITH KEY !~ /k/",
            values(KeyChoice::MatchesNot(pattern())),
        ),
        (
            "SHOW TAG VALUES WITH KEY IN (k, \"l\")",
            values(KeyChoice::OneOf(vec![key(), "l".to_owned()])),
        ),
        (
            "SHOW TAG VALUES ON db FROM m WITH KEY = k WHERE host = 'a' LIMIT 1 OFFSET 2",
            on(Show {
                from: m(),
                condition: Some(host_is_a()),
                paging: limits,
                ..values(KeyChoice::Is(key()))
            }),
        ),
    ]
}

#[test]
fn what_makes_and_removes_is_read() {
    let m = || {
        vec![Measurement {
            database: None,
            policy: None,
            name: Named::Is("m".to_owned()),
        }]
    };
    let create = |name: &str| Statement::CreateDatabase {
        name: name.to_owned(),
    };
    assert_eq!(one("CREATE DATABASE db"), create("db"));
    assert_eq!(
        one("CREATE DATABASE db WITH DURATION INF REPLICATION 1 SHARD DURATION 1w NAME autogen"),
        create("db")
    );
    assert_eq!(one("CREATE DATABASE db WITH DURATION 0s"), create("db"));
    assert_eq!(
        one("DROP MEASUREMENT \"m\""),
        Statement::DropMeasurement { name: "m".to_owned() }
    );
    assert_eq!(
        one("DELETE FROM m"),
        Statement::Delete {
            from: m(),
            condition: None
        }
    );
    let condition = Some(host_is_a());
    assert_eq!(
        one("DELETE WHERE host = 'a'"),
        Statement::Delete {
            from: vec![],
            condition: condition.clone()
        }
    );
    assert_eq!(
        one("DROP SERIES FROM m WHERE host = 'a'"),
        Statement::DropSeries { from: m(), condition }
    );
}

#[test]
fn what_this_store_does_not_do_is_refused_by_name_and_the_rest_of_the_query_is_read() {
    for (text, name) in UNSUPPORTED {
        let statements =
            parsed(&format!("{text}; SHOW USERS")).unwrap_or_else(|error| panic!("{text}: {error}"));
        let [Statement::Refused { reason }, users] = statements.as_slice() else {
            panic!("{text}: {statements:?}")
        };
        assert!(
            reason.starts_with(&format!("{name} is not supported by this store")),
            "{text}: {reason}"
        );
        assert_eq!(*users, Statement::Show(show(Shown::Users)));
    }
}

#[rustfmt::skip]
const UNSUPPORTED: &[(&str, &str)] = &[
    ("SELECT v INTO \"a\".\"b\".:MEASUREMENT FROM /m/", "SELECT … INTO"),
    ("SELECT v FROM (SELECT v INTO x FROM m)", "SELECT … INTO"),
    ("CREATE USER u WITH PASSWORD 'x;y' WITH ALL PRIVILEGES", "CREATE USER"),
    ("CREATE RETENTION POLICY x ON t DURATION 1h REPLICATION 1 DEFAULT", "CREATE RETENTION POLICY"),
    ("CREATE CONTINUOUS QUERY x ON t BEGIN SELECT mean(v) INTO x FROM m GROUP BY time(1m) END", "CREATE CONTINUOUS QUERY"),
    ("CREATE SUBSCRIPTION s ON t.autogen DESTINATIONS ALL 'http://127.0.0.1:1'", "CREATE SUBSCRIPTION"),
    ("CREATE DATABASE x WITH DURATION 1h", "DURATION"),
    ("CREATE DATABASE x WITH REPLICATION 2", "REPLICATION"),
    ("CREATE DATABASE x WITH SHARD DURATION 1d", "SHARD DURATION"),
    ("CREATE DATABASE x WITH NAME y", "NAME of a retention policy"),
    ("ALTER RETENTION POLICY x ON t DURATION INF", "ALTER RETENTION POLICY"),
    ("DROP RETENTION POLICY x ON t", "DROP RETENTION POLICY"),
    ("DROP CONTINUOUS QUERY x ON t", "DROP CONTINUOUS QUERY"),
    ("DROP SUBSCRIPTION x ON t.autogen", "DROP SUBSCRIPTION"),
    ("DROP USER x", "DROP USER"),
    ("DROP SHARD 1", "DROP SHARD"),
    ("GRANT ALL TO u", "GRANT"),
    ("REVOKE READ ON t FROM u", "REVOKE"),
    ("SET PASSWORD FOR u = 'x'", "SET PASSWORD"),
    ("KILL QUERY 1", "KILL QUERY"),
    ("EXPLAIN SELECT v FROM m WHERE a =~ /;/", "EXPLAIN"),
    ("EXPLAIN ANALYZE SELECT v FROM m", "EXPLAIN ANALYZE"),
    ("SHOW CONTINUOUS QUERIES", "SHOW CONTINUOUS QUERIES"),
    ("SHOW DIAGNOSTICS", "SHOW DIAGNOSTICS"),
    ("SHOW FIELD KEY CARDINALITY", "SHOW FIELD KEY CARDINALITY"),
    ("SHOW GRANTS FOR u", "SHOW GRANTS"),
    ("SHOW QUERIES", "SHOW QUERIES"),
    ("SHOW SHARD GROUPS", "SHOW SHARD GROUPS"),
    ("SHOW SHARDS", "SHOW SHARDS"),
    ("SHOW STATS FOR 'x'", "SHOW STATS"),
    ("SHOW SUBSCRIPTIONS", "SHOW SUBSCRIPTIONS"),
    ("SHOW TAG KEY EXACT CARDINALITY", "SHOW TAG KEY CARDINALITY"),
    ("SHOW TAG VALUES CARDINALITY WITH KEY = k", "SHOW TAG VALUES CARDINALITY"),
    ("SHOW SERIES CARDINALITY GROUP BY a", "GROUP BY of SHOW … CARDINALITY"),
];

#[test]
fn a_refusal_says_what_can_be_done_instead() {
    assert_eq!(
        refusal("DROP SHARD 1"),
        "DROP SHARD is not supported by this store; it has no shards; points of a time are removed with DELETE WHERE time < …"
    );
    assert_eq!(
        refusal("SELECT v::unsigned FROM m"),
        "this store has no unsigned integers; use ::integer or ::float"
    );
}

fn reference(name: &str) -> Expression {
    Expression::Reference {
        name: name.to_owned(),
        cast: None,
    }
}

fn host_is_a() -> Expression {
    let (left, right) = (
        Box::new(reference("host")),
        Box::new(Expression::Text("a".to_owned())),
    );
    Expression::Binary {
        operator: Operator::Equal,
        left,
        right,
    }
}

fn matches(pattern: &str) -> Named {
    Named::Matches(Pattern(pattern.to_owned()))
}

fn source(database: Option<&str>, policy: Option<&str>, name: Named) -> Source {
    let (database, policy) = (database.map(str::to_owned), policy.map(str::to_owned));
    Source::Measurement(Measurement {
        database,
        policy,
        name,
    })
}

fn measured(name: &str) -> Source {
    source(None, None, Named::Is(name.to_owned()))
}

fn column(name: &str) -> Column {
    Column {
        expression: reference(name),
        alias: None,
    }
}

fn nothing() -> Select {
    Select {
        columns: vec![],
        from: vec![],
        condition: None,
        group_by: GroupBy::default(),
        fill: Fill::Null,
        descending: false,
        paging: Paging::default(),
        time_zone: None,
        into: None,
    }
}

fn show(what: Shown) -> Show {
    Show {
        what,
        database: None,
        from: vec![],
        condition: None,
        paging: Paging::default(),
    }
}
