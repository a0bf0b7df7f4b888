//! What is loaded: a URL, taken apart and resolved once; opens no connection.

use std::fmt;
use std::io;
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::{Deserialize, Serialize};
use socket2::SockAddr;

/// How requests are put on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1.
    Http,
    /// uWSGI's own binary protocol, as a web server in front of uWSGI speaks it to `socket =`.
    Uwsgi,
}

/// Where the target listens.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

/// One URL: `http://host:port/path`, `uwsgi://host:port/path`, and over unix sockets `http+unix:/socket:/path` and
/// `uwsgi+unix:/socket:/path`, the socket and the path divided as nginx divides them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Target {
    text: String,
    protocol: Protocol,
    tls: bool,
    place: Place,
    authority: String,
    path: String,
}

/// Why a text is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("not a URL: {0}")]
    Url(String),
    #[error("unknown scheme `{0}`; use http, https, http+unix, uwsgi or uwsgi+unix")]
    Scheme(String),
    #[error("user and password in the URL are not sent; use -H 'Authorization: …'")]
    Credentials,
    #[error("no host in the URL")]
    Host,
    #[error(
        "no port in the URL, and the uwsgi protocol has none of its own; type {0}:3031 if it listens there"
    )]
    Port(String),
    #[error("no absolute path of a socket; type {0}:/run/app.sock")]
    Socket(&'static str),
}

impl Target {
    /// # Errors
    /// Anything that is none of the four kinds of URL.
    pub(crate) fn parse(text: &str) -> Result<Self, TargetError> {
        for (scheme, protocol) in [("http+unix", Protocol::Http), ("uwsgi+unix", Protocol::Uwsgi)] {
            if let Some(rest) = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(':')) {
                return Self::over_unix(scheme, protocol, rest);
            }
        }
        let url = Url::parse(text).map_err(|error| TargetError::Url(error.to_string()))?;
        let protocol = match url.scheme() {
            "http" | "https" => Protocol::Http,
            "uwsgi" => Protocol::Uwsgi,
            other => return Err(TargetError::Scheme(other.to_owned())),
        };
        Self::over_tcp(protocol, &url)
    }

    fn over_tcp(protocol: Protocol, url: &Url) -> Result<Self, TargetError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(TargetError::Host)?;
        let tls = url.scheme() == "https";
        let port = match (url.port(), protocol) {
            (Some(port), _) => port,
            (None, Protocol::Http) if tls => 443,
            (None, Protocol::Http) => 80,
            (None, Protocol::Uwsgi) => return Err(TargetError::Port(format!("uwsgi://{host}"))),
        };
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            text: with_places(url.as_str()),
            protocol,
            tls,
            place: Place::Tcp {
                host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
                port,
            },
            authority,
            path: path_and_query(url),
        })
    }

    fn over_unix(scheme: &'static str, protocol: Protocol, rest: &str) -> Result<Self, TargetError> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (socket, path) = match rest.split_once(":/") {
            Some((socket, path)) => (socket, format!("/{path}")),
            None => (rest, "/".to_owned()),
        };
        if !socket.starts_with('/') || socket.len() < 2 {
            return Err(TargetError::Socket(scheme));
        }
        let url = Url::parse(&format!("http://localhost{path}"));
        let path = path_and_query(&url.map_err(|error| TargetError::Url(error.to_string()))?);
        let shown = if path == "/" {
            String::new()
        } else {
            format!(":{path}")
        };
        Ok(Self {
            text: format!("{scheme}:{socket}{shown}"),
            protocol,
            tls: false,
            place: Place::Unix(PathBuf::from(socket)),
            authority: "localhost".to_owned(),
            path,
        })
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The name that the server's certificate has to have; nothing where none is asked for.
    pub(crate) fn tls_name(&self) -> Option<&str> {
        match &self.place {
            Place::Tcp { host, .. } if self.tls => Some(host),
            _ => None,
        }
    }

    /// Whether connections to one serve the other.
    pub(crate) fn has_origin_of(&self, other: &Self) -> bool {
        (self.tls, self.protocol, &self.place) == (other.tls, other.protocol, &other.place)
    }

    /// The unix socket, where it is one.
    pub(crate) fn socket(&self) -> Option<&Path> {
        match &self.place {
            Place::Unix(path) => Some(path),
            Place::Tcp { .. } => None,
        }
    }

    /// Host and port as they are connected to; empty and 0 for a unix socket.
    pub(crate) fn host_and_port(&self) -> (&str, u16) {
        match &self.place {
            Place::Tcp { host, port } => (host, *port),
            Place::Unix(_) => ("", 0),
        }
    }

    /// `host[:port]` as it stands in the `Host` header; `localhost` for a unix socket.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query, percent-encoded.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// All addresses of the target, in the order the system gives them. Blocks while a name is looked up.
    pub(crate) fn resolve(&self) -> io::Result<Vec<SockAddr>> {
        let addresses: Vec<SockAddr> = match &self.place {
            Place::Tcp { host, port } => (host.as_str(), *port)
                .to_socket_addrs()?
                .map(SockAddr::from)
                .collect(),
            Place::Unix(path) => vec![SockAddr::unix(path)?],
        };
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(addresses)
    }
}

