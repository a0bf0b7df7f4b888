//! What is wrong in a project file, in the words of the file rather than of the parser. Pure.

use std::path::Path;

use super::super::error::{Code, Failure};

/// `uwsgi-lab.yaml line 1: ports.app must be a port number (0 to 65535)`.
pub(super) fn failure(error: &serde_yaml::Error, file: &Path) -> Failure {
    let said = error.to_string();
    let (place, said) = match error.location() {
        Some(location) => {
            let end = format!(" at line {} column {}", location.line(), location.column());
            (
                format!("{} line {}", file.display(), location.line()),
                said.replace(&end, ""),
            )
        }
        None => (file.display().to_string(), said),
    };
    let (key, said) = match said.split_once(": ") {
        Some((key, rest)) if is_key(key) => (Some(key), rest),
        _ => (None, said.as_str()),
    };
    let (message, hint) = reworded(key, said);
    let failure = Failure::new(Code::InvalidFile, format!("{place}: {message}"));
    hint.into_iter().fold(failure, Failure::hint)
}

/// `uwsgi.options.harakiri`; the parser's own words before a colon have blanks in them.
fn is_key(text: &str) -> bool {
    !text.contains(' ')
}

fn reworded(key: Option<&str>, said: &str) -> (String, Option<String>) {
    let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    if let (true, [unknown, known @ ..]) = (said.starts_with("unknown field "), quoted.as_slice()) {
        let owner = key.map_or("there is".to_owned(), |key| format!("{key} has"));
        let hint = format!("its keys are {}", known.join(", "));
        return (format!("{owner} no key '{unknown}'"), Some(hint));
    }
    if let (true, [missing]) = (said.starts_with("missing field "), quoted.as_slice()) {
        let owner = key.unwrap_or("the file");
        return (format!("{owner} needs the key '{missing}'"), None);
    }
    if said.starts_with("data did not match any variant") {
        // Which of the keys it is the parser does not say.
        let owner = key.map(|key| format!(" of {key}")).unwrap_or_default();
        return (format!("a value{owner} must be text or a number"), None);
    }
    let of_kind = ["invalid type: ", "invalid value: "];
    match key {
        _ if !of_kind.iter().any(|start| said.starts_with(start)) => {
            let place = key.map(|key| format!("{key}: ")).unwrap_or_default();
            (format!("{place}{said}"), None)
        }
        Some(key) => (format!("{key} must be {}", kind(key)), None),
        None => (
            "a project file has keys with values, as in `load: {rate: 16}`".to_owned(),
            None,
        ),
    }
}

fn kind(key: &str) -> &'static str {
    match key {
        "ports" | "uwsgi" | "uwsgi.options" | "app" | "collector" | "load" => {
            "a section with keys of its own"
        }
        "uwsgi.processes" | "uwsgi.threads" | "load.connections" | "load.threads" => {
            "a whole number, 1 or more"
        }
        _ if key.starts_with("ports.") => "a port number (0 to 65535)",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::super::project_file::ProjectFile;
    use super::*;

    #[test]
    fn mistakes_are_told_with_file_line_and_key() {
        let table = [
            (
                "ports: {app: 70000}",
                "error: lab.yaml line 1: ports.app must be a port number (0 to 65535)",
            ),
            (
                "wait: 10s\napp: ./site",
                "error: lab.yaml line 2: app must be a section with keys of its own",
            ),
            (
                "uwsgi:\n  processes: many",
                "error: lab.yaml line 2: uwsgi.processes must be a whole number, 1 or more",
            ),
            (
                "load:\n  rate: [1]",
                "error: lab.yaml line 2: a value of load must be text or a number",
            ),
            (
                "load:\n  rat: 3",
                "error: lab.yaml line 2: load has no key 'rat'\n  hint: its keys are rate, connections, threads, path",
            ),
            (
                "app: {directory: x}",
                "error: lab.yaml line 1: app needs the key 'module'",
            ),
            (
                "- a",
                "error: lab.yaml line 1: a project file has keys with values, as in `load: {rate: 16}`",
            ),
        ];
        for (text, expected) in table {
            let failure = ProjectFile::parse(text, Path::new("lab.yaml")).unwrap_err();
            assert_eq!(
                (failure.code, failure.to_string().as_str()),
                (Code::InvalidFile, expected)
            );
        }
    }

    #[test]
    fn what_is_no_yaml_keeps_the_words_of_the_parser() {
        let failure = ProjectFile::parse("load: [1", Path::new("lab.yaml")).unwrap_err();
        let text = failure.to_string();
        assert!(text.starts_with("error: lab.yaml line "), "{text}");
        assert!(!text.contains("column"), "{text}");
    }
}
