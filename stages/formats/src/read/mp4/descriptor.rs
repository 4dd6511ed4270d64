//! The MPEG-4 elementary stream descriptor in an `esds` box: which codec, its configuration, its average rate.
//!
//! Knows the nesting of descriptors and the object types in use, not what a configuration says.

use crate::read::fields::Fields;

/// What a descriptor tells of its stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stream<'a> {
    /// The object type indication, 0 when there is none.
    pub object: u8,
    /// Bits a second on average, when it is given.
    pub bitrate: Option<u64>,
    /// What the decoder needs to know before the first sample.
    pub configuration: &'a [u8],
}

/// Reads the content of an `esds` box.
pub fn read(content: &[u8]) -> Option<Stream<'_>> {
    const STREAM: u8 = 3;
    const DECODER: u8 = 4;
    const SPECIFIC: u8 = 5;
    let mut fields = Fields(content);
    fields.skip(4)?;
    let mut stream = Fields(descriptor(&mut fields, STREAM)?);
    stream.skip(2)?;
    let flags = stream.byte()?;
    if flags & 0x80 != 0 {
        stream.skip(2)?;
    }
    if flags & 0x40 != 0 {
        let length = stream.byte()?;
        stream.skip(length.into())?;
    }
    if flags & 0x20 != 0 {
        stream.skip(2)?;
    }
    let mut decoder = Fields(descriptor(&mut stream, DECODER)?);
    let object = decoder.byte()?;
    decoder.skip(4 + 4)?;
    let average = decoder.be32()?;
    let configuration = descriptor(&mut decoder, SPECIFIC).unwrap_or_default();
    Some(Stream { object, bitrate: (average > 0).then_some(average.into()), configuration })
}

/// The codec's word of an object type.
pub fn codec(object: u8) -> Option<&'static str> {
    Some(match object {
        0x20 => "mpeg4asp",
        0x21 => "h264",
        0x23 => "hevc",
        0x40 | 0x66..=0x68 => "aac",
        0x60..=0x65 => "mpeg2",
        0x69 | 0x6b => "mp3",
        0x6a => "mpeg1",
        0x6c => "mjpeg",
        0x6d => "png",
        0xa3 => "vc-1",
        0xa5 => "ac3",
        0xa6 => "eac3",
        0xa9..=0xac => "dts",
        0xad => "opus",
        0xb1 => "vp9",
        0xdd => "vorbis",
        0xe0 => "vobsub",
        0xe1 => "qcelp",
        _ => return None,
    })
}

/// The content of the next descriptor, if it has this tag. A length that goes too far ends with what there is.
fn descriptor<'a>(fields: &mut Fields<'a>, tag: u8) -> Option<&'a [u8]> {
    if fields.byte()? != tag {
        return None;
    }
    let mut length = 0_usize;
    for _ in 0..4 {
        let byte = fields.byte()?;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    fields.take(length.min(fields.0.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_tells_codec_rate_and_configuration() {
        let esds = b"\0\0\0\0\x03\x80\x80\x80\x1b\0\x01\0\x04\x12\x40\x15\0\0\0\0\x01\xf4\0\0\x01\x10\0\x05\x02\x12\x10\x06\x01\x02";
        let want = Stream { object: 0x40, bitrate: Some(69_632), configuration: &[0x12, 0x10] };
        assert_eq!(read(esds), Some(want));
        assert_eq!(codec(0x40), Some("aac"));
    }

    #[test]
    fn optional_fields_are_stepped_over() {
        let esds = b"\0\0\0\0\x03\x40\0\x01\xe0\0\x02\x02hi\0\x07\x04\x0d\x6b\x15\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(read(esds), Some(Stream { object: 0x6b, ..Stream::default() }));
    }

    #[test]
    fn a_short_descriptor_tells_nothing() {
        for length in 0..8 {
            assert_eq!(read(&b"\0\0\0\0\x03\x20\0\x01"[..length]), None);
        }
    }
}
