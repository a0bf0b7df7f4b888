//! The Grafana of a lab that runs, for commands that talk to it.

use crate::engine::Role;
use crate::provision::Grafana;

use super::super::error::{Code, Failure};
use super::super::settings::LabSettings;
use super::open::look;

/// A lab's Grafana and its address, `http://host:port`.
pub(crate) struct RunningGrafana {
    pub(crate) api: Grafana,
    pub(crate) url: String,
}

/// # Errors
/// The lab does not run, or has no Grafana.
pub(crate) async fn of_lab(lab: &LabSettings) -> Result<RunningGrafana, Failure> {
    let report = look(lab).await?;
    let password = report
        .login
        .as_ref()
        .and_then(|login| login.grafana_password.as_deref());
    let (Some(endpoint), Some(login), Some(password)) =
        (report.endpoint(Role::Grafana), report.login.as_ref(), password)
    else {
        return Err(
            Failure::new(Code::Unavailable, "Grafana does not run").hint("`uwsgi-lab up` brings it up")
        );
    };
    let url = endpoint.url();
    let api = Grafana::new(&url, &login.user, password)
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    Ok(RunningGrafana { api, url })
}
