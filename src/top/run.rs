//! The view itself: messages in, frames out, until somebody has seen enough.

use std::io;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::frame::{self, Theme};
use super::poll::{self, Target};
use super::reading::Clock;
use super::screen::{self, Screen};
use super::state::{Effect, Message, State};

/// Readings that wait while a frame is drawn; servers are not looked at any faster than frames can take them.
const READINGS_WAITING: usize = 64;

/// Shows `state` in the terminal until `q`, Ctrl-C or `stop`.
///
/// # Errors
/// The terminal cannot be taken or drawn on.
pub(crate) async fn run(
    mut state: State,
    targets: &[Target],
    clock: Clock,
    theme: Theme,
    stop: &CancellationToken,
) -> io::Result<()> {
    let (readings, mut read) = mpsc::channel(READINGS_WAITING);
    let (pace, paces) = watch::channel(state.interval);
    let mut polls = poll::start(targets, clock, &paces, &readings);
    let mut screen = Screen::take()?;
    let mut keys = screen::listen();
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            key = keys.recv() => match key {
                Some(key) => key,
                // The terminal is gone.
                None => return Ok(()),
            },
            Some(reading) = read.recv() => reading,
            _ = seconds.tick() => Message::Time(clock.now_us()),
            () = poll::broken(&mut polls) => return Ok(()),
        };
        let mut next = Some(message);
        while let Some(message) = next {
            match state.update(message) {
                Some(Effect::Quit) => return Ok(()),
                Some(Effect::Suspend) => screen.suspend()?,
                Some(Effect::Every(time)) => drop(pace.send(time)),
                Some(Effect::Seek(_)) | None => {}
            }
            next = keys.try_recv().ok().or_else(|| read.try_recv().ok());
        }
        let mut drawn = (0, 0);
        screen
            .terminal
            .draw(|frame| drawn = frame::draw(&state, theme, frame))?;
        let (lines, page) = drawn;
        state.was_drawn(lines, page);
    }
}
