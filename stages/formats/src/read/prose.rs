//! Running text, whatever format it was taken from: how many words it has, and in which language.
//!
//! Knows no format. Of a long text only the beginning is kept, since that is enough to tell a language.

use super::language::bcp47;
use super::markup;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Characters that tell a language beyond doubt; more only cost time.
const ENOUGH: usize = 20_000;

/// Text that is counted as it comes.
#[derive(Default)]
pub struct Prose {
    sample: String,
    words: Words,
}

impl Prose {
    /// Takes the next piece in.
    pub fn take(&mut self, text: &str) {
        self.words.take(text);
        if self.sample.len() < 4 * ENOUGH {
            self.sample.push_str(text);
        }
    }

    /// The language, when there is enough text to tell.
    pub fn language(&self) -> Option<String> {
        language(&self.sample)
    }

    /// A default language, unless the text is plainly in another: what a program sets for every new document is the
    /// machine's language and not the writer's.
    pub fn language_or(&self, default: Option<String>) -> Option<String> {
        let primary = |tag: &str| tag.split('-').next().map(str::to_owned);
        match (self.language(), default) {
            (Some(told), Some(default)) if primary(&told) == primary(&default) => Some(default),
            (Some(told), _) => Some(told),
            (None, default) => default.filter(|default| is_written_like(default, &self.sample)),
        }
    }

    /// How many words there were.
    pub fn words(&self) -> u64 {
        self.words.count()
    }

    /// Takes in the text of markup that stands in elements of these names; `breaks` part words.
    pub fn take_markup(&mut self, text: &str, blocks: &[&str], breaks: &[&str]) {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let mut open = 0usize;
        loop {
            match reader.read_event() {
                Ok(Event::Start(start)) => {
                    let name = start.local_name();
                    open += usize::from(blocks.contains(&name.as_ref()));
                    if breaks.contains(&name.as_ref()) {
                        self.take(" ");
                    }
                }
                Ok(Event::End(end)) => {
                    let name = end.local_name();
                    open = open.saturating_sub(usize::from(blocks.contains(&name.as_ref())));
                    if breaks.contains(&name.as_ref()) {
                        self.take("\n");
                    }
                }
                Ok(Event::Empty(empty)) if breaks.contains(&empty.local_name().as_ref()) => self.take(" "),
                Ok(Event::Text(text)) if open > 0 => self.take(&text.xml10_content()),
                Ok(Event::CData(text)) if open > 0 => self.take(&text.xml10_content()),
                Ok(Event::GeneralRef(name)) if open > 0 => {
                    if let Some(c) = markup::reference(&name.xml10_content()) {
                        self.take(c.encode_utf8(&mut [0; 4]));
                    }
                }
                Ok(Event::Eof) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

/// Counts runs of characters between white space that hold a letter or a digit: a drawn line is not a word.
#[derive(Default)]
pub struct Words {
    whole: u64,
    in_word: bool,
}

impl Words {
    pub fn take(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() {
                self.whole += u64::from(self.in_word);
                self.in_word = false;
            } else {
                self.in_word |= c.is_alphanumeric();
            }
        }
    }

    pub fn count(&self) -> u64 {
        self.whole + u64::from(self.in_word)
    }
}

/// The language, when there is enough text to tell and no doubt about it.
pub fn language(text: &str) -> Option<String> {
    const LEAST: usize = 200;
    let end = text.char_indices().nth(ENOUGH).map_or(text.len(), |(at, _)| at);
    let text = text.get(..end)?;
    if text.chars().filter(|c| c.is_alphabetic()).take(LEAST).count() < LEAST {
        return None;
    }
    let told = whatlang::detect(text).filter(whatlang::Info::is_reliable)?;
    bcp47(told.lang().code())
}

/// Whether a text is in a script that this language is written in, as far as both are known.
fn is_written_like(language: &str, text: &str) -> bool {
    let Some(script) = whatlang::detect_script(text) else { return true };
    let primary = language.split('-').next().unwrap_or_default();
    // Chinese characters alone do not tell the three apart.
    if matches!(primary, "zh" | "ja" | "ko")
        && !matches!(script, whatlang::Script::Latin | whatlang::Script::Cyrillic)
    {
        return true;
    }
    let is_it = |known: &whatlang::Lang| bcp47(known.code()).as_deref() == Some(primary);
    script.langs().iter().any(is_it) || !whatlang::Lang::all().iter().any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(markup: &str, words: u64) {
        let mut prose = Prose::default();
        prose.take_markup(markup, &["t"], &["p"]);
        assert_eq!(prose.words(), words, "{markup}");
    }

    #[test]
    fn only_the_text_of_blocks_counts() {
        check("<d>no<p><t>one</t><t>half</t></p><p><t>two &amp; three</t></p></d>", 3);
        check("<d><t>one<p/>two</t", 2);
        check("", 0);
    }

    #[test]
    fn a_default_gives_way_to_the_text() {
        let mut prose = Prose::default();
        assert_eq!(prose.language_or(Some("en-GB".to_owned())).as_deref(), Some("en-GB"));
        prose.take(
            &"Der Hafen lag still unter einem d\u{fc}nnen Nebel, als die ersten Boote zur\u{fc}ckkamen. "
                .repeat(5),
        );
        assert_eq!(prose.language_or(Some("en-GB".to_owned())).as_deref(), Some("de"));
        assert_eq!(prose.language_or(Some("de-AT".to_owned())).as_deref(), Some("de-AT"));
    }

    #[test]
    fn a_default_that_is_written_otherwise_is_none() {
        let check = |text: &str, default: &str, stays: bool| {
            assert_eq!(is_written_like(default, text), stays, "{default}")
        };
        check("\u{413}\u{430}\u{432}\u{430}\u{43d}\u{44c}", "en-US", false);
        check("\u{413}\u{430}\u{432}\u{430}\u{43d}\u{44c}", "ru-RU", true);
        check("harbour", "en-US", true);
        check("harbour", "ru", false);
        check("harbour", "gsw", true);
        check("\u{6e2f}\u{53e3}", "ja", true);
        check("12", "en", true);
    }

    proptest! {
        #[test]
        fn no_markup_panics(text in "(<[a-z:/!?\\[]{0,4}|[&;#x]|[a-z= '\"]|>){0,60}") {
            Prose::default().take_markup(&text, &["t"], &["p"]);
        }
    }
}
