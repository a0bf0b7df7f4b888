//! Builds images through the classic builder of the engine's API, and packs what travels there.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bollard::Docker as Client;
use bollard::query_parameters::BuildImageOptionsBuilder;
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::compose::{Build, ConfigFile};
use crate::plan::{Desired, ImageSource};

use super::super::{EngineError, Progress, Unit};
use super::{fault, labels};

/// What a build needs to reach the network from where it runs. None of it changes what is built, so none of it is
/// part of the build's hash.
#[derive(Debug, Clone, Default)]
pub(crate) struct BuildEnvironment {
    /// Proxy variables and `PIP_INDEX_URL`, as build arguments.
    pub(crate) args: HashMap<String, String>,
    /// A file of certificates in PEM, put into the context as `pip/ca-bundle.crt`.
    pub(crate) ca_bundle: Option<PathBuf>,
}

/// Directories of a context that are never part of an app.
const LEFT_OUT: [&str; 5] = [".git", "__pycache__", ".venv", "node_modules", ".mypy_cache"];
const KEPT_LINES: usize = 30;

impl BuildEnvironment {
    fn archive(&self, build: &Build) -> io::Result<Vec<u8>> {
        let mut files = context_files(build)?;
        if let Some(bundle) = &self.ca_bundle {
            files.push(("pip/ca-bundle.crt".to_owned(), bundle.clone()));
        }
        let mut archive = tar::Builder::new(Vec::new());
        for (name, path) in files {
            archive.append_path_with_name(path, name)?;
        }
        archive.into_inner()
    }
}

/// The hash of everything that goes into a build: names and contents of its files, arguments, Dockerfile, target.
pub(crate) fn build_hash(build: &Build) -> io::Result<String> {
    let mut hasher = Sha256::new();
    for (name, path) in context_files(build)? {
        let content = fs::read(&path)?;
        hasher.update(format!("{name}\0{}\0", content.len()));
        hasher.update(content);
    }
    hasher.update(format!(
        "{:?}\0{}\0{:?}",
        build.args, build.dockerfile, build.target
    ));
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// The hash of names and contents of the files in `directory` that would go into a build.
pub(crate) fn directory_hash(directory: &Path) -> io::Result<String> {
    build_hash(&Build {
        context: directory.to_owned(),
        dockerfile: String::new(),
        args: BTreeMap::new(),
        target: None,
        overlays: BTreeMap::new(),
    })
}

/// Files of the context by their names in it, sorted; overlays in the place of what they cover.
pub(crate) fn context_files(build: &Build) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    collect(&build.context, "", &mut files)?;
    for (place, source) in &build.overlays {
        let inside = format!("{place}/");
        files.retain(|(name, _)| name != place && !name.starts_with(&inside));
        if source.is_dir() {
            collect(source, &inside, &mut files)?;
        } else {
            files.push((place.clone(), source.clone()));
        }
    }
    files.sort();
    Ok(files)
}

/// Links are followed, but not one that leads back up: that would never end.
fn collect(directory: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    collect_below(directory, prefix, &mut Vec::new(), files)
}

/// `above` are the real paths of the directories that are being read.
fn collect_below(
    directory: &Path,
    prefix: &str,
    above: &mut Vec<PathBuf>,
    files: &mut Vec<(String, PathBuf)>,
) -> io::Result<()> {
    let real = fs::canonicalize(directory)?;
    if above.contains(&real) {
        return Ok(());
    }
    above.push(real);
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            collect_below(&path, &format!("{prefix}{name}/"), above, files)?;
        } else if path.is_file() {
            files.push((format!("{prefix}{name}"), path));
        }
    }
    above.pop();
    Ok(())
}

pub(super) async fn build(
    client: &Client,
    desired: &Desired,
    service: &str,
    environment: &BuildEnvironment,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), EngineError> {
    let (Some(definition), Some(ImageSource::Build { tag, hash, .. })) = (
        &desired.project.services[service].build,
        desired.images.get(service),
    ) else {
        let message = "it has nothing to build".to_owned();
        return Err(EngineError::Other {
            what: format!("service {service}"),
            message,
        });
    };
    let archive = environment
        .archive(definition)
        .map_err(|error| EngineError::Context {
            service: service.to_owned(),
            message: error.to_string(),
        })?;
    let mut args = environment.args.clone();
    args.extend(definition.args.clone());
    let mut options = BuildImageOptionsBuilder::new()
        .dockerfile(&definition.dockerfile)
        .t(tag)
        .rm(true)
        .forcerm(true)
        .buildargs(&args)
        .labels(&labels::image(&desired.project.name, hash));
    if let Some(target) = &definition.target {
        options = options.target(target);
    }
    let mut news = client.build_image(options.build(), None, Some(bollard::body_full(archive.into())));
    let mut log = Log::default();
    while let Some(item) = news.next().await {
        let failed = |message: String, log: Log| {
            if message.contains("no space left on device") {
                return EngineError::DiskFull { message };
            }
            EngineError::Build {
                service: service.to_owned(),
                message: log.error.unwrap_or_else(|| without_command(&message)),
                log: log.lines,
            }
        };
        let item = match item {
            Ok(item) => item,
            Err(error) => return Err(failed(fault::message(&error), log)),
        };
        if let Some(message) = item.error_detail.and_then(|detail| detail.message) {
            return Err(failed(message, log));
        }
        for line in item
            .stream
            .iter()
            .flat_map(|text| text.lines())
            .filter_map(telling)
        {
            log.note(&line);
            progress(Progress {
                done: log.step,
                total: log.steps,
                unit: Unit::Steps,
                message: &line,
            });
        }
    }
    Ok(())
}

