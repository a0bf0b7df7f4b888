//! One integration binary: each module is a room of tests with its own peers.

mod collect;
mod environment;
mod dashboard;
mod layers;
mod load;
