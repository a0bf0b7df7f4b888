//! How a request is put on the wire and its response recognised: the part of the worker loop that differs from
//! protocol to protocol; opens no socket.

use super::response::{HttpResponse, Malformed};
use super::target::Target;
use super::{Header, LoadError};

/// One protocol.
pub(crate) trait Client {
    type Response: Response;

    /// The bytes of one request.
    fn request(&self) -> &[u8];
}

/// One response as it arrives, in pieces of any size.
pub(crate) trait Response: Default {
    /// Forgets the last response; keeps its memory.
    fn reset(&mut self);
    /// Takes bytes as they come; `true` once the response is complete.
    fn feed(&mut self, bytes: &[u8]) -> Result<bool, Malformed>;
    /// Whether the end of the connection completes it.
    fn ends_with_close(&self) -> bool;
    fn status(&self) -> u16;
    /// Whether the connection may serve another request after this one.
    fn reusable(&self) -> bool;
    /// Whether any byte of it has come.
    fn started(&self) -> bool;
}

/// HTTP/1.1, one GET at a time on a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HttpClient {
    request: Vec<u8>,
}

impl Client for HttpClient {
    type Response = HttpResponse;

    fn request(&self) -> &[u8] {
        &self.request
    }
}

impl HttpClient {
    /// Headers given take the place of our own (`Host`, `User-Agent`, `Accept`) of the same name.
    ///
    /// # Errors
    /// [`LoadError::Header`] for a header that cannot be sent, or that announces a body.
    pub(crate) fn new(target: &Target, headers: &[Header]) -> Result<Self, LoadError> {
        for header in headers {
            header.check()?;
        }
        let own = [
            ("Host", target.authority()),
            ("User-Agent", concat!("uwsgi-lab/", env!("CARGO_PKG_VERSION"))),
            ("Accept", "*/*"),
        ];
        let mut request = format!("GET {} HTTP/1.1\r\n", target.path());
        let given = |name: &str| {
            headers
                .iter()
                .any(|header| header.name.eq_ignore_ascii_case(name))
        };
        for (name, value) in own.into_iter().filter(|(name, _)| !given(name)) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        for Header { name, value } in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        Ok(Self {
            request: request.into_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, headers: &[(&str, &str)]) -> Result<String, String> {
        let headers: Vec<Header> = headers
            .iter()
            .map(|(name, value)| Header {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        HttpClient::new(&Target::parse(url).unwrap(), &headers)
            .map(|client| String::from_utf8(client.request).unwrap())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_request_names_host_path_and_query() {
        let agent = concat!("User-Agent: uwsgi-lab/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            request("http://127.0.0.1:9090/a b?q=1#top", &[("X-Id", "7")]),
            Ok(format!(
                "GET /a%20b?q=1 HTTP/1.1\r\nHost: 127.0.0.1:9090\r\n{agent}\r\nAccept: */*\r\nX-Id: 7\r\n\r\n"
            ))
        );
    }

    #[test]
    fn a_header_given_replaces_ours() {
        assert_eq!(
            request(
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
                request("http://localhost", &[(name, value)]).is_err(),
                "{name}: {value}"
            );
        }
    }
}
