//! One integration binary: each module is a room of tests with its own peers.

mod browser;
mod collect;
mod dashboard;
mod docker;
mod environment;
mod http;
mod lab;
mod layers;
mod load;
mod local;
mod page;
mod panels;
mod place;
