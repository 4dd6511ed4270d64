//! A whole movie: the boxes of the file, the tracks, the tags, and what they make a film.
//!
//! Media data is stepped over; the movie box may stand before or after it.

use super::boxes::{Node, Step, first, step};
use super::entry::Media;
use super::fragment::{self, Defaults, Fragments};
use super::tags::{Key, Tags};
use super::track::{self, Track, milliseconds};
use crate::read::fields::Fields;
use crate::read::video::Film;
use crate::read::window::Window;
use crate::read::{Damage, Limits, facts};
use std::collections::BTreeSet;
use std::io;

/// What was read of a file.
#[derive(Debug, Default)]
pub struct Movie {
    pub quicktime: bool,
    /// Whether there was a movie box at all.
    pub present: bool,
    pub film: Film,
    pub tags: Tags,
    pub damage: Option<Damage>,
}

/// Fragments that are walked from the start before the end is looked at.
const WALKED: usize = 200;

/// Top-level boxes and how they lie.
#[derive(Default)]
struct Top {
    movie: Option<Node>,
    metadata: Option<Node>,
    fragments: Vec<Node>,
    index: Option<Node>,
    /// Where the walk ended early, because there are many fragments.
    more: Option<u64>,
}

impl Movie {
    /// Reads a file's boxes.
    pub fn read(window: &mut Window, limits: &Limits) -> io::Result<Self> {
        let mut movie = Self { quicktime: true, ..Self::default() };
        let top = movie.top(window, limits)?;
        if let Some(node) = top.metadata {
            movie.tags.metadata(window, node, &mut movie.damage)?;
        }
        let Some(node) = top.movie else { return Ok(movie) };
        movie.present = true;
        let parts = node.children(window, &mut movie.damage)?;
        if let Some(tags) = first(&parts, b"udta") {
            movie.tags.user_data(window, tags, &mut movie.damage)?;
        }
        if let Some(tags) = first(&parts, b"meta") {
            movie.tags.metadata(window, tags, &mut movie.damage)?;
        }
        let mut tracks = Vec::new();
        for node in parts.iter().filter(|node| node.kind == *b"trak").take(limits.list_items) {
            tracks.extend(track::read(window, *node, movie.quicktime, &mut movie.damage)?);
        }
        let (scale, presented) = match first(&parts, b"mvhd") {
            Some(header) => header_times(&header.content(window, 40)?),
            None => (0, 0),
        };
        let mut duration = milliseconds(presented, scale);
        if let Some(extends) = first(&parts, b"mvex") {
            let (defaults, whole) = fragment::defaults(window, extends, &mut movie.damage)?;
            let fragments = movie.fragments(window, &top, &defaults, &mut tracks)?;
            duration = longest(&tracks, &fragments).or(milliseconds(whole, scale));
            if duration.is_none()
                && let Some(index) = top.index
            {
                duration = fragment::indexed_ms(&index.content(window, 1 << 20)?);
            }
        }
        movie.film.duration_ms = duration.or_else(|| longest(&tracks, &Fragments::new()));
        for track in &mut tracks {
            track.complete(window)?;
        }
        movie.gather(tracks);
        movie.film.title = movie.tags.text(Key::Title).map(str::to_owned);
        movie.film.writing_app = movie.tags.text(Key::Encoder).map(str::to_owned);
        movie.film.date =
            movie.tags.text(Key::Date).filter(|text| facts::date(text).is_some()).map(str::to_owned);
        Ok(movie)
    }

    fn top(&mut self, window: &mut Window, limits: &Limits) -> io::Result<Top> {
        let mut top = Top::default();
        let mut at = 0;
        let end = window.size();
        for _ in 0..limits.entries {
            let node = match step(window, at, end)? {
                Step::Node(node) => node,
                Step::Cut(node, damage) => {
                    self.damage.get_or_insert(damage);
                    node
                }
                Step::Broken(damage) => {
                    self.damage.get_or_insert(damage);
                    break;
                }
                Step::End => break,
            };
            match &node.kind {
                b"ftyp" => self.quicktime = window.bytes(node.body, 4)? == b"qt  ",
                b"moov" => top.movie = top.movie.or(Some(node)),
                b"meta" => top.metadata = top.metadata.or(Some(node)),
                b"sidx" => top.index = top.index.or(Some(node)),
                b"moof" => top.fragments.push(node),
                _ => {}
            }
            at = node.end;
            if top.fragments.len() >= WALKED && top.movie.is_some() {
                top.more = Some(at);
                break;
            }
        }
        Ok(top)
    }

    fn fragments(
        &mut self,
        window: &mut Window,
        top: &Top,
        defaults: &Defaults,
        tracks: &mut [Track],
    ) -> io::Result<Fragments> {
        let mut fragments = Fragments::new();
        for node in &top.fragments {
            fragment::add(window, *node, defaults, &mut fragments, &mut self.damage)?;
        }
        for track in &mut *tracks {
            let Some(added) = fragments.get(&track.id) else { continue };
            let samples = &mut track.samples;
            samples.timing.add_all(&added.timing);
            samples.first = samples.first.or(added.first);
            let before = if samples.count == 0 { Some(0) } else { samples.bytes };
            samples.bytes = before.map(|bytes| bytes.saturating_add(added.bytes));
        }
        if let Some(after) = top.more {
            // Only when they end is of use: they say it themselves.
            let mut unused = None;
            for node in fragment::last(window, after)? {
                fragment::add(window, node, defaults, &mut fragments, &mut unused)?;
            }
        }
        Ok(fragments)
    }

    fn gather(&mut self, tracks: Vec<Track>) {
        let chapters: BTreeSet<u32> =
            tracks.iter().flat_map(|track| track.chapters.iter().copied()).collect();
        let is_chapters = |track: &Track| chapters.contains(&track.id);
        // A track of pictures may go with the one of texts; the texts count.
        let listed =
            tracks.iter().filter(|track| is_chapters(track)).map(|track| track.samples.timing.frames).max();
        let named = self.tags.chapters.len() as u64;
        self.film.chapters = listed.into_iter().chain([named]).find(|count| *count > 0);
        self.film.chapter_list = std::mem::take(&mut self.tags.chapters);
        for track in tracks {
            self.film.encrypted |= track.entry.encrypted;
            if is_chapters(&track) {
                continue;
            }
            match track.entry.media {
                Media::Video(video) => self.film.video.push(video),
                Media::Audio(audio) => self.film.audio.push(audio),
                Media::Subtitle(subtitle) => self.film.subtitles.push(subtitle),
                Media::Other => {}
            }
        }
    }
}

/// When the last sample of any track ends. Fragments that were only seen at the end tell it as times.
fn longest(tracks: &[Track], fragments: &Fragments) -> Option<u64> {
    let ends = |track: &Track| {
        let ended = fragments.get(&track.id).and_then(|added| milliseconds(added.ends, track.scale));
        track.duration_ms().max(ended)
    };
    tracks.iter().filter(|track| !matches!(track.entry.media, Media::Other)).filter_map(ends).max()
}

/// The time scale and the duration in a movie header.
fn header_times(content: &[u8]) -> (u32, u64) {
    let mut fields = Fields(content);
    let mut parse = || {
        let long = fields.byte()? == 1;
        fields.skip(3 + if long { 16 } else { 8 })?;
        let scale = fields.be32()?;
        let duration = if long { fields.be64()? } else { fields.be32()?.into() };
        Some((scale, track::known(duration, long)))
    };
    parse().unwrap_or_default()
}
