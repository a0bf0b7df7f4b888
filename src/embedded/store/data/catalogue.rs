//! What the writer of a database knows by name: measurements, their fields, their series. Stores nothing itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::column::{Kind, Series};
use super::super::line::SeriesKey;
use super::view::FieldEntry;

/// So many tag keys and values are kept once for all series that share them; beyond, each series has its own.
const MOST_SHARED_NAMES: usize = 65_536;
/// A key counts as one series more for each so many bytes, so that the limit of series bounds memory.
const KEY_BYTES: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Catalogue {
    /// By canonical key.
    series: HashMap<Box<[u8]>, Place>,
    series_weight: usize,
    field_count: usize,
    ids: HashMap<Arc<str>, u32>,
    entries: HashMap<u32, Entry>,
    shared: HashSet<Arc<str>>,
    pub(super) last: LastIds,
    /// What is new since it was last taken.
    created: Vec<Creation>,
}

/// The last ids given. Measurements and fields share theirs: the times of a measurement are kept as a field of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LastIds {
    pub(super) field: u32,
    pub(super) series: u64,
}

/// A series, and its measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) series: u64,
    pub(super) measurement: u32,
}

/// A measurement and its fields.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) fields: Vec<FieldEntry>,
    places: HashMap<Arc<str>, usize>,
}

/// Something new, to be stored and then shown to queries.
#[derive(Debug, Clone)]
pub(super) enum Creation {
    Measurement {
        id: u32,
        name: Arc<str>,
    },
    Field {
        measurement_id: u32,
        measurement: Arc<str>,
        field: FieldEntry,
    },
    Series {
        measurement_id: u32,
        measurement: Arc<str>,
        series: Arc<Series>,
        key: Box<[u8]>,
    },
}

impl Creation {
    pub(super) fn measurement(&self) -> &Arc<str> {
        match self {
            Self::Measurement { name, .. } => name,
            Self::Field { measurement, .. } | Self::Series { measurement, .. } => measurement,
        }
    }

    pub(super) fn measurement_id(&self) -> u32 {
        match self {
            Self::Measurement { id, .. } => *id,
            Self::Field { measurement_id, .. } | Self::Series { measurement_id, .. } => *measurement_id,
        }
    }
}

impl Catalogue {
    pub(super) fn find(&self, key: &[u8]) -> Option<Place> {
        self.series.get(key).copied()
    }

    /// The number of series, where long keys count as several.
    pub(super) fn series_weight(&self) -> usize {
        self.series_weight
    }

    pub(super) fn field_count(&self) -> usize {
        self.field_count
    }

    pub(super) fn entry(&self, measurement: u32) -> Option<&Entry> {
        self.entries.get(&measurement)
    }

    pub(super) fn named(&self, measurement: &str) -> Option<(u32, &Entry)> {
        let id = *self.ids.get(measurement)?;
        Some((id, self.entries.get(&id)?))
    }

    /// The id of a measurement, which is made where it is missing.
    pub(super) fn measurement(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        self.last.field += 1;
        let (id, name) = (self.last.field, Arc::from(name));
        self.create(Creation::Measurement { id, name });
        id
    }

    pub(super) fn add_field(&mut self, measurement_id: u32, name: &str, kind: Kind) {
        let Some(entry) = self.entries.get(&measurement_id) else {
            return;
        };
        self.last.field += 1;
        let (id, name) = (self.last.field, Arc::from(name));
        let measurement = Arc::clone(&entry.name);
        self.create(Creation::Field {
            measurement_id,
            measurement,
            field: FieldEntry { name, id, kind },
        });
    }

