//! The one account of an embedded server: a salted hash of its password, and the check of credentials against it; it counts no
//! attempts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Login and password hash, as the dashboard's state file keeps them.
///
/// A single round of SHA-256 is enough because the lab's passwords are 128 random bits: stretching
/// protects passwords that can be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) login: String,
    salt: [u8; 16],
    hash: [u8; 32],
}

impl Account {
    pub(super) fn new(login: &str, password: &str) -> Result<Self, getrandom::Error> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        Ok(Self {
            login: login.to_owned(),
            salt,
            hash: salted(&salt, password),
        })
    }

    pub(super) fn admits(&self, login: &str, password: &str) -> bool {
        // both are compared in full, so that the time taken tells nothing about either
        let login_is_right = same(login.as_bytes(), self.login.as_bytes());
        let password_is_right = same(&salted(&self.salt, password), &self.hash);
        login_is_right & password_is_right
    }
}

fn salted(salt: &[u8], password: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(password.as_bytes());
    hasher.finalize().into()
}

fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}

/// Login and password of `Basic …`; `None` where it is anything else.
pub(super) fn basic_credentials(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (login, password) = decoded.split_once(':')?;
    Some((login.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn only_the_right_login_with_the_right_password_is_admitted() {
        let account = Account::new("admin", "se:cret").unwrap();
        let table = [
            ("admin", "se:cret", true),
            ("admin", "secret", false),
            ("root", "se:cret", false),
            ("admin", "", false),
            ("", "", false),
        ];
        for (login, password, expected) in table {
            assert_eq!(account.admits(login, password), expected, "{login} {password}");
        }
    }

    #[test]
    fn credentials_are_read_from_basic_authorization_only() {
        let pair = |login: &str, password: &str| Some((login.to_owned(), password.to_owned()));
        let table = [
            (header("admin:se:cret"), pair("admin", "se:cret")),
            (header("admin:x").replace("Basic", "basic"), pair("admin", "x")),
            (header("admin:"), pair("admin", "")),
            (header("admin"), None),
            ("Bearer abc".to_owned(), None),
            ("Basic !!!".to_owned(), None),
            (String::new(), None),
        ];
        for (authorization, expected) in table {
            assert_eq!(basic_credentials(&authorization), expected, "{authorization}");
        }
    }

    #[test]
    fn the_same_password_is_stored_differently_each_time() {
        let (one, other) = (
            Account::new("admin", "x").unwrap(),
            Account::new("admin", "x").unwrap(),
        );
        assert_ne!(one, other);
    }
}
