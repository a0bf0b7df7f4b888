//! `uwsgi-lab explain`: what each statistic means, and what it does not.

mod table;

use std::fmt::Write as _;

use clap::ValueEnum;
use serde_json::json;

use table::{Entry, Group};

use super::error::{Code, Failure};
use super::output;

/// Suggestions for a key that is not known.
const SUGGESTIONS: usize = 4;
/// How alike two keys have to be for that, of 1.
const ALIKE: f64 = 0.75;
const VERSION: u64 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArguments {
    /// A statistic (avg_rt), that of one group (core.requests) or a group (worker) [default: all, by group]
    #[arg(value_name = "KEY")]
    key: Option<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// Prints what is known of a key, of a group, or the keys there are.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    let groups = table::read().map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    let key = arguments.key.as_deref();
    let found = match key {
        None => groups,
        Some(key) => {
            let found = find(&groups, key);
            if found.is_empty() {
                return Err(unknown(&groups, key));
            }
            found
        }
    };
    match arguments.output {
        Format::Json => output::data(&format!("{}\n", json!({"version": VERSION, "groups": found}))),
        Format::Text if key.is_none() => output::data(&list(&found)),
        Format::Text => output::data(&text(&found)),
    }
}

/// The groups that know the key, with it alone; or the group of that name.
fn find(groups: &[Group], key: &str) -> Vec<Group> {
    let wanted = key.to_lowercase();
    let (of_group, wanted) = match wanted.split_once('.') {
        Some((group, key)) => (Some(group), key),
        None => (None, wanted.as_str()),
    };
    let is_it = |group: &Group| match of_group {
        Some(name) => group.name == name,
        None => group.name == wanted,
    };
    let mut found = Vec::new();
    for group in groups {
        let keys = match of_group {
            None if is_it(group) => group.keys.clone(),
            Some(_) if !is_it(group) => Vec::new(),
            _ => group
                .keys
                .iter()
                .filter(|entry| entry.key == wanted)
                .cloned()
                .collect(),
        };
        if !keys.is_empty() {
            found.push(Group {
                keys,
                ..group.clone()
            });
        }
    }
    found
}

fn unknown(groups: &[Group], key: &str) -> Failure {
    let failure = Failure::new(Code::Usage, format!("no statistic is called '{key}'"));
    let alike = alike(groups, key);
    let failure = match alike.as_slice() {
        [] => failure,
        _ => failure.hint(format!("did you mean {}?", alike.join(", "))),
    };
    failure.hint("`uwsgi-lab explain` lists them all")
}

/// Keys that look like `key` or have it in them, the most alike first.
fn alike(groups: &[Group], key: &str) -> Vec<String> {
    let key = key.to_lowercase();
    let bare = key.rsplit('.').next().unwrap_or(&key);
    let mut scored: Vec<(f64, String)> = Vec::new();
    for group in groups {
        for entry in &group.keys {
            let has_it = bare.len() > 2 && entry.key.contains(bare);
            let score = if has_it {
                1.0
            } else {
                strsim::jaro_winkler(&entry.key, bare)
            };
            if score >= ALIKE && !scored.iter().any(|(_, known)| *known == entry.key) {
                scored.push((score, entry.key.clone()));
            }
        }
    }
    scored.sort_by(|one, two| two.0.total_cmp(&one.0));
    scored.into_iter().take(SUGGESTIONS).map(|(_, key)| key).collect()
}

/// The keys of each group.
fn list(groups: &[Group]) -> String {
    let mut text = String::new();
    for group in groups {
        for part in wrapped(&format!("{}: {}", group.name, group.about), WIDTH) {
            line(&mut text, &part);
        }
        let keys: Vec<_> = group.keys.iter().map(|entry| entry.key.as_str()).collect();
        for part in wrapped(&keys.join(", "), WIDTH - 2) {
            line(&mut text, &format!("  {part}"));
        }
        text.push('\n');
    }
    line(
        &mut text,
        "`uwsgi-lab explain KEY` says what one means, and what it does not.",
    );
    text
}

/// Columns of text, for terminals of 80.
const WIDTH: usize = 78;

fn text(groups: &[Group]) -> String {
    let mut text = String::new();
    for group in groups {
        for entry in &group.keys {
            if !text.is_empty() {
                text.push('\n');
            }
            line(&mut text, &format!("{}.{}", group.name, entry.key));
            of_entry(group, entry, &mut text);
        }
    }
    text
}

fn of_entry(group: &Group, entry: &Entry, text: &mut String) {
    let see = entry.see.join(", ");
    let parts = [
        ("of", Some(group.about.as_str())),
        ("means", Some(entry.means.as_str())),
        ("unit", Some(entry.unit.as_str())),
        ("time", Some(entry.life.words())),
        ("is not", entry.not.as_deref()),
        ("see", Some(see.as_str()).filter(|see| !see.is_empty())),
    ];
    for (name, words) in parts {
        let Some(words) = words else { continue };
        for (index, part) in wrapped(words, WIDTH - 10).iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            line(text, &format!("  {name:<6}  {part}"));
        }
    }
}

/// Lines of at most `width` characters; a longer word has one of its own.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn line(text: &mut String, words: &str) {
    // Writing to a String cannot fail.
    writeln!(text, "{words}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str) -> Vec<String> {
        let groups = find(&table::read().unwrap(), key);
        let names = groups.iter().flat_map(|group| {
            group
                .keys
                .iter()
                .map(|entry| format!("{}.{}", group.name, entry.key))
        });
        names.collect()
    }

    #[test]
    fn a_key_is_found_in_every_group_that_has_it_and_in_one_that_is_named() {
        assert_eq!(
            found("requests"),
            [
                "worker.requests",
                "app.requests",
                "core.requests",
                "router.requests"
            ]
        );
        assert_eq!(found("core.requests"), ["core.requests"]);
        assert_eq!(found("AVG_RT"), ["worker.avg_rt"]);
        assert_eq!(
            found("daemon"),
            ["daemon.cmd", "daemon.pid", "daemon.respawns", "daemon.running"]
        );
        assert_eq!(found("core.avg_rt"), [""; 0]);
    }

    #[test]
    fn a_key_that_is_misspelt_is_suggested_and_one_that_is_far_off_is_not() {
        let groups = table::read().unwrap();
        assert_eq!(alike(&groups, "avg_tr")[0], "avg_rt");
        assert_eq!(alike(&groups, "worker.harakiri"), ["harakiri_count"]);
        assert_eq!(alike(&groups, "xyzzy"), [""; 0]);
    }

    #[test]
    fn an_entry_reads_as_its_parts_within_80_columns() {
        let groups = find(&table::read().unwrap(), "core.read_errors");
        let expected = "\
core.read_errors
  of      one thread, or asynchronous slot, of a worker (`uwsgi_cores`)
  means   Requests whose body could not be read: the client had gone, mostly.
  unit    errors
  time    since the master started; a reload (SIGHUP) begins anew at 0, a
          respawn does not
";
        assert_eq!(text(&groups), expected);
        let all = text(&table::read().unwrap()) + &list(&table::read().unwrap());
        let longest = all.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(80), "{longest:?}");
    }
}
