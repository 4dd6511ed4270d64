//! Reads Matroska and WebM: what the header parts say, completed by private bytes and the first frames of tracks.
//!
//! Reads a few megabytes of a file of any size. Attachments and cues are passed over.

mod blocks;
mod ebml;
mod encoding;
mod ids;
mod rate;
mod segment;
mod tags;
#[cfg(test)]
mod tests;
mod track;
mod words;

use super::video::{Film, codec};
use super::{Damage, Found, Head, Limits, ReadError, Source};
use blocks::Wish;
use ebml::{Stream, child, children, float, text, unsigned};
use segment::Parts;
use tags::Tag;
use track::{Content, Track};

const MATROSKA: &str = "matroska";
const WEBM: &str = "webm";

/// Whether the file begins like Matroska, or like EBML of a kind that it does not name.
#[must_use]
pub fn sniff(head: &Head) -> bool {
    is_ebml(head) && kind(&head.bytes).is_none_or(|kind| kind == MATROSKA)
}

/// Whether the file begins like WebM.
#[must_use]
pub fn sniff_webm(head: &Head) -> bool {
    is_ebml(head) && kind(&head.bytes).as_deref() == Some(WEBM)
}

/// Reads the facts of a film.
///
/// # Errors
/// When the source cannot be read, or when there is no track or information in it.
pub fn read(source: &mut dyn Source, limits: &Limits) -> Result<Found, ReadError> {
    let head = Head::start(source)?;
    let format = if kind(&head.bytes).as_deref() == Some(WEBM) { WEBM } else { MATROSKA };
    let mut found = Found::new(format);
    let mut stream = Stream::new(source)?;
    let Some(segment) = start_of_segment(&mut stream)? else {
        return Err(ReadError::Unreadable { format, damage: Damage::of("it has no segment") });
    };
    let parts = segment::parts(&mut stream, segment, &mut found)?;
    if parts.tracks.is_empty() && parts.info.is_empty() {
        let damage =
            found.damage.unwrap_or_else(|| Damage::of("its segment has neither tracks nor information"));
        return Err(ReadError::Unreadable { format, damage });
    }
    if parts.tracks.is_empty() {
        found.damaged(Damage::of("it has no tracks"));
    }
    let tags: Vec<Tag> = parts.tags.iter().flat_map(|part| tags::read(part)).collect();
    let film = film(&mut stream, &parts, &tags, limits)?;
    film.tell(&mut found, head.size, limits);
    tell_tags(&mut found, &tags, limits);
    Ok(found)
}

fn is_ebml(head: &Head) -> bool {
    head.bytes.starts_with(&ids::EBML.to_be_bytes())
}

/// The kind of document that the first header names.
fn kind(head: &[u8]) -> Option<String> {
    let (_, header) = children(head).next()?;
    child(header, ids::DOC_TYPE).map(text)
}

/// Passes over everything up to the segment.
fn start_of_segment(stream: &mut Stream<'_>) -> Result<Option<ebml::Element>, ReadError> {
    const MOST: usize = 16;
    for _ in 0..MOST {
        let Some(element) = stream.element()? else { break };
        if element.id == ids::SEGMENT {
            return Ok(Some(element));
        }
        let Some(end) = element.end() else { break };
        stream.go(end)?;
    }
    Ok(None)
}

fn film(stream: &mut Stream<'_>, parts: &Parts, tags: &[Tag], limits: &Limits) -> Result<Film, ReadError> {
    const MILLISECOND: u64 = 1_000_000;
    let info = |id| child(&parts.info, id);
    let tick = info(ids::TIMESTAMP_SCALE).and_then(unsigned).filter(|tick| *tick > 0).unwrap_or(MILLISECOND);
    let entries = children(&parts.tracks).filter(|(id, _)| *id == ids::TRACK_ENTRY);
    let mut tracks: Vec<Track> =
        entries.take(limits.list_items).map(|(_, entry)| Track::read(entry)).collect();
    complete(stream, parts, &mut tracks, tick)?;
    let mut duration_ms = info(ids::DURATION).and_then(float).and_then(|ticks| milliseconds(ticks, tick));
    // A recording that was never finished has no length of its own.
    if duration_ms.is_none() && parts.cluster.is_some() {
        let last = blocks::last_time(stream, parts.end)?.filter(|last| *last > 0);
        duration_ms =
            last.and_then(|last| i32::try_from(last).ok()).and_then(|last| milliseconds(last.into(), tick));
    }
    let title = info(ids::TITLE).map(text).filter(|title| !title.trim().is_empty());
    let app = info(ids::WRITING_APP).or_else(|| info(ids::MUXING_APP));
    let chapters = tags::chapters(&parts.chapters);
    let mut film = Film {
        title: title.or_else(|| tags::of_film(tags, "TITLE").map(str::to_owned)),
        date: tags::of_film(tags, "DATE_RELEASED").map(str::to_owned),
        duration_ms,
        writing_app: app.map(text),
        chapters: Some(chapters.len() as u64),
        chapter_list: chapters,
        encrypted: tracks.iter().any(|track| track.encoding.encrypted),
        ..Film::default()
    };
    for track in tracks {
        let bitrate = tags::statistic(tags, track.uid, "BPS");
        match track.content {
            Content::Video(mut video, said) => {
                video.fill(said);
                if video.frame_rate_mode == Some("vfr") {
                    let frames = tags::statistic(tags, track.uid, "NUMBER_OF_FRAMES");
                    video.fps = average(frames, film.duration_ms).or(video.fps);
                }
                film.video.push(video);
            }
            Content::Audio(mut audio, said) => {
                audio.fill(said);
                audio.bitrate = bitrate.or(audio.bitrate);
                film.audio.push(audio);
            }
            Content::Subtitle(subtitle) => film.subtitles.push(subtitle),
            Content::Other => {}
        }
    }
    Ok(film)
}

