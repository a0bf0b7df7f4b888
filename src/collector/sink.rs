//! Where points end up: an InfluxDB, or a file or stream of line protocol; keeps nothing and repeats nothing.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::influx::{Client, InfluxError};

use super::batch::{Batch, Encoding};
use super::line_file::LineFile;
use super::scrape::in_one_line;

pub(crate) enum Sink {
    Influx(Client),
    File(LineFile),
    /// Standard output.
    Lines(Box<dyn AsyncWrite + Send + Unpin>),
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Written,
    /// Try the same batch again later.
    Retry(String),
    /// Try it again in smaller parts.
    TooLarge,
    /// Of the batch's points, this many are lost.
    Rejected {
        points: u64,
        reason: String,
    },
    /// Nothing can be written any more.
    Closed(String),
}

impl Sink {
    /// How this sink takes its lines.
    pub(super) fn encoding(&self) -> Encoding {
        match self {
            Self::Influx(_) => Encoding::Gzip,
            Self::File(_) | Self::Lines(_) => Encoding::Plain,
        }
    }

    pub(super) async fn write(&mut self, batch: &Batch) -> Outcome {
        match self {
            Self::Influx(client) => match client.write(batch.body.clone()).await {
                Ok(()) => Outcome::Written,
                Err(error) => refused(client, batch, &error).await,
            },
            Self::File(file) => match file.append(batch.body.clone()).await {
                Ok(()) => Outcome::Written,
                Err(error) => Outcome::Retry(format!("cannot write {}: {error}", file.path().display())),
            },
            Self::Lines(stream) => match write_and_flush(stream, &batch.body).await {
                Ok(()) => Outcome::Written,
                Err(error) => Outcome::Closed(error.to_string()),
            },
        }
    }
}

async fn write_and_flush(stream: &mut (dyn AsyncWrite + Send + Unpin), body: &[u8]) -> io::Result<()> {
    stream.write_all(body).await?;
    stream.flush().await
}

async fn refused(client: &Client, batch: &Batch, error: &InfluxError) -> Outcome {
    let reason = in_one_line(error);
    match error {
        InfluxError::TooLarge => Outcome::TooLarge,
        // Somebody dropped the database; without it, what follows would be lost too.
        InfluxError::DatabaseMissing { .. } => match client.prepare().await {
            Ok(()) => Outcome::Retry(reason),
            Err(error) if error.is_retryable() || error.is_bucket_missing() => {
                Outcome::Retry(in_one_line(&error))
            }
            Err(error) => Outcome::Rejected {
                points: batch.points,
                reason: format!("{reason}, and it cannot be created: {}", in_one_line(&error)),
            },
        },
        // A password that was changed, a token that ran out, a proxy in between: somebody mends it, and points wait for that.
        InfluxError::BucketMissing { .. } | InfluxError::Unauthorized { .. } => Outcome::Retry(reason),
        InfluxError::Rejected { status, .. } if matches!(status.as_u16(), 404 | 405 | 407) => {
            Outcome::Retry(reason)
        }
        InfluxError::Partial { dropped, .. } => Outcome::Rejected {
            points: (*dropped).clamp(1, batch.points.max(1)),
            reason,
        },
        error if error.is_retryable() => Outcome::Retry(reason),
        _ => Outcome::Rejected {
            points: batch.points,
            reason,
        },
    }
}
