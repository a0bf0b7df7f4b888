//! Two runs side by side, as text for a terminal.

use std::fmt::Write as _;

use super::Comparison;

impl Comparison<'_> {
    /// What was compared, what is not alike about how the runs were made, and the answer.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        for (name, side) in [("first ", &self.first), ("second", &self.second)] {
            writeln!(out, "{name}  {}: {}", side.title(), side.made()).ok();
        }
        for line in self.unlike() {
            writeln!(out, "  {line}").ok();
        }
        writeln!(
            out,
            "\n{:22}{:12}{:>12}{:>12}   difference, with 95 % confidence",
            "phase", "figure", "first", "second"
        )
        .ok();
        for row in self.rows() {
            writeln!(
                out,
                "{:22}{:12}{:>12}{:>12}   {}",
                row.phase, row.figure, row.first, row.second, row.difference
            )
            .ok();
        }
        writeln!(out, "\n{}", self.answer()).ok();
        out
    }
}
