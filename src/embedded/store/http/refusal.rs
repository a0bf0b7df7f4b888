//! An answer that is an error: status, body and headers as InfluxDB has them; decides nothing about when to refuse.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::csv;
use super::json;
use super::style::Format;

/// Longest text in the header `X-Influxdb-Error`; the body has all of it.
const LONGEST_HEADER: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    format: Format,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            format: Format::Json,
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// In the format that the request asks for.
    pub(super) fn in_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = match self.format {
            Format::Json => json::error(&self.message),
            Format::Csv => csv::error(&self.message),
        };
        let kind = HeaderValue::from_static(self.format.content_type());
        let mut response = (self.status, [(header::CONTENT_TYPE, kind)], body).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let realm = HeaderValue::from_static("Basic realm=\"InfluxDB\"");
            headers.insert(header::WWW_AUTHENTICATE, realm);
        } else if let Some(value) = in_header(&self.message) {
            headers.insert(HeaderName::from_static("x-influxdb-error"), value);
        }
        response
    }
}

fn in_header(message: &str) -> Option<HeaderValue> {
    let end = message.floor_char_boundary(LONGEST_HEADER);
    let line = message[..end].replace(|c: char| c.is_ascii_control(), " ");
    HeaderValue::from_bytes(line.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_one_line_of_bounded_length() {
        let table = [
            ("one\ntwo\r\u{7f}é".to_owned(), "one two  é".to_owned()),
            ("é".repeat(900), "é".repeat(500)),
        ];
        for (message, expected) in table {
            let header = in_header(&message).unwrap();
            assert_eq!(header.as_bytes(), expected.as_bytes());
        }
    }
}
