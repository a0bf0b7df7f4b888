//! Reads what a stats server sends, within a deadline and a size; does not look inside the document.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::address::StatsAddress;
use super::reading::beginning;

/// Thirty times what 2,000 cores take (500 kB, measured with uWSGI 2.0.31).
const SIZE_LIMIT: usize = 16 << 20;

/// A plain stats server speaks first and at once (uWSGI 2.0.30: within 0.2 ms).
const FIRST_BYTE_PATIENCE: Duration = Duration::from_secs(1);

/// Why there is nothing to read. The address is not named: whoever asked knows it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    #[error("cannot send the request")]
    Send(#[source] io::Error),
    #[error("the connection broke")]
    Receive(#[source] io::Error),
    #[error("no complete answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// On a port with `stats-http`, a client that says nothing blocks uWSGI's master for 4 s (seen with 2.0.31).
    #[error(
        "the server says nothing: a port with stats-http, or the app's own? (try http:// instead of tcp://)"
    )]
    Silent,
    /// So does a `socket` of uWSGI's own protocol, which takes the request for the head of a packet.
    #[error(
        "the server takes the request and says nothing for {} ms: the app's own port, perhaps of the uwsgi protocol?",
        .0.as_millis()
    )]
    Mute(Duration),
    #[error("the answer is larger than {} MB", SIZE_LIMIT >> 20)]
    TooLarge,
    #[error("the server answers `{0}`: the app's own port?")]
    Status(String),
    #[error("neither HTTP nor a statistics document; it begins with `{0}`")]
    NotHttp(String),
}

/// Everything the server sends until it closes the connection, without HTTP's head. `deadline` covers connecting,
/// asking and reading.
pub(crate) async fn fetch(address: &StatsAddress, deadline: Duration) -> Result<Vec<u8>, FetchError> {
    let (answer, _) = fetch_as(address, deadline).await?;
    Ok(answer)
}

/// As [`fetch`], with the address as it turned out to be: of one typed without a scheme, `tcp://` or `http://`. Whoever
/// asks again asks there, and a plain server is then not sent a request that it does not read.
pub(crate) async fn fetch_as(
    address: &StatsAddress,
    deadline: Duration,
) -> Result<(Vec<u8>, StatsAddress), FetchError> {
    match timeout(deadline, exchange(address, deadline)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(FetchError::Deadline(deadline)),
    }
}

async fn exchange(address: &StatsAddress, deadline: Duration) -> Result<(Vec<u8>, StatsAddress), FetchError> {
    let patience = deadline.mul_f64(0.9);
    let answer = match address {
        StatsAddress::Tcp { .. } => {
            let patience = FIRST_BYTE_PATIENCE.min(deadline / 2);
            listen(connect_tcp(address).await?, patience).await?
        }
        StatsAddress::Http { authority, path } => {
            let answer = ask(connect_tcp(address).await?, authority, path, patience).await?;
            without_head(answer)?
        }
        StatsAddress::Any { authority } => return probe(address, authority, patience).await,
        // A Unix socket may run with stats-http too, and its address cannot say so. A plain server ignores the request.
        StatsAddress::Unix { path } => {
            let stream = UnixStream::connect(path).await.map_err(FetchError::Connect)?;
            without_head(ask(stream, "localhost", "/", patience).await?)?
        }
        StatsAddress::Abstract { name } => {
            let stream = connect_abstract(name).await.map_err(FetchError::Connect)?;
            without_head(ask(stream, "localhost", "/", patience).await?)?
        }
    };
    Ok((answer, address.clone()))
}

/// Asks as for `stats-http`, which does no harm where the server is plain: it sends its document without reading. Asking
/// first is what spares uWSGI's master the 4 s that it waits for a client with nothing to say.
async fn probe(
    address: &StatsAddress,
    authority: &str,
    patience: Duration,
) -> Result<(Vec<u8>, StatsAddress), FetchError> {
    let answer = ask(connect_tcp(address).await?, authority, "/", patience).await?;
    let authority = authority.to_owned();
    if is_document(&answer) {
        let plain = StatsAddress::Tcp { authority };
        // Whoever closes a connection with something unread in it may lose the end of what it sent: so read again.
        let answer = listen(connect_tcp(&plain).await?, patience).await?;
        return Ok((answer, plain));
    }
    let path = "/".to_owned();
    Ok((without_head(answer)?, StatsAddress::Http { authority, path }))
}

/// uWSGI 2.0.30 binds an abstract name with a NUL behind it, which other servers do not.
async fn connect_abstract(name: &str) -> io::Result<UnixStream> {
    // Tokio takes a path that begins with NUL for a name of Linux's abstract namespace.
    match UnixStream::connect(format!("\0{name}\0")).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            UnixStream::connect(format!("\0{name}")).await
        }
        outcome => outcome,
    }
}

async fn connect_tcp(address: &StatsAddress) -> Result<TcpStream, FetchError> {
    let target = address.socket_address().unwrap_or_default();
    TcpStream::connect(target).await.map_err(FetchError::Connect)
}

