//! A lab's directory: what outlives a command. Passwords, image digests, the stack as files, who runs it.

mod agent;
mod changed;
mod credentials;
mod directory;
mod engine;
mod file;
mod images;
mod occupied;
mod presence;
mod recipe;
mod services;

pub(crate) use agent::{AgentRecord, AgentSeat};
pub(crate) use changed::ChangedServices;
pub(crate) use credentials::Credentials;
pub(crate) use directory::{LabDirectory, LabLock, StateError};
pub(crate) use engine::EngineKind;
pub(crate) use images::ImageLock;
pub(crate) use occupied::Occupied;
pub(crate) use recipe::{Recipe, RecipeImage};
pub(crate) use services::WantedServices;
