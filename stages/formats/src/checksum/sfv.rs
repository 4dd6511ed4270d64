//! Lines of SFV files: a name, a space, a CRC-32.
//!
//! Writes what every checker reads: lower-case digits, one space, CRLF, no comments. Reads all that is in use.

use super::{Format, Line, Style};

/// A line, or none for a name that would be read back as another one.
pub(super) fn write_line(format: &Format, line: &Line, _: Style) -> Option<String> {
    let text = format!("{} {}\r\n", line.name, line.hex);
    let read = parse_line(format, text.strip_suffix("\r\n")?);
    let clear = !line.name.contains(char::is_control)
        // At the beginning of the file it would be taken for a mark of the encoding.
        && !line.name.starts_with('\u{feff}')
        && read.ok().flatten().as_ref() == Some(line);
    clear.then_some(text)
}

/// Reads a line without its end; comments and blank lines give nothing.
pub(super) fn parse_line(format: &Format, text: &str) -> Result<Option<Line>, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.starts_with(';') {
        return Ok(None);
    }
    let (name, hex) = text.rsplit_once([' ', '\t']).ok_or("a name and a crc-32 were expected")?;
    if !format.is_digest(hex) {
        return Err("a crc-32 of 8 hexadecimal digits was expected at the end");
    }
    let name = name.trim_end().replace('\\', "/");
    Ok(Some(Line { name, hex: hex.to_ascii_lowercase() }))
}
