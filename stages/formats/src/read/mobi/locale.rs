//! Languages by the numbers of Windows, which MOBI headers use.
//!
//! Knows the languages that books come in. A number that is none of them is no language.

/// The BCP 47 tag of a number: the language, with its region where the number names one.
pub fn tag(locale: u32) -> Option<String> {
    let (_, language, regions) = LANGUAGES.iter().find(|(number, ..)| *number == locale & 0xff)?;
    let variant = usize::try_from((locale >> 10) & 0x3f).ok()?;
    let region = variant.checked_sub(1).and_then(|variant| regions.split_ascii_whitespace().nth(variant));
    Some(match region {
        Some(region) => format!("{language}-{region}"),
        None => (*language).to_owned(),
    })
}

/// Number, code, and the regions of its variants from 1 on, where more than one is in use.
const LANGUAGES: &[(u32, &str, &str)] = &[
    (0x01, "ar", "SA IQ EG LY DZ MA TN OM YE SY JO LB KW AE BH QA"),
    (0x02, "bg", ""),
    (0x03, "ca", ""),
    (0x04, "zh", "TW CN HK SG MO"),
    (0x05, "cs", ""),
    (0x06, "da", ""),
    (0x07, "de", "DE CH AT LU LI"),
    (0x08, "el", ""),
    (0x09, "en", "US GB AU CA NZ IE ZA JM 029 BZ TT ZW PH ID HK IN MY SG"),
    (0x0a, "es", "ES MX ES GT CR PA DO VE CO PE AR EC CL UY PY BO SV HN NI PR US"),
    (0x0b, "fi", ""),
    (0x0c, "fr", "FR BE CA CH LU MC"),
    (0x0d, "he", ""),
    (0x0e, "hu", ""),
    (0x0f, "is", ""),
    (0x10, "it", "IT CH"),
    (0x11, "ja", ""),
    (0x12, "ko", ""),
    (0x13, "nl", "NL BE"),
    (0x14, "nb", ""),
    (0x15, "pl", ""),
    (0x16, "pt", "BR PT"),
    (0x17, "rm", ""),
    (0x18, "ro", ""),
    (0x19, "ru", ""),
    (0x1a, "hr", ""),
    (0x1b, "sk", ""),
    (0x1c, "sq", ""),
    (0x1d, "sv", "SE FI"),
    (0x1e, "th", ""),
    (0x1f, "tr", ""),
    (0x20, "ur", ""),
    (0x21, "id", ""),
    (0x22, "uk", ""),
    (0x23, "be", ""),
    (0x24, "sl", ""),
    (0x25, "et", ""),
    (0x26, "lv", ""),
    (0x27, "lt", ""),
    (0x29, "fa", ""),
    (0x2a, "vi", ""),
    (0x2b, "hy", ""),
    (0x2d, "eu", ""),
    (0x2f, "mk", ""),
    (0x36, "af", ""),
    (0x37, "ka", ""),
    (0x38, "fo", ""),
    (0x39, "hi", ""),
    (0x3a, "mt", ""),
    (0x3c, "ga", ""),
    (0x3e, "ms", ""),
    (0x3f, "kk", ""),
    (0x41, "sw", ""),
    (0x45, "bn", ""),
    (0x46, "pa", ""),
    (0x47, "gu", ""),
    (0x49, "ta", ""),
    (0x4a, "te", ""),
    (0x4b, "kn", ""),
    (0x4c, "ml", ""),
    (0x4e, "mr", ""),
    (0x4f, "sa", ""),
    (0x52, "cy", ""),
    (0x56, "gl", ""),
    (0x61, "ne", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(locale: u32, want: Option<&str>) {
        assert_eq!(tag(locale).as_deref(), want, "{locale:#x}");
    }

    #[test]
    fn numbers_name_a_language_and_some_a_region() {
        check(9, Some("en"));
        check(0x409, Some("en-US"));
        check(0x809, Some("en-GB"));
        check(0x416, Some("pt-BR"));
        check(0x411, Some("ja"));
        check(0x7f, None);
        check(u32::MAX, None);
    }
}
