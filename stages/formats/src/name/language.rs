//! Languages as release names write them: the full English name in capitals, nothing for English.

/// The tag of a BCP 47 language. A language without a name here is written as its code.
#[must_use]
pub fn tag(language: &str) -> String {
    let primary = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    match primary.as_str() {
        "" | "en" => String::new(),
        code => {
            let name = NAMES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name);
            name.map_or_else(|| code.to_ascii_uppercase(), str::to_owned)
        }
    }
}

/// ISO 639-1 codes and the English names of their languages.
const NAMES: &[(&str, &str)] = &[
    ("af", "AFRIKAANS"),
    ("ar", "ARABIC"),
    ("be", "BELARUSIAN"),
    ("bg", "BULGARIAN"),
    ("bn", "BENGALI"),
    ("bs", "BOSNIAN"),
    ("ca", "CATALAN"),
    ("cs", "CZECH"),
    ("cy", "WELSH"),
    ("da", "DANISH"),
    ("de", "GERMAN"),
    ("el", "GREEK"),
    ("eo", "ESPERANTO"),
    ("es", "SPANISH"),
    ("et", "ESTONIAN"),
    ("eu", "BASQUE"),
    ("fa", "PERSIAN"),
    ("fi", "FINNISH"),
    ("fr", "FRENCH"),
    ("ga", "IRISH"),
    ("gl", "GALICIAN"),
    ("he", "HEBREW"),
    ("hi", "HINDI"),
    ("hr", "CROATIAN"),
    ("hu", "HUNGARIAN"),
    ("hy", "ARMENIAN"),
    ("id", "INDONESIAN"),
    ("is", "ICELANDIC"),
    ("it", "ITALIAN"),
    ("ja", "JAPANESE"),
    ("ka", "GEORGIAN"),
    ("kk", "KAZAKH"),
    ("ko", "KOREAN"),
    ("la", "LATIN"),
    ("lt", "LITHUANIAN"),
    ("lv", "LATVIAN"),
    ("mk", "MACEDONIAN"),
    ("ms", "MALAY"),
    ("nb", "NORWEGIAN"),
    ("nl", "DUTCH"),
    ("nn", "NORWEGIAN"),
    ("no", "NORWEGIAN"),
    ("pl", "POLISH"),
    ("pt", "PORTUGUESE"),
    ("ro", "ROMANIAN"),
    ("ru", "RUSSIAN"),
    ("sk", "SLOVAK"),
    ("sl", "SLOVENIAN"),
    ("sq", "ALBANIAN"),
    ("sr", "SERBIAN"),
    ("sv", "SWEDISH"),
    ("sw", "SWAHILI"),
    ("ta", "TAMIL"),
    ("te", "TELUGU"),
    ("th", "THAI"),
    ("tl", "TAGALOG"),
    ("tr", "TURKISH"),
    ("uk", "UKRAINIAN"),
    ("ur", "URDU"),
    ("vi", "VIETNAMESE"),
    ("zh", "CHINESE"),
    ("zu", "ZULU"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_tags_and_english_has_none() {
        let check = |language: &str, wanted: &str| assert_eq!(tag(language), wanted, "{language}");
        check("fr", "FRENCH");
        check("pt-BR", "PORTUGUESE");
        check("en-GB", "");
        check("xx", "XX");
    }
}
