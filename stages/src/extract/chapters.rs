//! The list of a film's chapters as a text that multiplexers read.
//!
//! The simple format of the OGM tools: a line with the time and one with the name for each chapter, numbered from 1.

use std::fmt::Write;

use formats::read::Chapter;

/// The list. A chapter without a name is called by its number.
pub(super) fn simple(chapters: &[Chapter]) -> String {
    let mut text = String::new();
    for (number, chapter) in (1..).zip(chapters) {
        let (seconds, ms) = (chapter.start_ms / 1000, chapter.start_ms % 1000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let name: String = chapter.title.chars().filter(|c| !c.is_control()).collect();
        let name = if name.is_empty() { format!("Chapter {number}") } else { name };
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "CHAPTER{number:02}={hours:02}:{minutes:02}:{seconds:02}.{ms:03}\nCHAPTER{number:02}NAME={name}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chapter_has_a_time_and_a_name() {
        let chapter = |start_ms, title: &str| Chapter { start_ms, title: title.to_owned() };
        let text = simple(&[chapter(0, "The Lamp\u{1b} Room"), chapter(3_723_004, "")]);
        let want = "CHAPTER01=00:00:00.000\nCHAPTER01NAME=The Lamp Room\n\
                    CHAPTER02=01:02:03.004\nCHAPTER02NAME=Chapter 2\n";
        assert_eq!(text, want);
    }
}
