//! Where requests are sent: addresses and, for https, whom to expect there; opens no connection.

use std::sync::Arc;

use rustls::ClientConfig;
use socket2::SockAddr;

use super::target::Target;
use super::tls::{self, Tls, Trust};
use super::{LoadError, Requested};

/// One server as its URL names it.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) addresses: Vec<SockAddr>,
    /// The address that answered, or the one to try next.
    pub(crate) preferred: usize,
    pub(crate) tls: Option<Tls>,
}

/// The origins of a run, and for each request which of them it is sent to. Blocks while names are looked up.
///
/// # Errors
/// [`LoadError::Resolve`] and [`LoadError::Tls`].
pub(crate) fn origins(mix: &[Requested], trust: &Trust) -> Result<(Vec<Origin>, Vec<usize>), LoadError> {
    let mut known: Vec<&Target> = Vec::new();
    let mut origins = Vec::new();
    let mut of_mix = Vec::new();
    let mut config = None;
    for requested in mix {
        let target = &requested.target;
        let index = match known.iter().position(|other| other.has_origin_of(target)) {
            Some(index) => index,
            None => {
                known.push(target);
                origins.push(origin(target, trust, &mut config)?);
                origins.len() - 1
            }
        };
        of_mix.push(index);
    }
    Ok((origins, of_mix))
}

fn origin(
    target: &Target,
    trust: &Trust,
    config: &mut Option<Arc<ClientConfig>>,
) -> Result<Origin, LoadError> {
    let resolve = |source| LoadError::Resolve {
        host: target.authority().to_owned(),
        source,
    };
    let tls = match target.tls_name() {
        None => None,
        Some(host) => {
            let config = match config {
                Some(config) => Arc::clone(config),
                None => Arc::clone(config.insert(tls::config(trust)?)),
            };
            Some(Tls::new(config, host)?)
        }
    };
    Ok(Origin {
        addresses: target.resolve().map_err(resolve)?,
        preferred: 0,
        tls,
    })
}
