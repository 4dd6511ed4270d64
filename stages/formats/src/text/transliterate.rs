//! Writes text with fewer characters, so that its reader still recognises it.
//!
//! Knows the usual conventions and the spelling rules of a few languages; for all other letters a table that covers every
//! script. Drops control characters, but for line ends.

use super::cp437;
use any_ascii::any_ascii_char;

/// A text in the characters of code page 437, as far as that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForCp437 {
    /// The text. What the page lacks and nothing stands for is still in it.
    pub text: String,
    /// What remains that the page lacks, each once, in order of appearance.
    pub missing: Vec<char>,
}

/// Writes a text in ASCII. The language (BCP 47) settles letters that are written differently in different languages:
/// `ü` is `ue` in German and `u` elsewhere. What has no sound and no stand-in is left out.
#[must_use]
pub fn ascii(text: &str, language: Option<&str>) -> String {
    let spelling = language.map_or(&[][..], spelling);
    let characters: Vec<char> = composed_diaereses(text).collect();
    let mut written = String::with_capacity(text.len());
    for (at, &character) in characters.iter().enumerate() {
        if character.is_ascii() {
            written.extend(Some(character).filter(|c| !c.is_ascii_control() || *c == '\n'));
            continue;
        }
        let lower = character.to_lowercase().next().unwrap_or(character);
        let own = spelling.iter().find(|(known, _)| *known == lower).map(|(_, letters)| *letters);
        let letters = own.unwrap_or_else(|| common(lower).unwrap_or_else(|| any_ascii_char(character)));
        let before = at.checked_sub(1).and_then(|at| characters.get(at)).copied();
        // Sharp s stands among capitals too, since its own capital is rare.
        let shouted = character == '\u{df}' && before.is_some_and(char::is_uppercase);
        if character == lower && !shouted {
            written.push_str(letters);
        } else {
            push_capital(&mut written, letters, before, characters.get(at + 1).copied());
        }
    }
    written
}

/// Keeps what code page 437 has and writes the rest with it where that is natural: typographic marks, symbols, letters of
/// the Latin script. Letters of other scripts remain: transliterating them is [`ascii`]'s, and the caller's choice.
#[must_use]
pub fn for_cp437(text: &str) -> ForCp437 {
    let mut written = String::with_capacity(text.len());
    let mut missing = Vec::new();
    let characters: Vec<char> = text.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        if character.is_control() {
            written.extend(Some(character).filter(|c| *c == '\n'));
        } else if let Some(own) = drawn(character) {
            written.push_str(own);
        } else if cp437::has(character) {
            written.push(character);
        } else if let Some(letters) = natural(character) {
            let before = at.checked_sub(1).and_then(|at| characters.get(at)).copied();
            if character.is_uppercase() {
                push_capital(&mut written, letters, before, characters.get(at + 1).copied());
            } else {
                written.push_str(letters);
            }
        } else {
            written.push(character);
            if !missing.contains(&character) {
                missing.push(character);
            }
        }
    }
    ForCp437 { text: written, missing }
}

/// The letters a language writes its own way, lower-case.
fn spelling(language: &str) -> &'static [(char, &'static str)] {
    /// Longest tag that names a language; what is longer is looked at over and over for nothing.
    const LONGEST: usize = 64;
    if language.len() > LONGEST {
        return &[];
    }
    match language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "de" => &[('\u{e4}', "ae"), ('\u{f6}', "oe"), ('\u{fc}', "ue")],
        "uk" => &[
            ('\u{433}', "h"),
            ('\u{491}', "g"),
            ('\u{438}', "y"),
            ('\u{456}', "i"),
            ('\u{457}', "i"),
            ('\u{454}', "ie"),
            ('\u{445}', "kh"),
        ],
        "bg" => &[('\u{449}', "sht"), ('\u{44a}', "a"), ('\u{445}', "h"), ('\u{44c}', "y")],
        _ => &[],
    }
}

/// Conventions that hold in every language, lower-case.
fn common(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{df}' => "ss",
        '\u{e6}' => "ae",
        '\u{153}' => "oe",
        '\u{fe}' => "th",
        '\u{f0}' | '\u{111}' => "d",
        '\u{f8}' => "o",
        '\u{142}' => "l",
        '\u{131}' => "i",
        // Signs that soften or harden are no sounds.
        '\u{44a}' | '\u{44c}' => "",
        '\u{44d}' => "e",
        '\u{451}' => "yo",
        _ => return None,
    })
}

/// What stands for a character even where the page has one of the kind: its no-break space shows as a blank in no viewer's
/// width, its bullet is another character, and its lines lack weights and round corners.
fn drawn(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{a0}' | '\u{2007}' | '\u{202f}' => " ",
        '\u{2022}' | '\u{2023}' | '\u{25cf}' => "\u{2219}",
        '\u{25aa}' | '\u{25fc}' => "\u{25a0}",
        '\u{20ac}' => "EUR",
        '\u{2501}' => "\u{2500}",
        '\u{2503}' => "\u{2502}",
        '\u{256d}' => "\u{250c}",
        '\u{256e}' => "\u{2510}",
        '\u{256f}' => "\u{2518}",
        '\u{2570}' => "\u{2514}",
        // Marks that follow a letter, and marks that only direct its display.
        '\u{300}'..='\u{36f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => "",
        '\u{ad}' => "",
        _ => return None,
    })
}

