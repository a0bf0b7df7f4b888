//! The check of a password with an eye on guessing; where passwords come from is not its business.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::http::StatusCode;
use sha2::{Digest as _, Sha256};

use super::super::account::Account;
use super::guesses::{Guesses, Verdict};
use super::refusal::Refusal;

/// The account and the wrong passwords of the last minutes.
pub(super) struct Admission {
    account: Account,
    guesses: Mutex<Guesses>,
}

impl Admission {
    pub(super) fn of(account: Account) -> Self {
        Self {
            account,
            guesses: Mutex::new(Guesses::new(Instant::now())),
        }
    }

    /// # Errors
    /// 401 for a wrong login or password; 429 without a look at them after too many different wrong ones.
    pub(super) fn check(&self, login: &str, password: &str) -> Result<(), Refusal> {
        let attempt = fingerprint(login, password);
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = guesses.check(attempt, Instant::now(), || self.account.admits(login, password));
        drop(guesses);
        match verdict {
            Verdict::Right => Ok(()),
            Verdict::Wrong => Err(Refusal::wrong_password()),
            Verdict::TooMany => Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many wrong passwords, try again in some seconds",
            )),
        }
    }
}

fn fingerprint(login: &str, password: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update((login.len() as u64).to_be_bytes());
    hasher.update(login);
    hasher.update(password);
    hasher.finalize().into()
}
