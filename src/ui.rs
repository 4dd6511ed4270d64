//! How Bindery talks: data to stdout, everything else to stderr, colour where someone looks.

pub mod bar;
pub mod diagnostics;
pub mod json;
pub mod pace;
pub mod page;
pub mod paint;
pub mod plain;
pub mod summary;
pub mod table;
pub mod words;

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

pub use self::paint::{ColorWhen, Paint};
use crate::exit::{Exit, Failure};

/// The two streams of a command.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    /// How stdout is painted.
    pub out: Paint,
    /// How stderr is painted.
    pub err: Paint,
}

impl Ui {
    /// Writes text to stdout, with a line break behind it.
    pub fn data(&self, text: &str) -> Result<(), Failure> {
        write_data(|out| out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")))
    }

    /// Writes a value to stdout as JSON, over several lines.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        write_data(|out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }

    /// Writes a value to stdout as JSON on one line.
    pub fn json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        write_data(|out| {
            serde_json::to_writer(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }

    /// Writes text to stderr, with a line break behind it.
    pub fn say(&self, text: &str) {
        say_plainly(text);
    }
}

/// Writes text to stderr, with a line break behind it.
pub fn say_plainly(text: &str) {
    // There is nobody left to tell when stderr cannot be written to.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Foreign text made fit for a terminal: what would steer it is shown instead of sent.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            c if engine::value::is_printable(c) => out.push(c),
            // Writing to a string cannot fail.
            c => drop(write!(out, "{}", c.escape_default())),
        }
    }
    out
}

fn write_data(
    write: impl FnOnce(&mut io::BufWriter<io::StdoutLock<'_>>) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        // Whoever read the other end has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            drop(out.into_parts());
            Ok(())
        }
        Err(error) => {
            drop(out.into_parts());
            Err(Failure::new(Exit::Failed, format!("cannot write to stdout: {}", words::reason(&error))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_steers_no_terminal() {
        assert_eq!(clean("a\u{1b}[2J\tb\u{202e}é"), "a\\u{1b}[2J b\\u{202e}é");
    }
}
