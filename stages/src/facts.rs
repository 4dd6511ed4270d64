//! The facts that Bindery knows by name, as a type: what `inspect` prints, for its schema.
//!
//! Nothing here is computed; the readers give facts as they find them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What was found in one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Facts of a file")]
pub struct Inspection {
    /// The file, as it was named.
    pub file: String,
    /// Its format, decided by content: `epub`, `txt`, …, or `unknown`.
    pub format: String,
    /// The facts by name. What is not known is absent, and no text is empty.
    #[schemars(with = "Known")]
    pub facts: Map<String, Value>,
    /// What was odd about the file, though nothing was lost by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What is broken in the file; the facts are then those that could still be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}

/// What a release name says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Facts of a release name")]
pub struct NameFacts {
    /// The name, as it was given.
    pub input: String,
    /// What it is the name of: `tv`, `movie`, `ebook`, `comic`, `magazine`, `docs`, `music`, `audiobook`, `game`, `app` or
    /// `unknown`.
    pub kind: String,
    /// The facts by name. What the name does not tell is absent, and no text is empty.
    #[schemars(with = "Named")]
    pub facts: Map<String, Value>,
}

/// The facts of names that have a name of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Named {
    /// The title: of the show, the film, the book.
    pub title: Option<String>,
    /// The authors, or the artist.
    pub authors: Option<Vec<String>>,
    /// The year.
    pub year: Option<u32>,
    /// The season; of several, the first.
    pub season: Option<u32>,
    /// All seasons, where there are several.
    pub seasons: Option<Vec<u32>>,
    /// The episode; of several, the first.
    pub episode: Option<u32>,
    /// All episodes, where there are several.
    pub episodes: Option<Vec<u32>>,
    /// The title of the episode.
    pub episode_title: Option<String>,
    /// The letter of a part of an episode.
    pub part: Option<String>,
    /// The disc of a season.
    pub disc: Option<u32>,
    /// The day of a daily show, or the month of a magazine, in ISO 8601.
    pub date: Option<String>,
    /// The volume of a comic.
    pub volume: Option<u32>,
    /// The issue of a comic or a magazine.
    pub issue: Option<u32>,
    /// The series a book belongs to.
    pub series: Option<String>,
    /// Its place in the series.
    pub series_index: Option<f64>,
    /// Where it was taken from: `WEB-DL`, `BluRay`, `RETAIL`, …
    pub source_tag: Option<String>,
    /// The streaming service.
    pub service: Option<String>,
    /// The resolution: `720p`, `1080p`, …
    pub resolution: Option<String>,
    /// The codec of the picture.
    pub video_codec_tag: Option<String>,
    /// What else is said of the picture: `10bit`, `HDR10`, `DV`, …
    pub picture_tags: Option<Vec<String>>,
    /// The codec of the sound; a list if there are several.
    pub audio_tag: Option<Value>,
    /// Its channels: `5.1`, …
    pub channels: Option<String>,
    /// The languages, as the name writes them.
    pub language_tags: Option<Vec<String>>,
    /// What the release says of itself: `PROPER`, `REPACK`, `INTERNAL`, …
    pub flags: Option<Vec<String>>,
    /// The cut or the edition.
    pub edition: Option<String>,
    /// The format of a book: `epub`, `pdf`, …
    pub format: Option<String>,
    /// The platform of a game.
    pub platform: Option<String>,
    /// The version of a program, or of an episode.
    pub version: Option<Value>,
    /// The group that made the release.
    pub group: Option<String>,
    /// The site that handed it on.
    pub site: Option<String>,
    /// The extension of the file.
    pub container: Option<String>,
    /// The checksum that the name bears.
    pub checksum: Option<String>,
    /// The size that the name bears.
    pub size_tag: Option<String>,
}

