//! Colour, where it is wanted.

use std::io::{IsTerminal, stderr, stdout};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(bool);

impl ColorWhen {
    /// How stdout is painted.
    pub fn for_stdout(self) -> Paint {
        self.paint(stdout().is_terminal())
    }

    /// How stderr is painted.
    pub fn for_stderr(self) -> Paint {
        self.paint(stderr().is_terminal())
    }

    fn paint(self, terminal: bool) -> Paint {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Paint(match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && !set("NO_COLOR") && !is_dumb(),
        })
    }
}

/// Whether the terminal cannot move its cursor.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

impl Paint {
    /// Paints nothing.
    #[cfg(test)]
    pub const PLAIN: Self = Self(false);

    /// Whether it paints at all.
    pub fn on(self) -> bool {
        self.0
    }

    /// What matters most.
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// What may be passed over.
    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// What went well.
    pub fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// What went wrong.
    pub fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// What may be wrong.
    pub fn odd(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// A name one may type.
    pub fn name(self, text: &str) -> String {
        self.with(AnsiColor::Cyan.on_default(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_ends_where_the_text_does() {
        assert_eq!(Paint(true).bold("x"), "\u{1b}[1mx\u{1b}[0m");
        assert_eq!(Paint(true).bold(""), "");
        assert_eq!(Paint::PLAIN.bad("x"), "x");
        assert!(ColorWhen::Always.for_stdout().on() && !ColorWhen::Never.for_stderr().on());
    }
}
