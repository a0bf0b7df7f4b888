//! The lab's InfluxDB as a Grafana data source: keep it, replace it or create it, then wait until it is healthy.

use std::time::Duration;

use serde_json::{Value, json};

use super::apply::Change;
use super::client::{Grafana, Reply};
use super::error::ProvisionError;
use super::patience::Failed;

/// Dashboards refer to the data source by this uid.
pub(super) const UID: &str = "uwsgi-lab-influxdb";
pub(super) const NAME: &str = "uwsgi-lab InfluxDB";
const BY_UID: &str = "/api/datasources/uid/uwsgi-lab-influxdb";

/// Where Grafana finds the lab's InfluxDB.
pub(crate) struct DataSource {
    /// As Grafana sees it: `http://influxdb:8086` from a container.
    pub(crate) url: String,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: String,
    /// The collector's: panels never use smaller buckets.
    pub(crate) interval: Duration,
}

impl DataSource {
    /// Both `database` and `jsonData.dbName`: releases before 9.4 read the one, newer ones the other.
    fn visible(&self) -> Value {
        json!({
            "uid": UID, "name": NAME, "type": "influxdb", "access": "proxy", "url": self.url, "user": self.user,
            "database": self.database, "isDefault": true,
            "jsonData": {
                "version": "InfluxQL", "dbName": self.database, "httpMode": "POST",
                "timeInterval": duration_text(self.interval),
            },
        })
    }

    fn with_password(&self) -> Value {
        let mut body = self.visible();
        body["secureJsonData"] = json!({ "password": self.password });
        body
    }
}

/// Makes the data source as desired and waits until Grafana can query it.
pub(super) async fn apply(grafana: &Grafana, desired: &DataSource) -> Result<Change, ProvisionError> {
    let change = make(grafana, desired).await?;
    let health = wait_until_healthy(grafana).await;
    // Grafana never shows the password, so that a changed one shows only in the health of an unchanged source
    if change == Change::Unchanged && matches!(health, Err(ProvisionError::UnhealthyDataSource { .. })) {
        let current = read(grafana).await?;
        if let Some(current) = current {
            replace(grafana, desired, &current).await?;
        }
        wait_until_healthy(grafana).await?;
        return Ok(Change::Updated);
    }
    health.map(|()| change)
}

async fn make(grafana: &Grafana, desired: &DataSource) -> Result<Change, ProvisionError> {
    if let Some(current) = read(grafana).await? {
        return keep_or_replace(grafana, desired, &current).await;
    }
    let reply = grafana.post("/api/datasources", &desired.with_password()).await?;
    match reply.status {
        200 | 201 => Ok(Change::Created),
        409 => after_conflict(grafana, desired, reply).await,
        _ => Err(grafana.unexpected(reply)),
    }
}

/// Someone created it meanwhile, or another data source has our name.
async fn after_conflict(
    grafana: &Grafana,
    desired: &DataSource,
    reply: Reply,
) -> Result<Change, ProvisionError> {
    match read(grafana).await? {
        Some(current) => keep_or_replace(grafana, desired, &current).await,
        None => Err(conflict(grafana, reply).await?),
    }
}

/// 409 means that another data source has the name, or that the version we sent is stale.
async fn conflict(grafana: &Grafana, reply: Reply) -> Result<ProvisionError, ProvisionError> {
    let path = format!("/api/datasources/name/{}", NAME.replace(' ', "%20"));
    let holder = grafana.get(&path).await?;
    let uid = holder.body.get("uid").and_then(Value::as_str);
    Ok(match (holder.status, uid) {
        (200, Some(uid)) if uid != UID => ProvisionError::DataSourceNameTaken {
            name: NAME.to_owned(),
            holder: uid.to_owned(),
        },
        _ => grafana.unexpected(reply),
    })
}

async fn read(grafana: &Grafana) -> Result<Option<Value>, ProvisionError> {
    let reply = grafana.get(BY_UID).await?;
    match reply.status {
        200 => Ok(Some(reply.body)),
        404 => Ok(None),
        _ => Err(grafana.unexpected(reply)),
    }
}

