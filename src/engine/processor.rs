//! What a server has taken of the processors so far, from the kernel's accounts; starts and stops nothing.

use std::fs;
use std::time::Duration;

/// Of the process `master`, its living children, and those that ended: user and system time, to a hundredth of a second. Nothing
/// where there is no such process, or a system without Linux's /proc.
pub(super) fn of_family(master: u64) -> Option<Duration> {
    let own = Account::of(&fs::read_to_string(format!("/proc/{master}/stat")).ok()?)?;
    let mut ticks = own.of_itself + own.of_ended_children;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let is_process = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.parse::<u64>().is_ok());
        if !is_process {
            continue;
        }
        // It may have ended meanwhile.
        let text = fs::read_to_string(entry.path().join("stat"));
        let account = text.ok().and_then(|text| Account::of(&text));
        if let Some(account) = account.filter(|account| account.parent == master) {
            ticks += account.of_itself + account.of_ended_children;
        }
    }
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_secs_f64(ticks as f64 / per_second as f64))
}

/// Of one process, in clock ticks.
#[derive(Debug, PartialEq, Eq)]
struct Account {
    parent: u64,
    of_itself: u64,
    of_ended_children: u64,
}

impl Account {
    /// From `/proc/PID/stat` (proc_pid_stat(5)): the name may hold spaces and parentheses, so fields are counted from its end.
    fn of(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
        // The state, field 3 in the manual, is the first here.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Self {
            parent: number(4)?,
            of_itself: number(14)? + number(15)?,
            of_ended_children: number(16)? + number(17)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_from_the_end_of_the_name() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 100 20 30 5 20 0 1 0 99";
        let account = Account {
            parent: 7,
            of_itself: 120,
            of_ended_children: 35,
        };
        assert_eq!(Account::of(text), Some(account));
        assert_eq!(Account::of("42 (a) S 7"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_child_burns_is_its_parent_s() {
        let own = u64::from(std::process::id());
        let before = of_family(own).unwrap();
        let script = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        let status = std::process::Command::new("sh").args(["-c", script]).status();
        assert!(status.unwrap().success());
        assert!(of_family(own).unwrap() > before);
        assert_eq!(of_family(u64::MAX), None);
    }
}
