//! The address of a uWSGI stats server, as typed; connects to nothing.

use std::fmt;
use std::path::{self, PathBuf};
use std::str::FromStr;

/// Where a stats server listens, and whether it speaks plain JSON or HTTP (`stats-http`), as far as that was typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum StatsAddress {
    /// `authority` is `host:port`.
    Tcp { authority: String },
    /// `authority` is `host` or `host:port` as typed; `path` begins with `/`.
    Http { authority: String, path: String },
    /// `authority` is `host:port`. Plain and `stats-http` are told apart by what the server answers.
    Any { authority: String },
    /// An absolute path. Plain and `stats-http` are told apart by what the server answers.
    Unix { path: PathBuf },
    /// A name in Linux's abstract namespace, without the `@` that stands before it in text.
    Abstract { name: String },
}

/// Each says what to type instead.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum AddressError {
    #[error(
        "`{0}` is neither HOST:PORT nor a path: type 127.0.0.1:9191, /PATH or @NAME, or one with a scheme"
    )]
    NoAddress(String),
    #[error("`{value}`: uWSGI serves statistics without TLS: type http://{rest}")]
    Https { value: String, rest: String },
    #[error("`{0}` has an unknown scheme: type tcp://HOST:PORT, http://HOST:PORT or unix:///PATH")]
    UnknownScheme(String),
    #[error("`{0}` has no valid port: type tcp://HOST:PORT, for example tcp://127.0.0.1:9191")]
    NoPort(String),
    #[error(
        "`{0}` has a path, which a tcp:// address cannot have: type tcp://HOST:PORT or http://HOST:PORT/PATH"
    )]
    TcpPath(String),
    #[error(
        "`{0}` holds a user name, which uWSGI's stats server knows nothing of: leave out what stands before `@`"
    )]
    UserName(String),
    #[error("`{value}` lacks two slashes: type unix:///{rest}")]
    OneColon { value: String, rest: String },
    #[error("`{value}` is not an absolute path: type unix:///{rest}")]
    RelativePath { value: String, rest: String },
}

impl FromStr for StatsAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.split_once("://") {
            Some(("tcp", rest)) => tcp(text, rest),
            Some(("http", rest)) => http(text, rest),
            Some(("unix", rest)) => unix(text, rest),
            Some(("https", rest)) => Err(AddressError::Https {
                value: text.to_owned(),
                rest: rest.to_owned(),
            }),
            Some(_) => Err(AddressError::UnknownScheme(text.to_owned())),
            None if text.starts_with("unix:") => Err(AddressError::OneColon {
                value: text.to_owned(),
                rest: text["unix:".len()..].trim_start_matches('/').to_owned(),
            }),
            None => without_scheme(text),
        }
    }
}

/// As uWSGI's own options and uwsgitop take them: a path, `@` and a name, `host:port`, `:port`.
fn without_scheme(text: &str) -> Result<StatsAddress, AddressError> {
    if let Some(name) = text.strip_prefix('@') {
        return abstract_name(text, name);
    }
    if text.contains('/') {
        let path = path::absolute(text).map_err(|_empty| AddressError::NoAddress(text.to_owned()))?;
        return Ok(StatsAddress::Unix { path });
    }
    let authority = match text.strip_prefix(':') {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    check_authority(text, &authority)?;
    match port(&authority).flatten() {
        Some(_) => Ok(StatsAddress::Any { authority }),
        None => Err(AddressError::NoAddress(text.to_owned())),
    }
}

fn abstract_name(text: &str, name: &str) -> Result<StatsAddress, AddressError> {
    if name.is_empty() {
        return Err(AddressError::NoAddress(text.to_owned()));
    }
    Ok(StatsAddress::Abstract {
        name: name.to_owned(),
    })
}

fn tcp(text: &str, rest: &str) -> Result<StatsAddress, AddressError> {
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('/') {
        return Err(AddressError::TcpPath(text.to_owned()));
    }
    check_authority(text, authority)?;
    port(authority)
        .flatten()
        .ok_or_else(|| AddressError::NoPort(text.to_owned()))?;
    Ok(StatsAddress::Tcp {
        authority: authority.to_owned(),
    })
}

fn http(text: &str, rest: &str) -> Result<StatsAddress, AddressError> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    check_authority(text, authority)?;
    if port(authority) == Some(None) {
        return Err(AddressError::NoPort(text.to_owned()));
    }
    Ok(StatsAddress::Http {
        authority: authority.to_owned(),
        path: if path.is_empty() { "/" } else { path }.to_owned(),
    })
}