/// Reads from a server that speaks first.
async fn listen(mut stream: impl AsyncRead + Unpin, patience: Duration) -> Result<Vec<u8>, FetchError> {
    let mut answer = Vec::with_capacity(8 << 10);
    match timeout(patience, stream.read_buf(&mut answer)).await {
        Err(_) => return Err(FetchError::Silent),
        Ok(outcome) => outcome.map_err(FetchError::Receive)?,
    };
    read_to_end(stream, &mut answer).await?;
    Ok(answer)
}

/// Sends a request at once, then reads. The request is whole before the first read, because uWSGI's master waits for it.
async fn ask<S>(mut stream: S, host: &str, path: &str, patience: Duration) -> Result<Vec<u8>, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n\r\n");
    match stream.write_all(request.as_bytes()).await {
        // A plain server may have sent its document and closed before it saw the request.
        Err(error) if !is_closed(&error) => return Err(FetchError::Send(error)),
        _ => {}
    }
    let mut answer = Vec::with_capacity(8 << 10);
    match timeout(patience, stream.read_buf(&mut answer)).await {
        Err(_) => return Err(FetchError::Mute(patience)),
        Ok(Err(error)) => return Err(FetchError::Receive(error)),
        Ok(Ok(_)) => read_to_end(stream, &mut answer).await?,
    }
    Ok(answer)
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

async fn read_to_end(stream: impl AsyncRead + Unpin, answer: &mut Vec<u8>) -> Result<(), FetchError> {
    let allowance = (SIZE_LIMIT + 1).saturating_sub(answer.len()) as u64;
    match stream.take(allowance).read_to_end(answer).await {
        // A server that closes without having read our request resets the connection after its last byte. Whether the
        // document is whole is for the parser to say.
        Err(error) if answer.is_empty() || !is_closed(&error) => Err(FetchError::Receive(error)),
        _ if answer.len() > SIZE_LIMIT => Err(FetchError::TooLarge),
        _ => Ok(()),
    }
}

fn is_document(answer: &[u8]) -> bool {
    answer.trim_ascii_start().first() == Some(&b'{')
}

