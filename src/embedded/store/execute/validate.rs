//! What a SELECT may combine, found out before the database is looked at. Rules and words are those of InfluxDB 1.6.7.

use crate::embedded::store::ql::ast::{Expression, Fill, Operator, Select, Source};

use super::calls::{self, Call};
use super::error::SelectError;
use super::math;
use super::text::Text;

/// Checks a statement and those inside it.
pub(super) fn validate(select: &Select) -> Result<(), SelectError> {
    level(select, None)
}

/// What the statement around says that this one inherits.
#[derive(Clone, Copy)]
struct Outer {
    has_windows: bool,
    descending: bool,
}

fn level(select: &Select, outer: Option<Outer>) -> Result<(), SelectError> {
    if select.into.is_some() {
        return Err(SelectError::Unsupported("SELECT … INTO"));
    }
    if let Some(condition) = &select.condition {
        check_condition(condition)?;
    }
    if let Some(outer) = outer
        && select.descending
        && !outer.descending
    {
        return Err(SelectError::Rule(
            "subqueries must be ordered in the same direction as the query itself",
        ));
    }
    let inherited = select.group_by.time.is_none() && outer.is_some_and(|outer| outer.has_windows);
    let has_windows = select.group_by.time.is_some() || inherited;
    let mut found = Found {
        has_windows,
        inherited,
        limit: select.paging.limit,
        only_selectors: true,
        ..Found::default()
    };
    for column in &select.columns {
        if !is_time(&column.expression) {
            found.columns += 1;
            found.wildcards_allowed = true;
            found.expression(unwrapped(&column.expression))?;
        }
    }
    found.finish(select.fill)?;
    let outer = Outer {
        has_windows,
        descending: outer.map_or(select.descending, |outer| outer.descending),
    };
    for source in &select.from {
        if let Source::Subquery(inner) = source {
            level(inner, Some(outer))?;
        }
    }
    Ok(())
}

/// What the select list was found to have.
#[derive(Default)]
struct Found {
    has_windows: bool,
    inherited: bool,
    limit: usize,
    columns: usize,
    wildcards_allowed: bool,
    calls: usize,
    only_selectors: bool,
    has_distinct: bool,
    has_fields: bool,
    best: Option<&'static str>,
}

impl Found {
    fn expression(&mut self, expression: &Expression) -> Result<(), SelectError> {
        match expression {
            Expression::Reference { .. } => self.has_fields = true,
            Expression::Wildcard(_) if !self.wildcards_allowed => {
                return Err(SelectError::Rule("unable to use wildcard in a binary expression"));
            }
            Expression::Pattern(_) if !self.wildcards_allowed => {
                return Err(SelectError::Rule("unable to use regex in a binary expression"));
            }
            Expression::Wildcard(_) | Expression::Pattern(_) => self.has_fields = true,
            Expression::Call { name, arguments } => return self.call(name, arguments),
            Expression::Binary { left, right, .. } => return self.binary(left, right),
            Expression::Parenthesised(inner) => return self.expression(inner),
            _ => {
                return Err(SelectError::Rule("field must contain at least one variable"));
            }
        }
        Ok(())
    }

    fn binary(&mut self, left: &Expression, right: &Expression) -> Result<(), SelectError> {
        self.wildcards_allowed = false;
        match (is_literal(left), is_literal(right)) {
            (true, true) => Err(SelectError::Rule("field must contain at least one variable")),
            (true, false) => self.expression(right),
            (false, true) => self.expression(left),
            (false, false) => {
                self.expression(left)?;
                self.expression(right)
            }
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expression]) -> Result<(), SelectError> {
        if let Some(function) = math::math(name) {
            check_arity(name, function.arity(), arguments)?;
            let variables = arguments.iter().filter(|argument| !is_literal(argument));
            for argument in variables {
                self.expression(argument)?;
            }
            return Ok(());
        }
        self.calls += 1;
        match calls::read(name, arguments)? {
            Call::Aggregate { aggregate, of } => {
                if !aggregate.is_selector() {
                    self.only_selectors = false;
                }
                self.has_distinct |= name == "distinct";
                self.field(name, of)
            }
            Call::CountDistinct { of } => {
                self.only_selectors = false;
                self.field("distinct", of)
            }
            Call::Integral { of, .. } => {
                self.only_selectors = false;
                self.field(name, of)
            }
            Call::Best { top, count, by, .. } => self.best(top, count, !by.is_empty()),
            Call::Transform { of, .. } => {
                self.only_selectors = false;
                self.transform(name, of)
            }
        }
    }

