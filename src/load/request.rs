//! One request as bytes, in HTTP/1.1 and in uWSGI's own protocol; sends nothing.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::remote::encoded;
use super::response::HttpResponse;
use super::target::{Protocol, Target};
use super::{Header, LoadError};

/// What is asked of the target, whatever the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// An HTTP method, in the case in which it is sent.
    pub(crate) method: String,
    pub(crate) headers: Vec<Header>,
    /// Nothing is no body; an empty one is announced with a length of 0.
    #[serde(with = "encoded::bytes")]
    pub(crate) body: Option<Vec<u8>>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }
}

/// A request that is the same each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prepared {
    bytes: Vec<u8>,
    keeps_connections: bool,
}

impl Client for Prepared {
    type Response = HttpResponse;

    fn request(&self) -> &[u8] {
        &self.bytes
    }

    fn keeps_connections(&self) -> bool {
        self.keeps_connections
    }
}

impl Prepared {
    /// Headers given take the place of our own (`Host`, `User-Agent`, `Accept`) of the same name.
    ///
    /// # Errors
    /// [`LoadError::Method`] and [`LoadError::Header`] for what cannot be sent, [`LoadError::Packet`] for variables that do not
    /// fit into a packet of the uwsgi protocol.
    pub(crate) fn new(target: &Target, request: &Request) -> Result<Self, LoadError> {
        if !is_token(&request.method) {
            return Err(LoadError::Method(request.method.clone()));
        }
        for header in &request.headers {
            header.check()?;
        }
        let bytes = match target.protocol() {
            Protocol::Http => http(target, request),
            Protocol::Uwsgi => uwsgi(target, request)?,
        };
        Ok(Self {
            bytes,
            // uWSGI closes after each response on `socket =`.
            keeps_connections: target.protocol() == Protocol::Http,
        })
    }
}

/// Our own headers that were not given, then those given.
fn headers<'a>(target: &'a Target, request: &'a Request) -> Vec<(&'a str, &'a str)> {
    let own = [
        ("Host", target.authority()),
        ("User-Agent", concat!("uwsgi-lab/", env!("CARGO_PKG_VERSION"))),
        ("Accept", "*/*"),
    ];
    let given = |name: &str| {
        let mut names = request.headers.iter();
        names.any(|header| header.name.eq_ignore_ascii_case(name))
    };
    let kept = own.into_iter().filter(|(name, _)| !given(name));
    let headers = request.headers.iter();
    kept.chain(headers.map(|header| (header.name.as_str(), header.value.as_str())))
        .collect()
}

/// A request of HTTP/1.1 (RFC 9112).
fn http(target: &Target, request: &Request) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, target.path());
    // Writing to a `String` cannot fail.
    for (name, value) in headers(target, request) {
        write!(head, "{name}: {value}\r\n").ok();
    }
    if let Some(body) = &request.body {
        write!(head, "Content-Length: {}\r\n", body.len()).ok();
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(request.body.as_deref().unwrap_or_default());
    bytes
}

/// A packet of the uwsgi protocol: modifier 0 (a Python web request), the length of the variables as 16 bits, little-endian, modifier
/// 0, the variables, each name and value after its length in 16 bits, then the body (uWSGI documentation, "The uwsgi Protocol").
/// The variables are those that nginx sends with its `uwsgi_params`.
fn uwsgi(target: &Target, request: &Request) -> Result<Vec<u8>, LoadError> {
    let (path, query) = target.path().split_once('?').unwrap_or((target.path(), ""));
    let (name, port) = target
        .authority()
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .unwrap_or((target.authority(), "80"));
    let length = request.body.as_ref().map(Vec::len);
    let length = length.map_or_else(String::new, |length| length.to_string());
    let own = [
        ("REQUEST_METHOD", request.method.as_str()),
        ("REQUEST_URI", target.path()),
        ("QUERY_STRING", query),
        ("CONTENT_LENGTH", length.as_str()),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("REQUEST_SCHEME", "http"),
        ("SERVER_NAME", name),
        ("SERVER_PORT", port),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("REMOTE_PORT", "0"),
    ];
    let mut packet = Packet::default();
    packet.variable("PATH_INFO", &percent_decoded(path))?;
    for (name, value) in own {
        packet.variable(name, value.as_bytes())?;
    }
    for (name, value) in headers(target, request) {
        packet.variable(&variable_of(name), value.as_bytes())?;
    }
    packet.finish(request.body.as_deref().unwrap_or_default())
}

/// The variables of a packet.
#[derive(Default)]
struct Packet(Vec<u8>);

impl Packet {
    fn variable(&mut self, name: &str, value: &[u8]) -> Result<(), LoadError> {
        for part in [name.as_bytes(), value] {
            let length = u16::try_from(part.len()).map_err(|_too_long| LoadError::Packet)?;
            self.0.extend_from_slice(&length.to_le_bytes());
            self.0.extend_from_slice(part);
        }
        Ok(())
    }

    fn finish(self, body: &[u8]) -> Result<Vec<u8>, LoadError> {
        let length = u16::try_from(self.0.len()).map_err(|_too_long| LoadError::Packet)?;
        let [low, high] = length.to_le_bytes();
        Ok([&[0, low, high, 0], self.0.as_slice(), body].concat())
    }
}

