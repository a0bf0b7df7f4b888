//! Waits until endpoints answer on their published ports. Probes from this machine, never from inside: a
//! container's own health check may pass while the image still sets itself up, and Podman may not run it at all.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::{Endpoint, Engine, EngineError, Role};
use crate::plan::State;

/// Short at first, because each tenth of a second counts while an image starts, then at most this.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often the engine is asked whether the container still runs.
const CHECK_EVERY: Duration = Duration::from_millis(500);
const LOG_LINES: usize = 20;
/// Bytes of an answer that hold its status: an app may go on for as long as it likes.
const HEAD: u64 = 16;
/// The statistics of thousands of cores.
const WHOLE: u64 = 4 << 20;

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting<'a> {
    pub(crate) endpoint: &'a Endpoint,
    /// What the last probe saw: `connection refused`.
    pub(crate) last: &'a str,
    pub(crate) since: Duration,
}

/// Returns when `endpoint` answers as its role demands: InfluxDB 204 to `/ping`, Grafana a healthy `/api/health`,
/// uWSGI statistics with a running worker, an app any HTTP answer, any other port a connection that stays open.
///
/// # Errors
/// [`EngineError::Ended`] when its container ends, [`EngineError::NotReady`] after `limit`; both with the last
/// lines that the container printed.
pub(crate) async fn await_ready(
    engine: &impl Engine,
    project: &str,
    endpoint: &Endpoint,
    limit: Duration,
    tell: &(dyn Fn(Waiting<'_>) + Sync),
) -> Result<(), EngineError> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    let mut next_check = start + CHECK_EVERY;
    loop {
        let answer = match timeout(PROBE_TIMEOUT, probe(endpoint)).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err("no answer within 2 s".to_owned()),
        };
        let Err(last) = answer else { return Ok(()) };
        tracing::debug!(
            service = endpoint.service,
            port = endpoint.port,
            last,
            "not ready"
        );
        tell(Waiting {
            endpoint,
            last: &last,
            since: start.elapsed(),
        });
        if Instant::now() >= next_check {
            fail_if_ended(engine, project, &endpoint.service).await?;
            next_check = Instant::now() + CHECK_EVERY;
        }
        if start.elapsed() + pause > limit {
            fail_if_ended(engine, project, &endpoint.service).await?;
            let log = log_of(engine, project, &endpoint.service).await;
            let service = endpoint.service.clone();
            return Err(EngineError::NotReady {
                service,
                seconds: limit.as_secs(),
                last,
                log,
            });
        }
        sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// The status with which `endpoint` answers a GET of `path`, or in words why it does not.
pub(crate) async fn ask(endpoint: &Endpoint, path: &str, limit: Duration) -> Result<u16, String> {
    match timeout(limit, get(endpoint, path, HEAD)).await {
        Ok(Ok(answer)) if answer.status > 0 => Ok(answer.status),
        Ok(Ok(_)) => Err("not HTTP".to_owned()),
        Ok(Err(error)) => Err(words(&error)),
        Err(_elapsed) => Err(format!("nothing within {} s", limit.as_secs())),
    }
}

async fn fail_if_ended(engine: &impl Engine, project: &str, service: &str) -> Result<(), EngineError> {
    let observed = engine.observe(project, &BTreeSet::new()).await?;
    let Some(container) = observed.container(service) else {
        let message = "its container was removed while it started".to_owned();
        return Err(EngineError::Other {
            what: format!("service {service}"),
            message,
        });
    };
    let State::Exited(code) = container.state else {
        return Ok(());
    };
    let log = engine.last_lines(&container.id, LOG_LINES).await;
    Err(EngineError::Ended {
        service: service.to_owned(),
        code,
        log,
    })
}

async fn log_of(engine: &impl Engine, project: &str, service: &str) -> Vec<String> {
    match engine.observe(project, &BTreeSet::new()).await {
        Ok(observed) => match observed.container(service) {
            Some(container) => engine.last_lines(&container.id, LOG_LINES).await,
            None => Vec::new(),
        },
        Err(_) => Vec::new(),
    }
}

async fn probe(endpoint: &Endpoint) -> Result<(), String> {
    match endpoint.role {
        Role::Influxdb => expect(endpoint, "/ping", |answer| answer.status == 204).await,
        Role::Grafana => {
            expect(endpoint, "/api/health", |answer| {
                answer.status == 200 && answer.has(r#""database":"ok""#)
            })
            .await
        }
        Role::Stats => {
            expect(endpoint, "/", |answer| {
                answer.has(r#""workers":"#) && !answer.has(r#""workers":[]"#)
            })
            .await
        }
        Role::App => expect(endpoint, "/", |answer| answer.status > 0).await,
        Role::Other => stays_open(endpoint).await,
    }
}

struct Answer {
    /// 0 where the answer is not HTTP: plain uWSGI statistics.
    status: u16,
    text: String,
}

impl Answer {
    /// White space apart, which JSON writers place as they like.
    fn has(&self, text: &str) -> bool {
        self.text.split_whitespace().collect::<String>().contains(text)
    }
}

/// A proxy in front of the container accepts before the service listens, so only an answer counts.
async fn expect(endpoint: &Endpoint, path: &str, good: impl Fn(&Answer) -> bool) -> Result<(), String> {
    let longest = if endpoint.role == Role::App { HEAD } else { WHOLE };
    let answer = get(endpoint, path, longest)
        .await
        .map_err(|error| words(&error))?;
    if good(&answer) {
        return Ok(());
    }
    Err(match answer.status {
        0 => format!("GET {path} gave no HTTP answer"),
        status => format!("GET {path} answered {status}"),
    })
}

/// Reads `longest` bytes of the answer at most.
async fn get(endpoint: &Endpoint, path: &str, longest: u64) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(endpoint.address()).await?;
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n",
        endpoint.address()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    match stream.take(longest).read_to_end(&mut bytes).await {
        Err(error) if bytes.is_empty() => return Err(error),
        _ => {}
    }
    if bytes.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(|code| code.parse().ok());
    Ok(Answer {
        status: status.unwrap_or(0),
        text,
    })
}

/// A port whose protocol is not known is ready when a connection is not closed at once.
async fn stays_open(endpoint: &Endpoint) -> Result<(), String> {
    let mut stream = TcpStream::connect(endpoint.address())
        .await
        .map_err(|error| words(&error))?;
    let mut byte = [0];
    match timeout(Duration::from_millis(200), stream.read(&mut byte)).await {
        Ok(Ok(0)) => Err("connection closed at once".to_owned()),
        Ok(Err(error)) => Err(words(&error)),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

fn words(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::ConnectionReset => "connection reset".to_owned(),
        ErrorKind::UnexpectedEof => "connection closed without an answer".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::net::TcpListener;

    use super::super::fake::FakeEngine;
    use super::*;
    use crate::plan::{Container, Observed};

    /// Serves `answers`, one a connection, the last one again and again; an empty one closes at once.
    async fn server(answers: &'static [&'static str]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut next = 0;
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = answers[next.min(answers.len() - 1)];
                next += 1;
                if !answer.is_empty() {
                    let mut request = [0; 1024];
                    let _read = stream.read(&mut request).await.unwrap();
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        port
    }

    fn endpoint(role: Role, port: u16) -> Endpoint {
        Endpoint {
            role,
            service: "web".to_owned(),
            target: 80,
            port,
            inside: "web:80".to_owned(),
        }
    }

    fn engine(state: State) -> FakeEngine {
        let container = Container {
            id: "web-id".to_owned(),
            name: "lab-web-1".to_owned(),
            ..Container::example("web", state)
        };
        FakeEngine::with(Observed {
            containers: vec![container],
            ..Observed::default()
        })
    }

    /// What was seen before the endpoint was ready.
    async fn seen_before(role: Role, answers: &'static [&'static str]) -> Vec<String> {
        let endpoint = endpoint(role, server(answers).await);
        let seen = Mutex::new(Vec::new());
        let tell = |waiting: Waiting<'_>| seen.lock().unwrap().push(waiting.last.to_owned());
        let limit = Duration::from_secs(20);
        await_ready(&engine(State::Running), "lab", &endpoint, limit, &tell)
            .await
            .unwrap();
        seen.into_inner().unwrap()
    }

    #[tokio::test]
    async fn each_role_is_ready_when_it_answers_as_it_should_and_not_before() {
        const OK: &str = "HTTP/1.0 200 OK\r\n\r\n";
        assert_eq!(
            seen_before(Role::Influxdb, &[OK, "HTTP/1.0 204 No Content\r\n\r\n"]).await,
            ["GET /ping answered 200"]
        );
        let grafana = &[
            "HTTP/1.0 503 Busy\r\n\r\n{\"database\": \"failing\"}",
            "HTTP/1.0 200 OK\r\n\r\n{\n  \"database\": \"ok\"\n}",
        ];
        assert_eq!(
            seen_before(Role::Grafana, grafana).await,
            ["GET /api/health answered 503"]
        );
        let stats = &["{\"workers\":[]}", "{\"workers\":[{\"id\":1}]}"];
        assert_eq!(
            seen_before(Role::Stats, stats).await,
            ["GET / gave no HTTP answer"]
        );
        let app = &["", "HTTP/1.1 500 Internal Server Error\r\n\r\n"];
        assert_eq!(seen_before(Role::App, app).await.len(), 1);
    }

    #[tokio::test]
    async fn what_never_answers_ends_with_what_was_seen_last_and_the_log() {
        let endpoint = endpoint(Role::Influxdb, server(&["HTTP/1.0 500 No\r\n\r\n"]).await);
        let error = await_ready(&engine(State::Running), "lab", &endpoint, Duration::ZERO, &|_| {})
            .await
            .unwrap_err();
        let EngineError::NotReady {
            service, last, log, ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(
            (service.as_str(), last.as_str(), log),
            ("web", "GET /ping answered 500", vec!["its last line".to_owned()])
        );
    }

    #[tokio::test]
    async fn a_container_that_ended_is_not_waited_for() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = endpoint(Role::Stats, free.local_addr().unwrap().port());
        drop(free);
        let limit = Duration::from_secs(60);
        let error = await_ready(&engine(State::Exited(22)), "lab", &endpoint, limit, &|_| {})
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "service web ended with exit code 22");
    }
}