/// The rate over the whole film, which an uneven track is better known by than by its start.
fn average(frames: Option<u64>, duration_ms: Option<u64>) -> Option<f64> {
    let frames = frames.and_then(|frames| u32::try_from(frames).ok()).filter(|frames| *frames > 0)?;
    let duration_ms =
        duration_ms.and_then(|duration| u32::try_from(duration).ok()).filter(|duration| *duration > 0)?;
    Some(f64::from(frames) * 1000.0 / f64::from(duration_ms))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between a millisecond and a year"
)]
fn milliseconds(ticks: f64, tick: u64) -> Option<u64> {
    let duration = (ticks * tick as f64 / 1e6).round();
    (1.0..3.2e10).contains(&duration).then_some(duration as u64)
}

/// Looks at the first frames of tracks that they complete.
fn complete(
    stream: &mut Stream<'_>,
    parts: &Parts,
    tracks: &mut [Track],
    tick: u64,
) -> Result<(), ReadError> {
    let wishes: Vec<Wish> = tracks.iter().map(wish).collect();
    let seen = match parts.cluster {
        Some(cluster) => blocks::look(stream, cluster, parts.end, &wishes)?,
        // Headers alone still name a rate.
        None => tracks.iter().map(|_| blocks::Seen::default()).collect(),
    };
    for (track, seen) in tracks.iter_mut().zip(seen) {
        let frames = seen.frames.iter().filter(|frame| !frame.is_empty());
        match &mut track.content {
            Content::Video(video, _) => {
                let undecided = video.scan.is_none();
                for frame in frames {
                    if let Some(told) = codec::video_frame(&video.codec, &track.private, frame) {
                        // One frame of fields among whole ones is enough.
                        if undecided && told.scan == Some("interlaced") {
                            video.scan = told.scan;
                        }
                        video.fill(told);
                    }
                }
                let rate = rate::rate(track.frame_duration, &seen.times, seen.all, tick);
                // A stream's own clock counts only where the container tells no time.
                video.fps = rate.fps.or(video.fps);
                video.frame_rate_mode = rate.mode.or(video.frame_rate_mode);
            }
            Content::Audio(audio, _) => {
                for frame in frames {
                    if let Some(told) = codec::audio_frame(&audio.codec, frame) {
                        audio.fill(told);
                    }
                }
            }
            Content::Subtitle(_) | Content::Other => {}
        }
    }
    Ok(())
}

/// What is wanted of a track's frames.
fn wish(track: &Track) -> Wish {
    /// Enough to tell an even rate from an uneven one.
    const TIMES: usize = 100;
    const START: u64 = 64 << 10;
    // Dolby Vision lies at the end of a frame.
    const WHOLE: u64 = 1 << 20;
    let (frames, bytes, times) = match &track.content {
        Content::Video(video, _) => match &*video.codec {
            "h264" | "mpeg2" => (4, START, TIMES),
            "hevc" => (1, WHOLE, TIMES),
            _ => (1, START, TIMES),
        },
        Content::Audio(audio, _) => match &*audio.codec {
            "ac3" | "eac3" | "dts" | "truehd" | "mlp" | "mp1" | "mp2" | "mp3" => (1, START, 0),
            _ => (0, 0, 0),
        },
        Content::Subtitle(_) | Content::Other => (0, 0, 0),
    };
    let frames = if track.encoding.encrypted { 0 } else { frames };
    Wish { track: track.number, frames, bytes, times, encoding: track.encoding.clone() }
}

fn tell_tags(found: &mut Found, tags: &[Tag], limits: &Limits) {
    let description =
        ["SYNOPSIS", "SUMMARY", "DESCRIPTION"].iter().find_map(|name| tags::of_film(tags, name));
    if let Some(description) = description {
        found.set_lines("description", description, limits);
    }
    let mut identifiers = serde_json::Map::new();
    for (name, scheme) in [("IMDB", "imdb"), ("TMDB", "tmdb"), ("TVDB2", "tvdb"), ("TVDB", "tvdb")] {
        let text = tags.iter().find(|tag| tag.track.is_none() && tag.name == name).map(|tag| tag.text.trim());
        if let Some(text) = text.filter(|text| !text.is_empty() && text.len() <= 100) {
            // The kind in front of the number is not part of it.
            let number = text.rsplit('/').next().unwrap_or(text);
            identifiers.entry(scheme).or_insert_with(|| number.into());
        }
    }
    found.set_map("identifiers", identifiers);
}
