//! What each panel of `dashboards/uwsgi.json` has to show of the world, in the order of the file. The names of series are
//! the legend's.

use super::truths::Seen::{Attempts, Differences, Memory, Scrapes, Seconds};
use super::truths::Truth::{Failed, Last, Moving, Newest, Peak, Ratio, Still, Told, Total, Up};
use super::truths::{PanelTruth, Row, Who};
use super::world::{LOAD_SECONDS, events, events_since_reload, turns};

/// Over both workers of a server, whose weights are 1 and 2.
const WORKERS: f64 = 3.0;
/// Over all cores of a server: those of each worker have the weights 1 and 2.
const CORES: f64 = 9.0;
/// Over both load generators.
const TARGETS: f64 = 3.0;
/// Of 10 and 20 ms, by requests: 1 to 2.
const REQUEST_TIME: f64 = 50_000.0 / 3.0;

const ANSWERED: Row = ("client: answered", Seconds, Moving(|_| 9.0 * TARGETS));
const SERVERS_TIME: Row = ("server: mean service time", Differences, Ratio(|_| REQUEST_TIME));

/// The heavier server was reloaded, when its counters began anew.
fn kills_in_this_life(of: Who) -> f64 {
    if of.server > 1.0 {
        events_since_reload(5)
    } else {
        events(5)
    }
}

