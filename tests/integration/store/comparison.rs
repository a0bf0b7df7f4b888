//! The same points and the same queries on both servers: whole answers are compared.

use serde_json::Value;

use super::differences::{self, Case};
use super::servers::{Server, said};
use super::{points, queries};

/// Both servers with the same points in the database `uwsgi`.
pub(super) struct Pair {
    pub(super) influxdb: Server,
    pub(super) store: Server,
    _directory: tempfile::TempDir,
}

impl Pair {
    /// `None` where there is no InfluxDB to compare with.
    pub(super) async fn start() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let influxdb = Server::influxdb(directory.path(), false).await?;
        let store = Server::store(&directory.path().join("store"));
        for server in [&influxdb, &store] {
            let created = server.ask(&[("q", "CREATE DATABASE uwsgi")]).await;
            assert_eq!(
                created,
                (200, "{\"results\":[{\"statement_id\":0}]}\n".to_owned())
            );
            for (parameters, body) in points::bodies() {
                server.write(&format!("db=uwsgi&{parameters}"), body).await;
            }
        }
        Some(Self {
            influxdb,
            store,
            _directory: directory,
        })
    }

    /// What differs between the answers to these queries, except where it is meant to, and how many have rows.
    async fn differences(&self, queries: &[String], epoch: &str) -> (Vec<String>, usize) {
        let (mut offences, mut with_rows) = (Vec::new(), 0);
        for query in queries {
            let form = [("db", "uwsgi"), ("q", query), ("epoch", epoch)];
            let (status, expected) =
                said(self.influxdb.post("/query").form(&form).send().await.unwrap()).await;
            let (own_status, answer) =
                said(self.store.post("/query").form(&form).send().await.unwrap()).await;
            let (expected, answer) = (parsed(&expected), parsed(&answer));
            with_rows += usize::from(expected.pointer("/results/0/series").is_some());
            let case = Case {
                query,
                influxdb: &expected,
                store: &answer,
            };
            let difference = differences::first(&expected, &answer);
            if (difference.is_some() || status != own_status) && !differences::is_meant(&case) {
                let place = difference.unwrap_or_default();
                offences.push(format!("{query}\n    {status} {own_status} {place}"));
            }
        }
        (offences, with_rows)
    }
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| body.into())
}

async fn check(queries: Vec<String>, epoch: &str) {
    let Some(pair) = Pair::start().await else { return };
    let (offences, with_rows) = pair.differences(&queries, epoch).await;
    let all = queries.len();
    assert!(
        offences.is_empty(),
        "{} of {all} answers differ:\n{}",
        offences.len(),
        offences.join("\n")
    );
    assert!(
        2 * with_rows > all,
        "no more than {with_rows} of {all} answers have rows"
    );
}

#[tokio::test]
async fn the_panels_queries_have_the_same_answers() {
    check(queries::of_panels(), "ms").await;
}

#[tokio::test]
async fn the_classic_queries_have_the_same_answers() {
    check(queries::classic(), "s").await;
}

#[tokio::test]
async fn what_people_write_has_the_same_answers() {
    check(queries::written(), "").await;
}

#[tokio::test]
async fn combinations_of_all_that_can_be_combined_have_the_same_answers() {
    check(queries::combined(1000), "ns").await;
}
