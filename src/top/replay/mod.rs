//! The view over what a lab has stored: time runs as fast as one likes, and can be turned back.

mod parts;
mod recording;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::influx::InfluxError;

use super::frame::{self, Theme};
use super::reading::Reading;
use super::screen::{self, Screen};
use super::state::{Effect, Message, State};

pub(crate) use recording::Recording;

/// Frames of a film that runs.
const FRAME: Duration = Duration::from_millis(100);
/// What is asked of the database at once.
const CHUNK_US: u64 = 300_000_000;
/// What is shown of the time before the one that was turned back to, so that histories and rates are there.
const LEAD_US: u64 = 60_000_000;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("cannot use the terminal")]
    Terminal(#[from] io::Error),
    #[error(transparent)]
    Influx(#[from] InfluxError),
}

/// Where the film is, in µs since the Unix epoch.
struct Film {
    recording: Recording,
    from_us: u64,
    until_us: u64,
    now_us: u64,
    /// Up to where `next` has been filled.
    loaded_us: u64,
    next: VecDeque<(usize, Reading)>,
}

/// Shows what was stored from `from_us` on and before `until_us` until `q`, Ctrl-C or `stop`.
pub(crate) async fn replay(
    mut state: State,
    recording: Recording,
    (from_us, until_us): (u64, u64),
    theme: Theme,
    stop: &CancellationToken,
) -> Result<(), ReplayError> {
    let mut film = Film {
        recording,
        from_us,
        until_us,
        now_us: from_us,
        loaded_us: from_us,
        next: VecDeque::new(),
    };
    // What cannot be read is said before the terminal is taken.
    film.advance(&mut state, 0).await?;
    let mut screen = Screen::take()?;
    let mut keys = screen::listen();
    let mut ticks = interval(FRAME);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    loop {
        let key = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            key = keys.recv() => match key {
                Some(key) => Some(key),
                None => return Ok(()),
            },
            _ = ticks.tick() => None,
        };
        let passed = last.elapsed();
        last = Instant::now();
        let shown_us = (passed.as_secs_f64() * state.film_speed() * 1e6) as u64;
        film.advance(&mut state, shown_us).await?;
        if film.press(&mut state, &mut screen, key, &mut keys).await? {
            return Ok(());
        }
        let mut drawn = (0, 0);
        screen
            .terminal
            .draw(|frame| drawn = frame::draw(&state, theme, frame))?;
        let (lines, page) = drawn;
        state.was_drawn(lines, page);
    }
}

impl Film {
    /// Hands the keys on; true once the view is to end.
    async fn press(
        &mut self,
        state: &mut State,
        screen: &mut Screen,
        first: Option<Message>,
        keys: &mut mpsc::Receiver<Message>,
    ) -> Result<bool, ReplayError> {
        let mut next = first;
        while let Some(message) = next {
            match state.update(message) {
                Some(Effect::Quit) => return Ok(true),
                Some(Effect::Suspend) => screen.suspend()?,
                Some(Effect::Seek(seconds)) => self.seek(state, seconds).await?,
                Some(Effect::Every(_)) | None => {}
            }
            next = keys.try_recv().ok();
        }
        Ok(false)
    }

    /// Lets time pass, and everything happen that was read in it.
    async fn advance(&mut self, state: &mut State, by_us: u64) -> Result<(), InfluxError> {
        self.now_us = (self.now_us + by_us).min(self.until_us);
        while self.loaded_us <= self.now_us && self.loaded_us < self.until_us {
            let until_us = (self.loaded_us + CHUNK_US).min(self.until_us);
            let more = self.recording.between(self.loaded_us, until_us).await?;
            self.next.extend(more);
            self.loaded_us = until_us;
        }
        while let Some((server, reading)) = self
            .next
            .pop_front_if(|(_, reading)| reading.at_us <= self.now_us)
        {
            let reading = Box::new(reading);
            state.update(Message::Looked { server, reading });
        }
        state.update(Message::Time(self.now_us));
        state.film_ended(self.now_us >= self.until_us);
        Ok(())
    }

    /// Goes on, or back: then everything is forgotten and happens again from a little before.
    async fn seek(&mut self, state: &mut State, seconds: i64) -> Result<(), InfluxError> {
        let by_us = seconds.unsigned_abs() * 1_000_000;
        if seconds >= 0 {
            return self.advance(state, by_us).await;
        }
        let target_us = self.now_us.saturating_sub(by_us).max(self.from_us);
        state.forget();
        self.next.clear();
        self.now_us = target_us.saturating_sub(LEAD_US).max(self.from_us);
        self.loaded_us = self.now_us;
        self.advance(state, target_us - self.now_us).await
    }
}
