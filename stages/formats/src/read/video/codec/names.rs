//! Four-character codes and format tags that AVI, QuickTime and Matroska's compatibility modes name codecs by.
//!
//! Knows words only; what a stream says about itself is read elsewhere.

/// The word for the codec of a four-character code, in any case.
#[must_use]
pub fn video_fourcc(code: [u8; 4]) -> Option<&'static str> {
    let code = code.map(|byte| byte.to_ascii_lowercase());
    Some(match &code {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"h264" | b"x264" | b"davc" | b"vssh" | b"ai55" | b"ai15"
        | b"ai1q" | b"ai5q" | b"dva1" | b"dvav" => "h264",
        b"hvc1" | b"hev1" | b"hevc" | b"h265" | b"x265" | b"dvh1" | b"dvhe" => "hevc",
        b"vvc1" | b"vvi1" | b"h266" => "vvc",
        b"av01" | b"dav1" => "av1",
        b"vp80" | b"vp08" => "vp8",
        b"vp90" | b"vp09" => "vp9",
        b"vp60" | b"vp61" | b"vp62" | b"vp6f" | b"vp6a" => "vp6",
        b"xvid" | b"xvix" | b"divx" | b"dx50" | b"dxgm" | b"mp4v" | b"fmp4" | b"3ivx" | b"3iv2" | b"rmp4"
        | b"m4s2" | b"mp4s" | b"blz0" | b"ump4" | b"hdx4" | b"sedg" | b"fvfw"
        // Microsoft's own beginnings, which go by the name of the standard.
        | b"div3" | b"div4" | b"div5" | b"div6" | b"mp43" | b"mpg3" | b"mp42" | b"mp41" | b"mpg4" | b"col1"
        | b"ap41" => "mpeg4asp",
        b"mpg2" | b"mpeg" | b"mp2v" | b"m2v1" | b"mx5n" | b"mx5p" | b"mx3n" | b"mx3p" | b"xdv1" | b"xdv2"
        | b"xdv3" | b"xdv4" | b"xdv5" | b"xdv6" | b"xdv7" | b"xdv8" | b"xdv9" | b"xdva" | b"xdvb"
        | b"xdvc" | b"xdvd" | b"xdve" | b"xdvf" | b"xd5a" | b"xd5b" | b"xd5c" | b"xd5d" | b"xd5e"
        | b"xd5f" | b"hdv1" | b"hdv2" | b"hdv3" | b"hdv5" | b"hdv6" | b"mmes" | b"em2v" => "mpeg2",
        b"mpg1" | b"m1v " | b"mp1v" | b"pim1" => "mpeg1",
        b"wvc1" | b"wmva" | b"vc-1" => "vc-1",
        b"wmv3" | b"wmvp" => "vc-1",
        b"wmv1" => "wmv1",
        b"wmv2" => "wmv2",
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => "prores",
        b"ffv1" => "ffv1",
        b"ffvh" | b"hfyu" => "huffyuv",
        b"mjpg" | b"mjpa" | b"mjpb" | b"jpeg" | b"avrn" | b"ljpg" | b"dmb1" => "mjpeg",
        b"dvsd" | b"dvhd" | b"dvsl" | b"dvc " | b"dvcp" | b"dvpp" | b"dv5n" | b"dv5p" | b"dvh5" | b"dvh6"
        | b"dvhp" | b"dvhq" | b"cdvc" | b"dv25" | b"dv50" => "dv",
        b"theo" => "theora",
        b"h263" | b"s263" | b"i263" | b"u263" | b"l263" | b"x263" => "h263",
        b"flv1" => "flv1",
        b"avdn" | b"avdh" => "dnxhd",
        b"cfhd" => "cineform",
        b"svq1" => "svq1",
        b"svq3" => "svq3",
        b"cvid" => "cinepak",
        b"iv31" | b"iv32" | b"iv41" | b"iv50" => "indeo",
        b"png " | b"mpng" => "png",
        b"drac" => "dirac",
        b"mjp2" | b"mj2c" => "jpeg2000",
        b"ulrg" | b"ulra" | b"uly0" | b"uly2" | b"ulh0" | b"ulh2" | b"uly4" | b"ulh4" => "utvideo",
        b"rle " | b"mrle" => "rle",
        b"raw " | b"dib " | b"yuy2" | b"yv12" | b"i420" | b"uyvy" | b"v210" | b"2vuy" | b"nv12" | b"iyuv"
        | b"v308" | b"v408" | b"v410" | b"y800" | b"\0\0\0\0" => "raw",
        _ => return None,
    })
}

/// The word for the codec of a `WAVEFORMATEX` tag.
#[must_use]
pub fn audio_tag(tag: u16) -> Option<&'static str> {
    Some(match tag {
        0x0001 | 0x0003 => "pcm",
        0x0006 | 0x0007 => "pcm",
        0x0002 | 0x0011 | 0x0069 => "adpcm",
        0x0050 => "mp2",
        0x0055 => "mp3",
        0x00ff | 0x1600 | 0x1601 | 0x1610 | 0x4143 | 0x706d | 0xa106 => "aac",
        0x0160..=0x0163 => "wma",
        0x0092 | 0x2000 => "ac3",
        0x2001 | 0x0008 => "dts",
        0x566f | 0x674f | 0x6750 | 0x6751 | 0x676f..=0x6771 => "vorbis",
        0x704f => "opus",
        0xf1ac => "flac",
        0x0031 | 0x0032 => "gsm",
        _ => return None,
    })
}

/// The usual speakers of so many channels.
#[must_use]
pub fn layout(channels: u32) -> Option<&'static str> {
    Some(match channels {
        1 => "M",
        2 => "L R",
        3 => "L R C",
        4 => "L R C Cb",
        5 => "L R C Ls Rs",
        6 => "L R C LFE Ls Rs",
        7 => "L R C LFE Ls Rs Cb",
        8 => "L R C LFE Ls Rs Lb Rb",
        _ => return None,
    })
}
