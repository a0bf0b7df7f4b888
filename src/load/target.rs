//! What is loaded: a URL, taken apart and resolved once; opens no connection.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

use reqwest::Url;

/// An `http://` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    url: Url,
    authority: String,
    path: String,
}

/// Why a text is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("not a URL: {0}")]
    Url(String),
    #[error("https is not spoken here yet; use http://")]
    Https,
    #[error("unknown scheme `{0}`; use http://")]
    Scheme(String),
    #[error("user and password in the URL are not sent; use -H 'Authorization: …'")]
    Credentials,
    #[error("no host in the URL")]
    Host,
}

impl Target {
    /// # Errors
    /// Anything that is no `http://host[:port]/path` URL.
    pub(crate) fn parse(text: &str) -> Result<Self, TargetError> {
        let url = Url::parse(text).map_err(|error| TargetError::Url(error.to_string()))?;
        match url.scheme() {
            "http" => {}
            "https" => return Err(TargetError::Https),
            other => return Err(TargetError::Scheme(other.to_owned())),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let host = url.host_str().ok_or(TargetError::Host)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self { url, authority, path })
    }

    /// `host[:port]` as it stands in the `Host` header.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query, percent-encoded.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// All addresses of the host, in the order the system gives them. Blocks while a name is looked up.
    pub(crate) fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let host = self.url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = self.url.port_or_known_default().unwrap_or(80);
        let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(addresses)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(formatter)
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
            refusal("https://localhost/"),
            "https is not spoken here yet; use http://"
        );
        assert_eq!(
            refusal("uwsgi://localhost:3031"),
            "unknown scheme `uwsgi`; use http://"
        );
        assert_eq!(
            refusal("localhost:9090"),
            "unknown scheme `localhost`; use http://"
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
        assert_eq!(resolve("http://127.0.0.1/"), ["127.0.0.1:80".parse().unwrap()]);
        assert_eq!(resolve("http://[::1]:9090/"), ["[::1]:9090".parse().unwrap()]);
    }
}
