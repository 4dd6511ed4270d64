//! A diagnostic as a workflow command, which a code host shows beside the line.
//!
//! Knows the escapes of that one-line format.

use super::{Diagnostic, Severity};

/// One line, such as `::error file=release.yaml,line=4,col=1,title=…::message`.
pub fn github(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.place.as_ref();
    let stretch = place.map(|place| Stretch {
        file: &place.file.name,
        line: place.line,
        column: place.column,
        length: place.len,
    });
    let hint = diagnostic.hint.as_deref();
    workflow_command(diagnostic.severity, stretch, diagnostic.code, &diagnostic.message, hint)
}

/// Where an annotation stands. Lines and columns count from 1.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// The file, as seen from the root of the repository.
    pub file: &'a str,
    /// The line.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// How many characters, 0 when that is not known.
    pub length: usize,
}

/// The same for something that is wrong elsewhere than in a manifest.
pub fn workflow_command(
    severity: Severity,
    at: Option<Stretch<'_>>,
    title: &str,
    message: &str,
    hint: Option<&str>,
) -> String {
    let command = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(Stretch { file, line, column, length }) = at {
        properties.push(format!("file={}", property(file)));
        properties.push(format!("line={line}"));
        properties.push(format!("col={column}"));
        if length > 1 {
            properties.push(format!("endColumn={}", column.saturating_add(length)));
        }
    }
    properties.push(format!("title={}", property(title)));
    let hint = hint.map(|hint| format!("\nhelp: {hint}")).unwrap_or_default();
    format!("::{command} {}::{}{}", properties.join(","), text(message), text(&hint))
}

fn text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(value: &str) -> String {
    text(value).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{File, Place};

    #[test]
    fn nothing_in_a_name_ends_the_command() {
        let place = Place { file: File::new("a,b:c%\n.yaml", "x"), line: 1, column: 2, len: 3 };
        let found =
            Diagnostic::error("manifest/unknown-key", "100% wrong\n::error::").at(&place).hint("look");
        assert_eq!(
            github(&found),
            "::error file=a%2Cb%3Ac%25%0A.yaml,line=1,col=2,endColumn=5,title=manifest/unknown-key\
             ::100%25 wrong%0A::error::%0Ahelp: look"
        );
    }
}
