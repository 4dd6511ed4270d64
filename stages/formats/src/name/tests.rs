//! Names of every kind, and names that are none.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The facts that are wanted must be there; others may be.
fn check(name: &str, kind: &str, wanted: Value) {
    let parsed = parse(name);
    assert_eq!(parsed.kind, kind, "{name}: {:?}", parsed.facts);
    let Value::Object(wanted) = wanted else { panic!("{wanted}") };
    for (fact, value) in wanted {
        let got = parsed.facts.get(&fact).cloned().unwrap_or(Value::Null);
        assert_eq!(got, value, "{fact} of {name}");
    }
}

#[test]
fn episodes_are_read_in_every_form() {
    check(
        "Harbour.Lights.2019.S02E05.The.Storm.PROPER.GERMAN.1080p.AMZN.WEB-DL.DDP5.1.H.264-GRP",
        "tv",
        json!({"title": "Harbour Lights", "year": 2019, "season": 2, "episode": 5, "episode_title": "The Storm", "flags": ["PROPER"],
               "language_tags": ["GERMAN"], "resolution": "1080p", "service": "AMZN", "source_tag": "WEB-DL", "audio_tag": "DDP",
               "channels": "5.1", "video_codec_tag": "H264", "group": "GRP"}),
    );
    check(
        "Harbour.Lights.S01E01-E03.720p.HDTV.x264-GRP",
        "tv",
        json!({"episode": 1, "episodes": [1, 2, 3], "source_tag": "HDTV"}),
    );
    check("Harbour.Lights.S01E24E20.WEB.H264-GRP", "tv", json!({"episode": 24, "episodes": [24, 20]}));
    check(
        "Harbour Lights 3x07 The Tide",
        "tv",
        json!({"title": "Harbour Lights", "season": 3, "episode": 7, "episode_title": "The Tide"}),
    );
    check(
        "Harbour.Lights.2022.11.03.Jane.Doe.WEB.x264-GRP",
        "tv",
        json!({"date": "2022-11-03", "year": 2022, "episode_title": "Jane Doe"}),
    );
    check(
        "Harbour.Lights.S01.COMPLETE.1080p.BluRay.x265-GRP",
        "tv",
        json!({"season": 1, "episode": null, "flags": ["COMPLETE"]}),
    );
    check("Harbour.Lights.S01-S03.1080p.BluRay.x265-GRP", "tv", json!({"season": 1, "seasons": [1, 2, 3]}));
    check("Harbour.Lights.S02E00.Special.The.Making.WEB.H264-GRP", "tv", json!({"season": 2, "episode": 0}));
    check("Harbour.Lights.S02E01A.WEB.H264-GRP", "tv", json!({"episode": 1, "part": "a"}));
    check(
        "[Subs] Minato no Akari - 05v2 [1080p][0A1B2C3D].mkv",
        "tv",
        json!({"title": "Minato no Akari", "episode": 5, "version": 2, "group": "Subs", "checksum": "0A1B2C3D", "container": "mkv"}),
    );
    check("harbour.lights.117.hdtv-grp.mp4", "tv", json!({"season": 1, "episode": 17, "group": "grp"}));
    check(
        "Harbour Lights (1989) S33E12 Half Tide (1080p HULU WEBRip x265 10bit EAC3 5.1 - Grp)[Site]",
        "tv",
        json!({"title": "Harbour Lights", "episode_title": "Half Tide", "group": "Grp", "site": "Site", "picture_tags": ["10bit"]}),
    );
    check("港の灯 第2季 第3集.mkv", "tv", json!({"season": 2, "episode": 3}));
}

