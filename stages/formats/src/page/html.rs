//! A page as HTML: one file without scripts or links, whose text can be selected and searched.
//!
//! Knows markup and colours. Foreign text is escaped; nothing in it becomes markup.

use super::Page;
use super::canvas::Look;
use super::colours::{Rgb, Theme};

/// The page as a document with this title.
#[must_use]
pub fn html(page: &Page, theme: Theme, title: &str) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>\n\
         body {{ margin: 0; background: {}; color: {}; }}\n\
         pre {{ box-sizing: border-box; width: max-content; min-width: {}ch; margin: 0 auto; padding: 1rem 2ch; \
         font: 16px/1.2 \"Cascadia Mono\", \"DejaVu Sans Mono\", Menlo, Consolas, monospace; \
         font-variant-ligatures: none; }}\n\
         pre span {{ padding: 0.1em 0; }}\n</style>\n</head>\n<body>\n<pre>",
        escaped(title),
        hex(theme.ground()),
        hex(theme.ink()),
        page.columns + 4,
    );
    // A line break directly behind the tag would be swallowed, and an empty first line with it.
    text.push('\n');
    for row in &page.rows {
        for run in row.runs(|one, other| one.look == other.look) {
            let shown = escaped(&run.text);
            match style(run.look, theme) {
                Some(style) => text.extend(["<span style=\"", &style, "\">", &shown, "</span>"]),
                None => text.push_str(&shown),
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text.push_str("</pre>\n</body>\n</html>\n");
    text
}

/// What a look differs in from plain text.
fn style(look: Look, theme: Theme) -> Option<String> {
    let (ink, ground) = theme.paint(look);
    let parts = [
        (ink != theme.ink()).then(|| format!("color:{}", hex(ink))),
        (ground != theme.ground()).then(|| format!("background:{}", hex(ground))),
        look.italic.then(|| "font-style:italic".to_owned()),
        look.underline.then(|| "text-decoration:underline".to_owned()),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(";")).filter(|style| !style.is_empty())
}

/// A colour as the web writes it.
pub(super) fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text that is no markup. Control characters have no place in XML.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Reading, read};

    fn check(text: &str, want: &str) {
        let page = read(text.as_bytes(), &Reading::default()).unwrap();
        let html = html(&page, Theme::Terminal, "a <b>");
        let body = html.split("<pre>\n").nth(1).unwrap().split("</pre>").next().unwrap();
        assert_eq!(body, want, "{text:?}");
        assert!(html.contains("<title>a &lt;b&gt;</title>"));
    }

    #[test]
    fn text_is_escaped_and_coloured() {
        check("plain\r\n", "plain\n");
        check("\r\n<script>&\"", "\n&lt;script&gt;&amp;&quot;\n");
        check("\u{1b}[31ma\u{1b}[0m b", "<span style=\"color:#aa0000\">a</span> b\n");
        check("\u{1b}[4;44mx", "<span style=\"background:#0000aa;text-decoration:underline\">x</span>\n");
    }
}
