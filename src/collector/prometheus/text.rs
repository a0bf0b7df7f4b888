//! Prometheus' text format, version 0.0.4: families of samples, each family whole and in the order first named; knows no uWSGI.

use std::fmt::Write as _;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
}

/// A metric's name, kind and meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
}

/// Samples by family.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    families: Vec<(Family, String)>,
}

impl Exposition {
    /// `labels` as [`label`] writes them, without braces.
    pub(super) fn add(&mut self, family: Family, labels: &str, value: f64) {
        let known = self
            .families
            .iter()
            .position(|(known, _)| known.name == family.name);
        let index = known.unwrap_or_else(|| {
            self.families.push((family, String::new()));
            self.families.len() - 1
        });
        let (_, samples) = &mut self.families[index];
        // Writing to a String cannot fail.
        writeln!(samples, "{}{{{labels}}} {value}", family.name).ok();
    }

    pub(super) fn into_text(self) -> String {
        let mut text = String::new();
        for (family, samples) in self.families {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            let name = family.name;
            writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", family.help).ok();
            text.push_str(&samples);
        }
        text
    }
}

/// Appends `name="value"`, after a comma if something stands before.
pub(super) fn label(labels: &mut String, name: &str, value: &str) {
    if !labels.is_empty() {
        labels.push(',');
    }
    labels.push_str(name);
    labels.push_str("=\"");
    for character in value.chars() {
        match character {
            '\\' => labels.push_str("\\\\"),
            '"' => labels.push_str("\\\""),
            '\n' => labels.push_str("\\n"),
            character => labels.push(character),
        }
    }
    labels.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_whole_wherever_its_samples_were_added() {
        let family = |name| Family {
            name,
            kind: Kind::Gauge,
            help: "What it is.",
        };
        let mut exposition = Exposition::default();
        exposition.add(family("a"), "x=\"1\"", 1.0);
        exposition.add(family("b"), "x=\"1\"", 2.5);
        exposition.add(family("a"), "x=\"2\"", 1e15);
        assert_eq!(
            exposition.into_text(),
            "# HELP a What it is.\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 1000000000000000\n\
             # HELP b What it is.\n# TYPE b gauge\nb{x=\"1\"} 2.5\n"
        );
    }

    #[test]
    fn what_would_end_a_label_is_escaped() {
        let mut labels = String::new();
        label(&mut labels, "a", "1");
        label(&mut labels, "b", "say \"x\\y\"\n");
        assert_eq!(labels, r#"a="1",b="say \"x\\y\"\n""#);
    }
}
