//! One integration binary: each module is a room of tests with its own peers.

mod layers;
mod load;