async fn keep_or_replace(
    grafana: &Grafana,
    desired: &DataSource,
    current: &Value,
) -> Result<Change, ProvisionError> {
    let has_password = current["secureJsonFields"]["password"] == json!(true);
    if has_password && contains(current, &desired.visible()) {
        return Ok(Change::Unchanged);
    }
    replace(grafana, desired, current).await?;
    Ok(Change::Updated)
}

/// Repeats the uid, which Grafana 11.6.15 and later insist on, and the version, so that nobody's change is lost.
async fn replace(grafana: &Grafana, desired: &DataSource, current: &Value) -> Result<(), ProvisionError> {
    let mut body = desired.with_password();
    body["version"] = current["version"].clone();
    let reply = grafana.put(BY_UID, &body).await?;
    match reply.status {
        200 => Ok(()),
        403 => Err(ProvisionError::ReadOnlyDataSource { uid: UID.to_owned() }),
        409 => Err(conflict(grafana, reply).await?),
        _ => Err(grafana.unexpected(reply)),
    }
}

/// Whether all that is wanted is there; Grafana adds keys of its own.
fn contains(current: &Value, wanted: &Value) -> bool {
    match (current, wanted) {
        (Value::Object(current), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, value)| current.get(key).is_some_and(|other| contains(other, value))),
        _ => current == wanted,
    }
}

async fn wait_until_healthy(grafana: &Grafana) -> Result<(), ProvisionError> {
    let path = format!("{BY_UID}/health");
    grafana
        .patience
        .retry(async || {
            let reply = grafana.get(&path).await?;
            if reply.status == 200 {
                return Ok(());
            }
            let passes = may_pass(reply.status, &reply.message());
            let error = ProvisionError::UnhealthyDataSource {
                uid: UID.to_owned(),
                message: reply.message(),
            };
            Err(if passes {
                Failed::ForNow(error)
            } else {
                Failed::ForGood(error)
            })
        })
        .await
}

/// 404 and 5xx: the plugin still starts. 400: only what a starting InfluxDB causes.
fn may_pass(status: u16, message: &str) -> bool {
    let message = message.to_lowercase();
    let starting = ["connection refused", "no such host", "connection reset", "eof"];
    status == 404 || status >= 500 || starting.iter().any(|cause| message.contains(cause))
}

/// As InfluxQL and Grafana write it; whole seconds where it is whole seconds.
fn duration_text(duration: Duration) -> String {
    let milliseconds = duration.as_millis().max(1);
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_names_the_database_twice_and_carries_the_password_apart() {
        let desired = DataSource {
            url: "http://influxdb:8086".to_owned(),
            database: "uWSGI".to_owned(),
            user: "lab".to_owned(),
            password: "secret".to_owned(),
            interval: Duration::from_millis(500),
        };
        let expected = json!({
            "uid": "uwsgi-lab-influxdb", "name": "uwsgi-lab InfluxDB", "type": "influxdb", "access": "proxy",
            "url": "http://influxdb:8086", "user": "lab", "database": "uWSGI", "isDefault": true,
            "jsonData": { "version": "InfluxQL", "dbName": "uWSGI", "httpMode": "POST", "timeInterval": "500ms" },
            "secureJsonData": { "password": "secret" },
        });
        assert_eq!(desired.with_password(), expected);
    }

    #[test]
    fn an_interval_is_written_in_seconds_or_milliseconds() {
        assert_eq!(duration_text(Duration::from_secs(10)), "10s");
        assert_eq!(duration_text(Duration::from_millis(1500)), "1500ms");
        assert_eq!(duration_text(Duration::ZERO), "1ms");
    }

    #[test]
    fn only_what_a_start_causes_is_worth_waiting_for() {
        let table = [
            (400, "dial tcp 127.0.0.1:8086: connect: connection refused", true),
            (400, "tcp connect error: Connection refused (os error 111)", true),
            (400, "dial tcp: lookup influxdb: no such host", true),
            (400, "InfluxDB answered 401: authorization failed", false),
            (404, "Plugin not found", true),
            (500, "", true),
        ];
        for (status, message, expected) in table {
            assert_eq!(may_pass(status, message), expected, "{message}");
        }
    }
}