/// Places that are filled anew for each request stand as they were typed.
fn with_places(text: &str) -> String {
    let text = text.replace("%7B%7B", "{{").replace("%7D%7D", "}}");
    let mut parts = text.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("{{");
        match part.split_once("}}") {
            Some((inside, after)) => out.extend([&inside.replace("%20", " "), "}}", after]),
            None => out.push_str(part),
        }
    }
    out
}

fn path_and_query(url: &Url) -> String {
    let path = match url.path() {
        "" => "/",
        path => path,
    };
    with_places(&match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::str::FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let parts = |text: &str| {
            let target = Target::parse(text).unwrap();
            (target.authority.clone(), target.path.clone(), target.to_string())
        };
        assert_eq!(
            parts("http://127.0.0.1:9090"),
            (
                "127.0.0.1:9090".into(),
                "/".into(),
                "http://127.0.0.1:9090/".into()
            )
        );
        assert_eq!(
            parts("http://[::1]:80/x?y"),
            ("[::1]".into(), "/x?y".into(), "http://[::1]/x?y".into())
        );
    }

    #[test]
    fn what_cannot_be_loaded_is_refused_by_name() {
        let refusal = |text: &str| Target::parse(text).unwrap_err().to_string();
        assert_eq!(
            refusal("ftp://localhost/"),
            "unknown scheme `ftp`; use http, https, http+unix, uwsgi or uwsgi+unix"
        );
        assert_eq!(
            refusal("uwsgi://localhost"),
            "no port in the URL, and the uwsgi protocol has none of its own; type uwsgi://localhost:3031 if it \
             listens there"
        );
        assert_eq!(
            refusal("localhost:9090"),
            "unknown scheme `localhost`; use http, https, http+unix, uwsgi or uwsgi+unix"
        );
        assert_eq!(
            refusal("127.0.0.1:9090"),
            "not a URL: relative URL without a base"
        );
        assert_eq!(refusal("http://"), "not a URL: empty host");
        assert_eq!(
            refusal("http://me:secret@localhost/"),
            "user and password in the URL are not sent; use -H 'Authorization: …'"
        );
    }

    #[test]
    fn a_literal_address_needs_no_name_server() {
        let resolve = |text: &str| Target::parse(text).unwrap().resolve().unwrap();
        let tcp = |text: &str| [SockAddr::from(text.parse::<SocketAddr>().unwrap())];
        assert_eq!(resolve("http://127.0.0.1/"), tcp("127.0.0.1:80"));
        assert_eq!(resolve("http://[::1]:9090/"), tcp("[::1]:9090"));
        assert_eq!(resolve("uwsgi://127.0.0.1:3031"), tcp("127.0.0.1:3031"));
    }

    #[test]
    fn a_socket_and_a_path_are_divided_at_a_colon() {
        let parts = |text: &str| {
            let target = Target::parse(text).unwrap();
            let Place::Unix(socket) = &target.place else {
                panic!("{target}")
            };
            (
                socket.display().to_string(),
                target.path.clone(),
                target.to_string(),
            )
        };
        let app = |path: &str, text: &str| ("/run/app.sock".to_owned(), path.to_owned(), text.to_owned());
        assert_eq!(
            parts("http+unix:/run/app.sock"),
            app("/", "http+unix:/run/app.sock")
        );
        assert_eq!(
            parts("uwsgi+unix:///run/app.sock:/a b?c=1"),
            app("/a%20b?c=1", "uwsgi+unix:/run/app.sock:/a%20b?c=1")
        );
        assert_eq!(
            Target::parse("uwsgi+unix:app.sock").unwrap_err().to_string(),
            "no absolute path of a socket; type uwsgi+unix:/run/app.sock"
        );
    }

    #[test]
    fn places_to_fill_stand_as_they_were_typed() {
        let target =
            Target::parse("https://localhost/a b/{{counter}}?n={{random 1..9}}&x={{pick a|b}}").unwrap();
        assert_eq!(
            target.path(),
            "/a%20b/{{counter}}?n={{random 1..9}}&x={{pick a|b}}"
        );
        assert_eq!(target.tls_name(), Some("localhost"));
        assert!(target.has_origin_of(&Target::parse("https://localhost:443/other").unwrap()));
        assert!(!target.has_origin_of(&Target::parse("http://localhost:443/other").unwrap()));
    }
}
