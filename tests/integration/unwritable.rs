//! What commands say of a disk that is full or read-only, and of a file in the place of a directory.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::environment::uwsgi_lab;

/// Filled to the last byte.
const FULL: &str =
    "mount -t tmpfs -o size=64k none \"$PLACE\"; head -c 1m /dev/zero > \"$PLACE/fill\" 2> /dev/null";
/// With what was there before.
const READ_ONLY: &str = "mount --bind \"$PLACE\" \"$PLACE\"; mount -o remount,bind,ro \"$PLACE\"";

/// A directory whose disk the test chooses.
struct Place {
    _directory: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            path: directory.path().canonicalize().unwrap(),
            _directory: directory,
        }
    }

    /// Exit code, stdout, stderr of the tool, in whose own view of the disks `mounted` was done; the directory is called
    /// PLACE in them. `None` where that is not allowed; it then says so.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn run(&self, mounted: &str, arguments: &[&str]) -> Option<(i32, String, String)> {
        let script = format!("{mounted}; exec \"$@\"");
        let tool = uwsgi_lab();
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"])
            .arg(tool.get_program())
            .args(arguments.iter().map(|one| one.replace("PLACE", self.path())));
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command.env("PLACE", self.path()).stdin(Stdio::null());
        command.env("UWSGI_LAB_STATE_DIR", self.path());
        command.env("GF_SECURITY_ADMIN_PASSWORD", "secret");
        if !may_mount() {
            eprintln!("SKIPPED: disks of a test's own cannot be mounted here");
            return None;
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(self.path(), "PLACE");
        Some((
            output.status.code().unwrap(),
            text(&output.stdout),
            text(&output.stderr),
        ))
    }

    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

fn may_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs"]);
    let status = command.args(["none", "/mnt"]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn refused(stderr: &str) -> (i32, String, String) {
    (4, String::new(), stderr.to_owned())
}

#[test]
fn a_full_disk_under_the_lab_s_directory_is_named_with_the_next_step() {
    let place = Place::new();
    let up = ["up", "--engine", "local", "--detach"];
    let Some(up) = place.run(FULL, &up) else { return };
    let text = "error: cannot write PLACE/uwsgi-lab/stack/compose.yaml
  cause: No space left on device (os error 28)
  hint: make room there: `df -h PLACE/uwsgi-lab/stack` shows what is left
  hint: or put labs elsewhere: UWSGI_LAB_STATE_DIR names the directory
";
    assert_eq!(up, refused(text));
}

#[test]
fn a_lab_on_a_read_only_disk_is_shown_and_no_more() {
    let place = Place::new();
    let lab = place.path.join("uwsgi-lab");
    let service = lab.join("services/uwsgi");
    fs::create_dir_all(&service).unwrap();
    for (name, content) in [
        ("lock", ""),
        ("agent.lock", ""),
        ("agent.json", "{}"),
        ("engine.json", "\"local\""),
        ("services.json", "[\"uwsgi\"]"),
        ("services/uwsgi/lock", ""),
        (
            "services/uwsgi/service.json",
            r#"{"id": "uwsgi.1", "settings": "", "image": "", "ports": {}, "labels": {}}"#,
        ),
        (
            "services/uwsgi/process.json",
            r#"{"pid": 1, "group": null, "code": null}"#,
        ),
    ] {
        fs::write(lab.join(name), content).unwrap();
    }
    let Some((code, stdout, stderr)) = place.run(READ_ONLY, &["status"]) else {
        return;
    };
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.contains("\n  uwsgi     exited (code 137)\n"), "{stdout}");
    let text = "error: cannot open PLACE/uwsgi-lab/lock
  cause: Read-only file system (os error 30)
  hint: have it mounted to be written: `df PLACE/uwsgi-lab` names the disk
  hint: or put labs elsewhere: UWSGI_LAB_STATE_DIR names the directory
";
    for command in [
        &["down"][..],
        &["down", "--volumes"],
        &["up", "--engine", "local", "--detach"],
    ] {
        assert_eq!(
            place.run(READ_ONLY, command).unwrap(),
            refused(text),
            "{command:?}"
        );
    }
    let reset = place.run(READ_ONLY, &["reset", "--detach"]).unwrap();
    assert_eq!(reset.0, 4, "{reset:?}");
    assert!(
        reset.2.contains("  hint: have it mounted to be written"),
        "{reset:?}"
    );
}

#[test]
fn a_full_disk_under_a_server_s_data_is_named_and_nobody_is_told_to_remove_the_data() {
    let place = Place::new();
    let arguments = ["--listen", "127.0.0.1:0", "--data", "PLACE/data"];
    let store = [&["store", "--database", "db"], &arguments[..]].concat();
    let Some(store) = place.run(FULL, &store) else {
        return;
    };
    let text = "error: no space is left for the database file 'PLACE/data/database-1.sqlite'
  hint: make room there: `df -h PLACE/data` shows what is left
  hint: or choose another directory with --data DIRECTORY
";
    assert_eq!(store, refused(text));
    let dashboard = [&["dashboard"], &arguments[..]].concat();
    let text = "error: cannot use the state file 'PLACE/data/dashboard.json'
  cause: No space left on device (os error 28)
  hint: make room there: `df -h PLACE/data` shows what is left
  hint: or choose another directory with --data DIRECTORY
";
    assert_eq!(place.run(FULL, &dashboard).unwrap(), refused(text));
}

#[test]
fn a_file_in_the_place_of_a_directory_is_named_by_every_command() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let data = file.join("data");
    let data = data.to_str().unwrap();
    for command in [
        &["up", "--engine", "local", "--detach"][..],
        &["up", "--engine", "local", "--dry-run"],
        &["reset", "--engine", "local", "--detach"],
        &["down"],
        &["down", "--volumes", "--images"],
        &["status"],
        &["logs"],
        &["open", "--print"],
        &["store", "--listen", "127.0.0.1:0", "--data", data],
        &["dashboard", "--listen", "127.0.0.1:0", "--data", data],
    ] {
        let (code, said) = run(command, &file);
        assert_eq!(code, Some(4), "{command:?}: {said}");
        assert!(said.starts_with("error: cannot "), "{command:?}: {said}");
        let advice = format!(
            "\n  cause: Not a directory (os error 20)\n  hint: move away what is in the place of a directory: `ls -ld {}`\n",
            file.display()
        );
        assert!(said.contains(&advice), "{command:?}: {said}");
    }
}

fn run(command: &[&str], state: &Path) -> (Option<i32>, String) {
    let mut tool = uwsgi_lab();
    tool.args(command).env("UWSGI_LAB_STATE_DIR", state);
    tool.env("GF_SECURITY_ADMIN_PASSWORD", "secret");
    let output = tool.output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}
