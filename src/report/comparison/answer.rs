//! What of two runs differs, in a sentence.

use crate::experiment::Compared;
use crate::report::number;

use super::{Comparison, difference, written};

/// More are counted, and stand in the table.
const MOST_NAMED: usize = 3;

impl Comparison<'_> {
    /// The greatest differences, in parts of what the first run had, or that there are none.
    pub(super) fn answer(&self) -> String {
        let mut differing: Vec<&Compared> = self.compared.iter().filter(|one| one.differs()).collect();
        let figures = number::counted(self.compared.len() as u64, "figure");
        if differing.is_empty() {
            let mut phases: Vec<&str> = self.compared.iter().map(|one| one.phase.as_str()).collect();
            phases.dedup();
            let phases = number::counted(phases.len() as u64, "phase");
            return format!("Nothing differs by more than chance, in {figures} of {phases}.");
        }
        differing.sort_by(|one, other| part(other).total_cmp(&part(one)));
        let named = differing.iter().take(MOST_NAMED).map(|one| {
            format!(
                "in {} {} went from {} to {} ({})",
                one.phase,
                one.figure,
                written(one, one.first),
                written(one, one.second),
                difference(one)
            )
        });
        let named = named.collect::<Vec<_>>().join(", ");
        let verb = if differing.len() == 1 { "differs" } else { "differ" };
        let more = match differing.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        format!(
            "{} of {figures} {verb} by more than chance: {named}{more}.",
            differing.len()
        )
    }
}

/// How many times the lesser of the two the difference is.
fn part(one: &Compared) -> f64 {
    (one.second - one.first).abs() / one.first.abs().min(one.second.abs()).max(f64::MIN_POSITIVE)
}
