//! The framing of a chunked body (RFC 9112, section 7.1); drops the data, keeps no line.

use super::response::Malformed;

/// Where in the chunked framing the next byte belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunked {
    /// In the size line; the digits so far.
    Size { value: u64, digits: u8 },
    /// After the size, up to the end of the line.
    Extension { value: u64 },
    /// In the data; bytes left.
    Data { left: u64 },
    /// After the data, before the line feed.
    DataEnd,
    /// In the trailer section; whether the line is empty so far.
    Trailer { empty: bool },
}

impl Chunked {
    pub(crate) const START: Self = Self::Size { value: 0, digits: 0 };

    /// Takes `bytes`. Returns how many of them the body used when it is complete, nothing when more must come.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut at = 0;
        while at < bytes.len() {
            if let Self::Data { left } = *self {
                let available = (bytes.len() - at) as u64;
                let taken = available.min(left);
                at += taken as usize;
                *self = match left - taken {
                    0 => Self::DataEnd,
                    left => Self::Data { left },
                };
                continue;
            }
            let byte = bytes[at];
            at += 1;
            if *self == (Self::Trailer { empty: true }) && byte == b'\n' {
                return Ok(Some(at));
            }
            *self = self.after(byte)?;
        }
        Ok(None)
    }

    fn after(self, byte: u8) -> Result<Self, Malformed> {
        match (self, byte) {
            (Self::Size { value, digits }, _) if byte.is_ascii_hexdigit() => digit(value, digits, byte),
            (Self::Size { digits: 0, .. }, _) => Err(Malformed::ChunkSize),
            (Self::Size { value, .. } | Self::Extension { value }, b'\n') => Ok(match value {
                0 => Self::Trailer { empty: true },
                left => Self::Data { left },
            }),
            (Self::Size { value, .. }, b'\r' | b';' | b' ' | b'\t') => Ok(Self::Extension { value }),
            (Self::Size { .. }, _) => Err(Malformed::ChunkSize),
            (Self::Extension { value }, _) => Ok(Self::Extension { value }),
            (Self::DataEnd, b'\r') => Ok(Self::DataEnd),
            (Self::DataEnd, b'\n') => Ok(Self::START),
            (Self::DataEnd | Self::Data { .. }, _) => Err(Malformed::ChunkEnd),
            (Self::Trailer { .. }, b'\n') => Ok(Self::Trailer { empty: true }),
            (Self::Trailer { empty }, b'\r') => Ok(Self::Trailer { empty }),
            (Self::Trailer { .. }, _) => Ok(Self::Trailer { empty: false }),
        }
    }
}

fn digit(value: u64, digits: u8, byte: u8) -> Result<Chunked, Malformed> {
    let number = (byte as char).to_digit(16).ok_or(Malformed::ChunkSize)?;
    if digits == 16 {
        return Err(Malformed::ChunkSize);
    }
    Ok(Chunked::Size {
        value: (value << 4) | u64::from(number),
        digits: digits + 1,
    })
}

/// What the chunks of a whole body hold, put together.
pub(crate) fn joined(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = body;
    while let Some(end) = memchr::memmem::find(rest, b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let chunk = &rest[end + 2..];
        if size == 0 {
            break;
        }
        out.extend_from_slice(&chunk[..size.min(chunk.len())]);
        rest = chunk.get(size + 2..).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(body: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut state = Chunked::START;
        state.feed(body)
    }

    #[test]
    fn a_body_ends_after_its_trailers_however_it_is_cut() {
        let body = b"5;note=x\r\nhello\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n";
        assert_eq!(at_once(body), Ok(Some(body.len())));
        for cut in 1..body.len() {
            let mut state = Chunked::START;
            assert_eq!(state.feed(&body[..cut]), Ok(None), "cut at {cut}");
            assert_eq!(
                state.feed(&body[cut..]),
                Ok(Some(body.len() - cut)),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn what_follows_the_body_is_left_alone() {
        assert_eq!(at_once(b"0\r\n\r\nHTTP/1.1"), Ok(Some(5)));
    }

    #[test]
    fn sizes_that_are_none_and_data_that_runs_over_are_refused() {
        assert_eq!(at_once(b"\r\n"), Err(Malformed::ChunkSize));
        assert_eq!(at_once(b"hello\r\n"), Err(Malformed::ChunkSize));
        assert_eq!(at_once(b"fffffffffffffffff\r\n"), Err(Malformed::ChunkSize));
        assert_eq!(at_once(b"2\r\nabc\r\n"), Err(Malformed::ChunkEnd));
    }

    #[test]
    fn chunks_are_put_together_as_far_as_they_came() {
        assert_eq!(joined(b"5;x=y\r\nhello\r\n2\r\n, \r\n0\r\n\r\n"), b"hello, ");
        assert_eq!(joined(b"5\r\nhel"), b"hel");
    }
}
