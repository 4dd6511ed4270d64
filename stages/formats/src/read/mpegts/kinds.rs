//! What kind of stream a row of a program map is: the codec's word, and what descriptors say beside it.
//!
//! Knows the numbers of MPEG, DVB, ATSC and Blu-ray; reads no stream.

use super::tables::{Row, descriptors};

/// What a row tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kind {
    pub sort: Sort,
    pub codec: &'static str,
    pub language: Option<String>,
    /// Languages of further subtitles in the same stream.
    pub more: Vec<String>,
    pub channels: Option<u32>,
    pub bluray_pcm: bool,
    /// AAC in the frames of MPEG-4 instead of its own.
    pub latm: bool,
}

/// What a stream is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    Video,
    Audio,
    Subtitle,
    /// Nothing that anyone watches or hears.
    #[default]
    Other,
}

/// Whether a program is laid out as on a Blu-ray.
pub fn is_bluray(program: &[u8]) -> bool {
    descriptors(program).any(|(tag, content)| tag == 0x05 && content.starts_with(b"HDMV"))
}

/// What a stream is by its row.
pub fn of(row: &Row, bluray: bool) -> Kind {
    let (sort, codec) = by_number(row.kind, bluray);
    let mut kind = Kind { sort, codec, ..Kind::default() };
    kind.bluray_pcm = bluray && row.kind == 0x80;
    kind.latm = row.kind == 0x11;
    for (tag, content) in descriptors(row.descriptors) {
        kind.descriptor(tag, content);
    }
    kind
}

fn by_number(number: u8, bluray: bool) -> (Sort, &'static str) {
    use Sort::{Audio, Other, Subtitle, Video};
    match number {
        0x01 => (Video, "mpeg1"),
        0x02 => (Video, "mpeg2"),
        0x10 => (Video, "mpeg4asp"),
        0x1b => (Video, "h264"),
        0x24 => (Video, "hevc"),
        0x33 => (Video, "vvc"),
        0x42 => (Video, "avs"),
        0xd1 => (Video, "dirac"),
        0xd2 => (Video, "avs2"),
        0xd4 => (Video, "avs3"),
        0xea => (Video, "vc-1"),
        0x03 | 0x04 => (Audio, "mp2"),
        0x0f | 0x11 => (Audio, "aac"),
        0x2d | 0x2e => (Audio, "mpegh"),
        0x80 if bluray => (Audio, "pcm"),
        0x80 => (Video, "mpeg2"),
        0x81 => (Audio, "ac3"),
        0x82 if !bluray => (Audio, "dts"),
        0x82 | 0x85 | 0x86 if bluray => (Audio, "dts"),
        0x8a => (Audio, "dts"),
        0x83 => (Audio, "truehd"),
        0x84 | 0x87 => (Audio, "eac3"),
        0xa1 if bluray => (Audio, "eac3"),
        0xa2 if bluray => (Audio, "dts"),
        0x90 if bluray => (Subtitle, "pgs"),
        0x92 if bluray => (Subtitle, "textst"),
        _ => (Other, ""),
    }
}

impl Kind {
    fn descriptor(&mut self, tag: u8, content: &[u8]) {
        let undecided = self.sort == Sort::Other;
        match tag {
            0x05 => {
                if undecided && let Some((sort, codec)) = registered(content) {
                    (self.sort, self.codec) = (sort, codec);
                }
            }
            0x0a => self.speak(content.get(..3)),
            0x56 => {
                // Initial pages and schedules are no subtitles: only those of the two subtitle types are.
                let pages = content.as_chunks::<5>().0;
                let mut pages = pages.iter().filter(|page| matches!(page[3] >> 3, 2 | 5)).peekable();
                if undecided && pages.peek().is_some() {
                    (self.sort, self.codec) = (Sort::Subtitle, "teletext");
                    pages.for_each(|page| self.speak(page.get(..3)));
                }
            }
            0x59 if undecided => {
                (self.sort, self.codec) = (Sort::Subtitle, "dvb");
                content.as_chunks::<8>().0.iter().for_each(|row| self.speak(row.get(..3)));
            }
            0x6a if undecided => (self.sort, self.codec) = (Sort::Audio, "ac3"),
            0x7a if undecided => (self.sort, self.codec) = (Sort::Audio, "eac3"),
            0x7b if undecided => (self.sort, self.codec) = (Sort::Audio, "dts"),
            0x7c if undecided => (self.sort, self.codec) = (Sort::Audio, "aac"),
            0x7f => self.extended(content, undecided),
            _ => {}
        }
    }

