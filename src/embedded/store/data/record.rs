//! Rows of many series as the bytes of one journal entry, and back.

use super::super::column::Kind;
use super::catalogue::Place;
use super::encoding::{Bytes, Undecodable, put_signed, put_unsigned};

/// The value of one field in one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Float(f64),
    Integer(i64),
    Text(&'a str),
    Boolean(bool),
}

impl Value<'_> {
    /// In bytes, for a text; 0 for what has one size.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            _ => 0,
        }
    }
}

/// The rows of a batch. A row names its fields only where they differ from those of the row before.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) bytes: Vec<u8>,
    /// Of the row before.
    shape: Vec<(u32, Kind)>,
    time: i64,
}

impl Record {
    /// Begins a row; its values follow, one for each field of `shape`.
    pub(super) fn begin(&mut self, place: Place, time: i64, shape: &[(u32, Kind)]) {
        // No two measurements share a field.
        let same = self.shape == shape;
        put_unsigned(place.series << 1 | u64::from(same), &mut self.bytes);
        put_signed(time.wrapping_sub(self.time), &mut self.bytes);
        self.time = time;
        if !same {
            self.shape.clear();
            self.shape.extend_from_slice(shape);
            put_unsigned(u64::from(place.measurement), &mut self.bytes);
            put_unsigned(shape.len() as u64, &mut self.bytes);
            for (field, kind) in shape {
                put_unsigned(u64::from(*field) << 2 | code(*kind), &mut self.bytes);
            }
        }
    }

    pub(super) fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Float(number) => self.bytes.extend_from_slice(&number.to_le_bytes()),
            Value::Integer(number) => put_signed(*number, &mut self.bytes),
            Value::Boolean(truth) => self.bytes.push(u8::from(*truth)),
            Value::Text(text) => {
                put_unsigned(text.len() as u64, &mut self.bytes);
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// A row read back; `values` are as many as the fields of `shape`.
#[derive(Debug, PartialEq)]
pub(super) struct Row<'r, 'a> {
    pub(super) series: u64,
    pub(super) measurement: u32,
    pub(super) time: i64,
    pub(super) shape: &'r [(u32, Kind)],
    pub(super) values: &'r [Value<'a>],
}

/// Reads the rows of a record one by one.
pub(super) struct RecordReader<'a> {
    bytes: Bytes<'a>,
    measurement: u32,
    shape: Vec<(u32, Kind)>,
    values: Vec<Value<'a>>,
    time: i64,
}

impl<'a> RecordReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes: Bytes(bytes),
            measurement: 0,
            shape: Vec::new(),
            values: Vec::new(),
            time: 0,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Row<'_, 'a>>, Undecodable> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let head = self.bytes.unsigned()?;
        self.time = self.time.wrapping_add(self.bytes.signed()?);
        if head & 1 == 0 {
            self.read_shape()?;
        }
        self.values.clear();
        for (_, kind) in &self.shape {
            self.values.push(read_value(&mut self.bytes, *kind)?);
        }
        Ok(Some(Row {
            series: head >> 1,
            measurement: self.measurement,
            time: self.time,
            shape: &self.shape,
            values: &self.values,
        }))
    }

    fn read_shape(&mut self) -> Result<(), Undecodable> {
        let measurement = self.bytes.unsigned()?;
        self.measurement = u32::try_from(measurement).or(Err(Undecodable))?;
        self.shape.clear();
        for _ in 0..self.bytes.size()? {
            let field = self.bytes.unsigned()?;
            let kind = kind(field & 3);
            let field = u32::try_from(field >> 2).or(Err(Undecodable))?;
            self.shape.push((field, kind));
        }
        Ok(())
    }
}

fn read_value<'a>(bytes: &mut Bytes<'a>, kind: Kind) -> Result<Value<'a>, Undecodable> {
    Ok(match kind {
        Kind::Float => Value::Float(f64::from_le_bytes(bytes.array()?)),
        Kind::Integer => Value::Integer(bytes.signed()?),
        Kind::Boolean => Value::Boolean(bytes.byte()? != 0),
        Kind::Text => {
            let length = bytes.size()?;
            let text = std::str::from_utf8(bytes.take(length)?).or(Err(Undecodable))?;
            Value::Text(text)
        }
    })
}

/// How files name a kind: 0 to 3.
pub(super) fn code(kind: Kind) -> u64 {
    match kind {
        Kind::Float => 0,
        Kind::Integer => 1,
        Kind::Text => 2,
        Kind::Boolean => 3,
    }
}

/// The kind of a code, of which the last two bits count.
pub(super) fn kind(code: u64) -> Kind {
    match code & 3 {
        0 => Kind::Float,
        1 => Kind::Integer,
        2 => Kind::Text,
        _ => Kind::Boolean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_back_as_they_were_written() {
        let shapes: [&[(u32, Kind)]; 2] = [
            &[
                (2, Kind::Float),
                (3, Kind::Integer),
                (4, Kind::Text),
                (5, Kind::Boolean),
            ],
            &[(9, Kind::Integer)],
        ];
        let values: [&[Value<'_>]; 2] = [
            &[
                Value::Float(-0.5),
                Value::Integer(i64::MIN),
                Value::Text("é\n"),
                Value::Boolean(true),
            ],
            &[Value::Integer(7)],
        ];
        let rows = [
            (1, i64::MIN + 2, 0),
            (u64::MAX >> 1, i64::MAX - 1, 0),
            (2, 5, 1),
            (1, 5, 0),
        ];
        let mut record = Record::default();
        for (series, time, which) in rows {
            let measurement = which as u32 + 1;
            record.begin(Place { series, measurement }, time, shapes[which]);
            values[which].iter().for_each(|value| record.value(value));
        }
        let mut reader = RecordReader::new(&record.bytes);
        for (series, time, which) in rows {
            let expected = Row {
                series,
                measurement: which as u32 + 1,
                time,
                shape: shapes[which],
                values: values[which],
            };
            assert_eq!(reader.next(), Ok(Some(expected)));
        }
        assert_eq!(reader.next(), Ok(None));
    }

    #[test]
    fn a_record_that_is_cut_short_is_refused() {
        let mut record = Record::default();
        record.begin(
            Place {
                series: 1,
                measurement: 1,
            },
            1,
            &[(2, Kind::Text)],
        );
        record.value(&Value::Text("text"));
        for length in 1..record.bytes.len() {
            assert_eq!(
                RecordReader::new(&record.bytes[..length]).next(),
                Err(Undecodable),
                "{length}"
            );
        }
    }
}
