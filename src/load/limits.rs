//! How many connections this process may hold; opens none.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::LoadError;
use super::part::Part;

/// Descriptors left to everything else: standard streams, the workers' pollers, the running lab's own sockets.
const RESERVE: u64 = 128;

/// Raises the soft limit of open files to the hard one and returns it; nothing where there is none.
pub(crate) fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where raising is refused, the old limit holds.
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// How many connections the limit of open files, raised as far as it goes, leaves room for.
fn available() -> usize {
    let files = raise_open_files().unwrap_or(u64::MAX).saturating_sub(RESERVE);
    usize::try_from(files).unwrap_or(usize::MAX)
}

/// The limit of connections for each thread of `part`, of those `asked` for all threads of the run; as many as files allow when none
/// is asked for.
///
/// # Errors
/// Fewer connections than threads, or more than files allow.
pub(crate) fn per_thread(asked: Option<usize>, part: Part) -> Result<Vec<usize>, LoadError> {
    let available = available();
    let (total, part) = match asked {
        Some(total) => (total, part),
        None => (available, Part::whole(part.threads)),
    };
    let limits: Vec<usize> = part
        .indices()
        .map(|index| part.share_of(total as u64, index) as usize)
        .collect();
    let own = limits.iter().sum();
    if own > available {
        return Err(LoadError::Descriptors {
            asked: own,
            available,
        });
    }
    check(asked.unwrap_or(available), part.of)?;
    Ok(limits)
}

/// # Errors
/// Fewer connections than threads.
pub(crate) fn check(connections: usize, threads: usize) -> Result<(), LoadError> {
    match connections < threads {
        true => Err(LoadError::Connections { connections, threads }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_connection_is_lost_in_the_division() {
        assert_eq!(per_thread(Some(10), Part::whole(3)).unwrap(), [4, 3, 3]);
        let second = Part::of_several(1, 1, 2).unwrap();
        assert_eq!(per_thread(Some(7), second).unwrap(), [3]);
        assert_eq!(per_thread(Some(2), Part::whole(2)).unwrap(), [1, 1]);
    }

    #[test]
    fn what_cannot_be_held_is_refused_before_anything_starts() {
        let refusal = |asked, threads| {
            per_thread(Some(asked), Part::whole(threads))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refusal(1, 2),
            "1 connection is too few for 2 threads: each needs one of its own"
        );
        assert!(refusal(usize::MAX, 1).starts_with(&format!("{} connections are more than", usize::MAX)));
    }
}
