//! A diagnostic as a workflow command, which a code host shows beside the line.
//!
//! Knows the escapes of that one-line format.

use super::{Diagnostic, Severity};

/// One line, such as `::error file=release.yaml,line=4,col=1,title=…::message`.
pub fn github(diagnostic: &Diagnostic) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = &diagnostic.place {
        properties.push(format!("file={}", property(&place.file.name)));
        properties.push(format!("line={}", place.line));
        properties.push(format!("col={}", place.column));
        if place.len > 1 {
            properties.push(format!("endColumn={}", place.column + place.len));
        }
    }
    properties.push(format!("title={}", property(diagnostic.code)));
    let hint = diagnostic.hint.as_ref().map(|hint| format!("\nhelp: {hint}")).unwrap_or_default();
    format!("::{command} {}::{}{}", properties.join(","), text(&diagnostic.message), text(&hint))
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
