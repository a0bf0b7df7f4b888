//! A world whose every figure is known: two servers under a load, and the points that a collector writes of them.
//!
//! One server is scraped on time; the other with jitter, now and then not at all, once down for a minute, and reloaded
//! in the middle, when all its counters go to 0. All that moves doubles at one moment.

use std::fmt::Write as _;

/// Milliseconds since the Unix epoch: 20 minutes before a full hour, so that buckets of an hour are cut.
pub(super) const START: i64 = 1_700_001_600_000;
pub(super) const SECONDS: i64 = 3900;
/// All times of the world are in tenths of a second since its start: so coarse is the jitter.
const TENTHS: i64 = 10;
/// From here on all that moves is twice what it was.
pub(super) const DOUBLED: i64 = 20_037;
const RELOADED: i64 = 30_003;
const AWAY: std::ops::Range<i64> = 12_000..12_600;
/// One event every 100 s, from 50 s on.
const EVENTS: i64 = 39;
/// One scrape of so many fails.
const FAILS: i64 = 17;

/// What the load generators' answers are multiplied with.
const TARGETS: [(&str, i64); 2] = [("http://127.0.0.1:9090/", 1), ("http://127.0.0.1:9091/", 2)];

/// A server by its place in the world; everything it does is multiplied with its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) source: &'static str,
    pub(super) weight: i64,
    is_steady: bool,
}

pub(super) const SERVERS: [Server; 2] = [
    Server {
        source: "127.0.0.1:9191",
        weight: 1,
        is_steady: true,
    },
    Server {
        source: "unix:/run/stats",
        weight: 3,
        is_steady: false,
    },
];
/// Workers that work, by id; a third one is cheap and has never done anything.
pub(super) const WORKERS: [i64; 2] = [1, 2];
pub(super) const CHEAP: i64 = 3;
/// Weights of a worker's cores; ids are one less.
pub(super) const CORES: [i64; 2] = [1, 2];
/// Weights of a server's sockets, which differ by their places alone; ids are one less.
pub(super) const SOCKETS: [(i64, &str, &str); 2] = [(1, "http", ":9090"), (2, "http", ":9090")];

/// One look at one server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scrape {
    /// In tenths of a second since the start.
    pub(super) at: i64,
    pub(super) succeeds: bool,
    /// uWSGI tells the memory of workers.
    pub(super) knows_memory: bool,
    /// What happened since the scrape before can be told: there was one, and no reload in between.
    pub(super) has_difference: bool,
}

impl Scrape {
    /// Milliseconds since the Unix epoch.
    pub(super) fn time(&self) -> i64 {
        START + self.at * 100
    }
}

impl Server {
    /// The scrapes of every `step` seconds that left a trace; some leave none.
    pub(super) fn scrapes(self, step: i64) -> Vec<Scrape> {
        let mut scrapes: Vec<Scrape> = Vec::new();
        for number in 0..SECONDS / step {
            let on_time = number * step * TENTHS;
            // pseudo-random and the same in each run: within 0.4 s, and never before the start
            let jitter = (number * 7919 + 13) % 9 - 4;
            let at = if self.is_steady {
                on_time
            } else {
                (on_time + jitter).max(0)
            };
            let fails = !self.is_steady && (number % FAILS == 5 || AWAY.contains(&at));
            let leaves_no_trace = fails && number % 2 == 0;
            if leaves_no_trace {
                continue;
            }
            let before = scrapes.iter().rev().find(|scrape| scrape.succeeds);
            let same_life = before.is_some_and(|before| self.life(before.at) == self.life(at));
            scrapes.push(Scrape {
                at,
                succeeds: !fails,
                knows_memory: number % 7 != 3,
                has_difference: !fails && same_life,
            });
        }
        scrapes
    }

    /// When the counters of that moment began at 0.
    fn life(self, at: i64) -> i64 {
        if self.is_steady || at < RELOADED {
            0
        } else {
            RELOADED
        }
    }

    /// What a counter that gains 1 a tenth of a second, later 2, has counted.
    fn counted(self, at: i64) -> i64 {
        moved(at) - moved(self.life(at))
    }

    /// How many events of every `nth` there have been in this life.
    fn events(self, at: i64, nth: i64) -> i64 {
        let since = self.life(at);
        (0..EVENTS)
            .filter(|number| number % nth == 0 && (since + 1..=at).contains(&event_time(*number)))
            .count() as i64
    }
}

