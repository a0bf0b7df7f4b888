//! What was typed, the environment and the project file, made into what runs: the one reader of the latter two.
//! Flags win over the environment, the environment over the file, the file over the defaults.

mod bundled;
mod environment;
mod given;
mod lab;
mod picked;
mod project_file;
mod recipe;
mod reworded;
mod up;

pub(crate) use bundled::{BundleSettings, STACK};
pub(crate) use environment::Environment;
pub(crate) use lab::{LabArguments, LabSettings};
pub(crate) use up::{AppSettings, EngineChoice, Given, StackSource, UP_EXAMPLES, UpArguments, UpSettings};