#[test]
fn episodes_of_sets_are_read_behind_seasons_dashes_and_in_brackets() {
    check(
        "[Subs] Minato no Akari 2nd Season - 05 [1080p].mkv",
        "tv",
        json!({"title": "Minato no Akari", "season": 2, "seasons": null, "episode": 5, "episode_title": null}),
    );
    check(
        "[Subs] Minato S2 - 12 END [720p].mkv",
        "tv",
        json!({"title": "Minato", "season": 2, "episode": 12}),
    );
    check("Harbour.Lights.S01.07.1080p.WEB.mkv", "tv", json!({"season": 1, "episode": 7}));
    check("[Subs] Minato (01-03) [BD 1080p FLAC]", "tv", json!({"title": "Minato", "episodes": [1, 2, 3]}));
    check("[Subs] Minato - 01 ~ 03 [1080p]", "tv", json!({"episode": 1, "episodes": [1, 2, 3]}));
    check(
        "[Subs] Minato #04v2 - The Tide [720p].mkv",
        "tv",
        json!({"title": "Minato", "episode": 4, "version": 2}),
    );
    check(
        "[Subs][Minato no Akari][05][1080p][AVC_AAC].mkv",
        "tv",
        json!({"title": "Minato no Akari", "episode": 5, "group": "Subs"}),
    );
    check("Minato - 107a - The Tide.mkv", "tv", json!({"title": "Minato", "episode": 107, "part": "a"}));
    check("Harbour Lights Season 1 2 3 DVDRip", "tv", json!({"seasons": [1, 2, 3]}));
    check("Harbour.Lights.S01S02S03.DVDRip-GRP", "tv", json!({"seasons": [1, 2, 3]}));
    check("Harbour Lights Season 02 EP(01-03) [720p]", "tv", json!({"season": 2, "episodes": [1, 2, 3]}));
    check(
        "Гавань / Сезон: 2 / Серии: 1-3 из 8 [2017, WEBRip 1080p]",
        "tv",
        json!({"season": 2, "episodes": [1, 2, 3]}),
    );
    check(
        "Harbour.Lights.Part3.The.Tide.1080p.WEB.H264-GRP",
        "tv",
        json!({"title": "Harbour Lights", "episode": 3, "episode_title": "The Tide"}),
    );
    check(
        "The.Late.Tide.Part.2.2011.1080p.WEB.H264-GRP",
        "movie",
        json!({"title": "The Late Tide Part 2", "year": 2011}),
    );
    check(
        "Harbour.Lights.S01E05_Late.Tide.S02E06.WEB.H264-GRP",
        "tv",
        json!({"title": "Harbour Lights", "season": 1, "episode": 5, "episode_title": null}),
    );
}

#[test]
fn words_of_titles_are_no_tags() {
    check(
        "Deep.Web.2015.1080p.BluRay.x264-GRP",
        "movie",
        json!({"title": "Deep Web", "source_tag": "BluRay"}),
    );
    check(
        "Web.of.Lies.S06E01.1080p.WEB.h264-GRP",
        "tv",
        json!({"title": "Web of Lies", "source_tag": "WEB"}),
    );
    check(
        "The.Good.German.2006.DVDRip.XviD-GRP",
        "movie",
        json!({"title": "The Good German", "language_tags": null}),
    );
    check(
        "You.Are.(Not).Late.2009.1080p.BluRay.x264-GRP",
        "movie",
        json!({"title": "You Are (Not) Late", "year": 2009}),
    );
    check("Harbour MD Season 7 720p WEB-DL", "tv", json!({"title": "Harbour MD", "season": 7}));
    check(
        "Harbour.COMPLETE.S01-S02.1080p.WEB.H264-GRP",
        "tv",
        json!({"title": "Harbour", "seasons": [1, 2]}),
    );
    check("Harbour.S01E02.720p.WEB.H264-GRP-Obfuscated", "tv", json!({"group": "GRP"}));
    check(
        "www.Some.Site.example - The Late Tide (2014) 720p.mkv",
        "movie",
        json!({"title": "The Late Tide", "year": 2014}),
    );
    check("2012.2009.1080p.BluRay.x264-GRP", "movie", json!({"title": "2012", "year": 2009}));
    check("2001.A.Space.Walk.mkv", "movie", json!({"title": "2001 A Space Walk", "year": null}));
    check(
        "The.Final.Cut.2004.PROPER.DVDRip.x264-GRP",
        "movie",
        json!({"title": "The Final Cut", "flags": ["PROPER"]}),
    );
}

