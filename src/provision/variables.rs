//! Dashboard variables in queries, which Grafana leaves to the browser: here each stands for "all".

use serde_json::{Map, Value};

/// A variable and the text that takes its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable {
    name: String,
    value: String,
}

/// The variables of a dashboard. One that offers "all" stands for its `allValue`, else `.*`; another for what it has
/// selected, joined as the browser joins several values in a regular expression.
pub(super) fn of_dashboard(model: &Value) -> Vec<Variable> {
    let list = model["templating"]["list"].as_array();
    let objects = list.into_iter().flatten().filter_map(Value::as_object);
    objects.filter_map(variable).collect()
}

fn variable(definition: &Map<String, Value>) -> Option<Variable> {
    let name = definition.get("name")?.as_str()?.to_owned();
    let all = definition
        .get("allValue")
        .and_then(Value::as_str)
        .filter(|value| !value.is_empty());
    let offers_all = definition.get("includeAll").and_then(Value::as_bool) == Some(true);
    let value = match all {
        Some(all) => all.to_owned(),
        None if offers_all => ".*".to_owned(),
        None => selected(definition).unwrap_or_else(|| ".*".to_owned()),
    };
    Some(Variable { name, value })
}

fn selected(definition: &Map<String, Value>) -> Option<String> {
    match definition.get("current")?.get("value")? {
        Value::String(value) => Some(value.clone()),
        Value::Array(values) => {
            let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
            (!values.is_empty()).then(|| format!("({})", values.join("|")))
        }
        _ => None,
    }
}

/// Replaces `$name`, `${name}`, `${name:format}` and `[[name]]`. Names are matched whole, so that `$source` leaves
/// `$source_port` alone.
pub(super) fn substitute(query: &str, variables: &[Variable]) -> String {
    let mut text = String::new();
    let mut rest = query;
    while let Some(start) = rest.find(['$', '[']) {
        let (before, reference) = rest.split_at(start);
        text.push_str(before);
        let (length, name) = reference_name(reference);
        let known = variables
            .iter()
            .find(|variable| Some(variable.name.as_str()) == name);
        text.push_str(known.map_or(&reference[..length], |variable| &variable.value));
        rest = &reference[length..];
    }
    text + rest
}

/// How long the reference is, and the name in it; a lone `$` or `[` is one character without a name.
fn reference_name(text: &str) -> (usize, Option<&str>) {
    let enclosed = |open: &str, close: &str| {
        let inner = text.strip_prefix(open)?;
        let end = inner.find(close)?;
        let name = inner[..end].split(':').next();
        Some((open.len() + end + close.len(), name))
    };
    let bare = || {
        let inner = text.strip_prefix('$')?;
        let end = inner
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(inner.len());
        Some((1 + end, Some(&inner[..end])))
    };
    enclosed("${", "}")
        .or_else(|| enclosed("[[", "]]"))
        .or_else(bare)
        .unwrap_or((1, None))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_variable_stands_for_all_it_can_be() {
        let model = json!({ "templating": { "list": [
            { "name": "all", "includeAll": true, "allValue": ".+" },
            { "name": "any", "includeAll": true, "allValue": null },
            { "name": "one", "current": { "value": "x" } },
            { "name": "two", "current": { "value": ["x", "y"] } },
            { "name": "none" },
        ]}});
        let expected = [
            ("all", ".+"),
            ("any", ".*"),
            ("one", "x"),
            ("two", "(x|y)"),
            ("none", ".*"),
        ];
        let expected = expected.map(|(name, value)| Variable {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        assert_eq!(of_dashboard(&model), expected);
    }

    #[test]
    fn all_spellings_of_a_reference_are_replaced_and_other_names_are_not() {
        let variables = [Variable {
            name: "source".to_owned(),
            value: ".*".to_owned(),
        }];
        let table = [
            ("=~ /^$source$/", "=~ /^.*$/"),
            ("${source} ${source:regex} [[source]]", ".* .* .*"),
            (
                "$source_port $timeFilter ${__interval}",
                "$source_port $timeFilter ${__interval}",
            ),
            ("x[1] $ ${open", "x[1] $ ${open"),
        ];
        for (query, expected) in table {
            assert_eq!(substitute(query, &variables), expected);
        }
    }
}
