//! A request of HTTP/1.1 (RFC 9112).

use std::io::Write as _;

use super::super::text::Draw;
use super::Parts;

/// Appends the request to `out`; `scratch` is memory to use.
pub(super) fn write(parts: &Parts, draw: Draw, cookies: &str, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    if let Some(body) = &parts.body {
        body.write(draw, scratch);
    }
    out.extend_from_slice(parts.method.as_bytes());
    out.push(b' ');
    parts.path.write(draw, out);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in &parts.headers {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        value.write(draw, out);
        out.extend_from_slice(b"\r\n");
    }
    if !cookies.is_empty() {
        out.extend([b"Cookie: ", cookies.as_bytes(), b"\r\n"].concat());
    }
    if parts.body.is_some() {
        // Writing to memory cannot fail.
        write!(out, "Content-Length: {}\r\n", scratch.len()).ok();
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(scratch);
}
