//! How a worker waits for the next send: when it is woken, and how the rest of the way is spun; knows no socket.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How closely sends keep to their intended times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Timing {
    /// Within some 100 µs, which takes a wake-up of the processor for each send up to 10,000 a second.
    Precise,
    /// Sends leave together once a millisecond, which takes the least processor time.
    Relaxed,
}

/// What is due within this time of a send leaves together with the next one: above 10,000 requests a second a wake-up for
/// each would take the whole processor.
const PRECISE_TICK: Duration = Duration::from_micros(100);
const RELAXED_TICK: Duration = Duration::from_millis(1);
/// A wake-up from a kernel timer comes 21 to 27 µs late at the median, 34 to 43 µs at p99 (measured on a 2-core virtual machine,
/// Linux 6.18): the first guess, from which the margin follows what is seen.
const FIRST_MARGIN: Duration = Duration::from_micros(30);
/// The most that is spun before a send where sends are frequent, whatever the machine's timers are like.
const MOST_MARGIN: Duration = Duration::from_micros(60);
/// The most where they are rare: a processor that has slept for long wakes late (some 200 µs at 10 requests a second on the
/// same machine), and a spin of this length costs a quarter of a percent of a processor there.
const MOST_MARGIN_OF_RARE: Duration = Duration::from_micros(250);
/// Of the time between rare sends one part of so many may be spun.
const RARE_SPUN_OF: u32 = 64;
/// Of the time between two sends at most one part of so many is spun: at 10,000 a second a whole margin each would take half a
/// processor to gain some 20 µs.
const SPUN_OF: u32 = 8;
/// The margin grows by this much with each wake-up that was later, and shrinks by a tenth of it with each that was not, so
/// that nine of ten are in time.
const STEP: Duration = Duration::from_nanos(1000);
/// The first steps are so many times as long: ten sends a second would take half a minute else.
const FIRST_STEPS: u32 = 16;

/// Keeps to one worker's intended times.
#[derive(Debug)]
pub(crate) struct Pace {
    tick: Duration,
    /// How long before a send the worker is woken; nothing where sends may be late.
    margin: Option<Duration>,
    /// How many times [`STEP`] the margin grows by next; falls to 1.
    steps: u32,
    /// When the last sends that left together began to leave.
    last: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(timing: Timing) -> Self {
        let (tick, margin) = match timing {
            Timing::Precise => (PRECISE_TICK, Some(FIRST_MARGIN)),
            Timing::Relaxed => (RELAXED_TICK, None),
        };
        Self {
            tick,
            margin,
            steps: FIRST_STEPS,
            last: None,
        }
    }

    /// When a request that is intended at `intended` is to leave.
    pub(crate) fn departure(&self, intended: Instant) -> Instant {
        match self.last {
            Some(last) => intended.max(last + self.tick),
            None => intended,
        }
    }

    /// When to be woken for a send at `departure`.
    pub(crate) fn alarm(&self, departure: Instant) -> Instant {
        let most = match self.last {
            Some(last) => most_spun(departure.saturating_duration_since(last)),
            None => MOST_MARGIN,
        };
        let margin = self.margin.unwrap_or_default().min(most);
        departure.checked_sub(margin).unwrap_or(departure)
    }

    /// Learns from a wake-up at `woken` that was meant for `alarm`.
    pub(crate) fn learn(&mut self, alarm: Instant, woken: Instant) {
        let Some(margin) = &mut self.margin else {
            return;
        };
        let step = STEP * self.steps;
        *margin = if woken.saturating_duration_since(alarm) > *margin {
            (*margin + step).min(MOST_MARGIN_OF_RARE)
        } else {
            margin.saturating_sub(step / 10)
        };
        self.steps = (self.steps - 1).max(1);
    }

    /// Waits for a departure that is so near that no timer is worth it; returns the time then.
    pub(crate) fn spin(&self, departure: Instant, now: Instant) -> Instant {
        let mut now = now;
        if self.margin.is_some() && departure.saturating_duration_since(now) <= MOST_MARGIN_OF_RARE {
            while now < departure {
                std::hint::spin_loop();
                now = Instant::now();
            }
        }
        now
    }

    /// Notes that sends began to leave at `begun`. How long they took is left out: at high rates that is much of a tick, and a pause
    /// of a whole one after it would make the next ones late.
    pub(crate) fn sent(&mut self, begun: Instant) {
        self.last = Some(begun);
    }
}

/// The most to spin before a send that follows the last one by `gap`.
fn most_spun(gap: Duration) -> Duration {
    let rare = (gap / RARE_SPUN_OF).min(MOST_MARGIN_OF_RARE);
    (gap / SPUN_OF).min(MOST_MARGIN).max(rare)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn micros(count: u64) -> Duration {
        Duration::from_micros(count)
    }

    #[test]
    fn the_margin_follows_what_nine_of_ten_wake_ups_take() {
        let start = Instant::now();
        let alarm = start + micros(1_000_000);
        let mut pace = Pace::new(Timing::Precise);
        for round in 0..10_000_u64 {
            pace.learn(alarm, alarm + micros(5 + round % 10));
        }
        let margin = alarm - pace.alarm(alarm);
        assert!((micros(12)..=micros(15)).contains(&margin), "{margin:?}");
        for _ in 0..1_000 {
            pace.learn(alarm, alarm + Duration::from_secs(1));
        }
        assert_eq!(alarm - pace.alarm(alarm), MOST_MARGIN);
        pace.sent(alarm - Duration::from_millis(100));
        assert_eq!(alarm - pace.alarm(alarm), MOST_MARGIN_OF_RARE);
    }

    #[test]
    fn the_first_wake_ups_teach_the_most() {
        let alarm = Instant::now() + Duration::from_secs(1);
        let mut pace = Pace::new(Timing::Precise);
        for _ in 0..20 {
            pace.learn(alarm, alarm + micros(150));
        }
        pace.sent(alarm - Duration::from_millis(100));
        let margin = alarm - pace.alarm(alarm);
        assert!((micros(145)..=micros(170)).contains(&margin), "{margin:?}");
    }

    #[test]
    fn no_more_than_a_part_of_the_time_between_sends_is_spun() {
        let start = Instant::now() + Duration::from_secs(1);
        let mut pace = Pace::new(Timing::Precise);
        pace.sent(start);
        let alarm = |after: u64| start + micros(after) - pace.alarm(start + micros(after));
        assert_eq!((alarm(80), alarm(1_000)), (micros(10), FIRST_MARGIN));
    }

    #[test]
    fn sends_within_a_tick_leave_together_and_none_leaves_early() {
        let start = Instant::now() + Duration::from_secs(1);
        let mut precise = Pace::new(Timing::Precise);
        assert_eq!(precise.departure(start), start);
        precise.sent(start);
        assert_eq!(precise.departure(start + micros(20)), start + micros(100));
        assert_eq!(precise.departure(start + micros(130)), start + micros(130));
        let mut relaxed = Pace::new(Timing::Relaxed);
        relaxed.sent(start);
        assert_eq!(relaxed.departure(start + micros(100)), start + micros(1000));
        assert_eq!(relaxed.alarm(start), start, "nothing is spun");
    }
}
