//! Tests of NFO and DIZ texts, and of what checksum files cover.

use std::collections::BTreeSet;

use formats::name;
use formats::text::{cp437, width};

use super::folder::{Folder, Item, compile, takes};
use super::{ChecksumsTest, Found, TextTest};

/// Longest text that is looked at, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What is wrong with texts.
pub(super) fn test(test: &TextTest, folder: &Folder) -> Vec<Found> {
    let told = tells(test, &folder.name);
    let mut found = Vec::new();
    for item in folder.matching(&test.r#match) {
        let Some(bytes) = item.bytes(LONGEST) else { continue };
        found.extend(
            faults(test, &decoded(&bytes), told).into_iter().map(|said| Found::new(&item.shown, said)),
        );
    }
    found
}

/// What is wrong with one text of a release, which has that name there.
pub(super) fn page(test: &TextTest, file: &str, text: &str, told: bool) -> Vec<Found> {
    if !takes(&compile(&test.r#match), file) {
        return Vec::new();
    }
    faults(test, text, told).into_iter().map(|said| Found::new(file, said)).collect()
}

/// Whether the name of a release tells what makes the words of a test needless.
pub(super) fn tells(test: &TextTest, release: &str) -> bool {
    let parsed = test.unless.as_ref().map(|_| name::parse(release).facts);
    parsed.is_some_and(|facts| is_needless(test, |fact| facts.contains_key(fact)))
}

/// Whether one of the facts is known that make the words of a test needless.
pub(super) fn is_needless(test: &TextTest, knows: impl Fn(&str) -> bool) -> bool {
    test.unless.as_ref().is_some_and(|facts| facts.split('|').any(knows))
}

fn faults(test: &TextTest, text: &str, told: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let longest = text.lines().map(width::width).max().unwrap_or(0);
    if let Some(columns) = test.columns.filter(|columns| longest > *columns) {
        faults.push(format!("has lines of {longest} columns, and {columns} are allowed"));
    }
    let lines = text.lines().count();
    if let Some(most) = test.lines.filter(|most| lines > *most) {
        faults.push(format!("has {lines} lines, and {most} are allowed"));
    }
    let lower = text.to_lowercase();
    let holds = |word: &String| lower.contains(&word.to_lowercase());
    if !told && !test.holds.is_empty() && !test.holds.iter().any(holds) {
        faults.push(format!("says nothing of {}", test.holds.join(" or ")));
    }
    if test.counter && !has_counter(&lower) {
        faults.push("has no counter of disks, such as `[xx/05]`".into());
    }
    faults
}

/// The text of bytes in UTF-8 or code page 437, without a mark of the encoding.
fn decoded(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // What stands behind an end-of-file mark is a record for programs.
    let bytes = bytes.split(|byte| *byte == 0x1a).next().unwrap_or_default();
    std::str::from_utf8(bytes).map_or_else(|_| cp437::decode(bytes), str::to_owned)
}

/// Whether tools that count disks find one: `[xx/05]`, `01/05`, `(03/12)`.
fn has_counter(lower: &str) -> bool {
    let bytes = lower.as_bytes();
    let counts =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'x' || *byte == b'o');
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let mut fitting = slashes.filter(|(at, _)| {
        counts(at.checked_sub(1).and_then(|at| bytes.get(at)))
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    });
    fitting.next().is_some()
}

/// Files that no checksum file covers.
pub(super) fn checksums(test: &ChecksumsTest, folder: &Folder) -> Vec<Found> {
    let mut covered: BTreeSet<String> = BTreeSet::new();
    let sums: Vec<&Item> = folder.matching(&test.r#match).collect();
    if sums.is_empty() {
        return Vec::new();
    }
    for item in &sums {
        let text = decoded(&item.bytes(LONGEST).unwrap_or_default());
        for line in text.lines().filter(|line| !line.starts_with(';')) {
            let (name, _) = line.trim().rsplit_once([' ', '\t']).unwrap_or((line.trim(), ""));
            covered.insert(name.trim().replace('\\', "/").to_lowercase());
        }
    }
    let globs = compile(&test.cover);
    let open = folder.files.iter().filter(|item| takes(&globs, &item.name));
    let open = open.filter(|item| {
        !covered.contains(&item.name.to_lowercase()) && !covered.contains(&item.last().to_lowercase())
    });
    open.map(|item| Found::new(&item.name, "is covered by no checksum file")).collect()
}
