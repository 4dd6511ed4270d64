//! Text as part of a name: the characters that names allow, and no more of them than fit.
//!
//! Knows no grammar.

use crate::text::transliterate;

/// ASCII letters and digits with single dots between words. Marks that belong into a word vanish (`L'Été` is `LEte`),
/// all others part words; a hyphen stays between letters. The language settles how some letters are written.
#[must_use]
pub fn dots(text: &str, language: Option<&str>) -> String {
    let plain = transliterate::ascii(text, language);
    let mut name = String::with_capacity(plain.len());
    for c in plain.replace('&', " and ").chars() {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c),
            '\'' | '`' | '"' => {}
            '-' if name.ends_with(|last: char| last.is_ascii_alphanumeric()) => name.push('-'),
            '-' => {}
            _ if name.ends_with('-') => {
                name.pop();
                name.push('.');
            }
            _ if name.is_empty() || name.ends_with('.') => {}
            _ => name.push('.'),
        }
    }
    name.trim_end_matches(['.', '-']).to_owned()
}

/// At most `most` characters of a text. It ends behind a word where that leaves at least half, and never with a mark.
#[must_use]
pub fn truncate(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let kept = text.get(..end).unwrap_or_default();
    let parts = |c: char| matches!(c, '.' | ' ' | '_' | '-');
    let cut_in_word = text.get(end..).is_some_and(|rest| !rest.starts_with(parts));
    let behind_word = kept.rfind(parts).filter(|&at| cut_in_word && at * 2 >= end);
    let kept = behind_word.and_then(|at| kept.get(..at)).unwrap_or(kept);
    kept.trim_end_matches(parts).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_give_what_release_names_allow() {
        let check = |text: &str, wanted: &str| assert_eq!(dots(text, None), wanted);
        check("The Man Who Was Thursday", "The.Man.Who.Was.Thursday");
        check("Spider-Man: Far from Home!", "Spider-Man.Far.from.Home");
        check("O'Neil & Sons, Ltd.", "ONeil.and.Sons.Ltd");
        check("  ...--__ ", "");
        check("a - b", "a.b");
        check("annual_report_2025", "annual.report.2025");
        check("_a-_b__", "a.b");
        check("Война и мир", "Voyna.i.mir");
    }

    #[test]
    fn a_shortened_text_ends_behind_a_word() {
        let check = |text: &str, most, wanted: &str| assert_eq!(truncate(text, most), wanted, "{text}");
        check("The.Long.Title", 20, "The.Long.Title");
        check("The.Long.Title", 10, "The.Long");
        check("The.Long.Title", 8, "The.Long");
        check("The.Long.Title", 9, "The.Long");
        check("Incomprehensible", 5, "Incom");
        check("日本語の本", 2, "日本");
        check("a", 0, "");
    }

    proptest::proptest! {
        #[test]
        fn no_two_marks_meet_and_none_stands_at_an_end(text in ".{0,40}") {
            let name = dots(&text, None);
            proptest::prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-'));
            proptest::prop_assert!(!name.starts_with(['.', '-']) && !name.ends_with(['.', '-']));
            for pair in ["..", "--", ".-", "-."] {
                proptest::prop_assert!(!name.contains(pair), "{name}");
            }
        }

        #[test]
        fn nothing_shortened_is_longer_than_asked(text in ".{0,40}", most in 0_usize..50) {
            let short = truncate(&text, most);
            proptest::prop_assert!(short.chars().count() <= most && text.starts_with(&short));
        }
    }
}
