//! Labs without containers, end to end: the binary, its own store and dashboard, real uWSGI. No Docker daemon answers.

mod bundle;
mod changes;
mod choice;
mod dashboards;
mod ends;
pub(crate) mod experiments;
mod lab;
mod lifecycle;
mod refused;
pub(crate) mod scenarios;
pub(crate) mod settings_changed;
mod told;
mod top;
mod waiting;
mod watched;
