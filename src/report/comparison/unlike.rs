//! What is not alike about how two runs were made.

use serde_json::Value;

use super::Comparison;

impl Comparison<'_> {
    /// Lines of uWSGI's configuration that only one run had, and what else was another.
    pub(super) fn unlike(&self) -> Vec<String> {
        let (first, second) = (self.first.manifest(), self.second.manifest());
        let mut lines = Vec::new();
        for key in ["engine", "uwsgi", "tool", "seed", "machine", "app"] {
            if first[key] != second[key] {
                lines.push(format!("{key}: {} and {}", first[key], second[key]));
            }
        }
        let (one, two) = (ini(first), ini(second));
        let only = |name: &str, these: &[String], those: &[String]| -> Vec<String> {
            let only = these.iter().filter(|line| !those.contains(line));
            only.map(|line| format!("{name} only: {line}")).collect()
        };
        lines.extend(only("first", &one, &two));
        lines.extend(only("second", &two, &one));
        lines
    }
}

fn ini(manifest: &Value) -> Vec<String> {
    let text = manifest["uwsgi_ini"].as_str().unwrap_or_default();
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}
