//! Lines of `md5sum`, `sha256sum` and their kin, in GNU and in BSD style.
//!
//! Knows no algorithm: the digits and the tag come with the format.

use super::{Format, Line, Style};

/// A line, or none for a name that no line can hold.
pub(super) fn write_line(format: &Format, line: &Line, style: Style) -> Option<String> {
    if line.name.is_empty() || line.name.contains('\0') {
        return None;
    }
    let escaped = escape(&line.name);
    let mark = if escaped == line.name { "" } else { "\\" };
    Some(match style {
        Style::Gnu => format!("{mark}{}  {escaped}\n", line.hex),
        Style::Bsd => format!("{mark}{} ({escaped}) = {}\n", format.tag, line.hex),
    })
}

/// Reads a line of either style without its end; comments and blank lines give nothing.
pub(super) fn parse_line(format: &Format, text: &str) -> Result<Option<Line>, &'static str> {
    if text.trim().is_empty() || text.starts_with(['#', ';']) {
        return Ok(None);
    }
    let (escaped, rest) = match text.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let found = gnu(format, rest).or_else(|| bsd(format, rest));
    let (name, hex) = found.ok_or("a digest and a name were expected")?;
    let name = if escaped { unescape(name).ok_or("an unknown escape in the name")? } else { name.to_owned() };
    if name.is_empty() {
        return Err("a name was expected");
    }
    Ok(Some(Line { name, hex: hex.to_ascii_lowercase() }))
}

/// `digest`, a space, a space or an asterisk, `name`.
fn gnu<'a>(format: &Format, text: &'a str) -> Option<(&'a str, &'a str)> {
    let (hex, rest) = text.split_once(' ')?;
    let name = rest.strip_prefix([' ', '*'])?;
    format.is_digest(hex).then_some((name, hex))
}

/// `TAG (name) = digest`; a name may itself hold `) = `.
fn bsd<'a>(format: &Format, text: &'a str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(format.tag)?.strip_prefix(" (")?;
    let (name, hex) = rest.rsplit_once(") = ")?;
    format.is_digest(hex).then_some((name, hex))
}

fn escape(name: &str) -> String {
    name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(name: &str) -> Option<String> {
    let mut plain = String::new();
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}
