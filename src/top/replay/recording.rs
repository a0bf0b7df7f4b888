//! What a lab's InfluxDB has kept, read piece by piece; knows no terminal.

use jiff::Timestamp;

use crate::influx::{Client, InfluxError};

use super::super::reading::Reading;
use super::parts::{MEASUREMENTS, Pieces, micros, rows};

/// The stored readings of a lab's servers.
#[derive(Debug)]
pub(crate) struct Recording {
    client: Client,
    /// The `source` tag of each server, in the order in which they are shown.
    sources: Vec<String>,
}

impl Recording {
    pub(crate) fn new(client: Client, sources: Vec<String>) -> Self {
        Self { client, sources }
    }

    /// When the first reading at or after `from_us` was made (µs since the Unix epoch); None if there is none.
    pub(crate) async fn first(&self, from_us: u64) -> Result<Option<u64>, InfluxError> {
        let from = time(from_us);
        let query = format!("SELECT up FROM uwsgi_summary WHERE time >= '{from}' ORDER BY time LIMIT 1");
        let answer = self.client.query(&query).await?;
        let first = rows(&answer).into_iter().next();
        Ok(first.and_then(|row| micros(row.get("time")?.as_str()?)))
    }

    /// The readings from `from_us` on and before `until_us`, in the order of time, each with its server's place.
    pub(crate) async fn between(
        &self,
        from_us: u64,
        until_us: u64,
    ) -> Result<Vec<(usize, Reading)>, InfluxError> {
        let (from, until) = (time(from_us), time(until_us));
        let mut pieces = Pieces::default();
        for measurement in MEASUREMENTS {
            let query = format!("SELECT * FROM {measurement} WHERE time >= '{from}' AND time < '{until}'");
            pieces.add(measurement, &self.client.query(&query).await?);
        }
        Ok(pieces.readings(&self.sources))
    }
}

/// As InfluxQL takes it. Times beyond what can be written are none that anything was stored at.
fn time(at_us: u64) -> String {
    let micros = i64::try_from(at_us).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros)
        .unwrap_or(Timestamp::MAX)
        .to_string()
}
