//! Holds the series of a panel against the truth: which buckets there must be, and between which values each must lie.

use std::collections::{BTreeMap, BTreeSet};

use super::truths::{Row, Seen, Truth, Who};
use super::world::{self, CHEAP, CORES, DOUBLED, SERVERS, SOCKETS, START, Scrape, Server, WORKERS};

/// A series as it was answered: bucket (milliseconds since the Unix epoch) and value, without those that are null.
pub(super) type Answered = BTreeMap<String, Vec<(i64, f64)>>;

/// A series as it has to be.
struct Wanted {
    name: String,
    of: Vec<(Server, Who)>,
    seen: Seen,
    truth: Truth,
}

/// How the question was put.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zoom {
    /// Seconds between two scrapes.
    pub(super) step: i64,
    /// Milliseconds of a bucket.
    pub(super) bucket: i64,
}

/// What is wrong with a panel's answer; nothing where it is the truth.
pub(super) fn offences(rows: &[Row], zoom: Zoom, answered: &Answered) -> Vec<String> {
    let wanted: Vec<Wanted> = rows.iter().flat_map(|row| expanded(*row)).collect();
    let names: BTreeSet<_> = wanted.iter().map(|one| one.name.as_str()).collect();
    let shown: BTreeSet<_> = answered.keys().map(String::as_str).collect();
    if names != shown {
        return vec![format!("series {shown:?} instead of {names:?}")];
    }
    let offences = wanted.iter().filter_map(|one| {
        let values = &answered[&one.name];
        let wrong = one.offence(zoom, values)?;
        Some(format!("{}: {wrong}", one.name))
    });
    offences.collect()
}

/// The series that a row stands for.
fn expanded((name, seen, truth): Row) -> Vec<Wanted> {
    let everywhere = SERVERS.map(|server| {
        (
            server,
            Who {
                server: server.weight as f64,
                ..Who::default()
            },
        )
    });
    let mut series = vec![(name.to_owned(), everywhere.to_vec())];
    if name.contains("{source}") {
        let single = everywhere.map(|one| (name.replace("{source}", one.0.source), vec![one]));
        series = single.to_vec();
    }
    let workers: Vec<_> = WORKERS.map(|id| (id.to_string(), id as f64)).to_vec();
    let with_cheap = [workers.clone(), vec![(CHEAP.to_string(), 0.0)]].concat();
    let cores = CORES.map(|weight| ((weight - 1).to_string(), weight as f64));
    let sockets =
        SOCKETS.map(|(weight, proto, name)| (format!("{}: {proto} {name}", weight - 1), weight as f64));
    series = each(series, "{worker}", &with_cheap, |who, weight| who.worker = weight);
    series = each(series, "{working}", &workers, |who, weight| who.worker = weight);
    series = each(series, "{core}", &cores, |who, weight| who.core = weight);
    series = each(series, "{socket}", &sockets, |who, weight| who.socket = weight);
    series
        .into_iter()
        .map(|(name, of)| Wanted {
            name,
            of,
            seen,
            truth,
        })
        .collect()
}

type Named = Vec<(String, Vec<(Server, Who)>)>;

/// One series for each of the choices, where the name has the place for them.
fn each(series: Named, place: &str, choices: &[(String, f64)], set: impl Fn(&mut Who, f64)) -> Named {
    let expand = |(name, of): (String, Vec<(Server, Who)>)| {
        if !name.contains(place) {
            return vec![(name, of)];
        }
        let copies = choices.iter().map(|(text, weight)| {
            let mut of = of.clone();
            of.iter_mut().for_each(|(_, who)| set(who, *weight));
            (name.replace(place, text), of)
        });
        copies.collect()
    };
    series.into_iter().flat_map(expand).collect()
}

impl Wanted {
    fn offence(&self, zoom: Zoom, values: &[(i64, f64)]) -> Option<String> {
        let sum = values.iter().map(|(_, value)| value).sum();
        let wanted = |expected: f64, shown: f64, what: &str| {
            (!near(shown, expected)).then(|| format!("{what} is {shown}, and has to be {expected}"))
        };
        match self.truth {
            Truth::Total(share) if self.seen == Seen::Seconds => {
                wanted(share(Who::default()), sum, "the sum")
            }
            Truth::Total(share) => wanted(self.of.iter().map(|(_, who)| share(*who)).sum(), sum, "the sum"),
            Truth::Told(number) => wanted(number(zoom.step), sum, "the sum"),
            _ => self.offence_in_buckets(zoom, values),
        }
    }

    fn offence_in_buckets(&self, zoom: Zoom, values: &[(i64, f64)]) -> Option<String> {
        let buckets = self.buckets(zoom);
        let shown: BTreeSet<i64> = values.iter().map(|(bucket, _)| *bucket).collect();
        let wanted: BTreeSet<i64> = buckets.keys().copied().collect();
        if shown != wanted {
            let (more, less) = (shown.difference(&wanted).next(), wanted.difference(&shown).next());
            let (more, less) = (more.map(|at| at - START), less.map(|at| at - START));
            return Some(format!(
                "buckets too many from {more:?} ms, missing from {less:?} ms on"
            ));
        }
        let judged = match self.truth {
            Truth::Last(_) => &values[values.len() - 1..],
            _ => values,
        };
        let wrong = judged.iter().find(|(bucket, value)| {
            let (low, high) = buckets[bucket];
            !((*value >= low && *value <= high) || near(*value, low) || near(*value, high))
        });
        wrong.map(|(bucket, value)| {
            let (low, high) = buckets[bucket];
            format!("{value} at {} ms, and has to be {low} to {high}", bucket - START)
        })
    }

