//! What a lab was made of at its last `up`, for the one who packs it: settings, images, places on this machine. No password.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{LabDirectory, StateError};

const FILE: &str = "recipe.json";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recipe {
    /// As a project file has them; paths are absolute.
    pub(crate) project: serde_json::Value,
    /// Of services in containers.
    pub(crate) images: BTreeMap<String, RecipeImage>,
    /// Services that run uWSGI, with the requirements file of the app.
    pub(crate) apps: BTreeMap<String, Option<PathBuf>>,
    /// What the Compose file builds from and mounts.
    pub(crate) places: Vec<PathBuf>,
    /// Where the bundle is unpacked that it was made from.
    pub(crate) bundle: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecipeImage {
    /// As the Compose file has it; the tag it was built under.
    pub(crate) name: String,
    /// By which the engine finds it.
    pub(crate) reference: String,
    /// The hash of its sources, where it was built.
    pub(crate) built_from: Option<String>,
}

impl Recipe {
    /// None for a lab that was never up.
    pub(crate) fn load(directory: &LabDirectory) -> Result<Option<Self>, StateError> {
        directory.load(FILE)
    }

    pub(crate) fn save(&self, directory: &LabDirectory) -> Result<(), StateError> {
        directory.store(FILE, self)
    }

    /// The same with what `before` says of uWSGI and load, for a lab that was brought up for a scenario, which has its own.
    pub(crate) fn with_server_of(mut self, before: Option<&Self>) -> Self {
        let Some(project) = self.project.as_object_mut() else {
            return self;
        };
        for key in ["uwsgi", "load"] {
            project.remove(key);
            if let Some(value) = before.and_then(|before| before.project.get(key)) {
                project.insert(key.to_owned(), value.clone());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recipe(project: serde_json::Value) -> Recipe {
        Recipe {
            project,
            images: BTreeMap::new(),
            apps: BTreeMap::new(),
            places: Vec::new(),
            bundle: None,
        }
    }

    #[test]
    fn a_scenario_changes_the_app_of_a_recipe_and_not_its_server_and_load() {
        let up = recipe(json!({"uwsgi": {"processes": 8}, "load": {"rate": 40}}));
        let run =
            recipe(json!({"uwsgi": {"processes": 1}, "load": {"rate": 0}, "app": {"directory": "/site"}}));
        let expected =
            json!({"app": {"directory": "/site"}, "uwsgi": {"processes": 8}, "load": {"rate": 40}});
        assert_eq!(run.clone().with_server_of(Some(&up)).project, expected);
        assert_eq!(
            run.with_server_of(None).project,
            json!({"app": {"directory": "/site"}})
        );
    }
}
