//! A lab in words: its plan, its welcome, its live line, its status, its end. Pure: it asks nobody.

mod ending;
mod live;
mod news;
mod plan;
mod status;
mod welcome;

use std::fmt::Write as _;

pub(crate) use ending::farewell_text;
pub(crate) use live::{live_line, plain};
pub(crate) use news::{News, news_text};
pub(crate) use plan::{doing, done, failed, plan_text};
pub(crate) use status::{LabReport, Seen, dashboard_url, status_text};
pub(crate) use welcome::{Runs, Welcome, welcome_text};

use crate::engine::Role;

/// The uid of the dashboard that the lab shows.
const DASHBOARD: &str = "uwsgi-lab";

/// What to open or connect to at `address` (`host:port`).
fn url(role: &str, address: &str) -> String {
    if role == Role::Grafana.name() {
        format!("http://{address}/d/{DASHBOARD}")
    } else if role == Role::Other.name() {
        address.to_owned()
    } else {
        format!("http://{address}/")
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    writeln!(text, "{arguments}").ok();
}
