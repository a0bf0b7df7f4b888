//! Fingerprints of a service's settings, so that a change recreates only what it touches and can say what changed.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::compose::Service;

/// A SHA-256 of the whole normalised service, in hexadecimal.
pub(crate) fn hash(service: &Service) -> String {
    hexadecimal(&Sha256::digest(settings(service)))
}

/// One short fingerprint a setting, `key=0123456789ab` joined with commas; it is kept on the container as a
/// label. Values cannot be read back from it: passwords among them are random.
pub(crate) fn settings(service: &Service) -> String {
    // A struct with named fields serialises to an object.
    let Ok(Value::Object(entries)) = serde_json::to_value(service) else {
        return String::new();
    };
    let fingerprints = entries
        .iter()
        .filter(|(key, value)| !is_unset(key, value))
        .map(|(key, value)| {
            let digest = hexadecimal(&Sha256::digest(value.to_string()));
            format!("{key}={}", &digest[..12])
        });
    fingerprints.collect::<Vec<_>>().join(",")
}

/// The settings that differ between two fingerprints, in words.
pub(crate) fn changed_settings(old: &str, new: &str) -> Vec<String> {
    let differs = |one: &str, other: &str| {
        let others: Vec<_> = other.split(',').collect();
        let keys = one
            .split(',')
            .filter(|entry| !entry.is_empty() && !others.contains(entry));
        keys.filter_map(|entry| entry.split('=').next().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let mut changed = differs(old, new);
    changed.extend(differs(new, old));
    changed.sort();
    changed.dedup();
    changed
}

/// Unset settings leave no trace, so that a later version with more settings does not recreate everything.
/// How an image is built is not a setting of the container: the image's id tells.
fn is_unset(key: &str, value: &Value) -> bool {
    let empty = match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty() && !matches!(key, "command" | "entrypoint"),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    };
    empty || matches!(key, "build" | "depends_on")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_changed_settings_are_found_and_nothing_else() {
        let mut service = Service {
            image: Some("a".into()),
            ..Service::default()
        };
        let before = settings(&service);
        service.command = Some(vec!["x".into()]);
        service.image = Some("b".into());
        assert_eq!(
            changed_settings(&before, &settings(&service)),
            ["command", "image"]
        );
        assert_eq!(changed_settings(&before, &before), Vec::<String>::new());
    }

    #[test]
    fn an_emptied_command_is_not_the_image_s_own() {
        let own = Service::default();
        let emptied = Service {
            command: Some(Vec::new()),
            ..Service::default()
        };
        assert_ne!(hash(&own), hash(&emptied));
    }
}