/// The facts that have a name of their own. There may be others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Known {
    /// Size of the file in bytes.
    pub size: Option<u64>,
    /// The title.
    pub title: Option<String>,
    /// The subtitle.
    pub subtitle: Option<String>,
    /// The authors, in the order of the file.
    pub authors: Option<Vec<String>>,
    /// Translators, editors, illustrators and others.
    pub contributors: Option<Vec<String>>,
    /// The publisher.
    pub publisher: Option<String>,
    /// The year of publication.
    pub year: Option<u16>,
    /// The date of publication in ISO 8601, as precise as it is known: `2009`, `2009-10`, `2009-10-07`.
    pub date: Option<String>,
    /// The language as BCP 47 with a primary subtag in lower case: `en`, `pt-BR`.
    pub language: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Subjects and genres.
    pub subjects: Option<Vec<String>>,
    /// Identifiers by their scheme: `isbn`, `uuid`, `doi`, `imdb`, `tmdb`, `tvdb`, …
    pub identifiers: Option<BTreeMap<String, Value>>,
    /// The ISBN: 13 digits whose check digit is right.
    pub isbn: Option<String>,
    /// The series it belongs to.
    pub series: Option<String>,
    /// Its place in the series, which may be broken, such as 2.5.
    pub series_index: Option<f64>,
    /// The season of a show.
    pub season: Option<u32>,
    /// The episode of a season.
    pub episode: Option<u32>,
    /// Rights and licence.
    pub rights: Option<String>,
    /// The program that made the file.
    pub producer: Option<String>,
    /// The number of pages; of a comic, its pictures; of a book, what it says of itself.
    pub pages: Option<u64>,
    /// Whether a comic is manga.
    pub manga: Option<bool>,
    /// The number of words.
    pub words: Option<u64>,
    /// The encoding of a text file: a name of the WHATWG, or `cp437` or `cp850`.
    pub encoding: Option<String>,
    /// The cover picture.
    pub cover: Option<CoverFacts>,
    /// Whether the content is encrypted.
    pub encrypted: Option<bool>,
    /// How long a film is, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Bits a second of a film, all its tracks together.
    pub bitrate: Option<u64>,
    /// Its tracks of pictures, in the order of the file.
    pub video: Option<Vec<VideoFacts>>,
    /// Its tracks of sound.
    pub audio: Option<Vec<AudioFacts>>,
    /// Its subtitles.
    pub subtitles: Option<Vec<SubtitleFacts>>,
    /// The number of chapters.
    pub chapters: Option<u64>,
    /// The usual word for the size of the picture: `480p`, `576i`, `720p`, `1080p`, `2160p`, …
    pub resolution: Option<String>,
    /// The program that wrote the file.
    pub writing_app: Option<String>,
    /// The full report of the program `mediainfo`, which the stage `extract` adds when it is there.
    pub mediainfo_report: Option<String>,
}

/// What is known of a track of pictures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct VideoFacts {
    /// Its codec: `h264`, `hevc`, `av1`, `vp8`, `vp9`, `mpeg2`, `mpeg4asp`, `vc-1`, `prores`, `ffv1`, …
    pub codec: Option<String>,
    /// The codec's profile: `High`, `Main 10`, `422 HQ`, …
    pub profile: Option<String>,
    /// Its width in pixels.
    pub width: Option<u64>,
    /// Its height in pixels.
    pub height: Option<u64>,
    /// Frames a second, with at most three decimals.
    pub fps: Option<f64>,
    /// `cfr` when frames follow each other evenly, `vfr` when they do not.
    pub frame_rate_mode: Option<String>,
    /// Bits of a sample of brightness.
    pub bit_depth: Option<u64>,
    /// `hdr10`, `hdr10+`, `hlg` or `dolby-vision`.
    pub hdr: Option<String>,
    /// `progressive` or `interlaced`.
    pub scan: Option<String>,
    /// Its language as BCP 47.
    pub language: Option<String>,
    /// Its own title.
    pub title: Option<String>,
}

/// What is known of a track of sound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AudioFacts {
    /// Its codec: `aac`, `ac3`, `eac3`, `mp2`, `mp3`, `opus`, `vorbis`, `flac`, `pcm`, `truehd`, `dts`, …
    pub codec: Option<String>,
    /// The codec's profile or extension: `LC`, `HE-AAC`, `JOC`, `MA`, `Atmos`, …
    pub profile: Option<String>,
    /// The number of channels, the one for low frequencies included.
    pub channels: Option<u64>,
    /// Its speakers: `L R`, `L R C LFE Ls Rs`, …
    pub layout: Option<String>,
    /// Samples a second.
    pub sample_rate: Option<u64>,
    /// Bits of a sample, for lossless sound.
    pub bit_depth: Option<u64>,
    /// Bits a second.
    pub bitrate: Option<u64>,
    /// Its language as BCP 47.
    pub language: Option<String>,
    /// Its own title.
    pub title: Option<String>,
    /// Whether players should choose it.
    pub default: Option<bool>,
}

/// What is known of a track of subtitles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SubtitleFacts {
    /// Its codec: `subrip`, `ass`, `webvtt`, `pgs`, `vobsub`, `dvb`, `mov_text`, …
    pub codec: Option<String>,
    /// Its language as BCP 47.
    pub language: Option<String>,
    /// Its own title.
    pub title: Option<String>,
    /// Whether they are to be shown whatever the viewer chose.
    pub forced: Option<bool>,
    /// Whether players should choose them.
    pub default: Option<bool>,
}

/// What is known of a cover picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CoverFacts {
    /// Its media type, such as `image/jpeg`.
    pub media_type: Option<String>,
    /// Its width in pixels.
    pub width: Option<u64>,
    /// Its height in pixels.
    pub height: Option<u64>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
}
