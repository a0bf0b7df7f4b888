//! The three requests to InfluxDB 1.x; the caller compresses what it writes.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use tokio_util::bytes::Bytes;

use super::endpoint::Credentials;
use super::error::InfluxError;

/// For a whole request. A server that takes longer is as good as away.
const DEADLINE: Duration = Duration::from_secs(10);

/// One database of one InfluxDB. Credentials travel in a header, never in the URL, which ends up in logs.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    database: String,
    credentials: Option<Credentials>,
}

impl Client {
    pub(crate) fn new(
        url: Url,
        database: impl Into<String>,
        credentials: Option<Credentials>,
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
            credentials,
        })
    }

    /// Runs InfluxQL in the client's database and returns the answer, `{"results":[…]}`. The error of any statement is an
    /// error of the query.
    pub(crate) async fn query(&self, statement: &str) -> Result<Value, InfluxError> {
        let form = [("q", statement), ("db", &self.database)];
        let request = self.http.post(self.address("query")).form(&form);
        let response = accept(self.send(request).await?).await?;
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

    /// Writes gzipped line protocol with times in milliseconds.
    pub(crate) async fn write(&self, gzipped_lines: Bytes) -> Result<(), InfluxError> {
        let request = self.http.post(self.address("write"));
        let request = request
            .query(&[("db", self.database.as_str()), ("precision", "ms")])
            .header("Content-Encoding", "gzip")
            .body(gzipped_lines);
        accept(self.send(request).await?).await.map(drop)
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path().trim_end_matches('/')));
        url
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, InfluxError> {
        let request = match &self.credentials {
            Some(Credentials { user, password }) => request.basic_auth(user, Some(password.reveal())),
            None => request,
        };
        request.send().await.map_err(|error| self.unreachable(error))
    }

    fn unreachable(&self, error: reqwest::Error) -> InfluxError {
        InfluxError::Unreachable {
            url: self.url.to_string(),
            source: error.without_url(),
        }
    }
}

async fn accept(response: Response) -> Result<Response, InfluxError> {
    match response.status() {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(response),
        status => {
            // The status alone says enough when the connection breaks before its text has come.
            let body = response.text().await.unwrap_or_default();
            Err(InfluxError::from_answer(status, &body))
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
        Client::new(fake.url(), database, Some(credentials)).unwrap()
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
