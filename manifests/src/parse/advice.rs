//! Turns what the YAML scanner says into what a person should do.
//!
//! Knows the usual slips (tabs, quotes, templates), not the language of manifests.

use std::sync::Arc;

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::Diagnostic;
use crate::node::{File, Place};

const QUOTE_TEMPLATES: &str = "quote templates: `name: \"{{ title }}\"`";

/// What to say about a text that is not YAML.
pub fn for_scan_error(file: &Arc<File>, error: &ScanError) -> Diagnostic {
    let marker = error.marker();
    let place =
        Place { file: Arc::clone(file), line: marker.line().max(1), column: marker.col() + 1, len: 1 };
    let is_tab = is_tab(error.kind()) || before_is_tab(&place);
    if let Some(template) = unquoted_template(&place).filter(|_| !is_tab) {
        return Diagnostic::error("syntax/template", "a template without quotes")
            .at(&template)
            .hint(QUOTE_TEMPLATES);
    }
    if let Some(opening) = never_closed(&place, error.kind()).filter(|_| !is_tab) {
        return opening;
    }
    let (code, message, hint) = if is_tab {
        ("syntax/tab", "a tab where spaces are needed".to_owned(), Some("indent with spaces"))
    } else {
        words(error)
    };
    let place = if is_tab { tab_near(&place) } else { place };
    let diagnostic = Diagnostic::error(code, message).at(&place);
    hint.map_or(diagnostic.clone(), |hint| diagnostic.hint(hint))
}

/// What to say about a key that is a list or a mapping, which most often is a template without quotes.
pub fn for_complex_key(place: &Place) -> Diagnostic {
    match unquoted_template(place) {
        Some(template) => Diagnostic::error("syntax/template", "a template without quotes")
            .at(&template)
            .hint(QUOTE_TEMPLATES),
        None => Diagnostic::error("syntax/key", "a key must be a word, not a list or a mapping").at(place),
    }
}

fn words(error: &ScanError) -> (&'static str, String, Option<&'static str>) {
    use ErrorKind as E;
    match error.kind() {
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => (
            "syntax/quote",
            "a quote that is never closed".to_owned(),
            Some("close the quote on the same line"),
        ),
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => (
            "syntax/quote",
            "text after the closing quote".to_owned(),
            Some("quote the whole value; write a single quote inside single quotes twice"),
        ),
        E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape | E::InvalidUnicodeEscape => (
            "syntax/escape",
            "a backslash that escapes nothing known".to_owned(),
            Some("write `\\\\` for a backslash, or use single quotes, where a backslash is itself"),
        ),
        E::UnknownAnchor => {
            ("syntax/alias", "an alias to an anchor that is not defined above".to_owned(), None)
        }
        E::UnclosedFlowCollection { open } => {
            ("syntax/bracket", format!("a bracket `{open}` that is never closed"), None)
        }
        E::MismatchedFlowCollectionEnd { open, close } => {
            ("syntax/bracket", format!("a bracket `{open}` closed by `{close}`"), None)
        }
        E::UnexpectedEofFlowMapping | E::UnexpectedEofFlowSequence | E::UnexpectedEofImplicitFlowMapping => {
            ("syntax/bracket", "a bracket that is never closed".to_owned(), None)
        }
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator => {
            ("syntax/bracket", "a comma or a closing bracket is missing".to_owned(), None)
        }
        E::RecursionLimitExceeded => ("syntax/too-deep", "values nested too deep".to_owned(), None),
        E::MappingValueNotAllowed | E::InvalidColonPlacement => (
            "syntax/colon",
            "a colon where none is expected".to_owned(),
            Some("quote a value that holds `: `"),
        ),
        E::SimpleKeyExpected | E::InvalidSimpleKey => (
            "syntax/colon",
            "a line that is no `key: value`".to_owned(),
            Some("a colon or its space may be missing, or the line is indented too little"),
        ),
        E::ExpectedBlockMappingKey | E::InvalidIndentation | E::ExpectedBlockSequenceEntry => (
            "syntax/indentation",
            "indentation that fits nothing above".to_owned(),
            Some("keys of one mapping, and items of one list, begin in the same column"),
        ),
        _ => ("syntax/yaml", fragment(&error.info()), None),
    }
}

