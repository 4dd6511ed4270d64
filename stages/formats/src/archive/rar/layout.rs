//! Where everything lies in the volumes of a RAR set, known before a byte is written.
//!
//! Pure: opens nothing, reads nothing. Invariant: the entries can all be written as laid out.

use std::collections::HashSet;
use std::ops::Range;

use super::super::name;
use super::super::split::{Frame, Item, Part, Span, split};
use super::{Dialect, Entry, Error};

/// The volumes of a set and what lies where in them.
#[derive(Debug, Clone)]
pub struct Layout<D: Dialect> {
    entries: Vec<Entry<D::Time>>,
    options: D,
    volumes: Vec<Volume>,
    parts: Vec<Part>,
}

/// One volume of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// File name.
    pub name: String,
    /// Exact bytes of the file.
    pub size: u64,
    /// Its parts, as indices into [`Layout::parts`].
    pub parts: Range<usize>,
}

impl<D: Dialect> Layout<D> {
    /// Lays out the entries in their order, in volumes named after `base`.
    pub fn new(entries: Vec<Entry<D::Time>>, base: &str, options: D) -> Result<Self, Error> {
        check_entries(&entries)?;
        check_base(base)?;
        let items: Result<Vec<Item>, Error> = entries
            .iter()
            .map(|entry| match options.header_len(entry) {
                Some(header) => Ok(Item { header, size: entry.size }),
                None => Err(Error::NameTooLong(entry.name.clone())),
            })
            .collect();
        let frame = Frame {
            volume: options.volume(),
            front: &|index| options.front(index).len() as u64,
            end: options.end(0, true, 0).len() as u64,
            most_volumes: options.naming().most(),
        };
        let (spans, parts) = split(&items?, &frame)?;
        let volumes = name_volumes(spans, base, &options);
        Ok(Self { entries, options, volumes, parts })
    }

    /// What is packed, in order.
    pub fn entries(&self) -> &[Entry<D::Time>] {
        &self.entries
    }

    /// How it is packed.
    pub fn options(&self) -> &D {
        &self.options
    }

    /// The volumes, in order.
    pub fn volumes(&self) -> &[Volume] {
        &self.volumes
    }

    /// All parts of all files, in the order in which they lie in the volumes.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The parts of one volume, each with its index in [`Layout::parts`].
    pub fn parts_of(&self, volume: &Volume) -> impl Iterator<Item = (usize, &Part)> {
        let parts = self.parts.get(volume.parts.clone()).unwrap_or_default();
        volume.parts.clone().zip(parts)
    }

    pub(super) fn volume(&self, index: usize) -> Result<&Volume, Error> {
        self.volumes.get(index).ok_or(Error::NoSuchVolume(index))
    }
}

fn check_entries<T>(entries: &[Entry<T>]) -> Result<(), Error> {
    if entries.is_empty() {
        return Err(Error::Empty);
    }
    let mut seen = HashSet::new();
    for entry in entries {
        name::check(&entry.name).map_err(|why| Error::Name { name: entry.name.clone(), why })?;
        if !seen.insert(entry.name.as_str()) {
            return Err(Error::Duplicate(entry.name.clone()));
        }
        if entry.directory && entry.size > 0 {
            return Err(Error::DirectoryWithSize(entry.name.clone()));
        }
    }
    Ok(())
}

/// Volumes lie beside each other, so their base name is one component.
fn check_base(base: &str) -> Result<(), Error> {
    let why = match name::check(base) {
        Err(why) => why,
        Ok(()) if base.contains('/') => name::Unsafe::EmptyComponent,
        Ok(()) => return Ok(()),
    };
    Err(Error::Name { name: base.to_owned(), why })
}

fn name_volumes<D: Dialect>(spans: Vec<Span>, base: &str, options: &D) -> Vec<Volume> {
    let total = spans.len();
    let name = |index| match options.volume() {
        // Splitting ended at the most volumes that can be named, so the fallback names nothing.
        Some(_) => options.naming().name(base, index, total).unwrap_or_default(),
        None => format!("{base}.rar"),
    };
    let volume =
        |(index, span): (usize, Span)| Volume { name: name(index), size: span.size, parts: span.parts };
    spans.into_iter().enumerate().map(volume).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::dos_time::DosTime;
    use super::super::super::rar4::{Host, Naming, Options};
    use super::super::super::split::SplitError;
    use super::*;

    fn file(name: &str, size: u64) -> Entry<DosTime> {
        Entry::file(name, size, DosTime::EARLIEST)
    }

    fn layout(entries: Vec<Entry<DosTime>>, volume: u64, naming: Naming) -> Result<Layout<Options>, Error> {
        let options = Options { volume: Some(volume), naming, host: Host::Unix, extended_time: false };
        Layout::new(entries, "base", options)
    }

    #[test]
    fn one_file_fills_every_volume_but_the_last() {
        let layout = layout(vec![file("a.mkv", 205_000)], 102_400, Naming::Old).unwrap();
        let sizes: Vec<_> =
            layout.volumes().iter().map(|volume| (volume.name.as_str(), volume.size)).collect();
        let last = 20 + 37 + (205_000 - 2 * (102_400 - 40 - 37)) + 20;
        assert_eq!(sizes, [("base.rar", 102_400), ("base.r00", 102_400), ("base.r01", last)]);
    }

    #[test]
    fn old_naming_ends_at_z99_and_part_naming_goes_on() {
        let room = 100 - 40 - 33;
        let entries = |volumes: u64| vec![file("a", volumes * room)];
        assert_eq!(layout(entries(901), 100, Naming::Old).unwrap().volumes()[900].name, "base.z99");
        let error = layout(entries(902), 100, Naming::Old).unwrap_err();
        assert!(matches!(error, Error::Split(SplitError::TooManyVolumes { most: 901, .. })), "{error}");
        let parts = layout(entries(1000), 100, Naming::Part).unwrap();
        assert_eq!(parts.volumes()[0].name, "base.part0001.rar");
        assert!(layout(vec![file("a", u64::MAX)], 100, Naming::Part).is_err());
    }

    #[test]
    fn what_must_not_be_in_an_archive_is_refused() {
        for (entries, want) in [
            (vec![], "there is nothing to pack"),
            (vec![file("../a", 1)], "`../a` cannot be packed: the name has a `.` or `..` component"),
            (vec![file("/a", 1)], "`/a` cannot be packed: the name is absolute"),
            (vec![file("a\nb", 1)], "`a\\nb` cannot be packed: the name has a control character"),
            (vec![file("a", 1), file("a", 1)], "`a` is there twice"),
            (vec![Entry { directory: true, ..file("a", 1) }], "directory `a` has a size"),
            (vec![file("a", 1)], "volume size 60 is too small, the minimum for these files is 74 bytes"),
        ] {
            assert_eq!(layout(entries, 60, Naming::Old).unwrap_err().to_string(), want);
        }
        let long = file(&"x".repeat(5000), 1);
        assert!(matches!(layout(vec![long], 10_000, Naming::Old), Err(Error::NameTooLong(_))));
        assert!(Layout::new(vec![file("a", 1)], "../x", Options::default()).is_err());
        assert!(Layout::new(vec![file("a", 1)], "a/b", Options::default()).is_err());
    }
}
