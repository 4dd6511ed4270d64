//! The streams of a transport stream while its packets pass: tables, the start of each stream, the clock.
//!
//! Keeps a bounded piece of each stream, enough for its codec to speak.

use super::kinds::{self, Kind, Sort};
use super::packets::Packet;
use super::tables::{self, Section};
use crate::read::pes;
use crate::read::video::codec;
use std::collections::BTreeMap;

/// What was gathered from packets.
#[derive(Default)]
pub struct Streams {
    sections: BTreeMap<u16, Section>,
    maps: Vec<u16>,
    /// Streams in the order of their programs' tables.
    pub found: Vec<Stream>,
    by_pid: BTreeMap<u16, usize>,
    /// The clock of the first program.
    pub clock: Option<u16>,
    /// The first clock of each packet identifier, and where in the file it is.
    pub clocks: BTreeMap<u16, (u64, u64)>,
    known: Vec<u16>,
    pub encrypted: bool,
}

/// One stream.
#[derive(Debug, Default)]
pub struct Stream {
    pub kind: Kind,
    /// What it carries, from where a packet of it begins.
    pub content: Vec<u8>,
    started: bool,
    /// Packets that began since its content told the size of its pictures.
    telling: usize,
}

/// Bytes of a stream that are kept.
const PICTURES: usize = 1 << 20;
const SOUND: usize = 16 << 10;
/// Pictures that tell whether they are interlaced.
const ENOUGH: usize = 4;
/// Programs and streams that are followed.
const MOST: usize = 500;

impl Streams {
    /// Takes in a packet of a part that begins here in the file.
    pub fn take(&mut self, packet: &Packet, part: u64) {
        if let Some(clock) = packet.clock
            && self.clocks.len() < MOST
        {
            self.clocks.entry(packet.pid).or_insert((clock, part + packet.at as u64));
        }
        if packet.pid == 0 {
            let section = self.sections.entry(0).or_default().add(packet.payload, packet.starts);
            for entry in section.and_then(|section| tables::programs(&section)).unwrap_or_default() {
                if !self.maps.contains(&entry.pid) && self.maps.len() < MOST {
                    self.maps.push(entry.pid);
                }
            }
        } else if self.maps.contains(&packet.pid) {
            let section = self.sections.entry(packet.pid).or_default().add(packet.payload, packet.starts);
            if let Some(section) = section {
                self.program(&section);
            }
        } else if let Some(stream) = self.by_pid.get(&packet.pid).and_then(|index| self.found.get_mut(*index))
        {
            self.encrypted |= packet.scrambled;
            if !packet.scrambled {
                stream.take(packet);
            }
        }
    }

    fn program(&mut self, section: &[u8]) {
        let Some(program) = tables::program(section).filter(|program| !self.known.contains(&program.number))
        else {
            return;
        };
        if self.known.len() >= MOST {
            return;
        }
        self.known.push(program.number);
        self.clock.get_or_insert(program.clock);
        let bluray = kinds::is_bluray(program.descriptors);
        for row in &program.streams {
            if self.found.len() < MOST && !self.by_pid.contains_key(&row.pid) {
                self.by_pid.insert(row.pid, self.found.len());
                let kind = kinds::of(row, bluray);
                self.found.push(Stream { kind, ..Stream::default() });
            }
        }
    }

    /// Whether every program told its streams and every stream gave enough.
    pub fn is_enough(&self) -> bool {
        !self.maps.is_empty()
            && self.known.len() >= self.maps.len()
            && self.found.iter().all(Stream::is_enough)
    }
}

impl Stream {
    fn take(&mut self, packet: &Packet) {
        if self.is_enough() {
            return;
        }
        let mut payload = packet.payload;
        if packet.starts {
            let Some(header) = pes::packet(payload) else { return };
            payload = payload.get(header.content..).unwrap_or_default();
            self.begin();
            if self.is_enough() {
                return;
            }
        }
        if self.started && self.content.len() < PICTURES {
            self.content.extend_from_slice(payload);
        }
    }

    /// A packet begins. A recording often starts amid pictures that tell nothing; they are dropped.
    fn begin(&mut self) {
        self.started = true;
        let told = || {
            let silent =
                !matches!(self.kind.codec, "h264" | "hevc" | "mpeg1" | "mpeg2" | "mpeg4asp" | "vc-1");
            silent
                || codec::video_frame(self.kind.codec, &[], &self.content)
                    .is_some_and(|video| video.width.is_some())
        };
        if self.kind.sort != Sort::Video || self.content.is_empty() {
            return;
        }
        if self.telling > 0 || told() {
            self.telling += 1;
        } else {
            self.content.clear();
        }
    }

    fn is_enough(&self) -> bool {
        match self.kind.sort {
            Sort::Video => self.telling >= ENOUGH,
            // Blu-ray's PCM says what it is in its first bytes.
            Sort::Audio if self.kind.bluray_pcm => !self.content.is_empty(),
            Sort::Audio => self.content.len() >= SOUND,
            Sort::Subtitle | Sort::Other => true,
        }
    }
}