#[test]
fn films_have_their_year_cut_and_sound() {
    check(
        "The.Late.Tide.2014.EXTENDED.German.DL.2160p.UHD.BluRay.DTS-HD.MA.7.1.HDR10Plus.x265-GRP",
        "movie",
        json!({"title": "The Late Tide", "year": 2014, "edition": "Extended", "language_tags": ["GERMAN"], "flags": ["DL"],
               "resolution": "2160p", "source_tag": "UHD.BluRay", "audio_tag": "DTS-HD.MA", "channels": "7.1",
               "picture_tags": ["HDR10Plus"], "video_codec_tag": "x265", "group": "GRP"}),
    );
    check(
        "The Late Tide (2014) [720p] [BluRay] [Grp]",
        "movie",
        json!({"title": "The Late Tide", "year": 2014, "group": "Grp"}),
    );
    check("The.Late.Tide.2014.TrueHD.7.1.Atmos.AVC-GRP", "movie", json!({"audio_tag": "TrueHD.Atmos"}));
    check(
        "The.Late.Tide.2014.HDTVx264-GRP",
        "movie",
        json!({"source_tag": "HDTV", "video_codec_tag": "x264"}),
    );
    check("The.Late.Tide.2014.720p.AC3.DTS.x264-GRP", "movie", json!({"audio_tag": ["AC3", "DTS"]}));
    check("E.T.at.Sea.1982.DVDRip-GRP", "movie", json!({"title": "E.T. at Sea"}));
}

#[test]
fn books_comics_and_magazines_are_read() {
    check(
        "Agatha.Shore.The.Lamp.Room.2nd.Edition.2020.FRENCH.RETAIL.EPUB.eBook-GRP",
        "ebook",
        json!({"authors": ["Agatha Shore"], "title": "The Lamp Room 2nd Edition", "year": 2020, "language_tags": ["FRENCH"],
               "source_tag": "RETAIL", "format": "epub", "group": "GRP"}),
    );
    check(
        "Jane Shore - [Harbour 02] - The Tide (2004).epub",
        "ebook",
        json!({"authors": ["Jane Shore"], "series": "Harbour", "series_index": 2, "title": "The Tide", "year": 2004, "group": null}),
    );
    check(
        "Shore, Jane - The Tide.mobi",
        "ebook",
        json!({"authors": ["Jane Shore"], "title": "The Tide", "format": "mobi"}),
    );
    check(
        "Harbour.Hero.Vol.2.No.5.2012.RETAiL.COMiC.CBZ.eBOOK-GRP",
        "comic",
        json!({"title": "Harbour Hero", "volume": 2, "issue": 5, "year": 2012}),
    );
    check(
        "Harbour Hero 045 (2014) (digital).cbr",
        "comic",
        json!({"title": "Harbour Hero", "issue": 45, "year": 2014}),
    );
    check(
        "Tide.Weekly.No.12.March.2022.HYBRiD.MAGAZiNE.eBOOk-GRP",
        "magazine",
        json!({"title": "Tide Weekly", "issue": 12, "date": "2022-03"}),
    );
    check("The.Guide.2024.DOCS-GRP", "docs", json!({"title": "The Guide", "year": 2024, "group": "GRP"}));
}

#[test]
fn other_names_give_title_year_and_group() {
    check(
        "The_Band-The_Songs-WEB-2022-GRP",
        "music",
        json!({"authors": ["The Band"], "title": "The Songs", "year": 2022, "group": "GRP"}),
    );
    check(
        "Harbour.Quest.v1.0.11-GRP",
        "app",
        json!({"title": "Harbour Quest", "version": "1.0.11", "group": "GRP"}),
    );
    check(
        "Harbour_Quest_NSW-GRP",
        "game",
        json!({"title": "Harbour Quest", "platform": "NSW", "group": "GRP"}),
    );
    check("just a note", "unknown", json!({"title": "just a note", "group": null}));
}

