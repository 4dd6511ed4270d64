//! Reads MPEG transport streams: broadcasts, streams and the M2TS files of Blu-rays and cameras.
//!
//! Takes in the start, until every stream has spoken, and the end, for the last clock; nothing between.

mod kinds;
mod packets;
mod streams;
mod tables;
#[cfg(test)]
mod tests;

use super::pes::elapsed;
use super::video::codec;
use super::video::{Audio, Film, Subtitle, Video};
use super::window::Window;
use super::{Damage, Found, Head, Limits, ReadError, Source};
use kinds::{Kind, Sort};
use packets::{CLOCK_WRAP, Lie};
use std::io;
use streams::{Stream, Streams};

/// Bytes that are read from the start until every stream has spoken, and those at a time.
const START: u64 = 16 << 20;
const STEP: u64 = 512 << 10;
/// Bytes that are read from the end, the first time and when there was no clock in them.
const ENDS: [u64; 2] = [512 << 10, 8 << 20];

/// Claims files in which sync bytes are a packet apart.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    // The sync byte is the letter G: text made of few letters may have it anywhere, but no zero.
    head.bytes.contains(&0) && packets::lie(&head.bytes).is_some()
}

/// Reads streams and the duration.
///
/// # Errors
/// When the source cannot be read, or names no streams.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let mut window = Window::open(source, START + ENDS.iter().sum::<u64>())?;
    let head = window.bytes(0, 4096)?;
    let unreadable = |what: &str| ReadError::Unreadable { format: "mpegts", damage: Damage::of(what) };
    let lie = packets::lie(&head).ok_or_else(|| unreadable("its packets cannot be found"))?;
    let streams = start(&mut window, lie)?;
    if streams.found.is_empty() {
        return Err(unreadable("its start has no table that names its streams (PAT and PMT)"));
    }
    let mut film = Film { encrypted: streams.encrypted, ..Film::default() };
    if let Some(span) = span(&mut window, &streams)? {
        (film.duration_ms, film.bitrate) = (Some(span.ms), span.bitrate());
    }
    for stream in streams.found {
        tell(stream, &mut film);
    }
    let mut found = Found::new("mpegts");
    film.tell(&mut found, window.size(), limits);
    Ok(found)
}

fn start(window: &mut Window, lie: Lie) -> io::Result<Streams> {
    let mut streams = Streams::default();
    let mut lie = lie;
    let mut at = 0;
    while at < START.min(window.size()) && !streams.is_enough() {
        let part = window.bytes(at, usize::try_from(STEP).unwrap_or_default())?;
        for packet in packets::packets(&part, lie) {
            streams.take(&packet, at);
        }
        // The next part begins where the first packet that this one cuts does.
        let whole = part.len().saturating_sub(lie.first) / lie.stride;
        let used = lie.first + whole.max(1) * lie.stride;
        at += used as u64;
        lie.first = 0;
    }
    Ok(streams)
}

/// From the first clock of the first program to the last.
struct Span {
    ms: u64,
    bytes: u64,
}

impl Span {
    fn bitrate(&self) -> Option<u64> {
        self.bytes.checked_mul(8_000)?.checked_div(self.ms)
    }
}

fn span(window: &mut Window, streams: &Streams) -> io::Result<Option<Span>> {
    let named = streams.clock.filter(|pid| streams.clocks.contains_key(pid));
    let Some(pid) = named.or_else(|| streams.clocks.keys().next().copied()) else { return Ok(None) };
    let Some((first, first_at)) = streams.clocks.get(&pid).copied() else { return Ok(None) };
    for length in ENDS {
        let at = window.size().saturating_sub(length);
        let tail = window.bytes(at, usize::try_from(length).unwrap_or_default())?;
        let Some(lie) = packets::lie(&tail) else { continue };
        let clocks = packets::packets(&tail, lie).filter(|packet| packet.pid == pid);
        let last = clocks.filter_map(|packet| Some((packet.clock?, at + packet.at as u64))).last();
        if let Some((last, last_at)) = last {
            let ms = (elapsed(first, last, CLOCK_WRAP) + 13_500) / 27_000;
            let span = Span { ms, bytes: last_at.saturating_sub(first_at) };
            // A clock that was set back looks like a day that hardly any bytes were sent in.
            let slow = last < first && span.bitrate().is_some_and(|rate| rate < 4_000);
            return Ok(Some(span).filter(|span| span.ms > 0 && !slow));
        }
    }
    Ok(None)
}

fn tell(stream: Stream, film: &mut Film) {
    let Stream { kind, content, .. } = stream;
    match kind.sort {
        Sort::Video => {
            let mut video = codec::video_frame(kind.codec, &[], &content).unwrap_or_default();
            video.fill(Video::of(kind.codec));
            video.language = kind.language;
            film.video.push(video);
        }
        Sort::Audio => film.audio.push(sound(kind, &content)),
        Sort::Subtitle => {
            let languages = std::iter::once(kind.language).chain(kind.more.into_iter().map(Some));
            let row = |language| Subtitle { codec: kind.codec.into(), language, ..Subtitle::default() };
            film.subtitles.extend(languages.map(row));
        }
        Sort::Other => {}
    }
}

fn sound(kind: Kind, content: &[u8]) -> Audio {
    let told = match kind.codec {
        "pcm" if kind.bluray_pcm => bluray_pcm(content),
        "aac" if kind.latm => latm(content),
        "opus" => Some(Audio { sample_rate: Some(48_000), ..Audio::of("opus") }),
        word => codec::audio_frame(word, content),
    };
    let mut audio = told.unwrap_or_default();
    audio.fill(Audio { channels: kind.channels, language: kind.language, ..Audio::of(kind.codec) });
    audio
}

/// The four bytes before each frame of sound on a Blu-ray.
fn bluray_pcm(content: &[u8]) -> Option<Audio> {
    let [_, _, shape, bits, ..] = *content else { return None };
    let (channels, layout) = match shape >> 4 {
        1 => (1, "M"),
        3 => (2, "L R"),
        4 => (3, "L R C"),
        5 => (3, "L R Cb"),
        6 => (4, "L R C Cb"),
        7 => (4, "L R Ls Rs"),
        8 => (5, "L R C Ls Rs"),
        9 => (6, "L R C LFE Ls Rs"),
        10 => (7, "L R C Ls Rs Lrs Rrs"),
        11 => (8, "L R C LFE Ls Rs Lrs Rrs"),
        _ => return None,
    };
    let rate = match shape & 0xf {
        1 => 48_000,
        4 => 96_000,
        5 => 192_000,
        _ => return None,
    };
    let bits = match bits >> 6 {
        1 => 16,
        2 => 20,
        3 => 24,
        _ => return None,
    };
    Some(Audio {
        channels: Some(channels),
        layout: Some(layout.to_owned()),
        sample_rate: Some(rate),
        bit_depth: Some(bits),
        bitrate: Some(u64::from(rate) * u64::from(channels) * u64::from(bits)),
        ..Audio::of("pcm")
    })
}

/// The configuration of AAC in the frames of MPEG-4 (LOAS): behind the sync word and 16 bits of the simplest multiplex.
fn latm(content: &[u8]) -> Option<Audio> {
    const CONFIGURATION: usize = 5;
    let at = content.windows(3).position(|part| part[0] == 0x56 && part[1] & 0xe0 == 0xe0)?;
    let frame = content.get(at..)?;
    // The configuration is there, and there is one stream of one layer.
    let simple = frame.get(3)? & 0xc0 == 0 && frame.get(4)? & 0x7f == 0;
    codec::audio_configuration("aac", frame.get(CONFIGURATION..).filter(|_| simple)?)
}
