//! A track entry: what the container says, completed by the codec's private bytes.
//!
//! Reads no frames.

use super::ebml::{child, children, float, text, unsigned};
use super::encoding::Encoding;
use super::{ids, words};
use crate::read::video::{Audio, Subtitle, Video, codec};

/// One track.
#[derive(Debug, Clone, Default)]
pub struct Track {
    /// The number by which blocks name it.
    pub number: u64,
    /// The identifier by which tags name it.
    pub uid: u64,
    /// The codec's private bytes proper.
    pub private: Vec<u8>,
    /// How frames are packed.
    pub encoding: Encoding,
    /// Nanoseconds of a frame.
    pub frame_duration: Option<u64>,
    /// What it shows or plays.
    pub content: Content,
}

/// What a track shows or plays.
#[derive(Debug, Clone, Default)]
pub enum Content {
    /// Pictures, and what the container alone says of them, which frames may know better.
    Video(Video, Video),
    /// Sound, likewise.
    Audio(Audio, Audio),
    /// Subtitles.
    Subtitle(Subtitle),
    /// Menus, buttons and what else nobody asks for.
    #[default]
    Other,
}

impl Track {
    /// Reads a track entry.
    pub fn read(entry: &[u8]) -> Self {
        const VIDEO: u64 = 1;
        const AUDIO: u64 = 2;
        const SUBTITLE: u64 = 17;
        let number = |id| child(entry, id).and_then(unsigned);
        let encoding = child(entry, ids::CONTENT_ENCODINGS).map(Encoding::read).unwrap_or_default();
        let private = child(entry, ids::CODEC_PRIVATE).unwrap_or_default();
        let private = encoding.private(private);
        let codec_id = child(entry, ids::CODEC_ID).map(text).unwrap_or_default();
        let content = match number(ids::TRACK_TYPE) {
            Some(VIDEO) => video(entry, &codec_id, &private),
            Some(AUDIO) => audio(entry, &codec_id, &private),
            Some(SUBTITLE) => Content::Subtitle(subtitle(entry, &codec_id)),
            _ => Content::Other,
        };
        Self {
            number: number(ids::TRACK_NUMBER).unwrap_or_default(),
            uid: number(ids::TRACK_UID).unwrap_or_default(),
            private: words::configuration(&codec_id, &private).to_vec(),
            encoding,
            frame_duration: number(ids::DEFAULT_DURATION).filter(|duration| *duration > 0),
            content,
        }
    }
}

/// The language by the newer name, or by the older one, which stands for English when it is missing.
fn language(entry: &[u8]) -> String {
    let newer = child(entry, ids::LANGUAGE_BCP_47).map(text).filter(|language| !language.is_empty());
    newer.unwrap_or_else(|| child(entry, ids::LANGUAGE).map_or_else(|| "eng".to_owned(), text))
}

fn title(entry: &[u8]) -> Option<String> {
    child(entry, ids::NAME).map(text)
}

fn flag(entry: &[u8], id: u32, absent: bool) -> bool {
    child(entry, id).and_then(unsigned).map_or(absent, |flag| flag != 0)
}

fn small(master: &[u8], id: u32) -> Option<u32> {
    child(master, id)
        .and_then(unsigned)
        .and_then(|value| u32::try_from(value).ok())
        .filter(|value| *value > 0)
}

fn subtitle(entry: &[u8], codec_id: &str) -> Subtitle {
    Subtitle {
        codec: words::subtitle(codec_id),
        language: Some(language(entry)),
        title: title(entry),
        forced: Some(flag(entry, ids::FLAG_FORCED, false)),
        default: Some(flag(entry, ids::FLAG_DEFAULT, true)),
    }
}

fn video(entry: &[u8], codec_id: &str, private: &[u8]) -> Content {
    let picture = child(entry, ids::VIDEO).unwrap_or_default();
    let cropped = |length: u32, one, other| {
        let cut = small(picture, one).unwrap_or(0).checked_add(small(picture, other).unwrap_or(0))?;
        length.checked_sub(cut).filter(|length| *length > 0)
    };
    let width =
        small(picture, ids::PIXEL_WIDTH).and_then(|width| cropped(width, ids::CROP_LEFT, ids::CROP_RIGHT));
    let height =
        small(picture, ids::PIXEL_HEIGHT).and_then(|height| cropped(height, ids::CROP_TOP, ids::CROP_BOTTOM));
    let mut track = Video {
        codec: words::video(codec_id, private),
        width,
        height,
        display: width.zip(height).and_then(|(width, height)| display(picture, width, height)),
        language: Some(language(entry)),
        title: title(entry),
        default: Some(flag(entry, ids::FLAG_DEFAULT, true)),
        ..Video::default()
    };
    let said = said_of_colours(entry, picture);
    if let Some(configured) =
        codec::video_configuration(&track.codec, words::configuration(codec_id, private))
    {
        track.fill(configured);
    }
    Content::Video(track, said)
}

