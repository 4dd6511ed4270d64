//! Names and strings: the values that have escapes.
//!
//! Gives bytes; in which encoding they are is decided by whoever shows them.

use super::{Parser, Stop, is_delimiter, is_space};

/// The bytes that hexadecimal digits stand for; other characters are skipped, and a last digit alone is the high one.
pub fn from_hex(written: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = written.iter().filter_map(|&byte| hex(byte)).collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit) << (4 * (2 - pair.len())))
        .collect()
}

impl Parser<'_> {
    pub(super) fn name(&mut self) -> Result<Vec<u8>, Stop> {
        let end =
            self.rest().iter().position(|&byte| is_space(byte) || is_delimiter(byte)).ok_or(Stop::End)?;
        let written = self.rest().get(..end).unwrap_or_default();
        self.at += end;
        let mut name = Vec::with_capacity(written.len());
        let mut rest = written;
        while let [first, tail @ ..] = rest {
            let escaped = match (first, tail) {
                (b'#', [high, low, after @ ..]) => hex(*high).zip(hex(*low)).map(|pair| (pair, after)),
                _ => None,
            };
            match escaped {
                Some(((high, low), after)) => {
                    name.push(high << 4 | low);
                    rest = after;
                }
                None => {
                    name.push(*first);
                    rest = tail;
                }
            }
        }
        Ok(name)
    }

    /// What stands between parentheses, its escapes undone.
    pub(super) fn literal(&mut self) -> Result<Vec<u8>, Stop> {
        let mut text = Vec::new();
        let mut open = 1_usize;
        loop {
            let byte = self.next()?;
            match byte {
                b'(' => open += 1,
                b')' if open == 1 => return Ok(text),
                b')' => open -= 1,
                b'\\' => {
                    text.extend(self.escape()?);
                    continue;
                }
                // Ends of lines are line feeds, however they are written.
                b'\r' => {
                    self.at += usize::from(self.peek() == Some(b'\n'));
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
    }

    fn escape(&mut self) -> Result<Option<u8>, Stop> {
        Ok(Some(match self.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'\n' => return Ok(None),
            b'\r' => {
                self.at += usize::from(self.peek() == Some(b'\n'));
                return Ok(None);
            }
            first @ b'0'..=b'7' => {
                let mut code = u32::from(first - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                u8::try_from(code & 0xff).unwrap_or_default()
            }
            other => other,
        }))
    }

    pub(super) fn hexadecimal(&mut self) -> Result<Vec<u8>, Stop> {
        let end = self.rest().iter().position(|&byte| byte == b'>').ok_or(Stop::End)?;
        let written = self.rest().get(..end).unwrap_or_default();
        self.at += end + 1;
        Ok(from_hex(written))
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
