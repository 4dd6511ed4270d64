//! Tests of release names.

use formats::name;

use super::{Found, NameTest};

/// What is wrong with a name.
pub(super) fn test(test: &NameTest, release: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut say = |message: String| found.push(Found::new("", message));
    if let Some(bad) = test.marks.as_deref().and_then(|marks| foreign(release, marks)) {
        say(format!("the name holds {bad:?}"));
    }
    let length = release.chars().count();
    if let Some(most) = test.most.filter(|most| length > *most) {
        say(format!("the name has {length} characters, and {most} are allowed"));
    }
    let pair = release.as_bytes().windows(2).find(|pair| pair.iter().all(u8::is_ascii_punctuation));
    if let Some(pair) = pair.filter(|_| test.single) {
        say(format!("the name has {:?} in a row", String::from_utf8_lossy(pair)));
    }
    let parsed = name::parse(release);
    for need in &test.needs {
        if !need.split('|').any(|fact| parsed.facts.contains_key(fact)) {
            say(format!("the name does not tell {}", need.replace('|', " or ").replace('_', " ")));
        }
    }
    let words: Vec<&str> = release.split(['.', '_', '-', ' ']).collect();
    let has = |tag: &str| words.iter().any(|word| word.eq_ignore_ascii_case(tag));
    if let Some((first, others)) = test.apart.split_first()
        && has(first)
        && let Some(other) = others.iter().find(|other| has(other))
    {
        say(format!("the name has {first} together with {other}"));
    }
    let dotted = format!(".{}.", words.join(".").to_uppercase());
    for never in &test.never {
        if dotted.contains(&format!(".{}.", never.to_uppercase())) {
            say(format!("the name has {never}"));
        }
    }
    if let Some(digits) = test.digits
        && let Some(short) = words.iter().find(|word| short_number(word, digits))
    {
        say(format!("`{short}` has a number of fewer than {digits} digits"));
    }
    let upper = release.to_uppercase();
    let before = upper.rsplit_once('-').map_or(upper.as_str(), |(before, _)| before);
    let ends = |format: &String| before.ends_with(&format!(".{}", format.to_uppercase()));
    if !test.ends.is_empty() && !test.ends.iter().any(ends) {
        say(format!("the name does not end with {} before its group", test.ends.join(" or ")));
    }
    found
}

/// The first character that is no ASCII letter or digit and none of the marks.
pub(super) fn foreign(text: &str, marks: &str) -> Option<char> {
    text.chars().find(|c| !c.is_ascii_alphanumeric() && !marks.contains(*c))
}

/// Whether a word such as `S1E05` has a number with too few digits.
fn short_number(word: &str, digits: usize) -> bool {
    let numbers = || word.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    let letters: String = word.chars().filter(|c| !c.is_ascii_digit()).flat_map(char::to_uppercase).collect();
    matches!(letters.as_str(), "SE" | "SEE" | "E" | "S") && numbers().any(|number| number.len() < digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: NameTest, name: &str, wanted: &[&str]) {
        let got: Vec<String> = test(&rule, name).into_iter().map(|found| found.message).collect();
        assert_eq!(got, wanted, "{name}");
    }

    #[test]
    fn names_are_tested_by_characters_length_and_facts() {
        let marks = || NameTest { marks: Some("._-".into()), single: true, ..NameTest::default() };
        check(marks(), "A.Good_Name-GRP", &[]);
        check(marks(), "A Bad.Name-GRP", &["the name holds ' '"]);
        check(marks(), "A..Name-GRP", &["the name has \"..\" in a row"]);
        check(
            NameTest { most: Some(5), ..NameTest::default() },
            "Longer",
            &["the name has 6 characters, and 5 are allowed"],
        );
        let needs = || NameTest { needs: vec!["year".into(), "season|date".into()], ..NameTest::default() };
        check(needs(), "Show.2020.S01E02.WEB.H264-GRP", &[]);
        check(needs(), "Show-GRP", &["the name does not tell year", "the name does not tell season or date"]);
        let apart = || NameTest { apart: vec!["READNFO".into(), "PROPER".into()], ..NameTest::default() };
        check(apart(), "A.PROPER.WEB-GRP", &[]);
        check(apart(), "A.PROPER.READNFO.WEB-GRP", &["the name has READNFO together with PROPER"]);
        check(
            NameTest { never: vec!["READ.NFO".into()], ..NameTest::default() },
            "A.Read.NFO-GRP",
            &["the name has READ.NFO"],
        );
        let ends = || NameTest { ends: vec!["WEB.H264".into(), "x265".into()], ..NameTest::default() };
        check(ends(), "A.Show.S01E02.1080p.web.h264-GRP", &[]);
        check(ends(), "A.Show.S01E02.WEB.x265-GRP", &[]);
        check(ends(), "A.Show.S01E02.WEB.H264", &[]);
        check(
            ends(),
            "A.Show.S01E02.WEB.H264.AAC-GRP",
            &["the name does not end with WEB.H264 or x265 before its group"],
        );
        let digits = || NameTest { digits: Some(2), ..NameTest::default() };
        check(digits(), "A.S01E02-E03.E100-GRP", &[]);
        check(digits(), "A.S1E02-GRP", &["`S1E02` has a number of fewer than 2 digits"]);
    }
}
