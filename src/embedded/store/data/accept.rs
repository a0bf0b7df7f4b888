//! A body of line protocol against the catalogue: which points are stored, and what is said of the others.

use super::super::column::Kind;
use super::super::line::{
    BadLine, Fault, Field, Point, Reader, SeriesKey, Value as Written, field_name, text, truncated,
};
use super::catalogue::{Catalogue, Place};
use super::orders::{Body, Limits};
use super::record::{Record, Value};
use super::refusals::{Reason, Refusals};

/// The rows of a body, and what is said of those of its lines that are none.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) record: Record,
    pub(super) refusals: Refusals,
}

/// Reads a body, and enters what is new into the catalogue as far as the limits allow.
pub(super) fn accept(body: &Body, catalogue: &mut Catalogue, limits: Limits) -> Accepted {
    let mut acceptor = Acceptor {
        catalogue,
        limits,
        now: truncated(body.now, body.precision),
        shape: Vec::new(),
        record: Record::default(),
    };
    let mut refusals = Refusals::default();
    let mut reader = Reader::new(&body.text, body.precision);
    while let Some(line) = reader.next() {
        match line {
            Ok(point) => match acceptor.accept(&point) {
                Ok(()) => refusals.points += 1,
                Err(Refusal::Point(reason)) => refusals.drop_point(reason),
                Err(Refusal::Line(fault)) => refusals.bad_line(&BadLine {
                    text: point.text,
                    fault,
                }),
            },
            Err(bad) => refusals.bad_line(&bad),
        }
    }
    Accepted {
        record: acceptor.record,
        refusals,
    }
}

struct Acceptor<'c> {
    catalogue: &'c mut Catalogue,
    limits: Limits,
    now: i64,
    /// Of the point at hand.
    shape: Vec<(u32, Kind)>,
    record: Record,
}

/// Why a point is not stored.
enum Refusal {
    /// Its text is wrong.
    Line(Fault),
    /// It does not fit what is stored.
    Point(Reason),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Line(fault)
    }
}

enum Target<'a> {
    Known(Place),
    New {
        measurement: u32,
        key: SeriesKey<'a>,
        canonical: Vec<u8>,
    },
}

impl Acceptor<'_> {
    fn accept(&mut self, point: &Point<'_, '_>) -> Result<(), Refusal> {
        let target = self.target(point)?;
        let measurement = match &target {
            Target::Known(place) => place.measurement,
            Target::New { measurement, .. } => *measurement,
        };
        if !self.find_fields(measurement, point.fields)? {
            self.make_fields(measurement, point.fields)?;
            self.find_fields(measurement, point.fields)?;
        }
        let place = match target {
            Target::Known(place) => place,
            Target::New { key, canonical, .. } => self.catalogue.add_series(measurement, &key, canonical),
        };
        let time = point.time.unwrap_or(self.now);
        self.record.begin(place, time, &self.shape);
        for field in point.fields.iter().filter(|field| !is_time(field)) {
            self.put_value(field.value);
        }
        Ok(())
    }

    fn target<'a>(&mut self, point: &Point<'_, 'a>) -> Result<Target<'a>, Refusal> {
        let raw_key = point.raw_key;
        if let Some(place) = self.catalogue.find(raw_key) {
            return Ok(Target::Known(place));
        }
        let key = SeriesKey::parse(raw_key)?;
        if key.tags.iter().any(|(key, _)| key == "time") {
            let measurement = key.measurement.into_owned();
            return Err(Refusal::Point(Reason::TagTime { measurement }));
        }
        let canonical = key.canonical();
        if let Some(place) = self.catalogue.find(&canonical) {
            return Ok(Target::Known(place));
        }
        let most = self.limits.series;
        if self.catalogue.series_weight() >= most {
            return Err(Refusal::Point(Reason::TooManySeries { most }));
        }
        if point.fields.iter().all(is_time) {
            let measurement = key.measurement.into_owned();
            return Err(Refusal::Point(Reason::FieldTime { measurement }));
        }
        let most = self.limits.fields;
        if self.catalogue.field_count() >= most && self.catalogue.named(&key.measurement).is_none() {
            // A measurement without a field would be kept for good and never seen.
            return Err(Refusal::Point(Reason::TooManyFields { most }));
        }
        let measurement = self.catalogue.measurement(&key.measurement);
        Ok(Target::New {
            measurement,
            key,
            canonical,
        })
    }

    /// Finds the fields of a point; `false` where some are not known yet.
    fn find_fields(&mut self, measurement: u32, fields: &[Field<'_>]) -> Result<bool, Refusal> {
        self.shape.clear();
        let Some(entry) = self.catalogue.entry(measurement) else {
            return Ok(true);
        };
        let mut complete = true;
        let mut guess = 0;
        for field in fields.iter().filter(|field| !is_time(field)) {
            let Some(place) = entry.find(field.raw_name, guess).or_else(|| {
                let name = field_name(field.raw_name).ok()?;
                entry.find(name.as_bytes(), guess)
            }) else {
                complete = false;
                continue;
            };
            let known = &entry.fields[place];
            let kind = kind_of(field.value);
            if known.kind != kind {
                return Err(Refusal::Point(Reason::Conflict {
                    measurement: entry.name.to_string(),
                    field: known.name.to_string(),
                    kind,
                    known: known.kind,
                }));
            }
            self.shape.push((known.id, kind));
            guess = place + 1;
        }
        if complete && self.shape.is_empty() {
            let measurement = entry.name.to_string();
            return Err(Refusal::Point(Reason::FieldTime { measurement }));
        }
        Ok(complete)
    }

    fn make_fields(&mut self, measurement: u32, fields: &[Field<'_>]) -> Result<(), Refusal> {
        let most = self.limits.fields;
        for field in fields.iter().filter(|field| !is_time(field)) {
            let name = field_name(field.raw_name)?;
            let entry = self.catalogue.entry(measurement);
            if entry.is_some_and(|entry| entry.find(name.as_bytes(), 0).is_some()) {
                continue;
            }
            if self.catalogue.field_count() >= most {
                return Err(Refusal::Point(Reason::TooManyFields { most }));
            }
            self.catalogue.add_field(measurement, &name, kind_of(field.value));
        }
        Ok(())
    }

    fn put_value(&mut self, value: Written<'_>) {
        match value {
            Written::Float(number) => self.record.value(&Value::Float(number)),
            Written::Integer(number) => self.record.value(&Value::Integer(number)),
            Written::Boolean(truth) => self.record.value(&Value::Boolean(truth)),
            Written::Text(raw) => self.record.value(&Value::Text(&text(raw))),
        }
    }
}

/// InfluxDB leaves out a field of this name, and refuses a point that has no other.
fn is_time(field: &Field<'_>) -> bool {
    field.raw_name == b"time"
}

fn kind_of(value: Written<'_>) -> Kind {
    match value {
        Written::Float(_) => Kind::Float,
        Written::Integer(_) => Kind::Integer,
        Written::Text(_) => Kind::Text,
        Written::Boolean(_) => Kind::Boolean,
    }
}
