//! The connections of one worker: which are idle, which carry a request and since when; does no input or output.

use std::ops::{Index, IndexMut};
use std::time::Instant;

use super::client::Response;
use super::connection::{Connection, Flight, Phase};

/// No neighbour in the list of requests in flight.
const NONE: usize = usize::MAX;

/// A connection's neighbours in the list of requests in flight.
#[derive(Clone, Copy)]
struct Links {
    older: usize,
    newer: usize,
}

/// Connections by slot. Those in flight form a list in the order in which they started, so that the next timeout
/// is at its head and a request leaves it without a search.
pub(crate) struct Pool<R> {
    slots: Vec<Connection<R>>,
    links: Vec<Links>,
    /// By origin. The one used last is reused first: the fewest connections stay busy, and those idle longest come first here.
    idle: Vec<Vec<(usize, Instant)>>,
    closed: Vec<usize>,
    limit: usize,
    oldest: usize,
    newest: usize,
    in_flight: usize,
}

impl<R> Index<usize> for Pool<R> {
    type Output = Connection<R>;

    fn index(&self, slot: usize) -> &Connection<R> {
        &self.slots[slot]
    }
}

impl<R> IndexMut<usize> for Pool<R> {
    fn index_mut(&mut self, slot: usize) -> &mut Connection<R> {
        &mut self.slots[slot]
    }
}

impl<R: Response> Pool<R> {
    pub(crate) fn new(limit: usize, origins: usize) -> Self {
        Self {
            slots: Vec::new(),
            links: Vec::new(),
            idle: vec![Vec::new(); origins],
            closed: Vec::new(),
            limit,
            oldest: NONE,
            newest: NONE,
            in_flight: 0,
        }
    }

    /// Whether a request may leave now.
    pub(crate) fn has_room(&self) -> bool {
        self.in_flight < self.limit
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Connections open, idle ones included.
    pub(crate) fn open(&self) -> usize {
        self.idle.iter().map(Vec::len).sum::<usize>() + self.in_flight
    }

    /// A slot for a request to an origin: an idle connection to it, else a closed one. The request is in flight from now on.
    pub(crate) fn take(&mut self, flight: Flight, origin: usize) -> usize {
        let idle = self.idle[origin].pop().map(|(slot, _)| slot);
        if idle.is_none() && self.idle.len() > 1 && self.open() >= self.limit {
            self.close_longest_idle();
        }
        let slot = match idle.or_else(|| self.closed.pop()) {
            Some(slot) => slot,
            None => {
                self.slots.push(Connection::new(flight));
                self.links.push(Links {
                    older: NONE,
                    newer: NONE,
                });
                self.slots.len() - 1
            }
        };
        self.slots[slot].origin = origin;
        self.slots[slot].begin(flight);
        self.link(slot);
        slot
    }

    /// The request of `slot` is over; the connection is kept for another.
    pub(crate) fn keep(&mut self, slot: usize, now: Instant) {
        self.unlink(slot);
        self.slots[slot].phase = Phase::Idle;
        self.idle[self.slots[slot].origin].push((slot, now));
    }

    /// Makes room among the connections to other origins.
    fn close_longest_idle(&mut self) {
        let first = |idle: &Vec<(usize, Instant)>| idle.first().map(|(slot, since)| (*since, *slot));
        if let Some((_, slot)) = self.idle.iter().filter_map(first).min() {
            self.close_idle(slot);
        }
    }

    /// The request of `slot` is over, and its connection too.
    pub(crate) fn close(&mut self, slot: usize) {
        self.unlink(slot);
        self.slots[slot].close();
        self.closed.push(slot);
    }

    /// An idle connection is over.
    pub(crate) fn close_idle(&mut self, slot: usize) {
        let idle = &mut self.idle[self.slots[slot].origin];
        if let Some(at) = idle.iter().rposition(|(other, _)| *other == slot) {
            idle.remove(at);
            self.slots[slot].close();
            self.closed.push(slot);
        }
    }

    /// Closes the connections that have been idle since before `limit`.
    pub(crate) fn close_idle_since(&mut self, limit: Instant) {
        for idle in &mut self.idle {
            let count = idle.partition_point(|(_, since)| *since < limit);
            for (slot, _) in idle.drain(..count) {
                self.slots[slot].close();
                self.closed.push(slot);
            }
        }
    }

    /// The request in flight that started first.
    pub(crate) fn oldest(&self) -> Option<usize> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    /// The slots of all requests in flight, oldest first.
    pub(crate) fn in_flight_slots(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.oldest(), |slot| {
            let newer = self.links[*slot].newer;
            (newer != NONE).then_some(newer)
        })
    }

