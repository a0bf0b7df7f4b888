//! Commands that are named to the user, completed with the lab they are about; runs none.

/// The lab that a command is about where no name is given.
pub(crate) const DEFAULT_LAB: &str = "uwsgi-lab";

/// Commands that take `--name`.
const COMMANDS: [&str; 8] = [
    "replay",
    "up",
    "down",
    "reset",
    "status",
    "logs",
    "open",
    "dashboards",
];
const OPENING: &str = "`uwsgi-lab ";

/// `text` with ` --name LAB` in each command between backticks that is about a lab; as it is for the default lab.
pub(crate) fn of_lab(text: &str, lab: &str) -> String {
    if lab == DEFAULT_LAB {
        return text.to_owned();
    }
    let mut parts = text.split(OPENING);
    let mut completed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_lowercase());
        let (command, rest) = part.split_at(end.unwrap_or(part.len()));
        completed.push_str(OPENING);
        completed.push_str(command);
        if COMMANDS.contains(&command) && !rest.starts_with(" --help") {
            completed.push_str(" --name ");
            completed.push_str(lab);
        }
        completed.push_str(rest);
    }
    completed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_about_a_lab_that_is_not_the_default_one_names_it() {
        let table = [
            (
                "`uwsgi-lab down` takes it away",
                "`uwsgi-lab down --name mine` takes it away",
            ),
            (
                "see `uwsgi-lab logs uwsgi`, then `uwsgi-lab up`",
                "see `uwsgi-lab logs --name mine uwsgi`, then `uwsgi-lab up --name mine`",
            ),
            (
                "`uwsgi-lab up --help` lists them",
                "`uwsgi-lab up --help` lists them",
            ),
            ("`uwsgi-lab load URL`", "`uwsgi-lab load URL`"),
            ("uwsgi-lab up, unquoted", "uwsgi-lab up, unquoted"),
            ("", ""),
        ];
        for (text, completed) in table {
            assert_eq!(of_lab(text, "mine"), completed);
            assert_eq!(of_lab(text, DEFAULT_LAB), text);
        }
    }
}
