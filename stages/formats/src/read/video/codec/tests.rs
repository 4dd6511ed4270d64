//! Headers that encoders wrote by hand of this file, and bytes that mean nothing.

use super::*;
use proptest::prelude::*;

fn picture(track: Option<Video>) -> (Option<u32>, Option<u32>, Option<u32>, Option<&'static str>) {
    track.map(|track| (track.width, track.height, track.bit_depth, track.scan)).unwrap_or_default()
}

/// Writes bits, as the readers of this folder read them.
#[derive(Default)]
struct Written(Vec<bool>);

impl Written {
    fn put(mut self, value: u32, count: u32) -> Self {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn ue(self, value: u32) -> Self {
        let length = 32 - (value + 1).leading_zeros();
        self.put(0, length - 1).put(value + 1, length)
    }

    fn bytes(mut self) -> Vec<u8> {
        self.0.push(true);
        self.0.resize(self.0.len().next_multiple_of(8), false);
        self.0.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
    }
}

/// A parameter set of the High profile: 120 by 68 macroblocks with eight lines cropped, 25 frames a second.
fn high(frames_only: bool) -> Vec<u8> {
    let set = Written::default().put(100, 8).put(0, 8).put(40, 8).ue(0).ue(1).ue(0).ue(0).put(0, 2);
    let set = set.ue(0).ue(2).ue(4).put(0, 1).ue(119);
    let set = if frames_only { set.ue(67).put(1, 1) } else { set.ue(33).put(0b01, 2) };
    let crop = if frames_only { 4 } else { 2 };
    let set = set.put(1, 1).put(1, 1).ue(0).ue(0).ue(0).ue(crop).put(1, 1);
    let set = set.put(0, 2).put(1, 1).put(5 << 1, 4).put(1, 1).put(9, 8).put(16, 8).put(9, 8).put(0, 1);
    let set = set.put(1, 1).put(1, 32).put(50, 32).put(1, 1).bytes();
    // A zero before a zero and a small number needs an escape.
    let mut unit = vec![0x67];
    let mut zeros = 0;
    for byte in set {
        if zeros == 2 && byte < 4 {
            unit.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        unit.push(byte);
    }
    unit
}

fn avc_record(set: &[u8]) -> Vec<u8> {
    let length = u16::try_from(set.len()).expect("short").to_be_bytes();
    [&[1, 100, 0, 40, 0xff, 0xe1][..], &length, set, &[0]].concat()
}

#[test]
fn avc_tells_size_rate_scan_and_transfer() {
    let record = avc_record(&high(true));
    let track = avc::configuration(&record).expect("a track");
    assert_eq!(picture(Some(track.clone())), (Some(1920), Some(1080), Some(8), Some("progressive")));
    assert_eq!((track.profile.as_deref(), track.fps, track.transfer), (Some("High"), Some(25.0), Some(16)));
    let stream = [&[0, 0, 0, 1][..], &high(true)].concat();
    assert_eq!(avc::annex_b(&stream), Some(track));
}

#[test]
fn avc_fields_are_told_by_macroblocks() {
    let record = avc_record(&high(false));
    assert_eq!(picture(avc::configuration(&record)), (Some(1920), Some(1080), Some(8), Some("interlaced")));
}

#[test]
fn av1_records_tell_depth_without_a_sequence_header() {
    let track = av1::configuration(&[0x81, 0x00, 0x4c, 0x00]).expect("a track");
    assert_eq!((track.bit_depth, track.profile.as_deref()), (Some(10), Some("Main")));
    assert_eq!(av1::configuration(&[0x01, 0, 0, 0]), None);
}

#[test]
fn vp8_and_vp9_key_frames_tell_the_size() {
    let vp8 = [0x50, 0, 0, 0x9d, 1, 0x2a, 0x80, 0x02, 0x68, 0x01];
    assert_eq!(picture(vpx::vp8(&vp8)), (Some(640), Some(360), Some(8), None));
    let bits = Written::default().put(0b1000_0010, 8).put(0x0049_8342, 24).put(1, 3).put(0, 1);
    let vp9 = bits.put(853, 16).put(479, 16).bytes();
    assert_eq!(picture(vpx::vp9(&vp9)), (Some(854), Some(480), Some(8), None));
    assert_eq!(picture(vpx::vp9_configuration(&[1, 1, 2, 3, 1, 10])), (None, None, Some(10), None));
}

#[test]
fn mpeg_2_pictures_tell_the_scan_when_the_sequence_does_not() {
    let check = |picture: u8, want| {
        let stream = [
            &[0, 0, 1, 0xb3, 0x2d, 0x02, 0x40, 0x23, 0, 0, 0, 0, 0, 0, 1, 0xb5, 0x14, 0x82, 0, 1, 0, 0][..],
            &[0, 0, 1, 0xb5, 0x8f, 0xff, 0xf3, 0x40, picture],
        ];
        let track = mpeg2::stream(&stream.concat()).expect("a track");
        assert_eq!(
            (track.width, track.height, track.fps, track.scan),
            (Some(720), Some(576), Some(25.0), want)
        );
        assert_eq!((track.profile.as_deref(), track.display), (Some("Main"), Some((768, 576))));
    };
    check(0x80, Some("progressive"));
    check(0x00, Some("interlaced"));
}

fn sound(track: Option<Audio>, want: (&str, u32, u32, &str)) {
    let track = track.expect("a track");
    let (codec, channels, rate, layout) = want;
    assert_eq!((&*track.codec, track.channels, track.sample_rate), (codec, Some(channels), Some(rate)));
    assert_eq!(track.layout.as_deref(), Some(layout));
}

#[test]
fn aac_tells_channels_and_the_rate_that_is_played() {
    sound(aac::configuration(&[0x11, 0x90]), ("aac", 2, 48_000, "L R"));
    sound(aac::configuration(&[0x12, 0x08]), ("aac", 1, 44_100, "M"));
    sound(aac::configuration(&[0x13, 0x10, 0x56, 0xe5, 0x98]), ("aac", 2, 48_000, "L R"));
    sound(aac::configuration(&[0xeb, 0x09, 0x88]), ("aac", 2, 48_000, "L R"));
    sound(aac::adts(&[9, 0xff, 0xf1, 0x50, 0x80, 2, 0x1f, 0xfc, 0, 0]), ("aac", 2, 44_100, "L R"));
}

#[test]
fn dolby_digital_tells_speakers_and_rates() {
    let frame = [0x0b, 0x77, 0, 0, 0x1c, 0x40, 0xe1, 0];
    sound(ac3::frames(&frame), ("ac3", 6, 48_000, "L R C LFE Ls Rs"));
    assert_eq!(ac3::frames(&frame).and_then(|track| track.bitrate), Some(384_000));
    sound(ac3::configuration(&[0x10, 0x3d, 0xc0]), ("ac3", 6, 48_000, "L R C LFE Ls Rs"));
    // 768 kbit/s, one substream of five channels and low frequencies, then the extension for objects.
    let record = ac3::enhanced_configuration(&[0x18, 0x00, 0x20, 0x0f, 0x00, 0x01, 0x10]);
    assert_eq!(record.as_ref().and_then(|track| track.profile.as_deref()), Some("JOC"));
    sound(record, ("eac3", 6, 48_000, "L R C LFE Ls Rs"));
}

#[test]
fn seven_channels_take_a_dependent_substream() {
    let record = ac3::enhanced_configuration(&[0x18, 0x00, 0x20, 0x0f, 0x02, 0x02]);
    sound(record, ("eac3", 8, 48_000, "L R C LFE Ls Rs Lb Rb"));
}

#[test]
fn other_sound_tells_channels_and_rate() {
    sound(mpa::frames(&[0, 0xff, 0xfb, 0x90, 0xc0]), ("mp3", 1, 44_100, "M"));
    sound(xiph::opus(b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0"), ("opus", 2, 48_000, "L R"));
    let vorbis = b"\x02\x1e\x40\x01vorbis\0\0\0\0\x02\x80\xbb\0\0\0\0\0\0\0\xb5\x01\0\0\0\0\0\xb8\x01";
    sound(xiph::vorbis(vorbis), ("vorbis", 2, 48_000, "L R"));
    let flac = [b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0".as_slice(), &[0; 20]].concat();
    sound(xiph::flac(&flac), ("flac", 2, 44_100, "L R"));
}

proptest! {
    #[test]
    fn no_bytes_panic(start in 0..12usize, tail in proptest::collection::vec(any::<u8>(), 0..200), record in proptest::collection::vec(any::<u8>(), 0..60)) {
        const STARTS: [&[u8]; 12] = [
            b"", b"\x0b\x77", b"\x7f\xfe\x80\x01", b"\x64\x58\x20\x25", b"\xf8\x72\x6f\xba", b"\0\0\x01\xb3", b"\0\0\x01\x67\x64",
            b"\0\0\x01\x42\x01", b"\0\0\x01\x20", b"\0\0\x01\x0f\xc0", b"\x01\x64\0\x28\xff\xe1\0\x30\x67\x64", b"\x81\0\0\0\x0a\x20",
        ];
        let bytes = [STARTS[start], &tail].concat();
        for word in ["h264", "hevc", "av1", "vp8", "vp9", "mpeg2", "mpeg4asp", "vc-1", "ffv1", "prores"] {
            let _ = (video_configuration(word, &bytes), video_frame(word, &record, &bytes), video_frame(word, &bytes, &record));
        }
        for word in ["aac", "ac3", "eac3", "dts", "mp3", "truehd", "flac", "opus", "vorbis"] {
            let _ = (audio_configuration(word, &bytes), audio_frame(word, &bytes));
        }
    }

    #[test]
    fn a_record_with_flipped_bytes_never_panics(at in 0..60usize, byte in any::<u8>(), cut in 0..60usize) {
        let mut record = avc_record(&high(false));
        let length = record.len();
        record[at % length] = byte;
        let _ = (avc::configuration(&record), avc::configuration(&record[..cut.min(length)]));
    }
}
