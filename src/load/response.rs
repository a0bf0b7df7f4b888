//! Recognises one HTTP/1.1 response in a stream of bytes: where it ends, its status, and whether the connection
//! can serve another; keeps no body and does no input or output.

use std::mem::MaybeUninit;

use super::chunked::Chunked;

/// A head longer than this is refused: a server that sends headers without end costs this much memory.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
/// Of a longer response only the beginning is kept.
const MAX_KEPT: usize = 1024 * 1024;

/// Why bytes are no HTTP/1.1 response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("not HTTP/1.x: {0}")]
    Head(#[from] httparse::Error),
    #[error("response head longer than {} KiB", MAX_HEAD / 1024)]
    HeadTooLong,
    #[error("Content-Length that is no number, or two that differ")]
    ContentLength,
    #[error("chunk size that is no hexadecimal number")]
    ChunkSize,
    #[error("chunk longer than its size")]
    ChunkEnd,
    #[error("switch to another protocol that was not asked for")]
    Upgrade,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Head,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

/// A whole response.
pub(crate) struct Kept {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

/// One response as far as it has come.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    framing: Framing,
    /// What came of a head that is not complete yet.
    partial: Vec<u8>,
    status: u16,
    reusable: bool,
    started: bool,
    /// All that came, up to [`MAX_KEPT`], where it is to be looked at.
    kept: Option<Vec<u8>>,
}

impl Default for HttpResponse {
    fn default() -> Self {
        Self {
            framing: Framing::Head,
            partial: Vec::new(),
            status: 0,
            reusable: false,
            started: false,
            kept: None,
        }
    }
}

impl super::client::Response for HttpResponse {
    fn reset(&mut self) {
        self.framing = Framing::Head;
        self.partial.clear();
        self.started = false;
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
    }

    fn keep(&mut self) {
        self.kept.get_or_insert_default();
    }

    fn feed(&mut self, mut bytes: &[u8]) -> Result<bool, Malformed> {
        self.started = true;
        if let Some(kept) = &mut self.kept {
            let room = MAX_KEPT.saturating_sub(kept.len());
            kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        while self.framing == Framing::Head {
            match self.take_head(bytes)? {
                Some(used) => bytes = &bytes[used..],
                None => return Ok(false),
            }
        }
        self.take_body(bytes)
    }

    fn ends_with_close(&self) -> bool {
        self.framing == Framing::UntilClose
    }

    fn status(&self) -> u16 {
        self.status
    }

    fn reusable(&self) -> bool {
        self.reusable
    }

    fn started(&self) -> bool {
        self.started
    }
}

impl HttpResponse {
    /// Status, header fields and body of a response that was kept and is complete; of a body in chunks the chunks put together.
    pub(crate) fn kept(&self) -> Kept {
        let mut rest = self.kept.as_deref().unwrap_or_default();
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut head = httparse::Response::new(&mut headers);
            let Ok(httparse::Status::Complete(used)) = head.parse(rest) else {
                return Kept {
                    status: self.status,
                    headers: Vec::new(),
                    body: Vec::new(),
                };
            };
            rest = &rest[used..];
            if head.code.is_some_and(|code| code < 200) {
                continue;
            }
            let fields = head.headers.iter();
            let fields = fields
                .map(|field| (field.name.to_owned(), field.value.to_vec()))
                .collect();
            let body = match self.framing {
                Framing::Chunked(_) => super::chunked::joined(rest),
                _ => rest.to_vec(),
            };
            return Kept {
                status: self.status,
                headers: fields,
                body,
            };
        }
    }

    /// Returns how many of `bytes` belong to the head once it is complete.
    fn take_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        if self.partial.is_empty() {
            let used = self.parse_head(bytes)?;
            if used.is_none() {
                self.keep(bytes)?;
            }
            return Ok(used);
        }
        let before = self.partial.len();
        self.keep(bytes)?;
        // Parsing starts over each time, so it waits for an empty line: one byte a packet stays linear.
        if !has_empty_line(&self.partial[before.saturating_sub(3)..]) {
            return Ok(None);
        }
        let partial = std::mem::take(&mut self.partial);
        let used = self.parse_head(&partial)?;
        self.partial = partial;
        if used.is_some() {
            self.partial.clear();
        }
        Ok(used.map(|used| used.saturating_sub(before)))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if self.partial.len() + bytes.len() > MAX_HEAD {
            return Err(Malformed::HeadTooLong);
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    fn parse_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        // Left uninitialised: filling a hundred headers would cost more than parsing the few that come.
        let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        let parsed = parser.parse_response_with_uninit_headers(&mut head, bytes, &mut headers)?;
        let httparse::Status::Complete(used) = parsed else {
            return Ok(None);
        };
        self.status = head.code.unwrap_or(0);
        let fields = Fields::of(head.headers)?;
        self.reusable = fields.reusable(head.version == Some(1));
        self.framing = match self.status {
            101 => return Err(Malformed::Upgrade),
            100..=199 => Framing::Head,
            204 | 304 => Framing::Length(0),
            _ => fields.framing(),
        };
        Ok(Some(used))
    }

    fn take_body(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
        let used = match &mut self.framing {
            Framing::Head | Framing::UntilClose => None,
            Framing::Chunked(chunked) => chunked.feed(bytes)?,
            Framing::Length(left) => {
                let taken = (*left).min(bytes.len() as u64);
                *left -= taken;
                (*left == 0).then_some(taken as usize)
            }
        };
        // Bytes beyond the response were not asked for: what follows cannot be told apart from the next answer.
        self.reusable &= used.is_none_or(|used| used == bytes.len());
        Ok(used.is_some())
    }
}

/// The header fields that decide where a body ends (RFC 9112, section 6.3).
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    transfer_encoding: bool,
    chunked: bool,
    close: bool,
    keep_alive: bool,
}