pub(super) const PANELS: &[PanelTruth] = &[
    (
        "Requests per second",
        &[("achieved", Seconds, Moving(|_| 9.0 * TARGETS))],
    ),
    ("Latency p99", &[("p99", Seconds, Moving(|_| 200_000.0))]),
    (
        "Busy workers",
        &[
            ("busy", Scrapes, Moving(|of| of.server)),
            ("running", Scrapes, Still(|of| 4.0 * of.server)),
        ],
    ),
    (
        "Listen queue",
        &[("waiting", Scrapes, Peak(|of| 10.0 * of.server))],
    ),
    (
        "Harakiri kills",
        &[(
            "total",
            Scrapes,
            Last(|of| WORKERS * of.server * kills_in_this_life(of)),
        )],
    ),
    ("Stats server", &[("up", Attempts, Up)]),
    (
        "Load: asked and achieved rate",
        &[
            ("asked", Seconds, Moving(|_| 10.0 * TARGETS)),
            ("achieved", Seconds, Moving(|_| 9.0 * TARGETS)),
        ],
    ),
    (
        "Load: latency",
        &[
            ("p50", Seconds, Moving(|_| 20_000.0)),
            ("p90", Seconds, Moving(|_| 80_000.0)),
            ("p99", Seconds, Moving(|_| 200_000.0)),
            ("max", Seconds, Peak(|_| 300_000.0)),
            ("service p50", Seconds, Moving(|_| 18_000.0)),
        ],
    ),
    (
        "Worker status",
        &[
            ("busy", Scrapes, Moving(|of| of.server)),
            ("idle", Scrapes, Still(|of| 3.0 * of.server)),
            ("cheap", Scrapes, Still(|of| of.server)),
            ("pause", Scrapes, Still(|_| 0.0)),
            ("sig", Scrapes, Still(|_| 0.0)),
        ],
    ),
    (
        "Listen queue",
        &[
            ("average", Scrapes, Moving(|of| 10.0 * of.server)),
            ("peak", Scrapes, Peak(|of| 10.0 * of.server)),
            ("limit", Scrapes, Still(|of| 100.0 * of.server)),
        ],
    ),
    (
        "In-request sum",
        &[
            ("in request", Scrapes, Moving(|of| 2.0 * of.server)),
            ("cores", Scrapes, Still(|of| 8.0 * of.server)),
        ],
    ),
    (
        "Average request time",
        &[("average", Differences, Ratio(|_| REQUEST_TIME))],
    ),
    (
        "Worker requests",
        &[(
            "worker {worker} ({source})",
            Differences,
            Moving(|of| 10.0 * of.server * of.worker),
        )],
    ),
    (
        "Running time",
        &[("busy cores", Differences, Moving(|of| 0.5 * of.server))],
    ),
    (
        "Workers amount",
        &[
            ("configured", Scrapes, Still(|of| 5.0 * of.server)),
            ("running", Scrapes, Still(|of| 4.0 * of.server)),
        ],
    ),
    (
        "Harakiri count",
        &[("kills", Differences, Total(|of| WORKERS * of.server * events(5)))],
    ),
    (
        "Respawn count",
        &[("starts", Differences, Total(|of| WORKERS * of.server * events(3)))],
    ),
    (
        "Busy of running workers",
        &[("{source}", Scrapes, Moving(|_| 0.25))],
    ),
    ("Cores in request", &[("{source}", Scrapes, Moving(|_| 0.25))]),
    ("Queue of its limit", &[("{source}", Scrapes, Peak(|_| 0.1))]),
    (
        "Queue of each socket",
        &[
            (
                "{socket} average ({source})",
                Scrapes,
                Moving(|of| 2.0 * of.server * of.socket),
            ),
            (
                "{socket} peak ({source})",
                Scrapes,
                Peak(|of| 2.0 * of.server * of.socket),
            ),
        ],
    ),
    (
        "Oldest request",
        &[("{source}", Scrapes, Peak(|of| 2.0 * of.server))],
    ),
    (
        "Throughput",
        &[
            (
                "server: finished",
                Differences,
                Moving(|of| 10.0 * WORKERS * of.server),
            ),
            ANSWERED,
        ],
    ),
    (
        "Service time and latency",
        &[
            SERVERS_TIME,
            ("client: p50", Seconds, Moving(|_| 20_000.0)),
            ("client: p99", Seconds, Moving(|_| 200_000.0)),
        ],
    ),
    (
        "Events",
        &[
            ("reload", Scrapes, Told(|_| 1.0)),
            ("respawn", Scrapes, Total(|of| of.server * events(3))),
            ("harakiri", Scrapes, Total(|of| of.server * events(5))),
            ("death", Scrapes, Total(|of| of.server * events(9))),
            ("down", Scrapes, Told(|step| turns(step, false))),
            ("up", Scrapes, Told(|step| turns(step, true))),
        ],
    ),
    (
        "Exceptions",
        &[(
            "exceptions",
            Differences,
            Total(|of| WORKERS * of.server * events(1)),
        )],
    ),
    (
        "Load: errors by kind",
        &[
            ("connect", Seconds, Total(|_| TARGETS * LOAD_SECONDS)),
            ("timeout", Seconds, Total(|_| 2.0 * TARGETS * LOAD_SECONDS)),
            ("read", Seconds, Total(|_| 3.0 * TARGETS * LOAD_SECONDS)),
            ("write", Seconds, Total(|_| 4.0 * TARGETS * LOAD_SECONDS)),
            ("malformed", Seconds, Total(|_| 5.0 * TARGETS * LOAD_SECONDS)),
        ],
    ),
    (
        "Load: answers by status",
        &[
            ("2xx", Seconds, Total(|_| 6.0 * TARGETS * LOAD_SECONDS)),
            ("3xx", Seconds, Total(|_| 7.0 * TARGETS * LOAD_SECONDS)),
            ("4xx", Seconds, Total(|_| 8.0 * TARGETS * LOAD_SECONDS)),
            ("5xx", Seconds, Total(|_| 9.0 * TARGETS * LOAD_SECONDS)),
        ],
    ),
    (
        "Load: answers and errors",
        &[
            ("answered", Seconds, Total(|_| 9.0 * TARGETS * LOAD_SECONDS)),
            ("errors", Seconds, Total(|_| 15.0 * TARGETS * LOAD_SECONDS)),
        ],
    ),
    (
        "Broken connections",
        &[
            ("write", Differences, Total(|of| CORES * of.server * events(7))),
            ("read", Differences, Total(|of| CORES * of.server * events(2))),
        ],
    ),
    (
        "Memory of each worker",
        &[(
            "worker {working} ({source})",
            Memory,
            Still(|of| 1e6 * of.server * of.worker),
        )],
    ),
    (
        "Sent",
        &[("sent", Differences, Moving(|of| 1000.0 * WORKERS * of.server))],
    ),
    ("Bytes of an answer", &[("bytes", Differences, Ratio(|_| 100.0))]),
    (
        "Workers spawned against busyness",
        &[
            ("configured", Scrapes, Still(|of| 5.0 * of.server)),
            ("running", Scrapes, Still(|of| 4.0 * of.server)),
            ("busyness ({source})", Differences, Moving(|of| 0.25 * of.server)),
        ],
    ),
    (
        "Cache hits",
        &[("default ({source})", Differences, Ratio(|_| 0.75))],
    ),
    (
        "Cache filled",
        &[("default ({source})", Scrapes, Moving(|_| 0.2))],
    ),
    (
        "Cache full",
        &[(
            "default ({source})",
            Differences,
            Total(|of| of.server * events(4)),
        )],
    ),
    (
        "Spooler tasks",
        &[(
            "/tmp/spool ({source})",
            Differences,
            Moving(|of| 10.0 * of.server),
        )],
    ),
    (
        "Spoolers at work",
        &[("/tmp/spool ({source})", Scrapes, Moving(|_| 1.0))],
    ),
    (
        "Spooler respawns",
        &[(
            "/tmp/spool ({source})",
            Differences,
            Total(|of| of.server * events(6)),
        )],
    ),
    (
        "Busy cores of each worker",
        &[(
            "worker {worker} ({source})",
            Differences,
            Moving(|of| 0.1 * of.server * of.worker * of.worker),
        )],
    ),
    (
        "Average request time of each worker",
        &[(
            "worker {working} ({source})",
            Differences,
            Ratio(|of| 10_000.0 * of.worker),
        )],
    ),
    (
        "Requests since the start of each worker",
        &[(
            "worker {worker} ({source})",
            Scrapes,
            Newest(|of| 7.0 * of.server * of.worker),
        )],
    ),
    (
        "Requests of each app",
        &[(
            "app 0 ({source})",
            Differences,
            Moving(|of| 10.0 * WORKERS * of.server),
        )],
    ),
    (
        "Starts of each worker",
        &[(
            "worker {worker} ({source})",
            Differences,
            Total(|of| of.server * of.worker * events(3)),
        )],
    ),
    (
        "Harakiri kills of each worker",
        &[(
            "worker {worker} ({source})",
            Differences,
            Total(|of| of.server * of.worker * events(5)),
        )],
    ),
    (
        "Requests of each core",
        &[(
            "worker {working} core {core} ({source})",
            Differences,
            Moving(|of| 10.0 * of.server * of.worker * of.core),
        )],
    ),
    (
        "Time in request of each core",
        &[(
            "worker {working} core {core} ({source})",
            Scrapes,
            Moving(|of| of.server * of.worker * of.core),
        )],
    ),
    (
        "Requests that no application code answers",
        &[
            ("static", Differences, Moving(|of| 20.0 * CORES * of.server)),
            ("routed", Differences, Moving(|of| 30.0 * CORES * of.server)),
            ("offloaded", Differences, Moving(|of| 40.0 * CORES * of.server)),
        ],
    ),
    (
        "Scrape time",
        &[
            ("average ({source})", Attempts, Still(|of| 90.0 * of.server)),
            ("peak ({source})", Attempts, Still(|of| 90.0 * of.server)),
        ],
    ),
    ("Scrapes that failed", &[("{source}", Attempts, Failed)]),
    (
        "Load: connections and backlog",
        &[
            ("connections", Seconds, Still(|_| 5.0 * TARGETS)),
            ("backlog", Seconds, Still(|_| TARGETS)),
        ],
    ),
];
