//! What InfluxDB's answers mean for the points that were sent; sends nothing.

use reqwest::StatusCode;

/// Seen with InfluxDB 1.6.7 unless noted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InfluxError {
    #[error("InfluxDB at {url} cannot be reached")]
    Unreachable {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("InfluxDB refuses the user or the password: {message}")]
    Unauthorized { message: String },
    #[error("{message}")]
    DatabaseMissing { message: String },
    #[error("InfluxDB is not able to take points now ({status}): {message}")]
    Unavailable { status: StatusCode, message: String },
    /// All lines but the bad ones are stored.
    #[error("InfluxDB refused some of the points: {message}")]
    Partial { message: String },
    #[error("the batch is larger than InfluxDB takes")]
    TooLarge,
    #[error("InfluxDB answers {status}: {message}")]
    Rejected { status: StatusCode, message: String },
    /// Queries answer 200 even when a statement failed.
    #[error("InfluxDB cannot run the query: {message}")]
    Statement { message: String },
}

impl InfluxError {
    /// Reads an answer that is not a success. `body` is `{"error":"…"}` from InfluxDB and may be anything from elsewhere.
    pub(super) fn from_answer(status: StatusCode, body: &str) -> Self {
        let message = message(body);
        match status.as_u16() {
            401 | 403 => Self::Unauthorized { message },
            404 if message.contains("database not found") => Self::DatabaseMissing { message },
            413 => Self::TooLarge,
            400 if message.contains("partial write") => Self::Partial { message },
            429 | 502 | 503 | 504 => Self::Unavailable { status, message },
            // An unknown retention policy is a 500 too, and stays unknown.
            500 if !message.contains("retention policy not found") => Self::Unavailable { status, message },
            _ => Self::Rejected { status, message },
        }
    }

    /// Whether the same request may succeed later.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Unavailable { .. })
    }
}

/// InfluxDB's own words, or the beginning of whatever answered in its place.
fn message(body: &str) -> String {
    let json: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let said = json.as_ref().and_then(|json| json.get("error")?.as_str());
    said.unwrap_or(body.trim()).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_of_influxdb_has_its_meaning() {
        for (status, body, meaning, retryable) in [
            (
                400,
                r#"{"error":"partial write: unable to parse 'x' dropped=0"}"#,
                "InfluxDB refused some of the points: partial write: unable to parse 'x' dropped=0",
                false,
            ),
            (
                400,
                r#"{"error":"database is required"}"#,
                "InfluxDB answers 400 Bad Request: database is required",
                false,
            ),
            (
                401,
                r#"{"error":"authorization failed"}"#,
                "InfluxDB refuses the user or the password: authorization failed",
                false,
            ),
            (
                404,
                r#"{"error":"database not found: \"nope\""}"#,
                "database not found: \"nope\"",
                false,
            ),
            (
                404,
                "404 page not found\n",
                "InfluxDB answers 404 Not Found: 404 page not found",
                false,
            ),
            (413, "", "the batch is larger than InfluxDB takes", false),
            (
                500,
                r#"{"error":"retention policy not found: x"}"#,
                "InfluxDB answers 500 Internal Server Error: retention policy not found: x",
                false,
            ),
            (
                500,
                r#"{"error":"timeout"}"#,
                "InfluxDB is not able to take points now (500 Internal Server Error): timeout",
                true,
            ),
            (
                503,
                "",
                "InfluxDB is not able to take points now (503 Service Unavailable): ",
                true,
            ),
        ] {
            let error = InfluxError::from_answer(StatusCode::from_u16(status).unwrap(), body);
            assert_eq!(
                (error.to_string(), error.is_retryable()),
                (meaning.to_owned(), retryable)
            );
        }
    }
}
