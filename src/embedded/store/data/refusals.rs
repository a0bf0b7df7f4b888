//! What is said of the points of a body that are not stored, in InfluxDB's words.

use super::super::column::Kind;
use super::super::line::BadLine;
use super::error::WriteError;

/// So many bad lines are named in a message; a body may have a million of them.
const MOST_NAMED: usize = 100;

/// What was wrong with a body.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Points that are stored.
    pub(super) points: usize,
    dropped: usize,
    /// The one that is named.
    reason: Option<Reason>,
    bad_lines: usize,
    named: Vec<String>,
}

/// Why a sound line is not stored. The first of the lowest rank is named: InfluxDB checks all points for one reason after
/// the other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("invalid tag key: input tag \"time\" on measurement \"{measurement}\" is invalid")]
    TagTime { measurement: String },
    #[error("max-series-per-database limit exceeded: ({most})")]
    TooManySeries { most: usize },
    /// InfluxDB has no such limit.
    #[error("max-fields-per-database limit exceeded: ({most})")]
    TooManyFields { most: usize },
    #[error("invalid field name: input field \"time\" on measurement \"{measurement}\" is invalid")]
    FieldTime { measurement: String },
    #[error(
        "field type conflict: input field \"{field}\" on measurement \"{measurement}\" is type {}, already exists as type {}",
        name(*kind),
        name(*known)
    )]
    Conflict {
        measurement: String,
        field: String,
        kind: Kind,
        known: Kind,
    },
}

impl Reason {
    fn rank(&self) -> u8 {
        match self {
            Self::TagTime { .. } => 0,
            Self::TooManySeries { .. } => 1,
            Self::FieldTime { .. } | Self::Conflict { .. } | Self::TooManyFields { .. } => 2,
        }
    }
}

impl Refusals {
    pub(super) fn bad_line(&mut self, line: &BadLine<'_>) {
        self.bad_lines += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(line.to_string());
        }
    }

    pub(super) fn drop_point(&mut self, reason: Reason) {
        self.dropped += 1;
        if self
            .reason
            .as_ref()
            .is_none_or(|named| reason.rank() < named.rank())
        {
            self.reason = Some(reason);
        }
    }

    /// What the writer of the body is told, once its points are stored.
    pub(super) fn verdict(self) -> Result<(), WriteError> {
        if let Some(reason) = &self.reason {
            let message = format!("partial write: {reason} dropped={}", self.dropped);
            return Err(WriteError::Partial { message });
        }
        if self.bad_lines == 0 {
            return Ok(());
        }
        let mut lines = self.named.join("\n");
        if self.bad_lines > self.named.len() {
            let more = self.bad_lines - self.named.len();
            lines = format!("{lines}\nand {more} more lines");
        }
        if self.points == 0 {
            return Err(WriteError::Invalid(lines));
        }
        let message = format!("partial write: {lines} dropped=0");
        Err(WriteError::Partial { message })
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Float => "float",
        Kind::Integer => "integer",
        Kind::Text => "string",
        Kind::Boolean => "boolean",
    }
}
