//! The language of a track: packed letters, or a number of the old Macintosh list.
//!
//! Gives codes as they are meant; the form of the facts is made elsewhere.

/// What a media header's language field says.
pub fn of(field: u16) -> Option<String> {
    /// Below this it is a Macintosh number: packed letters are never so small.
    const LETTERS: u16 = 0x400;
    if field < LETTERS {
        return MACINTOSH
            .split_ascii_whitespace()
            .nth(field.into())
            .filter(|code| *code != "-")
            .map(str::to_owned);
    }
    let letters: Option<String> =
        [10, 5, 0].map(|shift| (field >> shift & 0x1f) as u8).into_iter().map(letter).collect();
    letters.filter(|code| code != "und")
}

fn letter(number: u8) -> Option<char> {
    (1..=26).contains(&number).then(|| char::from(b'a' + number - 1))
}

/// QuickTime's numbers 0 to 138.
const MACINTOSH: &str = "\
    en fr de it nl sv es da pt nb he ja ar fi el is mt tr hr zh-Hant ur hi th ko lt pl hu et lv se fo fa ru zh-Hans \
    nl-BE ga sq ro cs sk sl yi sr mk bg uk be uz kk az az hy ka mo ky tg tk mn mn ps ku ks sd bo ne sa mr bn as gu pa \
    or ml kn ta te si my km lo vi id tl ms ms am ti om so sw rw rn ny mg eo - - - - - - - - - - - - - - - - - - - - - \
    - - - - - - - - - - - - cy eu ca la qu gn ay tt ug dz jv";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: u16, want: Option<&str>) {
        assert_eq!(of(field).as_deref(), want, "{field:#x}");
    }

    #[test]
    fn letters_are_packed_in_five_bits_each() {
        check(0x15c7, Some("eng"));
        check(0x55c4, None);
        check(0x7fff, None);
    }

    #[test]
    fn small_numbers_are_of_the_macintosh() {
        check(0, Some("en"));
        check(11, Some("ja"));
        check(19, Some("zh-Hant"));
        check(94, Some("eo"));
        check(95, None);
        check(128, Some("cy"));
        check(138, Some("jv"));
        check(139, None);
    }
}
