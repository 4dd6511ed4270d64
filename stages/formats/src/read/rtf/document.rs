//! Follows the groups of an RTF file and keeps what is a property or running text.
//!
//! A destination it does not know is skipped when the file says that it may be, as the format demands.

use super::tokens::{Token, Tokens};
use super::words::{PROPERTIES, SKIPPED, character};
use crate::read::properties::Properties;
use crate::read::prose::Prose;
use crate::read::txt::encoding::Encoding;
use crate::read::{Limits, codepage};
use std::collections::HashMap;

/// What was found in a file.
#[derive(Default)]
pub struct Document {
    pub properties: Properties,
    pub prose: Prose,
    /// The number of the language that text has by default.
    pub language: Option<i32>,
    /// The file ends before its first group does.
    pub is_open: bool,
    pub is_too_deep: bool,
}

/// Where the text of a group goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Body,
    Skipped,
    Fonts,
    Properties,
    Created,
    Property(&'static str),
    Custom,
}

#[derive(Clone, Copy)]
struct Group {
    goal: Goal,
    encoding: Encoding,
    /// How many characters stand in for a `\u` for old readers.
    stand_ins: u32,
}

struct Reading<'a> {
    document: Document,
    groups: Vec<Group>,
    group: Group,
    /// The encoding of everything that names no other.
    default: Encoding,
    fonts: HashMap<i32, Encoding>,
    font: i32,
    /// The group said that whoever does not know its destination may skip it.
    starred: bool,
    /// Characters still to be left out after a `\u`.
    left_out: u32,
    /// Bytes whose encoding is known and whose characters may not be complete.
    pending: Vec<u8>,
    high_surrogate: Option<u16>,
    /// Where text went before it was given twice, for old readers and in Unicode.
    twice: Option<Goal>,
    values: HashMap<&'static str, String>,
    date: [Option<i32>; 3],
    limits: &'a Limits,
}

impl Document {
    /// Reads as far as the first group goes; what comes behind it is not the document.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Self {
        /// Real documents nest by tens.
        const DEEPEST: usize = 10_000;
        let default = Encoding::Web(encoding_rs::WINDOWS_1252);
        let group = Group { goal: Goal::Body, encoding: default, stand_ins: 1 };
        let mut reading = Reading {
            document: Self { is_open: true, ..Self::default() },
            groups: Vec::new(),
            group,
            default,
            fonts: HashMap::new(),
            font: 0,
            starred: false,
            left_out: 0,
            pending: Vec::new(),
            high_surrogate: None,
            twice: None,
            values: HashMap::new(),
            date: [None; 3],
            limits,
        };
        for token in Tokens::new(bytes) {
            if reading.groups.len() > DEEPEST {
                reading.document.is_too_deep = true;
                break;
            }
            reading.take(token);
            if !reading.document.is_open {
                break;
            }
        }
        reading.finish()
    }
}

