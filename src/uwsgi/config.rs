//! uWSGI's configuration file from a lab's settings; starts no server.

use serde::Serialize;
use tera::{Context, Tera};

const TEMPLATE: &str = include_str!("../../templates/uwsgi.ini");

/// The server of a lab. The defaults are those of the container in `stack/uwsgi`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UwsgiConfig {
    pub(crate) processes: u32,
    pub(crate) threads: u32,
    /// The WSGI callable, as `module:callable`.
    pub(crate) module: String,
    /// Where the app is; uWSGI changes into it.
    pub(crate) directory: String,
    /// `host:port`; TCP, because the queue of a Unix socket is invisible to uWSGI.
    pub(crate) http_socket: String,
    /// `host:port` of the stats server, which speaks HTTP.
    pub(crate) stats: String,
    /// Workers end with a master that is killed. In a container they do without being told.
    pub(crate) no_orphans: bool,
    /// More settings in the order given: a name that occurs several times is written several times, and a name that is
    /// among the defaults takes their place.
    pub(crate) options: Vec<(String, String)>,
}

impl Default for UwsgiConfig {
    fn default() -> Self {
        Self {
            processes: 4,
            threads: 2,
            module: "hello:application".to_owned(),
            directory: "/app".to_owned(),
            http_socket: ":9090".to_owned(),
            stats: ":9191".to_owned(),
            no_orphans: false,
            options: Vec::new(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("`{0}` is not the name of a uWSGI option")]
    Key(String),
    #[error("the value of uWSGI's `{key}` holds a line break or a NUL: `{}`", .value.escape_debug())]
    Value { key: String, value: String },
    #[error(
        "uWSGI cannot be given the directory `{0}`: it would read `$(`, `@(` or a space at the end as its own"
    )]
    Directory(String),
    #[error("the template of uwsgi.ini cannot be rendered")]
    Template(#[from] tera::Error),
}

#[derive(Debug, Serialize)]
struct Setting<'a> {
    key: &'a str,
    value: &'a str,
    reason: &'a str,
}

impl UwsgiConfig {
    /// One of the user's options as typed: `key=value`, or a bare `flag` for `flag = true`.
    pub(crate) fn option(text: &str) -> Result<(String, String), ConfigError> {
        let (key, value) = text.split_once('=').unwrap_or((text, "true"));
        let (key, value) = (key.trim(), value.trim());
        check(key, value)?;
        Ok((key.to_owned(), value.to_owned()))
    }

    /// # Errors
    /// A key that is no name of an option, a value that is more than one line.
    pub(crate) fn check(key: &str, value: &str) -> Result<(), ConfigError> {
        check(key, value)
    }

    /// The same with `settings` in place of those of their names.
    pub(crate) fn with(&self, settings: &[(String, String)]) -> Self {
        let is_new = |key: &String| settings.iter().any(|(new, _)| new == key);
        let mut config = self.clone();
        config.options.retain(|(key, _)| !is_new(key));
        config.options.extend_from_slice(settings);
        config
    }

    /// The text of `uwsgi.ini`.
    pub(crate) fn render(&self) -> Result<String, ConfigError> {
        let numbers = [self.processes.to_string(), self.threads.to_string()];
        let directory = literal(&self.directory)?;
        let defaults = self.defaults(&numbers, &directory);
        let mut settings = Vec::new();
        for default in defaults {
            let mut overriding = self.options_named(default.key).peekable();
            match overriding.peek() {
                Some(_) => settings.extend(overriding),
                None => settings.push(default),
            }
        }
        let is_default = |key: &str| settings.iter().any(|setting| setting.key == key);
        let mut added: Vec<_> = self
            .options
            .iter()
            .filter(|(key, _)| !is_default(key))
            .map(plain)
            .collect();
        settings.append(&mut added);
        for setting in &settings {
            check(setting.key, setting.value)?;
        }
        let mut context = Context::new();
        context.insert("settings", &settings);
        Ok(Tera::one_off(TEMPLATE, &context, false)?)
    }

    fn options_named<'a>(&'a self, name: &str) -> impl Iterator<Item = Setting<'a>> {
        self.options.iter().filter(move |(key, _)| key == name).map(plain)
    }

    fn defaults<'a>(&'a self, [processes, threads]: &'a [String; 2], directory: &'a str) -> Vec<Setting<'a>> {
        let setting = |key, value, reason| Setting { key, value, reason };
        let mut settings = vec![
            setting(
                "strict",
                "true",
                "Stop at an option that uWSGI does not know, instead of passing over it.",
            ),
            setting("master", "true", ""),
            setting(
                "need-app",
                "true",
                "Stop when the app cannot be loaded, instead of answering 500 to everything.",
            ),
            setting(
                "die-on-term",
                "true",
                "SIGTERM, as `docker stop` sends it, means stop and not reload.",
            ),
            setting("chdir", directory, ""),
            setting("module", &self.module, ""),
            setting("processes", processes, ""),
            setting(
                "threads",
                threads,
                "Harakiri works only with threads = 1: another thread's request clears its timer.",
            ),
            setting("enable-threads", "true", ""),
            setting(
                "http-socket",
                &self.http_socket,
                "TCP: uWSGI cannot see the listen queue of a Unix socket.",
            ),
            setting(
                "add-header",
                "Connection: close",
                "What http-socket does anyway, said to the client.",
            ),
            setting("stats", &self.stats, "Statistics as JSON over HTTP."),
            setting("stats-http", "true", ""),
            setting(
                "memory-report",
                "true",
                "Without it the workers' rss and vsz are 0.",
            ),
        ];
        if self.no_orphans {
            let reason = "Workers whose master was killed would keep its ports.";
            settings.push(setting("no-orphans", "true", reason));
        }
        settings
    }
}