    fn link(&mut self, slot: usize) {
        self.links[slot] = Links {
            older: self.newest,
            newer: NONE,
        };
        match self.newest {
            NONE => self.oldest = slot,
            newest => self.links[newest].newer = slot,
        }
        self.newest = slot;
        self.in_flight += 1;
    }

    fn unlink(&mut self, slot: usize) {
        let Links { older, newer } = self.links[slot];
        match older {
            NONE => self.oldest = newer,
            older => self.links[older].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.links[newer].older = older,
        }
        self.in_flight -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::response::HttpResponse;
    use super::*;

    fn ages(pool: &Pool<HttpResponse>, start: Instant) -> Vec<u128> {
        pool.in_flight_slots()
            .map(|slot| (pool[slot].flight.started - start).as_millis())
            .collect()
    }

    #[test]
    fn requests_in_flight_stay_in_the_order_of_their_start() {
        let start = Instant::now();
        let flight = |ms| Flight {
            intended: start,
            started: start + Duration::from_millis(ms),
        };
        let mut pool: Pool<HttpResponse> = Pool::new(3, 1);
        let slots: Vec<usize> = (0..3).map(|ms| pool.take(flight(ms), 0)).collect();
        assert!(!pool.has_room());
        pool.keep(slots[1], start);
        assert_eq!(ages(&pool, start), [0, 2]);
        assert_eq!(pool.take(flight(3), 0), slots[1], "the idle one is reused");
        pool.close(slots[0]);
        assert_eq!(ages(&pool, start), [2, 3]);
        assert_eq!(pool.oldest(), Some(slots[2]));
        pool.close(slots[2]);
        pool.keep(slots[1], start);
        assert_eq!((pool.in_flight(), pool.open(), pool.oldest()), (0, 1, None));
        pool.close_idle(slots[1]);
        assert_eq!(pool.open(), 0);
        assert_eq!(pool.slots.len(), 3, "slots are used again, not added");
    }

    #[test]
    fn connections_idle_for_long_are_closed_and_the_fresh_ones_kept() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let flight = Flight {
            intended: start,
            started: start,
        };
        let mut pool: Pool<HttpResponse> = Pool::new(3, 1);
        let slots: Vec<usize> = (0..3).map(|_| pool.take(flight, 0)).collect();
        for (slot, ms) in slots.iter().zip([10, 20, 30]) {
            pool.keep(*slot, at(ms));
        }
        pool.close_idle_since(at(20));
        assert_eq!(pool.open(), 2);
        pool.close_idle_since(at(21));
        assert_eq!((pool.open(), pool.take(flight, 0)), (1, slots[2]));
    }

    #[test]
    fn an_idle_connection_to_one_origin_makes_room_for_one_to_another() {
        let start = Instant::now();
        let flight = Flight {
            intended: start,
            started: start,
        };
        let mut pool: Pool<HttpResponse> = Pool::new(1, 2);
        let first = pool.take(flight, 0);
        pool.keep(first, start);
        assert_eq!(pool.take(flight, 1), first, "closed, and its slot used again");
        assert_eq!((pool.open(), pool[first].origin), (1, 1));
    }
}
