//! Code pages and languages by the numbers that Windows gives them.
//!
//! Knows numbers; guesses nothing from text.

use super::txt::encoding::Encoding;

/// The encoding of a code page; `None` when nothing is known that could decode it.
pub fn encoding(page: i32) -> Option<Encoding> {
    let label = match page {
        437 => return Some(Encoding::Cp437),
        850 | 858 => return Some(Encoding::Cp850),
        874 | 1250..=1258 => format!("windows-{page}"),
        932 => "shift_jis".to_owned(),
        936 | 54936 => "gb18030".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        866 => "ibm866".to_owned(),
        1200 => "utf-16le".to_owned(),
        10000 => "macintosh".to_owned(),
        10007 => "x-mac-cyrillic".to_owned(),
        20866 => "koi8-r".to_owned(),
        21866 => "koi8-u".to_owned(),
        28591..=28606 => format!("iso-8859-{}", page - 28590),
        51932 => "euc-jp".to_owned(),
        65001 => "utf-8".to_owned(),
        _ => return None,
    };
    encoding_rs::Encoding::for_label(label.as_bytes()).map(Encoding::Web)
}

/// The code page that text in a font of this character set is in; `None` for the document's own.
pub fn of_charset(charset: i32) -> Option<i32> {
    let page = match charset {
        77 => 10000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178..=180 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        254 => 437,
        255 => 850,
        _ => return None,
    };
    Some(page)
}

/// The tag of a language by its number, with the region when that is known too.
pub fn language(number: i32) -> Option<&'static str> {
    const PRIMARY: i32 = 0x3ff;
    // 0x0400 is "no language", 0x0800 and 0x007f stand for whatever the machine has.
    if matches!(number, 0 | 0x7f | 0x400 | 0x800 | 0xc00) {
        return None;
    }
    let find = |wanted: i32| {
        LANGUAGES.split_ascii_whitespace().find_map(|entry| {
            let (key, tag) = entry.split_once(':')?;
            (i32::from_str_radix(key, 16) == Ok(wanted)).then_some(tag)
        })
    };
    find(number).or_else(|| find(number & PRIMARY | 0x400)?.split('-').next())
}

const LANGUAGES: &str = "\
    401:ar-SA 402:bg-BG 403:ca-ES 404:zh-TW 405:cs-CZ 406:da-DK 407:de-DE 408:el-GR 409:en-US 40a:es-ES 40b:fi-FI \
    40c:fr-FR 40d:he-IL 40e:hu-HU 40f:is-IS 410:it-IT 411:ja-JP 412:ko-KR 413:nl-NL 414:nb-NO 415:pl-PL 416:pt-BR \
    417:rm-CH 418:ro-RO 419:ru-RU 41a:hr-HR 41b:sk-SK 41c:sq-AL 41d:sv-SE 41e:th-TH 41f:tr-TR 420:ur-PK 421:id-ID \
    422:uk-UA 423:be-BY 424:sl-SI 425:et-EE 426:lv-LV 427:lt-LT 428:tg-TJ 429:fa-IR 42a:vi-VN 42b:hy-AM 42c:az-AZ \
    42d:eu-ES 42e:hsb-DE 42f:mk-MK 430:st-ZA 432:tn-ZA 434:xh-ZA 435:zu-ZA 436:af-ZA 437:ka-GE 438:fo-FO 439:hi-IN \
    43a:mt-MT 43b:se-NO 43d:yi 43e:ms-MY 43f:kk-KZ 440:ky-KG 441:sw-KE 442:tk-TM 443:uz-UZ 444:tt-RU 445:bn-IN \
    446:pa-IN 447:gu-IN 448:or-IN 449:ta-IN 44a:te-IN 44b:kn-IN 44c:ml-IN 44d:as-IN 44e:mr-IN 44f:sa-IN 450:mn-MN \
    451:bo-CN 452:cy-GB 453:km-KH 454:lo-LA 455:my-MM 456:gl-ES 457:kok-IN 45b:si-LK 45e:am-ET 461:ne-NP 462:fy-NL \
    463:ps-AF 464:fil-PH 468:ha-NG 46a:yo-NG 46e:lb-LU 470:ig-NG 801:ar-IQ 804:zh-CN 807:de-CH 809:en-GB 80a:es-MX \
    80c:fr-BE 810:it-CH 813:nl-BE 814:nn-NO 816:pt-PT 818:ro-MD 819:ru-MD 81a:sr-Latn 81d:sv-FI 83c:ga-IE 83e:ms-BN \
    c01:ar-EG c04:zh-HK c07:de-AT c09:en-AU c0a:es-ES c0c:fr-CA c1a:sr-Cyrl 1001:ar-LY 1004:zh-SG 1007:de-LU \
    1009:en-CA 100a:es-GT 100c:fr-CH 1401:ar-DZ 1404:zh-MO 1407:de-LI 1409:en-NZ 140a:es-CR 140c:fr-LU 141a:bs-BA \
    1801:ar-MA 1809:en-IE 180a:es-PA 180c:fr-MC 1c01:ar-TN 1c09:en-ZA 1c0a:es-DO 2009:en-JM 200a:es-VE 240a:es-CO \
    2809:en-BZ 280a:es-PE 2c09:en-TT 2c0a:es-AR 3009:en-ZW 300a:es-EC 3409:en-PH 340a:es-CL 380a:es-UY 3c0a:es-PY \
    4009:en-IN 400a:es-BO 4409:en-MY 440a:es-SV 4809:en-SG 480a:es-HN 4c0a:es-NI 500a:es-PR 540a:es-US";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::language::bcp47;

    fn check(number: i32, tag: Option<&str>) {
        assert_eq!(language(number), tag, "{number:x}");
    }

    #[test]
    fn numbers_name_languages() {
        check(1033, Some("en-US"));
        check(0x0c07, Some("de-AT"));
        check(0x7c0c, Some("fr"));
        check(1024, None);
        check(-1, None);
    }

    #[test]
    fn every_tag_is_written_as_the_standard_has_it() {
        for entry in LANGUAGES.split_ascii_whitespace() {
            let (_, tag) = entry.split_once(':').expect("a number and a tag");
            assert_eq!(bcp47(tag).as_deref(), Some(tag));
        }
    }

    #[test]
    fn pages_have_encodings() {
        for page in [437, 850, 874, 932, 936, 949, 950, 1250, 1258, 10000, 28592, 65001] {
            assert!(encoding(page).is_some(), "{page}");
        }
        assert!(encoding(-3).is_none());
        for charset in 0..256 {
            assert!(of_charset(charset).is_none_or(|page| encoding(page).is_some()), "{charset}");
        }
    }
}
