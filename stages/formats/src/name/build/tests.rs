//! What is built is read back: the grammar is one, both ways.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::{parse, vocabulary};
use super::*;

fn check(kind: &str, facts: Value, wanted: &str) {
    let Value::Object(facts) = facts else { panic!("{facts}") };
    assert_eq!(build(kind, &facts).as_deref(), Ok(wanted));
}

#[test]
fn names_follow_the_grammar_of_their_kind() {
    check(
        "tv",
        json!({"title": "Some Show", "season": 1, "episode": 2, "episode_title": "The Pilot", "language": "fr",
               "resolution": "1080p", "source_tag": "WEB", "video_codec_tag": "H264", "group": "GRP"}),
        "Some.Show.S01E02.The.Pilot.FRENCH.1080p.WEB.H264-GRP",
    );
    check(
        "tv",
        json!({"title": "Show", "season": 1, "episode": 1, "episodes": [1, 2, 3], "group": "GRP"}),
        "Show.S01E01-E03-GRP",
    );
    check(
        "tv",
        json!({"title": "Show", "season": 2, "group": "GRP", "flags": ["COMPLETE"]}),
        "Show.S02.COMPLETE-GRP",
    );
    check("tv", json!({"title": "Show", "date": "2022-11-03", "group": "GRP"}), "Show.2022.11.03-GRP");
    check(
        "movie",
        json!({"title": "Übergröße & Co.", "language": "de", "year": 2001, "edition": "Directors.Cut", "resolution": "2160p",
               "source_tag": "UHD.BluRay", "audio_tag": "DDP", "channels": "5.1", "picture_tags": ["HDR10+"], "video_codec_tag": "x265", "group": "GRP"}),
        "Uebergroesse.and.Co.2001.Directors.Cut.GERMAN.2160p.UHD.BluRay.DDP5.1.HDR10Plus.x265-GRP",
    );
    check(
        "ebook",
        json!({"title": "Die Welle", "authors": ["Jörg Öd"], "language": "de", "year": 2020, "source_tag": "RETAIL", "format": "epub", "group": "GRP"}),
        "Joerg.Oed.Die.Welle.2020.GERMAN.RETAIL.EPUB.eBook-GRP",
    );
    check(
        "comic",
        json!({"title": "Hero", "volume": 2, "issue": 5, "year": 2020, "source_tag": "RETAIL", "format": "cbz", "group": "GRP"}),
        "Hero.Vol.2.No.5.2020.RETAIL.COMiC.CBZ.eBook-GRP",
    );
    check(
        "magazine",
        json!({"title": "Weekly", "issue": 5, "date": "2020-03", "year": 2020, "source_tag": "SCAN", "format": "pdf", "group": "GRP"}),
        "Weekly.No5.March.2020.SCAN.MAGAZiNE.eBook-GRP",
    );
    check("docs", json!({"title": "A Guide", "year": 2020, "group": "GRP"}), "A.Guide.2020.DOCS-GRP");
}

#[test]
fn what_is_missing_is_named() {
    let fails = |kind: &str, facts: Value, wanted: &str| {
        let Value::Object(facts) = facts else { panic!("{facts}") };
        assert_eq!(build(kind, &facts).unwrap_err().to_string(), wanted);
    };
    fails("tv", json!({"title": "A"}), "a name of the kind `tv` needs the fact `episode`");
    fails("tv", json!({"title": "A", "season": 1}), "a name of the kind `tv` needs the fact `group`");
    fails("movie", json!({"title": "A", "group": "G"}), "a name of the kind `movie` needs the fact `year`");
    fails(
        "ebook",
        json!({"title": "A", "group": "G"}),
        "a name of the kind `ebook` needs the fact `authors`",
    );
    fails(
        "docs",
        json!({"title": "!!!", "group": "G"}),
        "`title` has no letter or digit that a name may hold",
    );
    fails("opera", json!({}), "there is no grammar for the kind `opera`");
}

/// Words that mean nothing to the grammar.
fn word() -> impl Strategy<Value = String> {
    "[A-Z][a-z]{3,9}".prop_filter("is a word of the grammar", |word| {
        let lower = word.to_lowercase();
        (0..lower.len()).all(|at| vocabulary::entry(lower.get(at..).unwrap_or_default(), None).is_none())
            && vocabulary::entry(&lower, None).is_none()
            && !vocabulary::is_given_name(word)
            && vocabulary::container(&lower).is_none()
            && !super::super::numbering::begins(&lower)
            && !super::super::date::MONTHS.iter().any(|month| lower.starts_with(month))
    })
}

fn title() -> impl Strategy<Value = String> {
    proptest::collection::vec(word(), 1..5).prop_map(|words| words.join(" "))
}

fn group() -> impl Strategy<Value = String> {
    "[A-Z]{2,4}q[A-Z]{2}".prop_map(|group| group)
}

fn one_of(list: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(list).prop_map(str::to_owned)
}

