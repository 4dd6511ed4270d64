//! Deals files out to volumes of an exact size, before a byte is written.
//!
//! Knows sizes only: what headers hold, how volumes are named and who writes them is the format's business, so
//! every format that repeats a header for each part of a file can use it.

use std::ops::Range;

/// What a format puts around the bytes of files.
pub struct Frame<'a> {
    /// Size limit of a volume in bytes; without one everything lies in one volume.
    pub volume: Option<u64>,
    /// Bytes before the first file header of the volume with that index.
    pub front: &'a dyn Fn(usize) -> u64,
    /// Bytes after the last part of a volume.
    pub end: u64,
    /// How many volumes the format or its naming can count.
    pub most_volumes: usize,
}

/// A file to deal out.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Bytes of the header that precedes every part of it.
    pub header: u64,
    /// Bytes of the whole file.
    pub size: u64,
}

/// The bytes of one file that lie in one volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Index of the file.
    pub entry: usize,
    /// Index of the volume.
    pub volume: usize,
    /// Where in the file the part begins.
    pub offset: u64,
    /// Bytes of the part.
    pub len: u64,
    /// Where in the volume its bytes begin; its header lies right before.
    pub at: u64,
    /// Bytes of its header.
    pub header: u64,
    /// The file has earlier parts.
    pub continues: bool,
    /// The file has later parts.
    pub continued: bool,
}

/// One volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Bytes of the volume, everything included.
    pub size: u64,
    /// Its parts, as indices into all parts.
    pub parts: Range<usize>,
}

/// Why files cannot be dealt out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// A volume would hold no byte of some file.
    #[error("volume size {volume} is too small, the minimum for these files is {minimum} bytes")]
    VolumeTooSmall {
        /// Size asked for.
        volume: u64,
        /// Smallest that works.
        minimum: u64,
    },
    /// More volumes than can be counted.
    #[error("more than {most} volumes of {volume} bytes would be needed")]
    TooManyVolumes {
        /// Size asked for.
        volume: u64,
        /// Most that can be numbered.
        most: usize,
    },
    /// Sizes that no file system holds.
    #[error("the files are too large to count their bytes")]
    TooLarge,
}

/// Deals the items out in order. Every volume but the last is exactly full, unless the header of the next file
/// and one byte of it would not fit any more.
pub fn split(items: &[Item], frame: &Frame<'_>) -> Result<(Vec<Span>, Vec<Part>), SplitError> {
    let limit = frame.volume.unwrap_or(u64::MAX);
    check_minimum(items, frame, limit)?;
    let mut dealing = Dealing { frame, limit, spans: Vec::new(), parts: Vec::new(), from: 0, used: 0 };
    dealing.used = (frame.front)(0);
    for (entry, item) in items.iter().enumerate() {
        dealing.deal(entry, item)?;
    }
    dealing.close()?;
    Ok((dealing.spans, dealing.parts))
}

fn check_minimum(items: &[Item], frame: &Frame<'_>, limit: u64) -> Result<(), SplitError> {
    let front = (frame.front)(0).max((frame.front)(frame.most_volumes.saturating_sub(1)));
    let largest = items.iter().map(|item| item.header + u64::from(item.size > 0)).max().unwrap_or(0);
    let minimum = front + largest + frame.end;
    if limit < minimum {
        return Err(SplitError::VolumeTooSmall { volume: limit, minimum });
    }
    Ok(())
}

/// The volumes dealt so far and the one being filled.
struct Dealing<'a> {
    frame: &'a Frame<'a>,
    limit: u64,
    spans: Vec<Span>,
    parts: Vec<Part>,
    from: usize,
    used: u64,
}

