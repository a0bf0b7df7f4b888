//! How many connections this process may hold; opens none.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::LoadError;

/// Descriptors left to everything else: standard streams, the workers' pollers, the running lab's own sockets.
const RESERVE: u64 = 128;

/// Raises the soft limit of open files to the hard one and returns how many connections that leaves room for.
fn available() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where raising is refused, the old limit holds.
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let files = current.unwrap_or(u64::MAX).saturating_sub(RESERVE);
    usize::try_from(files).unwrap_or(usize::MAX)
}

/// The limit of connections for each of `threads`; as many as files allow when none is asked for.
///
/// # Errors
/// Fewer connections than threads, or more than files allow.
pub(crate) fn per_thread(asked: Option<usize>, threads: usize) -> Result<Vec<usize>, LoadError> {
    let available = available();
    let total = asked.unwrap_or(available);
    if total > available {
        return Err(LoadError::Descriptors {
            asked: total,
            available,
        });
    }
    if total < threads {
        return Err(LoadError::Connections {
            connections: total,
            threads,
        });
    }
    Ok((0..threads)
        .map(|index| total / threads + usize::from(index < total % threads))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_connection_is_lost_in_the_division() {
        assert_eq!(per_thread(Some(10), 3).unwrap(), [4, 3, 3]);
        assert_eq!(per_thread(Some(2), 2).unwrap(), [1, 1]);
    }

    #[test]
    fn what_cannot_be_held_is_refused_before_anything_starts() {
        let refusal = |asked, threads| per_thread(Some(asked), threads).unwrap_err().to_string();
        assert_eq!(
            refusal(1, 2),
            "1 connection is too few for 2 threads: each needs one of its own"
        );
        assert!(refusal(usize::MAX, 1).starts_with(&format!("{} connections are more than", usize::MAX)));
    }
}
