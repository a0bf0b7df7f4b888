//! A database at one moment, as tables that queries read while writes go on.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::super::column::{Column, Kind, ReadError, Series, Tables, TimeRange};
use super::columns::column;
use super::database::Shared;
use super::file::FileError;
use super::pace::{GATHERED_BYTES, Pace};
use super::pieces::{Gathered, Piece, Pieces, Wanted};
use super::view::{Measurement, View};

/// Many series are read at once where at least each of so many that lie between them in the file is asked for.
const SPARSEST: u64 = 8;

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

    fn columns(
        &self,
        measurement: &str,
        series: &[Arc<Series>],
        field: &str,
        range: TimeRange,
        each: &mut dyn FnMut(usize, Column) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let Some(measurement) = self.measurement(measurement) else {
            return Ok(());
        };
        let Some(field) = measurement.field(field) else {
            return Ok(());
        };
        let head = |series: &Series| self.view.heads.get(&series.id).map(|head| &**head);
        let wanted = Wanted {
            measurement: measurement.id,
            field: field.id,
            range,
        };
        let mut give = |index: usize, all: &Pieces, pieces: &[Piece]| {
            let column = column(all, pieces, head(&series[index]), wanted, field.kind);
            let column = column.map_err(|error| self.fault(error.into()))?;
            if column.times.is_empty() {
                Ok(())
            } else {
                each(index, column)
            }
        };
        let mut pace = Pace::new(series.len());
        while let Some(places) = pace.next() {
            if places.len() == 1 {
                let pieces = self.pieces(series[places.start].id, wanted)?;
                give(places.start, &pieces, pieces.all())?;
                pace.took(&places, pieces.size());
            } else if let Some(gathered) = self.gather(&series[places.clone()], wanted)? {
                for (offset, index) in places.clone().enumerate() {
                    give(index, &gathered.pieces, gathered.of(offset))?;
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

    fn pieces(&self, series: u64, wanted: Wanted) -> Result<Pieces, ReadError> {
        self.read(|connection| Pieces::of_one(connection, series, wanted))
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
