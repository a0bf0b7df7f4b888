//! A database at one moment, as tables that queries read while writes go on.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, params};

use super::super::column::{Column, Kind, ReadError, Series, Tables, TimeRange};
use super::columns::{Piece, column};
use super::database::Shared;
use super::encoding::Undecodable;
use super::file::FileError;
use super::view::{FieldEntry, Measurement, View};

/// The chunks of one field of one series that reach into a range of times. The first one begins before the range or where it
/// begins; whether it reaches into it is not asked here.
const PIECES: &str = "
    SELECT v.last, t.count, t.payload, v.count, v.payload
    FROM chunk v CROSS JOIN chunk t
    WHERE v.field = ?1 AND v.series = ?2
        AND v.first >= coalesce(
            (SELECT max(first) FROM chunk WHERE field = ?1 AND series = ?2 AND first <= ?4), ?4)
        AND v.first <= ?5
        AND t.field = ?3 AND t.series = ?2 AND t.first = v.first
    ORDER BY v.first";

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
        for (index, series) in series.iter().enumerate() {
            let column = self
                .column(measurement.id, series.id, field, range)
                .map_err(|error| ReadError::File(Box::new(error.at(&self.shared.path))))?;
            if !column.times.is_empty() {
                each(index, column)?;
            }
        }
        Ok(())
    }
}

impl Snapshot {
    fn column(
        &self,
        measurement: u32,
        series: u64,
        field: &FieldEntry,
        range: TimeRange,
    ) -> Result<Column, FileError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let pieces = match connection.as_ref() {
            Some(connection) => pieces(connection, measurement, series, field.id, range)?,
            None => Vec::new(),
        };
        drop(connection);
        let head = self.view.heads.get(&series);
        let head = head.map(|head| &**head);
        Ok(column(&pieces, head, field.id, field.kind, range)?)
    }
}

fn pieces(
    connection: &Connection,
    measurement: u32,
    series: u64,
    field: u32,
    range: TimeRange,
) -> Result<Vec<Piece>, FileError> {
    let mut statement = connection.prepare_cached(PIECES)?;
    let mut found = statement.query(params![field, series, measurement, range.from, range.to])?;
    let mut pieces = Vec::new();
    while let Some(row) = found.next()? {
        let last: i64 = row.get(0)?;
        if last < range.from {
            continue;
        }
        pieces.push(Piece {
            time_count: row.get(1)?,
            times: row.get_ref(2)?.as_blob().or(Err(Undecodable))?.to_vec(),
            value_count: row.get(3)?,
            values: row.get_ref(4)?.as_blob().or(Err(Undecodable))?.to_vec(),
        });
    }
    Ok(pieces)
}
