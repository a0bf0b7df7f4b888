//! Two runs side by side, as Markdown.

use std::fmt::Write as _;

use super::Comparison;

impl Comparison<'_> {
    pub(crate) fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n**{}**\n\n", self.question(), self.answer());
        out.push_str(
            "| phase | figure | first | second | difference, with 95 % confidence |\n|---|---|---|---|---|\n",
        );
        // Writing to a String cannot fail.
        for row in self.rows() {
            let mark = if row.differs { "**" } else { "" };
            writeln!(
                out,
                "| {} | {} | {} | {} | {mark}{}{mark} |",
                row.phase, row.figure, row.first, row.second, row.difference
            )
            .ok();
        }
        let unlike = self.unlike();
        if !unlike.is_empty() {
            out.push_str("\nNot alike in how they were made:\n\n");
        }
        for line in unlike {
            writeln!(out, "- {line}").ok();
        }
        for (name, side) in [("First", &self.first), ("Second", &self.second)] {
            let command = side.manifest()["command"].as_str().unwrap_or("?");
            writeln!(
                out,
                "\n{name}: {}, in {}, made by `{command}`",
                side.made(),
                side.place
            )
            .ok();
        }
        writeln!(out, "\nAgain: `{}`", self.command).ok();
        out
    }
}
