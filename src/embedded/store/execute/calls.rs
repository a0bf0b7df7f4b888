//! Calls of the select list, read and checked: name, number and kind of arguments.

use crate::embedded::store::ql::ast::Expression;

use super::aggregate::Aggregate;
use super::error::SelectError;
use super::text::{Text, duration};
use super::transform::Transform;

/// A call whose name and arguments are right.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Call<'a> {
    Aggregate {
        aggregate: Aggregate,
        of: &'a Expression,
    },
    CountDistinct {
        of: &'a Expression,
    },
    /// `top` and `bottom`; `by` are the tags whose best point alone counts.
    Best {
        top: bool,
        count: usize,
        of: &'a Expression,
        by: Vec<&'a Expression>,
    },
    /// `unit` in nanoseconds.
    Integral {
        unit: i64,
        of: &'a Expression,
    },
    Transform {
        transform: Transform,
        of: &'a Expression,
    },
}

/// Functions InfluxDB 1.x has and this store does not.
const UNSUPPORTED: &[&str] = &[
    "sample",
    "holt_winters",
    "holt_winters_with_fit",
    "exponential_moving_average",
    "double_exponential_moving_average",
    "triple_exponential_moving_average",
    "relative_strength_index",
    "triple_exponential_derivative",
    "kaufmans_efficiency_ratio",
    "kaufmans_adaptive_moving_average",
    "chande_momentum_oscillator",
];

/// `name` is in lower case.
pub(super) fn read<'a>(name: &str, arguments: &'a [Expression]) -> Result<Call<'a>, SelectError> {
    match name {
        "percentile" => percentile(arguments),
        "distinct" => distinct(arguments),
        "top" | "bottom" => best(name, arguments),
        "integral" => integral(arguments),
        _ if UNSUPPORTED.contains(&name) => Err(SelectError::UnsupportedFunction(name.to_string())),
        _ => match transform(name, arguments)? {
            Some(transform) => Ok(Call::Transform {
                transform,
                of: &arguments[0],
            }),
            None => simple(name, arguments),
        },
    }
}

fn simple<'a>(name: &str, arguments: &'a [Expression]) -> Result<Call<'a>, SelectError> {
    let aggregate = match name {
        "count" => Aggregate::Count,
        "sum" => Aggregate::Sum,
        "mean" => Aggregate::Mean,
        "median" => Aggregate::Median,
        "mode" => Aggregate::Mode,
        "spread" => Aggregate::Spread,
        "stddev" => Aggregate::Stddev,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        "first" => Aggregate::First,
        "last" => Aggregate::Last,
        _ => return Err(SelectError::UndefinedFunction(name.to_string())),
    };
    counted(name, arguments, 1, 1)?;
    let of = &arguments[0];
    if aggregate == Aggregate::Count
        && let Expression::Call {
            name: inner,
            arguments: inner_arguments,
        } = of
        && inner == "distinct"
    {
        distinct(inner_arguments)?;
        return Ok(Call::CountDistinct {
            of: &inner_arguments[0],
        });
    }
    Ok(Call::Aggregate { aggregate, of })
}

fn counted(name: &str, arguments: &[Expression], least: usize, most: usize) -> Result<(), SelectError> {
    let got = arguments.len();
    if (least..=most).contains(&got) {
        return Ok(());
    }
    let expected = if least == most {
        least.to_string()
    } else {
        format!("at least {least} but no more than {most}")
    };
    Err(SelectError::ArgumentCount {
        name: name.to_string(),
        expected,
        got,
    })
}

fn percentile(arguments: &[Expression]) -> Result<Call<'_>, SelectError> {
    counted("percentile", arguments, 2, 2)?;
    let rank = match arguments[1] {
        Expression::Integer(rank) => rank as f64,
        Expression::Number(rank) => rank,
        _ => {
            return Err(SelectError::Rule("expected float argument in percentile()"));
        }
    };
    Ok(Call::Aggregate {
        aggregate: Aggregate::Percentile(rank),
        of: &arguments[0],
    })
}

fn distinct(arguments: &[Expression]) -> Result<Call<'_>, SelectError> {
    match arguments {
        [] => Err(SelectError::Rule(
            "distinct function requires at least one argument",
        )),
        [of @ Expression::Reference { .. }] => Ok(Call::Aggregate {
            aggregate: Aggregate::Distinct,
            of,
        }),
        [_] => Err(SelectError::NeedsField {
            name: "distinct".to_string(),
        }),
        _ => Err(SelectError::Rule("distinct function can only have one argument")),
    }
}

