//! Bundles that are whole, and what becomes of those that are not.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;

fn manifest() -> Manifest {
    Manifest {
        version: 1,
        tool: "0.1.0".to_owned(),
        made: "2026-01-02T03:04:05Z".to_owned(),
        lab: "lab".to_owned(),
        engine: "local".to_owned(),
        own_stack: true,
        project: json!({"load": {"rate": 16}}),
        images: BTreeMap::new(),
        wheels: None,
        dashboards: Vec::new(),
        runs: vec!["hello".to_owned()],
        parts: Vec::new(),
    }
}

/// Larger than a block, and of no use to a compressor.
fn noise() -> String {
    let mut number = 1_u32;
    let bytes = std::iter::repeat_with(|| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b' ' + (number >> 24) as u8 % 90)
    });
    bytes.take(3000).collect()
}

/// A bundle with two parts.
fn written(root: &Path) -> PathBuf {
    let path = root.join("lab.tar");
    let script = root.join("run.sh");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut writer = Writer::create(&path, false, manifest(), &[STACK, RUNS]).unwrap();
    let mut stack = Packed::new(writer.part(STACK).unwrap());
    stack.text("compose.yaml", "services: {}\n").unwrap();
    stack.file("app/run.sh", &script).unwrap();
    stack.finish().unwrap();
    let mut runs = Packed::new(writer.part(RUNS).unwrap());
    runs.text("hello/points.lp", &noise()).unwrap();
    runs.finish().unwrap();
    let size = writer.finish(false).unwrap();
    assert_eq!(size, fs::metadata(&path).unwrap().len());
    path
}

/// A bundle whose one part is `archive`, and right in all other ways.
fn with_part(root: &Path, archive: &[u8]) -> Bundle {
    let path = root.join("odd.tar");
    let mut writer = Writer::create(&path, true, manifest(), &[STACK]).unwrap();
    let mut part = writer.part(STACK).unwrap();
    part.write_all(archive).unwrap();
    part.finish().unwrap();
    writer.finish(true).unwrap();
    Bundle::open(&path).unwrap()
}

/// One entry whose name is not looked at.
fn archive(name: &str, kind: tar::EntryType, link: Option<&str>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(if kind.is_file() { 2 } else { 0 });
    header.set_mode(0o777);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    if let Some(link) = link {
        header.set_link_name(link).unwrap();
    }
    header.set_cksum();
    let content: &[u8] = if kind.is_file() { b"x\n" } else { b"" };
    archive.append(&header, content).unwrap();
    archive.into_inner().unwrap()
}

/// Writes over a place of a file.
fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_written_is_read_again_and_any_tar_reads_it_too() {
    let root = tempfile::tempdir().unwrap();
    let path = written(root.path());
    assert_eq!(names(root.path()), ["lab.tar", "run.sh"]);
    let bundle = Bundle::open(&path).unwrap();
    let parts: Vec<_> = bundle
        .manifest
        .parts
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    assert_eq!(parts, [STACK, RUNS]);
    let expected = Manifest {
        parts: bundle.manifest.parts.clone(),
        ..manifest()
    };
    assert_eq!(bundle.manifest, expected);

    let (stack, runs) = (root.path().join("stack"), root.path().join("a/runs"));
    unpack(&bundle, STACK, &stack).unwrap();
    unpack(&bundle, RUNS, &runs).unwrap();
    assert_eq!(
        fs::read_to_string(stack.join("compose.yaml")).unwrap(),
        "services: {}\n"
    );
    assert_eq!(fs::read_to_string(runs.join("hello/points.lp")).unwrap(), noise());
    let mode =
        |path: PathBuf| std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
    assert_eq!(mode(stack.join("app/run.sh")) & 0o700, 0o700);
    assert_eq!(mode(stack.join("compose.yaml")) & 0o700, 0o600);

    let listed = std::process::Command::new("tar")
        .arg("-tf")
        .arg(&path)
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    assert_eq!(
        String::from_utf8(listed.stdout).unwrap(),
        "manifest.json\nstack.tar.gz\nruns.tar.gz\nmanifest.json.sha256\n"
    );
}