fn facts(pairs: Vec<(&str, Value)>) -> Map<String, Value> {
    pairs
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn comes_back(kind: &str, facts: &Map<String, Value>) -> Result<(), TestCaseError> {
    let name = build(kind, facts).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let parsed = parse(&name);
    prop_assert_eq!(parsed.kind, kind, "{}", name);
    for (fact, value) in facts {
        prop_assert_eq!(parsed.facts.get(fact), Some(value), "{} of {}", fact, name);
    }
    Ok(())
}

const SOURCES: &[&str] = &["WEB", "WEB-DL", "WEBRip", "HDTV", "BluRay", "DVDRip", "UHD.BluRay"];
const CODECS: &[&str] = &["x264", "H264", "x265", "H265", "AV1", "XviD"];
const RESOLUTIONS: &[&str] = &["480p", "720p", "1080p", "1080i", "2160p"];
const SOUNDS: &[&str] = &["AAC", "DDP", "DTS-HD.MA", "TrueHD.Atmos", "FLAC"];
const LANGUAGES: &[&str] = &["FRENCH", "GERMAN", "MULTi", "JAPANESE"];
const FLAGS: &[&str] = &["PROPER", "REPACK", "INTERNAL", "READNFO"];

proptest! {
    #[test]
    fn facts_of_an_episode_come_back(
        title in title(), (season, episode, further) in (1_u32..60, 1_u32..120, 0_u32..4), episode_title in proptest::option::of(title()),
        source in one_of(SOURCES), codec in one_of(CODECS), resolution in one_of(RESOLUTIONS), flag in proptest::option::of(one_of(FLAGS)),
        language in proptest::option::of(one_of(LANGUAGES)), sound in proptest::option::of(one_of(SOUNDS)), group in group(),
    ) {
        let episodes = (further > 0).then(|| (episode..=episode + further).collect::<Vec<_>>());
        comes_back("tv", &facts(vec![
            ("title", title.into()), ("season", season.into()), ("episode", episode.into()), ("episodes", json!(episodes)),
            ("episode_title", json!(episode_title)), ("flags", json!(flag.map(|flag| [flag]))), ("language_tags", json!(language.map(|tag| [tag]))),
            ("resolution", resolution.into()), ("source_tag", source.into()), ("audio_tag", json!(sound)), ("video_codec_tag", codec.into()), ("group", group.into()),
        ]))?;
    }

    #[test]
    fn facts_of_a_day_and_of_a_season_come_back(title in title(), season in 1_u32..40, (month, day) in (1_u32..13, 1_u32..29), group in group()) {
        let date = format!("2019-{month:02}-{day:02}");
        comes_back("tv", &facts(vec![("title", title.clone().into()), ("date", date.into()), ("resolution", "720p".into()), ("source_tag", "WEB".into()), ("group", group.clone().into())]))?;
        comes_back("tv", &facts(vec![("title", title.into()), ("season", season.into()), ("source_tag", "BluRay".into()), ("group", group.into())]))?;
    }

    #[test]
    fn facts_of_a_film_come_back(
        title in title(), year in 1920_u32..2035, source in one_of(SOURCES), codec in one_of(CODECS), resolution in one_of(RESOLUTIONS),
        edition in proptest::option::of(one_of(&["Extended", "Directors.Cut", "Unrated", "IMAX"])), service in proptest::option::of(one_of(&["AMZN", "NF", "DSNP"])), group in group(),
    ) {
        comes_back("movie", &facts(vec![
            ("title", title.into()), ("year", year.into()), ("edition", json!(edition)), ("service", json!(service)),
            ("resolution", resolution.into()), ("source_tag", source.into()), ("video_codec_tag", codec.into()), ("group", group.into()),
        ]))?;
    }

    #[test]
    fn facts_of_books_come_back(
        title in title(), year in 1950_u32..2035, volume in proptest::option::of(1_u32..30), issue in 1_u32..900,
        language in proptest::option::of(one_of(LANGUAGES)), source in one_of(&["RETAIL", "SCAN", "HYBRID"]), group in group(),
    ) {
        let shared = |format: &str| facts(vec![
            ("title", title.clone().into()), ("year", year.into()), ("language_tags", json!(language.clone().map(|tag| [tag]))),
            ("source_tag", source.clone().into()), ("format", format.into()), ("group", group.clone().into()),
        ]);
        let mut comic = shared("cbz");
        comic.extend(facts(vec![("volume", json!(volume)), ("issue", issue.into())]));
        comes_back("comic", &comic)?;
        let mut magazine = shared("epub");
        magazine.extend(facts(vec![("issue", issue.into()), ("date", format!("{year}-03").into())]));
        comes_back("magazine", &magazine)?;
        let mut ebook = shared("epub");
        // The grammar puts nothing between author and title; a given name tells where the author ends.
        ebook.insert("authors".into(), json!(["Agatha Quixley"]));
        comes_back("ebook", &ebook)?;
        comes_back("docs", &facts(vec![("title", title.into()), ("year", year.into()), ("group", group.into())]))?;
    }

    #[test]
    fn what_is_built_keeps_the_rules_for_names(title in ".{1,400}", episode_title in ".{0,300}", tag in ".{0,20}", group in ".{1,20}", number in any::<u32>()) {
        let facts = facts(vec![
            ("title", title.clone().into()), ("authors", json!([title])), ("season", number.into()), ("episode", number.into()), ("year", number.into()),
            ("episode_title", episode_title.into()), ("source_tag", tag.clone().into()), ("flags", json!([tag])), ("format", tag.into()), ("group", group.into()),
        ]);
        for kind in KINDS {
            let Ok(name) = build(kind.name, &facts) else { continue };
            prop_assert!(name.len() <= kind.most, "{}", name);
            prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')), "{}", name);
            prop_assert!(!name.as_bytes().windows(2).any(|pair| pair.iter().all(|byte| matches!(byte, b'.' | b'-' | b'_'))), "{}", name);
        }
    }
}
