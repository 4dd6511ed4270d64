//! Reads every byte of a RAR set and says what is wrong with it.
//!
//! One pass, bounded memory, as many volumes at once as the caller says. Checks what no other reader does: the CRC of each volume where
//! there is one, its number, and that all parts of a file tell the same of it. Knows how to unpack nothing: what
//! is compressed or encrypted is named as not checked.

use std::io;
use std::sync::{Mutex, PoisonError};

use blake2s_simd::blake2sp;

use super::super::{Progress, Verdict, Volumes};
use super::headers::{Block, FileHeader, Reading};
use super::members::{Members, Report, SERVICE, check_sums};
use super::scan::{Halt, Listener, Sight, scan};
use super::volume_check::{Seen, check_volumes};

/// Sights that are kept of a volume until the volumes before it are judged. A volume with more is full of small files
/// and is read in its turn.
const MOST_KEPT: usize = 4096;

/// Checks the volumes, given in the order of their names.
pub fn verify(
    reading: &'static Reading,
    volumes: &dyn Volumes,
    progress: &mut Progress<'_>,
) -> io::Result<Verdict> {
    let mut check = Check::default();
    let mut seen = Vec::new();
    let count = volumes.count();
    // The first volume tells whether the others need to wait for each other.
    if count > 0 {
        seen.push(check.in_turn(reading, volumes, 0, progress)?);
    }
    let together = if check.summed_in_order { 1 } else { volumes.at_once().max(1) };
    while seen.len() < count {
        let from = seen.len();
        let to = from.saturating_add(together).min(count);
        let kept: Vec<Slot> = (from..to).map(|_| Slot::default()).collect();
        if together > 1 {
            let shared = Mutex::new(&mut *progress);
            volumes.each(from..to, &|index| {
                let mut passed = |bytes| (shared.lock().unwrap_or_else(PoisonError::into_inner))(bytes);
                let mut listener = Kept::default();
                let scanned = scan(reading, volumes, index, &mut listener, &mut passed);
                if let Some(slot) = kept.get(index - from) {
                    let scanned = scanned.map(|seen| (seen, listener));
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(scanned);
                }
            });
        }
        for (index, slot) in (from..to).zip(kept) {
            seen.push(match slot.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Some(Ok((one, kept))) => {
                    check.report.volume = volumes.name(index).to_owned();
                    kept.0.into_iter().for_each(|sight| check.judge(sight));
                    one
                }
                Some(Err(Halt::Stopped(error))) => return Err(error),
                Some(Err(Halt::Enough)) | None => check.in_turn(reading, volumes, index, progress)?,
            });
        }
    }
    check.members.abandon("the last volume ends in the middle of it", &mut check.report);
    check_volumes(&seen, &mut check.report.verdict);
    Ok(check.report.verdict)
}

/// What was seen of a volume before its turn, once it is read.
type Slot = Mutex<Option<Result<(Seen, Kept), Halt>>>;

/// What is known of the volumes up to here.
#[derive(Default)]
struct Check {
    report: Report,
    members: Members,
    /// Files say a BLAKE2sp, which runs over the parts of a file in their order.
    summed_in_order: bool,
}

impl Check {
    /// Reads a volume after all volumes before it.
    fn in_turn(
        &mut self,
        reading: &'static Reading,
        volumes: &dyn Volumes,
        index: usize,
        progress: &mut Progress<'_>,
    ) -> io::Result<Seen> {
        self.report.volume = volumes.name(index).to_owned();
        match scan(reading, volumes, index, self, progress) {
            Ok(seen) => Ok(seen),
            Err(Halt::Stopped(error)) => Err(error),
            Err(Halt::Enough) => Err(io::Error::other("the scan of a volume ended early")),
        }
    }

    fn judge(&mut self, sight: Sight) {
        match sight {
            Sight::Fault(code, message, at) => self.report.fault(code, message, at),
            Sight::Hidden => self.report.verdict.unchecked(&self.report.volume, "its headers are encrypted"),
            Sight::Part(part) => match *part {
                (Block::File(file), content) => self.members.part(&file, content, &mut self.report),
                (Block::Service(service), content) if service.altered.is_none() => {
                    let at = Some(content.at);
                    check_sums(&SERVICE, &service, content.crc32, content.hash, at, &mut self.report);
                }
                _ => {}
            },
        }
    }
}

impl Listener for Check {
    fn running(&mut self, file: &FileHeader) -> Result<Option<blake2sp::State>, Halt> {
        self.summed_in_order |= file.blake2sp.is_some();
        Ok(self.members.running(file))
    }

    fn take(&mut self, sight: Sight) -> Result<(), Halt> {
        self.judge(sight);
        Ok(())
    }
}

/// What was seen in a volume that is read before its turn.
#[derive(Default)]
struct Kept(Vec<Sight>);

impl Listener for Kept {
    fn running(&mut self, file: &FileHeader) -> Result<Option<blake2sp::State>, Halt> {
        if file.blake2sp.is_none() { Ok(None) } else { Err(Halt::Enough) }
    }

    fn take(&mut self, sight: Sight) -> Result<(), Halt> {
        if self.0.len() == MOST_KEPT {
            return Err(Halt::Enough);
        }
        self.0.push(sight);
        Ok(())
    }
}
