//! The scenarios that come with the program, one for each thing that the tutorial explains.

/// A scenario by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Demo {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
}

macro_rules! demos {
    ($($name:literal),+ $(,)?) => {
        [$(Demo { name: $name, source: include_str!(concat!("../../stack/demos/", $name, ".yaml")) }),+]
    };
}

pub(crate) const DEMOS: [Demo; 8] = demos![
    "hello",
    "saturation",
    "harakiri",
    "cheaper",
    "respawn",
    "slow-client-of-death",
    "memory",
    "reload",
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::scenario::Scenario;
    use super::*;

    #[test]
    fn every_demo_is_a_scenario_of_at_most_two_minutes_that_expects_something_and_tells_its_story() {
        for demo in DEMOS {
            let scenario =
                Scenario::parse(demo.source).unwrap_or_else(|error| panic!("{}: {error}", demo.name));
            assert!(scenario.duration() <= Duration::from_secs(115), "{}", demo.name);
            assert!(!scenario.expectations.is_empty(), "{}", demo.name);
            assert!(scenario.story.len() > 100, "{}", demo.name);
            assert!(
                scenario.phases.iter().any(|phase| phase.note.is_some()),
                "{}",
                demo.name
            );
        }
    }
}
