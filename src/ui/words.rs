//! Numbers as people say them.

use std::io;

/// A number of bytes: `4.7 MB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") };
    }
    let mut unit = 0;
    let mut scale = 1u64;
    // The next unit is taken as soon as one decimal would round up to a thousand.
    while unit + 1 < UNITS.len() && count / scale >= 1000 - u64::from(count % scale * 20 >= scale * 19) {
        scale *= 1000;
        unit += 1;
    }
    let tenths = (u128::from(count) * 10 + u128::from(scale) / 2) / u128::from(scale);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS.get(unit).copied().unwrap_or_default())
}

/// A number of things: `1 file`, `3 files`, `2 entries`.
pub fn count(number: usize, thing: &str) -> String {
    match (number, thing.strip_suffix('y')) {
        (1, _) => format!("1 {thing}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        _ => format!("{number} {thing}s"),
    }
}

/// A time in milliseconds: `40 ms`, `1.4 s`, `3 min 20 s`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms} ms"),
        1..60 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How something ended, in a word or two.
pub const fn status(status: engine::Status) -> &'static str {
    use engine::Status;
    match status {
        Status::Done => "made",
        Status::UpToDate => "up to date",
        Status::Failed => "failed",
        Status::Skipped => "skipped",
        Status::Cancelled => "interrupted",
        Status::Unfinished => "not begun",
    }
}

/// Names in a row: `a`, `a and b`, `a, b and c`.
pub fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A text of at most so many characters, cut with an ellipsis.
pub fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The system's sentence as a fragment, without its error number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = plain.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The word that was probably meant, as advice; else all there are.
pub fn did_you_mean<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match manifests::suggest::nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", list(&known)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_well_at_every_size() {
        let check = |number, wanted: &str| assert_eq!(bytes(number), wanted);
        check(0, "0 bytes");
        check(1, "1 byte");
        check(999, "999 bytes");
        check(1000, "1.0 kB");
        check(1_949, "1.9 kB");
        check(999_949, "999.9 kB");
        check(999_950, "1.0 MB");
        check(4_700_000_000, "4.7 GB");
        check(u64::MAX, "18446.7 PB");
    }

    #[test]
    fn counts_and_times_read_well() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(count(2, "entry"), "2 entries");
        assert_eq!(duration(450), "450 ms");
        assert_eq!(duration(1450), "1.4 s");
        assert_eq!(duration(200_000), "3 min 20 s");
        assert_eq!(duration(7_260_000), "2 h 1 min");
    }

    #[test]
    fn names_are_listed_as_people_do() {
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(did_you_mean("ebok", ["ebook", "tv"]), "did you mean `ebook`?");
        assert_eq!(did_you_mean("x", ["ebook", "tv"]), "there is ebook and tv");
        assert_eq!(short("abcdef", 4), "abc…");
    }
}
