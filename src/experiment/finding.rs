//! A scenario's finding: a sentence with places for figures, as in `p99 was {calm: p99}`; how a figure is written, others say.

use super::expectation::ExpectationError;
use super::figures::Known;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Figure {
        /// Of the whole run where it is None.
        phase: Option<String>,
        figure: String,
    },
}

/// Why a text is no finding, and the part of it that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source}")]
pub(super) struct FindingError {
    pub(super) part: String,
    source: FindingProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum FindingProblem {
    #[error("a `{{` has no `}}` after it")]
    Open,
    #[error("there is no phase `{0}`")]
    Phase(String),
    #[error(transparent)]
    Figure(#[from] ExpectationError),
}

impl Finding {
    /// `is_phase` tells which names phases have.
    ///
    /// # Errors
    /// A place that is not closed, or that names a phase or a figure that there is not.
    pub(super) fn parse(text: &str, is_phase: impl Fn(&str) -> bool) -> Result<Self, FindingError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let wrong = |part: &str, source| FindingError {
                part: part.to_owned(),
                source,
            };
            let (place, left) = after
                .split_once('}')
                .ok_or_else(|| wrong(&rest[before.len()..], FindingProblem::Open))?;
            parts.push(Part::Text(before.to_owned()));
            let (phase, figure) = match place.rsplit_once(':') {
                Some((phase, figure)) => (Some(phase.trim().to_owned()), figure.trim()),
                None => (None, place.trim()),
            };
            if let Some(unknown) = phase.as_deref().filter(|name| !is_phase(name)) {
                return Err(wrong(place, FindingProblem::Phase(unknown.to_owned())));
            }
            if Known::of(figure).is_none() {
                return Err(wrong(place, ExpectationError::unknown(figure).into()));
            }
            parts.push(Part::Figure {
                phase,
                figure: figure.to_owned(),
            });
            rest = left;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The sentence; `write` gives a figure of a phase, or of the whole run, in words.
    pub(crate) fn text(&self, write: impl Fn(Option<&str>, &str) -> String) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Figure { phase, figure } => write(phase.as_deref(), figure),
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_take_their_places_and_what_is_none_is_refused() {
        let parse = |text: &str| Finding::parse(text, |name| name == "calm");
        let finding = parse("p99 was {calm: p99}, {max(queue)} waited.").unwrap();
        let write = |phase: Option<&str>, figure: &str| format!("<{}/{figure}>", phase.unwrap_or("all"));
        assert_eq!(
            finding.text(write),
            "p99 was <calm/p99>, <all/max(queue)> waited."
        );
        for (text, part, message) in [
            ("a {p99", "{p99", "a `{` has no `}` after it"),
            ("{gale: p99}", "gale: p99", "there is no phase `gale`"),
            ("{bussy}", "bussy", "there is no figure `bussy`; there are busy"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.part, part);
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }
}
