//! One reading of the clocks for a batch of work, and what the kernel's times of arrival are on the program's own clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The monotonic clock and the system's clock, read together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) clock: Instant,
    since_epoch: Duration,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self {
            since_epoch: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            clock: Instant::now(),
        }
    }

    /// The moment at which the system's clock showed `arrival`, by the monotonic clock. Nothing where that was before
    /// `earliest` or is to come: then the system's clock was set meanwhile.
    pub(crate) fn at(&self, arrival: Duration, earliest: Instant) -> Option<Instant> {
        let moment = match self.since_epoch.checked_sub(arrival) {
            Some(age) => self.clock.checked_sub(age)?,
            // It came while this batch was at work.
            None => self.clock.checked_add(arrival - self.since_epoch)?,
        };
        (earliest..=Instant::now().max(self.clock))
            .contains(&moment)
            .then_some(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_is_told_by_the_clock_that_cannot_be_set() {
        let moment = Moment::now();
        let sent = moment.clock - Duration::from_millis(5);
        let age = Duration::from_millis(2);
        let arrival = moment.since_epoch - age;
        assert_eq!(moment.at(arrival, sent), Some(moment.clock - age));
        let early = moment.since_epoch - Duration::from_millis(6);
        assert_eq!(moment.at(early, sent), None, "before it was asked for");
        let late = moment.since_epoch + Duration::from_secs(60);
        assert_eq!(moment.at(late, sent), None, "the clock was set back");
    }
}