/// The CGI name of a header (RFC 3875, section 4.1.18); the two that have names of their own keep them.
fn variable_of(header: &str) -> String {
    let name = header.to_ascii_uppercase().replace('-', "_");
    match name.as_str() {
        "CONTENT_TYPE" => name,
        _ => format!("HTTP_{name}"),
    }
}

fn percent_decoded(path: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let byte = match tail {
            [high, low, ..] if *first == b'%' => hexadecimal(*high, *low),
            _ => None,
        };
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    decoded
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

pub(super) fn is_token(text: &str) -> bool {
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(of_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str, headers: &[(&str, &str)]) -> Result<String, String> {
        let headers: Vec<Header> = headers
            .iter()
            .map(|(name, value)| Header {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        let request = Request {
            headers,
            ..Request::default()
        };
        Prepared::new(&Target::parse(url).unwrap(), &request)
            .map(|client| String::from_utf8(client.bytes).unwrap())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_request_names_host_path_and_query() {
        let agent = concat!("User-Agent: uwsgi-lab/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            get("http://127.0.0.1:9090/a b?q=1#top", &[("X-Id", "7")]),
            Ok(format!(
                "GET /a%20b?q=1 HTTP/1.1\r\nHost: 127.0.0.1:9090\r\n{agent}\r\nAccept: */*\r\nX-Id: 7\r\n\r\n"
            ))
        );
    }

    #[test]
    fn a_header_given_replaces_ours() {
        assert_eq!(
            get(
                "http://localhost",
                &[("host", "example.org"), ("user-agent", "me"), ("ACCEPT", "a/b")]
            ),
            Ok("GET / HTTP/1.1\r\nhost: example.org\r\nuser-agent: me\r\nACCEPT: a/b\r\n\r\n".to_owned())
        );
    }

    #[test]
    fn headers_that_would_break_the_request_are_refused() {
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("X", "one\r\nInjected: 1"),
            ("Content-Length", "5"),
            ("Transfer-Encoding", "chunked"),
        ] {
            assert!(
                get("http://localhost", &[(name, value)]).is_err(),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn a_body_follows_its_length() {
        let request = Request {
            method: "POST".to_owned(),
            body: Some(b"a=1".to_vec()),
            ..Request::default()
        };
        let client = Prepared::new(&Target::parse("http://localhost/form").unwrap(), &request).unwrap();
        let text = String::from_utf8(client.bytes).unwrap();
        assert!(
            text.starts_with("POST /form HTTP/1.1\r\nHost: localhost\r\n"),
            "{text}"
        );
        assert!(
            text.ends_with("Accept: */*\r\nContent-Length: 3\r\n\r\na=1"),
            "{text}"
        );
        let method = "GE T".to_owned();
        let refused = Prepared::new(
            &Target::parse("http://localhost").unwrap(),
            &Request { method, ..request },
        );
        assert_eq!(refused.unwrap_err().to_string(), "method `GE T` is no HTTP token");
    }

    #[test]
    fn a_packet_carries_the_variables_that_a_web_server_would_send() {
        let request = Request {
            method: "PUT".to_owned(),
            headers: vec![
                Header {
                    name: "X-Id".to_owned(),
                    value: "7".to_owned(),
                },
                Header {
                    name: "content-type".to_owned(),
                    value: "text/plain".to_owned(),
                },
            ],
            body: Some(b"hello".to_vec()),
        };
        let target = Target::parse("uwsgi://127.0.0.1:3031/a%20b/?q=1").unwrap();
        let packet = Prepared::new(&target, &request).unwrap();
        assert!(!packet.keeps_connections);
        let bytes = packet.bytes;
        let length = usize::from(u16::from_le_bytes([bytes[1], bytes[2]]));
        assert_eq!((bytes[0], bytes[3], &bytes[4 + length..]), (0, 0, &b"hello"[..]));
        let mut rest = &bytes[4..4 + length];
        let mut take = || {
            let size = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
            let text = String::from_utf8(rest[2..2 + size].to_vec()).unwrap();
            rest = &rest[2 + size..];
            (text, rest.is_empty())
        };
        let mut variables = std::collections::BTreeMap::new();
        loop {
            let (name, _) = take();
            let (value, last) = take();
            variables.insert(name, value);
            if last {
                break;
            }
        }
        let told = |name: &str| variables[name].as_str();
        assert_eq!(
            (told("PATH_INFO"), told("QUERY_STRING"), told("REQUEST_URI")),
            ("/a b/", "q=1", "/a%20b/?q=1")
        );
        assert_eq!((told("REQUEST_METHOD"), told("CONTENT_LENGTH")), ("PUT", "5"));
        assert_eq!((told("HTTP_X_ID"), told("CONTENT_TYPE")), ("7", "text/plain"));
        assert_eq!(
            (told("HTTP_HOST"), told("SERVER_PORT")),
            ("127.0.0.1:3031", "3031")
        );
    }

    #[test]
    fn variables_that_fit_no_packet_are_refused() {
        let header = |value: String| Request {
            headers: vec![Header {
                name: "X".to_owned(),
                value,
            }],
            ..Request::default()
        };
        let target = Target::parse("uwsgi+unix:/run/app.sock").unwrap();
        for length in [65_500, 70_000] {
            let refused = Prepared::new(&target, &header("x".repeat(length)));
            assert!(matches!(refused, Err(LoadError::Packet)), "{refused:?}");
        }
    }
}