    fn best(&mut self, top: bool, count: usize, has_tags: bool) -> Result<(), SelectError> {
        if let Some(other) = self.best {
            return Err(SelectError::Combined {
                name: other.to_string(),
            });
        }
        let name = if top { "top" } else { "bottom" };
        if self.limit > 0 && count > self.limit {
            return Err(SelectError::Argument(format!(
                "limit ({count}) in {name} function can not be larger than the LIMIT ({}) in the select statement",
                self.limit
            )));
        }
        self.has_fields |= has_tags;
        self.best = Some(name);
        Ok(())
    }

    fn transform(&mut self, name: &str, of: &Expression) -> Result<(), SelectError> {
        let name = name.to_string();
        let Expression::Call {
            name: inner,
            arguments,
        } = of
        else {
            if self.has_windows && !self.inherited {
                return Err(SelectError::NeedsAggregate { name });
            }
            return self.field(&name, of);
        };
        if !self.has_windows {
            return Err(SelectError::NeedsInterval { name });
        }
        if inner == "distinct" {
            calls::read(inner, arguments)?;
            return Ok(());
        }
        self.call(inner, arguments)
    }

    fn field(&mut self, name: &str, of: &Expression) -> Result<(), SelectError> {
        let name = name.to_string();
        match of {
            Expression::Reference { .. } => {}
            Expression::Wildcard(_) if self.wildcards_allowed => self.only_selectors = false,
            Expression::Pattern(_) if self.wildcards_allowed => self.only_selectors = false,
            Expression::Wildcard(_) => return Err(SelectError::WildcardInCall { name }),
            Expression::Pattern(_) => return Err(SelectError::PatternInCall { name }),
            _ => return Err(SelectError::NeedsField { name }),
        }
        Ok(())
    }

    fn finish(&self, fill: Fill) -> Result<(), SelectError> {
        if self.columns == 0 {
            return Err(SelectError::Rule("at least 1 non-time field must be queried"));
        }
        if let Some(name) = self.best
            && self.calls > 1
        {
            return Err(SelectError::Combined {
                name: name.to_string(),
            });
        }
        if self.calls == 0 {
            self.check_raw(fill)?;
        }
        if self.has_distinct && (self.calls != 1 || self.has_fields) {
            return Err(SelectError::Rule(
                "aggregate function distinct() cannot be combined with other functions or fields",
            ));
        }
        if self.has_fields && !self.only_selectors {
            return Err(SelectError::Rule(
                "mixing aggregate and non-aggregate queries is not supported",
            ));
        }
        if self.has_fields && self.calls > 1 {
            return Err(SelectError::Rule(
                "mixing multiple selector functions with tags or fields is not supported",
            ));
        }
        Ok(())
    }

    fn check_raw(&self, fill: Fill) -> Result<(), SelectError> {
        match fill {
            Fill::None => Err(SelectError::FillWithoutFunction("none")),
            Fill::Linear => Err(SelectError::FillWithoutFunction("linear")),
            _ if self.has_windows && !self.inherited => Err(SelectError::Rule(
                "GROUP BY requires at least one aggregate function",
            )),
            _ => Ok(()),
        }
    }
}

pub(super) fn is_time(expression: &Expression) -> bool {
    matches!(expression, Expression::Reference { name, .. } if name == "time")
}

fn unwrapped(expression: &Expression) -> &Expression {
    match expression {
        Expression::Parenthesised(inner) => unwrapped(inner),
        other => other,
    }
}

fn is_literal(expression: &Expression) -> bool {
    match expression {
        Expression::Number(_)
        | Expression::Integer(_)
        | Expression::Duration(_)
        | Expression::Text(_)
        | Expression::Boolean(_) => true,
        Expression::Parenthesised(inner) => is_literal(inner),
        Expression::Binary { left, right, .. } => is_literal(left) && is_literal(right),
        _ => false,
    }
}

fn check_arity(name: &str, expected: usize, arguments: &[Expression]) -> Result<(), SelectError> {
    if arguments.len() == expected {
        return Ok(());
    }
    Err(SelectError::ArgumentCount {
        name: name.to_string(),
        expected: expected.to_string(),
        got: arguments.len(),
    })
}

fn check_condition(condition: &Expression) -> Result<(), SelectError> {
    match condition {
        Expression::Binary {
            left,
            right,
            operator,
        } => {
            let compares = !matches!(operator, Operator::And | Operator::Or);
            if compares && (is_clock(left) || is_clock(right)) {
                return Ok(());
            }
            check_condition(left)?;
            check_condition(right)
        }
        Expression::Parenthesised(inner) => check_condition(inner),
        Expression::Call { name, arguments } => match math::math(name) {
            Some(function) => {
                check_arity(name, function.arity(), arguments)?;
                arguments.iter().try_for_each(check_condition)
            }
            None => Err(SelectError::CallInCondition(Text::of(condition).to_string())),
        },
        _ => Ok(()),
    }
}

fn is_clock(expression: &Expression) -> bool {
    matches!(expression, Expression::Reference { name, .. } if name.eq_ignore_ascii_case("time"))
}
