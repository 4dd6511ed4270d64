//! Steps through the bytes of a name while a pattern fits.
//!
//! Knows digits, words and marks, not what they mean.

/// A place in a name. Everything that fits moves it, everything else leaves it where it is.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    lower: &'a [u8],
    /// Where it stands, in bytes.
    pub at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at `at` of a name in lower case.
    pub fn new(lower: &'a [u8], at: usize) -> Self {
        Self { lower, at }
    }

    /// The byte `ahead` of here; zero behind the end.
    pub fn peek(&self, ahead: usize) -> u8 {
        self.lower.get(self.at.saturating_add(ahead)).copied().unwrap_or(0)
    }

    /// The byte `back` before here; zero before the beginning.
    pub fn behind(&self, back: usize) -> u8 {
        self.at.checked_sub(back).and_then(|at| self.lower.get(at)).copied().unwrap_or(0)
    }

    /// Takes a number of `fewest` to `most` digits that no further digit follows.
    pub fn digits(&mut self, fewest: usize, most: usize) -> Option<u32> {
        let mut count = 0;
        let mut value: u32 = 0;
        while self.peek(count).is_ascii_digit() && count <= most {
            value = value.saturating_mul(10).saturating_add(u32::from(self.peek(count) - b'0'));
            count += 1;
        }
        if count < fewest || count > most {
            return None;
        }
        self.at += count;
        Some(value)
    }

    /// Takes this word, whatever follows it.
    pub fn word(&mut self, word: &str) -> bool {
        let fits = self.lower.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if fits {
            self.at += word.len();
        }
        fits
    }

    /// Takes the first of these words that fits.
    pub fn any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.word(word))
    }

    /// Takes up to `most` of these marks and says whether there was one.
    pub fn marks(&mut self, marks: &[u8], most: usize) -> bool {
        let from = self.at;
        while self.at - from < most && self.peek(0) != 0 && marks.contains(&self.peek(0)) {
            self.at += 1;
        }
        self.at > from
    }

    /// Whether no letter or digit stands here.
    pub fn at_edge(&self) -> bool {
        let byte = self.peek(0);
        !(byte.is_ascii_alphanumeric() || byte >= 0x80)
    }

    /// Tries a pattern and stays where it was if that does not fit.
    pub fn attempt<T>(&mut self, pattern: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.at;
        let result = pattern(self);
        if result.is_none() {
            self.at = before;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_moves_nothing() {
        let mut cursor = Cursor::new(b"s01e0234", 0);
        assert!(cursor.word("s") && cursor.digits(1, 2) == Some(1) && !cursor.at_edge());
        assert!(!cursor.word("x") && cursor.any(&["ep", "e"]));
        assert_eq!((cursor.digits(1, 3), cursor.at), (None, 4));
        assert_eq!((cursor.digits(1, 4), cursor.at_edge()), (Some(234), true));
        assert_eq!(cursor.digits(1, 2), None);
    }
}
