//! Codecs of single pictures, which tell little: JPEG, DNxHD and those whose depth never differs.
//!
//! Reads frame headers alone.

use super::Video;

/// A JPEG picture: its frame header has depth and size.
#[must_use]
pub fn jpeg(picture: &[u8]) -> Option<Video> {
    let mut rest = picture.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else { return None };
        if marker == 0xff {
            rest = rest.get(1..)?;
            continue;
        }
        let length = usize::from(high) << 8 | usize::from(low);
        if matches!(marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf) {
            let depth = rest.get(4).copied().filter(|depth| (2..=16).contains(depth))?;
            return Some(Video { bit_depth: Some(depth.into()), ..Video::of("mjpeg") });
        }
        if marker == 0xda {
            return None;
        }
        rest = rest.get(2 + length.max(2)..)?;
    }
}

/// A frame of DNxHD or `DNxHR` (VC-3).
#[must_use]
pub fn dnxhd(frame: &[u8]) -> Option<Video> {
    const DEPTH: usize = 0x21;
    const IDENTIFIER: usize = 0x28;
    if !matches!(frame.get(..4)?, [0, 0, 2 | 3, 0x80 | 0x8c]) {
        return None;
    }
    let bit_depth = match frame.get(DEPTH)? >> 5 {
        1 => Some(8),
        2 => Some(10),
        3 => Some(12),
        _ => None,
    };
    let identifier = u32::from_be_bytes(*frame.get(IDENTIFIER..)?.first_chunk()?);
    let profile = match identifier {
        1235..=1260 => Some("HD"),
        1270..=1274 => Some("RI"),
        _ => None,
    };
    Some(Video { bit_depth, profile: profile.map(str::to_owned), ..Video::of("dnxhd") })
}

/// Codecs that have eight bits by definition.
#[must_use]
pub fn eight_bits(word: &'static str) -> Video {
    Video { bit_depth: Some(8), ..Video::of(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_header_behind_others_tells_the_depth() {
        let picture = b"\xff\xd8\xff\xe0\0\x04ab\xff\xdb\0\x03.\xff\xff\xc1\0\x11\x0c\0\xf0\x01\x40\x03";
        assert_eq!(jpeg(picture).and_then(|video| video.bit_depth), Some(12));
        assert_eq!(jpeg(b"\xff\xd8\xff\xda\0\x04ab"), None);
        assert_eq!(jpeg(b"\xff\xd8\xff\xe0\xff"), None);
    }

    #[test]
    fn a_header_of_dnxhd_tells_the_depth() {
        let mut frame = [0; 0x2c];
        frame[..4].copy_from_slice(&[0, 0, 2, 0x80]);
        frame[0x21] = 2 << 5;
        frame[0x28..].copy_from_slice(&1241_u32.to_be_bytes());
        let video = dnxhd(&frame).unwrap();
        assert_eq!((video.bit_depth, video.profile.as_deref()), (Some(10), Some("HD")));
        assert_eq!(dnxhd(&frame[..9]), None);
    }
}
