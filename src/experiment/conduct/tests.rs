//! A scenario that is really sent: what a server gets to see of it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// A server that notes every request, byte for byte, in the order in which they come. It has no statistics.
struct Recorder {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::default();
        let noted = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(note(stream, Arc::clone(&noted)));
            }
        });
        Self { address, requests }
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

async fn note(mut stream: TcpStream, requests: Arc<Mutex<Vec<String>>>) {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        while let Some(end) = text.find("\r\n\r\n") {
            requests.lock().unwrap().push(text.drain(..end + 4).collect());
            stream.write_all(ANSWER).await.unwrap();
        }
    }
}

/// On one connection, so that a server sees them in the order in which they are sent.
fn scenario(seed: u64) -> Scenario {
    let source = format!(
        "title: Chance\nseed: {seed}\nphases:\n\
         - {{name: one, rate: 60, duration: 2s, arrivals: poisson, connections: 1, requests: [{{path: /a, weight: 3}}, {{path: /b}}]}}\n\
         - {{name: two, rate: '20..80:1s', connections: 1, requests: [{{path: /c}}, {{path: '/d?x=1'}}]}}\n"
    );
    Scenario::parse(&source).unwrap()
}

/// What the server saw, and the intended time of each request in µs, phase by phase.
async fn sent(recorder: &Recorder, seed: u64) -> (Vec<String>, Vec<Vec<u128>>) {
    let scenario = scenario(seed);
    let (points, mut gone) = mpsc::channel(64);
    tokio::spawn(async move { while gone.recv().await.is_some() {} });
    let stage = Stage {
        app: format!("http://{}", recorder.address),
        // Nobody listens there.
        stats: Target {
            address: "tcp://127.0.0.1:9".parse().unwrap(),
            source: "none".to_owned(),
        },
        interval: Duration::from_secs(1),
        own_points: points.clone(),
        points,
        stop: CancellationToken::new(),
    };
    let outcome = conduct(&scenario, &stage, async |_| Ok(()), &|_| {})
        .await
        .unwrap();
    let counts = outcome
        .phases
        .iter()
        .map(|phase| phase.summary.as_ref().unwrap().counts.sent);
    let times = scenario.phases.iter().zip(counts).map(|(phase, count)| {
        let Some(load::Rate::Open(plan)) = phase.rate() else {
            panic!("a closed loop");
        };
        (0..count)
            .filter_map(|index| plan.end_of(index))
            .map(|time| time.as_micros())
            .collect()
    });
    (recorder.taken(), times.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_one_seed_send_the_same_requests_byte_for_byte_and_another_seed_others() {
    let recorder = Recorder::start().await;
    let first = sent(&recorder, 7).await;
    let (requests, times) = &first;
    assert_eq!(requests.len(), times.iter().map(Vec::len).sum::<usize>());
    for path in ["/a", "/b", "/c", "/d?x=1"] {
        let line = format!("GET {path} HTTP/1.1\r\n");
        assert!(
            requests.iter().any(|request| request.starts_with(&line)),
            "{path}: {requests:?}"
        );
    }
    assert_eq!(sent(&recorder, 7).await, first);
    let (others, other_times) = sent(&recorder, 8).await;
    assert!(others != *requests && other_times[0] != times[0]);
}