fn best<'a>(name: &str, arguments: &'a [Expression]) -> Result<Call<'a>, SelectError> {
    let [of, by @ .., last] = arguments else {
        return Err(SelectError::ArgumentCount {
            name: name.to_string(),
            expected: "at least 2".to_string(),
            got: arguments.len(),
        });
    };
    let Expression::Integer(count) = last else {
        return Err(SelectError::Argument(format!(
            "expected integer as last argument in {name}(), found {}",
            Text::of(last)
        )));
    };
    let Some(count) = usize::try_from(*count).ok().filter(|count| *count > 0) else {
        return Err(SelectError::Argument(format!(
            "limit ({count}) in {name} function must be at least 1"
        )));
    };
    if !matches!(of, Expression::Reference { .. }) {
        return Err(SelectError::Argument(format!(
            "expected first argument to be a field in {name}(), found {}",
            Text::of(of)
        )));
    }
    let is_reference = |by: &&Expression| matches!(by, Expression::Reference { .. });
    if let Some(other) = by.iter().find(|by| !is_reference(by)) {
        return Err(SelectError::Argument(format!(
            "only fields or tags are allowed in {name}(), found {}",
            Text::of(other)
        )));
    }
    Ok(Call::Best {
        top: name == "top",
        count,
        of,
        by: by.iter().collect(),
    })
}

fn integral(arguments: &[Expression]) -> Result<Call<'_>, SelectError> {
    counted("integral", arguments, 1, 2)?;
    let unit = match arguments.get(1) {
        None => 1_000_000_000,
        Some(Expression::Duration(unit)) => positive(*unit)?,
        Some(_) => return Err(SelectError::Rule("second argument must be a duration")),
    };
    Ok(Call::Integral {
        unit,
        of: &arguments[0],
    })
}

/// `None` where `name` is not that of a transformation.
fn transform(name: &str, arguments: &[Expression]) -> Result<Option<Transform>, SelectError> {
    let transform = match name {
        "derivative" | "non_negative_derivative" => Transform::Derivative {
            unit: unit(name, arguments)?,
            non_negative: name != "derivative",
        },
        "difference" | "non_negative_difference" => Transform::Difference {
            non_negative: name != "difference",
        },
        "cumulative_sum" => Transform::CumulativeSum,
        "elapsed" => Transform::Elapsed {
            unit: unit(name, arguments)?,
        },
        "moving_average" => Transform::MovingAverage {
            points: moving_average(arguments)?,
        },
        _ => return Ok(None),
    };
    if matches!(transform, Transform::Difference { .. } | Transform::CumulativeSum) {
        counted(name, arguments, 1, 1)?;
    }
    Ok(Some(transform))
}

fn unit(name: &str, arguments: &[Expression]) -> Result<Option<i64>, SelectError> {
    counted(name, arguments, 1, 2)?;
    match arguments.get(1) {
        None => Ok(None),
        Some(Expression::Duration(unit)) => positive(*unit).map(Some),
        Some(other) => Err(SelectError::Argument(format!(
            "second argument to {name} must be a duration, got {}",
            literal_type(other)
        ))),
    }
}

fn positive(unit: i64) -> Result<i64, SelectError> {
    if unit > 0 {
        return Ok(unit);
    }
    Err(SelectError::Argument(format!(
        "duration argument must be positive, got {}",
        duration(unit)
    )))
}

fn moving_average(arguments: &[Expression]) -> Result<usize, SelectError> {
    counted("moving_average", arguments, 2, 2)?;
    let Expression::Integer(points) = arguments[1] else {
        return Err(SelectError::Argument(format!(
            "second argument for moving_average must be an integer, got {}",
            literal_type(&arguments[1])
        )));
    };
    let points_count = usize::try_from(points).ok().filter(|points| *points > 1);
    points_count.ok_or_else(|| {
        SelectError::Argument(format!(
            "moving_average window must be greater than 1, got {points}"
        ))
    })
}

/// The name InfluxDB 1.6.7 tells of what it found.
fn literal_type(expression: &Expression) -> &'static str {
    match expression {
        Expression::Reference { .. } => "*influxql.VarRef",
        Expression::Wildcard(_) => "*influxql.Wildcard",
        Expression::Pattern(_) => "*influxql.RegexLiteral",
        Expression::Call { .. } => "*influxql.Call",
        Expression::Binary { .. } => "*influxql.BinaryExpr",
        Expression::Parenthesised(_) => "*influxql.ParenExpr",
        Expression::Number(_) => "*influxql.NumberLiteral",
        Expression::Integer(_) => "*influxql.IntegerLiteral",
        Expression::Duration(_) => "*influxql.DurationLiteral",
        Expression::Text(_) => "*influxql.StringLiteral",
        Expression::Boolean(_) => "*influxql.BooleanLiteral",
    }
}
