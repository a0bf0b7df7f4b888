//! Points in the shape of what the lab writes, and points that are as odd as line protocol allows; the same in each run.

use std::fmt::Write as _;

/// Seconds since 1970 of the first point; on no full minute, so that windows are cut.
pub(super) const START: i64 = 1_700_000_007;
pub(super) const SECONDS: i64 = 1500;
pub(super) const SOURCES: [&str; 2] = ["127.0.0.1:9191", "unix:/run/stats"];

/// A generator of numbers that look random (Knuth's constants for a linear congruential one).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below `bound`.
    pub(super) fn below(&mut self, bound: i64) -> i64 {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % bound
    }

    pub(super) fn one_in(&mut self, number: i64) -> bool {
        self.below(number) == 0
    }
}

/// Bodies to write, one after the other, with their parameters besides `db`.
pub(super) fn bodies() -> Vec<(&'static str, String)> {
    let mut bodies = vec![
        ("precision=ms", scrapes()),
        ("precision=s", load()),
        ("", mixed()),
        ("precision=ms", overwriting()),
        ("", odd().to_owned()),
    ];
    bodies.extend(in_every_precision());
    bodies
}

/// Two servers of four workers: scraped every five seconds with jitter, restarted once, away for a while.
fn scrapes() -> String {
    let (mut lines, mut chance) = (String::new(), Chance::new(1));
    for source in SOURCES {
        let mut counters = [[0; 4]; 4];
        for second in (0..SECONDS).step_by(5) {
            let time = (START + second) * 1000 + chance.below(800) - 400;
            let away = source == SOURCES[1] && (600..720).contains(&second);
            if away || chance.one_in(40) {
                writeln!(
                    lines,
                    "uwsgi_summary,source={source} up=0i,scrape_us={}i {time}",
                    chance.below(900)
                )
                .unwrap();
                continue;
            }
            if second == 1000 {
                counters = [[0; 4]; 4];
            }
            scrape(&mut lines, source, time, &mut counters, &mut chance);
        }
    }
    lines
}

fn scrape(lines: &mut String, source: &str, time: i64, counters: &mut [[i64; 4]; 4], chance: &mut Chance) {
    let busy = chance.below(5);
    writeln!(
        lines,
        "uwsgi_summary,source={source} workers=4i,running=4i,busy={busy}i,idle={}i,cheap=0i,pause=0i,sig=0i,cores=8i,\
         in_request={}i,queue={}i,max_queue=100i,oldest_request_s={}i,up=1i,scrape_us={}i {time}",
        4 - busy,
        2 * busy,
        chance.below(20),
        chance.below(3),
        300 + chance.below(200),
    )
    .unwrap();
    writeln!(
        lines,
        "uwsgi_overview,source={source},uid=0,gid=0,version=2.0.30 listen_queue={}i,listen_queue_errors=0i,\
         signal_queue=0i,load={}i,pid=4242i {time}",
        chance.below(9),
        chance.below(9),
    )
    .unwrap();
    for (worker, [requests, running_time, harakiri, tx]) in (1..).zip(counters) {
        let new = chance.below(12);
        *requests += new;
        *running_time += new * (200_000 + chance.below(90_000));
        *harakiri += i64::from(chance.one_in(50));
        *tx += new * 120;
        let status = if worker <= busy { "busy" } else { "idle" };
        writeln!(
            lines,
            "uwsgi_workers,source={source},worker_id={worker} requests={requests}i,accepting=1i,delta_request={new}i,\
             exceptions={}i,harakiri_count={harakiri}i,pid={}i,signals=0i,signal_queue=0i,status=\"{status}\",\
             rss={}i,vsz=51000000i,running_time={running_time}i,last_spawn=1700000000i,respawn_count={}i,tx={tx}i,\
             avg_rt={}i {time}",
            *requests / 90,
            4242 + worker,
            23_000_000 + chance.below(5) * 4096,
            *harakiri + 1,
            240_000 + chance.below(9000),
        )
        .unwrap();
        writeln!(
            lines,
            "uwsgi_apps,source={source},worker_id={worker},app_id=0 modifier1=0i,requests={requests}i,startup_time=1i,\
             exceptions=0i {time}"
        )
        .unwrap();
        for core in 0..2 {
            let in_request = i64::from(worker <= busy && core == 0);
            writeln!(
                lines,
                "uwsgi_cores,source={source},worker_id={worker},core_id={core} requests={}i,static_requests=0i,\
                 in_request={in_request}i {time}",
                *requests / 2
            )
            .unwrap();
        }
    }
}

