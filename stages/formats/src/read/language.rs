//! Language tags as BCP 47 writes them, out of what files say.
//!
//! Knows codes and a few names; guesses no language from text.

/// The tag in BCP 47's form: shortest primary subtag in lower case, script and region in theirs. Takes ISO 639-2 and
/// 639-3 codes, POSIX locales and some English or own names of languages; `None` for what names no language.
#[must_use]
pub fn bcp47(text: &str) -> Option<String> {
    let text = text.trim().split(['.', '@']).next().unwrap_or_default().replace('_', "-");
    let mut subtags = text.split('-');
    let primary = primary(subtags.next()?)?;
    let mut tag = primary;
    let mut private = false;
    for subtag in subtags {
        if !(1..=8).contains(&subtag.len()) || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            break;
        }
        let lower = subtag.to_ascii_lowercase();
        let alphabetic = subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
        tag.push('-');
        match subtag.len() {
            2 if alphabetic && !private => tag.push_str(&subtag.to_ascii_uppercase()),
            4 if alphabetic && !private => {
                tag.extend(lower.chars().take(1).map(|c| c.to_ascii_uppercase()));
                tag.extend(lower.chars().skip(1));
            }
            _ => tag.push_str(&lower),
        }
        private |= subtag.len() == 1;
    }
    Some(tag)
}

fn primary(subtag: &str) -> Option<String> {
    let code = subtag.to_lowercase();
    if let Some((_, short)) = NAMES.iter().find(|(name, _)| *name == code) {
        return Some((*short).to_owned());
    }
    if !matches!(code.len(), 2 | 3) || !code.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    // "Undetermined" and "no linguistic content" say that nothing is known.
    if matches!(code.as_str(), "und" | "zxx" | "mis") {
        return None;
    }
    let pair = CODES.split_ascii_whitespace().find_map(|pair| pair.strip_prefix(&code)?.strip_prefix(':'));
    Some(pair.map_or(code.clone(), str::to_owned))
}

/// Names that careless files give instead of a code.
const NAMES: &[(&str, &str)] = &[
    ("english", "en"),
    ("french", "fr"),
    ("fran\u{e7}ais", "fr"),
    ("german", "de"),
    ("deutsch", "de"),
    ("spanish", "es"),
    ("espa\u{f1}ol", "es"),
    ("italian", "it"),
    ("italiano", "it"),
    ("portuguese", "pt"),
    ("portugu\u{ea}s", "pt"),
    ("dutch", "nl"),
    ("nederlands", "nl"),
    ("russian", "ru"),
    ("\u{440}\u{443}\u{441}\u{441}\u{43a}\u{438}\u{439}", "ru"),
    ("polish", "pl"),
    ("japanese", "ja"),
    ("chinese", "zh"),
];

/// Three letters to two: ISO 639-2 in both its forms, and the ISO 639-3 members of macrolanguages that are usually meant.
const CODES: &str = "\
    aar:aa abk:ab afr:af aka:ak alb:sq amh:am ara:ar arb:ar arg:an arm:hy asm:as ava:av ave:ae aym:ay aze:az azj:az \
    bak:ba bam:bm baq:eu bel:be ben:bn bih:bh bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca ces:cs cha:ch che:ce \
    chi:zh chu:cu chv:cv cmn:zh cor:kw cos:co cre:cr cym:cy cze:cs dan:da deu:de div:dv dut:nl dzo:dz ekk:et ell:el \
    eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fre:fr fry:fy ful:ff geo:ka ger:de gla:gd \
    gle:ga glg:gl glv:gv gre:el grn:gn guj:gu hat:ht hau:ha heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy ibo:ig \
    ice:is ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kat:ka \
    kau:kr kaz:kk khk:mn khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv lim:li \
    lin:ln lit:lt ltz:lb lub:lu lug:lg lvs:lv mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt mon:mn \
    mri:mi msa:ms mya:my nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny oci:oc oji:oj \
    ori:or orm:om ory:or oss:os pan:pa per:fa pes:fa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro rum:ro run:rn \
    rus:ru sag:sg san:sa sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc \
    srp:sr ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo tir:ti ton:to tsn:tn \
    tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xho:xh yid:yi \
    ydd:yi yor:yo zha:za zho:zh zul:zu";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, want: Option<&str>) {
        assert_eq!(bcp47(text).as_deref(), want, "{text}");
    }

    #[test]
    fn subtags_get_the_case_of_the_standard() {
        check("EN-gb", Some("en-GB"));
        check("pt_br", Some("pt-BR"));
        check("zh-hant-tw", Some("zh-Hant-TW"));
        check("de-1996", Some("de-1996"));
        check("en-x-US", Some("en-x-us"));
    }

    #[test]
    fn three_letters_become_two_where_two_exist() {
        check("eng", Some("en"));
        check("ger", Some("de"));
        check("deu-AT", Some("de-AT"));
        check("gsw", Some("gsw"));
    }

    #[test]
    fn locales_and_names_are_understood() {
        check("en_US.UTF-8", Some("en-US"));
        check("English", Some("en"));
        check("Fran\u{e7}ais", Some("fr"));
    }

    #[test]
    fn what_names_no_language_is_none() {
        for text in ["", "und", "zxx", "unknown language", "12", "-"] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn a_tag_stays_what_it_is(text in "\\PC{0,20}") {
            if let Some(tag) = bcp47(&text) {
                let again = bcp47(&tag);
                prop_assert_eq!(again, Some(tag));
            }
        }
    }
}