    /// `canonical` is the canonical form of `key`.
    pub(super) fn add_series(
        &mut self,
        measurement_id: u32,
        key: &SeriesKey<'_>,
        canonical: Vec<u8>,
    ) -> Place {
        self.last.series += 1;
        let series = Arc::new(self.series_of(self.last.series, key));
        let measurement = match self.entries.get(&measurement_id) {
            Some(entry) => Arc::clone(&entry.name),
            None => Arc::from(&*key.measurement),
        };
        let place = Place {
            series: series.id,
            measurement: measurement_id,
        };
        self.create(Creation::Series {
            measurement_id,
            measurement,
            series,
            key: canonical.into(),
        });
        place
    }

    pub(super) fn series_of(&mut self, id: u64, key: &SeriesKey<'_>) -> Series {
        let tags = key.tags.iter();
        Series {
            id,
            tags: tags
                .map(|(key, value)| (self.share(key), self.share(value)))
                .collect(),
        }
    }

    fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(name) {
            return Arc::clone(known);
        }
        let name = Arc::from(name);
        if self.shared.len() < MOST_SHARED_NAMES {
            self.shared.insert(Arc::clone(&name));
        }
        name
    }

    fn create(&mut self, creation: Creation) {
        self.enter(&creation);
        self.created.push(creation);
    }

    /// Enters what is stored already.
    pub(super) fn enter(&mut self, creation: &Creation) {
        match creation {
            Creation::Measurement { id, name } => {
                self.ids.insert(Arc::clone(name), *id);
                self.entries.insert(*id, Entry::new(Arc::clone(name)));
            }
            Creation::Field {
                measurement_id,
                field,
                ..
            } => {
                if let Some(entry) = self.entries.get_mut(measurement_id) {
                    entry.add(field.clone());
                    self.field_count += 1;
                }
            }
            Creation::Series {
                measurement_id,
                series,
                key,
                ..
            } => {
                let place = Place {
                    series: series.id,
                    measurement: *measurement_id,
                };
                self.series_weight += weight(key);
                self.series.insert(key.clone(), place);
            }
        }
    }

    /// What is new since the last time.
    pub(super) fn take_created(&mut self) -> Vec<Creation> {
        std::mem::take(&mut self.created)
    }

    /// Takes back what could not be stored.
    pub(super) fn undo(&mut self, creations: Vec<Creation>) {
        for creation in creations.into_iter().rev() {
            match creation {
                Creation::Measurement { id, name } => {
                    self.ids.remove(&name);
                    self.entries.remove(&id);
                }
                Creation::Field { measurement_id, .. } => {
                    if let Some(entry) = self.entries.get_mut(&measurement_id) {
                        entry.remove_last();
                        self.field_count -= 1;
                    }
                }
                Creation::Series { key, .. } => self.forget_series(&key),
            }
        }
    }

    pub(super) fn forget_series(&mut self, key: &[u8]) {
        if self.series.remove(key).is_some() {
            self.series_weight -= weight(key);
        }
    }

    /// Forgets a measurement with its series.
    pub(super) fn forget(&mut self, measurement: u32) {
        if let Some(entry) = self.entries.remove(&measurement) {
            self.ids.remove(&entry.name);
            self.field_count -= entry.fields.len();
            self.series.retain(|_, place| place.measurement != measurement);
            self.series_weight = self.series.keys().map(|key| weight(key)).sum();
        }
    }
}

fn weight(key: &[u8]) -> usize {
    1 + key.len() / KEY_BYTES
}

impl Entry {
    fn new(name: Arc<str>) -> Self {
        Self {
            name,
            fields: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// A field by name, guessed to be at `guess`.
    pub(super) fn find(&self, name: &[u8], guess: usize) -> Option<usize> {
        if let Some(field) = self.fields.get(guess)
            && field.name.as_bytes() == name
        {
            return Some(guess);
        }
        let name = std::str::from_utf8(name).ok()?;
        self.places.get(name).copied()
    }

    fn add(&mut self, field: FieldEntry) {
        self.places.insert(Arc::clone(&field.name), self.fields.len());
        self.fields.push(field);
    }

    fn remove_last(&mut self) {
        if let Some(field) = self.fields.pop() {
            self.places.remove(&field.name);
        }
    }
}
