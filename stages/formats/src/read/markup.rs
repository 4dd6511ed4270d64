//! Bytes of markup to text, character references to characters, HTML to plain lines.
//!
//! Knows the syntax that XML and HTML share; what elements mean only as far as breaking lines goes.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// Decodes markup by its mark, by how its first characters lie, or by what its declaration says; else as UTF-8.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let encoding = match bytes {
        [0, b'<', 0, _, ..] => UTF_16BE,
        [b'<', 0, _, 0, ..] => UTF_16LE,
        _ => declared(bytes).unwrap_or(UTF_8),
    };
    encoding.decode(bytes).0
}

/// The character a reference between `&` and `;` stands for: predefined, numeric, or one of HTML 4's.
pub fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|&c| c != '\0');
    }
    if let Some((_, c)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*c);
    }
    let offset = u32::try_from(LATIN_1.iter().position(|known| *known == name)?).ok()?;
    char::from_u32(0xa0 + offset)
}

/// Decodes the references in a text; what is none stays as it stands.
pub fn decode_references(text: &str) -> Cow<'_, str> {
    /// No name is longer; beyond it an ampersand is just one.
    const LONGEST: usize = 12;
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let end = after.bytes().take(LONGEST + 1).position(|byte| byte == b';');
        let name = end.and_then(|end| after.get(..end));
        match name.and_then(|name| Some((reference(name)?, name))) {
            Some((c, name)) => {
                decoded.push(c);
                rest = after.get(name.len() + 1..).unwrap_or_default();
            }
            None => {
                decoded.push('&');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// Runs of white space become one space, and none is left at the ends.
pub fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len().min(1024));
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// The text of a piece of HTML: tags gone, blocks on lines of their own, white space collapsed. Text that holds no
/// tags becomes one line.
pub fn plain(html: &str) -> String {
    let html = html.replace(['\r', '\n'], " ");
    let mut lines = String::with_capacity(html.len());
    let mut rest = html.as_str();
    while let Some((before, after)) = rest.split_once('<') {
        lines.push_str(before);
        // A `<` that opens no tag is text, as in "a < b".
        let opens_tag = after.starts_with(|c: char| matches!(c, '/' | '!' | '?') || c.is_ascii_alphabetic());
        if !opens_tag {
            lines.push('<');
            rest = after;
            continue;
        }
        // A tag without an end is the last: everything behind it belongs to it.
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        if breaks_line(tag) {
            lines.push('\n');
        }
        rest = after;
    }
    lines.push_str(rest);
    let lines = lines.lines().map(|line| collapse(&decode_references(line)));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn breaks_line(tag: &str) -> bool {
    const BLOCKS: [&str; 16] = [
        "p",
        "br",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "blockquote",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ];
    let name =
        tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name))
}

/// The encoding an XML declaration names, which must be readable as ASCII to be there at all.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.get(..bytes.len().min(200))?;
    let declaration = start.strip_prefix(b"<?xml")?.split(|&byte| byte == b'>').next()?;
    let declaration = String::from_utf8_lossy(declaration);
    let (_, after) = declaration.split_once("encoding")?;
    let value = after.trim_start_matches([' ', '=', '\t', '\r', '\n']);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value.get(1..)?.split(quote).next()?;
    // A declaration read as ASCII cannot be in UTF-16, whatever it says.
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

/// HTML 4's names for U+00A0 to U+00FF, in that order.
#[rustfmt::skip]
const LATIN_1: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect",
    "uml", "copy", "ordf", "laquo", "not", "shy", "reg", "macr",
    "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot",
    "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest",
    "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil",
    "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml",
    "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times",
    "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig",
    "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil",
    "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml",
    "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide",
    "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

/// XML's five, and the others of HTML's that occur in prose.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("OElig", '\u{152}'),
    ("oelig", '\u{153}'),
    ("Scaron", '\u{160}'),
    ("scaron", '\u{161}'),
    ("Yuml", '\u{178}'),
    ("fnof", '\u{192}'),
    ("circ", '\u{2c6}'),
    ("tilde", '\u{2dc}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("ndash", '\u{2013}'),
    ("mdash", '\u{2014}'),
    ("lsquo", '\u{2018}'),
    ("rsquo", '\u{2019}'),
    ("sbquo", '\u{201a}'),
    ("ldquo", '\u{201c}'),
    ("rdquo", '\u{201d}'),
    ("bdquo", '\u{201e}'),
    ("dagger", '\u{2020}'),
    ("Dagger", '\u{2021}'),
    ("bull", '\u{2022}'),
    ("hellip", '\u{2026}'),
    ("permil", '\u{2030}'),
    ("prime", '\u{2032}'),
    ("Prime", '\u{2033}'),
    ("lsaquo", '\u{2039}'),
    ("rsaquo", '\u{203a}'),
    ("euro", '\u{20ac}'),
    ("trade", '\u{2122}'),
    ("larr", '\u{2190}'),
    ("uarr", '\u{2191}'),
    ("rarr", '\u{2192}'),
    ("darr", '\u{2193}'),
    ("minus", '\u{2212}'),
    ("infin", '\u{221e}'),
    ("ne", '\u{2260}'),
    ("le", '\u{2264}'),
    ("ge", '\u{2265}'),
    ("alpha", '\u{3b1}'),
    ("beta", '\u{3b2}'),
    ("gamma", '\u{3b3}'),
    ("delta", '\u{3b4}'),
    ("lambda", '\u{3bb}'),
    ("mu", '\u{3bc}'),
    ("pi", '\u{3c0}'),
    ("sigma", '\u{3c3}'),
    ("omega", '\u{3c9}'),
    ("Omega", '\u{3a9}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, text: &str) {
        assert_eq!(plain(html), text);
    }

    #[test]
    fn blocks_become_lines_and_tags_go() {
        check("<p>One <b>two</b></p>\n<p>three<br/>four</p>", "One two\nthree\nfour");
        check("w<i>or</i>d &amp; &ldquo;so&rdquo;", "word & \u{201c}so\u{201d}");
    }

    #[test]
    fn a_lone_angle_bracket_is_text() {
        check("a < b and\n  c > d", "a < b and c > d");
        check("1 <3", "1 <3");
    }

    #[test]
    fn every_latin_1_name_has_its_place() {
        assert_eq!(reference("nbsp"), Some('\u{a0}'));
        assert_eq!(reference("eacute"), Some('\u{e9}'));
        assert_eq!(reference("yuml"), Some('\u{ff}'));
        assert_eq!(reference("#0"), None);
    }

    #[test]
    fn a_declared_encoding_is_used() {
        assert!(decode(b"<?xml version='1.0' encoding=\"iso-8859-1\"?><a>\xe9</a>").contains('\u{e9}'));
        assert!(decode(b"<?xml version='1.0' encoding='UTF-16'?><a/>").ends_with("<a/>"));
    }
}
