//! Reads objects as PDF writes them, forgiving what other readers forgive.
//!
//! Sees a window of the file and says when an object goes on beyond it. Follows no reference.

mod strings;

pub use strings::from_hex;

use super::object::{Dictionary, Id, Object};

/// Why there is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The window ends first; a larger one may hold it.
    End,
    /// What stands here is no object.
    Nonsense,
}

/// An object in the file: `7 0 obj … endobj`.
#[derive(Debug, PartialEq)]
pub struct Indirect {
    pub id: Id,
    pub object: Object,
    /// Where the bytes of its stream begin in the window, when it is one.
    pub stream: Option<usize>,
}

/// A place in a window.
pub struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Arrays and dictionaries in each other; real files have a handful.
const DEEPEST: usize = 100;

impl<'a> Parser<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How far it has read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// An object with its number, and where its stream begins.
    pub fn indirect(&mut self) -> Result<Indirect, Stop> {
        let number = self.unsigned()?;
        let generation = self.unsigned()?;
        self.keyword(b"obj")?;
        let id = Id {
            number: u32::try_from(number).map_err(|_| Stop::Nonsense)?,
            generation: u16::try_from(generation).unwrap_or(u16::MAX),
        };
        let object = match self.object() {
            Err(Stop::Nonsense) => Object::Null,
            other => other?,
        };
        let stream = if object.dictionary().is_some() { self.stream_start()? } else { None };
        Ok(Indirect { id, object, stream })
    }

    /// The next value.
    pub fn object(&mut self) -> Result<Object, Stop> {
        self.value(0)
    }

    /// A number without sign or point.
    pub fn unsigned(&mut self) -> Result<u64, Stop> {
        self.skip_space();
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == self.bytes.len() {
            return Err(Stop::End);
        }
        let digits = self.bytes.get(start..self.at).unwrap_or_default();
        str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(Stop::Nonsense)
    }

    /// Steps over a word that must stand here.
    pub fn keyword(&mut self, word: &[u8]) -> Result<(), Stop> {
        self.skip_space();
        let rest = self.rest();
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(if word.starts_with(rest) { Stop::End } else { Stop::Nonsense })
    }

    /// Steps over white space and comments.
    pub fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'%' => {
                    let line = self.rest().iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    self.at += line.unwrap_or(self.rest().len());
                }
                byte if is_space(byte) => self.at += 1,
                _ => return,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Object, Stop> {
        if depth > DEEPEST {
            return Err(Stop::Nonsense);
        }
        self.skip_space();
        match self.peek().ok_or(Stop::End)? {
            b'/' => {
                self.at += 1;
                Ok(Object::Name(self.name()?))
            }
            b'(' => {
                self.at += 1;
                Ok(Object::Text(self.literal()?))
            }
            b'<' if self.rest().len() < 2 => Err(Stop::End),
            b'<' if self.rest().starts_with(b"<<") => {
                self.at += 2;
                Ok(Object::Dictionary(self.dictionary(depth)?))
            }
            b'<' => {
                self.at += 1;
                Ok(Object::Text(self.hexadecimal()?))
            }
            b'[' => {
                self.at += 1;
                Ok(Object::Array(self.array(depth)?))
            }
            b'0'..=b'9' | b'+' | b'-' | b'.' => self.number_or_reference(),
            _ => self.word(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Object>, Stop> {
        let mut array = Vec::new();
        loop {
            self.skip_space();
            if self.peek().ok_or(Stop::End)? == b']' {
                self.at += 1;
                return Ok(array);
            }
            array.push(self.value(depth + 1)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Dictionary, Stop> {
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            match self.peek().ok_or(Stop::End)? {
                b'>' => {
                    self.at += if self.rest().starts_with(b">>") { 2 } else { 1 };
                    return Ok(Dictionary(entries));
                }
                b'/' => {
                    self.at += 1;
                    let key = self.name()?;
                    self.skip_space();
                    // A name without a value, just before the end.
                    if self.peek() == Some(b'>') {
                        continue;
                    }
                    entries.push((key, self.value(depth + 1)?));
                }
                // A dictionary that is never closed ends with its object.
                b'e' if self.rest().starts_with(b"endobj") => return Ok(Dictionary(entries)),
                // What is no name here belongs to nothing.
                _ => {
                    self.value(depth + 1)?;
                }
            }
        }
    }

    fn number_or_reference(&mut self) -> Result<Object, Stop> {
        let number = self.number()?;
        let after = self.at;
        let whole = Object::Number(number).whole().and_then(|number| u32::try_from(number).ok());
        if let Some(number) = whole
            && let Some(generation) = self.reference_tail()?
        {
            return Ok(Object::Reference(Id { number, generation }));
        }
        self.at = after;
        Ok(Object::Number(number))
    }

    /// The `0 R` of `7 0 R`.
    fn reference_tail(&mut self) -> Result<Option<u16>, Stop> {
        self.skip_space();
        if !self.peek().ok_or(Stop::End)?.is_ascii_digit() {
            return Ok(None);
        }
        let generation = match self.unsigned() {
            Err(Stop::Nonsense) => return Ok(None),
            other => other?,
        };
        self.skip_space();
        if self.peek().ok_or(Stop::End)? != b'R' {
            return Ok(None);
        }
        self.at += 1;
        Ok(Some(u16::try_from(generation).unwrap_or(u16::MAX)))
    }

    fn number(&mut self) -> Result<f64, Stop> {
        let like = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.');
        let end = self.rest().iter().position(|byte| !like(byte)).ok_or(Stop::End)?;
        let written = self.rest().get(..end).unwrap_or_default();
        self.at += end;
        let written = str::from_utf8(written).unwrap_or_default();
        // Some writers repeat the sign.
        let sign = if written.starts_with('-') { -1.0 } else { 1.0 };
        let digits = written.trim_start_matches(['+', '-']);
        let digits = digits.split(['+', '-']).next().unwrap_or_default();
        Ok(sign * digits.parse::<f64>().unwrap_or(0.0))
    }

    fn word(&mut self) -> Result<Object, Stop> {
        let end =
            self.rest().iter().position(|&byte| is_space(byte) || is_delimiter(byte)).ok_or(Stop::End)?;
        let word = self.rest().get(..end).unwrap_or_default();
        let object = match word {
            b"true" => Object::Boolean(true),
            b"false" => Object::Boolean(false),
            // These end an object, and nothing belongs to what has no name.
            b"" | b"obj" | b"endobj" | b"stream" | b"endstream" | b"xref" | b"trailer" | b"startxref" => {
                return Err(Stop::Nonsense);
            }
            _ => Object::Null,
        };
        self.at += end;
        Ok(object)
    }

    /// Where the bytes begin that follow the word `stream` and one end of line.
    fn stream_start(&mut self) -> Result<Option<usize>, Stop> {
        match self.keyword(b"stream") {
            Err(Stop::Nonsense) => return Ok(None),
            other => other?,
        }
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        if self.rest().len() < 2 {
            return Err(Stop::End);
        }
        self.at += match self.rest() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        Ok(Some(self.at))
    }

    fn next(&mut self) -> Result<u8, Stop> {
        let byte = self.peek().ok_or(Stop::End)?;
        self.at += 1;
        Ok(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

/// Whether the byte is one of PDF's six white-space characters.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}
