//! Names of files in folders: what the file's own name leaves open, the folders may tell.
//!
//! No folder is looked at; the path is text.

use super::{Parsed, read};

/// How many folders are looked at, from the file outwards.
const FOLDERS: usize = 4;

/// The folders and the file of a path, the file last. A slash with gaps around it is no folder.
pub(super) fn parts(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in name.match_indices(['/', '\\']) {
        let before = name.get(..at).unwrap_or_default();
        let after = name.get(at + 1..).unwrap_or_default();
        if before.ends_with(' ') && after.starts_with(' ') {
            continue;
        }
        parts.push(name.get(from..at).unwrap_or_default());
        from = at + 1;
    }
    parts.push(name.get(from..).unwrap_or_default());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Reads a path: the file's name, then its folders for what is missing.
pub(super) fn parse(parts: &[&str]) -> Option<Parsed> {
    let (file, folders) = parts.split_last()?;
    let mut parsed = read(file);
    if let Some(folder) = folders.last() {
        let outer = read(folder);
        if tells_more(&outer, &parsed) {
            let container = parsed.facts.get("container").cloned();
            parsed = outer;
            if let Some(container) = container {
                parsed.facts.insert("container".into(), container);
            }
        }
    }
    for folder in folders.iter().rev().take(FOLDERS) {
        let outer = read(folder);
        let numbered = outer.facts.contains_key("season");
        let tagged = ["resolution", "source_tag", "video_codec_tag", "year", "group"]
            .iter()
            .any(|name| outer.facts.contains_key(*name));
        if parsed.facts.contains_key("episode") && !parsed.facts.contains_key("season") {
            for name in ["season"] {
                if let Some(value) = outer.facts.get(name) {
                    parsed.facts.insert(name.into(), value.clone());
                }
            }
        }
        if !parsed.facts.contains_key("title")
            && let Some(title) =
                outer.facts.get("title").filter(|title| title.as_str().is_some_and(|title| !is_shelf(title)))
        {
            parsed.facts.insert("title".into(), title.clone());
        }
        if tagged || numbered {
            for name in [
                "year",
                "resolution",
                "source_tag",
                "video_codec_tag",
                "audio_tag",
                "channels",
                "language_tags",
                "edition",
                "service",
            ] {
                if let Some(value) = outer.facts.get(name) {
                    parsed.facts.entry(name).or_insert_with(|| value.clone());
                }
            }
            let certain =
                outer.facts.contains_key("source_tag") || outer.facts.contains_key("video_codec_tag");
            if let Some(group) = outer.facts.get("group").filter(|_| certain) {
                parsed.facts.entry("group").or_insert_with(|| group.clone());
            }
        }
        if parsed.kind == "unknown" {
            parsed.kind = outer.kind;
        }
    }
    Some(parsed)
}

/// Whether a folder has a release's name and the file in it only a short or a scrambled one.
fn tells_more(folder: &Parsed, file: &Parsed) -> bool {
    let has = |parsed: &Parsed, name: &str| parsed.facts.contains_key(name);
    let tagged =
        ["source_tag", "video_codec_tag", "resolution"].iter().filter(|name| has(folder, name)).count();
    let numbered = has(folder, "episode") && !has(file, "episode");
    let title = file.facts.get("title").and_then(serde_json::Value::as_str).unwrap_or_default();
    let short =
        !title.contains(' ') || has(file, "group") && !has(file, "year") && title.split(' ').count() < 4;
    let named = has(folder, "title") && (has(folder, "group") || has(folder, "year"));
    tagged > 0 && named && !has(file, "episode") && (numbered || (short && !has(file, "year")))
}

/// Folders that sort things and are no title.
fn is_shelf(title: &str) -> bool {
    const SHELVES: &[&str] = &[
        "series",
        "movies",
        "films",
        "film",
        "tv",
        "tv shows",
        "shows",
        "video",
        "videos",
        "media",
        "downloads",
        "mnt",
        "home",
        "volumes",
        "data",
        "tv series",
        "anime",
        "books",
        "ebooks",
        "comics",
        "music",
        "incomplete",
        "unsorted",
    ];
    SHELVES.contains(&title.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_tell_what_the_file_leaves_open() {
        let parsed = parse(&parts("TV Shows/Doctor Who (2005)/Season 06/E13 - The Wedding.mkv")).unwrap();
        let fact = |name: &str| parsed.facts.get(name).cloned().unwrap_or_default();
        assert_eq!(
            (fact("title"), fact("season"), fact("episode"), fact("year")),
            ("Doctor Who".into(), 6.into(), 13.into(), 2005.into())
        );
        assert_eq!(parts("FLAC / Lossless"), ["FLAC / Lossless"]);
        assert_eq!(parts("/a//b\\c/"), ["a", "b", "c"]);
    }
}
