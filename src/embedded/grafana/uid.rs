//! Rules for the identifiers that callers choose, random ones for those they leave out, and URL slugs.

use axum::http::StatusCode;

use super::refusal::Refusal;

/// Grafana's limit for data sources, folders and dashboards.
const LONGEST: usize = 40;

/// Checks a uid given by the caller: ASCII letters, digits, `-` and `_`, at most 40 characters.
pub(super) fn check(uid: &str) -> Result<(), Refusal> {
    if !uid
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    {
        return Err(Refusal::bad_request("uid contains illegal characters"));
    }
    if uid.len() > LONGEST {
        return Err(Refusal::bad_request("uid too long, max 40 characters"));
    }
    Ok(())
}

/// The uid the caller gave, checked, or a random one where it is empty.
pub(super) fn given_or_random(uid: &str) -> Result<String, Refusal> {
    if uid.is_empty() {
        return random();
    }
    check(uid)?;
    Ok(uid.to_owned())
}

fn random() -> Result<String, Refusal> {
    let mut bytes = [0_u8; 7];
    getrandom::fill(&mut bytes)
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The title as the last part of a dashboard's URL: `Listen queue (max)` → `listen-queue-max`.
pub(super) fn slug(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_made_of_letters_digits_dashes_and_underscores() {
        let illegal = Err(Refusal::bad_request("uid contains illegal characters"));
        let long = Err(Refusal::bad_request("uid too long, max 40 characters"));
        let table = [
            ("uwsgi-lab_1".to_owned(), Ok(())),
            ("x".repeat(40), Ok(())),
            ("x".repeat(41), long),
            ("a b".to_owned(), illegal.clone()),
            ("a/b".to_owned(), illegal.clone()),
            ("é".to_owned(), illegal),
        ];
        for (uid, expected) in table {
            assert_eq!(check(&uid), expected, "{uid}");
        }
    }

    #[test]
    fn a_missing_uid_becomes_fourteen_random_characters() {
        let (first, second) = (given_or_random("").unwrap(), given_or_random("").unwrap());
        assert_eq!(first.len(), 14);
        assert_ne!(first, second);
    }

    #[test]
    fn a_slug_keeps_words_and_drops_the_rest() {
        assert_eq!(slug("Listen queue (max)"), "listen-queue-max");
        assert_eq!(slug("uwsgi-lab"), "uwsgi-lab");
        assert_eq!(slug("!"), "");
    }
}
