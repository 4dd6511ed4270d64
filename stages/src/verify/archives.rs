//! Reads through the archives of a release, and the volumes that are stored in its ZIPs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::PathBuf;

use engine::StageError;
use formats::archive::volumes::{place, set_of};
use formats::archive::zip::{Section, Stored, stored};
use formats::archive::{self, Format, ReadSeek, Volumes};

use rayon::prelude::*;

use super::sums::{Claims, algorithms};
use super::watched::{Taken, Watched};
use super::{Progress, Tree, Verdict, split};

/// Longest beginning that a format is known by.
const HEAD: usize = 16;
/// How much of an archive is read at a time.
const BLOCK: usize = 256 * 1024;

/// Reads through every archive, independent ones on all threads, and takes the digests that checksum files claim.
pub(super) fn test(
    tree: &Tree,
    only: Option<&str>,
    claims: &Claims,
    taken: &Taken,
    verdict: &mut Verdict,
    progress: &Progress<'_>,
) -> Result<(), StageError> {
    let outer: Vec<Member> = tree
        .files
        .iter()
        .map(|file| Member { name: file.clone(), path: tree.path(file), section: None })
        .collect();
    let mut outer = sets(outer, verdict);
    outer.retain(|set| only.is_none_or(|only| set.members.iter().any(|member| member.name == only)));
    let zips = outer.iter().filter(|set| set.format.name == "zip");
    let inner: Vec<Member> = zips.flat_map(|set| set.members.iter().flat_map(inside)).collect();
    let mut all = outer;
    all.extend(sets(inner, verdict));
    let found: Vec<Verdict> =
        all.par_iter().map(|set| run(set, claims, taken, progress)).collect::<Result<_, _>>()?;
    found.into_iter().for_each(|found| verdict.add(found));
    Ok(())
}

/// A file of the release, or a file stored in one.
struct Member {
    name: String,
    path: PathBuf,
    section: Option<Stored>,
}

impl Member {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        let file = BufReader::new(File::open(&self.path)?);
        Ok(match &self.section {
            Some(stored) => Box::new(BufReader::new(Section::new(file, stored))),
            None => Box::new(file),
        })
    }

    fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        // What cannot be read is reported by the test of the set it is in.
        let _ = self.open().and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
        head
    }
}

/// Files stored in a ZIP, named as if they lay beside it: volumes of one set lie in several ZIPs.
fn inside(zip: &Member) -> Vec<Member> {
    let folder = split(&zip.name).0;
    let Ok(mut file) = zip.open() else { return Vec::new() };
    let found = stored(&mut *file).into_iter();
    found
        .map(|stored| Member {
            name: format!("{folder}{}", stored.name),
            path: zip.path.clone(),
            section: Some(stored),
        })
        .collect()
}

/// An archive: one file, or the volumes of a set.
struct Set {
    format: &'static Format,
    members: Vec<Member>,
}

/// Members that are one archive by their names.
struct Group {
    format: &'static Format,
    /// The format is what some member begins with.
    sniffed: bool,
    /// Some member has the bytes or the extension of an archive.
    certain: bool,
    members: Vec<Member>,
}

/// Groups files into archives, by content where it tells and by name where it does not: a volume whose first bytes
/// are damaged still belongs to its set.
fn sets(members: Vec<Member>, verdict: &mut Verdict) -> Vec<Set> {
    let mut by_set: BTreeMap<String, Group> = BTreeMap::new();
    for member in members {
        let head = member.head();
        let (folder, last) = split(&member.name);
        let place = place(last);
        let volume = place.as_ref().and_then(|_| archive::format("rar4"));
        let sniffed = archive::sniff(&head);
        let certain = sniffed.or_else(|| archive::named(last));
        let Some(format) = certain.or(volume) else { continue };
        let key = match &place {
            Some(place) if format.name != "zip" => format!("{folder}{}\0{:?}", place.base, place.naming),
            _ => member.name.clone(),
        };
        let group = by_set.entry(key).or_insert_with(|| Group {
            format,
            sniffed: false,
            certain: false,
            members: Vec::new(),
        });
        group.certain |= certain.is_some();
        // Two generations of RAR bear the same names, so one good beginning tells more than all of them.
        if let Some(sniffed) = sniffed.filter(|_| !group.sniffed) {
            group.format = sniffed;
            group.sniffed = true;
        }
        if group.members.iter().any(|other| other.name == member.name) {
            verdict.fault(&member.name, "duplicate-volume", "lies in more than one ZIP");
            continue;
        }
        group.members.push(member);
    }
    // A name like `notes.s01` alone makes no archive.
    let certain = by_set.into_values().filter(|group| group.certain);
    certain.map(|group| ordered(group.format, group.members, verdict)).collect()
}

