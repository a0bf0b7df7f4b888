//! One integration binary: each module is a room of tests with its own peers.

mod dashboard;
mod layers;
mod panels;
