//! What the volumes of a RAR set must say together: numbers, sizes, and which one is the last.
//!
//! Reads nothing: it judges what `verify` saw of each volume.

use super::super::Verdict;
use super::headers::{ArchiveHeader, Block, EndHeader, Header};

/// What was seen of one volume.
pub(super) struct Seen {
    name: String,
    pub(super) size: u64,
    /// It began like a volume at all.
    pub(super) readable: bool,
    archive: Option<ArchiveHeader>,
    first_file: Option<FirstFile>,
    ends_split: bool,
    end: Option<EndHeader>,
    hidden: bool,
}

struct FirstFile {
    continues: bool,
    /// Least bytes of a volume that it could have begun in.
    least: u64,
}

impl Seen {
    pub(super) fn new(name: String, size: u64) -> Self {
        Self {
            name,
            size,
            readable: false,
            archive: None,
            first_file: None,
            ends_split: false,
            end: None,
            hidden: false,
        }
    }

    /// Takes the next header of the volume.
    pub(super) fn note(&mut self, header: &Header) {
        self.hidden |= header.hides_the_rest();
        match &header.block {
            Block::Archive(archive) => {
                self.archive.get_or_insert(*archive);
            }
            Block::File(file) => {
                let least = header.len + u64::from(file.size != Some(0));
                self.first_file.get_or_insert(FirstFile { continues: file.continues, least });
                self.ends_split = file.continued;
            }
            Block::End(end) => self.end = Some(*end),
            Block::Service(_) | Block::Owner | Block::Encryption | Block::Other => {}
        }
    }

    /// Number of the volume, which generations say in different places.
    fn number(&self) -> Option<u64> {
        let end = self.end.and_then(|end| end.number);
        end.or(self.archive.and_then(|archive| archive.number))
    }
}

/// Judges the volumes against each other.
pub(super) fn check_volumes(all: &[Seen], verdict: &mut Verdict) {
    // RAR 2 wrote no end blocks; where there is one, or a mark that only later versions made, all must have it.
    let ends =
        all.iter().any(|seen| seen.end.is_some() || seen.archive.is_some_and(|archive| archive.has_end));
    let mut expected = 0;
    for (index, seen) in all.iter().enumerate().filter(|(_, seen)| seen.readable && !seen.hidden) {
        let last = index + 1 == all.len();
        match seen.archive {
            None => fault(verdict, seen, "no-archive-header", "the volume has no archive header"),
            Some(archive) if all.len() > 1 && !archive.volume => {
                fault(verdict, seen, "not-a-volume", "the file is an archive of its own");
            }
            Some(_) => {}
        }
        match &seen.end {
            Some(end) => check_end(seen, end, last, verdict),
            None if ends => fault(verdict, seen, "no-end", "the volume has no end block"),
            None => {
                verdict.unchecked(&seen.name, "it has no end block, so nothing tells whether it is complete")
            }
        }
        let number = seen.number();
        check_number(seen, number, expected.max(index as u64), verdict);
        expected = number.unwrap_or(0).max(index as u64).saturating_add(1);
    }
    check_sizes(all, verdict);
}

fn check_end(seen: &Seen, end: &EndHeader, last: bool, verdict: &mut Verdict) {
    if last && end.next {
        fault(verdict, seen, "missing-volume", "the volume says that another one follows");
    }
    if !last && !end.next {
        fault(verdict, seen, "next-volume-flag", "the volume says that it is the last, but others follow");
    }
}

fn check_number(seen: &Seen, number: Option<u64>, expected: u64, verdict: &mut Verdict) {
    match number {
        Some(number) if number > expected => {
            let message = format!("the volume says it is number {number}, but {expected} comes next");
            fault(verdict, seen, "missing-volume", &message);
        }
        Some(number) if number < expected => {
            let message =
                format!("the volume says it is number {number}, but it stands where {expected} does");
            fault(verdict, seen, "volume-number", &message);
        }
        _ => {}
    }
}

/// Every volume but the last has the same size, unless the next file could not have begun in it.
fn check_sizes(all: &[Seen], verdict: &mut Verdict) {
    let full = all.iter().map(|seen| seen.size).max().unwrap_or(0);
    for (seen, next) in all.iter().zip(all.iter().skip(1)) {
        let closed_early = !seen.ends_split
            && next.first_file.as_ref().is_some_and(|file| !file.continues && seen.size + file.least > full);
        let judged = seen.readable && next.readable && !seen.hidden;
        if judged && seen.size != full && !closed_early {
            let message = format!("the volume has {} bytes, a full one {full}", seen.size);
            fault(verdict, seen, "volume-size", &message);
        }
    }
}

fn fault(verdict: &mut Verdict, seen: &Seen, code: &'static str, message: &str) {
    verdict.fault(code, message, Some(&seen.name), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(size: u64, next: bool, number: u64, least: Option<u64>) -> Seen {
        Seen {
            readable: true,
            archive: Some(ArchiveHeader { volume: true, number: None, has_end: true, encrypted: false }),
            first_file: Some(FirstFile { continues: least.is_none(), least: least.unwrap_or(0) }),
            ends_split: least.is_none(),
            end: Some(EndHeader { next, volume_crc: None, number: Some(number) }),
            ..Seen::new(format!("v{number}"), size)
        }
    }

    fn check(all: &[Seen], want: &[&str]) {
        let mut verdict = Verdict::default();
        check_volumes(all, &mut verdict);
        let codes: Vec<_> = verdict.faults.iter().map(|fault| fault.code).collect();
        assert_eq!(codes, want);
    }

    #[test]
    fn full_volumes_and_a_short_last_one_are_right() {
        check(&[seen(100, true, 0, None), seen(100, true, 1, None), seen(40, false, 2, None)], &[]);
    }

    #[test]
    fn a_short_middle_volume_needs_a_reason() {
        let short = |least| [seen(100, true, 0, None), seen(80, true, 1, Some(1)), seen(90, false, 2, least)];
        check(&short(Some(21)), &[]);
        check(&short(Some(20)), &["volume-size"]);
        check(&short(None), &["volume-size"]);
    }

    #[test]
    fn a_missing_volume_is_noticed_by_number_and_at_the_end() {
        check(&[seen(100, true, 0, None), seen(40, false, 2, None)], &["missing-volume"]);
        check(&[seen(100, true, 1, None), seen(40, false, 2, None)], &["missing-volume"]);
        check(&[seen(100, true, 0, None)], &["missing-volume"]);
    }

    #[test]
    fn a_wrong_number_or_end_is_noticed() {
        check(&[seen(100, true, 0, None), seen(40, false, 0, None)], &["volume-number"]);
        check(&[seen(100, false, 0, None), seen(40, false, 1, None)], &["next-volume-flag"]);
    }
}
