//! One integration binary: each module is a room of tests with its own peers.

mod browser;
mod collect;
mod collect_many;
mod collect_sinks;
mod dashboard;
mod docker;
mod environment;
mod http;
mod lab;
mod layers;
mod load;
mod load_requests;
mod load_results;
mod load_script;
mod load_tls;
mod load_uwsgi;
mod load_workers;
mod load_workers_lost;
mod local;
mod local_python;
mod page;
mod panels;
mod panels_in_browser;
mod place;
mod store;
mod unwritable;
