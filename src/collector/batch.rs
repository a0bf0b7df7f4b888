//! Line protocol in the form that a sink takes it, plain or gzipped; knows no points and no sinks.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tokio_util::bytes::Bytes;

/// Lines that are written, repeated or dropped together.
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
}

fn gzip(lines: &str) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 8), Compression::fast());
    encoder.write_all(lines.as_bytes())?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_from_either_encoding() {
        for encoding in [Encoding::Plain, Encoding::Gzip] {
            let batch = encoding.encode("m v=1i 1\n", 1).unwrap();
            assert_eq!(encoding.decode(&batch).unwrap(), "m v=1i 1\n");
        }
    }

    #[test]
    fn lines_that_repeat_themselves_shrink_to_a_tenth() {
        let lines = "uwsgi_workers,source=127.0.0.1:9191,worker_id=1 requests=1i 1\n".repeat(100);
        let batch = Encoding::Gzip.encode(&lines, 100).unwrap();
        assert!(batch.body.len() < lines.len() / 10, "{} bytes", batch.body.len());
    }
}
