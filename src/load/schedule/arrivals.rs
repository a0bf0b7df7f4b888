//! How requests arrive at a rate: evenly, or by chance as independent users would; pure, and the same for the same seed.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// How the requests of a profile are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Arrivals {
    /// Each as far from the last as the rate says.
    Even,
    /// A Poisson process: each comes without regard to the others, so that they bunch and leave gaps.
    Poisson { seed: u64 },
}

/// Counts the requests of a plan: at which count of its profile each is due.
#[derive(Debug, Clone)]
pub(crate) enum Counter {
    Even {
        count: u64,
    },
    Poisson {
        count: f64,
        chance: Box<Xoshiro256PlusPlus>,
    },
}

impl Counter {
    pub(crate) fn new(arrivals: Arrivals) -> Self {
        let mut counter = match arrivals {
            Arrivals::Even => Self::Even { count: 0 },
            Arrivals::Poisson { seed } => Self::Poisson {
                count: 0.0,
                chance: Box::new(Xoshiro256PlusPlus::seed_from_u64(seed)),
            },
        };
        // An even schedule begins with a request, one by chance with a gap.
        if matches!(counter, Self::Poisson { .. }) {
            counter.skip(1);
        }
        counter
    }

    /// At which count of the profile the request is due.
    pub(crate) fn count(&self) -> f64 {
        match self {
            Self::Even { count } => *count as f64,
            Self::Poisson { count, .. } => *count,
        }
    }

    /// Goes on by `requests`.
    pub(crate) fn skip(&mut self, requests: u64) {
        match self {
            Self::Even { count } => *count += requests,
            Self::Poisson { count, chance } => {
                for _ in 0..requests {
                    *count += gap(chance.next_u64());
                }
            }
        }
    }
}

/// A gap of mean 1 from 64 random bits: by inversion of the exponential distribution, of which 53 bits make a number in [0, 1).
fn gap(bits: u64) -> f64 {
    let uniform = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    -(-uniform).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(seed: u64, count: usize) -> Vec<f64> {
        let mut counter = Counter::new(Arrivals::Poisson { seed });
        let mut last = 0.0;
        (0..count)
            .map(|_| {
                let gap = counter.count() - last;
                last = counter.count();
                counter.skip(1);
                gap
            })
            .collect()
    }

    #[test]
    fn gaps_by_chance_have_the_mean_and_the_spread_of_a_poisson_process() {
        let gaps = gaps(1, 100_000);
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / count;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
        let long = gaps.iter().filter(|gap| **gap > 3.0).count() as f64 / count;
        assert!(
            (mean - 1.0).abs() < 0.01 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
        assert!((long - (-3.0_f64).exp()).abs() < 0.002, "{long}");
    }

    #[test]
    fn the_same_seed_gives_the_same_arrivals_and_another_gives_others() {
        assert_eq!(gaps(5, 100), gaps(5, 100));
        assert_ne!(gaps(5, 100), gaps(6, 100));
    }
}