/// What streams usually know better: scan, depth and colours.
fn said_of_colours(entry: &[u8], picture: &[u8]) -> Video {
    const DOLBY_VISION: [u32; 2] = [u32::from_be_bytes(*b"dvcC"), u32::from_be_bytes(*b"dvvC")];
    let mut said = Video {
        scan: match child(picture, ids::FLAG_INTERLACED).and_then(unsigned) {
            Some(1) => Some("interlaced"),
            Some(2) => Some("progressive"),
            _ => None,
        },
        ..Video::default()
    };
    if let Some(colour) = child(picture, ids::COLOUR) {
        said.bit_depth = small(colour, ids::BITS_PER_CHANNEL);
        said.transfer = small(colour, ids::TRANSFER).and_then(|transfer| u8::try_from(transfer).ok());
        said.transfer = said.transfer.filter(|transfer| *transfer != 2);
        said.mastered = child(colour, ids::MASTERING).is_some();
    }
    for (_, mapping) in children(entry).filter(|(id, _)| *id == ids::BLOCK_ADDITION_MAPPING) {
        if small(mapping, ids::BLOCK_ADD_ID_TYPE).is_some_and(|kind| DOLBY_VISION.contains(&kind)) {
            let record = child(mapping, ids::BLOCK_ADD_ID_EXTRA);
            said.fill(record.and_then(codec::hevc::dolby_vision).unwrap_or_default());
        }
    }
    said
}

/// The size on the screen, in lines of the picture, when its pixels are not square.
fn display(picture: &[u8], width: u32, height: u32) -> Option<(u32, u32)> {
    const UNKNOWN: u64 = 4;
    if child(picture, ids::DISPLAY_UNIT).and_then(unsigned) == Some(UNKNOWN) {
        return None;
    }
    let (wide, high) = small(picture, ids::DISPLAY_WIDTH).zip(small(picture, ids::DISPLAY_HEIGHT))?;
    let shown = u64::from(height).checked_mul(wide.into())?.checked_div(high.into())?;
    let shown = u32::try_from(shown).ok()?;
    // A pixel more or less is rounding.
    (shown.abs_diff(width) > 2).then_some((shown, height))
}

fn audio(entry: &[u8], codec_id: &str, private: &[u8]) -> Content {
    let sound = child(entry, ids::AUDIO).unwrap_or_default();
    let rate = |id| child(sound, id).and_then(float).and_then(whole);
    let mut track = Audio {
        codec: words::audio(codec_id, private),
        language: Some(language(entry)),
        title: title(entry),
        default: Some(flag(entry, ids::FLAG_DEFAULT, true)),
        ..Audio::default()
    };
    let channels = small(sound, ids::CHANNELS).unwrap_or(1);
    let mut said = Audio {
        channels: Some(channels),
        layout: codec::layout(channels).map(str::to_owned),
        sample_rate: rate(ids::OUTPUT_FREQUENCY).or_else(|| rate(ids::SAMPLING_FREQUENCY)),
        bit_depth: small(sound, ids::BIT_DEPTH),
        ..Audio::default()
    };
    if track.codec == "pcm" {
        let bits = said.sample_rate.zip(said.bit_depth);
        said.bitrate = bits.map(|(rate, depth)| u64::from(rate) * u64::from(depth) * u64::from(channels));
    } else if !matches!(&*track.codec, "flac" | "alac" | "tta" | "wavpack") {
        // Muxers write a depth for other sound too, which is their decoder's and not the stream's.
        said.bit_depth = None;
    }
    let configuration = words::configuration(codec_id, private);
    if let Some(configured) = codec::audio_configuration(&track.codec, configuration) {
        track.fill(configured);
    } else if track.codec == "aac" {
        track.profile = profile_in_name(codec_id);
    }
    Content::Audio(track, said)
}

/// Old names of AAC tell its profile.
fn profile_in_name(codec_id: &str) -> Option<String> {
    let name = match codec_id.rsplit('/').next()? {
        "SBR" => "HE-AAC",
        "MAIN" => "Main",
        name @ ("LC" | "SSR" | "LTP") => name,
        _ => return None,
    };
    Some(name.to_owned())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and ten million")]
fn whole(rate: f64) -> Option<u32> {
    (1.0..1e7).contains(&rate).then(|| rate.round() as u32)
}
