//! A database in memory as queries see it: its catalogue, and the rows that are not in blocks yet.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use super::super::column::{Kind, Series, TimeRange};
use super::catalogue::Creation;
use super::encoding::Undecodable;
use super::record::RecordReader;
use super::rows::Rows;

/// So many rows in a part at most: what a write copies where a query still looks at the part.
const PART_ROWS: usize = 1_024;
/// What a head and a part take besides their rows, about.
const HEAD_BYTES: usize = 200;
const PART_BYTES: usize = 100;

/// Cloning shares everything; changing a clone copies what it changes.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    pub(super) measurements: Arc<BTreeMap<Arc<str>, Arc<Measurement>>>,
    pub(super) heads: Arc<Heads>,
}

/// By id of the series.
pub(super) type Heads = HashMap<u64, Arc<Head>>;

#[derive(Debug, Clone)]
pub(super) struct Measurement {
    pub(super) id: u32,
    /// In the order of their ids.
    pub(super) fields: Arc<Vec<FieldEntry>>,
    pub(super) series: Arc<SeriesList>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct FieldEntry {
    pub(super) name: Arc<str>,
    pub(super) id: u32,
    pub(super) kind: Kind,
}

/// The series of a measurement, put in order when first asked for.
#[derive(Debug, Default)]
pub(super) struct SeriesList {
    all: Vec<Arc<Series>>,
    sorted: OnceLock<Vec<Arc<Series>>>,
}

impl Clone for SeriesList {
    fn clone(&self) -> Self {
        Self {
            all: self.all.clone(),
            sorted: OnceLock::new(),
        }
    }
}

impl SeriesList {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn sorted(&self) -> &[Arc<Series>] {
        self.sorted.get_or_init(|| {
            let mut sorted = self.all.clone();
            sorted.sort_by(|left, right| left.tags.cmp(&right.tags));
            sorted
        })
    }

    fn add(&mut self, series: Arc<Series>) {
        self.all.push(series);
        self.sorted = OnceLock::new();
    }

    pub(super) fn retain(&mut self, keep: impl Fn(u64) -> bool) {
        self.all.retain(|series| keep(series.id));
        self.sorted = OnceLock::new();
    }
}

/// The rows of one series that are in the journal but not in blocks yet, in the order they came.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) measurement: u32,
    /// All but the last are full.
    pub(super) parts: Vec<Arc<Rows>>,
}

impl Head {
    pub(super) fn row_count(&self) -> usize {
        self.parts.iter().map(|part| part.times.len()).sum()
    }

    /// The first and the last time of its rows.
    pub(super) fn extent(&self) -> Option<TimeRange> {
        let times = || self.parts.iter().flat_map(|part| &part.times).copied();
        Some(TimeRange {
            from: times().min()?,
            to: times().max()?,
        })
    }

    /// All rows, sorted by time.
    pub(super) fn settled(&self) -> Rows {
        let mut rows = Rows::default();
        for part in &self.parts {
            rows.append(part);
        }
        rows.settle();
        rows
    }
}

impl View {
    pub(super) fn add(&mut self, creations: &[Creation]) {
        if creations.is_empty() {
            return;
        }
        let measurements = Arc::make_mut(&mut self.measurements);
        for creation in creations {
            let entry = measurements
                .entry(Arc::clone(creation.measurement()))
                .or_insert_with(|| Arc::new(Measurement::new(creation.measurement_id())));
            let measurement = Arc::make_mut(entry);
            match creation {
                Creation::Measurement { .. } => {}
                Creation::Field { field, .. } => Arc::make_mut(&mut measurement.fields).push(field.clone()),
                Creation::Series { series, .. } => {
                    Arc::make_mut(&mut measurement.series).add(Arc::clone(series));
                }
            }
        }
    }

    /// Adds the rows of a record to the heads and returns how many bytes of memory they take, about.
    pub(super) fn apply(&mut self, record: &[u8]) -> Result<usize, Undecodable> {
        let heads = Arc::make_mut(&mut self.heads);
        let mut reader = RecordReader::new(record);
        let mut bytes = 0;
        while let Some(row) = reader.next()? {
            let head = heads.entry(row.series).or_insert_with(|| {
                bytes += HEAD_BYTES;
                Arc::new(Head {
                    measurement: row.measurement,
                    parts: Vec::new(),
                })
            });
            let parts = &mut Arc::make_mut(head).parts;
            if parts.last().is_none_or(|part| part.times.len() >= PART_ROWS) {
                bytes += PART_BYTES;
                parts.push(Arc::default());
            }
            if let Some(part) = parts.last_mut() {
                bytes += Arc::make_mut(part).push(row.time, row.shape, row.values);
            }
        }
        Ok(bytes)
    }

    /// Forgets a measurement with its series.
    pub(super) fn remove(&mut self, measurement: &str) {
        Arc::make_mut(&mut self.measurements).remove(measurement);
    }

    /// Forgets series of a measurement, and the measurement with its last series.
    pub(super) fn remove_series(&mut self, name: &str, gone: impl Fn(u64) -> bool) {
        let measurements = Arc::make_mut(&mut self.measurements);
        let Some(measurement) = measurements.get_mut(name) else {
            return;
        };
        let series = &mut Arc::make_mut(measurement).series;
        Arc::make_mut(series).retain(|id| !gone(id));
        if series.is_empty() {
            measurements.remove(name);
        }
    }
}

impl Measurement {
    fn new(id: u32) -> Self {
        Self {
            id,
            fields: Arc::default(),
            series: Arc::default(),
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&FieldEntry> {
        self.fields.iter().find(|field| &*field.name == name)
    }
}
