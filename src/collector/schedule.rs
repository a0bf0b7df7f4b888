//! When to scrape: an interval aligned to the wall clock, as Telegraf's `round_interval`; waits for nothing itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long to wait from `now` (since the Unix epoch) to the next multiple of `interval`. Multiples that have passed are
/// skipped, never made up for.
pub(super) fn until_next(now: Duration, interval: Duration) -> Duration {
    let interval = interval.max(Duration::from_millis(1));
    let since_last = Duration::from_nanos((now.as_nanos() % interval.as_nanos()) as u64);
    let wait = interval.saturating_sub(since_last);
    // The timer may fire, or the clock be set back, a moment before the multiple: that one has been scraped already.
    if wait < interval / 16 {
        wait + interval
    } else {
        wait
    }
}

/// This moment, since the Unix epoch. A clock before 1970 reads as 1970.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrapes_fall_on_multiples_of_the_interval_and_missed_ones_are_skipped() {
        let ms = Duration::from_millis;
        for (now, interval, wait) in [
            (1_000_000, 1_000, 1_000),
            (1_000_250, 1_000, 750),
            (1_002_900, 1_000, 100),
            (1_000_250, 5_000, 4_750),
            (1_000_999, 1_000, 1_001),
        ] {
            assert_eq!(until_next(ms(now), ms(interval)), ms(wait), "at {now}");
        }
    }

    #[test]
    fn an_interval_of_nothing_does_not_spin() {
        assert!(until_next(Duration::from_secs(5), Duration::ZERO) >= Duration::from_millis(1));
    }
}