#[test]
fn folders_tell_what_a_file_leaves_open() {
    check(
        "Series/Harbour Lights (2005)/Season 06/E13 - The Tide.mkv",
        "tv",
        json!({"title": "Harbour Lights", "season": 6, "episode": 13, "year": 2005, "episode_title": "The Tide"}),
    );
    check(
        "Harbour.Lights.S08E09.1080p.WEB.H264-GRP/afaae96ae7a140e0981ced2a79221751.mkv",
        "tv",
        json!({"title": "Harbour Lights", "season": 8, "episode": 9, "group": "GRP", "container": "mkv"}),
    );
}

#[test]
fn the_longest_and_oddest_names_take_no_time() {
    let odd = [
        "[", "(", "S01E01-", "1x01", "-", ".", "2020.", "DTS.", "a ", "第", "S1-", "[a]", "1-", "by ", "+",
        "\u{0}", "é",
    ];
    for part in odd {
        for length in [1_000, 10_000, 200_000] {
            let name: String = part.chars().cycle().take(length).collect();
            let start = Instant::now();
            let _ = parse(&name);
            assert!(start.elapsed() < Duration::from_secs(3), "{part:?} × {length}: {:?}", start.elapsed());
        }
    }
}

/// Pieces that mean something, so that arbitrary names reach every corner.
fn piece() -> impl Strategy<Value = String> {
    let known = &[
        "S01",
        "E02",
        "-E03",
        "1x02",
        "2020",
        "2020.11.03",
        "1080p",
        "WEB-DL",
        "x264",
        "DDP5.1",
        "DTS-HD.MA",
        "[",
        "]",
        "(",
        ")",
        "-",
        ".",
        " ",
        "_",
        " - ",
        "GRP",
        "eBook",
        "RETAIL",
        "Vol",
        "No",
        "12",
        "the",
        "Jane",
        "www.",
        ".com",
        "/",
        "\\",
        "v1.0",
        "第",
        "季",
        "AKA",
        "of",
        "mkv",
    ];
    prop_oneof![3 => proptest::sample::select(&known[..]).prop_map(str::to_owned), 1 => ".{0,6}"]
}

proptest! {
    #[test]
    fn no_name_is_too_odd(pieces in proptest::collection::vec(piece(), 0..30)) {
        let name = pieces.concat();
        for (fact, value) in parse(&name).facts {
            let empty = value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty) || value.is_null();
            prop_assert!(!empty, "{} is empty in {:?}", fact, name);
        }
    }

    #[test]
    fn no_text_is_too_odd(name in any::<String>()) {
        let _ = parse(&name);
    }
}

/// The public names of the corpus, if it is there: what most names of a field must give.
#[test]
fn names_of_the_corpus_are_read_as_people_read_them() {
    let folder = std::env::var_os("BINDERY_CORPUS").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        std::path::PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(folder.join("names/names_rls_public.jsonl")) else {
        eprintln!("SKIPPED: there is no corpus at {}", folder.display());
        return;
    };
    let plain = |value: &Value| -> String {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase();
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (field, least) in
        [("title", 0.88), ("year", 0.95), ("season", 0.95), ("episode", 0.95), ("group", 0.9)]
    {
        let (mut right, mut all) = (0.0, 0.0);
        for line in text.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let Some(wanted) = case.get(field) else { continue };
            let got = parse(case["input"].as_str().unwrap()).facts.get(field).cloned().unwrap_or_default();
            all += 1.0;
            right += f64::from(u8::from(plain(wanted) == plain(&got)));
        }
        assert!(right / all >= least, "{field}: {right} of {all}");
    }
}
