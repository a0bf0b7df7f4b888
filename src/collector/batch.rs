//! Line protocol in the form that a sink takes it, plain or gzipped; knows no points and no sinks.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tokio_util::bytes::Bytes;

/// Lines that are written, repeated or dropped together. A clone shares its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) body: Bytes,
    pub(super) points: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
}

/// Lines as InfluxDB takes them.
pub(crate) fn gzipped(lines: &str) -> io::Result<Bytes> {
    gzip(lines).map(Bytes::from)
}

impl Encoding {
    pub(super) fn encode(self, lines: &str, points: u64) -> io::Result<Batch> {
        let body = match self {
            Self::Plain => Bytes::copy_from_slice(lines.as_bytes()),
            Self::Gzip => gzip(lines)?.into(),
        };
        Ok(Batch { body, points })
    }

    pub(super) fn decode(self, batch: &Batch) -> io::Result<String> {
        match self {
            Self::Plain => io::read_to_string(&batch.body[..]),
            Self::Gzip => io::read_to_string(GzDecoder::new(&batch.body[..])),
        }
    }

    /// One batch with the lines of all, in order.
    pub(super) fn join(self, mut batches: Vec<Batch>) -> io::Result<Batch> {
        if batches.len() == 1 {
            return Ok(batches.remove(0));
        }
        let points = batches.iter().map(|batch| batch.points).sum();
        let body = match self {
            Self::Plain => batches
                .iter()
                .flat_map(|batch| batch.body.iter().copied())
                .collect(),
            Self::Gzip => {
                // Not every InfluxDB reads on after the first of several gzip streams.
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                for batch in &batches {
                    io::copy(&mut GzDecoder::new(&batch.body[..]), &mut encoder)?;
                }
                encoder.finish()?.into()
            }
        };
        Ok(Batch { body, points })
    }

    /// The batch as two. None for a single line, which has no halves.
    pub(super) fn halves(self, batch: &Batch) -> Option<[Batch; 2]> {
        let text = self.decode(batch).ok()?;
        let lines: Vec<_> = text.split_inclusive('\n').collect();
        if lines.len() < 2 {
            return None;
        }
        let (first, second) = lines.split_at(lines.len() / 2);
        let half = |lines: &[&str]| self.encode(&lines.concat(), lines.len() as u64).ok();
        Some([half(first)?, half(second)?])
    }
}

fn gzip(lines: &str) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 8), Compression::fast());
    encoder.write_all(lines.as_bytes())?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Encoding; 2] = [Encoding::Plain, Encoding::Gzip];

    #[test]
    fn lines_come_back_from_either_encoding() {
        for encoding in BOTH {
            let batch = encoding.encode("m v=1i 1\n", 1).unwrap();
            assert_eq!(encoding.decode(&batch).unwrap(), "m v=1i 1\n");
        }
    }

    #[test]
    fn batches_come_apart_and_together_with_every_line_in_its_place() {
        for encoding in BOTH {
            let whole = encoding.encode("a\nb\nc\n", 3).unwrap();
            let halves = encoding.halves(&whole).unwrap();
            let texts = halves.each_ref().map(|half| encoding.decode(half).unwrap());
            assert_eq!(texts, ["a\n", "b\nc\n"]);
            assert_eq!(halves.each_ref().map(|half| half.points), [1, 2]);
            assert_eq!(encoding.halves(&halves[0]), None);
            let joined = encoding.join(halves.to_vec()).unwrap();
            assert_eq!(
                (encoding.decode(&joined).unwrap(), joined.points),
                ("a\nb\nc\n".to_owned(), 3)
            );
        }
    }

    #[test]
    fn lines_that_repeat_themselves_shrink_to_a_tenth() {
        let lines = "uwsgi_workers,source=127.0.0.1:9191,worker_id=1 requests=1i 1\n".repeat(100);
        let batch = Encoding::Gzip.encode(&lines, 100).unwrap();
        assert!(batch.body.len() < lines.len() / 10, "{} bytes", batch.body.len());
    }
}