/// One line a second of two load generators, with floats.
fn load() -> String {
    let (mut lines, mut chance) = (String::new(), Chance::new(2));
    for second in 0..SECONDS {
        for (target, rate) in [
            ("http://127.0.0.1:9090", 20),
            ("http://127.0.0.1:9091/slow\\ path", 3),
        ] {
            if chance.one_in(30) {
                continue;
            }
            let p50 = 100_000 + chance.below(50_000);
            writeln!(
                lines,
                "uwsgi_load,target={target} asked_rate={rate},achieved_rate={rate}.{},answered={rate}i,errors={}i,\
                 latency_p50={p50}i,latency_p90={}i,latency_p99={}i,latency_max={}i,service_p50={}i,connections=10i,\
                 backlog={}i {}",
                chance.below(1000),
                i64::from(chance.one_in(20)),
                p50 + 10_000,
                p50 + 50_000,
                p50 + 90_000,
                p50 - 900,
                chance.below(3),
                START + second
            )
            .unwrap();
        }
    }
    lines
}

/// Every kind of field, each missing now and then, as are the tags. Times go back and forth.
fn mixed() -> String {
    let (mut lines, mut chance) = (String::new(), Chance::new(3));
    for point in 0..900 {
        let mut tags = String::new();
        let host = ["", "a", "b", "c"][usize::try_from(chance.below(4)).unwrap()];
        let zone = ["", "x", "y"][usize::try_from(chance.below(3)).unwrap()];
        for (key, value) in [("host", host), ("zone", zone)] {
            if !value.is_empty() {
                write!(tags, ",{key}={value}").unwrap();
            }
        }
        let mut fields = Vec::new();
        if !chance.one_in(4) {
            fields.push(format!("f={}.{:03}", chance.below(200) - 100, chance.below(1000)));
        }
        if !chance.one_in(4) {
            fields.push(format!("i={}i", chance.below(100) - 50));
        }
        if chance.one_in(2) {
            fields.push(format!(
                "s=\"{}\"",
                ["one", "two", "three", ""][usize::try_from(chance.below(4)).unwrap()]
            ));
        }
        if chance.one_in(2) {
            fields.push(format!("b={}", chance.one_in(2)));
        }
        if fields.is_empty() {
            fields.push("f=0".to_owned());
        }
        let second = (point * 7) % SECONDS;
        let time = (START + second) * 1_000_000_000 + chance.below(1_000_000_000);
        writeln!(lines, "mixed{tags} {} {time}", fields.join(",")).unwrap();
    }
    lines
}

/// Points of the same series and time: fields are merged, and the last value of a field counts.
fn overwriting() -> String {
    let mut lines = String::new();
    for second in 0..20 {
        let time = (START + second) * 1000;
        writeln!(
            lines,
            "over,k=v a=1,b=1 {time}\nover,k=v a=2 {time}\nover,k=v c=3,a={second} {time}"
        )
        .unwrap();
    }
    lines
}

/// Names and values that need escapes, and the limits of numbers.
fn odd() -> &'static str {
    concat!(
        r#"odd\ name\,x,tag\ key=tag\ value,a\=b=c\,d field\ one=1,two="a \"quoted\" \\ value" 1700000100000000000"#,
        "\n",
        r"odd\ name\,x,tag\ key=other field\ one=2 1700000160000000000",
        "\n",
        r#"SELECT,from=where select=1,time2=2,"quoted"=3 1700000100000000000"#,
        "\n",
        "é,ü=ö ä=1,s=\"漢字 <&> \u{2028}\" 1700000100000000000\n",
        "limits i=9223372036854775807i,f=1.7976931348623157e308,t=5e-324 1700000100000000000\n",
        "limits i=-9223372036854775808i,f=-1e21,t=1e-7 1700000101000000000\n",
        "limits i=0i,f=-0,t=100000000000000000000 1700000102000000000\n",
        "booleans a=t,b=T,c=true,d=True,e=TRUE,f=f,g=F,h=false,i=False,j=FALSE 1700000100000000000\n",
        "old x=1 -1000000000\nold x=2 0\nold x=3 1\n",
        "# a comment\n\n   spaced   x=1   1700000100000000000   \n",
        "nine s=\"line\nbreak, comma and = sign\" 1700000100000000000\n",
    )
}

fn in_every_precision() -> [(&'static str, String); 7] {
    [
        ("precision=n", "units,p=n x=1 1700000000000000001\n".to_owned()),
        ("precision=u", "units,p=u x=1 1700000000000001\n".to_owned()),
        ("precision=ms", "units,p=ms x=1 1700000000001\n".to_owned()),
        ("precision=s", "units,p=s x=1 1700000001\n".to_owned()),
        ("precision=m", "units,p=m x=1 28333334\n".to_owned()),
        ("precision=h", "units,p=h x=1 472223\n".to_owned()),
        ("precision=us", "units,p=us x=1 1700000000000001\n".to_owned()),
    ]
}
