//! Bundles as files: what is in them, and others made of them that no program would write.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

const BLOCK: usize = 512;

/// Replaces `from` in the manifest by `to`, which is as long, and makes the bundle consistent again.
pub(crate) fn forge(bundle: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(bundle).unwrap();
    let size = tar::Header::from_byte_slice(&bytes[..BLOCK])
        .entry_size()
        .unwrap() as usize;
    let manifest = &mut bytes[BLOCK..BLOCK + size];
    let text = String::from_utf8(manifest.to_vec()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    manifest.copy_from_slice(text.replace(from, to).as_bytes());
    let digest: String = Sha256::digest(&*manifest)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let end = bytes.len() - 3 * BLOCK;
    bytes[end..end + digest.len()].copy_from_slice(digest.as_bytes());
    fs::write(bundle, bytes).unwrap();
}

/// Changes one byte in the middle of a part.
pub(crate) fn damage(bundle: &Path, part: &str) {
    let mut bytes = fs::read(bundle).unwrap();
    let mut place = 0;
    loop {
        let header = tar::Header::from_byte_slice(&bytes[place..place + BLOCK]);
        let size = header.entry_size().unwrap() as usize;
        if header.path().unwrap() == Path::new(part) {
            bytes[place + BLOCK + size / 2] ^= 0xff;
            break;
        }
        place += BLOCK + size.next_multiple_of(BLOCK);
    }
    fs::write(bundle, bytes).unwrap();
}

/// Everything in a bundle, decompressed, one part after the other.
pub(crate) fn all_bytes(bundle: &Path) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let tar = |arguments: &[&str]| {
        let mut command = Command::new("tar");
        let done = command.args(arguments).current_dir(&directory).status().unwrap();
        assert!(done.success(), "{arguments:?}");
    };
    tar(&["-xf", bundle.to_str().unwrap()]);
    let mut all = Vec::new();
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "gz") {
            let unzipped = Command::new("gzip").arg("-dc").arg(&path).output().unwrap();
            assert!(unzipped.status.success());
            all.extend(unzipped.stdout);
        } else {
            all.extend(bytes);
        }
    }
    all
}

/// A directory that is a stored run to all who only read it.
pub(crate) fn write_run(directory: &Path) {
    fs::create_dir_all(directory.join("phases")).unwrap();
    let points = "uwsgi_summary,source=stored busy=3i 1700000000000\n\
        uwsgi_summary,source=stored busy=4i 1700000001000\n";
    fs::write(directory.join("points.lp"), points).unwrap();
    fs::write(directory.join("report.html"), "<title>stored</title>").unwrap();
    fs::write(directory.join("phases/steady.json"), "{}").unwrap();
}

/// A dashboard that somebody made.
pub(crate) const DASHBOARD: &str = r#"{"uid": "mine", "title": "Mine", "schemaVersion": 39, "panels": [{
    "id": 1, "type": "timeseries", "title": "busy", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
    "datasource": {"type": "influxdb", "uid": "uwsgi-lab"},
    "targets": [{"refId": "A", "rawQuery": true,
        "query": "SELECT mean(busy) FROM uwsgi_summary WHERE $timeFilter GROUP BY time($__interval)"}]}]}"#;

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    let finder = memchr::memmem::Finder::new(text);
    finder.find(bytes).is_some()
}
