//! What repeats this process.

/// Its command line, for a shell.
pub(super) fn repeating() -> String {
    let words = std::env::args().skip(1).map(|word| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
        match !word.is_empty() && word.chars().all(plain) {
            true => word,
            false => format!("'{}'", word.replace('\'', "'\\''")),
        }
    });
    std::iter::once("uwsgi-lab".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}
