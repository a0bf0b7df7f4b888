//! What became of a service while somebody watches its lab, in words.

use super::super::command;

/// Something about a service that the one before it did not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    Stopped {
        service: String,
        /// None where the engine does not tell.
        code: Option<i64>,
    },
    /// Its container or process was taken away.
    Missing {
        service: String,
    },
    Back {
        service: String,
    },
}

/// `log` is what the service printed last; it may be empty.
pub(crate) fn news_text(news: &News, log: &[String], lab: &str) -> String {
    const AGAIN: &str = "`uwsgi-lab up` with the same options, in another terminal, brings it back.";
    let text = match news {
        News::Stopped { service, code } => {
            let code = code
                .map(|code| format!(" (exit code {code})"))
                .unwrap_or_default();
            let lines: String = log.iter().map(|line| format!("\n    {line}")).collect();
            let colon = if log.is_empty() { "" } else { "; its last lines:" };
            format!("{service} stopped{code}: see `uwsgi-lab logs {service}`{colon}{lines}\n{AGAIN}")
        }
        News::Missing { service } => format!("{service} is missing.\n{AGAIN}"),
        News::Back { service } => format!("{service} runs again."),
    };
    command::of_lab(&text, lab)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_with_its_last_lines_and_what_brings_the_service_back() {
        let stopped = |code| News::Stopped {
            service: "uwsgi".to_owned(),
            code,
        };
        let log = ["Traceback:".to_owned(), "  boom".to_owned()];
        assert_eq!(
            news_text(&stopped(Some(1)), &log, "mine"),
            "uwsgi stopped (exit code 1): see `uwsgi-lab logs --name mine uwsgi`; its last lines:
    Traceback:
      boom
`uwsgi-lab up --name mine` with the same options, in another terminal, brings it back."
        );
        assert_eq!(
            news_text(&stopped(None), &[], "uwsgi-lab"),
            "uwsgi stopped: see `uwsgi-lab logs uwsgi`
`uwsgi-lab up` with the same options, in another terminal, brings it back."
        );
        let back = News::Back {
            service: "uwsgi".to_owned(),
        };
        assert_eq!(news_text(&back, &[], "mine"), "uwsgi runs again.");
    }
}
