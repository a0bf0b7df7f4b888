//! How often a password may be guessed: a pure count over instants it is given; it knows no passwords.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Wrong attempts at once, for people who mistype.
const MOST: u32 = 10;
/// One more attempt for each of these.
const EACH: Duration = Duration::from_secs(1);
/// A few misconfigured clients repeat themselves; more than this are somebody who guesses.
const REMEMBERED: usize = 32;

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
    /// Nobody looked whether it was right.
    TooMany,
}

/// The wrong attempts of late.
///
/// The same wrong attempt again tells a guesser nothing, so it costs nothing: a client with an old password, asking
/// every second, keeps nobody out.
pub(super) struct Guesses {
    left: u32,
    refilled: Instant,
    wrong: VecDeque<[u8; 32]>,
}

impl Guesses {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            left: MOST,
            refilled: now,
            wrong: VecDeque::new(),
        }
    }

    /// `attempt` is a fingerprint of login and password.
    pub(super) fn check(
        &mut self,
        attempt: [u8; 32],
        now: Instant,
        is_right: impl FnOnce() -> bool,
    ) -> Verdict {
        if self.wrong.contains(&attempt) {
            return Verdict::Wrong;
        }
        self.refill(now);
        if self.left == 0 {
            return Verdict::TooMany;
        }
        if is_right() {
            return Verdict::Right;
        }
        self.left -= 1;
        self.wrong.push_front(attempt);
        self.wrong.truncate(REMEMBERED);
        Verdict::Wrong
    }

    fn refill(&mut self, now: Instant) {
        while self.left < MOST && now.duration_since(self.refilled) >= EACH {
            self.left += 1;
            self.refilled += EACH;
        }
        if self.left == MOST {
            self.refilled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Right, TooMany, Wrong};
    use super::*;

    fn attempt(number: u8) -> [u8; 32] {
        [number; 32]
    }

    #[test]
    fn after_ten_different_wrong_attempts_one_more_is_looked_at_each_second() {
        let start = Instant::now();
        let mut guesses = Guesses::new(start);
        for number in 0..10 {
            assert_eq!(guesses.check(attempt(number), start, || false), Wrong);
        }
        assert_eq!(guesses.check(attempt(10), start, || true), TooMany);
        assert_eq!(guesses.check(attempt(10), start + EACH / 2, || true), TooMany);
        assert_eq!(guesses.check(attempt(11), start + EACH, || false), Wrong);
        assert_eq!(guesses.check(attempt(10), start + EACH, || true), TooMany);
        assert_eq!(guesses.check(attempt(10), start + 2 * EACH, || true), Right);
        assert_eq!(guesses.check(attempt(10), start + 2 * EACH, || true), Right);
    }

    #[test]
    fn the_same_wrong_attempt_counts_once() {
        let start = Instant::now();
        let mut guesses = Guesses::new(start);
        for _ in 0..100 {
            assert_eq!(guesses.check(attempt(1), start, || false), Wrong);
        }
        assert_eq!(guesses.check(attempt(2), start, || true), Right);
    }

    #[test]
    fn patience_gives_ten_attempts_at_most() {
        let start = Instant::now();
        let mut guesses = Guesses::new(start);
        let later = start + 1000 * EACH;
        for number in 0..10 {
            assert_eq!(guesses.check(attempt(number), later, || false), Wrong);
        }
        assert_eq!(guesses.check(attempt(10), later, || true), TooMany);
    }
}
