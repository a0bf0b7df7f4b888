//! What repeats this process.

/// Its command line, for a shell. Without `--save`: what is there already is not written over.
pub(super) fn repeating() -> String {
    let words = elsewhere(std::env::args().skip(1)).map(|word| {
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

fn elsewhere(words: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let mut is_directory = false;
    words.filter(move |word| {
        let left_out = is_directory || word == "--save" || word.starts_with("--save=");
        is_directory = !is_directory && word == "--save";
        !left_out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_was_kept_is_not_repeated() {
        let words = [
            "run", "a.yaml", "--save", "x", "--engine", "local", "--save=y", "z",
        ];
        let left: Vec<String> = elsewhere(words.into_iter().map(str::to_owned)).collect();
        assert_eq!(left, ["run", "a.yaml", "--engine", "local", "z"]);
    }
}
