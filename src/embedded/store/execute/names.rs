//! What columns of an answer are called, and of which type expressions are before any point is read.

use std::collections::HashMap;

use crate::embedded::store::column::Kind;
use crate::embedded::store::ql::ast::{Column, Expression};

/// Of an expression; the later ones win where sources disagree, as InfluxDB 1.6.7 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    Unknown,
    Tag,
    Boolean,
    Text,
    Integer,
    Float,
}

impl Type {
    /// Of the values it has: tags are text.
    pub(super) fn kind(self) -> Option<Kind> {
        match self {
            Self::Unknown => None,
            Self::Tag | Self::Text => Some(Kind::Text),
            Self::Boolean => Some(Kind::Boolean),
            Self::Integer => Some(Kind::Integer),
            Self::Float => Some(Kind::Float),
        }
    }

    /// In InfluxQL's words.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Tag => "tag",
            Self::Boolean => "boolean",
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Float => "float",
        }
    }
}

impl From<Kind> for Type {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Float => Self::Float,
            Kind::Integer => Self::Integer,
            Kind::Text => Self::Text,
            Kind::Boolean => Self::Boolean,
        }
    }
}

/// What one entry of the select list is called on its own.
pub(super) fn name(column: &Column) -> String {
    column
        .alias
        .clone()
        .unwrap_or_else(|| expression_name(&column.expression))
}

fn expression_name(expression: &Expression) -> String {
    match expression {
        Expression::Call { name, .. } | Expression::Reference { name, .. } => name.clone(),
        Expression::Parenthesised(inner) => expression_name(inner),
        Expression::Binary { .. } => {
            let mut parts = Vec::new();
            operand_names(expression, &mut parts);
            parts.join("_")
        }
        _ => String::new(),
    }
}

fn operand_names(expression: &Expression, parts: &mut Vec<String>) {
    match expression {
        Expression::Call { name, .. } | Expression::Reference { name, .. } => {
            parts.push(name.clone());
        }
        Expression::Parenthesised(inner) => operand_names(inner, parts),
        Expression::Binary { left, right, .. } => {
            operand_names(left, parts);
            operand_names(right, parts);
        }
        _ => {}
    }
}

/// Names of all columns, made different by numbers; aliases stay as they are.
pub(super) fn column_names(columns: &[Column]) -> Vec<String> {
    let mut taken: HashMap<String, usize> = columns
        .iter()
        .filter_map(|column| Some((column.alias.clone()?, 1)))
        .collect();
    let mut names = Vec::with_capacity(columns.len());
    for column in columns {
        names.push(match &column.alias {
            Some(alias) => alias.clone(),
            None => free_name(expression_name(&column.expression), &mut taken),
        });
    }
    names
}

fn free_name(wanted: String, taken: &mut HashMap<String, usize>) -> String {
    let Some(&first) = taken.get(&wanted) else {
        taken.insert(wanted.clone(), 1);
        return wanted;
    };
    let mut count = first;
    let mut numbered = format!("{wanted}_{count}");
    while taken.contains_key(&numbered) {
        count += 1;
        numbered = format!("{wanted}_{count}");
    }
    taken.insert(wanted, count + 1);
    taken.insert(numbered.clone(), 1);
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::store::ql::ast::Operator;

    fn reference(name: &str) -> Expression {
        Expression::Reference {
            name: name.to_string(),
            cast: None,
        }
    }

    fn call(name: &str, argument: &str) -> Expression {
        Expression::Call {
            name: name.to_string(),
            arguments: vec![reference(argument)],
        }
    }

    fn column(expression: Expression, alias: Option<&str>) -> Column {
        Column {
            expression,
            alias: alias.map(str::to_string),
        }
    }

    #[test]
    fn columns_of_the_same_name_are_numbered() {
        let columns = [
            column(call("mean", "a"), None),
            column(call("mean", "b"), None),
            column(call("mean", "c"), Some("mean_1")),
            column(call("mean", "d"), None),
        ];
        assert_eq!(column_names(&columns), ["mean", "mean_2", "mean_1", "mean_3"]);
    }

    #[test]
    fn an_expression_is_called_after_what_it_is_made_of() {
        let sum = Expression::Binary {
            operator: Operator::Add,
            left: Box::new(Expression::Parenthesised(Box::new(Expression::Binary {
                operator: Operator::Multiply,
                left: Box::new(reference("a")),
                right: Box::new(Expression::Integer(2)),
            }))),
            right: Box::new(call("max", "b")),
        };
        assert_eq!(column_names(&[column(sum, None)]), ["a_max"]);
    }
}
