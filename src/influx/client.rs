//! The requests to InfluxDB's 1.x API; the caller compresses what it writes.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use tokio_util::bytes::Bytes;

use super::endpoint::{Authorization, Credentials};
use super::error::InfluxError;

/// For a whole request. A server that takes longer is as good as away.
const DEADLINE: Duration = Duration::from_secs(10);

/// Nothing, gzipped.
const EMPTY: [u8; 20] = [31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// One database of one InfluxDB. Credentials travel in a header, never in the URL, which ends up in logs.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    database: String,
    authorization: Option<Authorization>,
}

impl Client {
    pub(crate) fn new(
        url: Url,
        database: impl Into<String>,
        authorization: Option<Authorization>,
    ) -> Result<Self, InfluxError> {
        let builder = reqwest::Client::builder().no_proxy().timeout(DEADLINE);
        let http = builder.build().map_err(|source| InfluxError::Unreachable {
            url: url.to_string(),
            source: source.without_url(),
        })?;
        Ok(Self {
            http,
            url,
            database: database.into(),
            authorization,
        })
    }

    /// Where the points go, for people and to tell one place from another: `http://host:8086/ uWSGI`.
    pub(crate) fn place(&self) -> String {
        format!("{} {}", self.url, self.database)
    }

    /// Runs InfluxQL in the client's database and returns the answer, `{"results":[…]}`. The error of any statement is an
    /// error of the query.
    pub(crate) async fn query(&self, statement: &str) -> Result<Value, InfluxError> {
        let form = [("q", statement), ("db", &self.database)];
        let request = self.http.post(self.address("query")).form(&form);
        let response = self.accept(self.send(request).await?).await?;
        let answer: Value = response.json().await.map_err(|error| self.unreachable(error))?;
        match statement_error(&answer) {
            Some(message) => Err(InfluxError::Statement {
                message: message.to_owned(),
            }),
            None => Ok(answer),
        }
    }

    /// Creates the client's database, or does nothing where it exists.
    pub(crate) async fn create_database(&self) -> Result<(), InfluxError> {
        let name = quoted(&self.database);
        self.query(&format!("CREATE DATABASE {name}")).await.map(drop)
    }

    /// Makes sure that the database can be written to: creates it, or asks whether it is there where databases come about
    /// in another way, which is in InfluxDB 2.x and 3.
    pub(crate) async fn prepare(&self) -> Result<(), InfluxError> {
        if !matches!(self.authorization, Some(Authorization::Token(_))) {
            match self.create_database().await {
                Err(InfluxError::Statement { message }) if message.contains("not implemented") => {}
                outcome => return outcome,
            }
        }
        // 2.x looks for the bucket before it finds that there are no points; 3 makes the database with the first of them.
        match self.write(Bytes::from_static(&EMPTY)).await {
            Err(InfluxError::Rejected { .. } | InfluxError::Partial { .. }) => Ok(()),
            outcome => outcome,
        }
    }

