//! A terminal for tests, in which the command under test runs as in front of a person.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::environment::Process;

/// A terminal of 80 by 24, and what was written to it.
pub(crate) struct Pty {
    controller: OwnedFd,
    terminal: File,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Pty {
    pub(crate) fn open() -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let path = ptsname(&controller, Vec::new()).unwrap();
        let terminal = File::options()
            .read(true)
            .write(true)
            .open(path.to_str().unwrap())
            .unwrap();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, kept) = (File::from(controller.try_clone().unwrap()), written.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length) = reader.read(&mut bytes) {
                kept.lock().unwrap().extend(&bytes[..length]);
            }
        });
        let pty = Self {
            controller,
            terminal,
            written,
        };
        pty.resize(80, 24);
        pty
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize {
            ws_col: columns,
            ws_row: rows,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&self.controller, size).unwrap();
    }

    /// Starts `command` in it, in a session of its own.
    pub(crate) fn run(&self, command: &Command) -> Process {
        let mut in_session = Command::new("setsid");
        in_session
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args());
        in_session
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TERM", "xterm");
        let variables = command.get_envs().filter_map(|(key, value)| Some((key, value?)));
        in_session.envs(variables);
        if let Some(directory) = command.get_current_dir() {
            in_session.current_dir(directory);
        }
        let end = || Stdio::from(self.terminal.try_clone().unwrap());
        Process::start(in_session.stdin(end()).stdout(end()).stderr(end()))
    }

    pub(crate) fn type_in(&self, keys: &str) {
        File::from(self.controller.try_clone().unwrap())
            .write_all(keys.as_bytes())
            .unwrap();
    }

    pub(crate) fn shows(&self, words: &str) -> bool {
        String::from_utf8_lossy(&self.written.lock().unwrap()).contains(words)
    }

    /// How often `words` have been written.
    pub(crate) fn count(&self, words: &str) -> usize {
        String::from_utf8_lossy(&self.written.lock().unwrap())
            .matches(words)
            .count()
    }

    /// True while keys are handed on at once and without echo.
    pub(crate) fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
    }
}
