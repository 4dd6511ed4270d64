//! Identifiers of publications: which scheme one belongs to, and whether an ISBN is one.
//!
//! Knows numbers and prefixes; looks nothing up.

/// The 13 digits of an ISBN in either length, with or without hyphens, if its check digit is right.
#[must_use]
pub fn isbn13(text: &str) -> Option<String> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .map(|c| match c {
            '0'..='9' => u8::try_from(u32::from(c) - u32::from('0')).ok(),
            'x' | 'X' => Some(10),
            _ => None,
        })
        .collect::<Option<_>>()?;
    match digits.as_slice() {
        [front @ .., check] if front.len() == 12 => {
            let known = front.starts_with(&[9, 7, 8]) || front.starts_with(&[9, 7, 9]);
            (known && check13(front)? == *check).then(|| write(&digits))
        }
        [front @ .., check] if front.len() == 9 => {
            let sum: u32 =
                digits.iter().zip((1..=10).rev()).map(|(&digit, weight)| u32::from(digit) * weight).sum();
            if front.contains(&10) || *check > 10 || !sum.is_multiple_of(11) {
                return None;
            }
            let mut converted = [&[9, 7, 8], front].concat();
            converted.push(check13(&converted)?);
            Some(write(&converted))
        }
        _ => None,
    }
}

/// The key and value of an identifier in the `identifiers` fact: told by its own prefix, by the scheme its file names,
/// or by its form. `None` when it is empty, or an ISBN with a wrong check digit.
#[must_use]
pub fn classify(value: &str, scheme: Option<&str>) -> Option<(String, String)> {
    let value = value.trim();
    // Its own word for what it is may be joined to it in every way.
    if let Some(isbn) = labelled_isbn(value) {
        return Some(("isbn".to_owned(), isbn));
    }
    let (prefix, bare) = split(value);
    let key = prefix.or_else(|| scheme.and_then(known_scheme)).unwrap_or_else(|| guess(bare).to_owned());
    if bare.is_empty() {
        return None;
    }
    let value = match key.as_str() {
        "isbn" => isbn13(bare)?,
        "uuid" => bare.trim_start_matches(['{']).trim_end_matches(['}']).to_ascii_lowercase(),
        _ => bare.to_owned(),
    };
    Some((key, value))
}

/// The ISBN behind the word `ISBN`, as in `eISBN-13: 978-…` or `ISBN 978… (paperback)`.
fn labelled_isbn(value: &str) -> Option<String> {
    let rest = strip(value, "e").or_else(|| strip(value, "p")).and_then(|rest| strip(rest, "isbn"));
    let rest = rest.or_else(|| strip(value, "isbn"))?;
    let number = |rest: &str| {
        let rest = rest.trim_start_matches([' ', ':', '=', '#', '.', '_']);
        isbn13(rest.split_once(" (").map_or(rest, |(number, _)| number))
    };
    let numbered = || {
        let rest = rest.trim_start_matches(['-', ' ', '(']);
        let rest = strip(rest, "13").or_else(|| strip(rest, "10"))?;
        number(rest.trim_start_matches(')'))
    };
    number(rest).or_else(numbered)
}

/// Takes the prefix off, if it has one that names a scheme.
fn split(value: &str) -> (Option<String>, &str) {
    const DOI_HOSTS: [&str; 4] =
        ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/"];
    if let Some(bare) = DOI_HOSTS.iter().find_map(|host| strip(value, host)) {
        return (Some("doi".to_owned()), bare);
    }
    let value = strip(value, "urn:").unwrap_or(value);
    let Some((prefix, bare)) = value.split_once(':') else { return (None, value) };
    if bare.starts_with("//") {
        return (Some("uri".to_owned()), value);
    }
    match known_scheme(prefix) {
        Some(scheme) => (Some(scheme), bare.trim()),
        None => (None, value),
    }
}

/// A scheme's name as a key, through the names that files use for it.
fn known_scheme(name: &str) -> Option<String> {
    let name = name.trim().to_ascii_lowercase();
    let key = match name.as_str() {
        "isbn" | "isbn-13" | "isbn13" | "isbn-10" | "isbn10" | "onix:15" | "onix:02" | "onix:2" => "isbn",
        "uuid" | "guid" | "calibre" => "uuid",
        "doi" | "onix:06" | "onix:6" => "doi",
        "asin" | "mobi-asin" | "amazon" => "asin",
        "uri" | "url" => "uri",
        "issn" | "imdb" | "tmdb" | "tvdb" | "goodreads" | "google" | "oclc" | "lccn" | "isni"
        | "openlibrary" => &name,
        _ => return None,
    };
    Some(key.to_owned())
}

