//! What DELETE and DROP take out of a database's file. Heads are sealed before, so that all rows are in blocks.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::super::column::TimeRange;
use super::blocks::{self, Owner};
use super::catalogue::{Catalogue, Entry};
use super::file::FileError;

/// What is to be removed of a measurement.
#[derive(Debug)]
pub(super) enum Removal {
    All,
    Series(Vec<u64>),
    /// Series that are left without points go too.
    Points(Vec<u64>, TimeRange),
}

/// Series that are gone: their ids and canonical keys.
pub(super) type Gone = Vec<(u64, Box<[u8]>)>;

/// Removes series of a measurement, or points of them. The caller commits, and then forgets the series that are returned.
pub(super) fn remove_series(
    connection: &Connection,
    measurement: u32,
    entry: &Entry,
    series: &[u64],
    range: Option<TimeRange>,
) -> Result<Gone, FileError> {
    let mut gone = Gone::new();
    let mut find = connection.prepare("SELECT key FROM series WHERE id = ?1 AND measurement = ?2")?;
    let mut forget = connection.prepare("DELETE FROM series WHERE id = ?1")?;
    for series in series.iter().collect::<HashSet<_>>() {
        let mut found = find.query(params![series, measurement])?;
        let Some(row) = found.next()? else {
            continue;
        };
        let key: Vec<u8> = row.get(0)?;
        let owner = Owner {
            measurement,
            entry,
            series: *series,
        };
        let emptied = match range {
            None => true,
            Some(range) => remove_points(connection, owner, range)?,
        };
        if emptied {
            blocks::remove_all(connection, owner)?;
            forget.execute([series])?;
            gone.push((*series, key.into()));
        }
    }
    Ok(gone)
}

/// Removes the points within the range and tells whether none is left.
fn remove_points(connection: &Connection, owner: Owner<'_>, range: TimeRange) -> Result<bool, FileError> {
    for block in blocks::around(connection, owner, range.from, range.to)? {
        if block.last < range.from {
            continue;
        }
        let rows = blocks::load(connection, owner, block)?;
        let start = rows.times.partition_point(|time| *time < range.from);
        let end = rows.times.partition_point(|time| *time <= range.to);
        blocks::remove(connection, owner, block)?;
        blocks::store(connection, owner, &rows.slice(0..start))?;
        blocks::store(connection, owner, &rows.slice(end..rows.times.len()))?;
    }
    let all = blocks::around(connection, owner, i64::MAX, i64::MAX)?;
    Ok(all.is_empty())
}

/// Removes a measurement with its fields, series and points.
pub(super) fn remove_measurement(
    connection: &Connection,
    measurement: u32,
    entry: &Entry,
) -> Result<(), FileError> {
    let mut chunks = connection.prepare("DELETE FROM chunk WHERE field = ?1")?;
    chunks.execute([measurement])?;
    for field in &entry.fields {
        chunks.execute([field.id])?;
    }
    connection.execute("DELETE FROM series WHERE measurement = ?1", [measurement])?;
    connection.execute("DELETE FROM field WHERE measurement = ?1", [measurement])?;
    connection.execute("DELETE FROM measurement WHERE id = ?1", [measurement])?;
    Ok(())
}

/// Keeps ids of what is removed from being given again.
pub(super) fn keep_last_ids(connection: &Connection, catalogue: &Catalogue) -> Result<(), FileError> {
    let last = catalogue.last;
    connection.execute(
        "UPDATE database SET last_field = ?1, last_series = ?2",
        params![last.field, last.series],
    )?;
    Ok(())
}

/// Whether a measurement has no series left.
pub(super) fn has_no_series(connection: &Connection, measurement: u32) -> Result<bool, FileError> {
    let mut statement = connection.prepare("SELECT 1 FROM series WHERE measurement = ?1 LIMIT 1")?;
    Ok(!statement.exists([measurement])?)
}
