//! A database at one moment, as tables that queries read while writes go on.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::super::column::{End, Kind, ReadError, Series, Tables, Take, TimeRange};
use super::database::Shared;
use super::encoding::Undecodable;
use super::file::FileError;
use super::pace::{GATHERED_BYTES, Pace};
use super::parts;
use super::pieces::{Gathered, Pieces, Wanted};
use super::reading::Reading;
use super::view::{Measurement, View};

/// Many series are read at once where at least each of so many that lie between them in the file is asked for.
const SPARSEST: u64 = 8;
/// So many bytes of one series are read from the file at once, about.
const ALONE_BYTES: usize = 4_000_000;

/// Holds a read transaction of its own, so that blocks and heads are those of one moment.
#[derive(Debug)]
pub(in super::super) struct Snapshot {
    view: View,
    /// `None` only while it is given back.
    connection: Mutex<Option<Connection>>,
    shared: Arc<Shared>,
}

impl Snapshot {
    pub(super) fn take(shared: &Arc<Shared>) -> Result<Self, FileError> {
        let connection = shared.reader()?;
        let shown = shared.view.read().unwrap_or_else(PoisonError::into_inner);
        connection.execute_batch("BEGIN")?;
        // The transaction begins with the first thing that is read.
        connection.query_row("SELECT 1 FROM database", (), |_| Ok(()))?;
        let view = shown.clone();
        drop(shown);
        Ok(Self {
            view,
            connection: Mutex::new(Some(connection)),
            shared: Arc::clone(shared),
        })
    }

    fn measurement(&self, name: &str) -> Option<&Measurement> {
        self.view
            .measurements
            .get(name)
            .map(|measurement| &**measurement)
            .filter(|measurement| !measurement.series.is_empty())
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let connection = self
            .connection
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(connection) = connection
            && connection.execute_batch("ROLLBACK").is_ok()
        {
            self.shared.give_back(connection);
        }
    }
}

impl Tables for Snapshot {
    fn measurements(&self) -> Vec<String> {
        let measurements = self.view.measurements.iter();
        measurements
            .filter(|(_, measurement)| !measurement.series.is_empty())
            .map(|(name, _)| name.to_string())
            .collect()
    }

    fn fields(&self, measurement: &str) -> Vec<(String, Kind)> {
        let Some(measurement) = self.measurement(measurement) else {
            return Vec::new();
        };
        let fields = measurement.fields.iter();
        let mut fields: Vec<_> = fields.map(|field| (field.name.to_string(), field.kind)).collect();
        fields.sort_by(|left, right| left.0.cmp(&right.0));
        fields
    }

    fn series(&self, measurement: &str) -> Vec<Arc<Series>> {
        self.measurement(measurement)
            .map_or_else(Vec::new, |measurement| measurement.series.sorted().to_vec())
    }

    fn part(
        &self,
        measurement: &str,
        series: &Series,
        range: TimeRange,
        end: End,
        rows: usize,
    ) -> Result<TimeRange, ReadError> {
        let Some(measurement) = self.measurement(measurement) else {
            return Ok(range);
        };
        self.read(|connection| parts::part(connection, measurement.id, series.id, range, end, rows))
    }

    fn columns(
        &self,
        measurement: &str,
        series: &[Arc<Series>],
        field: &str,
        range: TimeRange,
        take: &mut dyn Take,
    ) -> Result<(), ReadError> {
        let Some(measurement) = self.measurement(measurement) else {
            return Ok(());
        };
        let Some(field) = measurement.field(field) else {
            return Ok(());
        };
        let wanted = Wanted {
            measurement: measurement.id,
            field: field.id,
            range,
        };
        let reading = |index: usize| {
            let head = self.view.heads.get(&series[index].id);
            Reading::new(index, wanted, field.kind, head.map(|head| &**head))
        };
        let fault = |error: Undecodable| self.fault(error.into());
        let mut pace = Pace::new(series.len());
        while let Some(places) = pace.next() {
            if places.len() == 1 {
                let bytes = self.read_alone(&series[places.start], &reading(places.start), wanted, take)?;
                pace.took(&places, bytes);
            } else if let Some(gathered) = self.gather(&series[places.clone()], wanted)? {
                for (offset, index) in places.clone().enumerate() {
                    let pieces = gathered.of(offset);
                    reading(index).hand_on(&gathered.pieces, pieces, range, take, &fault)?;
                }
                pace.took(&places, gathered.pieces.size());
            } else {
                pace.one_by_one(&places);
            }
        }
        Ok(())
    }
}

impl Snapshot {
    fn fault(&self, error: FileError) -> ReadError {
        ReadError::File(Box::new(error.at(&self.shared.path)))
    }

    /// Reads one series, as many of its pieces at once as fit into memory; tells how many bytes they were.
    fn read_alone(
        &self,
        series: &Series,
        reading: &Reading<'_>,
        mut wanted: Wanted,
        take: &mut dyn Take,
    ) -> Result<usize, ReadError> {
        let fault = |error: Undecodable| self.fault(error.into());
        let mut bytes = 0;
        loop {
            let (pieces, next) =
                self.read(|connection| Pieces::of_one(connection, series.id, wanted, ALONE_BYTES))?;
            let mut range = wanted.range;
            range.to = next.map_or(range.to, |next| next - 1);
            reading.hand_on(&pieces, pieces.all(), range, take, &fault)?;
            bytes += pieces.size();
            let Some(next) = next else { return Ok(bytes) };
            wanted.range.from = next;
        }
    }

    /// The pieces of all these series; `None` where they are better read one by one.
    fn gather(&self, series: &[Arc<Series>], wanted: Wanted) -> Result<Option<Gathered>, ReadError> {
        let ids = series.iter().map(|series| series.id);
        let (Some(first), Some(last)) = (ids.clone().min(), ids.max()) else {
            return Ok(None);
        };
        if (last - first) / SPARSEST > series.len() as u64 {
            return Ok(None);
        }
        self.read(|connection| Gathered::read(connection, series, wanted, GATHERED_BYTES * 2))
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, FileError>) -> Result<T, ReadError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = connection.as_ref().ok_or(FileError::Damaged("it was closed"));
        connection.and_then(read).map_err(|error| self.fault(error))
    }
}
