//! Bounded waiting: try again until it works or the time is up; decides nothing about what is worth another try.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::ProvisionError;

/// How long to wait for Grafana's plugin and data source, and how long between two tries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) limit: Duration,
    pub(super) pause: Duration,
}

/// A try that failed.
pub(super) enum Failed {
    /// Worth another try while there is time; the error stands when there is none left.
    ForNow(ProvisionError),
    ForGood(ProvisionError),
}

/// Errors that came up on the way, such as wrong credentials, are final.
impl From<ProvisionError> for Failed {
    fn from(error: ProvisionError) -> Self {
        Self::ForGood(error)
    }
}

impl Patience {
    /// The first success, or the last error when the time is up.
    pub(super) async fn retry<T>(
        self,
        mut attempt: impl AsyncFnMut() -> Result<T, Failed>,
    ) -> Result<T, ProvisionError> {
        let deadline = Instant::now() + self.limit;
        loop {
            match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(Failed::ForGood(error)) => return Err(error),
                Err(Failed::ForNow(error)) if Instant::now() + self.pause > deadline => return Err(error),
                Err(Failed::ForNow(_)) => sleep(self.pause).await,
            }
        }
    }
}
