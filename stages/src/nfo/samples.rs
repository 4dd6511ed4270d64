//! Sets of facts to try templates with: usual ones, long ones, foreign ones, hardly any, and those of someone who means
//! harm.

use engine::template::Scope;
use serde_json::{Map, Value, json};

/// A set of facts.
#[derive(Clone, Copy)]
pub struct Sample {
    /// What it is called.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    facts: fn() -> Value,
}

/// Every set. A new one is a function and a row.
pub const SAMPLES: &[Sample] = &[
    Sample { name: "short", about: "what most releases know", facts: short },
    Sample { name: "long", about: "long titles, many names, a long description", facts: long },
    Sample {
        name: "foreign",
        about: "Cyrillic, Chinese, Greek, Arabic, accents and typographic marks",
        facts: foreign,
    },
    Sample { name: "empty", about: "no facts at all", facts: empty },
    Sample {
        name: "hostile",
        about: "escape sequences, line breaks, emoji, endless words, text that looks like Liquid",
        facts: hostile,
    },
];

impl Sample {
    /// The set of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        SAMPLES.iter().find(|sample| sample.name == name)
    }

    /// The set whose facts are those of a usual release.
    #[must_use]
    pub fn usual() -> Option<&'static Self> {
        SAMPLES.iter().find(|sample| sample.is_usual())
    }

    /// Whether its facts are those of a usual release.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.name == "short"
    }

    /// What templates see: the facts, and what a run gives.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.beneath(Scope::new())
    }

    /// What templates see where something is known already, and where it is not these facts stand in.
    #[must_use]
    pub fn beneath(&self, mut known: Scope) -> Scope {
        let facts = (self.facts)();
        for (name, value) in facts.as_object().into_iter().flatten() {
            known.set_default(name, value.clone());
        }
        for (name, value) in given() {
            known.set_default(&name, value);
        }
        known
    }
}

/// What a run gives to templates beside facts.
#[must_use]
pub fn given() -> Map<String, Value> {
    let volumes = (0..5).map(|number| {
        let extension = if number == 0 { "rar".to_owned() } else { format!("r{:02}", number - 1) };
        json!({ "name": format!("sample.{extension}"), "size": 50_000_000 - number * 1_234, "from": "rar" })
    });
    let given = json!({
        "group": "GRP",
        "release": "A.Sample.Release.2026-GRP",
        "now": "2026-02-03 12:00:00 +0000",
        "source": { "name": "sample.epub", "stem": "sample", "extension": "epub", "count": 1 },
        "files": volumes.collect::<Vec<_>>(),
        "vars": {},
    });
    match given {
        Value::Object(given) => given,
        _ => Map::new(),
    }
}

fn media() -> Value {
    json!({
        "resolution": "1080p",
        "duration_ms": 3_312_000,
        "bitrate": 6_200_000,
        "chapters": 6,
        "video": [{ "codec": "h264", "profile": "High", "width": 1920, "height": 1080, "fps": 23.976, "bit_depth": 8,
            "scan": "progressive" }],
        "audio": [
            { "codec": "eac3", "channels": 6, "layout": "5.1", "sample_rate": 48_000, "bitrate": 640_000, "language": "en" },
            { "codec": "aac", "channels": 2, "layout": "stereo", "sample_rate": 48_000, "language": "de", "title": "Commentary" },
        ],
        "subtitles": [{ "codec": "subrip", "language": "en" }, { "codec": "subrip", "language": "de", "forced": true }],
    })
}