/// ASCII that a reader takes for the same: marks and symbols, and letters of the Latin script.
fn natural(character: char) -> Option<&'static str> {
    let symbol = matches!(character, '\u{a1}'..='\u{bf}' | '\u{d7}' | '\u{f7}' | '\u{2000}'..='\u{206f}' | '\u{20a0}'..='\u{22ff}' | '\u{3000}');
    let latin = matches!(character,
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}' | '\u{fb00}'..='\u{fb06}' | '\u{ff01}'..='\u{ff5e}');
    let lower = character.to_lowercase().next().unwrap_or(character);
    let letters = common(lower).unwrap_or_else(|| any_ascii_char(character));
    Some(letters).filter(|letters| (symbol || latin) && !letters.is_empty())
}

/// A capital that becomes several letters is all capitals only among capitals: `Ærø` is `Aero`, `ÆRØ` is `AERO`.
fn push_capital(written: &mut String, letters: &str, before: Option<char>, after: Option<char>) {
    let among_capitals = match after {
        Some(after) if after.is_alphabetic() => after.is_uppercase(),
        _ => before.is_some_and(char::is_uppercase),
    };
    for (at, letter) in letters.chars().enumerate() {
        let letter =
            if at == 0 || among_capitals { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        written.push(letter);
    }
}

/// Joins `a`, `o`, `u` and a combining diaeresis, which a language's spelling must see as one letter.
fn composed_diaereses(text: &str) -> impl Iterator<Item = char> {
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        let character = rest.next()?;
        let composed = match character {
            'a' => '\u{e4}',
            'o' => '\u{f6}',
            'u' => '\u{fc}',
            'A' => '\u{c4}',
            'O' => '\u{d6}',
            'U' => '\u{dc}',
            other => return Some(other),
        };
        Some(rest.next_if_eq(&'\u{308}').map_or(character, |_| composed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, language: Option<&str>, want: &str) {
        assert_eq!(ascii(text, language), want, "{text} ({language:?})");
    }

    fn check_cp437(text: &str, want: &str, missing: &[char]) {
        assert_eq!(for_cp437(text), ForCp437 { text: want.to_owned(), missing: missing.to_vec() });
    }

    #[test]
    fn umlauts_follow_the_language() {
        check("M\u{fc}ller", Some("de-AT"), "Mueller");
        check("Mu\u{308}ller", Some("de"), "Mueller");
        check("pa\u{ef}s ping\u{fc}ino", Some("es"), "pais pinguino");
        check("\u{dc}ber \u{dc}BER STRA\u{df}E Stra\u{df}e", Some("de"), "Ueber UEBER STRASSE Strasse");
    }

    #[test]
    fn latin_letters_keep_their_look() {
        check(
            "\u{c9}t\u{e9} \u{c6}r\u{f8} \u{141}\u{f3}d\u{17a} \u{de}\u{f3}r \u{110}or\u{111}e c\u{153}ur",
            None,
            "Ete Aero Lodz Thor Dorde coeur",
        );
        check("\u{201c}So\u{201d} \u{2013} it\u{2019}s\u{2026}", None, "\"So\" - it's...");
    }

    #[test]
    fn other_scripts_are_romanised() {
        check("\u{412}\u{43e}\u{439}\u{43d}\u{430} \u{438} \u{43c}\u{438}\u{440}", Some("ru"), "Voyna i mir");
        check("\u{413}\u{43e}\u{440}\u{438}", Some("uk"), "Hory");
        check("\u{3a3}\u{3c9}\u{3ba}\u{3c1}\u{3ac}\u{3c4}\u{3b7}\u{3c2}", Some("el"), "Sokratis");
    }

    #[test]
    fn the_page_keeps_what_it_has() {
        check_cp437("caf\u{e9} \u{2551} \u{b1}", "caf\u{e9} \u{2551} \u{b1}", &[]);
        check_cp437(
            "\u{201c}it\u{2019}s\u{201d}\u{a0}\u{2014} 5 \u{20ac}\u{2026} \u{2022}",
            "\"it's\" - 5 EUR... \u{2219}",
            &[],
        );
        check_cp437("\u{141}\u{f3}d\u{17a} \u{152}uvre \u{c0}", "L\u{f3}dz Oeuvre A", &[]);
        check_cp437("\u{2603} \u{416}\u{416}", "\u{2603} \u{416}\u{416}", &['\u{2603}', '\u{416}']);
    }

    proptest! {
        #[test]
        fn ascii_is_ascii_and_stays(text in "\\PC{0,60}") {
            let written = ascii(&text, Some("de"));
            prop_assert!(written.is_ascii());
            prop_assert!(written.bytes().all(|byte| !byte.is_ascii_control() || byte == b'\n'));
            let again = ascii(&written, Some("de"));
            prop_assert_eq!(again, written);
        }

        #[test]
        fn nothing_missing_means_it_encodes(text in any::<String>()) {
            let written = for_cp437(&text);
            prop_assert_eq!(written.missing.is_empty(), cp437::encode(&written.text).is_ok());
            prop_assert_eq!(&for_cp437(&written.text), &written);
        }
    }
}
