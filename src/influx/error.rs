//! What InfluxDB's answers mean for the points that were sent; sends nothing.

use reqwest::StatusCode;
use serde_json::Value;

/// Seen with InfluxDB 1.6.7 unless noted; what 2.x and 3 say is from their sources and documentation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InfluxError {
    #[error("InfluxDB at {url} cannot be reached")]
    Unreachable {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("InfluxDB refuses the {proof}: {message}")]
    Unauthorized { proof: &'static str, message: String },
    #[error("{message}")]
    DatabaseMissing { message: String },
    /// InfluxDB 2.x knows no bucket by the name of the database, and cannot be told to make one through the 1.x API.
    #[error("InfluxDB 2 has no bucket for the database `{database}`: {message}")]
    BucketMissing { database: String, message: String },
    #[error("InfluxDB is not able to take points now ({status}): {message}")]
    Unavailable { status: StatusCode, message: String },
    /// All lines but the bad ones are stored.
    #[error("InfluxDB refused some of the points: {message}")]
    Partial { dropped: u64, message: String },
    #[error("the batch is larger than InfluxDB takes")]
    TooLarge,
    #[error("InfluxDB answers {status}: {message}")]
    Rejected { status: StatusCode, message: String },
    /// Queries answer 200 even when a statement failed.
    #[error("InfluxDB cannot run the query: {message}")]
    Statement { message: String },
}

impl InfluxError {
    /// Reads an answer that is not a success, to a request about `database` with `proof` of who asks. `body` is `{"error":"…"}` from InfluxDB 1.x and 3, has `code` and
    /// `message` from 2.x, and may be anything from elsewhere.
    pub(super) fn from_answer(status: StatusCode, body: &str, database: &str, proof: &'static str) -> Self {
        let json: Option<Value> = serde_json::from_str(body).ok();
        let message = message(json.as_ref(), body);
        match status.as_u16() {
            401 | 403 => Self::Unauthorized { proof, message },
            404 if message.contains("database not found") => Self::DatabaseMissing { message },
            404 if is_of_2(json.as_ref()) => Self::BucketMissing {
                database: database.to_owned(),
                message,
            },
            413 => Self::TooLarge,
            // 2.x says 422, and 500 in its first versions.
            400 | 422 | 500 if message.contains("partial write") => Self::Partial {
                dropped: dropped(json.as_ref(), &message),
                message,
            },
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

    /// Whether somebody has to make a bucket first.
    pub(crate) fn is_bucket_missing(&self) -> bool {
        matches!(self, Self::BucketMissing { .. })
    }
}

/// InfluxDB's own words, or the beginning of whatever answered in its place.
fn message(json: Option<&Value>, body: &str) -> String {
    let said = |key| json.and_then(|json| json.get(key)?.as_str());
    let said = said("error").or_else(|| said("message"));
    said.unwrap_or(body.trim()).chars().take(300).collect()
}

/// 1.x and 3 have no `code` in their answers.
fn is_of_2(json: Option<&Value>) -> bool {
    json.and_then(|json| json.get("code")?.as_str()) == Some("not found")
}

/// What InfluxDB says after `dropped=`; 3 lists the lines instead. Lines that it could not even parse are not counted in
/// 1.x (seen with 1.6.7: `dropped=0`).
fn dropped(json: Option<&Value>, message: &str) -> u64 {
    let listed = json.and_then(|json| json.get("data")?.as_array());
    let said = message
        .rsplit_once("dropped=")
        .and_then(|(_, count)| count.parse().ok());
    listed.map(|lines| lines.len() as u64).or(said).unwrap_or(0)
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
            (
                404,
                r#"{"code":"not found","message":"unable to find DBRP"}"#,
                "InfluxDB 2 has no bucket for the database `uWSGI`: unable to find DBRP",
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
            let status = StatusCode::from_u16(status).unwrap();
            let error = InfluxError::from_answer(status, body, "uWSGI", "user or the password");
            assert_eq!(
                (error.to_string(), error.is_retryable()),
                (meaning.to_owned(), retryable)
            );
        }
    }
    #[test]
    fn each_version_of_influxdb_tells_in_its_own_way_how_many_points_it_refused() {
        for (status, body, expected) in [
            (
                400,
                r#"{"error":"partial write: field type conflict: input field \"v\" dropped=3"}"#,
                3,
            ),
            (
                422,
                r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: x dropped=2"}"#,
                2,
            ),
            (
                400,
                r#"{"error":"partial write of line protocol occurred","data":[{"line_number":2},{"line_number":4}]}"#,
                2,
            ),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = InfluxError::from_answer(status, body, "uWSGI", "token");
            let InfluxError::Partial { dropped, .. } = error else {
                panic!("{error}");
            };
            assert_eq!(dropped, expected, "{body}");
        }
    }
}
