//! What the load generator asks of Linux past the standard library: waiting for sockets with nanosecond timeouts, and reading
//! with the time at which the kernel received the data. The one file of the load generator with unsafe code.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// One ready socket, as `epoll_pwait2` writes it.
pub(crate) type ReadyEvent = libc::epoll_event;

/// `epoll_pwait2` came with Linux 5.11, and sandboxes may refuse it.
static LACKS_PWAIT2: AtomicBool = AtomicBool::new(false);

/// Room for one `SCM_TIMESTAMPNS` message: a header of 16 bytes and two 64-bit numbers; `u64` for its alignment.
const CONTROL_WORDS: usize = 8;

/// An event with no content, to fill a buffer with.
pub(crate) const NO_EVENT: ReadyEvent = ReadyEvent { events: 0, u64: 0 };

/// Waits at most `timeout` for events on `epoll` and writes them to `events`; returns how many.
///
/// Uses a timeout in nanoseconds, which `epoll_wait` has not: its timeouts are whole milliseconds.
pub(crate) fn wait(epoll: BorrowedFd<'_>, events: &mut [ReadyEvent], timeout: Duration) -> io::Result<usize> {
    if LACKS_PWAIT2.load(Ordering::Relaxed) {
        return wait_in_two_steps(epoll, events, timeout);
    }
    match pwait2(epoll, events, timeout) {
        Err(error) if is_refused(&error) => {
            LACKS_PWAIT2.store(true, Ordering::Relaxed);
            wait_in_two_steps(epoll, events, timeout)
        }
        outcome => outcome,
    }
}

fn is_refused(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM))
}

#[expect(
    unsafe_code,
    reason = "neither the standard library nor rustix has epoll_pwait2 without raising the oldest kernel for all"
)]
fn pwait2(epoll: BorrowedFd<'_>, events: &mut [ReadyEvent], timeout: Duration) -> io::Result<usize> {
    let timeout = libc::timespec {
        tv_sec: timeout.as_secs() as libc::time_t,
        tv_nsec: timeout.subsec_nanos().into(),
    };
    // SAFETY: the buffer holds as many events as are announced, and both pointers outlive the call.
    let count = unsafe {
        libc::syscall(
            libc::SYS_epoll_pwait2,
            epoll.as_raw_fd(),
            events.as_mut_ptr(),
            events.len() as libc::c_int,
            &raw const timeout,
            ptr::null::<libc::sigset_t>(),
            0_usize,
        )
    };
    usize::try_from(count).map_err(|_negative| io::Error::last_os_error())
}

/// `ppoll` knows nanoseconds on every Linux: it waits, and `epoll_wait` only collects.
#[expect(
    unsafe_code,
    reason = "the events are of libc's type, as in the other way to wait"
)]
fn wait_in_two_steps(
    epoll: BorrowedFd<'_>,
    events: &mut [ReadyEvent],
    timeout: Duration,
) -> io::Result<usize> {
    let timeout = Timespec {
        tv_sec: timeout.as_secs().cast_signed(),
        tv_nsec: timeout.subsec_nanos().into(),
    };
    if poll(&mut [PollFd::new(&epoll, PollFlags::IN)], Some(&timeout))? == 0 {
        return Ok(0);
    }
    // SAFETY: the buffer holds as many events as are announced and outlives the call.
    let count = unsafe {
        libc::epoll_wait(
            epoll.as_raw_fd(),
            events.as_mut_ptr(),
            events.len() as libc::c_int,
            0,
        )
    };
    usize::try_from(count).map_err(|_negative| io::Error::last_os_error())
}

/// Has the kernel note when it receives data for `socket`.
///
/// # Errors
/// Where the kind of socket has no such times, as unix sockets.
#[expect(unsafe_code, reason = "no crate at hand sets SO_TIMESTAMPNS")]
pub(crate) fn note_arrivals(socket: impl AsFd) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option takes an int, whose size is given.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            mem::size_of_val(&on) as libc::socklen_t,
        )
    };
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Reads what has come, at most what `buffer` holds, and when the last of it was received: time since the Unix epoch by the
/// system's clock, nothing where the socket does not note it (tcp(7), `SO_TIMESTAMPNS`).
#[expect(
    unsafe_code,
    reason = "recvmsg with control data takes raw pointers, and rustix knows no timestamps in it"
)]
pub(crate) fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Option<Duration>)> {
    let mut control = [0_u64; CONTROL_WORDS];
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: all-zero bytes are a valid msghdr: null pointers and lengths of 0.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = mem::size_of_val(&control);
    // SAFETY: the message points to a buffer and control data of the lengths it tells; all outlive the call.
    let count = unsafe { libc::recvmsg(socket.as_fd().as_raw_fd(), &raw mut message, 0) };
    let count = usize::try_from(count).map_err(|_negative| io::Error::last_os_error())?;
    // SAFETY: the kernel has just written the control data, as much as it says, into memory aligned as a header needs it; the
    // header is looked at before what follows it, which for this type is a timespec.
    let arrival = unsafe {
        libc::CMSG_FIRSTHDR(&raw const message)
            .as_ref()
            .filter(|header| {
                header.cmsg_level == libc::SOL_SOCKET && header.cmsg_type == libc::SCM_TIMESTAMPNS
            })
            .map(|header| libc::CMSG_DATA(header).cast::<libc::timespec>().read_unaligned())
    };
    let since_epoch = |time: libc::timespec| {
        let seconds = u64::try_from(time.tv_sec).ok()?;
        let nanos = u32::try_from(time.tv_nsec).ok()?;
        Some(Duration::new(seconds, nanos))
    };
    Ok((count, arrival.and_then(since_epoch)))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream};
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    use rustix::event::epoll;

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn data_comes_with_the_time_at_which_it_was_received_not_read() {
        let (client, mut server) = pair();
        note_arrivals(&client).unwrap();
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        // The kernel begins to note times a moment after the first socket of the machine asks for it.
        for _ in 0..100 {
            let before = now();
            server.write_all(b"hello").unwrap();
            let after = now();
            std::thread::sleep(Duration::from_millis(20));
            let mut buffer = [0; 8];
            let (count, arrival) = receive(&client, &mut buffer).unwrap();
            assert_eq!(&buffer[..count], b"hello");
            let Some(arrival) = arrival else { continue };
            // The kernel reads the time from the last tick's base, up to a few µs from what the process is told.
            let slack = Duration::from_millis(5);
            assert!(
                arrival + slack >= before && arrival <= after + slack,
                "{arrival:?}"
            );
            return;
        }
        panic!("no time in 2 s");
    }

    #[test]
    fn both_ways_to_wait_tell_the_socket_and_end_in_time() {
        let (client, mut server) = pair();
        let queue = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        epoll::add(
            &queue,
            &client,
            epoll::EventData::new_u64(7),
            epoll::EventFlags::IN,
        )
        .unwrap();
        let mut events = [NO_EVENT; 4];
        for way in [pwait2, wait_in_two_steps] {
            let start = Instant::now();
            assert_eq!(
                way(queue.as_fd(), &mut events, Duration::from_micros(300)).unwrap(),
                0
            );
            assert!(start.elapsed() >= Duration::from_micros(300));
        }
        server.write_all(b"x").unwrap();
        for way in [pwait2, wait_in_two_steps] {
            assert_eq!(
                way(queue.as_fd(), &mut events, Duration::from_secs(9)).unwrap(),
                1
            );
            let key = events[0].u64;
            assert_eq!(key, 7);
        }
    }
}
