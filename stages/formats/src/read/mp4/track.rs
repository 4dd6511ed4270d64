//! One track of a movie box: its header, its sample entry and its tables, joined to what it is.
//!
//! Reads the first sample where it lies, since streams tell more about themselves than containers do.

use super::boxes::{Node, first};
use super::entry::{self, Entry, Media};
use super::samples::{Place, Samples};
use super::{language, tags};
use crate::read::Damage;
use crate::read::fields::Fields;
use crate::read::video::codec;
use crate::read::window::Window;
use std::io;

/// What is known of a track.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track {
    pub id: u32,
    pub enabled: bool,
    /// How long it is presented, in the movie's time scale; 0 when the header does not say.
    pub presented: u64,
    /// Units of the track's own time in a second.
    pub scale: u32,
    pub language: Option<String>,
    pub title: Option<String>,
    /// Tracks that hold this one's chapters.
    pub chapters: Vec<u32>,
    pub samples: Samples,
    pub entry: Entry,
}

/// Bytes that are read of a first sample.
const SAMPLE: u64 = 64 << 10;

/// Reads a track box; nothing when it lacks what makes a track.
pub fn read(
    window: &mut Window,
    node: Node,
    quicktime: bool,
    damage: &mut Option<Damage>,
) -> io::Result<Option<Track>> {
    let parts = node.children(window, damage)?;
    let mut track = Track::default();
    if let Some(header) = first(&parts, b"tkhd") {
        track.header(&header.content(window, 104)?);
    }
    if let Some(references) = first(&parts, b"tref") {
        for reference in references.children(window, damage)? {
            if reference.kind == *b"chap" {
                let ids = reference.content(window, 256)?;
                track.chapters = ids.as_chunks::<4>().0.iter().map(|id| u32::from_be_bytes(*id)).collect();
            }
        }
    }
    let Some(media) = first(&parts, b"mdia") else { return Ok(None) };
    let media = media.children(window, damage)?;
    if let Some(header) = first(&media, b"mdhd") {
        track.media_header(&header.content(window, 64)?);
    }
    if let Some(tag) = first(&media, b"elng") {
        let content = tag.content(window, 64)?;
        let text = String::from_utf8_lossy(content.get(4..).unwrap_or_default());
        track.language =
            Some(text.trim_end_matches('\0').to_owned()).filter(|text| !text.is_empty()).or(track.language);
    }
    let Some(handler) = first(&media, b"hdlr") else { return Ok(None) };
    let content = handler.content(window, 512)?;
    let Some(kind) = Fields(content.get(8..).unwrap_or_default()).code() else { return Ok(None) };
    track.title = match first(&parts, b"udta") {
        Some(own) => tags::track_name(window, own, damage)?,
        None => None,
    };
    track.title = track.title.take().or_else(|| name(content.get(24..).unwrap_or_default()));
    let Some(inner) = first(&media, b"minf") else { return Ok(None) };
    let inner = inner.children(window, damage)?;
    let Some(tables) = first(&inner, b"stbl") else { return Ok(None) };
    let tables = tables.children(window, damage)?;
    if let Some(table) = first(&tables, b"stsd") {
        track.entry = entry::read(window, table, kind, quicktime, damage)?;
    }
    let sizes = matches!(&track.entry.media, Media::Audio(audio) if audio.bitrate.is_none());
    track.samples = Samples::read(window, &tables, sizes)?;
    Ok(Some(track))
}

impl Track {
    fn header(&mut self, content: &[u8]) {
        let mut fields = Fields(content);
        let mut parse = || {
            let flags = fields.be32()?;
            let long = flags >> 24 == 1;
            fields.skip(if long { 16 } else { 8 })?;
            let id = fields.be32()?;
            fields.skip(4)?;
            let presented = if long { fields.be64()? } else { fields.be32()?.into() };
            Some((flags & 1 != 0, id, known(presented, long)))
        };
        if let Some((enabled, id, presented)) = parse() {
            (self.enabled, self.id, self.presented) = (enabled, id, presented);
        }
    }

    fn media_header(&mut self, content: &[u8]) {
        let mut fields = Fields(content);
        let mut parse = || {
            let long = fields.byte()? == 1;
            fields.skip(3 + if long { 16 } else { 8 })?;
            let scale = fields.be32()?;
            fields.skip(if long { 8 } else { 4 })?;
            Some((scale, fields.be16()?))
        };
        if let Some((scale, code)) = parse() {
            self.scale = scale;
            self.language = language::of(code);
        }
    }

