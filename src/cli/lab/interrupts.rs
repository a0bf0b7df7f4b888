//! Ctrl-C and SIGTERM, heard from the start of a command to its end: none falls between two steps.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::super::error::{Code, Failure};

/// One that comes while nobody waits for it is kept for the next who does.
pub(super) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// From here on the two signals no longer end the process. Must be called inside a Tokio runtime.
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::from_error(Code::Unexpected, &error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Does `work` until it ends or somebody interrupts it; then `advice` says how to go on.
    pub(super) async fn or_end_of<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
        advice: &str,
    ) -> Result<T, Failure> {
        tokio::select! {
            outcome = work => outcome,
            () = self.next() => Err(interrupted(advice)),
        }
    }

    /// Does `work` until it ends. When somebody interrupts it, `cancel` tells it to end by itself, which takes a
    /// moment; whoever interrupts it again does not want to wait.
    pub(super) async fn or_wind_down<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
        cancel: &CancellationToken,
        advice: &str,
    ) -> Result<T, Failure> {
        tokio::pin!(work);
        tokio::select! {
            outcome = &mut work => return outcome,
            () = self.next() => cancel.cancel(),
        }
        tokio::select! {
            _ = &mut work => {}
            () = self.next() => {}
        }
        Err(interrupted(advice))
    }
}

fn interrupted(advice: &str) -> Failure {
    Failure::new(Code::Interrupted, "interrupted").hint(advice)
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn an_interruption_between_two_steps_ends_the_second() {
        let mut interrupts = Interrupts::listen().unwrap();
        interrupts.or_end_of(async { Ok(()) }, "").await.unwrap();
        kill_process(getpid(), Signal::INT).unwrap();
        let second: Result<(), Failure> = interrupts
            .or_end_of(std::future::pending(), "type it again")
            .await;
        let failure = second.unwrap_err();
        assert_eq!(
            (failure.code, failure.hints),
            (Code::Interrupted, vec!["type it again".to_owned()])
        );
    }
}
