//! The one owner of the state: jobs reach it over a bounded queue and run one after the other; it knows no rules.
//!
//! The owner is a blocking task, because it writes the state file before it answers. That makes each change a
//! transaction: it runs on a copy, the copy is saved, and only then it becomes the state.

use std::io;

use tokio::sync::{mpsc, oneshot};

use super::refusal::Refusal;
use super::state::{State, StateFile};

/// A full queue makes callers wait; 64 is far more than the handful of clients of a lab.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce(&mut Owner) + Send>;

struct Owner {
    state: State,
    file: Option<StateFile>,
}

impl Owner {
    fn change<T>(&mut self, act: impl FnOnce(&mut State) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut next = self.state.clone();
        let answer = act(&mut next)?;
        self.save(&next)
            .map_err(|error| Refusal::internal(format!("cannot save the state: {error}")))?;
        self.state = next;
        Ok(answer)
    }

    fn save(&self, next: &State) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |file| file.save(next))
    }
}

/// The way to the owner; the owner ends when the last one is dropped.
#[derive(Clone)]
pub(super) struct Keeper {
    jobs: mpsc::Sender<Job>,
}

impl Keeper {
    /// Starts the owner. Without a file the state lives in memory only.
    pub(super) fn start(state: State, file: Option<StateFile>) -> Self {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        tokio::task::spawn_blocking(move || {
            let mut owner = Owner { state, file };
            while let Some(job) = queue.blocking_recv() {
                job(&mut owner);
            }
        });
        Self { jobs }
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        self.ask(move |owner| look(&owner.state)).await
    }

    /// Runs `act` on a copy; an error from it, or from saving, leaves the state as it was.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut State) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.ask(move |owner| owner.change(act)).await?
    }

    async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Owner) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |owner| {
            // a caller that went away needs no answer
            reply.send(job(owner)).ok();
        });
        self.jobs.send(job).await.map_err(|_closed| stopping())?;
        answer.await.map_err(|_closed| stopping())
    }
}

fn stopping() -> Refusal {
    Refusal::internal("the server is stopping")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::super::account::Account;
    use super::*;

    fn state() -> State {
        State::new(Account::new("admin", "x").unwrap())
    }

    #[tokio::test]
    async fn a_refused_change_leaves_the_state_as_it_was() {
        let keeper = Keeper::start(state(), None);
        let refusal = keeper
            .change(|state| -> Result<(), Refusal> {
                state.next_id();
                Err(Refusal::bad_request("no"))
            })
            .await;
        assert_eq!(refusal, Err(Refusal::bad_request("no")));
        assert_eq!(keeper.read(|state| state.last_id).await, Ok(0));
    }

    #[tokio::test]
    async fn a_change_that_cannot_be_saved_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let gone = directory.path().join("gone");
        let keeper = Keeper::start(state(), Some(StateFile::open(&gone).unwrap()));
        fs::remove_dir_all(&gone).unwrap();
        let refused = keeper.change(|state| Ok(state.next_id())).await;
        let expected = Refusal::internal("cannot save the state: No such file or directory (os error 2)");
        assert_eq!(refused, Err(expected));
        assert_eq!(keeper.read(|state| state.last_id).await, Ok(0));
    }
}
