//! A dashboard file and how it gets into Grafana; what its panels ask is elsewhere.

use serde_json::{Map, Value, json};

use super::apply::Change;
use super::client::{Grafana, Reply};
use super::error::{ProvisionError, Refused};
use super::portable;

/// The files of `dashboards/`, by name and content.
const SHIPPED: [(&str, &str); 1] = [("uwsgi.json", include_str!("../../dashboards/uwsgi.json"))];

/// A dashboard in exported form: fixed uid, a title, no version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dashboard {
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(super) model: Map<String, Value>,
}

impl Dashboard {
    /// The dashboards that are part of the program.
    pub(crate) fn shipped() -> Result<Vec<Self>, ProvisionError> {
        SHIPPED
            .iter()
            .map(|(name, text)| Self::parse(name, text))
            .collect()
    }

    /// Reads the file's text; `name` is used in errors only.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, ProvisionError> {
        let model: Map<String, Value> =
            serde_json::from_str(text).map_err(|source| ProvisionError::NotJson {
                name: name.to_owned(),
                source,
            })?;
        let required = |key: &'static str| match model.get(key).and_then(Value::as_str) {
            Some(value) if !value.is_empty() => Ok(value.to_owned()),
            _ => Err(ProvisionError::Incomplete {
                name: name.to_owned(),
                missing: key,
            }),
        };
        let (uid, title) = (required("uid")?, required("title")?);
        Ok(Self { uid, title, model })
    }

    /// A stored dashboard, without what its Grafana alone knows.
    pub(super) fn from_model(uid: &str, model: &Value) -> Result<Self, ProvisionError> {
        let named = || model.get("title")?.as_str().zip(model.as_object());
        let (title, model) = named().ok_or_else(|| ProvisionError::Incomplete {
            name: uid.to_owned(),
            missing: "title",
        })?;
        Ok(Self {
            uid: uid.to_owned(),
            title: title.to_owned(),
            model: portable::portable(model),
        })
    }

    /// The text of its file; keys stand as in `before`, the text of that file until now.
    pub(crate) fn file_text(&self, before: Option<&str>) -> String {
        // a file that is not JSON has no order to keep
        let before = before.and_then(|text| serde_json::from_str(text).ok());
        portable::text(&self.model, before.as_ref())
    }
}

/// Saves the dashboard unless the same content is already in the same folder.
pub(super) async fn apply(
    grafana: &Grafana,
    desired: &Dashboard,
    folder_uid: &str,
) -> Result<Change, ProvisionError> {
    let stored = read(grafana, &desired.uid).await?;
    if stored
        .as_ref()
        .is_some_and(|stored| is_same(stored, desired, folder_uid))
    {
        return Ok(Change::Unchanged);
    }
    // overwriting with a new uid would replace a dashboard of the same title that someone else made;
    // without folderUid Grafana would move the dashboard to the root
    let body = json!({
        "dashboard": content(&desired.model), "folderUid": folder_uid, "overwrite": stored.is_some(),
        "message": "uwsgi-lab",
    });
    let reply = grafana.post("/api/dashboards/db", &body).await?;
    match (reply.status, stored.is_some()) {
        (200 | 201, true) => Ok(Change::Updated),
        (200 | 201, false) => Ok(Change::Created),
        _ => Err(refusal(grafana, desired, reply)),
    }
}

/// Grafana's answer for the dashboard, `{"dashboard": …, "meta": …}`.
pub(super) async fn read(grafana: &Grafana, uid: &str) -> Result<Option<Value>, ProvisionError> {
    let reply = grafana.get(&format!("/api/dashboards/uid/{uid}")).await?;
    match reply.status {
        200 => Ok(Some(reply.body)),
        404 => Ok(None),
        _ => Err(grafana.unexpected(reply)),
    }
}

fn is_same(stored: &Value, desired: &Dashboard, folder_uid: &str) -> bool {
    let model = stored["dashboard"].as_object();
    let same_content = model.is_some_and(|model| content(model) == content(&desired.model));
    same_content && stored["meta"]["folderUid"] == json!(folder_uid)
}

/// A dashboard without the number and the version that each Grafana gives it.
fn content(model: &Map<String, Value>) -> Map<String, Value> {
    let mut content = model.clone();
    content.shift_remove("id");
    content.shift_remove("version");
    content
}

fn refusal(grafana: &Grafana, desired: &Dashboard, reply: Reply) -> ProvisionError {
    let tag = reply.body.get("status").and_then(Value::as_str);
    let reason = match (reply.status, tag) {
        (409, _) => Refused::StorageConflict,
        (412, Some("name-exists")) => Refused::NameExists,
        (412, Some("version-mismatch")) => Refused::VersionMismatch,
        (412, Some("plugin-dashboard")) => Refused::PluginDashboard,
        _ => return grafana.unexpected(reply),
    };
    ProvisionError::DashboardRefused {
        uid: desired.uid.clone(),
        reason,
        message: reply.message(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dashboard_file_is_part_of_the_program() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/dashboards")).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, SHIPPED.map(|(name, _)| name));
        let uids: Vec<_> = Dashboard::shipped()
            .unwrap()
            .into_iter()
            .map(|one| one.uid)
            .collect();
        assert_eq!(uids, ["uwsgi-lab"]);
    }

    #[test]
    fn a_file_without_uid_or_title_is_no_dashboard() {
        let table = [
            (r#"{"title": "t"}"#, "'file' is not a dashboard: it has no uid"),
            (
                r#"{"uid": "u", "title": ""}"#,
                "'file' is not a dashboard: it has no title",
            ),
            ("[]", "'file' is not a dashboard"),
        ];
        for (text, expected) in table {
            assert_eq!(
                Dashboard::parse("file", text).unwrap_err().to_string(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn number_and_version_do_not_make_a_dashboard_another() {
        let desired =
            Dashboard::parse("file", r#"{"id": null, "uid": "u", "title": "t", "panels": []}"#).unwrap();
        let stored = |title: &str, folder: &str| {
            json!({
                "dashboard": { "panels": [], "title": title, "uid": "u", "id": 7, "version": 3 },
                "meta": { "folderUid": folder },
            })
        };
        assert!(is_same(&stored("t", "f"), &desired, "f"));
        assert!(!is_same(&stored("t", ""), &desired, "f"));
        assert!(!is_same(&stored("other", "f"), &desired, "f"));
    }
}
