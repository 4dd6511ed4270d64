//! Which kind of release files suggest.
//!
//! By content; a name decides only for video, whose containers this version cannot read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Extensions of video files.
const VIDEO: [&str; 11] = ["mkv", "mp4", "m4v", "avi", "ts", "m2ts", "mov", "webm", "mpg", "mpeg", "wmv"];

/// The kind that fits all of the files.
pub fn kind(files: &[PathBuf]) -> &'static str {
    let mut kinds = files.iter().map(|file| of_file(file));
    let first = kinds.next().unwrap_or("generic");
    if kinds.all(|kind| kind == first) { first } else { "generic" }
}

fn of_file(path: &Path) -> &'static str {
    if !path.is_file() {
        return "generic";
    }
    match stages::inspect(path).map_or("unknown", |found| found.format) {
        "epub" => "ebook",
        "txt" => "docs",
        _ if is_video(&head(path)) || is_named_video(path) => "tv",
        _ => "generic",
    }
}

fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    // A file that cannot be read suggests nothing.
    let _ = File::open(path).and_then(|file| file.take(1024).read_to_end(&mut head));
    head
}

/// Matroska and WebM, MP4 and its kin, AVI, MPEG transport and program streams.
fn is_video(head: &[u8]) -> bool {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let transport = at(0, b"G") && at(188, b"G") && at(376, b"G");
    at(0, b"\x1a\x45\xdf\xa3")
        || at(4, b"ftyp")
        || (at(0, b"RIFF") && at(8, b"AVI "))
        || transport
        || at(0, b"\0\0\x01\xba")
}

fn is_named_video(path: &Path) -> bool {
    let extension =
        path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    VIDEO.contains(&extension.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &[u8])], wanted: &str) {
        let folder = tempfile::tempdir().unwrap();
        let paths = files.iter().map(|(name, bytes)| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        });
        assert_eq!(kind(&paths.collect::<Vec<_>>()), wanted, "{files:?}");
    }

    #[test]
    fn content_decides_and_a_mixture_is_generic() {
        check(&[("a.bin", b"\x1a\x45\xdf\xa3\x01\x00\x00\x00")], "tv");
        check(&[("a.mkv", b"\0\x01\x02\xff\xfe\0\0")], "tv");
        check(&[("a", b"Call me Ishmael.\n"), ("b.epub", b"Some years ago.\n")], "docs");
        check(&[("a", b"Call me Ishmael.\n"), ("b.mkv", b"\0\x01\x02\xff\xfe\0\0")], "generic");
        check(&[("a", b"\0\x01\x02\xff\xfe\0\0")], "generic");
    }
}