/// Puts volumes into their order and says which are missing.
fn ordered(format: &'static Format, mut members: Vec<Member>, verdict: &mut Verdict) -> Set {
    let names: Vec<&str> = members.iter().map(|member| split(&member.name).1).collect();
    let first = names.iter().copied().filter_map(|name| Some((place(name)?.index, name))).min();
    if let Some((_, first)) = first {
        let set = set_of(first, &names);
        for missing in set.missing {
            verdict.fault(&missing, "missing-volume", "is missing from its set");
        }
        let rank = |name: &str| set.volumes.iter().position(|volume| volume == split(name).1);
        let ranks: Vec<Option<usize>> = members.iter().map(|member| rank(&member.name)).collect();
        let mut ranked: Vec<(Option<usize>, Member)> = ranks.into_iter().zip(members).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        members = ranked.into_iter().filter(|(rank, _)| rank.is_some()).map(|(_, member)| member).collect();
    }
    Set { format, members }
}

fn run(set: &Set, claims: &Claims, taken: &Taken, progress: &Progress<'_>) -> Result<Verdict, StageError> {
    let mut verdict = Verdict::default();
    let first = set.members.first().map(|member| member.name.clone()).unwrap_or_default();
    let mut stopped = None;
    let mut passed = |bytes: u64| {
        progress(bytes).map_err(|error| {
            stopped = Some(error);
            io::Error::other("stopped")
        })
    };
    let result = (set.format.verify)(&Opened { members: &set.members, claims, taken }, &mut passed);
    if let Some(error) = stopped {
        return Err(error);
    }
    verdict.archives += 1;
    let found = match result {
        Ok(found) => found,
        Err(error) => {
            verdict.fault(&first, "unreadable", format!("cannot be read: {error}"));
            return Ok(verdict);
        }
    };
    let folder = split(&first).0;
    for fault in found.faults {
        let file = fault.volume.map_or_else(|| first.clone(), |volume| format!("{folder}{volume}"));
        let at = fault.at.map_or_else(String::new, |at| format!(" (at byte {at})"));
        verdict.fault(&file, fault.code, format!("{}{at}", fault.message));
    }
    for unchecked in found.unchecked {
        verdict.unchecked(&first, format!("`{}` {}", unchecked.name.escape_debug(), unchecked.why));
    }
    Ok(verdict)
}

/// Volumes as the codecs see them.
struct Opened<'a> {
    members: &'a [Member],
    claims: &'a Claims,
    taken: &'a Taken,
}

impl Volumes for Opened<'_> {
    fn count(&self) -> usize {
        self.members.len()
    }

    fn name(&self, index: usize) -> &str {
        self.members.get(index).map_or("", |member| split(&member.name).1)
    }

    fn at_once(&self) -> usize {
        // Twice as many as threads, so that few wait for the slowest.
        rayon::current_num_threads().saturating_mul(2)
    }

    fn each(&self, volumes: Range<usize>, work: &(dyn Fn(usize) + Sync)) {
        volumes.into_par_iter().for_each(work);
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn ReadSeek + '_>> {
        let member = self.members.get(index).ok_or(io::ErrorKind::NotFound)?;
        if member.section.is_some() {
            return member.open();
        }
        let file = File::open(&member.path)?;
        let size = file.metadata()?.len();
        let wanted = algorithms(self.claims, &member.name);
        Ok(Box::new(Watched::new(
            BufReader::with_capacity(BLOCK, file),
            size,
            &member.name,
            &wanted,
            self.taken,
        )))
    }
}
