//! Matroska's names of codecs, as words.
//!
//! Knows names only; what a stream says about itself is read elsewhere.

use crate::read::video::codec::{audio_tag, video_fourcc};
use std::borrow::Cow;

/// The word for a video codec, which for some names lies in the private bytes.
pub fn video(id: &str, private: &[u8]) -> Cow<'static, str> {
    let word = match id {
        "V_MPEG4/ISO/AVC" => "h264",
        "V_MPEGH/ISO/HEVC" => "hevc",
        "V_MPEGI/ISO/VVC" => "vvc",
        "V_AV1" => "av1",
        "V_VP8" => "vp8",
        "V_VP9" => "vp9",
        "V_MPEG1" => "mpeg1",
        "V_MPEG2" => "mpeg2",
        "V_PRORES" => "prores",
        "V_FFV1" => "ffv1",
        "V_THEORA" => "theora",
        "V_MJPEG" => "mjpeg",
        "V_DIRAC" => "dirac",
        "V_AVS2" => "avs2",
        "V_AVS3" => "avs3",
        "V_UNCOMPRESSED" => "raw",
        "V_MPEG4/MS/V3" => "mpeg4asp",
        _ if id.starts_with("V_MPEG4/ISO/") => "mpeg4asp",
        _ if id.starts_with("V_REAL/") => "realvideo",
        "V_MS/VFW/FOURCC" => return four(private.get(16..20)),
        // A sample description, with or without its size in front.
        "V_QUICKTIME" => {
            return four(private.get(..4).filter(|code| !code.starts_with(&[0])).or(private.get(4..8)));
        }
        _ => return unknown(id, "V_"),
    };
    word.into()
}

/// The word for an audio codec, which for some names lies in the private bytes.
pub fn audio(id: &str, private: &[u8]) -> Cow<'static, str> {
    let word = match id {
        "A_MPEG/L1" => "mp1",
        "A_MPEG/L2" => "mp2",
        "A_MPEG/L3" => "mp3",
        "A_EAC3" => "eac3",
        "A_AC4" => "ac4",
        "A_TRUEHD" => "truehd",
        "A_MLP" => "mlp",
        "A_OPUS" | "A_OPUS/EXPERIMENTAL" => "opus",
        "A_VORBIS" => "vorbis",
        "A_FLAC" => "flac",
        "A_ALAC" => "alac",
        "A_TTA1" => "tta",
        "A_WAVPACK4" => "wavpack",
        "A_MPC" => "musepack",
        "A_ATRAC/AT1" => "atrac1",
        _ if id.starts_with("A_AAC") => "aac",
        _ if id.starts_with("A_AC3") => "ac3",
        _ if id.starts_with("A_DTS") => "dts",
        _ if id.starts_with("A_PCM/") => "pcm",
        _ if id.starts_with("A_REAL/") => "realaudio",
        "A_MS/ACM" => return format_tag(private).map_or_else(Cow::default, Cow::Borrowed),
        "A_QUICKTIME" => return private.get(..4).map(code).unwrap_or_default(),
        _ => return unknown(id, "A_"),
    };
    word.into()
}

/// The word for a codec of subtitles.
pub fn subtitle(id: &str) -> Cow<'static, str> {
    let word = match id {
        "S_TEXT/UTF8" | "S_TEXT/ASCII" | "D_WEBVTT/UTF8" => "subrip",
        "S_TEXT/ASS" | "S_ASS" => "ass",
        "S_TEXT/SSA" | "S_SSA" => "ssa",
        "S_TEXT/USF" => "usf",
        "S_TEXT/WEBVTT" | "D_WEBVTT/SUBTITLES" | "D_WEBVTT/CAPTIONS" | "D_WEBVTT/DESCRIPTIONS" => "webvtt",
        "S_HDMV/PGS" => "pgs",
        "S_HDMV/TEXTST" => "textst",
        "S_VOBSUB" => "vobsub",
        "S_DVBSUB" => "dvb",
        "S_ARIBSUB" => "arib",
        "S_KATE" => "kate",
        "S_IMAGE/BMP" => "bmp",
        _ => return unknown(id, "S_"),
    };
    word.into()
}

/// The private bytes proper, behind the structures of Windows.
pub fn configuration<'p>(id: &str, private: &'p [u8]) -> &'p [u8] {
    const BITMAP_HEADER: usize = 40;
    const WAVE_FORMAT: usize = 18;
    let after = match id {
        "V_MS/VFW/FOURCC" => private.get(BITMAP_HEADER..),
        "A_MS/ACM" => private.get(WAVE_FORMAT..),
        _ => return private,
    };
    after.unwrap_or_default()
}

fn format_tag(private: &[u8]) -> Option<&'static str> {
    const EXTENSIBLE: u16 = 0xfffe;
    let tag = |at: usize| Some(u16::from_le_bytes(*private.get(at..)?.first_chunk()?));
    let first = tag(0)?;
    audio_tag(if first == EXTENSIBLE { tag(24)? } else { first })
}

fn four(bytes: Option<&[u8]>) -> Cow<'static, str> {
    let Some(bytes) = bytes else { return Cow::default() };
    bytes.try_into().ok().and_then(video_fourcc).map_or_else(|| code(bytes), Cow::Borrowed)
}

/// A code without a word of its own, when it can be printed.
fn code(bytes: &[u8]) -> Cow<'static, str> {
    let text: String = bytes.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let printable = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    Cow::Owned(if printable { text.trim().to_owned() } else { String::new() })
}

/// A name without a word of its own is a word as it is.
fn unknown(id: &str, prefix: &str) -> Cow<'static, str> {
    Cow::Owned(id.strip_prefix(prefix).unwrap_or(id).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        assert_eq!(video("V_MPEG4/ISO/AVC", b""), "h264");
        assert_eq!(video("V_MPEG4/ISO/ASP", b""), "mpeg4asp");
        assert_eq!(audio("A_AAC/MPEG4/LC", b""), "aac");
        assert_eq!(audio("A_PCM/INT/LIT", b""), "pcm");
        assert_eq!(subtitle("S_HDMV/PGS"), "pgs");
        assert_eq!(video("V_NEW/THING", b""), "new/thing");
    }

    #[test]
    fn the_structures_of_windows_hold_the_name() {
        let header = [&[0; 16][..], b"XVID", &[0; 20], b"more"].concat();
        assert_eq!(video("V_MS/VFW/FOURCC", &header), "mpeg4asp");
        assert_eq!(configuration("V_MS/VFW/FOURCC", &header), b"more");
        assert_eq!(video("V_MS/VFW/FOURCC", &[0; 10]), "");
        assert_eq!(audio("A_MS/ACM", &[0x55, 0]), "mp3");
        let extensible = [&[0xfe, 0xff][..], &[0; 22], &[1, 0]].concat();
        assert_eq!(audio("A_MS/ACM", &extensible), "pcm");
    }
}
