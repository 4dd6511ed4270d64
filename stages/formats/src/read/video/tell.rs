//! A film's facts, by the names that all containers share.
//!
//! What is not known is left out; numbers that cannot be meant are not facts.

use super::{Audio, Film, Subtitle, Video, resolution};
use crate::read::language::bcp47;
use crate::read::markup::collapse;
use crate::read::{Found, Limits, facts};
use serde_json::{Map, Number, Value};

impl Film {
    /// Writes everything known about a film of `size` bytes.
    pub(in crate::read) fn tell(self, found: &mut Found, size: u64, limits: &Limits) {
        let text = |found: &mut Found, name: &str, text: Option<&str>| {
            if let Some(text) = text {
                found.set_text(name, text, limits);
            }
        };
        text(found, "title", self.title.as_deref());
        if let Some(date) = &self.date {
            found.set_date(date);
        }
        let bitrate = self.bitrate.or_else(|| average(size, self.duration_ms?)).filter(|rate| *rate > 0);
        let mut number = |name: &str, value: Option<u64>| {
            if let Some(value) = value {
                found.facts.insert(name.to_owned(), value.into());
            }
        };
        number("duration_ms", self.duration_ms.filter(|duration| *duration > 0));
        number("bitrate", bitrate);
        number("chapters", self.chapters.filter(|chapters| *chapters > 0));
        text(found, "writing_app", self.writing_app.as_deref());
        text(found, "resolution", self.video.first().and_then(resolution::word).as_deref());
        list(found, "video", self.video.iter().map(|track| picture(track, limits)), limits);
        list(found, "audio", self.audio.iter().map(|track| sound(track, limits)), limits);
        list(found, "subtitles", self.subtitles.iter().map(|track| subtitle(track, limits)), limits);
        found.chapters = self.chapter_list.clone();
        if self.encrypted {
            found.facts.insert("encrypted".to_owned(), true.into());
        }
    }
}

fn average(size: u64, duration_ms: u64) -> Option<u64> {
    size.checked_mul(8_000)?.checked_div(duration_ms)
}

fn list(found: &mut Found, name: &str, tracks: impl Iterator<Item = Map<String, Value>>, limits: &Limits) {
    let tracks: Vec<Value> = tracks.take(limits.list_items).map(Value::Object).collect();
    if !tracks.is_empty() {
        found.facts.insert(name.to_owned(), Value::Array(tracks));
    }
}

fn picture(track: &Video, limits: &Limits) -> Map<String, Value> {
    let mut row = Row { map: Map::new(), limits };
    row.text("codec", Some(&*track.codec));
    row.text("profile", track.profile.as_deref());
    row.number("width", track.width);
    row.number("height", track.height);
    row.put("fps", track.fps.and_then(rate));
    row.text("frame_rate_mode", track.frame_rate_mode);
    row.number("bit_depth", track.bit_depth);
    row.text("hdr", track.dynamic_range());
    row.text("scan", track.scan);
    row.text("language", track.language.as_deref().and_then(bcp47).as_deref());
    row.text("title", track.title.as_deref());
    row.map
}

fn sound(track: &Audio, limits: &Limits) -> Map<String, Value> {
    let mut row = Row { map: Map::new(), limits };
    row.text("codec", Some(&*track.codec));
    row.text("profile", track.profile.as_deref());
    row.number("channels", track.channels);
    row.text("layout", track.layout.as_deref());
    row.number("sample_rate", track.sample_rate);
    row.number("bit_depth", track.bit_depth);
    row.put("bitrate", track.bitrate.filter(|rate| *rate > 0));
    row.text("language", track.language.as_deref().and_then(bcp47).as_deref());
    row.text("title", track.title.as_deref());
    row.put("default", track.default);
    row.map
}

fn subtitle(track: &Subtitle, limits: &Limits) -> Map<String, Value> {
    let mut row = Row { map: Map::new(), limits };
    row.text("codec", Some(&*track.codec));
    row.text("language", track.language.as_deref().and_then(bcp47).as_deref());
    row.text("title", track.title.as_deref());
    row.put("forced", track.forced);
    row.put("default", track.default);
    row.map
}

/// Three decimals, as rates are usually written; a whole rate is a whole number.
fn rate(fps: f64) -> Option<Number> {
    (0.001..10_000.0).contains(&fps).then(|| facts::number(&format!("{fps:.3}"))).flatten()
}

struct Row<'l> {
    map: Map<String, Value>,
    limits: &'l Limits,
}

impl Row<'_> {
    fn put(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.map.insert(name.to_owned(), value.into());
        }
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        let text = text.map(collapse);
        let text =
            text.as_deref().map(|text| facts::bounded(text, self.limits)).filter(|text| !text.is_empty());
        self.put(name, text);
    }

    fn number(&mut self, name: &str, number: Option<u32>) {
        self.put(name, number.filter(|number| *number > 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts_of(film: Film) -> Value {
        let mut found = Found::new("matroska");
        film.tell(&mut found, 1_000_000, &Limits::default());
        Value::Object(found.facts)
    }

    #[test]
    fn what_is_not_known_is_absent() {
        assert_eq!(facts_of(Film::default()), json!({}));
        let film = Film { video: vec![Video::of("h264")], title: Some("  ".to_owned()), ..Film::default() };
        assert_eq!(facts_of(film), json!({ "video": [{ "codec": "h264" }] }));
    }

    #[test]
    fn tracks_have_rounded_rates_and_languages_in_bcp_47() {
        let video = Video {
            width: Some(1920),
            height: Some(804),
            fps: Some(24000.0 / 1001.0),
            language: Some("und".to_owned()),
            ..Video::of("hevc")
        };
        let audio = Audio { language: Some("ger".to_owned()), default: Some(false), ..Audio::of("ac3") };
        let film =
            Film { duration_ms: Some(8000), video: vec![video], audio: vec![audio], ..Film::default() };
        let want = json!({
            "duration_ms": 8000, "bitrate": 1_000_000, "resolution": "1080p",
            "video": [{ "codec": "hevc", "width": 1920, "height": 804, "fps": 23.976 }],
            "audio": [{ "codec": "ac3", "language": "de", "default": false }],
        });
        assert_eq!(facts_of(film), want);
    }

    #[test]
    fn a_rate_that_cannot_be_meant_is_no_fact() {
        assert_eq!(rate(f64::NAN), None);
        assert_eq!(rate(1e9), None);
        assert_eq!(rate(25.0), Some(25.into()));
    }
}
