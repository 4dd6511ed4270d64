//! Diagnostics as people read them: the line, a caret, and what to do.
//!
//! Trusts no text: control characters are shown, not sent, and long lines are cut around the caret.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::place::{Place, is_printable};

/// All diagnostics, one below the other, each ending in a line break.
pub fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&one(diagnostic, &renderer));
        out.push('\n');
    }
    out
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(clean(&diagnostic.message)));
    if let Some(place) = &diagnostic.place {
        group = at(group, place, AnnotationKind::Primary);
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(clean(hint)));
    }
    let related = diagnostic.related.iter().map(|(place, what)| {
        at(Group::with_title(Level::NOTE.secondary_title(clean(what))), place, AnnotationKind::Context)
    });
    let groups: Vec<_> = std::iter::once(group).chain(related).collect();
    without_stray_marks(&renderer.render(&groups))
}

/// Drops the lone `:::` that the renderer puts before a snippet whose origin was given apart.
fn without_stray_marks(text: &str) -> String {
    // No text of ours holds an escape character, so what follows one is a style, up to its `m`.
    let is_mark = |line: &&str| {
        let plain = line.split('\u{1b}').enumerate().map(|(at, part)| match at {
            0 => part,
            _ => part.split_once('m').map_or("", |(_, rest)| rest),
        });
        plain.collect::<String>().trim() == ":::"
    };
    text.lines().filter(|line| !is_mark(line)).collect::<Vec<_>>().join("\n")
}

fn at<'g>(group: Group<'g>, place: &Place, kind: AnnotationKind) -> Group<'g> {
    // The snippet holds an excerpt, so it must not count columns: the origin says where it is.
    let origin = Origin::path(clean(&place.file.name)).line(place.line).char_column(place.column);
    let excerpt = excerpt(place.source_line(), place.column, place.len);
    let snippet = Snippet::source(excerpt.text).line_start(place.line).annotation(kind.span(excerpt.caret));
    group.element(origin).element(snippet)
}

struct Excerpt {
    text: String,
    /// Bytes of `text` to underline.
    caret: Range<usize>,
}

/// The part of a line around `column`, fit for a terminal.
fn excerpt(line: &str, column: usize, len: usize) -> Excerpt {
    const BEFORE: usize = 50;
    const SHOWN: usize = 100;
    let first = column.saturating_sub(1);
    let skipped = if line.chars().nth(SHOWN).is_none() { 0 } else { first.saturating_sub(BEFORE) };
    let mut text = String::new();
    if skipped > 0 {
        text.push('…');
    }
    let (mut start, mut end) = (None, None);
    for (count, c) in (skipped..).zip(line.chars().skip(skipped).take(SHOWN)) {
        if count == first {
            start = Some(text.len());
        }
        if count == first + len.max(1) {
            end = Some(text.len());
        }
        push_shown(&mut text, c);
    }
    let all = text.len();
    if line.chars().nth(skipped + SHOWN).is_some() {
        text.push('…');
    }
    let start = start.unwrap_or(all);
    Excerpt { text, caret: start..end.unwrap_or(all).max(start) }
}

fn push_shown(text: &mut String, c: char) {
    if c == '\t' {
        text.push_str("    ");
    } else if is_printable(c) {
        text.push(c);
    } else {
        text.extend(c.escape_unicode());
    }
}

fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_shown(&mut out, c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::File;

    fn check(text: &str, line: usize, column: usize, len: usize, wanted: &str) {
        let place = Place { file: File::new("release.yaml", text), line, column, len };
        let found = Diagnostic::error("manifest/unknown-key", "unknown key `sorce`").at(&place);
        let found = found.hint("did you mean `source`?");
        assert_eq!(render(&[found], false), wanted);
    }

    #[test]
    fn shows_the_line_a_caret_and_the_hint() {
        check(
            "release: 1\nsorce: a.epub\n",
            2,
            1,
            5,
            "error: unknown key `sorce`\n --> release.yaml:2:1\n  |\n2 | sorce: a.epub\n  | ^^^^^\n  |\n  = help: did you mean `source`?\n",
        );
    }

    #[test]
    fn shows_control_characters_instead_of_sending_them() {
        check(
            "a\u{1b}[31m: \u{202e}x\t!",
            1,
            12,
            1,
            "error: unknown key `sorce`\n --> release.yaml:1:12\n  |\n1 | a\\u{1b}[31m: \\u{202e}x    !\n  |                           ^\n  |\n  = help: did you mean `source`?\n",
        );
    }

    #[test]
    fn cuts_a_long_line_around_the_caret() {
        let place = Place { file: File::new("f", "x".repeat(1 << 20)), line: 1, column: 700_000, len: 9 };
        let text = render(&[Diagnostic::error("a/b", "wrong").at(&place)], false);
        assert!(text.len() < 600 && text.contains("^^^^^^^^^") && text.contains("f:1:700000"), "{text}");
    }

    #[test]
    fn survives_places_that_do_not_exist() {
        for (line, column, len) in [(9, 9, 9), (1, 4, 0), (1, 99, 1), (1, 0, usize::MAX / 2), (0, 0, 0)] {
            let place = Place { file: File::new("f\u{1b}", "abc"), line, column, len };
            let found = Diagnostic::error("a/b", "wrong\u{7}").at(&place).related(&place, "here");
            assert!(render(std::slice::from_ref(&found), true).contains('\u{1b}'));
            let text = render(&[found.clone(), found], false);
            assert!(!text.contains(['\u{1b}', '\u{7}']) && !text.contains(":::"), "{text}");
        }
    }
}
