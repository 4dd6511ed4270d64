//! One stream of an AVI: its header, its format and its first chunk, joined to a track.
//!
//! Knows Windows' structures; what streams say themselves, the codecs know.

use super::chunks::Chunk;
use crate::read::Damage;
use crate::read::fields::Fields;
use crate::read::video::codec;
use crate::read::video::{Audio, Subtitle, Video};
use crate::read::window::Window;
use std::borrow::Cow;
use std::io;

/// What is known of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stream {
    kind: [u8; 4],
    handler: [u8; 4],
    scale: u32,
    rate: u32,
    pub length: u32,
    format: Vec<u8>,
    pub name: Option<String>,
    /// The start of its first chunk of data.
    pub sample: Vec<u8>,
}

/// What a stream is.
pub enum Track {
    Video(Video),
    Audio(Audio),
    Subtitle(Subtitle),
}

/// Reads a stream's list of headers.
pub fn read(window: &mut Window, list: Chunk, damage: &mut Option<Damage>) -> io::Result<Stream> {
    const FORMAT: u64 = 64 << 10;
    let mut stream = Stream::default();
    for chunk in list.children(window, damage)? {
        match &chunk.kind {
            b"strh" => stream.header(&chunk.content(window, 56)?),
            b"strf" => stream.format = chunk.content(window, FORMAT)?,
            b"strn" => stream.name = super::text(&chunk.content(window, 1024)?),
            _ => {}
        }
    }
    Ok(stream)
}

impl Stream {
    fn header(&mut self, content: &[u8]) {
        let mut fields = Fields(content);
        let mut parse = || {
            let (kind, handler) = (fields.code()?, fields.code()?);
            fields.skip(12)?;
            let (scale, rate) = (fields.le32()?, fields.le32()?);
            fields.skip(4)?;
            Some((kind, handler, scale, rate, fields.le32()?))
        };
        if let Some((kind, handler, scale, rate, length)) = parse() {
            (self.kind, self.handler, self.scale, self.rate, self.length) =
                (kind, handler, scale, rate, length);
        }
    }

    pub fn is_video(&self) -> bool {
        matches!(&self.kind, b"vids" | b"iavs")
    }

    /// How long `length` of its units last, in milliseconds.
    pub fn duration_ms(&self, length: u32) -> Option<u64> {
        let time = u128::from(length) * u128::from(self.scale) * 1000;
        let rounded = (time + u128::from(self.rate) / 2).checked_div(self.rate.into())?;
        // Longer than 100 days is a header that was never completed.
        u64::try_from(rounded).ok().filter(|time| (1..8_640_000_000).contains(time))
    }

    /// The track that it is.
    pub fn track(self) -> Option<Track> {
        match &self.kind {
            b"vids" | b"iavs" => Some(self.picture()),
            b"auds" => Some(Track::Audio(self.sound())),
            b"txts" => {
                let codec = Cow::Borrowed(if self.sample.windows(4).any(|part| part == b"[Scr") {
                    "ssa"
                } else {
                    "subrip"
                });
                Some(Track::Subtitle(Subtitle { codec, title: self.name, ..Subtitle::default() }))
            }
            _ => None,
        }
    }

    fn picture(self) -> Track {
        const HEADER: usize = 40;
        let mut fields = Fields(&self.format);
        let mut parse = || {
            fields.skip(4)?;
            let (width, height) = (fields.le32()?, fields.le32()?);
            fields.skip(2)?;
            let depth = fields.le16()?;
            // A height below zero says that lines go from top to bottom.
            Some((width, height.cast_signed().unsigned_abs(), depth, fields.code()?))
        };
        let (width, height, depth, code) = parse().unwrap_or_default();
        if matches!(&code, b"DXSB" | b"DXSA") {
            return Track::Subtitle(Subtitle {
                codec: "xsub".into(),
                title: self.name,
                ..Subtitle::default()
            });
        }
        let raw = code == [0; 4] || code.iter().all(|byte| *byte < 4);
        let known = codec::video_fourcc(code).or_else(|| codec::video_fourcc(self.handler));
        let word: Cow<'static, str> = match known {
            Some(word) => word.into(),
            None if &self.kind == b"iavs" => "dv".into(),
            None if raw => "raw".into(),
            None => plain(code).into(),
        };
        let extra = self.format.get(HEADER..).unwrap_or_default();
        let mut video = Video { codec: word.clone(), title: self.name, ..Video::default() };
        if self.scale > 0 && self.rate > 0 {
            video.fps = Some(f64::from(self.rate) / f64::from(self.scale));
        }
        video.fill(codec::video_frame(&word, extra, &self.sample).unwrap_or_default());
        video.fill(codec::video_configuration(&word, extra).unwrap_or_default());
        let size = (width > 0 && height > 0).then_some((width, height));
        video.fill(Video {
            width: size.map(|size| size.0),
            height: size.map(|size| size.1),
            ..Video::default()
        });
        if video.bit_depth.is_none() && raw && matches!(depth, 24 | 32) {
            video.bit_depth = Some(8);
        }
        // Without a word to the contrary, pictures of this container are whole frames.
        video.scan = video.scan.or(Some("progressive"));
        Track::Video(video)
    }

    fn sound(self) -> Audio {
        const EXTENSIBLE: u16 = 0xfffe;
        let mut fields = Fields(&self.format);
        let mut parse = || {
            let (tag, channels, rate, bytes) =
                (fields.le16()?, fields.le16()?, fields.le32()?, fields.le32()?);
            fields.skip(2)?;
            let bits = fields.le16().unwrap_or(0);
            let inner = fields.skip(2 + 2 + 4).and_then(|()| fields.le16());
            let tag = if tag == EXTENSIBLE { inner.unwrap_or(tag) } else { tag };
            Some((tag, channels, rate, bytes, bits))
        };
        let (tag, channels, rate, bytes, bits) = parse().unwrap_or_default();
        let word = codec::audio_tag(tag);
        let mut audio = Audio {
            codec: word.map_or_else(|| format!("0x{tag:04x}"), str::to_owned).into(),
            ..Audio::default()
        };
        audio.bitrate = Some(u64::from(bytes) * 8).filter(|rate| *rate > 0);
        if word == Some("pcm") {
            audio.bit_depth = Some(u32::from(bits)).filter(|bits| *bits > 0);
        } else if let Some(mut told) = codec::audio_frame(&audio.codec, &self.sample) {
            if !told.codec.is_empty() {
                audio.codec = std::mem::take(&mut told.codec);
            }
            // A frame's rate is that of the whole only when later ones have it too.
            let later = |part: usize| {
                let rest = self.sample.get(self.sample.len() / 4 * part..)?;
                codec::audio_frame(&audio.codec, rest)?.bitrate
            };
            told.bitrate = told
                .bitrate
                .filter(|rate| (1..=3).all(|part| later(part).is_none_or(|other| other == *rate)));
            audio.fill(told);
        }
        let extra = self.format.get(18..).unwrap_or_default();
        audio.fill(codec::audio_configuration(&audio.codec, extra).unwrap_or_default());
        let plainly = Audio {
            channels: Some(u32::from(channels)).filter(|channels| *channels > 0),
            sample_rate: (rate > 0).then_some(rate),
            ..Audio::default()
        };
        audio.fill(plainly);
        audio.title = self.name;
        audio
    }
}

/// A code in lower case, with nothing in it but letters and digits.
fn plain(code: [u8; 4]) -> String {
    String::from_utf8_lossy(&code).to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
}