fn short() -> Value {
    with(
        media(),
        json!({
            "title": "The Lighthouse Keepers",
            "subtitle": "Letters from the Coast",
            "authors": ["Ada Winter", "Bo Lindqvist"],
            "publisher": "Harbour Press",
            "year": 2026,
            "date": "2026-02-03",
            "language": "en",
            "isbn": "9780000000002",
            "series": "Coast",
            "series_index": 2,
            "subjects": ["Lighthouses", "Letters", "Sea"],
            "description": "Two keepers write to each other through one winter, each from a light of their own.\n\nWhat they do not say is as plain as what they do.",
            "rights": "CC BY 4.0",
            "format": "epub",
            "size": 1_234_567,
            "pages": 215,
            "words": 57_000,
            "season": 1,
            "episode": 2,
            "episode_title": "Fog",
            "source_tag": "WEB",
            "video_codec_tag": "H.264",
            "audio_tag": "DDP5.1",
        }),
    )
}

fn long() -> Value {
    let title = "A Complete and Unabridged Account of Every Lighthouse, Lightship, Beacon and Buoy between the Mouth of the River and the Open Sea";
    let names: Vec<String> =
        (1..=12).map(|number| format!("Contributor Number {number} of the Harbour Society")).collect();
    with(
        short(),
        json!({
            "title": title,
            "subtitle": title.to_lowercase(),
            "episode_title": title,
            "authors": names,
            "publisher": "The Press of the Honourable Society of Harbour Masters, Pilots and Keepers of Lights",
            "series": title,
            "subjects": names,
            "description": format!("{} ", title).repeat(40) + "\n\n" + &"shorter words now and then ".repeat(30),
            "rights": "All rights are reserved, but for those that are given away at the end of this sentence. ".repeat(4),
            "identifiers": { "uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8" },
        }),
    )
}

fn foreign() -> Value {
    with(
        short(),
        json!({
            "title": "Хранители маяка — 燈台守",
            "subtitle": "Οι φύλακες του φάρου",
            "episode_title": "Łódź, “Größe” & Œuvre…",
            "authors": ["Ада Зимина", "林冬", "حارس المنارة", "Zoë Ångström"],
            "publisher": "Presses de l’Été",
            "language": "ru",
            "subjects": ["маяк", "海", "mañana", "½ €"],
            "description": "Два смотрителя переписываются одну зиму.\n\n二人の灯台守が一冬のあいだ手紙を交わす。",
        }),
    )
}

fn empty() -> Value {
    json!({ "files": [] })
}

fn hostile() -> Value {
    let endless = "W".repeat(10_000);
    with(
        media(),
        json!({
            "title": "\u{1b}[31mred\u{1b}[0m\r\nsecond line ║ ═ {{ group }} {% if %}\u{7}\u{9b}5m",
            "subtitle": "\u{202e}gnp.exe\u{2066}x\u{2069}\u{200f}",
            "authors": [endless, "a\0b\u{8}c\u{7f}d\u{85}e", "😀👩‍👩‍👧🇩🇪\u{fe0f}", "de\u{301}compose\u{301}"],
            "publisher": "\u{1b}]0;title\u{7}\t\ttabs",
            "episode_title": "\u{1e}═\u{1f}forged\u{1e}\u{1d}",
            "series": "…".repeat(500),
            "subjects": vec!["───╢"; 200],
            "description": format!("{endless}\n\n\n\n\n---\n{}\u{f8f0}0\u{f8f1}", "x\n".repeat(300)),
            "rights": "日本語".repeat(400),
            "date": "\n",
            "year": -1,
            "size": u64::MAX,
            "season": "\u{1b}[2J",
            "language": "\u{1b}c",
            "duration_ms": u64::MAX,
            "video": [{ "codec": endless, "width": "\u{7}", "fps": 1e300 }, {}],
            "audio": [{ "codec": "\r\n\r\n", "layout": endless, "bitrate": u64::MAX }],
            "subtitles": (0..200).map(|_| json!({ "language": "\u{1b}[1m" })).collect::<Vec<_>>(),
        }),
    )
}

/// The values of both; those of the second win.
fn with(weaker: Value, stronger: Value) -> Value {
    let (Value::Object(mut all), Value::Object(more)) = (weaker, stronger) else { return Value::Null };
    all.extend(more);
    Value::Object(all)
}