    /// Writes gzipped line protocol with times in milliseconds.
    pub(crate) async fn write(&self, gzipped_lines: Bytes) -> Result<(), InfluxError> {
        let request = self.http.post(self.address("write"));
        let request = request
            .query(&[("db", self.database.as_str()), ("precision", "ms")])
            .header("Content-Encoding", "gzip")
            .body(gzipped_lines);
        self.accept(self.send(request).await?).await.map(drop)
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path().trim_end_matches('/')));
        url
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, InfluxError> {
        let request = match &self.authorization {
            Some(Authorization::Password(Credentials { user, password })) => {
                request.basic_auth(user, Some(password.reveal()))
            }
            Some(Authorization::Token(token)) => {
                let header = HeaderValue::try_from(format!("Token {}", token.reveal()));
                // What no header can carry is refused as a missing token is.
                header.into_iter().fold(request, |request, mut value| {
                    value.set_sensitive(true);
                    request.header(AUTHORIZATION, value)
                })
            }
            None => request,
        };
        request.send().await.map_err(|error| self.unreachable(error))
    }

    async fn accept(&self, response: Response) -> Result<Response, InfluxError> {
        let proof = match self.authorization {
            Some(Authorization::Token(_)) => "token",
            _ => "user or the password",
        };
        match response.status() {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(response),
            status => {
                // The status alone says enough when the connection breaks before its text has come.
                let body = response.text().await.unwrap_or_default();
                Err(InfluxError::from_answer(status, &body, &self.database, proof))
            }
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> InfluxError {
        InfluxError::Unreachable {
            url: self.url.to_string(),
            source: error.without_url(),
        }
    }
}

fn statement_error(answer: &Value) -> Option<&str> {
    let results = answer.get("results")?.as_array()?;
    results.iter().find_map(|result| result.get("error")?.as_str())
}

/// A name as InfluxQL takes it, whatever is in it.
fn quoted(name: &str) -> String {
    let escaped = name
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::Secret;
    use super::super::fake::FakeInflux;
    use super::*;

    fn client(fake: &FakeInflux, database: &str) -> Client {
        let credentials = Credentials {
            user: "lab".to_owned(),
            password: Secret::new("hunter2"),
        };
        Client::new(fake.url(), database, Some(Authorization::Password(credentials))).unwrap()
    }

    fn with_token(fake: &FakeInflux) -> Client {
        let token = Authorization::Token(Secret::new("t0ken=="));
        Client::new(fake.url(), "uWSGI", Some(token)).unwrap()
    }

    #[tokio::test]
    async fn a_write_carries_lines_database_precision_and_credentials() {
        let fake = FakeInflux::start();
        let lines = super::super::fake::gzip("m v=1i 1\n");
        client(&fake, "uWSGI").write(lines.into()).await.unwrap();
        assert_eq!(fake.lines(), ["m v=1i 1"]);
        // `lab:hunter2` in base64.
        let request = "POST /write?db=uWSGI&precision=ms Basic bGFiOmh1bnRlcjI=";
        assert_eq!(fake.requests(), [request]);
    }

    #[tokio::test]
    async fn a_database_is_created_under_any_name() {
        let fake = FakeInflux::start();
        client(&fake, "my \"lab\"-1").create_database().await.unwrap();
        assert_eq!(fake.queries(), [r#"CREATE DATABASE "my \"lab\"-1""#]);
    }

    #[tokio::test]
    async fn a_token_travels_as_such_and_creates_nothing() {
        let fake = FakeInflux::start();
        // As 2.7 answers a write without points.
        fake.refuse_with(400, r#"{"code":"invalid","message":"writing requires points"}"#);
        with_token(&fake).prepare().await.unwrap();
        let lines = super::super::fake::gzip("m v=1i 1\n");
        with_token(&fake).write(lines.into()).await.unwrap();
        let request = "POST /write?db=uWSGI&precision=ms Token t0ken==";
        assert_eq!(fake.requests(), [request, request]);
        assert_eq!(
            (fake.lines(), fake.queries()),
            (vec!["m v=1i 1".to_owned()], vec![])
        );
    }

    #[tokio::test]
    async fn a_bucket_that_is_missing_and_a_token_that_is_wrong_are_told_apart() {
        let fake = FakeInflux::start();
        for (status, body, expected) in [
            (
                404,
                r#"{"code":"not found","message":"unable to find DBRP"}"#,
                "InfluxDB 2 has no bucket for the database `uWSGI`: unable to find DBRP",
            ),
            (
                401,
                r#"{"code":"unauthorized","message":"Unauthorized"}"#,
                "InfluxDB refuses the token: Unauthorized",
            ),
        ] {
            fake.refuse_with(status, body);
            let error = with_token(&fake).prepare().await.unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[tokio::test]
    async fn a_user_of_influxdb_2_finds_the_bucket_without_creating_a_database() {
        let fake = FakeInflux::start();
        fake.knows_no("CREATE DATABASE");
        client(&fake, "uWSGI").prepare().await.unwrap();
        assert_eq!((fake.queries().len(), fake.requests().len()), (1, 1));
    }

    #[tokio::test]
    async fn a_failed_statement_is_an_error_although_the_status_is_200() {
        let fake = FakeInflux::start();
        let error = client(&fake, "uWSGI").query("BROKEN").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "InfluxDB cannot run the query: broken as asked"
        );
    }

    #[tokio::test]
    async fn nothing_about_a_client_shows_its_password() {
        let fake = FakeInflux::start();
        let client = client(&fake, "uWSGI");
        fake.away();
        let error = client.create_database().await.unwrap_err();
        assert!(error.is_retryable());
        assert!(!format!("{client:?} {error:?}").contains("hunter2"));
    }
}
