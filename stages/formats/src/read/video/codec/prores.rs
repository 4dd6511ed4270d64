//! ProRes: profile, size and scan out of four-character codes and frame headers (SMPTE RDD 36).
//!
//! Decodes no picture.

use crate::read::video::Video;

/// What a four-character code tells.
#[must_use]
pub fn fourcc(code: [u8; 4]) -> Option<Video> {
    let name = match &code {
        b"apch" => "422 HQ",
        b"apcn" => "422",
        b"apcs" => "422 LT",
        b"apco" => "422 Proxy",
        b"ap4h" => "4444",
        b"ap4x" => "4444 XQ",
        _ => return None,
    };
    Some(Video { profile: Some(name.to_owned()), ..Video::of("prores") })
}

/// What a frame tells, with or without its size in front.
#[must_use]
pub fn frame(frame: &[u8]) -> Option<Video> {
    let at = frame.get(..8)?.windows(4).position(|window| window == b"icpf")?;
    let header = frame.get(at + 4..)?;
    let length = |at: usize| Some(u32::from(u16::from_be_bytes([*header.get(at)?, *header.get(at + 1)?])));
    let interlace = header.get(12)? >> 2 & 3;
    Some(Video {
        width: length(8),
        height: length(10),
        scan: Some(if interlace == 0 { "progressive" } else { "interlaced" }),
        ..Video::of("prores")
    })
}
