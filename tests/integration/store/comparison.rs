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

    /// What differs between the answers to these queries, except where it is meant to.
    async fn differences(&self, queries: &[String], epoch: &str) -> Vec<String> {
        let mut offences = Vec::new();
        for query in queries {
            let form = [("db", "uwsgi"), ("q", query), ("epoch", epoch)];
            let (status, expected) =
                said(self.influxdb.post("/query").form(&form).send().await.unwrap()).await;
            let (own_status, answer) =
                said(self.store.post("/query").form(&form).send().await.unwrap()).await;
            let (expected, answer) = (parsed(&expected), parsed(&answer));
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
        offences
    }
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| body.into())
}

fn report(offences: &[String], all: usize) {
    assert!(
        offences.is_empty(),
        "{} of {all} answers differ:\n{}",
        offences.len(),
        offences.join("\n")
    );
}

async fn check(queries: Vec<String>, epoch: &str) {
    let Some(pair) = Pair::start().await else { return };
    let offences = pair.differences(&queries, epoch).await;
    report(&offences, queries.len());
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
