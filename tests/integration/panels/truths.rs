//! What can be said of a panel's series, and which panels of which dashboard it is said of.

/// What a value is multiplied with: the server's weight, the worker's, the core's, the socket's. 0 where the series
/// is not of one worker, core or socket.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Who {
    pub(super) server: f64,
    pub(super) worker: f64,
    pub(super) core: f64,
    pub(super) socket: f64,
}

type Share = fn(Who) -> f64;

/// What has to hold of a series at every zoom. A series of several servers shows the sum over those that were seen in
/// the bucket.
#[derive(Clone, Copy)]
pub(super) enum Truth {
    /// Moves: doubles with the world; its average over a bucket.
    Moving(Share),
    /// The highest of a bucket of what moves.
    Peak(Share),
    /// The latest of a bucket of what moves.
    Newest(Share),
    /// Stays as it is.
    Still(Share),
    /// A ratio: stays, and is the same over several servers as of one.
    Ratio(Share),
    /// Events: the buckets add up to this.
    Total(Share),
    /// Events that are told once: as many as this, with the scrapes that the number of seconds lie between.
    Told(fn(i64) -> f64),
    /// A counter since the master's start: the last bucket shows this.
    Last(Share),
    /// 1 where all servers answered in the bucket, 0 where one did not.
    Up,
    /// The share of the bucket's scrapes that failed.
    Failed,
}

/// In which buckets there is something to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Those with a scrape that succeeded.
    Scrapes,
    /// Those with any.
    Attempts,
    /// Those with a difference to the scrape before.
    Differences,
    /// Those in which the memory of workers is known.
    Memory,
    /// All: the load generators tell of every second.
    Seconds,
}

/// `{source}`, `{worker}`, `{working}` (without the cheap one), `{core}` and `{socket}` in a name stand for one series
/// each.
pub(super) type Row = (&'static str, Seen, Truth);

/// A panel's title and its series.
pub(super) type PanelTruth = (&'static str, &'static [Row]);

/// The panels that ask, by file.
pub(super) const TRUTHS: &[(&str, &[PanelTruth])] = &[("uwsgi.json", super::uwsgi::PANELS)];
