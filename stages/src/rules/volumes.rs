//! Tests of archives: sizes of volumes, formats, methods.

use std::collections::BTreeMap;
use std::io::Read;

use formats::archive::rar::{Block, Headers, Reading};
use formats::archive::volumes::place;
use formats::archive::{self, rar4, rar5};

use super::folder::{Folder, Item};
use super::{ArchiveTest, Found, SizesTest};

/// Most headers of a volume that are looked at.
const MOST_HEADERS: usize = 10_000;

/// What is wrong with the sizes and the number of volumes.
pub(super) fn sizes(test: &SizesTest, folder: &Folder) -> Vec<Found> {
    let mut sets: BTreeMap<String, Vec<(usize, Item)>> = BTreeMap::new();
    for item in folder.chosen(&test.r#match, test.zipped) {
        let Some(place) = place(item.last()) else { continue };
        sets.entry(place.base.to_lowercase()).or_default().push((place.index, item));
    }
    let mut found = Vec::new();
    for mut volumes in sets.into_values() {
        volumes.sort_by_key(|(index, _)| *index);
        if let (Some(most), Some((_, first))) =
            (test.most.filter(|most| volumes.len() > *most), volumes.first())
        {
            found.push(Found::new(
                &first.shown,
                format!("its set has {} volumes, and {most} are allowed", volumes.len()),
            ));
        }
        let Some((last, full)) = volumes.split_last() else { continue };
        let sized = test.one_of.len() + usize::from(test.multiple_of.is_some()) > 0;
        if !sized {
            continue;
        }
        for (_, volume) in full {
            if !allowed(test, volume.size) {
                found.push(Found::new(
                    &volume.shown,
                    format!("has {} bytes, which is no size that volumes may have", volume.size),
                ));
            }
        }
        let first = full.first().map(|(_, volume)| volume.size);
        if let Some((_, odd)) = full.iter().find(|(_, volume)| Some(volume.size) != first) {
            found.push(Found::new(&odd.shown, "is not as large as the first volume"));
        }
        if first.is_some_and(|first| last.1.size > first) {
            found.push(Found::new(&last.1.shown, "is the last volume and larger than the others"));
        }
    }
    found
}

fn allowed(test: &SizesTest, size: u64) -> bool {
    let listed = test.one_of.iter().any(|allowed| allowed.bytes() == size);
    let multiple = test
        .multiple_of
        .is_some_and(|unit| unit.bytes() > 0 && size > 0 && size.is_multiple_of(unit.bytes()));
    listed || multiple
}

/// What is wrong with the formats of archives and the methods in them.
pub(super) fn archives(test: &ArchiveTest, folder: &Folder) -> Vec<Found> {
    let mut found = Vec::new();
    for item in folder.chosen(&test.r#match, test.zipped) {
        let mut head = Vec::new();
        let read = item.open().and_then(|file| file.take(16).read_to_end(&mut head).ok());
        if read.is_none() {
            continue;
        }
        let Some(format) = archive::sniff(&head) else {
            found.push(Found::new(&item.shown, "is no archive by its content"));
            continue;
        };
        if !test.formats.is_empty() && !test.formats.iter().any(|name| name == format.name) {
            found.push(Found::new(
                &item.shown,
                format!("is of the format {}, and {} allowed", format.name, test.formats.join(" or ")),
            ));
        }
        let reading = match format.name {
            "rar4" => &rar4::READING,
            "rar5" => &rar5::READING,
            _ => continue,
        };
        if test.stored || test.open {
            found.extend(altered(test, &item, reading).map(|why| Found::new(&item.shown, why)));
        }
    }
    found
}

/// Why a volume holds something that is not plainly stored.
fn altered(test: &ArchiveTest, item: &Item, reading: &'static Reading) -> Option<String> {
    let headers = Headers::new(reading, item.open()?).ok()?;
    for header in headers.take(MOST_HEADERS) {
        let header = header.ok()?;
        let hidden = match &header.block {
            Block::Archive(archive) => archive.encrypted,
            Block::Encryption => true,
            _ => false,
        };
        if hidden {
            return Some("has encrypted headers".into());
        }
        let why = header.file().and_then(|file| Some((file.name.clone(), file.altered?)));
        if let Some((name, why)) = why
            && (test.stored || why.contains("encrypt"))
        {
            return Some(format!("holds `{}`: {why}", name.escape_debug()));
        }
    }
    None
}