#[test]
fn a_bundle_that_is_given_up_leaves_nothing_and_takes_no_place_that_is_taken() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("lab.tar");
    let mut writer = Writer::create(&path, false, manifest(), &[STACK]).unwrap();
    let mut packed = Packed::new(writer.part(STACK).unwrap());
    packed.text("a", &noise()).unwrap();
    drop(packed);
    assert_eq!(names(root.path()).len(), 1);
    drop(writer);
    assert_eq!(names(root.path()), Vec::<String>::new());

    fs::write(&path, "mine").unwrap();
    let refused = Writer::create(&path, false, manifest(), &[]).err().unwrap();
    assert!(matches!(refused, BundleError::Exists { .. }), "{refused}");
    // Somebody else may be faster.
    let writer = Writer::create(&path, true, manifest(), &[]).unwrap();
    assert!(matches!(writer.finish(false), Err(BundleError::Exists { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    let writer = Writer::create(&path, true, manifest(), &[]).unwrap();
    writer.finish(true).unwrap();
    Bundle::open(&path).unwrap();
}

#[test]
fn a_bundle_that_is_cut_short_anywhere_is_named_as_such() {
    let root = tempfile::tempdir().unwrap();
    let path = written(root.path());
    let whole = fs::read(&path).unwrap();
    for length in [1, BLOCK as usize, 700, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = Bundle::open(&path).unwrap_err();
        let expected = match length {
            1 => matches!(error, BundleError::NoBundle { .. }),
            _ => matches!(error, BundleError::CutShort { has, .. } if has == length as u64),
        };
        assert!(expected, "{length}: {error}");
    }
    fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
    assert!(matches!(Bundle::open(&path), Err(BundleError::Altered { .. })));
}

#[test]
fn a_byte_that_was_changed_is_seen_before_anything_is_unpacked() {
    let root = tempfile::tempdir().unwrap();
    let path = written(root.path());
    let bundle = Bundle::open(&path).unwrap();
    let middle = bundle.places[1] + bundle.manifest.parts[1].size / 2;
    overwrite(&path, middle, b"!?!");
    let into = root.path().join("runs");
    let error = unpack(&bundle, RUNS, &into).unwrap_err();
    let text = format!(
        "{} was altered or damaged: {RUNS} is not as it was written",
        path.display()
    );
    assert_eq!(error.to_string(), text);
    assert!(!into.exists());

    // `0.1.0` in the manifest.
    let text = fs::read(&path).unwrap();
    let place = text.windows(5).position(|window| window == b"0.1.0").unwrap();
    overwrite(&path, place as u64, b"0.1.1");
    assert!(matches!(Bundle::open(&path), Err(BundleError::Altered { .. })));
}

#[test]
fn a_bundle_of_a_newer_program_and_what_is_none_are_told_apart() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("lab.tar");
    let newer = Manifest {
        version: 2,
        tool: "9.0.0".to_owned(),
        ..manifest()
    };
    let writer = Writer::create(&path, false, newer, &[]).unwrap();
    writer.finish(false).unwrap();
    let error = Bundle::open(&path).unwrap_err();
    let text = "is of a newer uwsgi-lab (9.0.0): its format is 2, and this one knows 1";
    assert_eq!(error.to_string(), format!("{} {text}", path.display()));

    for content in ["", "no archive at all", &"x".repeat(5000)] {
        fs::write(&path, content).unwrap();
        assert!(matches!(Bundle::open(&path), Err(BundleError::NoBundle { .. })));
    }
    assert!(matches!(
        Bundle::open(&root.path().join("none")),
        Err(BundleError::Read { .. })
    ));
}

#[test]
fn nothing_is_unpacked_outside_of_its_directory_and_no_link_is_followed_or_made() {
    let root = tempfile::tempdir().unwrap();
    let into = root.path().join("deep/into");
    let file = tar::EntryType::Regular;
    let outside = root.path().join("outside");
    for (name, kind, link) in [
        ("../outside", file, None),
        ("a/../../outside", file, None),
        (outside.to_str().unwrap(), file, None),
        ("a/./../..", tar::EntryType::Directory, None),
        ("link", tar::EntryType::Symlink, Some("../../outside")),
        ("link", tar::EntryType::Symlink, Some("inside")),
        ("link", tar::EntryType::Link, Some("/etc/passwd")),
        ("pipe", tar::EntryType::Fifo, None),
    ] {
        let bundle = with_part(root.path(), &archive(name, kind, link));
        let error = unpack(&bundle, STACK, &into).unwrap_err();
        assert!(
            matches!(&error, BundleError::Unsafe { entry, .. } if entry == name),
            "{name}: {error}"
        );
        assert!(!into.exists() && !outside.exists(), "{name}");
    }
    let twice = [&archive("a", file, None)[..1024], &archive("a", file, None)].concat();
    let error = unpack(&with_part(root.path(), &twice), STACK, &into).unwrap_err();
    assert!(matches!(error, BundleError::Unsafe { .. }), "{error}");
}

#[test]
fn an_archive_that_says_it_is_small_is_not_unpacked_beyond_that() {
    let root = tempfile::tempdir().unwrap();
    let mut large = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(1 << 20);
    large
        .append_data(&mut header, "zeros", &vec![0; 1 << 20][..])
        .unwrap();
    let mut bundle = with_part(root.path(), &large.into_inner().unwrap());
    bundle.manifest.parts[0].unpacked = 4096;
    let into = root.path().join("into");
    let error = unpack(&bundle, STACK, &into).unwrap_err();
    assert!(matches!(error, BundleError::Altered { .. }), "{error}");
    assert!(!into.exists());
}
