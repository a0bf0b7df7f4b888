//! Environments made by pretended and by real Pythons.

mod fake;
mod on_path;
mod private;
mod real;

use super::PYUWSGI;

#[test]
fn the_wheel_is_the_one_of_the_container_and_of_the_test_peers() {
    let dockerfile = include_str!("../../../../stack/uwsgi/Dockerfile");
    assert!(dockerfile.contains(&format!(" {PYUWSGI} ")));
    let script = include_str!("../../../../tests/run.sh");
    assert!(script.contains(&format!("pyuwsgi={PYUWSGI}\n")));
}