    fn extended(&mut self, content: &[u8], undecided: bool) {
        match content {
            // Opus counts its channels here.
            [0x80, channels, ..] if self.codec == "opus" => {
                self.channels = Some(u32::from(*channels)).filter(|channels| (1..=8).contains(channels));
            }
            [0x15, ..] if undecided => (self.sort, self.codec) = (Sort::Audio, "ac4"),
            [0x20, rest @ ..] if undecided => {
                (self.sort, self.codec) = (Sort::Subtitle, "ttml");
                self.speak(rest.get(..3));
            }
            _ => {}
        }
    }

    /// The first language is the stream's; those of further subtitles in it follow.
    fn speak(&mut self, code: Option<&[u8]>) {
        let Some(code) = code.filter(|code| code.iter().all(u8::is_ascii_alphabetic)) else { return };
        let code = String::from_utf8_lossy(code).to_ascii_lowercase();
        if self.language.is_none() {
            self.language = Some(code);
        } else if self.sort == Sort::Subtitle {
            self.more.push(code);
        }
    }
}

fn registered(content: &[u8]) -> Option<(Sort, &'static str)> {
    Some(match content.get(..4)? {
        b"AC-3" => (Sort::Audio, "ac3"),
        b"EAC3" => (Sort::Audio, "eac3"),
        b"AC-4" => (Sort::Audio, "ac4"),
        b"DTS1" | b"DTS2" | b"DTS3" | b"DTSH" => (Sort::Audio, "dts"),
        b"Opus" => (Sort::Audio, "opus"),
        b"BSSD" => (Sort::Audio, "pcm"),
        b"mlpa" => (Sort::Audio, "truehd"),
        b"HEVC" => (Sort::Video, "hevc"),
        b"VC-1" => (Sort::Video, "vc-1"),
        b"AV01" => (Sort::Video, "av1"),
        b"drac" => (Sort::Video, "dirac"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: u8, told: &[u8], bluray: bool, want: (Sort, &str, Option<&str>)) {
        let found = of(&Row { kind, pid: 1, descriptors: told }, bluray);
        assert_eq!((found.sort, found.codec, found.language.as_deref()), want);
    }

    #[test]
    fn numbers_tell_most_codecs() {
        check(0x1b, b"", false, (Sort::Video, "h264", None));
        check(0x0f, b"\x0a\x04deu\0", false, (Sort::Audio, "aac", Some("deu")));
        check(0x86, b"", true, (Sort::Audio, "dts", None));
        check(0x86, b"", false, (Sort::Other, "", None));
    }

    #[test]
    fn private_streams_are_known_by_their_descriptors() {
        check(0x06, b"\x6a\x01\0", false, (Sort::Audio, "ac3", None));
        check(0x06, b"\x05\x04HEVC", false, (Sort::Video, "hevc", None));
        check(0x06, b"\x59\x08fra\x10\0\x01\0\x01", false, (Sort::Subtitle, "dvb", Some("fra")));
        check(0x06, b"\x56\x05eng\x10\x88", false, (Sort::Subtitle, "teletext", Some("eng")));
        check(0x06, b"\x56\x05eng\x08\x00", false, (Sort::Other, "", None));
        check(0x06, b"\x59\x40fra", false, (Sort::Other, "", None));
    }
}
