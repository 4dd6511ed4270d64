//! Text as parts of names.

use formats::text::transliterate;

/// ASCII letters and digits with single dots between words. Marks that belong into a word vanish (`L'Été` is `LEte`),
/// all others part words; a hyphen stays between letters.
pub(super) fn dots(text: &str, language: Option<&str>) -> String {
    let plain = transliterate::ascii(text, language);
    let mut name = String::with_capacity(plain.len());
    for c in plain.replace('&', " and ").chars() {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c),
            '\'' | '`' | '"' => {}
            '-' if name.ends_with(|last: char| last.is_ascii_alphanumeric()) => name.push('-'),
            '_' | '-' => {}
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

/// ASCII alone, words and marks as they are.
pub(super) fn ascii(text: &str, language: Option<&str>) -> String {
    transliterate::ascii(text, language)
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
        check("Война и мир", "Voyna.i.mir");
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
    }
}
