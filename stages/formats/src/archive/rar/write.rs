//! Writes a volume front to back, in bounded memory.
//!
//! A file header carries the checksum of the bytes behind it, and this writer cannot go back. So the parts of a volume
//! are read twice: once for their checksums, then to copy them; the second reading mostly meets the system's cache,
//! since a volume is small beside it. A file that changes in between is found out, for the copy is digested too.
//! A writer with positioned output needs one reading: copy the parts to [`Part::at`], then put the pieces of
//! [`seal`] around them.
//!
//! [`Part::at`]: super::super::split::Part::at

use std::io::{self, Write};

use super::super::split::Part;
use super::super::{CHUNK, Progress};
use super::{Dialect, Error, Layout, Sums, seal};

/// A volume that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeDone {
    /// Bytes written, as the layout said.
    pub size: u64,
    /// CRC-32 of the complete volume.
    pub crc32: u32,
    /// Entries that ended in this volume, with the CRC-32 of the whole file.
    pub ended: Vec<(usize, u32)>,
}

/// Reads bytes of an entry: its index, the offset in it, and room that must be filled.
pub type Source<'a> = dyn FnMut(usize, u64, &mut [u8]) -> io::Result<()> + 'a;

/// Writes one volume. Volumes are written in order: `sums` carries what a split file's last header needs from
/// earlier ones. `progress` hears of the bytes of files written, and of none while they are read for their checksum.
pub fn write_volume<D: Dialect>(
    layout: &Layout<D>,
    index: usize,
    sums: &mut D::Sums,
    source: &mut Source<'_>,
    out: &mut dyn Write,
    progress: &mut Progress<'_>,
) -> Result<VolumeDone, Error> {
    let volume = layout.volume(index)?;
    for (number, part) in layout.parts_of(volume) {
        sums.begin(number, part)?;
        let crc32 = pass(layout, part, source, &mut |bytes| {
            sums.update(bytes);
            progress(0).map_err(Error::Stopped)
        })?;
        sums.finish(number, part, crc32);
    }
    let sealed = seal(layout, index, sums)?;
    let mut pieces = sealed.pieces.iter();
    let mut write_piece = |out: &mut dyn Write| match pieces.next() {
        Some((_, bytes)) => out.write_all(bytes).map_err(Error::Write),
        None => Ok(()),
    };
    write_piece(out)?;
    for (number, part) in layout.parts_of(volume) {
        write_piece(out)?;
        let copied = pass(layout, part, source, &mut |bytes| {
            out.write_all(bytes).map_err(Error::Write)?;
            progress(bytes.len() as u64).map_err(Error::Stopped)
        })?;
        if copied != sums.crcs().get(number)? {
            return Err(Error::SourceChanged(entry_name(layout, part)));
        }
    }
    write_piece(out)?;
    let ended = layout.parts_of(volume).filter(|(_, part)| !part.continued);
    let ended: Result<_, Error> =
        ended.map(|(number, part)| Ok((part.entry, sums.crcs().whole_file(layout, number)?))).collect();
    Ok(VolumeDone { size: volume.size, crc32: sealed.crc32, ended: ended? })
}

/// Reads a part once, gives each chunk to `chunk`, and returns the CRC-32 of all.
fn pass<D: Dialect>(
    layout: &Layout<D>,
    part: &Part,
    source: &mut Source<'_>,
    chunk: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<u32, Error> {
    let mut crc = crc32fast::Hasher::new();
    let mut buffer = vec![0; part.len.min(CHUNK) as usize];
    let mut done = 0;
    while done < part.len {
        let wanted = (part.len - done).min(CHUNK) as usize;
        let room = buffer.get_mut(..wanted).unwrap_or_default();
        source(part.entry, part.offset + done, room)
            .map_err(|source| Error::Read { name: entry_name(layout, part), source })?;
        crc.update(room);
        chunk(room)?;
        done += wanted as u64;
    }
    Ok(crc.finalize())
}

fn entry_name<D: Dialect>(layout: &Layout<D>, part: &Part) -> String {
    layout.entries().get(part.entry).map(|entry| entry.name.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::dos_time::DosTime;
    use super::super::super::rar4::{Entry, Options, PartCrcs};
    use super::*;

    fn layout() -> Layout<Options> {
        let options = Options { volume: Some(200), ..Options::default() };
        Layout::new(vec![Entry::file("a", 300, DosTime::EARLIEST)], "x", options).unwrap()
    }

    fn write(source: &mut Source<'_>, progress: &mut Progress<'_>) -> Result<Vec<Vec<u8>>, Error> {
        let layout = layout();
        let mut crcs = PartCrcs::new(&layout);
        let volume = |index| {
            let mut out = Vec::new();
            let done = write_volume(&layout, index, &mut crcs, source, &mut out, progress)?;
            assert_eq!((done.size, done.crc32), (out.len() as u64, crc32fast::hash(&out)));
            Ok(out)
        };
        (0..layout.volumes().len()).map(volume).collect()
    }

    #[test]
    fn tells_how_many_bytes_of_files_were_written() {
        let mut told = 0;
        let volumes = write(
            &mut |_, offset, room| {
                room.fill(offset as u8);
                Ok(())
            },
            &mut |bytes| {
                told += bytes;
                Ok(())
            },
        );
        assert_eq!((volumes.unwrap().len(), told), (3, 300));
    }

    #[test]
    fn a_source_that_changes_between_readings_is_found_out() {
        let mut reading = 0;
        let error = write(
            &mut |_, _, room| {
                reading += 1;
                room.fill(reading);
                Ok(())
            },
            &mut |_| Ok(()),
        );
        assert_eq!(error.unwrap_err().to_string(), "`a` changed while it was packed");
    }

    #[test]
    fn the_watcher_and_the_source_can_end_it() {
        let stop = || io::Error::other("enough");
        let error = write(&mut |_, _, _| Ok(()), &mut |_| Err(stop())).unwrap_err();
        assert_eq!(error.to_string(), "stopped: enough");
        let error = write(&mut |_, _, _| Err(stop()), &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "cannot read `a`: enough");
    }
}
