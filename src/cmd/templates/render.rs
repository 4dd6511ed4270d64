//! `bindery templates render`: a page from a template and facts, without a release.

use std::fs;
use std::path::PathBuf;

use engine::template::Scope;
use serde::Serialize;
use stages::nfo::{Encoding, Limits, Look, Newline, Page, Remark, lint, missing, page};

use super::given::Given;
use super::{failed, find, here};
use crate::exit::{Exit, Failure};
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery templates render classic
  bindery templates render ebook --from book.epub --group MYGRP
  bindery templates render tv --sample long --width 72
  bindery templates render ./page.liquid --facts facts.json --output page.nfo";

/// Render a template over sample facts, over those of a file, or over JSON
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The template: a name, or the path of a file that ends in `.liquid`
    template: String,
    #[command(flatten)]
    given: Given,
    /// The width of the page in columns, instead of the template's own
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(20..=1000))]
    width: Option<u16>,
    /// How the file is written, instead of what the template says: cp437, utf-8 or ascii
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<Encoding>,
    /// How lines end in the file: crlf or lf
    #[arg(long, value_name = "NAME", value_parser = newline)]
    newline: Option<Newline>,
    /// Write the page to a file, in its encoding, instead of showing it
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print JSON: the lines, how they are written, and what is worth a look
    #[arg(long)]
    json: bool,
}

/// A rendered page, as `--json` prints it.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[schemars(title = "Page")]
pub struct Rendered {
    /// The template.
    template: String,
    /// How the page is written.
    encoding: Encoding,
    /// How its lines end.
    newline: Newline,
    /// Its width in columns.
    width: usize,
    /// Its lines.
    lines: Vec<String>,
    /// What is worth a look.
    remarks: Vec<Remark>,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let (_, project, templates) = here()?;
    let template = find(&templates, &args.template)?;
    let scope = args.given.scope()?;
    let look = Look {
        encoding: args.encoding,
        newline: args.newline,
        width: args.width.map(usize::from),
        ..Look::default()
    };
    let page = page(&project.site.language, &template, &scope, &look)
        .map_err(|error| failed(Exit::Failed, error))?;
    let bytes = page.bytes().map_err(|error| failed(Exit::Failed, error))?;
    let remarks = remarks(&page, template.front.lines, &scope, &template.front.requires);
    if let Some(file) = &args.output {
        fs::write(file, &bytes).map_err(|error| {
            let message = format!("cannot write `{}`: {}", file.display(), words::reason(&error));
            Failure::new(Exit::Failed, message)
        })?;
    }
    if args.json {
        ui.json(&Rendered {
            template: template.name.clone(),
            encoding: page.encoding,
            newline: page.newline,
            width: page.width,
            lines: page.lines,
            remarks,
        })?;
        return Ok(Exit::Done);
    }
    match &args.output {
        Some(file) => ui.data(&file.display().to_string())?,
        None => ui.data(page.text().trim_end_matches('\n'))?,
    }
    for remark in &remarks {
        ui.say(&format!("{} {}", ui.err.odd("note:"), clean(&said(remark))));
    }
    Ok(Exit::Done)
}

/// What is worth a look on a page.
pub fn remarks(page: &Page, lines: Option<usize>, scope: &Scope, required: &[String]) -> Vec<Remark> {
    let text = page.text();
    let mut remarks = lint(&text, &Limits { lines, ..Limits::of(page) });
    remarks.extend(missing(&text, scope, required));
    remarks
}

/// A remark as a line of text.
pub fn said(remark: &Remark) -> String {
    match remark.line {
        0 => remark.message.clone(),
        line => format!("line {line}, column {}: {}", remark.column, remark.message),
    }
}

fn encoding(word: &str) -> Result<Encoding, String> {
    stages::nfo::encoding_of(word).ok_or_else(|| "one of cp437, utf-8, ascii".into())
}

fn newline(word: &str) -> Result<Newline, String> {
    stages::nfo::newline_of(word).ok_or_else(|| "one of crlf, lf".into())
}