/// A path as uWSGI reads it literally: `%` begins one of its own variables and `%%` is a `%`; for the beginnings of other
/// replacements there is no such way (seen with 2.0.30).
fn literal(directory: &str) -> Result<String, ConfigError> {
    let is_replaced = directory.contains("$(") || directory.contains("@(");
    if is_replaced || directory.trim_end() != directory {
        return Err(ConfigError::Directory(directory.to_owned()));
    }
    Ok(directory.replace('%', "%%"))
}

fn plain((key, value): &(String, String)) -> Setting<'_> {
    Setting {
        key,
        value,
        reason: "",
    }
}

/// A line break would start a setting that nobody typed.
fn check(key: &str, value: &str) -> Result<(), ConfigError> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if key.is_empty() || !key.chars().all(is_name) {
        return Err(ConfigError::Key(key.to_owned()));
    }
    if value.contains(['\n', '\r', '\0']) {
        return Err(ConfigError::Value {
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(options: &[&str]) -> String {
        let options = options.iter().map(|text| UwsgiConfig::option(text).unwrap());
        let config = UwsgiConfig {
            options: options.collect(),
            ..UwsgiConfig::default()
        };
        config.render().unwrap()
    }

    fn lines_starting_with<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
        text.lines().filter(|line| line.starts_with(key)).collect()
    }

    #[test]
    fn the_defaults_are_the_configuration_of_the_container() {
        assert_eq!(rendered(&[]), include_str!("../../stack/uwsgi/uwsgi.ini"));
    }

    #[test]
    fn an_option_takes_the_place_of_the_default_of_its_name() {
        let text = rendered(&["threads=1", "add-header=A: 1", "add-header=B: 2"]);
        assert_eq!(lines_starting_with(&text, "threads"), ["threads = 1"]);
        assert_eq!(
            lines_starting_with(&text, "add-header"),
            ["add-header = A: 1", "add-header = B: 2"]
        );
    }

    #[test]
    fn settings_that_change_take_the_place_of_what_was_set_before() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let config = UwsgiConfig {
            options: vec![pair("harakiri", "3"), pair("max-requests", "10")],
            ..UwsgiConfig::default()
        };
        let text = config
            .with(&[pair("processes", "2"), pair("max-requests", "20")])
            .render()
            .unwrap();
        for (key, line) in [
            ("processes", "processes = 2"),
            ("harakiri", "harakiri = 3"),
            ("max-requests", "max-requests = 20"),
        ] {
            assert_eq!(lines_starting_with(&text, key), [line]);
        }
    }

    #[test]
    fn other_options_follow_the_defaults_and_a_bare_flag_is_true() {
        let text = rendered(&["disable-logging", "env=A=1", "env=B=2"]);
        let end = "memory-report = true\ndisable-logging = true\nenv = A=1\nenv = B=2\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn without_a_container_workers_end_with_their_master_unless_an_option_says_otherwise() {
        let config = UwsgiConfig {
            no_orphans: true,
            ..UwsgiConfig::default()
        };
        let text = config.render().unwrap();
        let end = "\n# Workers whose master was killed would keep its ports.\nno-orphans = true\n";
        assert_eq!(text, format!("{}{end}", rendered(&[])));
        let config = UwsgiConfig {
            options: vec![("no-orphans".to_owned(), "false".to_owned())],
            ..config
        };
        assert_eq!(
            lines_starting_with(&config.render().unwrap(), "no-orphans"),
            ["no-orphans = false"]
        );
    }

    #[test]
    fn a_directory_is_read_literally_or_refused() {
        let chdir = |directory: &str| {
            let config = UwsgiConfig {
                directory: directory.to_owned(),
                ..UwsgiConfig::default()
            };
            let text = config.render().map_err(|error| error.to_string())?;
            Ok::<_, String>(lines_starting_with(&text, "chdir")[0].to_owned())
        };
        let same = "/a b;c#d/${HOME}/it's";
        assert_eq!(chdir(same), Ok(format!("chdir = {same}")));
        assert_eq!(chdir("/100%done"), Ok("chdir = /100%%done".to_owned()));
        for directory in ["/$(HOME)", "/@(file)", "/ends "] {
            let refusal = format!(
                "uWSGI cannot be given the directory `{directory}`: it would read `$(`, `@(` or a space at the end as its own"
            );
            assert_eq!(chdir(directory), Err(refusal));
        }
    }

    #[test]
    fn an_option_cannot_smuggle_in_another_line() {
        for (option, message) in [
            (
                "env=A\nexec-as-root=id",
                "the value of uWSGI's `env` holds a line break or a NUL: `A\\nexec-as-root=id`",
            ),
            ("=x", "`` is not the name of a uWSGI option"),
            ("[uwsgi]", "`[uwsgi]` is not the name of a uWSGI option"),
        ] {
            assert_eq!(UwsgiConfig::option(option).unwrap_err().to_string(), message);
        }
        let config = UwsgiConfig {
            module: "a:b\nexec-as-root = id".to_owned(),
            ..UwsgiConfig::default()
        };
        assert!(matches!(config.render(), Err(ConfigError::Value { key, .. }) if key == "module"));
    }
}
