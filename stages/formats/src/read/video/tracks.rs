//! The tracks of a film, as far as they are known.
//!
//! Containers and streams both tell about a track; `fill` lets one complete the other.

use std::borrow::Cow;

/// Pictures in motion.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Video {
    /// The codec's word, or empty.
    pub codec: Cow<'static, str>,
    /// The profile by its usual name, without level and tier: `High`, `Main 10`, `422 HQ`.
    pub profile: Option<String>,
    /// Width in pixels as coded, after cropping.
    pub width: Option<u32>,
    /// Height in pixels as coded, after cropping.
    pub height: Option<u32>,
    /// Width and height on the screen when pixels are not square.
    pub display: Option<(u32, u32)>,
    /// Frames a second.
    pub fps: Option<f64>,
    /// `cfr` or `vfr`.
    pub frame_rate_mode: Option<&'static str>,
    /// Bits of one sample of brightness.
    pub bit_depth: Option<u32>,
    /// `hdr10`, `hdr10+`, `hlg` or `dolby-vision`.
    pub hdr: Option<&'static str>,
    /// `progressive` or `interlaced`.
    pub scan: Option<&'static str>,
    /// The language as the file has it.
    pub language: Option<String>,
    /// The track's own title.
    pub title: Option<String>,
    /// Whether players should choose it.
    pub default: Option<bool>,
    /// Transfer characteristics as in ITU-T H.273: 16 is PQ, 18 is HLG.
    pub transfer: Option<u8>,
    /// Whether the display that it was mastered on is described.
    pub mastered: bool,
}

/// Sound.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audio {
    /// The codec's word, or empty.
    pub codec: Cow<'static, str>,
    /// The profile or extension: `LC`, `HE-AAC`, `JOC`, `MA`.
    pub profile: Option<String>,
    /// How many channels, the one for low frequencies included.
    pub channels: Option<u32>,
    /// The speakers, as in `L R C LFE Ls Rs`.
    pub layout: Option<String>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// Bits of one sample.
    pub bit_depth: Option<u32>,
    /// Bits a second.
    pub bitrate: Option<u64>,
    /// The language as the file has it.
    pub language: Option<String>,
    /// The track's own title.
    pub title: Option<String>,
    /// Whether players should choose it.
    pub default: Option<bool>,
}

/// Text or pictures of text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subtitle {
    /// The codec's word, or empty.
    pub codec: Cow<'static, str>,
    /// The language as the file has it.
    pub language: Option<String>,
    /// The track's own title.
    pub title: Option<String>,
    /// Whether it is to be shown whatever the viewer chose.
    pub forced: Option<bool>,
    /// Whether players should choose it.
    pub default: Option<bool>,
}

impl Video {
    /// A track of which only the codec is known.
    #[must_use]
    pub fn of(codec: &'static str) -> Self {
        Self { codec: codec.into(), ..Self::default() }
    }

    /// Takes over what is not known yet. Of two words for HDR the richer one stays.
    pub fn fill(&mut self, other: Self) {
        if self.codec.is_empty() {
            self.codec = other.codec;
        }
        if self.width.is_none() || self.height.is_none() {
            (self.width, self.height) = (other.width, other.height);
        }
        if richness(other.hdr) > richness(self.hdr) {
            self.hdr = other.hdr;
        }
        self.profile = self.profile.take().or(other.profile);
        self.display = self.display.or(other.display);
        self.fps = self.fps.or(other.fps);
        self.frame_rate_mode = self.frame_rate_mode.or(other.frame_rate_mode);
        self.bit_depth = self.bit_depth.or(other.bit_depth);
        self.scan = self.scan.or(other.scan);
        self.language = self.language.take().or(other.language);
        self.title = self.title.take().or(other.title);
        self.default = self.default.or(other.default);
        self.transfer = self.transfer.or(other.transfer);
        self.mastered |= other.mastered;
    }

    /// The word for its dynamic range, from what is known of its colours.
    #[must_use]
    pub fn dynamic_range(&self) -> Option<&'static str> {
        self.hdr.or(match self.transfer {
            Some(16) => Some("hdr10"),
            Some(18) => Some("hlg"),
            _ => None,
        })
    }
}

impl Audio {
    /// A track of which only the codec is known.
    #[must_use]
    pub fn of(codec: &'static str) -> Self {
        Self { codec: codec.into(), ..Self::default() }
    }

    /// Takes over what is not known yet.
    pub fn fill(&mut self, other: Self) {
        if self.codec.is_empty() {
            self.codec = other.codec;
        }
        self.profile = self.profile.take().or(other.profile);
        if self.channels.is_none() || self.channels == other.channels {
            self.layout = self.layout.take().or(other.layout);
        }
        self.channels = self.channels.or(other.channels);
        self.sample_rate = self.sample_rate.or(other.sample_rate);
        self.bit_depth = self.bit_depth.or(other.bit_depth);
        self.bitrate = self.bitrate.or(other.bitrate);
        self.language = self.language.take().or(other.language);
        self.title = self.title.take().or(other.title);
        self.default = self.default.or(other.default);
    }
}

fn richness(hdr: Option<&str>) -> usize {
    const POORER_FIRST: [&str; 4] = ["hlg", "hdr10", "hdr10+", "dolby-vision"];
    hdr.and_then(|word| POORER_FIRST.iter().position(|known| *known == word)).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_stays_and_the_rest_is_filled() {
        let mut track =
            Video { width: Some(640), height: Some(480), hdr: Some("hdr10"), ..Video::of("hevc") };
        track.fill(Video {
            width: Some(1),
            height: Some(2),
            bit_depth: Some(10),
            hdr: Some("dolby-vision"),
            ..Video::of("h264")
        });
        assert_eq!((&*track.codec, track.width, track.bit_depth), ("hevc", Some(640), Some(10)));
        assert_eq!(track.dynamic_range(), Some("dolby-vision"));
    }

    #[test]
    fn a_layout_for_other_channels_is_not_taken() {
        let mut track = Audio { channels: Some(8), ..Audio::of("dts") };
        track.fill(Audio {
            channels: Some(6),
            layout: Some("L R C LFE Ls Rs".to_owned()),
            ..Audio::default()
        });
        assert_eq!((track.channels, track.layout), (Some(8), None));
    }

    #[test]
    fn the_transfer_tells_the_dynamic_range() {
        let check = |transfer, want| assert_eq!(Video { transfer, ..Video::default() }.dynamic_range(), want);
        check(Some(16), Some("hdr10"));
        check(Some(18), Some("hlg"));
        check(Some(1), None);
        check(None, None);
    }
}
