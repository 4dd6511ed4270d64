//! The streams of a program stream: their first bytes, and the times at which they begin and end.
//!
//! Knows how DVDs number the streams that MPEG leaves to others.

use crate::read::pes::{self, Packet, WRAP, elapsed};
use crate::read::video::codec;
use crate::read::video::{Audio, Film, Subtitle, Video};
use std::collections::BTreeMap;

/// What was gathered, by the stream's number: for private streams the second byte is theirs.
#[derive(Default)]
pub struct Streams {
    found: BTreeMap<(u8, u8), Stream>,
    pub encrypted: bool,
}

#[derive(Default)]
struct Stream {
    content: Vec<u8>,
    first: Option<u64>,
    last: Option<u64>,
    /// Bytes from the packet with the last time on.
    rest: u64,
}

/// Bytes of a stream that are kept.
const PICTURES: usize = 1 << 20;
const SOUND: usize = 16 << 10;
/// The stream that DVDs number their own in.
const PRIVATE: u8 = 0xbd;

impl Streams {
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Takes in the start of a file.
    pub fn start(&mut self, bytes: &[u8]) {
        packets(bytes, |packet, content| {
            self.encrypted |= packet.scrambled;
            let Some((key, content)) = named(&packet, content) else { return };
            let stream = self.found.entry(key).or_default();
            // Pictures are shown in another order than they are sent in, so the first time is the least.
            stream.first = stream
                .first
                .map_or(packet.time, |first| Some(packet.time.map_or(first, |time| first.min(time))));
            let most = if matches!(key.0, 0xe0..=0xef | 0xfd) { PICTURES } else { SOUND };
            if stream.content.len() < most && !packet.scrambled {
                stream.content.extend_from_slice(content);
            }
        });
    }

    /// Takes in the end of a file, for its times.
    pub fn end(&mut self, bytes: &[u8]) {
        packets(bytes, |packet, content| {
            let Some((key, content)) = named(&packet, content) else { return };
            let Some(stream) = self.found.get_mut(&key) else { return };
            if packet.time.is_some() && packet.time >= stream.last {
                (stream.last, stream.rest) = (packet.time, 0);
            }
            stream.rest += content.len() as u64;
        });
    }

    /// Adds the streams to a film of `size` bytes, and how long the longest of them is.
    pub fn tell(self, film: &mut Film, size: u64) {
        for ((kind, own), stream) in self.found {
            let lasts = stream.lasts(size);
            let frame = match (kind, own) {
                (0xe0..=0xef | 0xfd, _) => {
                    let video = picture(kind, &stream.content);
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "at most 1000"
                    )]
                    let frame =
                        video.fps.filter(|fps| *fps > 1.0).map_or(0, |fps| (1000.0 / fps).round() as u64);
                    film.video.push(video);
                    frame
                }
                (PRIVATE, 0x20..=0x3f) => {
                    film.subtitles.push(Subtitle { codec: "vobsub".into(), ..Subtitle::default() });
                    continue;
                }
                _ => {
                    let audio = sound(kind, own, &stream.content);
                    // The last packet of sound holds several frames.
                    let rest = audio.bitrate.and_then(|rate| (stream.rest * 8_000).checked_div(rate));
                    film.audio.push(audio);
                    rest.unwrap_or(0).min(1000)
                }
            };
            film.duration_ms = film.duration_ms.max(lasts.map(|ms| ms + frame));
        }
    }
}

impl Stream {
    fn lasts(&self, size: u64) -> Option<u64> {
        let (first, last) = (self.first?, self.last?);
        let ms = elapsed(first, last, WRAP) / 90;
        // A clock that was set back looks like a day that hardly any bytes were sent in.
        let slow =
            last < first && size.saturating_mul(8_000).checked_div(ms).is_some_and(|rate| rate < 4_000);
        Some(ms).filter(|ms| *ms > 0 && !slow)
    }
}

/// Calls for every packet in a part of a file, from the first start code on.
fn packets(bytes: &[u8], mut take: impl FnMut(Packet, &[u8])) {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= 6) {
        let packet = match rest {
            [0, 0, 1, 0xba..=0xff, ..] => pes::packet(rest),
            _ => None,
        };
        match (rest.get(3), packet) {
            // A pack's own header has no length; what follows is found by its start code.
            (Some(0xba), Some(_)) => at += 12,
            (_, Some(packet)) => {
                let end = packet.end.unwrap_or(rest.len()).min(rest.len());
                if let Some(content) = rest.get(packet.content.min(end)..end) {
                    take(packet, content);
                }
                at += end.max(4);
            }
            _ => at += 1,
        }
    }
}

/// A packet's stream, and its content without what DVDs put before it.
fn named<'a>(packet: &Packet, content: &'a [u8]) -> Option<((u8, u8), &'a [u8])> {
    match packet.stream {
        0xc0..=0xdf | 0xe0..=0xef | 0xfd => Some(((packet.stream, 0), content)),
        PRIVATE => {
            // Its number, how many frames begin, and where the first does.
            let (number, rest) = content.split_first()?;
            match number {
                0x80..=0x8f | 0x98..=0x9f | 0xc0..=0xcf => Some(((PRIVATE, *number), rest.get(3..)?)),
                0xa0..=0xaf => Some(((PRIVATE, *number), rest.get(3..)?)),
                0x20..=0x3f => Some(((PRIVATE, *number), rest)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn picture(kind: u8, content: &[u8]) -> Video {
    let words: &[&'static str] =
        if kind == 0xfd { &["vc-1"] } else { &["mpeg2", "h264", "hevc", "mpeg4asp"] };
    let told = words.iter().find_map(|word| {
        let video = codec::video_frame(word, &[], content)?;
        video.width.is_some().then_some((*word, video))
    });
    let (word, mut video) = told.unwrap_or_default();
    video.fill(Video::of(word));
    video
}

fn sound(kind: u8, own: u8, content: &[u8]) -> Audio {
    let word = match (kind, own) {
        (PRIVATE, 0x80..=0x87) => "ac3",
        (PRIVATE, 0xc0..=0xcf) => "eac3",
        (PRIVATE, 0x88..=0x8f | 0x98..=0x9f) => "dts",
        (PRIVATE, _) => return dvd_pcm(content).unwrap_or_else(|| Audio::of("pcm")),
        _ => "mp2",
    };
    let mut audio = codec::audio_frame(word, content).unwrap_or_default();
    if audio.channels.is_none() && kind != PRIVATE {
        audio = codec::audio_frame("aac", content).unwrap_or_default();
    }
    audio.fill(Audio::of(word));
    audio
}

/// The three bytes before the samples of a DVD's PCM.
fn dvd_pcm(content: &[u8]) -> Option<Audio> {
    let shape = *content.get(1)?;
    let bit_depth = match shape >> 6 {
        0 => 16,
        1 => 20,
        2 => 24,
        _ => return None,
    };
    let sample_rate = *[48_000, 96_000, 44_100, 32_000].get(usize::from(shape >> 4 & 3))?;
    let channels = u32::from(shape & 7) + 1;
    Some(Audio {
        channels: Some(channels),
        layout: codec::layout(channels).map(str::to_owned),
        sample_rate: Some(sample_rate),
        bit_depth: Some(bit_depth),
        bitrate: Some(u64::from(channels) * u64::from(sample_rate) * u64::from(bit_depth)),
        ..Audio::of("pcm")
    })
}
