//! What all video containers have in common: the film and its tracks, and how they become facts.
//!
//! Knows no container. `codec` reads what streams say about themselves, for all containers alike.

pub mod codec;
mod resolution;
mod tell;
mod tracks;

use super::Chapter;
pub use tracks::{Audio, Subtitle, Video};

/// One file's worth of tracks, and what the container says about the whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Film {
    /// The title of the whole.
    pub title: Option<String>,
    /// When it was made, as ISO 8601.
    pub date: Option<String>,
    /// How long it is.
    pub duration_ms: Option<u64>,
    /// Bits a second of the whole. When absent, size and duration tell it.
    pub bitrate: Option<u64>,
    /// The program that wrote the file.
    pub writing_app: Option<String>,
    /// How many chapters it has.
    pub chapters: Option<u64>,
    /// Its chapters with their times, where they are listed so.
    pub chapter_list: Vec<Chapter>,
    /// Whether any track is encrypted.
    pub encrypted: bool,
    /// Its pictures, in the order of the file.
    pub video: Vec<Video>,
    /// Its sound, in the order of the file.
    pub audio: Vec<Audio>,
    /// Its subtitles, in the order of the file.
    pub subtitles: Vec<Subtitle>,
}
