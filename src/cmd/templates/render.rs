//! `bindery templates render`: a page from a template and facts, without a release.

use std::fs;
use std::path::{Path, PathBuf};

use engine::StageError;
use engine::template::Scope;
use serde::Serialize;
use serde_json::Value;
use stages::nfo::samples::{SAMPLES, Sample, given};
use stages::nfo::{Encoding, Limits, Look, Newline, Page, Remark, lint, missing, page};

use super::{find, here};
use crate::exit::{Exit, Failure};
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery templates render classic
  bindery templates render ebook --from book.epub --group MYGRP
  bindery templates render tv --sample long --width 72
  bindery templates render ./page.liquid --facts facts.json --output page.nfo";

/// Longest file of facts, in bytes.
const MAX_FACTS: u64 = 16 * 1024 * 1024;

/// Render a template over sample facts, over those of a file, or over JSON
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The template: a name, or the path of a file that ends in `.liquid`
    template: String,
    /// The set of sample facts: short, long, foreign, empty or hostile
    #[arg(long, value_name = "NAME", default_value = "short", conflicts_with_all = ["facts", "from"])]
    sample: String,
    /// The file whose facts are shown, as `bindery inspect` finds them
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// JSON with facts: a mapping, or what `bindery inspect --json` prints; `-` reads it from stdin
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    facts: Option<PathBuf>,
    /// Set a value over the facts; JSON, or else a text
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The group that signs the page
    #[arg(long)]
    group: Option<String>,
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
    let scope = scope(args)?;
    let look = Look {
        encoding: args.encoding,
        newline: args.newline,
        width: args.width.map(usize::from),
        ..Look::default()
    };
    let page = page(&project.site.language, &template, &scope, &look).map_err(failed)?;
    let bytes = page.bytes().map_err(failed)?;
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

/// Why a page could not be made.
pub fn failed(error: StageError) -> Failure {
    let failure = Failure::new(Exit::Failed, error.message);
    error.hint.into_iter().fold(failure, Failure::hint)
}

fn scope(args: &Args) -> Result<Scope, Failure> {
    let facts = match (&args.from, &args.facts) {
        (Some(file), _) => Some(Value::Object(inspected(file)?)),
        (_, Some(file)) => Some(read(file)?),
        _ => None,
    };
    let mut scope = match facts {
        Some(facts) => {
            let facts = facts.get("facts").filter(|facts| facts.is_object()).cloned().unwrap_or(facts);
            let Value::Object(facts) = facts else {
                return Err(Failure::usage("facts are a mapping of names to values"));
            };
            let mut scope = Scope::new();
            given().into_iter().chain(facts).for_each(|(name, value)| scope.set(&name, value));
            scope
        }
        None => {
            let sample = Sample::find(&args.sample).ok_or_else(|| {
                let names: Vec<&str> = SAMPLES.iter().map(|sample| sample.name).collect();
                Failure::usage(format!("there is no sample {}", engine::value::shown(&args.sample)))
                    .hint(format!("there are {}", names.join(", ")))
            })?;
            sample.scope()
        }
    };
    for assignment in &args.set {
        let (name, value) = assignment
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("`--set {assignment}` is not of the form NAME=VALUE")))?;
        scope.set(name, serde_json::from_str::<Value>(value).unwrap_or_else(|_| value.into()));
    }
    if let Some(group) = &args.group {
        scope.set("group", group.as_str());
    }
    Ok(scope)
}

fn inspected(file: &Path) -> Result<serde_json::Map<String, Value>, Failure> {
    let found = stages::inspect(file).map_err(|error| {
        let exit = if error.code == "input/missing" { Exit::Missing } else { Exit::Failed };
        let failure = Failure::new(exit, error.message);
        error.hint.into_iter().fold(failure, Failure::hint)
    })?;
    let mut facts = found.facts;
    facts.entry("format").or_insert_with(|| found.format.into());
    Ok(facts)
}

fn read(file: &Path) -> Result<Value, Failure> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        let mut input = std::io::Read::take(std::io::stdin().lock(), MAX_FACTS);
        std::io::Read::read_to_string(&mut input, &mut text).map(|_| text)
    } else {
        match fs::metadata(file) {
            Ok(found) if found.len() > MAX_FACTS => {
                return Err(Failure::usage(format!("`{}` is too long for facts", file.display())));
            }
            _ => fs::read_to_string(file),
        }
    };
    let text = text.map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let exit = if missing { Exit::Missing } else { Exit::Failed };
        Failure::new(exit, format!("cannot read `{}`: {}", file.display(), words::reason(&error)))
    })?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("`{}` is no JSON: {error}", file.display())))
}

fn encoding(word: &str) -> Result<Encoding, String> {
    stages::nfo::encoding_of(word).ok_or_else(|| "one of cp437, utf-8, ascii".into())
}

fn newline(word: &str) -> Result<Newline, String> {
    stages::nfo::newline_of(word).ok_or_else(|| "one of crlf, lf".into())
}
