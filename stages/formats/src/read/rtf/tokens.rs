//! Splits RTF into braces, control words, escaped bytes and text.
//!
//! Knows no control word but `\bin`, whose bytes are none of the rest.

/// One token.
#[derive(Debug, PartialEq, Eq)]
pub enum Token<'a> {
    Open,
    Close,
    /// A control word and its number.
    Word(&'a str, Option<i32>),
    /// A backslash with a character that is no letter.
    Symbol(u8),
    /// An escaped byte.
    Byte(u8),
    /// Bytes that stand for themselves; never empty.
    Text(&'a [u8]),
}

/// The tokens of a file.
pub struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn pass(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn cut(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// How many bytes from here on are of this kind, at most.
    fn run(&self, most: usize, is: impl Fn(u8) -> bool) -> usize {
        self.rest.iter().take(most).take_while(|byte| is(**byte)).count()
    }

    fn control(&mut self) -> Option<Token<'a>> {
        /// The longest that the format allows.
        const LONGEST: usize = 32;
        let letters = self.run(LONGEST, |byte| byte.is_ascii_alphabetic());
        if letters == 0 {
            return self.symbol();
        }
        let name = std::str::from_utf8(self.cut(letters)).ok()?;
        let sign = usize::from(self.rest.first() == Some(&b'-'));
        let after = Self { rest: self.rest.get(sign..).unwrap_or_default() };
        let digits = after.run(10, |byte| byte.is_ascii_digit());
        let mut number = None;
        if digits > 0 {
            let text = std::str::from_utf8(self.cut(sign + digits)).ok()?;
            number = text.parse().ok();
        }
        if self.rest.first() == Some(&b' ') {
            self.pass(1);
        }
        if name == "bin" {
            self.pass(number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0));
        }
        Some(Token::Word(name, number))
    }

    fn symbol(&mut self) -> Option<Token<'a>> {
        let symbol = *self.cut(1).first()?;
        match symbol {
            b'\'' => {
                let digits = self.run(2, |byte| byte.is_ascii_hexdigit());
                let text = std::str::from_utf8(self.cut(digits)).ok()?;
                // An escape without its digits is none.
                Some(u8::from_str_radix(text, 16).map_or(Token::Symbol(b'-'), Token::Byte))
            }
            // A line end that is escaped ends a paragraph.
            b'\r' | b'\n' => Some(Token::Word("par", None)),
            symbol => Some(Token::Symbol(symbol)),
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let blank = self.run(usize::MAX, |byte| matches!(byte, b'\r' | b'\n' | 0));
        self.pass(blank);
        match self.rest.first()? {
            b'{' => {
                self.pass(1);
                Some(Token::Open)
            }
            b'}' => {
                self.pass(1);
                Some(Token::Close)
            }
            b'\\' => {
                self.pass(1);
                self.control()
            }
            _ => {
                let length =
                    self.run(usize::MAX, |byte| !matches!(byte, b'{' | b'}' | b'\\' | b'\r' | b'\n' | 0));
                Some(Token::Text(self.cut(length)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], want: &[Token<'_>]) {
        assert_eq!(Tokens::new(bytes).collect::<Vec<_>>(), want);
    }

    #[test]
    fn control_words_take_their_number_and_one_space() {
        check(b"\\b0 x", &[Token::Word("b", Some(0)), Token::Text(b"x")]);
        check(b"\\u-10  y", &[Token::Word("u", Some(-10)), Token::Text(b" y")]);
        check(b"\\a-b", &[Token::Word("a", None), Token::Text(b"-b")]);
        check(b"\\fs99999999999", &[Token::Word("fs", None), Token::Text(b"9")]);
    }

    #[test]
    fn binary_bytes_are_skipped_as_far_as_there_are_any() {
        check(b"{\\bin3 }}}a}", &[Token::Open, Token::Word("bin", Some(3)), Token::Text(b"a"), Token::Close]);
        check(b"\\bin2000000000 abc", &[Token::Word("bin", Some(2_000_000_000))]);
    }

    #[test]
    fn escapes_are_bytes_or_nothing() {
        check(
            b"\\'e9\\'zz\\{",
            &[Token::Byte(0xe9), Token::Symbol(b'-'), Token::Text(b"zz"), Token::Symbol(b'{')],
        );
        check(b"a\\", &[Token::Text(b"a")]);
        check(
            b"a\\\nb\r\nc",
            &[Token::Text(b"a"), Token::Word("par", None), Token::Text(b"b"), Token::Text(b"c")],
        );
    }
}
