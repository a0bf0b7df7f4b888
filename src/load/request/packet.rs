//! A packet of the uwsgi protocol: modifier 0 (a Python web request), the length of the variables as 16 bits, little-endian, modifier
//! 0, the variables, each name and value after its length in 16 bits, then the body (uWSGI documentation, "The uwsgi Protocol").
//! The variables are those that nginx sends with its `uwsgi_params`.

use super::super::LoadError;
use super::super::text::Draw;
use super::Parts;

const HEAD: usize = 4;

/// Appends the packet to `out`; `scratch` is memory to use.
///
/// # Errors
/// [`LoadError::Packet`].
pub(super) fn write(
    parts: &Parts,
    draw: Draw,
    cookies: &str,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), LoadError> {
    let length = match &parts.body {
        Some(body) => {
            body.write(draw, scratch);
            scratch.len().to_string()
        }
        None => String::new(),
    };
    let (name, port) = parts
        .authority
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .unwrap_or((&parts.authority, "80"));
    let own = [
        ("REQUEST_METHOD", parts.method.as_str()),
        ("CONTENT_LENGTH", length.as_str()),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("REQUEST_SCHEME", "http"),
        ("SERVER_NAME", name),
        ("SERVER_PORT", port),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("REMOTE_PORT", "0"),
    ];
    out.extend_from_slice(&[0; HEAD]);
    let texts = [
        ("PATH_INFO", &parts.path_info),
        ("REQUEST_URI", &parts.path),
        ("QUERY_STRING", &parts.query),
    ];
    for (name, text) in texts {
        variable(out, name, |out| text.write(draw, out))?;
    }
    for (name, value) in own {
        variable(out, name, |out| out.extend_from_slice(value.as_bytes()))?;
    }
    for (name, value) in &parts.headers {
        variable(out, &variable_of(name), |out| value.write(draw, out))?;
    }
    if !cookies.is_empty() {
        variable(out, "HTTP_COOKIE", |out| {
            out.extend_from_slice(cookies.as_bytes())
        })?;
    }
    let [low, high] = sixteen_bits(out.len() - HEAD)?;
    out[1] = low;
    out[2] = high;
    out.extend_from_slice(scratch);
    Ok(())
}

fn variable(out: &mut Vec<u8>, name: &str, value: impl FnOnce(&mut Vec<u8>)) -> Result<(), LoadError> {
    out.extend_from_slice(&sixteen_bits(name.len())?);
    out.extend_from_slice(name.as_bytes());
    let at = out.len();
    out.extend_from_slice(&[0; 2]);
    value(out);
    let length = sixteen_bits(out.len() - at - 2)?;
    out[at..at + 2].copy_from_slice(&length);
    Ok(())
}

fn sixteen_bits(length: usize) -> Result<[u8; 2], LoadError> {
    let length = u16::try_from(length).map_err(|_too_long| LoadError::Packet)?;
    Ok(length.to_le_bytes())
}

/// The CGI name of a header (RFC 3875, section 4.1.18); the two that have names of their own keep them.
fn variable_of(header: &str) -> String {
    let name = header.to_ascii_uppercase().replace('-', "_");
    match name.as_str() {
        "CONTENT_TYPE" => name,
        _ => format!("HTTP_{name}"),
    }
}