impl Dealing<'_> {
    fn deal(&mut self, entry: usize, item: &Item) -> Result<(), SplitError> {
        let mut offset = 0;
        loop {
            let rest = item.size - offset;
            let around = self.used.checked_add(item.header).and_then(|sum| sum.checked_add(self.frame.end));
            let room = self.limit.checked_sub(around.ok_or(SplitError::TooLarge)?);
            let Some(room) = room.filter(|room| *room > 0 || rest == 0) else {
                self.next_volume()?;
                continue;
            };
            let len = rest.min(room);
            let at = self.used + item.header;
            self.parts.push(Part {
                entry,
                volume: self.spans.len(),
                offset,
                len,
                at,
                header: item.header,
                continues: offset > 0,
                continued: len < rest,
            });
            self.used = at + len;
            offset += len;
            if offset == item.size {
                return Ok(());
            }
            self.next_volume()?;
        }
    }

    fn next_volume(&mut self) -> Result<(), SplitError> {
        // Without a limit there is no next volume to go to: the sizes have run over.
        let volume = self.frame.volume.ok_or(SplitError::TooLarge)?;
        self.close()?;
        if self.spans.len() >= self.frame.most_volumes {
            return Err(SplitError::TooManyVolumes { volume, most: self.frame.most_volumes });
        }
        self.used = (self.frame.front)(self.spans.len());
        Ok(())
    }

    fn close(&mut self) -> Result<(), SplitError> {
        let size = self.used.checked_add(self.frame.end).ok_or(SplitError::TooLarge)?;
        self.spans.push(Span { size, parts: self.from..self.parts.len() });
        self.from = self.parts.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(volume: Option<u64>) -> Frame<'static> {
        Frame { volume, front: &|_| 20, end: 20, most_volumes: 1000 }
    }

    fn sizes(volume: u64, items: &[(u64, u64)]) -> Vec<u64> {
        let items: Vec<_> =
            items.iter().map(|(header, size)| Item { header: *header, size: *size }).collect();
        split(&items, &frame(Some(volume))).unwrap().0.iter().map(|span| span.size).collect()
    }

    #[test]
    fn a_file_that_ends_on_the_boundary_opens_no_empty_volume() {
        assert_eq!(sizes(100, &[(30, 30)]), [100]);
        assert_eq!(sizes(100, &[(30, 31)]), [100, 71]);
        assert_eq!(sizes(100, &[(30, 60)]), [100, 100]);
        assert_eq!(sizes(100, &[(30, 30), (30, 30)]), [100, 100]);
    }

    #[test]
    fn a_header_is_never_cut_and_never_stands_without_a_byte() {
        assert_eq!(sizes(130, &[(30, 30), (30, 1)]), [100, 71]);
        assert_eq!(sizes(131, &[(30, 30), (30, 1)]), [131]);
        assert_eq!(sizes(130, &[(30, 30), (30, 0)]), [130]);
        assert_eq!(sizes(129, &[(30, 30), (30, 0)]), [100, 70]);
    }

    #[test]
    fn too_small_a_volume_is_told_the_minimum() {
        let items =
            [Item { header: 30, size: 5 }, Item { header: 40, size: 0 }, Item { header: 35, size: 1 }];
        let error = split(&items, &frame(Some(79))).unwrap_err();
        assert_eq!(error, SplitError::VolumeTooSmall { volume: 79, minimum: 80 });
        assert!(split(&items, &frame(Some(80))).is_ok());
    }

    #[test]
    fn sizes_beyond_counting_are_errors() {
        let huge = Item { header: 30, size: u64::MAX };
        assert_eq!(split(&[huge], &frame(None)).unwrap_err(), SplitError::TooLarge);
        let error = split(&[huge], &frame(Some(71))).unwrap_err();
        assert_eq!(error, SplitError::TooManyVolumes { volume: 71, most: 1000 });
    }

    proptest! {
        #[test]
        fn every_byte_lies_in_exactly_one_place(
            items in prop::collection::vec((30u64..60, 0u64..400), 1..8), volume in 101u64..300,
        ) {
            let items: Vec<_> = items.iter().map(|(header, size)| Item { header: *header, size: *size }).collect();
            let (spans, parts) = split(&items, &frame(Some(volume))).unwrap();
            for (entry, item) in items.iter().enumerate() {
                let own: Vec<_> = parts.iter().filter(|part| part.entry == entry).collect();
                prop_assert_eq!(own.iter().map(|part| part.len).sum::<u64>(), item.size);
                prop_assert!(own.windows(2).all(|two| two[0].offset + two[0].len == two[1].offset));
                prop_assert!(item.size == 0 || own.iter().all(|part| part.len > 0));
            }
            for (index, span) in spans.iter().enumerate() {
                let own = &parts[span.parts.clone()];
                let mut used = 20;
                for part in own {
                    prop_assert_eq!((part.volume, part.at), (index, used + part.header));
                    used = part.at + part.len;
                }
                prop_assert_eq!(span.size, used + 20);
                prop_assert!(span.size <= volume && !own.is_empty());
                if let Some(next) = parts.get(span.parts.end) {
                    let least = next.header + u64::from(items[next.entry].size > 0);
                    prop_assert!(span.size == volume || (!next.continues && span.size + least > volume));
                }
            }
        }
    }
}