/// 1, and later 2.
pub(super) fn phase(at: i64) -> i64 {
    if at < DOUBLED { 1 } else { 2 }
}

/// The phase, added up over all tenths until then.
fn moved(at: i64) -> i64 {
    at + (at - DOUBLED).max(0)
}

fn event_time(number: i64) -> i64 {
    (100 * number + 50) * TENTHS
}

/// How many events of every `nth` there are in all.
pub(super) fn events(nth: i64) -> f64 {
    (EVENTS + nth - 1).div_euclid(nth) as f64
}

/// How many of them the reloaded server counts at the end.
pub(super) fn events_since_reload(nth: i64) -> f64 {
    SERVERS[1].events(SECONDS * TENTHS, nth) as f64
}

/// Seconds of the load generators, which tell of each.
pub(super) const LOAD_SECONDS: f64 = SECONDS as f64;

/// All lines, for scrapes every `step` seconds.
pub(super) fn lines(step: i64) -> String {
    let mut lines = String::new();
    for server in SERVERS {
        let mut events = Events::default();
        for scrape in server.scrapes(step) {
            lines_of(server, scrape, &mut lines);
            events.tell(server, scrape, &mut lines);
        }
    }
    load_lines(&mut lines);
    lines
}

fn write(lines: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(lines, "{line}").unwrap();
}

fn lines_of(server: Server, scrape: Scrape, lines: &mut String) {
    let (Server { source, weight, .. }, time) = (server, scrape.time());
    let took = 90 * weight;
    if !scrape.succeeds {
        return write(
            lines,
            format_args!("uwsgi_summary,source={source} up=0i,scrape_us={took}i {time}"),
        );
    }
    let moving = weight * phase(scrape.at);
    write(
        lines,
        format_args!(
            "uwsgi_summary,source={source} workers={}i,running={}i,busy={moving}i,idle={}i,cheap={weight}i,pause=0i,\
             sig=0i,cores={}i,in_request={}i,queue={}i,max_queue={}i,oldest_request_s={}i,up=1i,scrape_us={took}i {time}",
            5 * weight,
            4 * weight,
            3 * weight,
            8 * weight,
            2 * moving,
            10 * moving,
            100 * weight,
            2 * moving,
        ),
    );
    for (own, proto, name) in SOCKETS {
        let (id, queue) = (own - 1, 2 * own * moving);
        write(
            lines,
            format_args!(
                "uwsgi_sockets,source={source},socket={name},socket_id={id},proto={proto} queue={queue}i,max_queue=100i,shared=0i,\
                 can_offload=0i {time}"
            ),
        );
    }
    let counted = weight * server.counted(scrape.at);
    let (filled, full) = (20 * phase(scrape.at), weight * server.events(scrape.at, 4));
    write(
        lines,
        format_args!(
            "uwsgi_caches,source={source},cache=default items={filled}i,max_items=100i,hits={}i,miss={counted}i,\
             full={full}i {time}",
            3 * counted
        ),
    );
    let respawns = weight * server.events(scrape.at, 6);
    write(
        lines,
        format_args!(
            "uwsgi_spoolers,source={source},spooler=/tmp/spool tasks={counted}i,respawns={respawns}i,running={}i {time}",
            phase(scrape.at)
        ),
    );
    WORKERS
        .into_iter()
        .for_each(|worker| worker_lines(server, scrape, worker, lines));
    cheap_line(server, scrape, lines);
}

fn worker_lines(server: Server, scrape: Scrape, worker: i64, lines: &mut String) {
    let (source, time, weight) = (server.source, scrape.time(), server.weight * worker);
    let requests = weight * server.counted(scrape.at);
    let [exceptions, respawns, kills] = [1, 3, 5].map(|nth| weight * server.events(scrape.at, nth));
    let rss = if scrape.knows_memory {
        weight * 1_000_000
    } else {
        0
    };
    write(
        lines,
        format_args!(
            "uwsgi_workers,source={source},worker_id={worker} requests={requests}i,delta_request={}i,\
             exceptions={exceptions}i,harakiri_count={kills}i,pid=7i,accepting=1i,status=\"busy\",rss={rss}i,\
             running_time={}i,respawn_count={}i,tx={}i,avg_rt=1i {time}",
            7 * weight * phase(scrape.at),
            requests * worker * 10_000,
            respawns + 1,
            requests * 100,
        ),
    );
    write(
        lines,
        format_args!(
            "uwsgi_apps,source={source},worker_id={worker},app_id=0 requests={requests}i,exceptions=0i {time}"
        ),
    );
    for own in CORES {
        let (requests, moving) = (requests * own, weight * own * phase(scrape.at));
        let [read, written] = [2, 7].map(|nth| weight * own * server.events(scrape.at, nth));
        write(
            lines,
            format_args!(
                "uwsgi_cores,source={source},worker_id={worker},core_id={} requests={requests}i,static_requests={}i,\
                 routed_requests={}i,offloaded_requests={}i,write_errors={written}i,read_errors={read}i,\
                 in_request={moving}i {time}",
                own - 1,
                2 * requests,
                3 * requests,
                4 * requests,
            ),
        );
    }
}

