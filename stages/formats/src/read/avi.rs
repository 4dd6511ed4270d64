//! Reads AVI, also those longer than one RIFF chunk can hold (OpenDML).
//!
//! Takes in headers and the first chunk of each stream; the film itself is stepped over.

mod chunks;
mod stream;
#[cfg(test)]
mod tests;

use super::fields::Fields;
use super::video::Film;
use super::window::Window;
use super::{Damage, Found, Head, Limits, ReadError, Source, facts};
use chunks::{Chunk, chunk};
use std::collections::BTreeMap;
use std::io;
use stream::{Stream, Track};

/// Bytes that may be read of one file.
const BUDGET: u64 = 16 << 20;

/// Claims RIFF files whose form is AVI.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    head.bytes.starts_with(b"RIFF") && matches!(head.bytes.get(8..12), Some(b"AVI " | b"AVI\x19" | b"AVIX"))
}

/// Reads streams, durations and tags.
///
/// # Errors
/// When the source cannot be read, or has no headers.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut window = Window::open(source, BUDGET)?;
    let mut reading = Reading::default();
    reading.file(&mut window)?;
    if reading.streams.is_empty() {
        let damage = reading.damage.unwrap_or_else(|| Damage::of("it has no headers of streams (`hdrl`)"));
        return Err(ReadError::Unreadable { format: "avi", damage });
    }
    let mut found = Found::new("avi");
    let size = window.size();
    let tags = std::mem::take(&mut reading.tags);
    let damage = reading.damage.take();
    reading.film(&tags).tell(&mut found, size, limits);
    let tag = |name: &[u8; 4]| tags.get(name).map(String::as_str);
    found.set_list("authors", tag(b"IART"), limits);
    found.set_list("subjects", tag(b"IGNR"), limits);
    for (name, text) in [("description", tag(b"ISBJ").or(tag(b"ICMT"))), ("rights", tag(b"ICOP"))] {
        if let Some(text) = text {
            found.set_lines(name, text, limits);
        }
    }
    if let Some(damage) = damage {
        found.damaged(damage);
    }
    Ok(found)
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    streams: Vec<Stream>,
    tags: BTreeMap<[u8; 4], String>,
    /// Frames of the whole, where several RIFF chunks follow each other.
    frames: Option<u32>,
    /// Microseconds a frame in the main header.
    frame_us: u32,
    damage: Option<Damage>,
}

impl Reading {
    fn file(&mut self, window: &mut Window) -> io::Result<()> {
        /// Streams that are described; real files have a few.
        const STREAMS: usize = 100;
        let end = window.size();
        let Some(riff) = chunk(window, 0, end, &mut self.damage)? else { return Ok(()) };
        let mut films = Vec::new();
        for part in riff.children(window, &mut self.damage)? {
            match &part.list {
                b"hdrl" => {
                    for inner in part.children(window, &mut self.damage)? {
                        match (&inner.kind, &inner.list) {
                            (_, b"strl") if self.streams.len() < STREAMS => {
                                let stream = stream::read(window, inner, &mut self.damage)?;
                                self.streams.push(stream);
                            }
                            (_, b"odml") => self.frames = open_dml(window, inner)?,
                            (_, b"INFO") => self.information(window, inner)?,
                            (b"avih", _) => {
                                let content = inner.content(window, 4)?;
                                self.frame_us = Fields(&content).le32().unwrap_or(0);
                            }
                            _ => {}
                        }
                    }
                }
                b"INFO" => self.information(window, part)?,
                b"movi" => films.push(part),
                _ => {}
            }
        }
        match films.first() {
            Some(film) => self.samples(window, *film),
            None => Ok(()),
        }
    }

    fn information(&mut self, window: &mut Window, list: Chunk) -> io::Result<()> {
        for tag in list.children(window, &mut self.damage)?.into_iter().take(200) {
            if let Some(text) = text(&tag.content(window, 4096)?) {
                self.tags.entry(tag.kind).or_insert(text);
            }
        }
        Ok(())
    }

    /// Takes the first data of each stream, from the start of the film.
    fn samples(&mut self, window: &mut Window, film: Chunk) -> io::Result<()> {
        const CHUNKS: usize = 2000;
        const ENOUGH: usize = 64 << 10;
        /// One frame of sound is not always whole in one chunk.
        const SOUND: usize = 16 << 10;
        let mut at = film.body;
        for _ in 0..CHUNKS {
            // A film that ends early was reported by its own chunk.
            let Some(part) = chunk(window, at, film.end, &mut Some(Damage::of("")))? else { break };
            if part.list == *b"rec " {
                at = part.body;
                continue;
            }
            at = part.next;
            let [tens, ones, kind @ ..] = part.kind;
            let (Some(tens), Some(ones)) = (char::from(tens).to_digit(10), char::from(ones).to_digit(10))
            else {
                continue;
            };
            let is_sound = &kind == b"wb";
            let Some(stream) = self.streams.get_mut(tens as usize * 10 + ones as usize) else { continue };
            let wanted = if is_sound { SOUND } else { ENOUGH };
            if stream.sample.is_empty() || (is_sound && stream.sample.len() < SOUND) {
                stream.sample.extend(part.content(window, wanted as u64)?);
            }
            let done = |stream: &Stream| {
                !stream.sample.is_empty() && (stream.is_video() || stream.sample.len() >= SOUND)
            };
            if self.streams.iter().all(done) {
                break;
            }
        }
        Ok(())
    }

    fn film(self, tags: &BTreeMap<[u8; 4], String>) -> Film {
        let tag = |name: &[u8; 4]| tags.get(name).cloned();
        let mut film = Film {
            title: tag(b"INAM"),
            writing_app: tag(b"ISFT"),
            date: tag(b"ICRD").filter(|text| facts::date(text).is_some()),
            ..Film::default()
        };
        let frames = self.frames.unwrap_or(0);
        let frame_us = self.frame_us;
        for stream in self.streams {
            let length = if stream.is_video() { stream.length.max(frames) } else { stream.length };
            film.duration_ms = film.duration_ms.max(stream.duration_ms(length));
            match stream.track() {
                Some(Track::Video(mut video)) => {
                    let by_header = (frame_us > 0).then(|| 1e6 / f64::from(frame_us));
                    video.fps = video.fps.or(by_header);
                    film.video.push(video);
                }
                Some(Track::Audio(mut audio)) => {
                    const SPOKEN: [&[u8; 4]; 9] =
                        [b"IAS1", b"IAS2", b"IAS3", b"IAS4", b"IAS5", b"IAS6", b"IAS7", b"IAS8", b"IAS9"];
                    audio.language = SPOKEN.get(film.audio.len()).and_then(|name| tag(name));
                    if film.audio.is_empty() {
                        audio.language = audio.language.or(tag(b"ILNG"));
                    }
                    film.audio.push(audio);
                }
                Some(Track::Subtitle(subtitle)) => film.subtitles.push(subtitle),
                None => {}
            }
        }
        film
    }
}

/// The number of frames in the extended header.
fn open_dml(window: &mut Window, list: Chunk) -> io::Result<Option<u32>> {
    let mut unused = None;
    let header = list.children(window, &mut unused)?.into_iter().find(|chunk| chunk.kind == *b"dmlh");
    Ok(match header {
        Some(header) => Fields(&header.content(window, 4)?).le32().filter(|frames| *frames > 0),
        None => None,
    })
}

/// A text in UTF-8 or in Windows' Western code page, up to its first zero.
fn text(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.split(|byte| *byte == 0).next()?;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
