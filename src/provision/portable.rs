//! A dashboard as it is kept in a file: nothing that one Grafana alone knows, and keys in an order that stays. Pure.

use serde_json::{Map, Value};

use super::reference;

/// Given by each Grafana anew, or counted with each save.
const VOLATILE: [&str; 3] = ["id", "version", "iteration"];
/// By one of these the members of a list are known again when their order has changed.
const NAMES: [&str; 4] = ["id", "refId", "name", "title"];

/// Without what differs between two Grafanas that show the same. Data sources that are the lab's are named in one way.
pub(super) fn portable(model: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = model.clone();
    for key in VOLATILE {
        kept.shift_remove(key);
    }
    reference::unify(&mut kept);
    kept
}

/// The file's text, with a line end. Keys stand in the order of `like`, the file as it was; new keys follow by name,
/// because Grafana itself keeps no order.
pub(super) fn text(model: &Map<String, Value>, like: Option<&Map<String, Value>>) -> String {
    let ordered = Value::Object(in_order(model, like));
    // `#` asks for indentation by two spaces
    format!("{ordered:#}\n")
}

fn in_order(object: &Map<String, Value>, like: Option<&Map<String, Value>>) -> Map<String, Value> {
    let known = like.into_iter().flat_map(Map::keys);
    let known: Vec<&String> = known.filter(|key| object.contains_key(*key)).collect();
    let mut new: Vec<&String> = object.keys().filter(|key| !known.contains(key)).collect();
    new.sort();
    let keys = known.into_iter().chain(new);
    keys.map(|key| {
        let before = like.and_then(|like| like.get(key));
        (key.clone(), ordered(&object[key], before))
    })
    .collect()
}

fn ordered(value: &Value, like: Option<&Value>) -> Value {
    match value {
        Value::Object(object) => Value::Object(in_order(object, like.and_then(Value::as_object))),
        Value::Array(list) => {
            let before = like.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let members = list.iter().enumerate();
            Value::Array(
                members
                    .map(|(at, one)| ordered(one, counterpart(one, at, before)))
                    .collect(),
            )
        }
        plain => plain.clone(),
    }
}

/// The member of the old list that has the same name, else the one in the same place.
fn counterpart<'a>(member: &Value, at: usize, before: &'a [Value]) -> Option<&'a Value> {
    let name = NAMES
        .into_iter()
        .find_map(|key| Some((key, member.get(key).filter(|value| !value.is_null())?)));
    match name {
        Some((key, value)) => before.iter().find(|other| other.get(key) == Some(value)),
        None => before.get(at),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn what_one_grafana_alone_knows_is_not_kept() {
        let model = object(json!({
            "id": 7, "version": 3, "iteration": 1_600_000_000, "uid": "u", "title": "t",
            "panels": [{ "id": 1, "datasource": "uwsgi-lab InfluxDB" }],
        }));
        let expected = json!({
            "uid": "u", "title": "t",
            "panels": [{ "id": 1, "datasource": { "type": "influxdb", "uid": "uwsgi-lab-influxdb" } }],
        });
        assert_eq!(Value::Object(portable(&model)), expected);
    }

    #[test]
    fn keys_keep_the_order_of_the_file_and_new_ones_follow_by_name() {
        let like = object(json!({
            "title": "t", "gone": 1, "panels": [{ "title": "a", "id": 2, "b": 1 }, { "id": 3, "title": "b" }],
        }));
        let edited = object(json!({
            "a": 1, "panels": [{ "id": 3, "title": "B", "z": 1, "y": 2 }, { "b": 2, "id": 2, "title": "a" }],
            "title": "t", "A": 2,
        }));
        let expected = concat!(
            "{\n  \"title\": \"t\",\n  \"panels\": [\n    {\n      \"id\": 3,\n      \"title\": \"B\",\n      \"y\": 2,\n",
            "      \"z\": 1\n    },\n    {\n      \"title\": \"a\",\n      \"id\": 2,\n      \"b\": 2\n    }\n  ],\n",
            "  \"A\": 2,\n  \"a\": 1\n}\n",
        );
        assert_eq!(text(&edited, Some(&like)), expected);
    }

    #[test]
    fn a_file_that_is_read_and_written_again_is_the_same() {
        let file = include_str!("../../dashboards/uwsgi.json");
        let model: Map<String, Value> = serde_json::from_str(file).unwrap();
        let sorted = in_order(&portable(&model), None);
        assert_ne!(
            sorted.keys().next(),
            model.keys().next(),
            "sorted keys are another order"
        );
        assert_eq!(text(&sorted, Some(&model)), file);
    }
}