    /// Completes what the sample entry told with what the codec's configuration and the first sample tell.
    pub fn complete(&mut self, window: &mut Window) -> io::Result<()> {
        let sample = match self.samples.first.filter(|_| !self.entry.encrypted) {
            Some(Place { at, length }) => {
                // A size that is not known is bounded by what is worth reading.
                let length = if length == 0 { SAMPLE } else { length.min(SAMPLE) };
                window.bytes(at, usize::try_from(length).unwrap_or_default())?
            }
            None => Vec::new(),
        };
        let configuration = &self.entry.configuration;
        match &mut self.entry.media {
            Media::Video(video) => {
                let word = video.codec.clone();
                let rate = self.samples.timing.rate(self.scale);
                let (width, height, display) = (video.width.take(), video.height.take(), video.display);
                (video.fps, video.frame_rate_mode) = (rate.map(|rate| rate.0), rate.map(|rate| rate.1));
                video.fill(codec::video_frame(&word, configuration, &sample).unwrap_or_default());
                video.fill(codec::video_configuration(&word, configuration).unwrap_or_default());
                if video.width.is_none() || video.height.is_none() {
                    (video.width, video.height) = (width, height);
                }
                video.display = display.or(video.display);
                // Without a word to the contrary, pictures of this container are whole frames.
                video.scan = video.scan.or(Some("progressive"));
                video.language = self.language.take();
                video.title = self.title.take();
                video.default = Some(self.enabled);
            }
            Media::Audio(audio) => {
                let word = audio.codec.clone();
                if self.entry.configuration.is_empty() && word != "pcm" {
                    let (channels, rate) = (audio.channels.take(), audio.sample_rate.take());
                    let mut told = codec::audio_frame(&word, &sample).unwrap_or_default();
                    if !told.codec.is_empty() {
                        audio.codec = std::mem::take(&mut told.codec);
                    }
                    audio.fill(told);
                    audio.channels = audio.channels.or(channels);
                    audio.sample_rate = audio.sample_rate.or(rate);
                }
                audio.bitrate = audio.bitrate.or(average(&self.samples, self.scale));
                audio.language = self.language.take();
                audio.title = self.title.take();
                audio.default = Some(self.enabled);
            }
            Media::Subtitle(subtitle) => {
                subtitle.language = self.language.take();
                subtitle.title = self.title.take();
                subtitle.default = Some(self.enabled);
            }
            Media::Other => {}
        }
        Ok(())
    }

    /// How long its samples last, in milliseconds.
    pub fn duration_ms(&self) -> Option<u64> {
        milliseconds(self.samples.timing.duration, self.scale)
    }
}

/// A time in milliseconds, rounded; nothing for no time at all.
pub fn milliseconds(time: u64, scale: u32) -> Option<u64> {
    let half = u128::from(scale) / 2;
    let rounded = (u128::from(time) * 1000 + half).checked_div(scale.into())?;
    u64::try_from(rounded).ok().filter(|time| *time > 0)
}

/// A duration, 0 when the field says that it is not known.
pub fn known(duration: u64, long: bool) -> u64 {
    let unknown = if long { u64::MAX } else { u32::MAX.into() };
    if duration == unknown { 0 } else { duration }
}

fn average(samples: &Samples, scale: u32) -> Option<u64> {
    let bits = samples.bytes?.checked_mul(8)?;
    let rate = u128::from(bits) * u128::from(scale) / u128::from(samples.timing.duration.max(1));
    u64::try_from(rate).ok().filter(|rate| *rate > 0 && samples.timing.duration > 0)
}

/// A handler's name, unless it only names the software that wrote it.
fn name(bytes: &[u8]) -> Option<String> {
    const SOFTWARE: [&str; 10] = [
        "handle",
        "core media",
        "apple",
        "mainconcept",
        "gpac",
        "l-smash",
        "bento4",
        "iso media",
        "isomedia",
        "mp4 ",
    ];
    let counted =
        bytes.split_first().filter(|(length, rest)| usize::from(**length) == rest.len() && !rest.is_empty());
    let bytes = counted.map_or(bytes, |(_, rest)| rest);
    let text = String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next()?).trim().to_owned();
    let lower = text.to_lowercase();
    let generic = SOFTWARE.iter().any(|word| lower.contains(word))
        || matches!(
            lower.as_str(),
            "" | "video"
                | "audio"
                | "sound"
                | "subtitle"
                | "subtitles"
                | "text"
                | "stereo"
                | "surround"
                | "mono"
        );
    (!generic && !text.chars().any(char::is_control)).then_some(text)
}