impl Reading<'_> {
    fn take(&mut self, token: Token<'_>) {
        if self.is_stand_in(&token) {
            return;
        }
        match token {
            Token::Open => {
                self.flush();
                self.groups.push(self.group);
                self.starred = false;
            }
            Token::Close => self.close(),
            Token::Symbol(b'*') => self.starred = true,
            Token::Symbol(b'~') => self.put(' '),
            Token::Symbol(b'_') => self.put('\u{2011}'),
            Token::Symbol(symbol @ (b'\\' | b'{' | b'}')) => self.bytes(&[symbol]),
            Token::Symbol(_) => {}
            Token::Byte(byte) => self.bytes(&[byte]),
            Token::Text(text) => self.bytes(text),
            Token::Word(name, number) => self.word(name, number),
        }
    }

    /// Whether this is what old readers show instead of a `\u`. Text is left out byte by byte.
    fn is_stand_in(&mut self, token: &Token<'_>) -> bool {
        if self.left_out == 0 {
            return false;
        }
        match token {
            Token::Open | Token::Close => self.left_out = 0,
            Token::Text(text) => {
                let out = text.len().min(self.left_out as usize);
                self.left_out -= u32::try_from(out).unwrap_or(self.left_out);
                let rest = text.get(out..).unwrap_or_default();
                if !rest.is_empty() {
                    self.bytes(rest);
                }
                return true;
            }
            Token::Word("u", _) => self.left_out = 0,
            Token::Word(..) | Token::Symbol(_) | Token::Byte(_) => {
                self.left_out -= 1;
                return true;
            }
        }
        false
    }

    fn close(&mut self) {
        self.flush();
        let Some(outer) = self.groups.pop() else { return };
        match self.group.goal {
            // The value follows the name in a group beside it.
            Goal::Property("staticval") if outer.goal != self.group.goal => {
                let name = self.values.remove("propname").unwrap_or_default();
                let value = self.values.remove("staticval").unwrap_or_default();
                self.document.properties.custom(&name, &value);
            }
            Goal::Created if outer.goal != Goal::Created => self.created(),
            _ => {}
        }
        self.group = outer;
        self.starred = false;
        self.document.is_open = !self.groups.is_empty();
    }

    fn word(&mut self, name: &str, number: Option<i32>) {
        let starred = std::mem::take(&mut self.starred);
        if name == "ud"
            && let Some(goal) = self.twice.take()
        {
            self.group.goal = goal;
        }
        if self.group.goal == Goal::Skipped {
            return;
        }
        match name {
            "u" => return self.unicode(number.unwrap_or_default()),
            "uc" => {
                return self.group.stand_ins =
                    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
            }
            _ => {}
        }
        if let Some(c) = character(name) {
            return self.put(c);
        }
        self.flush();
        match name {
            "upr" => {
                self.twice = Some(self.group.goal);
                self.group.goal = Goal::Skipped;
            }
            "ud" => {}
            "info" => self.group.goal = Goal::Properties,
            "fonttbl" => self.group.goal = Goal::Fonts,
            "userprops" => self.group.goal = Goal::Custom,
            "creatim" => self.group.goal = Goal::Created,
            _ if SKIPPED.contains(&name) => self.group.goal = Goal::Skipped,
            _ => match PROPERTIES.iter().find(|known| **known == name) {
                Some(known) if starred || matches!(self.group.goal, Goal::Properties | Goal::Custom) => {
                    self.group.goal = Goal::Property(known);
                }
                _ if starred => self.group.goal = Goal::Skipped,
                _ => self.setting(name, number),
            },
        }
    }

    fn setting(&mut self, name: &str, number: Option<i32>) {
        let value = number.unwrap_or_default();
        let count = number.and_then(|number| u64::try_from(number).ok());
        match (name, self.group.goal) {
            ("ansicpg", _) => self.set_default(value),
            ("mac", _) => self.set_default(10_000),
            ("pc", _) => self.set_default(437),
            ("pca", _) => self.set_default(850),
            ("deflang", _) => self.document.language = number,
            ("nofpages", Goal::Properties) => self.document.properties.pages = count,
            ("nofwords", Goal::Properties) => self.document.properties.words = count,
            ("yr", Goal::Created) => self.date[0] = number,
            ("mo", Goal::Created) => self.date[1] = number,
            ("dy", Goal::Created) => self.date[2] = number,
            ("f", Goal::Fonts) => self.font = value,
            ("fcharset", Goal::Fonts) => {
                if let Some(encoding) = codepage::of_charset(value).and_then(codepage::encoding) {
                    self.add_font(encoding);
                }
            }
            ("cpg", Goal::Fonts) => {
                if let Some(encoding) = codepage::encoding(value) {
                    self.add_font(encoding);
                }
            }
            ("f", _) => self.group.encoding = self.fonts.get(&value).copied().unwrap_or(self.default),
            ("plain", _) => self.group.encoding = self.default,
            _ => {}
        }
    }

    fn set_default(&mut self, page: i32) {
        if let Some(encoding) = codepage::encoding(page) {
            self.default = encoding;
            self.group.encoding = encoding;
        }
    }

    /// No document needs thousands of fonts; past those they are in the default encoding.
    fn add_font(&mut self, encoding: Encoding) {
        if self.fonts.len() < 4096 {
            self.fonts.insert(self.font, encoding);
        }
    }

    fn unicode(&mut self, number: i32) {
        self.left_out = self.group.stand_ins;
        // Numbers beyond 32767 are written as negative ones, and by some writers as they are.
        let Ok(unit) = u16::try_from(if number < 0 { number + 0x1_0000 } else { number }) else { return };
        let high = self.high_surrogate.take();
        match unit {
            0xd800..=0xdbff => self.high_surrogate = Some(unit),
            0xdc00..=0xdfff => {
                let pair = high.map(|high| [high, unit]);
                let c = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok());
                self.put(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            unit => self.put(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        /// Enough that decoding in pieces costs little; a cut character is one among many thousands.
        const PIECE: usize = 64 << 10;
        if matches!(self.group.goal, Goal::Body | Goal::Property(_)) {
            self.pending.extend_from_slice(bytes);
            if self.pending.len() > PIECE {
                self.flush();
            }
        }
    }

    fn put(&mut self, c: char) {
        self.flush();
        self.text(c.encode_utf8(&mut [0; 4]));
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut decoder = self.group.encoding.decoder();
        let mut text = decoder.decode(&self.pending);
        text.push_str(&decoder.finish());
        self.pending.clear();
        self.text(&text);
    }

    fn text(&mut self, text: &str) {
        match self.group.goal {
            Goal::Body => self.document.prose.take(text),
            Goal::Property(name) => {
                let value = self.values.entry(name).or_default();
                if value.len() <= self.limits.text_chars {
                    value.push_str(text);
                }
            }
            _ => {}
        }
    }

    fn created(&mut self) {
        let [Some(year @ 1..=9999), month, day] = std::mem::take(&mut self.date) else { return };
        let date = match (month, day) {
            (Some(month @ 1..=12), Some(day @ 1..=31)) => format!("{year:04}-{month:02}-{day:02}"),
            (Some(month @ 1..=12), _) => format!("{year:04}-{month:02}"),
            _ => format!("{year:04}"),
        };
        self.document.properties.date = date;
    }

    fn finish(mut self) -> Document {
        self.flush();
        let mut value = |name: &str| self.values.remove(name).unwrap_or_default();
        let properties = &mut self.document.properties;
        properties.title = value("title");
        properties.authors.push(value("author"));
        properties.topics.extend([value("subject"), value("category")]);
        properties.keywords.push(value("keywords"));
        properties.description = value("doccomm");
        let generator = value("generator");
        let generator = generator.trim().trim_end_matches(';');
        // The `comment` of old writers names the program, in one word.
        let comment = value("comment");
        properties.producer = if generator.is_empty() { String::new() } else { generator.to_owned() };
        if comment.trim().contains(char::is_whitespace) && properties.description.trim().is_empty() {
            properties.description = comment;
        } else if properties.producer.is_empty() {
            properties.producer = comment;
        }
        self.document
    }
}