/// Takes HTTP's head off. A document without one comes from a port without `stats-http` and is as good.
fn without_head(mut answer: Vec<u8>) -> Result<Vec<u8>, FetchError> {
    if answer.is_empty() || is_document(&answer) {
        return Ok(answer);
    }
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(length)) = response.parse(&answer) else {
        return Err(FetchError::NotHttp(beginning(&String::from_utf8_lossy(&answer))));
    };
    match (response.code, response.reason) {
        (Some(200), _) => {}
        (code, reason) => {
            let status = format!("{} {}", code.unwrap_or(0), reason.unwrap_or(""));
            return Err(FetchError::Status(status.trim_end().to_owned()));
        }
    }
    answer.drain(..length);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use tokio::net::{TcpListener, UnixListener};

    use super::super::reading::parse;
    use super::*;

    const DOCUMENT: &str = "{\"workers\":[]}";
    const PATIENT: Duration = Duration::from_secs(20);

    /// Serves one connection with `behave` and returns the port.
    async fn server<F>(behave: impl FnOnce(TcpStream) -> F + Send + 'static) -> u16
    where
        F: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { behave(listener.accept().await.unwrap().0).await });
        port
    }

    async fn says(answer: impl Into<Vec<u8>>) -> u16 {
        let answer = answer.into();
        server(|mut stream| async move { stream.write_all(&answer).await.unwrap() }).await
    }

    async fn get(address: String, deadline: Duration) -> Result<String, String> {
        match fetch(&address.parse().unwrap(), deadline).await {
            Ok(bytes) => Ok(String::from_utf8(bytes).unwrap()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn a_plain_document_is_read_over_tcp_and_over_http() {
        for scheme in ["tcp", "http"] {
            let port = says(DOCUMENT).await;
            let answer = get(format!("{scheme}://127.0.0.1:{port}"), PATIENT).await;
            assert_eq!(answer, Ok(DOCUMENT.to_owned()), "{scheme}");
        }
    }

    #[tokio::test]
    async fn the_request_is_sent_whole_and_at_once_and_the_head_is_taken_off() {
        let (send, request) = tokio::sync::oneshot::channel();
        let port = server(|mut stream| async move {
            let mut request = vec![0; 1024];
            let length = stream.read(&mut request).await.unwrap();
            request.truncate(length);
            stream
                .write_all(b"HTTP/1.0 200 OK\r\nX: y\r\n\r\n{\"workers\":[]}")
                .await
                .unwrap();
            send.send(String::from_utf8(request).unwrap()).unwrap();
        })
        .await;
        let answer = get(format!("http://127.0.0.1:{port}/stats"), PATIENT).await;
        assert_eq!(answer, Ok(DOCUMENT.to_owned()));
        let expected =
            format!("GET /stats HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n");
        assert_eq!(request.await.unwrap(), expected);
    }

    #[tokio::test]
    async fn captured_answers_of_stats_http_become_documents() {
        for (answer, workers) in [
            (
                &include_bytes!("../../tests/fixtures/uwsgi-stats/stats-http.http")[..],
                2,
            ),
            (
                include_bytes!("../../tests/fixtures/uwsgi-stats/stats-http-cheap-id0.http"),
                6,
            ),
        ] {
            let address = format!("http://127.0.0.1:{}", says(answer).await)
                .parse()
                .unwrap();
            let document = parse(&fetch(&address, PATIENT).await.unwrap()).unwrap();
            assert_eq!(document.workers.len(), workers);
        }
    }

    #[tokio::test]
    async fn a_unix_socket_is_read_with_and_without_stats_http() {
        for answer in [DOCUMENT.to_owned(), format!("HTTP/1.0 200 OK\r\n\r\n{DOCUMENT}")] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("stats.sock");
            let listener = UnixListener::bind(&path).unwrap();
            tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
            let answer = get(format!("unix://{}", path.display()), PATIENT).await;
            assert_eq!(answer, Ok(DOCUMENT.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_port_without_a_scheme_is_asked_and_known_from_then_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(DOCUMENT.as_bytes()).await.unwrap();
            }
        });
        let http = says(format!("HTTP/1.0 200 OK\r\n\r\n{DOCUMENT}")).await;
        for (port, scheme) in [(port, "tcp"), (http, "http")] {
            let typed = format!("127.0.0.1:{port}").parse().unwrap();
            let (answer, found) = fetch_as(&typed, PATIENT).await.unwrap();
            assert_eq!(answer, DOCUMENT.as_bytes());
            assert_eq!(found.to_string(), format!("{scheme}://127.0.0.1:{port}"));
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_abstract_socket_is_read() {
        use std::os::linux::net::SocketAddrExt as _;

        let name = format!("uwsgi-lab-test-{}", std::process::id());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        let listener = std::os::unix::net::UnixListener::bind_addr(&address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = UnixListener::from_std(listener).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(DOCUMENT.as_bytes()).await.unwrap();
        });
        assert_eq!(get(format!("@{name}"), PATIENT).await, Ok(DOCUMENT.to_owned()));
    }

    #[tokio::test]
    async fn a_server_that_takes_the_request_and_says_nothing_is_told_apart() {
        let port = server(|stream| async move {
            std::future::pending::<()>().await;
            drop(stream);
        })
        .await;
        let answer = get(format!("127.0.0.1:{port}"), Duration::from_millis(100)).await;
        assert_eq!(
            answer,
            Err(FetchError::Mute(Duration::from_millis(90)).to_string())
        );
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_over_tcp_is_taken_for_stats_http() {
        let port = server(|stream| async move {
            std::future::pending::<()>().await;
            drop(stream);
        })
        .await;
        let answer = get(format!("tcp://127.0.0.1:{port}"), Duration::from_millis(100)).await;
        assert_eq!(answer, Err(FetchError::Silent.to_string()));
    }

    #[tokio::test]
    async fn the_deadline_covers_a_document_that_never_ends() {
        let port = server(|mut stream| async move {
            stream.write_all(b"{\"workers\":[").await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        let answer = get(format!("tcp://127.0.0.1:{port}"), Duration::from_millis(100)).await;
        assert_eq!(answer, Err("no complete answer within 100 ms".to_owned()));
    }

    #[tokio::test]
    async fn a_hundred_megabytes_are_refused_after_sixteen() {
        let port = server(|mut stream| async move {
            let block = vec![b' '; 1 << 20];
            for _ in 0..100 {
                if stream.write_all(&block).await.is_err() {
                    return;
                }
            }
        })
        .await;
        let answer = get(format!("tcp://127.0.0.1:{port}"), PATIENT).await;
        assert_eq!(answer, Err("the answer is larger than 16 MB".to_owned()));
    }

    #[tokio::test]
    async fn answers_that_are_not_statistics_are_named() {
        for (answer, message) in [
            (
                "HTTP/1.1 502 Bad Gateway\r\n\r\n{}",
                "the server answers `502 Bad Gateway`: the app's own port?",
            ),
            (
                "SSH-2.0-OpenSSH_9.2\r\n",
                "neither HTTP nor a statistics document; it begins with `SSH-2.0-OpenSSH_9.2  `",
            ),
            (
                "HTTP/1.0 200 OK\r\nConn",
                "neither HTTP nor a statistics document; it begins with `HTTP/1.0 200 OK  Conn`",
            ),
        ] {
            let port = says(answer).await;
            let outcome = get(format!("http://127.0.0.1:{port}"), PATIENT).await;
            assert_eq!(outcome, Err(message.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_server_that_closes_at_once_gives_zero_bytes() {
        let port = says("").await;
        assert_eq!(
            get(format!("tcp://127.0.0.1:{port}"), PATIENT).await,
            Ok(String::new())
        );
    }

    #[tokio::test]
    async fn a_port_nobody_listens_on_is_a_connect_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let answer = get(format!("http://127.0.0.1:{port}"), PATIENT).await;
        assert_eq!(answer, Err("cannot connect".to_owned()));
    }
}
