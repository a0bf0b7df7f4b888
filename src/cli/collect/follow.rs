//! Targets that come and go while a collector runs: a file that changes, containers with a label.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::StreamExt as _;
use tokio::time::{Duration, sleep};

use crate::collector::{Collector, Target, TargetFile};
use crate::engine::{Labelled, LabelledContainers};
use crate::uwsgi::StatsAddress;

use super::super::announce;
use super::super::error::{Code, Failure};
use super::super::output;

/// How long after its daemon went away containers are looked for again.
const DAEMON_PATIENCE: Duration = Duration::from_secs(2);

/// Targets of one origin, which alone may remove them.
struct Followed<'a> {
    collector: &'a Collector,
    watched: BTreeMap<String, Target>,
}

impl Followed<'_> {
    /// Watches `wanted` and nothing else of what it watched before.
    fn follow(&mut self, wanted: Vec<Target>) {
        let wanted: BTreeMap<_, _> = wanted
            .into_iter()
            .map(|target| (target.source.clone(), target))
            .collect();
        self.watched.retain(|source, target| {
            let stays = wanted.get(source) == Some(target);
            if !stays {
                self.collector.remove(source);
                output::note(&format!("{} is watched no more", target.address));
            }
            stays
        });
        for (source, target) in wanted {
            if self.watched.contains_key(&source) {
                continue;
            }
            if self.collector.targets().contains(&source) {
                output::note(&format!(
                    "{} is left out: `{source}` is watched already",
                    target.address
                ));
                continue;
            }
            announce::target(target.address.clone(), self.collector.add(target.clone()));
            self.watched.insert(source, target);
        }
    }
}

/// Watches what the file says, whenever it changes. A file that becomes wrong changes nothing and is told.
///
/// # Errors
/// The file cannot be read at first, or is wrong.
pub(super) async fn file(collector: &Collector, path: &Path, hostname: &str) -> Result<(), Failure> {
    let mut file = TargetFile::new(path, hostname.to_owned());
    let mut followed = Followed {
        collector,
        watched: BTreeMap::new(),
    };
    followed.follow(read(&mut file, path).await?);
    loop {
        match file.changed().await {
            Ok(targets) => followed.follow(targets),
            Err(error) => output::note(&format!(
                "{}: {error}; the targets stay as they were",
                path.display()
            )),
        }
    }
}

/// # Errors
/// The file cannot be read, or is wrong.
pub(super) async fn read(file: &mut TargetFile<'_>, path: &Path) -> Result<Vec<Target>, Failure> {
    file.read().await.map_err(|error| {
        let mut failure = Failure::from_error(Code::Usage, &error);
        failure.message = format!("{}: {}", path.display(), failure.message);
        failure
    })
}

/// Watches the containers that carry `label`, as they come and go. A daemon that goes away takes its containers with it,
/// and is waited for.
pub(super) async fn containers(collector: &Collector, containers: LabelledContainers, label: &str) {
    let mut followed = Followed {
        collector,
        watched: BTreeMap::new(),
    };
    loop {
        let mut changes = Box::pin(containers.changes(label));
        loop {
            match containers.list(label).await {
                Ok(found) => followed.follow(targets(&found)),
                Err(_) => break,
            }
            if changes.next().await.is_none() {
                break;
            }
        }
        drop(changes);
        sleep(DAEMON_PATIENCE).await;
    }
}

/// Containers whose label is no address of statistics are told and left out.
fn targets(found: &[Labelled]) -> Vec<Target> {
    let mut targets = Vec::new();
    for container in found {
        match address(container) {
            Ok(address) => targets.push(Target {
                address,
                source: container.name.clone(),
            }),
            Err(reason) => output::note(&format!("container {} is left out: {reason}", container.name)),
        }
    }
    targets
}

/// The label's value is a port (`9191`), an address without a host (`http://:9191`) or a whole address.
fn address(container: &Labelled) -> Result<StatsAddress, String> {
    let value = container.value.trim();
    let (scheme, rest) = value.split_once("://").unwrap_or(("", value));
    let port = rest.strip_prefix(':').unwrap_or(rest);
    let has_no_host = port.starts_with(|first: char| first.is_ascii_digit())
        && (rest.starts_with(':') || rest.bytes().all(|byte| byte.is_ascii_digit()));
    let text = if has_no_host {
        let Some(host) = &container.address else {
            return Err("it has no network of its own, so its label needs a host".to_owned());
        };
        let scheme = match scheme {
            "" => String::new(),
            scheme => format!("{scheme}://"),
        };
        format!("{scheme}{host}:{port}")
    } else {
        value.to_owned()
    };
    text.parse()
        .map_err(|error: crate::uwsgi::AddressError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_port_an_address_without_host_or_a_whole_address() {
        let container = |value: &str, address: Option<&str>| Labelled {
            name: "web".to_owned(),
            value: value.to_owned(),
            address: address.map(str::to_owned),
        };
        for (value, read) in [
            ("9191", "172.17.0.2:9191"),
            (":9191", "172.17.0.2:9191"),
            ("http://:9191", "http://172.17.0.2:9191"),
            ("tcp://127.0.0.1:1717", "tcp://127.0.0.1:1717"),
        ] {
            let address = address(&container(value, Some("172.17.0.2"))).unwrap();
            assert_eq!(address.to_string(), read);
        }
        let alone = address(&container("9191", None)).unwrap_err();
        assert!(alone.starts_with("it has no network"), "{alone}");
        assert!(address(&container("yes", Some("172.17.0.2"))).is_err());
    }
}
