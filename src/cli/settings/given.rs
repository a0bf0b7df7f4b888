//! One setting in its three places: the first of flag, environment and project file that gives it is taken, and an
//! error names that place. Knows no default.

use std::error::Error;

use super::super::error::{Code, Failure};
use super::environment::Environment;

/// What a setting is called on the command line, in the environment and in the project file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub(super) flag: &'static str,
    pub(super) variable: &'static str,
    pub(super) key: &'static str,
}

/// A value as text and the place it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) text: String,
    /// `--rate`, `UWSGI_LAB_RATE`, `load.rate of the project file`.
    pub(super) place: String,
    pub(super) code: Code,
}

impl Names {
    pub(super) fn given(
        self,
        flag: Option<String>,
        environment: &Environment,
        file: Option<String>,
    ) -> Option<Given> {
        let given = |text, place: String, code| Given { text, place, code };
        let variable = || environment.get(self.variable).map(str::to_owned);
        flag.map(|text| given(text, self.flag.to_owned(), Code::Usage))
            .or_else(|| variable().map(|text| given(text, self.variable.to_owned(), Code::Usage)))
            .or_else(|| {
                let place = format!("{} of the project file", self.key);
                file.map(|text| given(text, place, Code::InvalidFile))
            })
    }
}

impl Given {
    /// # Errors
    /// The text is none: with the place it stands in, and why.
    pub(super) fn parse<T, E: Error>(&self, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Failure> {
        parse(&self.text).map_err(|error| self.refused(&error))
    }

    fn refused(&self, why: &dyn Error) -> Failure {
        let failure = Failure::new(self.code, format!("{} cannot be '{}'", self.place, self.text));
        failure.hint(why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Names = Names {
        flag: "--rate",
        variable: "UWSGI_LAB_RATE",
        key: "load.rate",
    };

    fn rate(flag: Option<&str>, variable: &str, file: Option<&str>) -> Option<Given> {
        let environment = Environment::of(&[("UWSGI_LAB_RATE", variable)]);
        RATE.given(flag.map(str::to_owned), &environment, file.map(str::to_owned))
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let text = |given: Option<Given>| given.map(|given| given.text);
        assert_eq!(text(rate(Some("1"), "2", Some("3"))).as_deref(), Some("1"));
        assert_eq!(text(rate(None, "2", Some("3"))).as_deref(), Some("2"));
        assert_eq!(text(rate(None, "", Some("3"))).as_deref(), Some("3"));
        assert_eq!(rate(None, "", None), None);
    }

    #[test]
    fn an_error_names_the_place_and_has_its_exit_code() {
        let refused = |given: Option<Given>| {
            let failure = given.unwrap().parse(str::parse::<u32>).unwrap_err();
            (failure.code, failure.message)
        };
        assert_eq!(
            refused(rate(Some("x"), "", None)),
            (Code::Usage, "--rate cannot be 'x'".to_owned())
        );
        assert_eq!(
            refused(rate(None, "y", None)),
            (Code::Usage, "UWSGI_LAB_RATE cannot be 'y'".to_owned())
        );
        assert_eq!(
            refused(rate(None, "", Some("z"))),
            (
                Code::InvalidFile,
                "load.rate of the project file cannot be 'z'".to_owned()
            )
        );
    }
}
