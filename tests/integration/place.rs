//! Names and ports that no other test uses, in this run or in one beside it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper may panic")]

use std::env;
use std::fs::{self, File, TryLockError};
use std::net::TcpListener;

/// Below the range from which outgoing connections take their ports.
const FIRST_PORT: u16 = 21_000;
const PLACES: u16 = 120;
const PORTS_EACH: u16 = 8;

/// A number that is this test's own until it ends, kept by a locked file.
pub(crate) struct Place {
    number: u16,
    _lock: File,
}

impl Place {
    pub(crate) fn take() -> Self {
        let directory = env::temp_dir().join("uwsgi-lab-test-places");
        fs::create_dir_all(&directory).unwrap();
        let places = (0..PLACES).filter_map(|number| {
            let lock = File::create(directory.join(number.to_string())).unwrap();
            match lock.try_lock() {
                Ok(()) => Some(Self { number, _lock: lock }),
                Err(TryLockError::WouldBlock) => None,
                Err(TryLockError::Error(error)) => panic!("{error}"),
            }
        });
        let mut free = places.into_iter().filter(Self::is_free);
        free.next().unwrap()
    }

    /// Nobody outside of the tests listens there.
    fn is_free(&self) -> bool {
        (0..PORTS_EACH).all(|index| TcpListener::bind(("127.0.0.1", self.port(index))).is_ok())
    }

    pub(crate) fn port(&self, index: u16) -> u16 {
        assert!(index < PORTS_EACH);
        FIRST_PORT + self.number * PORTS_EACH + index
    }

    /// The name of a lab.
    pub(crate) fn name(&self) -> String {
        format!("lab-test-{}", self.number)
    }
}
