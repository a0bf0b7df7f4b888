//! Expressions, drawn with a parenthesis around every operator and a mark on every kind of leaf.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::ast::{Cast, Column, Expression, Pattern, Statement};
use super::super::expression::spelling;
use super::super::parse;
use super::{NOW, one, select};

#[test]
fn conditions_bind_as_influxdb_binds_them() {
    for (text, drawn) in CONDITIONS {
        let condition = select(&format!("SELECT v FROM m WHERE {text}"))
            .condition
            .unwrap();
        assert_eq!(draw(&condition), *drawn, "{text}");
    }
}

#[rustfmt::skip]
const CONDITIONS: &[(&str, &str)] = &[
    ("a = 1 OR b = 2 AND c = 3", "((a = 1i) OR ((b = 2i) AND (c = 3i)))"),
    ("a = 1 AND b = 2 OR c = 3", "(((a = 1i) AND (b = 2i)) OR (c = 3i))"),
    ("(a = 1 OR b = 2) AND c = 3", "([((a = 1i) OR (b = 2i))] AND (c = 3i))"),
    ("a OR b OR c OR d OR e", "(((a OR b) OR c) OR (d OR e))"),
    ("a = b = c", "((a = b) = c)"),
    ("a + b * c - d / e % f & g | h ^ i", "((((a + (b * c)) - (((d / e) % f) & g)) | h) ^ i)"),
    ("a - b - c > d", "(((a - b) - c) > d)"),
    ("host =~ /^a\\/b$/ AND host !~ /c\\d+/", r"((host =~ /^a/b$/) AND (host !~ /c\d+/))"),
    ("host=~//", "(host =~ //)"),
    ("a <> 1 AND b != 2", "((a != 1i) AND (b != 2i))"),
    ("a <= 1 AND b >= 2 AND c < 3 AND d > 4", "(((a <= 1i) AND (b >= 2i)) AND ((c < 3i) AND (d > 4i)))"),
    ("a = -1", "(a = -1i)"),
    ("a = - 1.5", "(a = -1.5)"),
    ("a = +.5", "(a = 0.5)"),
    ("a = 5.", "(a = 5.0)"),
    ("a = 00012", "(a = 12i)"),
    ("a=1--1\n", "(a = 1i)"),
    ("a > 1 - -1", "(a > (1i - -1i))"),
    ("a = -b * c", "(a = ((-1i * b) * c))"),
    ("a = -(-(b))", "(a = (-1i * [(-1i * [b])]))"),
    ("a = -9223372036854775808", "(a = -9223372036854775808i)"),
    ("a = 9223372036854775807", "(a = 9223372036854775807i)"),
    ("a = 18446744073709551615", "(a = 1.8446744073709552e19)"),
    ("time > now() - 1h30m", "(time > (now() - 5400000000000ns))"),
    ("time >= '2018-01-01T00:00:00Z' + 1w2d3h4m5s6ms7u8µ9ns", "(time >= ('2018-01-01T00:00:00Z' + 788645006015009ns))"),
    ("time < 1500000000s", "(time < 1500000000000000000ns)"),
    ("time > -1d", "(time > -86400000000000ns)"),
    (r#"a = 'it\'s \\ \n\"x\"'"#, "(a = 'it's \\ \n\"x\"')"),
    ("a = TRUE AND b = false", "((a = true) AND (b = false))"),
    (r#""a b"."c" = "sel\"ect"::tag"#, r#"(a b.c = sel"ect::Tag)"#),
    ("a::FLOAT > 1 AND b::field = 2", "((a::Float > 1i) AND (b::Field = 2i))"),
    ("a = 1 -- one\n AND /* two */ b = 2", "((a = 1i) AND (b = 2i))"),
    ("a/b > 1", "((a / b) > 1i)"),
    ("F(a, /b/, 'c') = 1", "(f(a, /b/, 'c') = 1i)"),
];

#[test]
fn columns_are_expressions_with_names() {
    let columns = |text: &str| -> Vec<String> {
        let select = select(&format!("SELECT {text} FROM m"));
        select.columns.iter().map(name).collect()
    };
    assert_eq!(columns("*, *::tag, *::field"), ["*", "*::Tag", "*::Field"]);
    assert_eq!(
        columns("/^cpu/ AS x, a.b::integer AS \"from\""),
        ["/^cpu/ AS x", "a.b::Integer AS from"]
    );
    assert_eq!(
        columns("MEAN(v) / 2, \"Sum\"(/v/), f()"),
        ["(mean(v) / 2i)", "sum(/v/)", "f()"]
    );
    assert_eq!(columns("DISTINCT v"), ["distinct(v)"]);
    assert_eq!(
        columns("count(DISTINCT v), count(distinct(v))"),
        ["count(distinct(v))"; 2]
    );
    assert_eq!(
        columns("v::string, v::boolean, -v"),
        ["v::Text", "v::Boolean", "(-1i * v)"]
    );
}

#[test]
fn parameters_stand_for_what_is_bound_to_them() {
    let parameters: BTreeMap<_, _> = [
        ("integer", json!(-7)),
        ("float", json!(1.5)),
        ("text", json!("it's")),
        ("boolean", json!(true)),
        ("regex", json!({"regex": "^a/b"})),
        ("name", json!({"identifier": "a b"})),
        ("duration", json!({"duration": "1m"})),
        ("x y", json!({"string": "s"})),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let text = "SELECT $name FROM m WHERE a = $integer AND b = $float AND c = $text AND d = $boolean AND e =~ $regex \
                AND f > now() - $duration AND g = $\"x y\"";
    let mut statements = parse(text, &parameters, NOW).unwrap();
    let Some(Statement::Select(select)) = statements.pop() else {
        panic!("{statements:?}")
    };
    let drawn = "((((a = -7i) AND (b = 1.5)) AND ((c = 'it's') AND (d = true))) AND (((e =~ /^a/b/) AND (f > \
                 (now() - 60000000000ns))) AND (g = 's')))";
    assert_eq!(draw(&select.condition.unwrap()), drawn);
    assert_eq!(select.columns.iter().map(name).collect::<Vec<_>>(), ["a b"]);
}

#[test]
fn parameters_that_are_no_values_are_named() {
    let said = |value| {
        let parameters = BTreeMap::from([("x".to_owned(), value)]);
        parse("SELECT v FROM m WHERE a = $x", &parameters, NOW)
            .unwrap_err()
            .to_string()
    };
    let kinds = "which is no text, number, boolean, or one of them by its kind, as in {\"regex\": \"…\"}";
    assert_eq!(
        said(json!(null)),
        format!("missing parameter: x is null, {kinds}")
    );
    assert_eq!(said(json!([1])), format!("missing parameter: x is [1], {kinds}"));
    assert_eq!(
        said(json!({"integer": "1"})),
        format!("missing parameter: x is {{\"integer\":\"1\"}}, {kinds}")
    );
    assert_eq!(
        said(json!({"regex": "("})),
        "error parsing regexp: unclosed group: `(` at line 1, char 26"
    );
}

#[test]
fn a_keyword_is_a_name_between_double_quotes_only() {
    assert_eq!(
        select(r#"SELECT "select" FROM m"#)
            .columns
            .iter()
            .map(name)
            .collect::<Vec<_>>(),
        ["select"]
    );
    let Statement::CreateDatabase { name } = one(r#"CREATE DATABASE "Database""#) else {
        panic!("another statement")
    };
    assert_eq!(name, "Database");
}

fn name(column: &Column) -> String {
    let expression = draw(&column.expression);
    column
        .alias
        .as_ref()
        .map_or(expression.clone(), |alias| format!("{expression} AS {alias}"))
}

fn draw(expression: &Expression) -> String {
    let cast = |cast: &Option<Cast>| cast.map_or(String::new(), |cast| format!("::{cast:?}"));
    match expression {
        Expression::Reference { name, cast: of } => format!("{name}{}", cast(of)),
        Expression::Wildcard(of) => format!("*{}", cast(of)),
        Expression::Pattern(Pattern(pattern)) => format!("/{pattern}/"),
        Expression::Call { name, arguments } => {
            format!(
                "{name}({})",
                arguments.iter().map(draw).collect::<Vec<_>>().join(", ")
            )
        }
        Expression::Binary {
            operator,
            left,
            right,
        } => {
            format!("({} {} {})", draw(left), spelling(*operator), draw(right))
        }
        Expression::Parenthesised(inside) => format!("[{}]", draw(inside)),
        Expression::Number(value) => format!("{value:?}"),
        Expression::Integer(value) => format!("{value}i"),
        Expression::Duration(value) => format!("{value}ns"),
        Expression::Text(text) => format!("'{text}'"),
        Expression::Boolean(value) => value.to_string(),
    }
}