fn unix(text: &str, rest: &str) -> Result<StatsAddress, AddressError> {
    if let Some(name) = rest.strip_prefix('@') {
        return abstract_name(text, name);
    }
    // Go's URL parser, and so Telegraf, silently reads `unix://tmp/s` as `/s`.
    if !rest.starts_with('/') {
        return Err(AddressError::RelativePath {
            value: text.to_owned(),
            rest: rest.to_owned(),
        });
    }
    Ok(StatsAddress::Unix { path: rest.into() })
}

/// Blanks and control characters would let an address write request headers of its own.
fn check_authority(text: &str, authority: &str) -> Result<(), AddressError> {
    if authority.contains('@') {
        return Err(AddressError::UserName(text.to_owned()));
    }
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if authority.is_empty() || authority.starts_with(':') || text.contains(odd) {
        return Err(AddressError::NoPort(text.to_owned()));
    }
    Ok(())
}

/// None without a port, `Some(None)` with one that is not a number from 1 to 65535.
fn port(authority: &str) -> Option<Option<u16>> {
    let after_host = authority.rfind(']').map_or(authority, |end| &authority[end..]);
    let (_, port) = after_host.rsplit_once(':')?;
    Some(port.parse().ok().filter(|port| *port > 0))
}

impl StatsAddress {
    /// The `source` tag: as Telegraf writes it for tcp and http (host with port). For a Unix socket the
    /// path is part of it; Telegraf has the host name alone, so that two sockets overwrite each other.
    pub(crate) fn default_source(&self, hostname: &str) -> String {
        match self {
            Self::Tcp { authority } | Self::Http { authority, .. } | Self::Any { authority } => {
                authority.clone()
            }
            Self::Unix { path } => format!("{hostname}:{}", path.display()),
            Self::Abstract { name } => format!("{hostname}:@{name}"),
        }
    }

    /// What to connect to: `host:port`, with HTTP's own port where none was typed. None for a Unix socket.
    pub(super) fn socket_address(&self) -> Option<String> {
        match self {
            Self::Tcp { authority } | Self::Any { authority } => Some(authority.clone()),
            Self::Http { authority, .. } if port(authority).is_none() => Some(format!("{authority}:80")),
            Self::Http { authority, .. } => Some(authority.clone()),
            Self::Unix { .. } | Self::Abstract { .. } => None,
        }
    }

    /// Whether the server runs on this machine, as far as the address tells: a Unix socket or a loopback address.
    pub(crate) fn is_local(&self) -> bool {
        let Some(address) = self.socket_address() else {
            return true;
        };
        let host = address.rsplit_once(':').map_or("", |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for StatsAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { authority } => write!(formatter, "tcp://{authority}"),
            Self::Http { authority, path } if path == "/" => write!(formatter, "http://{authority}"),
            Self::Http { authority, path } => write!(formatter, "http://{authority}{path}"),
            Self::Any { authority } => formatter.write_str(authority),
            Self::Unix { path } => write!(formatter, "unix://{}", path.display()),
            Self::Abstract { name } => write!(formatter, "unix://@{name}"),
        }
    }
}