/// A line without colours; None for an empty one and for what the builder says of its own workings.
fn telling(line: &str) -> Option<String> {
    let mut pieces = line.split('\u{1b}');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| c.is_ascii_alphabetic());
        plain.push_str(end.map_or("", |end| &piece[end + 1..]));
    }
    let text = plain.trim();
    let noise = ["---> ", "Removing intermediate container "];
    let is_noise = text.is_empty() || noise.iter().any(|start| text.starts_with(start));
    (!is_noise).then(|| plain.trim_end().to_owned())
}

/// Docker repeats the whole command, which the log has too: `The command '/bin/sh -c …' returned a non-zero code: 1`.
fn without_command(message: &str) -> String {
    match message.rsplit_once("' returned a non-zero code: ") {
        Some((_, code)) => format!("a command of its Dockerfile ended with code {code}"),
        None => message.to_owned(),
    }
}

/// The last lines a build printed, its first `ERROR: …` and its `Step 3/9 : RUN …`.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    error: Option<String>,
    step: u64,
    steps: u64,
}

impl Log {
    fn note(&mut self, line: &str) {
        if self.lines.len() == KEPT_LINES {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
        if self.error.is_none() {
            let error = line.strip_prefix("ERROR: ");
            self.error = error.map(|error| error.trim().to_owned());
        }
        let numbers = line
            .strip_prefix("Step ")
            .and_then(|rest| rest.split(' ').next()?.split_once('/'));
        if let Some((step, steps)) = numbers
            && let (Ok(step), Ok(steps)) = (step.parse(), steps.parse())
        {
            (self.step, self.steps) = (step, steps);
        }
    }
}

/// A tar archive with the files at their absolute places.
pub(super) fn archive_of_configs(configs: &[ConfigFile]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for config in configs {
        let mut header = tar::Header::new_gnu();
        header.set_size(config.content.len() as u64);
        header.set_mode(config.mode);
        let path = config.target.trim_start_matches('/');
        archive.append_data(&mut header, path, config.content.as_bytes())?;
    }
    archive.into_inner()
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn an_overlay_takes_the_place_of_a_directory_and_changes_the_hash() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for (name, text) in [
            ("context/Dockerfile", "FROM x"),
            ("context/app/hello.py", "1"),
            ("context/app/__pycache__/x", "left out"),
            ("mine/site.py", "2"),
        ] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut build = Build {
            context: root.join("context"),
            dockerfile: "Dockerfile".to_owned(),
            args: BTreeMap::new(),
            target: None,
            overlays: BTreeMap::new(),
        };
        let names = |build: &Build| -> Vec<String> {
            context_files(build)
                .unwrap()
                .into_iter()
                .map(|(name, _)| name)
                .collect()
        };
        assert_eq!(names(&build), ["Dockerfile", "app/hello.py"]);
        let before = build_hash(&build).unwrap();
        assert_eq!(build_hash(&build).unwrap(), before);
        build.overlays.insert("app".to_owned(), root.join("mine"));
        assert_eq!(names(&build), ["Dockerfile", "app/site.py"]);
        assert_ne!(build_hash(&build).unwrap(), before);
    }

    #[test]
    fn links_are_followed_unless_they_lead_back_up() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("app/pages")).unwrap();
        fs::create_dir(root.join("common")).unwrap();
        fs::write(root.join("app/pages/index.py"), "1").unwrap();
        fs::write(root.join("common/text.py"), "2").unwrap();
        let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, root.join(from)).unwrap();
        link("..", "app/pages/up");
        link(".", "app/pages/here");
        link("../common", "app/common");
        let mut files = Vec::new();
        collect(&root.join("app"), "", &mut files).unwrap();
        let mut names: Vec<_> = files.into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["common/text.py", "pages/index.py"]);
    }

    #[test]
    fn colours_and_the_workings_of_the_builder_are_left_out() {
        let table = [
            (
                "\u{1b}[91mERROR: No matching\u{1b}[0m",
                Some("ERROR: No matching"),
            ),
            ("  Downloading flask.whl  ", Some("  Downloading flask.whl")),
            (" ---> Using cache", None),
            (" ---> 0123456789ab", None),
            ("Removing intermediate container 0123456789ab", None),
            ("\u{1b}[0m", None),
            ("  ", None),
        ];
        for (line, told) in table {
            assert_eq!(telling(line).as_deref(), told, "{line}");
        }
    }

    #[test]
    fn the_first_error_is_kept_and_the_command_is_not_repeated() {
        let mut log = Log::default();
        for line in ["Collecting x", "ERROR: first", "ERROR: second"] {
            log.note(line);
        }
        assert_eq!(log.error.as_deref(), Some("first"));
        let message = "The command '/bin/sh -c echo 'a'; false' returned a non-zero code: 2";
        assert_eq!(
            without_command(message),
            "a command of its Dockerfile ended with code 2"
        );
        assert_eq!(without_command("no such stage"), "no such stage");
    }

    #[test]
    fn the_log_keeps_the_last_lines_and_knows_the_step() {
        let mut log = Log::default();
        for number in 0..40 {
            log.note(&format!("line {number}"));
        }
        log.note("Step 3/9 : RUN pip install pyuwsgi");
        assert_eq!((log.step, log.steps, log.lines.len()), (3, 9, KEPT_LINES));
        assert_eq!(log.lines[0], "line 11");
    }
}
