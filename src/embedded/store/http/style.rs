//! How an answer is to be written: format, unit of its times, layout, length of its chunks.

use axum::http::{HeaderMap, header};

use super::super::super::gate::text;
use super::super::line::Precision;
use super::parameters::Parameters;

/// InfluxDB's, where `chunked=true` says no other.
const CHUNK: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Csv,
}

/// What a query's parameters and its `Accept` header say of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) format: Format,
    /// Times as counts of this unit; else as RFC 3339 (in CSV: nanoseconds).
    pub(super) epoch: Option<Precision>,
    pub(super) pretty: bool,
    /// Rows in each document of a chunked answer.
    pub(super) chunk: Option<usize>,
}

impl Style {
    pub(super) fn asked(headers: &HeaderMap, parameters: &Parameters) -> Self {
        let epoch = parameters.get("epoch").filter(|epoch| !epoch.is_empty());
        let size = parameters.get("chunk_size").and_then(|size| size.parse().ok());
        let size = size.filter(|size| *size > 0).unwrap_or(CHUNK);
        Self {
            format: Format::accepted(headers),
            epoch: epoch.map(Precision::named),
            pretty: parameters.get("pretty") == Some("true"),
            chunk: (parameters.get("chunked") == Some("true")).then_some(size),
        }
    }
}

impl Format {
    /// The first of the best formats of `Accept` that there is; JSON where it names none.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let accept = text(headers, header::ACCEPT).unwrap_or_default();
        let mut best = (Self::Json, 0.0);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next() {
                Some("application/csv" | "text/csv") => Self::Csv,
                Some("application/json" | "application/*" | "*/*") => Self::Json,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            let weight: f64 = weight.unwrap_or(1.0);
            if weight > best.1 {
                best = (format, weight);
            }
        }
        best.0
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_heaviest_and_then_the_first_that_there_is() {
        let table = [
            (None, Format::Json),
            (Some("application/csv"), Format::Csv),
            (Some("text/csv"), Format::Csv),
            (Some("text/plain"), Format::Json),
            (Some("*/*, application/csv"), Format::Json),
            (Some("application/x-msgpack, text/csv"), Format::Csv),
            (Some("application/csv;q=0.5, application/json"), Format::Json),
            (Some("application/json; q=0.2, text/csv; q=0.3"), Format::Csv),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(Format::accepted(&headers), expected, "{accept:?}");
        }
    }

    #[test]
    fn the_style_is_what_the_parameters_say_and_what_is_no_number_is_the_usual_chunk() {
        let style = |query| Style::asked(&HeaderMap::new(), &Parameters::of_url(Some(query)));
        let plain = Style {
            format: Format::Json,
            epoch: None,
            pretty: false,
            chunk: None,
        };
        let table = [
            ("chunk_size=3&epoch=", plain),
            ("pretty=1", plain),
            (
                "pretty=true",
                Style {
                    pretty: true,
                    ..plain
                },
            ),
            (
                "epoch=ms",
                Style {
                    epoch: Some(Precision::Milliseconds),
                    ..plain
                },
            ),
            (
                "epoch=bogus",
                Style {
                    epoch: Some(Precision::Nanoseconds),
                    ..plain
                },
            ),
            (
                "chunked=true&chunk_size=3",
                Style {
                    chunk: Some(3),
                    ..plain
                },
            ),
            (
                "chunked=true&chunk_size=0",
                Style {
                    chunk: Some(10_000),
                    ..plain
                },
            ),
        ];
        for (query, expected) in table {
            assert_eq!(style(query), expected, "{query}");
        }
    }
}
