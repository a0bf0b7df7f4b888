//! Where an answer's text goes while it is written: piece by piece to the client, compressed where it asked for that.

use std::io::{self, Write as _};
use std::mem;
use std::time::Duration;

use axum::body::{Body, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Text is handed on from this size on.
const PIECE: usize = 64 << 10;
/// Pieces that wait for a client that reads slowly.
const WAITING: usize = 4;
/// How long a client may read nothing; the query's thread and memory are then needed elsewhere.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a client may take for a whole answer.
const WHOLE: Duration = Duration::from_secs(300);

/// The client reads no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

/// A part of a body. Without a last one the body was broken off.
#[derive(Debug)]
enum Piece {
    Next(Bytes),
    Last(Bytes),
}

/// The writer's end. Its methods block.
pub(super) struct Outlet {
    /// What is written next goes to the end of this.
    pub(super) text: Vec<u8>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    pieces: mpsc::Sender<Piece>,
    runtime: Handle,
    deadline: Instant,
}

/// The client's end.
pub(super) struct Inlet(mpsc::Receiver<Piece>);

/// An outlet to be used where blocking is allowed, and where its text comes out.
pub(super) fn pipe(runtime: Handle, gzip: bool) -> (Outlet, Inlet) {
    let (pieces, received) = mpsc::channel(WAITING);
    let outlet = Outlet {
        text: Vec::new(),
        gzip: gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
        pieces,
        runtime,
        deadline: Instant::now() + WHOLE,
    };
    (outlet, Inlet(received))
}

impl Outlet {
    /// Hands the text on if it has grown long.
    pub(super) fn relay(&mut self) -> Result<(), Gone> {
        if self.text.len() < PIECE {
            return Ok(());
        }
        let piece = self.packed(false);
        self.send(Piece::Next(piece))
    }

    /// Hands on all the text there is, so that the client can use it.
    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        let piece = self.packed(true);
        self.send(Piece::Next(piece))
    }

    pub(super) fn finish(mut self) -> Result<(), Gone> {
        let rest = mem::take(&mut self.text);
        let rest = match self.gzip.take() {
            None => rest,
            Some(mut gzip) => {
                // a vector takes every byte
                gzip.write_all(&rest).ok();
                gzip.finish().unwrap_or_default()
            }
        };
        self.send(Piece::Last(rest.into()))
    }

    fn packed(&mut self, whole: bool) -> Bytes {
        let Some(gzip) = &mut self.gzip else {
            return mem::take(&mut self.text).into();
        };
        // a vector takes every byte
        gzip.write_all(&self.text).ok();
        if whole {
            gzip.flush().ok();
        }
        self.text.clear();
        mem::take(gzip.get_mut()).into()
    }

    fn send(&self, piece: Piece) -> Result<(), Gone> {
        let deadline = self.deadline.min(Instant::now() + PATIENCE);
        let sent = self
            .runtime
            .block_on(timeout_at(deadline, self.pieces.send(piece)));
        match sent {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

impl Inlet {
    /// A body of known length if the answer is a single piece; `None` if it was broken off before the first. `guard` lives
    /// as long as the body is read.
    pub(super) async fn body(mut self, guard: impl Send + 'static) -> Option<Body> {
        match self.0.recv().await? {
            Piece::Last(bytes) => Some(bytes.into()),
            Piece::Next(first) => {
                let rest = stream::unfold(Some((Some(first), self.0, guard)), |state| async {
                    let (first, mut pieces, guard) = state?;
                    if let Some(first) = first {
                        return Some((Ok(first), Some((None, pieces, guard))));
                    }
                    match pieces.recv().await {
                        Some(Piece::Next(bytes)) => Some((Ok(bytes), Some((None, pieces, guard)))),
                        Some(Piece::Last(bytes)) => Some((Ok(bytes), None)),
                        None => Some((Err(io::Error::other("the answer was broken off")), None)),
                    }
                });
                Some(Body::from_stream(rest))
            }
        }
    }

    /// Lets the answer go nowhere.
    pub(super) async fn discard(mut self, guard: impl Send + 'static) {
        while self.0.recv().await.is_some() {}
        drop(guard);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::body::{HttpBody as _, to_bytes};
    use flate2::read::GzDecoder;
    use tokio::task::spawn_blocking;

    use super::*;

    /// What comes out where `pieces` are written with a relay after each.
    async fn passed(pieces: Vec<Vec<u8>>, gzip: bool) -> (Option<u64>, Vec<u8>) {
        let (mut outlet, inlet) = pipe(Handle::current(), gzip);
        let writing = spawn_blocking(move || {
            for piece in pieces {
                outlet.text.extend(piece);
                outlet.relay()?;
            }
            outlet.finish()
        });
        let body = inlet.body(()).await.unwrap();
        let length = body.size_hint().exact();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        assert_eq!(writing.await.unwrap(), Ok(()));
        (length, bytes)
    }

    #[tokio::test]
    async fn a_short_answer_has_a_length_and_a_long_one_comes_in_pieces() {
        assert_eq!(
            passed(vec![b"one ".to_vec(), b"two".to_vec()], false).await,
            (Some(7), b"one two".to_vec())
        );
        let long: Vec<_> = (0..20_u8).map(|byte| vec![byte; PIECE / 2]).collect();
        assert_eq!(passed(long.clone(), false).await, (None, long.concat()));
    }

    #[tokio::test]
    async fn a_compressed_answer_is_the_same_once_unpacked() {
        let long: Vec<_> = (0..20_u8).map(|byte| vec![byte; PIECE / 2]).collect();
        for pieces in [vec![b"short".to_vec()], long] {
            let (_, bytes) = passed(pieces.clone(), true).await;
            let mut unpacked = Vec::new();
            GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, pieces.concat());
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_broken_off_does_not_end_well() {
        let (mut outlet, inlet) = pipe(Handle::current(), false);
        spawn_blocking(move || {
            outlet.text.extend(b"half");
            outlet.flush()
        });
        let body = inlet.body(()).await.unwrap();
        assert!(to_bytes(body, usize::MAX).await.is_err());
        let (outlet, inlet) = pipe(Handle::current(), false);
        drop(outlet);
        assert!(inlet.body(()).await.is_none());
    }

    #[tokio::test]
    async fn a_client_that_went_away_is_noticed() {
        let (mut outlet, inlet) = pipe(Handle::current(), false);
        drop(inlet);
        let flushed = spawn_blocking(move || outlet.flush()).await.unwrap();
        assert_eq!(flushed, Err(Gone));
    }
}
