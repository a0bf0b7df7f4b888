//! Two stored runs side by side, as data, text, JSON, Markdown and one HTML page; compares nothing itself.

mod answer;
mod html;
mod markdown;
mod text;
mod unlike;

use serde::Serialize;
use serde_json::{Value, json};

use crate::experiment::Compared;
use crate::report::number;

/// What was compared. A run's report is that of `run`, version 1.
pub(crate) struct Comparison<'a> {
    pub(crate) first: Side<'a>,
    pub(crate) second: Side<'a>,
    pub(crate) compared: &'a [Compared],
    /// What compares them again.
    pub(crate) command: &'a str,
}

pub(crate) struct Side<'a> {
    /// The run's directory, as it was named.
    pub(crate) place: &'a str,
    pub(crate) report: &'a Value,
}

/// A figure of a phase in both runs, in words.
#[derive(Debug, Serialize)]
struct Row {
    phase: String,
    figure: &'static str,
    first: String,
    second: String,
    difference: String,
    differs: bool,
}

impl Comparison<'_> {
    /// `What differs between …?`
    fn question(&self) -> String {
        let [one, two] = [&self.first, &self.second].map(Side::title);
        match one == two {
            true => format!("What differs between two runs of “{one}”?"),
            false => format!("What differs between “{one}” and “{two}”?"),
        }
    }

    /// Keys are only ever added.
    pub(crate) fn json(&self) -> String {
        let rows = self.compared.iter().map(|one| {
            let mut row = json!(one);
            row["differs"] = json!(one.differs());
            row
        });
        let side =
            |side: &Side<'_>| json!({"run": side.place, "title": side.title(), "manifest": side.manifest()});
        let document = json!({
            "version": 1,
            "question": self.question(),
            "answer": self.answer(),
            "compared": rows.collect::<Vec<_>>(),
            "unlike": self.unlike(),
            "first": side(&self.first),
            "second": side(&self.second),
            "command": self.command,
        });
        format!("{document:#}\n")
    }

    fn rows(&self) -> Vec<Row> {
        let row = |one: &Compared| Row {
            phase: one.phase.clone(),
            figure: one.figure,
            first: written(one, one.first),
            second: written(one, one.second),
            difference: difference(one),
            differs: one.differs(),
        };
        self.compared.iter().map(row).collect()
    }
}

impl Side<'_> {
    fn title(&self) -> &str {
        self.report["title"].as_str().unwrap_or("?")
    }

    fn manifest(&self) -> &Value {
        &self.report["manifest"]
    }

    /// `2026-11-29T14:13:51Z, engine local, uWSGI 2.0.30`.
    fn made(&self) -> String {
        let of = |key: &str| self.manifest()[key].as_str().unwrap_or("?");
        format!("{}, engine {}, uWSGI {}", of("began"), of("engine"), of("uwsgi"))
    }
}

fn written(one: &Compared, value: f64) -> String {
    match one.figure {
        _ if one.is_time() => number::latency(value),
        "rss" => number::bytes(value),
        _ => number::rate(value),
    }
}

fn signed(one: &Compared, value: f64) -> String {
    match value < 0.0 {
        true => format!("-{}", written(one, -value)),
        false => format!("+{}", written(one, value)),
    }
}

fn difference(one: &Compared) -> String {
    let interval = format!("{} to {}", signed(one, one.low), signed(one, one.high));
    match one.differs() {
        true => interval,
        false => format!("none that shows ({interval})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(phase: &str, figure: &'static str, [first, second, low, high]: [f64; 4]) -> Compared {
        Compared {
            phase: phase.to_owned(),
            figure,
            first,
            second,
            low,
            high,
        }
    }

    fn report(title: &str, ini: &str) -> Value {
        let curve = json!([[0.0, 900], [50.0, 1000], [100.0, 2000]]);
        json!({
            "title": title,
            "phases": [{"name": "calm", "latency": curve, "service": curve}],
            "manifest": {"engine": "local", "uwsgi": "2.0.30", "began": "now", "uwsgi_ini": ini, "command": "uwsgi-lab run x"},
        })
    }

    fn with(compared: &[Compared], check: impl FnOnce(&Comparison<'_>)) {
        let (one, two) = (report("A & B", "processes = 4"), report("A & B", "processes = 8"));
        check(&Comparison {
            first: Side {
                place: "one",
                report: &one,
            },
            second: Side {
                place: "two",
                report: &two,
            },
            compared,
            command: "uwsgi-lab compare one two",
        });
    }

    #[test]
    fn the_answer_names_what_differs_most_or_says_that_nothing_does() {
        let same = compared("calm", "p50", [1000.0, 1010.0, -20.0, 40.0]);
        let more = compared("calm", "rate", [32.0, 40.0, 7.0, 9.0]);
        let much = compared("calm", "p99", [2e6, 1e6, -1.2e6, -0.8e6]);
        with(std::slice::from_ref(&same), |comparison| {
            assert_eq!(
                comparison.answer(),
                "Nothing differs by more than chance, in 1 figure of 1 phase."
            );
        });
        with(&[same, more, much], |comparison| {
            assert_eq!(
                comparison.answer(),
                "2 of 3 figures differ by more than chance: in calm p99 went from 2.00s to 1.00s (-1.20s to -800.00ms), in calm \
                 rate went from 32 to 40 (+7 to +9)."
            );
        });
    }

    #[test]
    fn the_page_and_the_markdown_tell_the_same_and_need_nothing_else() {
        with(
            &[compared("calm", "p50", [1000.0, 1100.0, 60.0, 140.0])],
            |comparison| {
                let (page, markdown) = (comparison.html().unwrap(), comparison.markdown());
                for text in [
                    "1.00ms",
                    "1.10ms",
                    "+60.00us to +140.00us",
                    "first only: processes = 4",
                    "uwsgi-lab compare one two",
                ] {
                    assert!(
                        page.contains(text) && markdown.contains(text),
                        "{text}: {markdown}"
                    );
                }
                assert!(
                    page.contains("A &amp; B") && page.contains("<svg") && !page.contains("http"),
                    "{page}"
                );
            },
        );
    }
}