/// This machine's host name; what is not UTF-8 in it is replaced.
pub(crate) fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_was_typed_and_names_its_source() {
        for (typed, source) in [
            ("tcp://127.0.0.1:9191", "127.0.0.1:9191"),
            ("tcp://[::1]:9191", "[::1]:9191"),
            ("http://app.example:9191", "app.example:9191"),
            ("http://app.example/stats?x=1", "app.example"),
            ("unix:///run/one.sock", "box:/run/one.sock"),
            ("unix:///run/two.sock", "box:/run/two.sock"),
            ("unix://@stats", "box:@stats"),
            ("127.0.0.1:1717", "127.0.0.1:1717"),
            ("[::1]:1717", "[::1]:1717"),
        ] {
            let address: StatsAddress = typed.parse().unwrap();
            assert_eq!(
                (address.to_string(), address.default_source("box")),
                (typed.to_owned(), source.to_owned())
            );
        }
    }

    #[test]
    fn a_wrong_address_is_refused_with_what_to_type() {
        for (typed, message) in [
            (
                "localhost",
                "`localhost` is neither HOST:PORT nor a path: type 127.0.0.1:9191, /PATH or @NAME, or one with a scheme",
            ),
            (
                "https://a:1/s",
                "`https://a:1/s`: uWSGI serves statistics without TLS: type http://a:1/s",
            ),
            (
                "unix://tmp/s",
                "`unix://tmp/s` is not an absolute path: type unix:///tmp/s",
            ),
        ] {
            assert_eq!(
                typed.parse::<StatsAddress>().unwrap_err().to_string(),
                message,
                "{typed}"
            );
        }
    }

    #[test]
    fn what_is_typed_without_a_scheme_is_a_port_a_path_or_an_abstract_name() {
        let read = |typed: &str| typed.parse::<StatsAddress>().unwrap().to_string();
        assert_eq!(read(":9191"), "127.0.0.1:9191");
        assert_eq!(read("/run/s.sock"), "unix:///run/s.sock");
        assert_eq!(read("@stats"), "unix://@stats");
        let here = std::env::current_dir().unwrap();
        assert_eq!(read("./s.sock"), format!("unix://{}/s.sock", here.display()));
    }

    #[test]
    fn an_address_of_this_machine_is_known_as_one() {
        for (typed, local) in [
            ("127.0.0.1:1", true),
            ("tcp://[::1]:1", true),
            ("http://localhost/stats", true),
            ("@stats", true),
            ("10.0.0.1:1", false),
            ("http://app.example", false),
        ] {
            assert_eq!(
                typed.parse::<StatsAddress>().unwrap().is_local(),
                local,
                "{typed}"
            );
        }
    }

    #[test]
    fn each_defect_has_its_own_error() {
        let value = str::to_owned;
        for (typed, error) in [
            ("@", AddressError::NoAddress(value("@"))),
            ("9191", AddressError::NoAddress(value("9191"))),
            ("a:99999", AddressError::NoAddress(value("a:99999"))),
            ("ftp://a:1", AddressError::UnknownScheme(value("ftp://a:1"))),
            ("tcp://a", AddressError::NoPort(value("tcp://a"))),
            ("tcp://a:0", AddressError::NoPort(value("tcp://a:0"))),
            ("tcp://[::1]", AddressError::NoPort(value("tcp://[::1]"))),
            ("tcp://:9191", AddressError::NoPort(value("tcp://:9191"))),
            ("http://a:99999", AddressError::NoPort(value("http://a:99999"))),
            (
                "http://a:1/ HTTP/1.1\r\nX:",
                AddressError::NoPort(value("http://a:1/ HTTP/1.1\r\nX:")),
            ),
            (
                "unix:/tmp/s.sock",
                AddressError::OneColon {
                    value: value("unix:/tmp/s.sock"),
                    rest: value("tmp/s.sock"),
                },
            ),
            ("tcp://a:1/b", AddressError::TcpPath(value("tcp://a:1/b"))),
            ("http://u:p@a:1", AddressError::UserName(value("http://u:p@a:1"))),
        ] {
            assert_eq!(typed.parse::<StatsAddress>(), Err(error));
        }
    }

    #[test]
    fn http_without_a_port_connects_to_port_80() {
        let address: StatsAddress = "http://app.example/stats".parse().unwrap();
        assert_eq!(address.socket_address(), Some("app.example:80".to_owned()));
    }
}
