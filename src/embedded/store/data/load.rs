//! Reads a database's catalogue and journal when it is opened, and writes what is new of the catalogue.

use rusqlite::{Connection, params};

use super::super::line::SeriesKey;
use super::catalogue::{Catalogue, Creation, LastIds};
use super::encoding::Undecodable;
use super::file::FileError;
use super::record::{code, kind};
use super::view::{FieldEntry, View};

/// A database in memory, and how many bytes its heads and its journal take, about.
pub(super) struct Loaded {
    pub(super) catalogue: Catalogue,
    pub(super) view: View,
    pub(super) head_bytes: usize,
    pub(super) journal_bytes: usize,
}

pub(super) fn load(connection: &Connection) -> Result<Loaded, FileError> {
    let mut loaded = Loaded {
        catalogue: Catalogue::default(),
        view: View::default(),
        head_bytes: 0,
        journal_bytes: 0,
    };
    loaded.load_measurements(connection)?;
    loaded.load_fields(connection)?;
    loaded.load_series(connection)?;
    loaded.catalogue.last = last_ids(connection)?;
    loaded.replay(connection)?;
    Ok(loaded)
}

impl Loaded {
    fn load_measurements(&mut self, connection: &Connection) -> Result<(), FileError> {
        let mut statement = connection.prepare("SELECT id, name FROM measurement ORDER BY id")?;
        let mut found = statement.query(())?;
        while let Some(row) = found.next()? {
            let name: String = row.get(1)?;
            self.enter(Creation::Measurement {
                id: row.get(0)?,
                name: name.into(),
            });
        }
        Ok(())
    }

    fn load_fields(&mut self, connection: &Connection) -> Result<(), FileError> {
        let mut statement =
            connection.prepare("SELECT id, measurement, name, kind FROM field ORDER BY id")?;
        let mut found = statement.query(())?;
        while let Some(row) = found.next()? {
            let (measurement_id, name, code): (u32, String, u64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let entry = self.catalogue.entry(measurement_id);
            let measurement = entry.map(|entry| entry.name.clone());
            self.enter(Creation::Field {
                measurement_id,
                measurement: measurement.ok_or(FileError::Damaged("a field has no measurement"))?,
                field: FieldEntry {
                    name: name.into(),
                    id: row.get(0)?,
                    kind: kind(code),
                },
            });
        }
        Ok(())
    }

    fn load_series(&mut self, connection: &Connection) -> Result<(), FileError> {
        let mut statement = connection.prepare("SELECT id, measurement, key FROM series ORDER BY id")?;
        let mut found = statement.query(())?;
        while let Some(row) = found.next()? {
            let (id, measurement_id) = (row.get(0)?, row.get(1)?);
            let key = row.get_ref(2)?.as_blob().or(Err(Undecodable))?;
            let parsed =
                SeriesKey::parse(key).or(Err(FileError::Damaged("the key of a series cannot be read")))?;
            let series = self.catalogue.series_of(id, &parsed);
            let entry = self.catalogue.entry(measurement_id);
            let measurement = entry.map(|entry| entry.name.clone());
            self.enter(Creation::Series {
                measurement_id,
                measurement: measurement.ok_or(FileError::Damaged("a series has no measurement"))?,
                series: series.into(),
                key: key.into(),
            });
        }
        Ok(())
    }

    fn enter(&mut self, creation: Creation) {
        self.catalogue.enter(&creation);
        self.view.add(&[creation]);
    }

    fn replay(&mut self, connection: &Connection) -> Result<(), FileError> {
        let mut statement = connection.prepare("SELECT rows FROM journal ORDER BY id")?;
        let mut found = statement.query(())?;
        while let Some(row) = found.next()? {
            let record = row.get_ref(0)?.as_blob().or(Err(Undecodable))?;
            self.head_bytes += self.view.apply(record)?;
            self.journal_bytes += record.len();
        }
        Ok(())
    }
}

/// Ids that were given to what is gone count too.
fn last_ids(connection: &Connection) -> Result<LastIds, FileError> {
    let mut statement = connection.prepare(
        "SELECT max(last_field, coalesce((SELECT max(id) FROM measurement), 0), coalesce((SELECT max(id) FROM field), 0)),
                max(last_series, coalesce((SELECT max(id) FROM series), 0)) FROM database",
    )?;
    let last = statement.query_row((), |row| {
        Ok(LastIds {
            field: row.get(0)?,
            series: row.get(1)?,
        })
    })?;
    Ok(last)
}

pub(super) fn store(connection: &Connection, creations: &[Creation]) -> Result<(), FileError> {
    let mut measurement = connection.prepare_cached("INSERT INTO measurement VALUES (?1, ?2)")?;
    let mut field = connection.prepare_cached("INSERT INTO field VALUES (?1, ?2, ?3, ?4)")?;
    let mut series = connection.prepare_cached("INSERT INTO series VALUES (?1, ?2, ?3)")?;
    for creation in creations {
        match creation {
            Creation::Measurement { id, name } => measurement.execute(params![id, name])?,
            Creation::Field {
                measurement_id,
                field: FieldEntry { name, id, kind },
                ..
            } => field.execute(params![id, measurement_id, name, code(*kind)])?,
            Creation::Series {
                measurement_id,
                series: new,
                key,
                ..
            } => series.execute(params![new.id, measurement_id, key])?,
        };
    }
    Ok(())
}