impl Fields {
    fn of(headers: &[httparse::Header<'_>]) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        for header in headers {
            fields.take(header)?;
        }
        Ok(fields)
    }

    fn take(&mut self, header: &httparse::Header<'_>) -> Result<(), Malformed> {
        if header.name.eq_ignore_ascii_case("content-length") {
            let length = content_length(header.value)?;
            if self.length.replace(length).is_some_and(|other| other != length) {
                return Err(Malformed::ContentLength);
            }
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            self.transfer_encoding = true;
            self.chunked = tokens(header.value)
                .last()
                .is_some_and(|last| is(last, "chunked"));
        } else if header.name.eq_ignore_ascii_case("connection") {
            for token in tokens(header.value) {
                self.close |= is(token, "close");
                self.keep_alive |= is(token, "keep-alive");
            }
        }
        Ok(())
    }

    fn framing(&self) -> Framing {
        match (self.transfer_encoding, self.chunked, self.length) {
            (true, true, _) => Framing::Chunked(Chunked::START),
            (false, _, Some(length)) => Framing::Length(length),
            _ => Framing::UntilClose,
        }
    }

    fn reusable(&self, http_1_1: bool) -> bool {
        !self.close && (http_1_1 || self.keep_alive)
    }
}

fn content_length(value: &[u8]) -> Result<u64, Malformed> {
    let text = value.trim_ascii();
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Malformed::ContentLength);
    }
    let digits = std::str::from_utf8(text).map_err(|_not_text| Malformed::ContentLength)?;
    digits.parse().map_err(|_too_large| Malformed::ContentLength)
}

fn tokens(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn is(token: &[u8], word: &str) -> bool {
    token.eq_ignore_ascii_case(word.as_bytes())
}

fn has_empty_line(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::super::client::Response as _;
    use super::*;

    /// What became of a response: complete, status, reusable, ends with the connection.
    type Seen = Result<(bool, u16, bool, bool), Malformed>;

    fn fed(parts: &[&[u8]]) -> Seen {
        let mut response = HttpResponse::default();
        let mut complete = false;
        for part in parts {
            complete = response.feed(part)?;
        }
        Ok((
            complete,
            response.status(),
            response.reusable(),
            response.ends_with_close(),
        ))
    }

    #[test]
    fn each_way_to_end_a_response_is_recognised() {
        let table: &[(&str, Seen)] = &[
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                Ok((true, 200, true, false)),
            ),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                Ok((true, 200, true, false)),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
                Ok((false, 200, true, false)),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello",
                Ok((true, 200, false, false)),
            ),
            (
                "HTTP/1.1 500 No\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
                Ok((true, 500, false, false)),
            ),
            ("HTTP/1.1 200 OK\r\n\r\nhello", Ok((false, 200, true, true))),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                Ok((true, 200, false, false)),
            ),
            (
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
                Ok((true, 200, true, false)),
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", Ok((true, 204, true, false))),
            (
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
                Ok((true, 304, true, false)),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
                Ok((true, 200, true, false)),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\nX",
                Ok((true, 200, false, false)),
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                Ok((true, 200, true, false)),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                Err(Malformed::ContentLength),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                Err(Malformed::ContentLength),
            ),
            (
                "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                Err(Malformed::Upgrade),
            ),
            (
                "SSH-2.0-OpenSSH_9.2\r\n",
                Err(Malformed::Head(httparse::Error::Version)),
            ),
        ];
        for (text, seen) in table {
            assert_eq!(fed(&[text.as_bytes()]), *seen, "{text}");
        }
    }

    #[test]
    fn a_response_may_be_cut_anywhere() {
        let text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for first in 1..text.len() - 1 {
            for second in first..text.len() {
                let parts = [&text[..first], &text[first..second], &text[second..]];
                let parts: Vec<&[u8]> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                assert_eq!(
                    fed(&parts),
                    Ok((true, 200, true, false)),
                    "cut at {first}, {second}"
                );
            }
        }
    }

    #[test]
    fn headers_without_end_are_refused_at_a_bound() {
        let mut response = HttpResponse::default();
        assert_eq!(response.feed(b"HTTP/1.1 200 OK\r\n"), Ok(false));
        let outcome = (0..10_000)
            .map(|_| response.feed(b"X-Padding: 0123456789\r\n"))
            .find(Result::is_err);
        assert_eq!(outcome, Some(Err(Malformed::HeadTooLong)));
        assert!(response.partial.capacity() <= 2 * MAX_HEAD);
    }

    #[test]
    fn a_response_that_was_reset_knows_nothing_of_the_last_one() {
        let mut response = HttpResponse::default();
        assert_eq!(response.feed(b"HTTP/1.1 200 OK\r\n\r\n"), Ok(false));
        response.reset();
        assert!(!response.started());
        assert_eq!(
            response.feed(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
            Ok(true)
        );
        assert_eq!(response.status(), 404);
    }
}