    /// Between which values each bucket's has to lie.
    fn buckets(&self, zoom: Zoom) -> BTreeMap<i64, (f64, f64)> {
        let mut buckets = BTreeMap::new();
        if self.seen == Seen::Seconds {
            for second in 0..world::SECONDS {
                let bucket = bucket_of(START + second * 1000, zoom);
                buckets
                    .entry(bucket)
                    .or_insert_with(|| self.bounds(bucket, zoom, &[Who::default()]));
            }
            return buckets;
        }
        let mut seen = BTreeMap::<i64, Vec<(Who, Vec<Scrape>)>>::new();
        for (server, who) in &self.of {
            let mut own = BTreeMap::<i64, Vec<Scrape>>::new();
            for scrape in server
                .scrapes(zoom.step)
                .into_iter()
                .filter(|scrape| self.seen.sees(scrape))
            {
                own.entry(bucket_of(scrape.time(), zoom))
                    .or_default()
                    .push(scrape);
            }
            for (bucket, scrapes) in own {
                seen.entry(bucket).or_default().push((*who, scrapes));
            }
        }
        let bounds = seen.into_iter().map(|(bucket, seen)| {
            let failed = seen
                .iter()
                .flat_map(|(_, scrapes)| scrapes)
                .filter(|scrape| !scrape.succeeds)
                .count();
            let attempts = seen.iter().map(|(_, scrapes)| scrapes.len()).sum::<usize>();
            let whose: Vec<Who> = seen.iter().map(|(who, _)| *who).collect();
            let exactly = |value: f64| (value, value);
            let bounds = match self.truth {
                Truth::Up => exactly(f64::from(u8::from(failed == 0))),
                Truth::Failed => exactly(failed as f64 / attempts as f64),
                _ => self.bounds(bucket, zoom, &whose),
            };
            (bucket, bounds)
        });
        bounds.collect()
    }

    fn bounds(&self, bucket: i64, zoom: Zoom, whose: &[Who]) -> (f64, f64) {
        let sum = |share: fn(Who) -> f64| whose.iter().map(|who| share(*who)).sum::<f64>();
        let times = |value: f64, (low, high): (f64, f64)| (value * low, value * high);
        match self.truth {
            Truth::Still(share) | Truth::Last(share) => times(sum(share), (1.0, 1.0)),
            Truth::Ratio(share) => times(share(whose[0]), (1.0, 1.0)),
            Truth::Peak(share) | Truth::Newest(share) => times(sum(share), latest_phase(bucket, zoom)),
            Truth::Moving(share) => times(sum(share), mean_phase(bucket, zoom)),
            _ => (f64::NAN, f64::NAN),
        }
    }
}

impl Seen {
    fn sees(self, scrape: &Scrape) -> bool {
        match self {
            Self::Attempts => true,
            Self::Scrapes => scrape.succeeds,
            Self::Differences => scrape.has_difference,
            Self::Memory => scrape.succeeds && scrape.knows_memory,
            Self::Seconds => false,
        }
    }
}

fn bucket_of(time: i64, zoom: Zoom) -> i64 {
    time.div_euclid(zoom.bucket) * zoom.bucket
}

/// Begin and end of a bucket, in tenths of a second since the start of the world.
fn tenths(bucket: i64, zoom: Zoom) -> (i64, i64) {
    ((bucket - START) / 100, (bucket + zoom.bucket - START) / 100)
}

/// Scrapes see the moment of doubling as much as this too late, in tenths: one may be missing, and be late.
fn blur(zoom: Zoom) -> i64 {
    3 * zoom.step * 10
}

/// The phase of a bucket that is wholly before or after the doubling.
fn sharp_phase(bucket: i64, zoom: Zoom) -> Option<f64> {
    let (begin, end) = tenths(bucket, zoom);
    if end <= DOUBLED {
        Some(1.0)
    } else if begin > DOUBLED + blur(zoom) {
        Some(2.0)
    } else {
        None
    }
}

/// Between which values the average phase over the bucket lies, as far as scrapes can tell.
fn mean_phase(bucket: i64, zoom: Zoom) -> (f64, f64) {
    if let Some(phase) = sharp_phase(bucket, zoom) {
        return (phase, phase);
    }
    let (begin, end) = tenths(bucket, zoom);
    let (begin, end) = (begin.max(0), end.min(world::SECONDS * 10));
    let sum: i64 = (begin..end).map(world::phase).sum();
    let mean = sum as f64 / (end - begin) as f64;
    let doubt = blur(zoom) as f64 / (end - begin) as f64 + 0.02;
    ((mean - doubt).max(1.0), (mean + doubt).min(2.0))
}

/// The phase at the end of the bucket, where it is also the highest.
fn latest_phase(bucket: i64, zoom: Zoom) -> (f64, f64) {
    let (_, end) = tenths(bucket, zoom);
    match sharp_phase(bucket, zoom) {
        Some(phase) => (phase, phase),
        None if end > DOUBLED + blur(zoom) => (2.0, 2.0),
        None => (1.0, 2.0),
    }
}

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= expected.abs() * 1e-9
}
