//! Runs a lab's services as processes of this machine; no Docker is needed.

mod python;
