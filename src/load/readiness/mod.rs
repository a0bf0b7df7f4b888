//! Waits for sockets and for points in time at once; knows nothing of requests.

#[cfg(target_os = "linux")]
mod epoll;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;

#[cfg(target_os = "linux")]
pub(crate) use epoll::{Readiness, Waker, Watched};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{Readiness, Waker, Watched};
