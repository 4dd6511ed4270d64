//! The counter of disks in a FILE_ID.DIZ, as common checkers read it: the total alone counts.
//!
//! Knows the patterns that are in use, and no file.

/// Bytes of a description that are looked at.
const LOOKED_AT: usize = 4096;

/// The patterns, most special first: `#` is a digit of the total, `!` a digit, `o` or `x` of the disk, `o` a
/// nought, `?` anything.
const PATTERNS: &[&str] = &[
    "[?!/##]",
    "(?!/##)",
    "[?!!/###]",
    "(?!!/###)",
    "[?/#]",
    "[?/##]",
    "(?/#)",
    "[disk:!!/##]",
    "[disk:?!/##]",
    "o?/o#",
    "disks[!!/##",
    " !/# ",
    " !/#\0",
    "[!!/#]",
    ": ?!/##",
    "xx/##",
    "<!!/##>",
    "x/##",
];

/// How many disks a description says there are; none where it has no counter that is read.
#[must_use]
pub fn disks(text: &str) -> Option<u32> {
    let mut flat = String::with_capacity(text.len().min(LOOKED_AT));
    for c in text.chars() {
        if flat.len() >= LOOKED_AT {
            break;
        }
        let c = if c.is_whitespace() { ' ' } else { c.to_ascii_lowercase() };
        if c != ' ' || !flat.ends_with(' ') {
            flat.push(c);
        }
    }
    let text: Vec<char> = flat.trim_end().chars().chain(['\0']).collect();
    (0..text.len()).find_map(|at| {
        let rest = text.get(at..).unwrap_or_default();
        PATTERNS.iter().find_map(|pattern| total(pattern, rest))
    })
}

/// The total, where a text begins as a pattern says.
fn total(pattern: &str, text: &[char]) -> Option<u32> {
    let mut total = String::new();
    for (at, wanted) in pattern.chars().enumerate() {
        let found = *text.get(at)?;
        match wanted {
            '#' if found.is_ascii_digit() => total.push(found),
            '#' if found == 'o' => total.push('0'),
            '#' if found == ' ' => {}
            '!' if found.is_ascii_digit() || matches!(found, 'o' | 'x') => {}
            '?' => {}
            'o' if found == '0' => {}
            exact if exact == found && !matches!(exact, '#' | '!') => {}
            _ => return None,
        }
    }
    total.parse().ok().filter(|total| *total > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_in_use_are_read() {
        let check = |text: &str, wanted: Option<u32>| assert_eq!(disks(text), wanted, "{text:?}");
        for text in
            ["DISK: [xx/05]", "DISK: [01/05]", "[01/05]", "[XX/05]", "[1/5]", "a\r\n[x/5]\r\nb", "01/05"]
        {
            check(text, Some(5));
        }
        check("(03/12)", Some(12));
        check("DISK: [xx/99]\nT", Some(99));
        check("[xxx/120]", Some(120));
        check("[001/120]", Some(120));
        check("no counter", None);
        check("", None);
        check("[xx/00]", None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "([\\[(]?[x0-9o?]{0,3}/[0-9ox]{0,3}[\\])]?|.){0,30}") {
            let _ = disks(&text);
        }
    }
}
