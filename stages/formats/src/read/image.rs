//! What kind of picture bytes are, and how large it is.
//!
//! Reads headers and decodes no pixel.

use super::{Limits, xml};
use imagesize::ImageType;

/// What a picture's header tells.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    pub media_type: &'static str,
    /// Width and height in pixels, when the header says so.
    pub size: Option<(u64, u64)>,
}

/// Looks at the header of a picture; nothing when it is none that a cover could be.
pub fn look(bytes: &[u8]) -> Option<Picture> {
    let media_type = match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => "image/png",
        Ok(ImageType::Jpeg) => "image/jpeg",
        Ok(ImageType::Gif) => "image/gif",
        Ok(ImageType::Webp) => "image/webp",
        _ => return svg(bytes),
    };
    let size = imagesize::blob_size(bytes).ok();
    let size = size.filter(|size| size.width > 0 && size.height > 0);
    Some(Picture { media_type, size: size.map(|size| (size.width as u64, size.height as u64)) })
}

fn svg(bytes: &[u8]) -> Option<Picture> {
    /// The root element's start lies well within this.
    const START: usize = 64 << 10;
    let start = bytes.get(..bytes.len().min(START))?;
    let document = xml::parse(start, &Limits::default());
    let root = document.root.child("svg")?;
    let named = root.attribute("width").and_then(pixels).zip(root.attribute("height").and_then(pixels));
    let boxed = || {
        let mut numbers =
            root.attribute("viewBox")?.split([' ', ',', '\t', '\n']).filter(|part| !part.is_empty()).skip(2);
        numbers.next().and_then(pixels).zip(numbers.next().and_then(pixels))
    };
    Some(Picture { media_type: "image/svg+xml", size: named.or_else(boxed) })
}

/// A length in pixels or without a unit, rounded.
fn pixels(length: &str) -> Option<u64> {
    let number: f64 = length.trim().trim_end_matches("px").trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0.5 and a million")]
    (0.5..1e6).contains(&number).then(|| number.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], media_type: &'static str, size: Option<(u64, u64)>) {
        assert_eq!(look(bytes), Some(Picture { media_type, size }));
    }

    #[test]
    fn headers_tell_the_size() {
        check(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x07\0\0\0\x05\x08\0\0\0\0", "image/png", Some((7, 5)));
        check(b"GIF89a\x03\0\x02\0\0\0\0\0\0\0", "image/gif", Some((3, 2)));
        check(b"<svg width='600px' height='900'>", "image/svg+xml", Some((600, 900)));
        check(b"<?xml version='1.0'?><svg viewBox='0 0 1400 2100'/>", "image/svg+xml", Some((1400, 2100)));
        check(b"<svg width='100%' height='100%'/>", "image/svg+xml", None);
    }

    #[test]
    fn other_bytes_are_no_picture() {
        assert_eq!(look(b"<html><body/></html>"), None);
        assert_eq!(look(b""), None);
    }

    proptest! {
        #[test]
        fn no_header_panics(kind in 0..5usize, tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let magic: [&[u8]; 5] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X", b"<svg "];
            look(&[magic[kind], &tail].concat());
        }
    }
}
