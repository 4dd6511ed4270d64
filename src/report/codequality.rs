//! Faults as GitLab's code quality report, which a merge request shows beside the lines of manifests.

use std::collections::BTreeMap;

use manifests::Severity;
use serde::Serialize;

use super::account::{Account, Fault};

#[derive(Serialize)]
struct Issue<'f> {
    description: String,
    check_name: &'f str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'f>,
}

#[derive(Serialize)]
struct Location<'f> {
    path: &'f str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// The text of the file. What has no place cannot be told in it.
pub fn write(account: &Account<'_>) -> String {
    let mut seen = BTreeMap::new();
    let issues: Vec<Issue<'_>> = account.faults.iter().filter_map(|fault| issue(fault, &mut seen)).collect();
    let mut text = serde_json::to_string_pretty(&issues).unwrap_or_default();
    text.push('\n');
    text
}

fn issue<'f>(fault: &'f Fault, seen: &mut BTreeMap<u64, u64>) -> Option<Issue<'f>> {
    let spot = fault.spot.as_ref()?;
    let of = fault.of.as_ref().map(|of| format!("{of}: ")).unwrap_or_default();
    let hint = fault.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    // Without the line, so that a fault is the same one after something was written above it.
    let print = fingerprint([&spot.file, &fault.code, &of, &fault.message]);
    let count = seen.entry(print).or_default();
    *count += 1;
    Some(Issue {
        description: format!("{of}{}{hint}", fault.message),
        check_name: &fault.code,
        fingerprint: format!("{print:016x}{:x}", *count - 1),
        severity: match fault.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Location { path: &spot.file, lines: Lines { begin: spot.line } },
    })
}

/// FNV-1a, which is the same on every machine and from version to version.
fn fingerprint(parts: [&str; 4]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::super::account::Spot;
    use super::*;

    #[test]
    fn fingerprints_are_stable_and_never_twice_the_same() {
        let spot = |line| Some(Spot { file: "release.yaml".into(), line, column: 1, length: 0 });
        let fault = |line| Fault {
            severity: Severity::Error,
            code: "disk/full".into(),
            message: "no space".into(),
            hint: Some("free some".into()),
            spot: spot(line),
            of: Some("step `zip` of A-GRP".into()),
        };
        let mut seen = BTreeMap::new();
        let (one, other) = (fault(3), fault(9));
        let first = issue(&one, &mut seen).unwrap();
        let second = issue(&other, &mut seen).unwrap();
        assert_eq!(first.description, "step `zip` of A-GRP: no space (free some)");
        assert_eq!(
            second.fingerprint,
            issue(
                &one,
                &mut BTreeMap::from([(
                    fingerprint(["release.yaml", "disk/full", "step `zip` of A-GRP: ", "no space"]),
                    1
                )])
            )
            .unwrap()
            .fingerprint
        );
        assert_ne!(first.fingerprint, second.fingerprint);
        assert_eq!(fingerprint(["", "", "", ""]), fingerprint(["", "", "", ""]));
        assert_eq!(first.location.lines.begin, 3);
    }
}
