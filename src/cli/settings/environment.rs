//! The process's environment, read once.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;

use crate::engine::{BuildEnvironment, DockerEnvironment};

use super::super::error::{Code, Failure};

/// Variables that a build needs to reach the network; Docker takes the proxies as build arguments without being
/// told of them in the Dockerfile.
const BUILD_VARIABLES: [&str; 12] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
    "FTP_PROXY",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
];
/// Where pip, requests, curl and OpenSSL look for certificates, the nearest to pip first.
const CA_VARIABLES: [&str; 4] = [
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
];

#[derive(Debug, Clone)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Variables that are not UTF-8 are none of ours.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    pub(crate) fn capture() -> Self {
        let variables = std::env::vars_os();
        let variables =
            variables.filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        Self {
            variables: variables.collect(),
        }
    }

    /// The variable's value; one that is empty counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// `UWSGI_LAB_STATE_DIR`, else `uwsgi-lab` in the user's directory for state (`~/.local/state`).
    pub(crate) fn state_root(&self) -> Result<PathBuf, Failure> {
        if let Some(directory) = self.get("UWSGI_LAB_STATE_DIR") {
            return std::path::absolute(directory)
                .map_err(|error| Failure::from_error(Code::Unexpected, &error));
        }
        let strategy = etcetera::choose_base_strategy().map_err(|error| {
            Failure::from_error(Code::Unexpected, &error).hint("set UWSGI_LAB_STATE_DIR to a directory")
        })?;
        let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
        Ok(state.join("uwsgi-lab"))
    }

    pub(crate) fn docker(&self) -> DockerEnvironment {
        let home = self.get("HOME").map(PathBuf::from);
        let configured = self.get("DOCKER_CONFIG").map(PathBuf::from);
        DockerEnvironment {
            host: self.get("DOCKER_HOST").map(str::to_owned),
            context: self.get("DOCKER_CONTEXT").map(str::to_owned),
            config_directory: configured.or_else(|| home.map(|home| home.join(".docker"))),
            runtime_directory: self.get("XDG_RUNTIME_DIR").map(PathBuf::from),
        }
    }

    pub(crate) fn build(&self) -> BuildEnvironment {
        let args = BUILD_VARIABLES
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.get(name)?.to_owned())));
        let bundles = CA_VARIABLES
            .iter()
            .filter_map(|name| self.get(name).map(PathBuf::from));
        BuildEnvironment {
            args: args.collect::<HashMap<_, _>>(),
            ca_bundle: bundles.into_iter().find(|bundle| bundle.is_file()),
        }
    }
}

#[cfg(test)]
impl Environment {
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let variables = variables
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Self {
            variables: variables.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_get_proxies_the_index_and_the_first_certificates_that_exist() {
        let bundle = tempfile::NamedTempFile::new().unwrap();
        let environment = Environment::of(&[
            ("HTTPS_PROXY", "http://proxy.example:3128"),
            ("PIP_INDEX_URL", "https://mirror.example/simple"),
            ("HOME", "/home/me"),
            ("PIP_CERT", "/does/not/exist.pem"),
            ("SSL_CERT_FILE", bundle.path().to_str().unwrap()),
        ]);
        let build = environment.build();
        let mut names: Vec<_> = build.args.keys().cloned().collect();
        names.sort();
        assert_eq!(names, ["HTTPS_PROXY", "PIP_INDEX_URL"]);
        assert_eq!(build.ca_bundle.as_deref(), Some(bundle.path()));
    }
}
