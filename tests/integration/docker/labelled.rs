//! `uwsgi-lab collect --containers`: containers with a label, as they come and go.

use std::fs;

use crate::docker::lab::Lab;
use crate::environment::{Process, eventually};

#[test]
fn containers_with_a_label_are_watched_as_they_come_and_go() {
    let Some(lab) = Lab::new() else { return };
    let [lines, news] = ["lines", "news"].map(|name| lab.scratch().join(name));
    let mut command = lab.command(&["collect", "--containers", "--interval", "200ms"]);
    command.stdout(fs::File::create(&lines).unwrap());
    command.stderr(fs::File::create(&news).unwrap());
    let mut process = Process::start(&mut command);

    lab.up(&["--rate", "0"]);
    let source = format!("{}-uwsgi-1", lab.name);
    eventually("the lab's server is read", || {
        let lines = fs::read_to_string(&lines).unwrap();
        lines.contains(&format!("uwsgi_summary,source={source} workers=4i,"))
    });
    lab.down(&[]);
    eventually("and left when it has gone", || {
        let news = fs::read_to_string(&news).unwrap();
        news.contains("is watched no more")
    });
    process.interrupt();
    assert_eq!(process.exit_code(), Some(0));
}
