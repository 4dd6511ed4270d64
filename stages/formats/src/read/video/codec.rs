//! What streams say about themselves, for all containers: configuration records and first frames.
//!
//! A container knows a codec's word and has its bytes; [`video_configuration`], [`video_frame`],
//! [`audio_configuration`] and [`audio_frame`] find the parser. Whoever has an elementary stream calls the parser itself:
//!
//! | codec | of a record | of frames or a stream |
//! |---|---|---|
//! | H.264 | [`avc::configuration`] | [`avc::frame`], [`avc::annex_b`] |
//! | HEVC | [`hevc::configuration`], [`hevc::dolby_vision`] | [`hevc::frame`], [`hevc::annex_b`] |
//! | AV1 | [`av1::configuration`] | [`av1::obus`] |
//! | VP8, VP9 | [`vpx::vp9_configuration`] | [`vpx::vp8`], [`vpx::vp9`] |
//! | MPEG-1, MPEG-2, MPEG-4 ASP, VC-1 | the same as of a stream | [`mpeg2::stream`], [`mpeg4::stream`], [`vc1::stream`] |
//! | `ProRes`, FFV1 | [`prores::fourcc`], [`ffv1::configuration`] | [`prores::frame`], [`ffv1::frame`] |
//! | JPEG, DNxHD | | [`intra::jpeg`], [`intra::dnxhd`] |
//! | AAC | [`aac::configuration`] | [`aac::adts`] |
//! | AC-3, E-AC-3 | [`ac3::configuration`], [`ac3::enhanced_configuration`] | [`ac3::frames`] |
//! | DTS, MPEG audio, TrueHD | | [`dts::frames`], [`mpa::frames`], [`truehd::frames`] |
//! | FLAC, Opus, Vorbis | [`xiph::flac`], [`xiph::opus`], [`xiph::vorbis`] | |
//!
//! Nothing here decodes pictures or sound, and `None` means that the bytes tell nothing.

pub mod aac;
pub mod ac3;
pub mod av1;
pub mod avc;
mod bits;
pub mod dts;
pub mod ffv1;
pub mod hevc;
pub mod intra;
pub mod mpa;
pub mod mpeg2;
pub mod mpeg4;
mod nal;
mod names;
pub mod prores;
#[cfg(test)]
mod tests;
pub mod truehd;
pub mod vc1;
pub mod vpx;
mod vui;
pub mod xiph;

use super::{Audio, Video};

pub use names::{audio_tag, layout, video_fourcc};

/// What the configuration of a video track tells.
#[must_use]
pub fn video_configuration(word: &str, record: &[u8]) -> Option<Video> {
    match word {
        "h264" => avc::configuration(record),
        "hevc" => hevc::configuration(record),
        "av1" => av1::configuration(record),
        "vp9" => vpx::vp9_configuration(record),
        "mpeg1" | "mpeg2" => mpeg2::stream(record),
        "mpeg4asp" => mpeg4::stream(record),
        "vc-1" => vc1::stream(record),
        "ffv1" => ffv1::configuration(record),
        "prores" => prores::fourcc(*record.first_chunk()?),
        _ => None,
    }
}

/// What a sample of a video track tells, as it lies in the container.
#[must_use]
pub fn video_frame(word: &str, record: &[u8], sample: &[u8]) -> Option<Video> {
    match word {
        "h264" => avc::frame(record, sample),
        "hevc" => hevc::frame(record, sample),
        "av1" => av1::obus(sample),
        "vp9" => vpx::vp9(sample),
        "vp8" => vpx::vp8(sample),
        "mpeg1" | "mpeg2" => mpeg2::stream(&[record, sample].concat()),
        "mpeg4asp" => mpeg4::stream(sample),
        "vc-1" => vc1::stream(sample),
        "ffv1" if record.is_empty() => ffv1::frame(sample),
        "prores" => prores::frame(sample),
        "mjpeg" => intra::jpeg(sample),
        "dnxhd" => intra::dnxhd(sample),
        "dv" => Some(intra::eight_bits("dv")),
        "h263" => Some(intra::eight_bits("h263")),
        "huffyuv" => Some(intra::eight_bits("huffyuv")),
        _ => None,
    }
}

/// What the configuration of an audio track tells.
#[must_use]
pub fn audio_configuration(word: &str, record: &[u8]) -> Option<Audio> {
    match word {
        "aac" => aac::configuration(record),
        "ac3" => ac3::configuration(record),
        "eac3" => ac3::enhanced_configuration(record),
        "flac" => xiph::flac(record),
        "opus" => xiph::opus(record),
        "vorbis" => xiph::vorbis(record),
        _ => None,
    }
}

/// What the first frames of an audio track tell.
#[must_use]
pub fn audio_frame(word: &str, frame: &[u8]) -> Option<Audio> {
    match word {
        "aac" => aac::adts(frame),
        "ac3" | "eac3" => ac3::frames(frame),
        "dts" => dts::frames(frame),
        "mp1" | "mp2" | "mp3" => mpa::frames(frame),
        "truehd" | "mlp" => truehd::frames(frame),
        "flac" if frame.starts_with(b"fLaC") => xiph::flac(frame),
        _ => None,
    }
}

/// Whether a registered message (ITU-T T.35) is the dynamic metadata of HDR10+.
fn is_dynamic_metadata(message: &[u8]) -> bool {
    message.starts_with(&[0xb5, 0x00, 0x3c, 0x00, 0x01, 0x04])
}