/// Counters of a cheap worker stand still, and begin at 0 like all others.
fn cheap_line(server: Server, scrape: Scrape, lines: &mut String) {
    let counter = if server.life(scrape.at) == 0 { 5 } else { 0 };
    write(
        lines,
        format_args!(
            "uwsgi_workers,source={},worker_id={CHEAP} requests={counter}i,delta_request=0i,exceptions=0i,\
             harakiri_count=0i,pid=0i,accepting=1i,status=\"cheap\",rss=0i,running_time={counter}i,\
             respawn_count={counter}i,tx={counter}i,avg_rt=0i {}",
            server.source,
            scrape.time()
        ),
    );
}

/// What has been told of a server.
#[derive(Default)]
struct Events {
    told: i64,
    is_reloaded: bool,
    was_down: bool,
}

impl Events {
    /// The collector tells of events with the scrape that finds them.
    fn tell(&mut self, server: Server, scrape: Scrape, lines: &mut String) {
        let Server { source, weight, .. } = server;
        let mut event = |kind: &str, count: i64| {
            let time = scrape.time();
            write(
                lines,
                format_args!(
                    "uwsgi_events,source={source},kind={kind} text=\"{kind} of {source}\",count={count}i {time}"
                ),
            );
        };
        if scrape.succeeds == self.was_down {
            event(if scrape.succeeds { "up" } else { "down" }, 1);
            self.was_down = !scrape.succeeds;
        }
        if !scrape.succeeds {
            return;
        }
        if server.life(scrape.at) > 0 && !self.is_reloaded {
            event("reload", 1);
            self.is_reloaded = true;
        }
        while self.told < EVENTS && event_time(self.told) <= scrape.at {
            for (kind, nth) in [("respawn", 3), ("harakiri", 5), ("death", 9)] {
                if self.told % nth == 0 {
                    event(kind, weight);
                }
            }
            self.told += 1;
        }
    }
}

/// How often the server that is not steady was seen to come up, or else to go down.
pub(super) fn turns(step: i64, to_up: bool) -> f64 {
    let scrapes = SERVERS[1].scrapes(step);
    let turns = scrapes
        .windows(2)
        .filter(|pair| pair[0].succeeds != to_up && pair[1].succeeds == to_up);
    turns.count() as f64
}

fn load_lines(lines: &mut String) {
    for second in 0..SECONDS {
        for (target, weight) in TARGETS {
            let (moving, time) = (weight * phase(second * TENTHS), START + second * 1000);
            let latency = moving * 10_000;
            write(
                lines,
                format_args!(
                    "uwsgi_load,target={target} asked_rate={},achieved_rate={},sent={weight}i,answered={}i,errors={}i,\
                     errors_connect={}i,errors_timeout={}i,errors_read={}i,errors_write={}i,errors_malformed={}i,\
                     status_2xx={}i,status_3xx={}i,status_4xx={}i,status_5xx={}i,bytes={}i,connections={}i,in_flight=1i,\
                     backlog={weight}i,latency_mean={latency},latency_p50={latency}i,latency_p90={}i,latency_p99={}i,\
                     latency_max={}i,service_p50={}i,service_p99={latency}i {time}",
                    10 * moving,
                    9 * moving,
                    9 * weight,
                    15 * weight,
                    weight,
                    2 * weight,
                    3 * weight,
                    4 * weight,
                    5 * weight,
                    6 * weight,
                    7 * weight,
                    8 * weight,
                    9 * weight,
                    100 * weight,
                    5 * weight,
                    4 * latency,
                    10 * latency,
                    15 * latency,
                    latency * 9 / 10,
                ),
            );
        }
    }
}
