//! Wildcards and patterns in select lists and `GROUP BY`, spread out into names.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::embedded::store::ql::ast::{Cast, Column, Dimension, Expression};
use crate::embedded::store::ql::compile;

use super::error::SelectError;
use super::level::Source;
use super::names::{Type, name};
use super::validate::is_time;

/// What sources have to offer.
pub(super) struct Catalogue {
    fields: BTreeMap<String, Type>,
    tags: BTreeSet<String>,
}

impl Catalogue {
    pub(super) fn of(sources: &[Source]) -> Self {
        let mut catalogue = Self {
            fields: BTreeMap::new(),
            tags: BTreeSet::new(),
        };
        for source in sources {
            match source {
                Source::Leaf(leaf) => {
                    for (name, kind) in &leaf.fields {
                        catalogue.add(name, (*kind).into());
                    }
                    let keys = leaf.series.iter().flat_map(|series| &series.tags);
                    for (key, _) in keys {
                        if !catalogue.tags.contains(&**key) {
                            catalogue.tags.insert(key.to_string());
                        }
                    }
                }
                Source::Level { level, .. } => {
                    for output in &level.outputs {
                        catalogue.add(&output.name, output.declared);
                    }
                    catalogue.tags.extend(level.own_tags.iter().cloned());
                }
            }
        }
        catalogue
    }

    fn add(&mut self, name: &str, declared: Type) {
        let known = self.fields.entry(name.to_string()).or_insert(Type::Unknown);
        *known = declared.max(*known);
    }
}

/// Tags of `GROUP BY` in the order written, those of a wildcard sorted.
pub(super) fn expand_dimensions(
    dimensions: &[Dimension],
    catalogue: &Catalogue,
) -> Result<Vec<String>, SelectError> {
    let mut tags = Vec::new();
    for dimension in dimensions {
        match dimension {
            Dimension::Tag(name) => tags.push(name.clone()),
            Dimension::All => tags.extend(catalogue.tags.iter().cloned()),
            Dimension::Matching(pattern) => {
                let pattern = compile(pattern)?;
                let matching = catalogue.tags.iter().filter(|tag| pattern.is_match(tag));
                tags.extend(matching.cloned());
            }
        }
    }
    Ok(tags)
}

/// The select list without `time`. Tags count as columns of a wildcard where `tags_too`, except those grouped by.
pub(super) fn expand_columns(
    columns: &[Column],
    catalogue: &Catalogue,
    grouped: &[String],
    tags_too: bool,
) -> Result<Vec<Column>, SelectError> {
    let mut candidates: BTreeMap<&str, Vec<Type>> = BTreeMap::new();
    for (field, declared) in &catalogue.fields {
        candidates.entry(field).or_default().push(*declared);
    }
    if tags_too && !catalogue.fields.is_empty() {
        for tag in catalogue.tags.iter().filter(|tag| !grouped.contains(tag)) {
            candidates.entry(tag).or_default().push(Type::Tag);
        }
    }
    let candidates: Vec<(&str, Type)> = candidates
        .into_iter()
        .flat_map(|(name, types)| types.into_iter().map(move |declared| (name, declared)))
        .collect();
    let mut expanded = Vec::new();
    for column in columns.iter().filter(|column| !is_time(&column.expression)) {
        expand_column(column, &candidates, &mut expanded)?;
        if let Expression::Call { name, arguments } = &column.expression
            && matches!(name.as_str(), "top" | "bottom")
            && let [_, tags @ .., _] = &arguments[..]
        {
            expanded.extend(tags.iter().map(|tag| Column {
                expression: tag.clone(),
                alias: None,
            }));
        }
    }
    Ok(expanded)
}

fn expand_column(
    column: &Column,
    candidates: &[(&str, Type)],
    expanded: &mut Vec<Column>,
) -> Result<(), SelectError> {
    match &column.expression {
        Expression::Wildcard(cast) => {
            let wanted = candidates.iter().filter(|(_, declared)| match cast {
                Some(Cast::Field) => *declared != Type::Tag,
                Some(Cast::Tag) => *declared == Type::Tag,
                _ => true,
            });
            expanded.extend(wanted.map(|(name, declared)| plain(name, *declared)));
        }
        Expression::Pattern(pattern) => {
            let pattern = compile(pattern)?;
            let wanted = candidates.iter().filter(|(name, _)| pattern.is_match(name));
            expanded.extend(wanted.map(|(name, declared)| plain(name, *declared)));
        }
        call @ Expression::Call { .. } => {
            let Some(spread) = Spread::of(call)? else {
                expanded.push(column.clone());
                return Ok(());
            };
            for (field, declared) in candidates {
                if spread.takes(field, *declared) {
                    expanded.push(Column {
                        expression: with_field(call, field),
                        alias: Some(format!("{}_{field}", name(column))),
                    });
                }
            }
        }
        _ => expanded.push(column.clone()),
    }
    Ok(())
}

fn plain(name: &str, declared: Type) -> Column {
    Column {
        expression: Expression::Reference {
            name: name.to_string(),
            cast: (declared == Type::Tag).then_some(Cast::Tag),
        },
        alias: None,
    }
}

/// A call whose innermost argument stands for many fields.
struct Spread {
    innermost: String,
    pattern: Option<Regex>,
}

impl Spread {
    fn of(call: &Expression) -> Result<Option<Self>, SelectError> {
        let Expression::Call { name, arguments } = call else {
            return Ok(None);
        };
        let pattern = match arguments.first() {
            Some(inner @ Expression::Call { .. }) => return Self::of(inner),
            Some(Expression::Wildcard(Some(Cast::Tag))) => {
                return Err(SelectError::TagWildcard { name: name.clone() });
            }
            Some(Expression::Wildcard(_)) => None,
            Some(Expression::Pattern(pattern)) => Some(compile(pattern)?),
            _ => return Ok(None),
        };
        Ok(Some(Self {
            innermost: name.clone(),
            pattern,
        }))
    }

    /// Which kinds the innermost call can take, as InfluxDB 1.6.7 lists them.
    fn takes(&self, field: &str, declared: Type) -> bool {
        let any_kind = matches!(
            self.innermost.as_str(),
            "count" | "first" | "last" | "distinct" | "elapsed" | "mode" | "sample"
        );
        let kind_fits = match declared {
            Type::Float | Type::Integer => true,
            Type::Boolean => any_kind || matches!(self.innermost.as_str(), "min" | "max"),
            Type::Text => any_kind,
            Type::Tag | Type::Unknown => false,
        };
        kind_fits
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(field))
    }
}

fn with_field(call: &Expression, field: &str) -> Expression {
    match call {
        Expression::Call { name, arguments } => {
            let mut arguments = arguments.clone();
            if let Some(first) = arguments.first_mut() {
                *first = with_field(first, field);
            }
            Expression::Call {
                name: name.clone(),
                arguments,
            }
        }
        _ => Expression::Reference {
            name: field.to_string(),
            cast: None,
        },
    }
}
