//! When the kernel received what is read, where it tells.

#[cfg(target_os = "linux")]
pub(crate) use super::kernel::{note_arrivals as note, receive};

#[cfg(not(target_os = "linux"))]
mod none {
    use std::io::{self, Read as _};
    use std::time::Duration;

    use socket2::Socket;

    pub(crate) fn note(_socket: &Socket) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn receive(mut socket: &Socket, buffer: &mut [u8]) -> io::Result<(usize, Option<Duration>)> {
        socket.read(buffer).map(|count| (count, None))
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use none::{note, receive};
