//! Renders one page: a template over values, as lines that fit and bytes that viewers read.
//!
//! Knows no job and no file; whoever wants a page, a step or a preview, gets the same one here.

use engine::template::{Scope, TemplateError};
use engine::{Language, StageError, Template};
use formats::text::transliterate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encoding::{self, Writing};
use super::front::{Encoding, Newline};
use super::templates::Found;
use super::{WIDTH, layout};

/// How a page is wanted. What is not said here the template says, and else it is code page 437, CRLF and 80 columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// How text is written.
    pub encoding: Option<Encoding>,
    /// How lines end.
    pub newline: Option<Newline>,
    /// Longest line, in columns.
    pub width: Option<usize>,
    /// What becomes of letters that the encoding lacks.
    pub lacking: Lacking,
}

/// What becomes of letters in facts that the encoding lacks and that nothing stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lacking {
    #[default]
    /// They are written in Latin letters, and a note tells which.
    Latin,
    /// The first of them is an error.
    Error,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its lines, without their ends; none is wider than `width`.
    pub lines: Vec<String>,
    /// How it is written.
    pub encoding: Encoding,
    /// How its lines end.
    pub newline: Newline,
    /// The width it was made for.
    pub width: usize,
    /// How many lines of the template were too wide and had to be folded.
    pub folded: usize,
    /// Letters of facts that are written in others, such as `` `М`, `и` ``.
    pub lacked: Option<String>,
}

/// Renders a template.
///
/// # Errors
/// When the template prints what nobody knows (`fact/missing`) or cannot be rendered (`template/invalid`).
pub fn page(language: &Language, template: &Found, scope: &Scope, look: &Look) -> Result<Page, StageError> {
    let front = &template.front;
    let encoding = look.encoding.or(front.encoding).unwrap_or_default();
    let newline = look.newline.or(front.newline).unwrap_or_default();
    let width = look.width.or(front.width).unwrap_or(WIDTH);
    let spoken = scope.get("language").and_then(Value::as_str).map(str::to_owned);
    let mut writing = Writing::new(encoding, look.lacking, spoken.as_deref());
    // Before the template lays them out in columns: one letter may become several. What has nothing to show is not known
    // at all.
    let mut values =
        scope.map(|value| Some(writing.value(value)).filter(|value| *value != Value::String(String::new())));
    let sizes = scope
        .get("files")
        .and_then(Value::as_array)
        .map(|files| files.iter().filter_map(|file| file.get("size")?.as_u64()).fold(0, u64::saturating_add));
    if let Some(total) = sizes {
        values.set_default("files_size", total);
    }
    let body = Template::new(own_text(&template.body, encoding, spoken.as_deref()));
    let rendered = language.render(&body, &values).map_err(|error| unrendered(template, error))?;
    let sheet = layout::lay_out(&rendered, width, &mut |line| {
        writing.line(&own_text(line, encoding, spoken.as_deref()))
    });
    Ok(Page { lines: sheet.lines, encoding, newline, width, folded: sheet.folded, lacked: writing.lacked() })
}

impl Page {
    /// The lines with a line feed behind each.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// At the first character that the encoding lacks, with its line and column (`text/encoding`).
    pub fn bytes(&self) -> Result<Vec<u8>, StageError> {
        let ending = match self.newline {
            Newline::Crlf => "\r\n",
            Newline::Lf => "\n",
        };
        encoding::bytes(&self.lines, self.encoding, ending)
    }
}

/// What the template itself says, in characters of the encoding where something natural stands for them. What nothing
/// stands for stays, and is an error when it is written.
fn own_text(text: &str, encoding: Encoding, language: Option<&str>) -> String {
    if text.is_ascii() && !text.contains('\t') {
        return text.to_owned();
    }
    let text = text.replace('\t', "    ");
    match encoding {
        Encoding::Utf8 => text,
        Encoding::Ascii => transliterate::ascii(&text, language),
        Encoding::Cp437 => transliterate::for_cp437(&text).text,
    }
}

/// A whole template is too long to quote, so the message names it instead.
fn unrendered(template: &Found, error: TemplateError) -> StageError {
    let name = &template.name;
    match &error {
        TemplateError::Missing { names } => {
            let first = names.first().map_or("…", String::as_str);
            StageError::new("fact/missing", format!("{error}, which the template `{name}` prints"))
                .hint(format!("set it under `metadata:` (`{first}: …`), or give the template a `| default:`"))
        }
        TemplateError::Syntax { line, column, .. } => StageError::new(
            "template/invalid",
            format!("the template `{name}`, line {}, column {column}: {error}", line + template.above),
        ),
        TemplateError::Render { .. } => {
            StageError::new("template/invalid", format!("the template `{name}` cannot be rendered: {error}"))
        }
    }
}