// The scanner's own words begin with what it was doing, which means nothing to a reader.
fn fragment(info: &str) -> String {
    let said = info.lines().next().unwrap_or("");
    let said = match said.split_once(", ") {
        Some((start, rest)) if start.starts_with("while ") => rest,
        _ => said,
    };
    let mut chars = said.chars();
    match chars.next() {
        Some(first) if !said.starts_with("YAML") => first.to_lowercase().chain(chars).collect(),
        Some(_) => said.to_owned(),
        None => "text that is not YAML".to_owned(),
    }
}

fn is_tab(kind: &ErrorKind) -> bool {
    use ErrorKind as E;
    matches!(
        kind,
        E::TabNotAllowed
            | E::TabInBlockIndentation
            | E::TabAtBlockScalarStart
            | E::TabInIndentation
            | E::TabInPlainScalar
    )
}

fn before_is_tab(place: &Place) -> bool {
    indent_of(place.source_line()).contains('\t')
}

fn indent_of(line: &str) -> &str {
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..indent).unwrap_or("")
}

/// The tab itself: the scanner may still be at the end of the line before.
fn tab_near(place: &Place) -> Place {
    let tabs = [place.line, place.line + 1].into_iter().filter_map(|line| {
        let column = indent_of(place.file.line(line)?).chars().position(|c| c == '\t')?;
        Some(Place { file: Arc::clone(&place.file), line, column: column + 1, len: 1 })
    });
    tabs.into_iter().next().unwrap_or_else(|| place.clone())
}

/// A quote or a bracket that was opened above and swallowed the lines up to where the scanner stumbled.
fn never_closed(place: &Place, kind: &ErrorKind) -> Option<Diagnostic> {
    use ErrorKind as E;
    const LINES: usize = 20;
    let quotes = matches!(
        kind,
        E::UnclosedQuotedScalar
            | E::DocumentIndicatorInQuotedScalar
            | E::InvalidQuotedScalarIndent
            | E::InvalidTrailingSingleQuotedScalar
            | E::InvalidTrailingDoubleQuotedScalar
    );
    if matches!(kind, E::RecursionLimitExceeded) {
        return None;
    }
    let lines = (place.line.saturating_sub(LINES).max(1)..=place.line).rev();
    lines.into_iter().find_map(|line| {
        let text = place.file.line(line)?;
        let start = value_start(text);
        let value = text.get(start..)?;
        let at = Place::of_line(place, line, text.get(..start)?.chars().count() + 1);
        let first = value.chars().next()?;
        if quotes && matches!(first, '"' | '\'') && !value.get(1..)?.contains(first) {
            return Some(
                Diagnostic::error("syntax/quote", "a quote that is never closed")
                    .at(&at)
                    .hint("close the quote on the same line"),
            );
        }
        let lines_below = || (line..=place.line.max(line + 1) - 1).filter_map(|line| place.file.line(line));
        let balance = |open: char, close: char| {
            let count = |c: char| lines_below().map(|text| text.matches(c).count()).sum::<usize>();
            count(open) > count(close)
        };
        let is_open = !quotes && (first == '[' && balance('[', ']') || first == '{' && balance('{', '}'));
        is_open.then(|| {
            Diagnostic::error("syntax/bracket", format!("a bracket `{first}` that is never closed")).at(&at)
        })
    })
}

/// Where the value of a `key: value` or `- value` line begins, in bytes.
fn value_start(line: &str) -> usize {
    let after = line.find(": ").or_else(|| line.find("- ")).map_or(0, |at| at + 2);
    let rest = line.get(after..).unwrap_or("");
    line.len() - rest.trim_start().len()
}

/// The unquoted `{{` or `{%` that made the scanner stumble on this line or the one before.
fn unquoted_template(place: &Place) -> Option<Place> {
    [place.line, place.line.saturating_sub(1)].into_iter().find_map(|line| {
        let text = place.file.line(line)?;
        let start = value_start(text);
        let value = text.get(start..)?.trim_end();
        if !value.starts_with("{{") && !value.starts_with("{%") {
            return None;
        }
        let column = text.get(..start)?.chars().count() + 1;
        Some(Place { len: value.chars().count(), ..Place::of_line(place, line, column) })
    })
}
