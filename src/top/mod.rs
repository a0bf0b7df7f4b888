//! The terminal view of uWSGI servers: message → state → frame; the same as text or JSON for scripts. Starts nothing,
//! stores nothing.

mod batch;
mod figures;
mod filter;
mod frame;
mod history;
mod json;
mod keys;
mod poll;
mod rates;
mod reading;
mod replay;
mod run;
#[cfg(test)]
mod samples;
mod screen;
mod server;
mod state;
mod table;
mod tables;
mod text;
mod value;
mod words;

pub(crate) use batch::batch;
pub(crate) use filter::Filter;
pub(crate) use frame::Theme;
pub(crate) use json::document;
pub(crate) use poll::Target;
pub(crate) use reading::{Clock, look};
pub(crate) use replay::{Recording, ReplayError, replay};
pub(crate) use run::run;
pub(crate) use server::Server;
pub(crate) use state::{Film, State};
pub(crate) use table::Sort;
pub(crate) use tables::{CoreView, WORKER_COLUMNS};
pub(crate) use text::text;
