//! Bodies of requests: read whole, within bounds of size, time and memory, and unpacked. Knows not what is in them.

use std::io::{ErrorKind, Read as _};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::super::super::gate::text;
use super::refusal::Refusal;

/// The largest body of a write, packed or unpacked: InfluxDB's `max-body-size`, which it applies to the packed one alone.
pub(super) const LARGEST_WRITE: usize = 25_000_000;
/// The largest form of a query.
pub(super) const LARGEST_FORM: usize = 1 << 20;
/// Memory that all bodies together may take.
const ROOM: usize = 64 << 20;
/// Permits are for this many bytes.
const UNIT: usize = 1 << 10;
/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long what is too large is read and thrown away, so that the client comes to read the refusal.
const DRAINING: Duration = Duration::from_secs(5);

/// Memory for bodies; who finds none waits.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// A body as it was sent, and the memory it stands in.
#[derive(Debug)]
pub(super) struct Received {
    bytes: Vec<u8>,
    gzip: bool,
    limit: usize,
    _room: OwnedSemaphorePermit,
}

impl Room {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM / UNIT)))
    }

    /// Reads a body of at most `limit` bytes.
    pub(super) async fn receive(
        &self,
        headers: &HeaderMap,
        body: Body,
        limit: usize,
    ) -> Result<Received, Refusal> {
        let declared = text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        if declared.is_some_and(|length: usize| length > limit) {
            let waits_for_leave = headers.contains_key(header::EXPECT);
            if !waits_for_leave {
                drain(body).await;
            }
            return Err(Refusal::too_large());
        }
        let gzip = text(headers, header::CONTENT_ENCODING) == Some("gzip");
        let most = declared.unwrap_or(limit) + if gzip { limit } else { 0 };
        let room = self.reserve(most).await?;
        let bytes = timeout(PATIENCE, collect(body, declared.unwrap_or_default(), limit));
        let late = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive");
        Ok(Received {
            bytes: bytes.await.map_err(late)??,
            gzip,
            limit,
            _room: room,
        })
    }

    async fn reserve(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let closed = |_| Refusal::internal("the server is stopping");
        let busy = |_| {
            Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many bodies at once; try again",
            )
        };
        timeout(PATIENCE, Arc::clone(&self.0).acquire_many_owned(units))
            .await
            .map_err(busy)?
            .map_err(closed)
    }
}

impl Received {
    /// The body, unpacked where it came with `Content-Encoding: gzip`. Works for long on a large one.
    pub(super) fn unpacked(&mut self) -> Result<&[u8], Refusal> {
        if self.gzip {
            self.bytes = unpacked(&self.bytes, self.limit)?;
            self.gzip = false;
        }
        Ok(&self.bytes)
    }
}

async fn collect(body: Body, declared: usize, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(declared.min(limit));
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Refusal::bad_request(error.to_string()))?;
        if bytes.len() + piece.len() > limit {
            drain(Body::from_stream(pieces)).await;
            return Err(Refusal::too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

async fn drain(body: Body) {
    let mut pieces = body.into_data_stream();
    let reading = async { while let Some(Ok(_)) = pieces.next().await {} };
    // a client that goes on for longer has to do without the refusal
    timeout(DRAINING, reading).await.ok();
}

fn unpacked(packed: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(packed).take(most).read_to_end(&mut bytes);
    match read {
        Ok(_) if bytes.len() > limit => Err(Refusal::too_large()),
        Ok(_) => Ok(bytes),
        Err(_) if packed.is_empty() => Err(Refusal::bad_request("EOF")),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Refusal::bad_request("unexpected EOF")),
        Err(error) => Err(Refusal::bad_request(format!("gzip: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures_util::stream;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn packed_bodies_are_unpacked_within_the_limit() {
        let bomb = packed(&vec![0; 10_000_000]);
        let table = [
            (packed(b"one"), Ok(b"one".to_vec())),
            ([packed(b"one"), packed(b"two")].concat(), Ok(b"onetwo".to_vec())),
            (packed(&[b'x'; 1000]), Ok(vec![b'x'; 1000])),
            (packed(&[b'x'; 1001]), Err(Refusal::too_large())),
            (bomb, Err(Refusal::too_large())),
            (
                packed(b"one")[..15].to_vec(),
                Err(Refusal::bad_request("unexpected EOF")),
            ),
            (Vec::new(), Err(Refusal::bad_request("EOF"))),
            (
                b"m x=1 and more than a header".to_vec(),
                Err(Refusal::bad_request("gzip: invalid gzip header")),
            ),
        ];
        for (bytes, expected) in table {
            assert_eq!(unpacked(&bytes, 1000), expected, "{} bytes", bytes.len());
        }
    }

    /// What becomes of a body that says nothing of its length.
    async fn received(pieces: Vec<&'static [u8]>, limit: usize) -> Result<Vec<u8>, Refusal> {
        let pieces = stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        let (room, headers) = (Room::new(), HeaderMap::new());
        let received = room.receive(&headers, Body::from_stream(pieces), limit).await?;
        Ok(received.bytes)
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_limit() {
        assert_eq!(received(vec![b"one", b"two"], 6).await, Ok(b"onetwo".to_vec()));
        assert_eq!(
            received(vec![b"one", b"two", b"3"], 6).await,
            Err(Refusal::too_large())
        );
    }

    #[tokio::test]
    async fn bodies_wait_for_memory_and_give_it_back() {
        let (room, headers) = (Room::new(), HeaderMap::new());
        let half = ROOM / 2;
        let one = room.receive(&headers, Body::empty(), half).await.unwrap();
        let other = room.receive(&headers, Body::empty(), half).await.unwrap();
        assert_eq!(room.0.available_permits(), 0);
        drop((one, other));
        assert_eq!(room.0.available_permits(), ROOM / UNIT);
    }
}