fn guess(value: &str) -> &'static str {
    if isbn13(value).is_some() && value.bytes().filter(u8::is_ascii_digit).count() == 13 {
        "isbn"
    } else if is_uuid(value) {
        "uuid"
    } else if value.starts_with("10.") && value.contains('/') {
        "doi"
    } else {
        "id"
    }
}

fn is_uuid(value: &str) -> bool {
    let groups: Vec<&str> = value.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn strip<'a>(value: &'a str, prefix: &str) -> Option<&'a str> {
    let (front, rest) = value.split_at_checked(prefix.len())?;
    front.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn check13(front: &[u8]) -> Option<u8> {
    if front.contains(&10) {
        return None;
    }
    let sum: u32 =
        front.iter().zip([1, 3].into_iter().cycle()).map(|(&digit, weight)| u32::from(digit) * weight).sum();
    u8::try_from((10 - sum % 10) % 10).ok()
}

fn write(digits: &[u8]) -> String {
    digits.iter().map(|&digit| char::from(b'0' + digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(value: &str, scheme: Option<&str>, want: Option<(&str, &str)>) {
        assert_eq!(
            classify(value, scheme),
            want.map(|(key, value)| (key.to_owned(), value.to_owned())),
            "{value}"
        );
    }

    #[test]
    fn isbns_are_checked_and_written_as_13_digits() {
        for text in ["978-0-306-40615-7", "0306406152", "0-306-40615-2", " 9780306406157 "] {
            assert_eq!(isbn13(text).as_deref(), Some("9780306406157"), "{text}");
        }
        assert_eq!(isbn13("080442957X").as_deref(), Some("9780804429573"));
        for text in [
            "9780306406158",
            "0306406153",
            "X306406152",
            "1234567890123",
            "97803064061X7",
            "",
            "978030640615\u{663}",
        ] {
            assert_eq!(isbn13(text), None, "{text}");
        }
    }

    #[test]
    fn prefixes_tell_the_scheme() {
        check("urn:isbn:9780306406157", None, Some(("isbn", "9780306406157")));
        check(
            "URN:UUID:00000000-0000-4000-8000-00000000000A",
            None,
            Some(("uuid", "00000000-0000-4000-8000-00000000000a")),
        );
        check("https://doi.org/10.1000/182", None, Some(("doi", "10.1000/182")));
        check("http://example.org/book", None, Some(("uri", "http://example.org/book")));
    }

    #[test]
    fn the_word_isbn_is_joined_to_its_number_in_every_way() {
        for value in [
            "ISBN 978-0-306-40615-7",
            "isbn:0-306-40615-2",
            "ISBN9780306406157",
            "eISBN: 9780306406157",
            "ISBN-13: 978-0306406157",
            "ISBN (10) 0306406152",
            "isbn=9780306406157",
            "ISBN 9780306406157 (paperback)",
            "URN:ISBN:978-0-306-40615-7",
        ] {
            check(value, None, Some(("isbn", "9780306406157")));
        }
        check("isbnless", None, Some(("id", "isbnless")));
    }

    #[test]
    fn schemes_and_forms_tell_the_rest() {
        check("0306406152", Some("ISBN"), Some(("isbn", "9780306406157")));
        check("0306406152", Some("onix:02"), Some(("isbn", "9780306406157")));
        check("9780306406157", None, Some(("isbn", "9780306406157")));
        check("B000FA5ZEG", Some("MOBI-ASIN"), Some(("asin", "B000FA5ZEG")));
        check("my-book", None, Some(("id", "my-book")));
    }

    #[test]
    fn a_wrong_isbn_is_none() {
        check("urn:isbn:9780306406158", None, None);
        check("", Some("ISBN"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = classify(&text, None);
        }

        #[test]
        fn every_accepted_isbn_has_13_digits(text in "[0-9]{9}[0-9X]") {
            if let Some(isbn) = isbn13(&text) {
                prop_assert_eq!(isbn13(&isbn), Some(isbn));
            }
        }
    }
}
