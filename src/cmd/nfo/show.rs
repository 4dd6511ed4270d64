//! `bindery nfo show`: a note as it is meant to be seen, whatever its encoding.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use stages::page::{self, MAX_BYTES, Page, PageError, Reading};

use crate::exit::{Exit, Failure};
use crate::ui::page::Drawing;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery nfo show release.nfo
  bindery nfo show release.nfo --png release.png --colors paper
  bindery nfo show art.ans --width 132 --html art.html
  bindery nfo show release.nfo --json | jq -r .encoding";

/// Show a note in the terminal, or draw it
///
/// The encoding is found out: UTF-8 and UTF-16 by themselves, code page 437 of DOS otherwise. ANSI colours and cursor
/// movements are followed, and a SAUCE record at the end is not shown; `--json` prints what it says. Whatever the note
/// holds, nothing but text and colours reaches the terminal.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The note; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Read it in this encoding: cp437, cp850, or a name of the web such as utf-8 or windows-1252
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Wrap lines at so many columns; the default is the SAUCE record's, 80 for ANSI art and 160 for plain text
    #[arg(long, value_name = "COLUMNS")]
    width: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    drawing: Drawing,
}

/// A note as programs read it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Note")]
pub struct Shown {
    /// The file.
    file: String,
    /// The encoding it was read in: the WHATWG's name in lower case, `cp437` or `cp850`.
    encoding: String,
    /// Whether it has escape sequences for colours and movements.
    ansi: bool,
    /// Columns that the page takes.
    columns: usize,
    /// The page without colours, line by line.
    lines: Vec<String>,
    /// What the SAUCE record at its end says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    sauce: Option<page::Sauce>,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let bytes = bytes(&args.file)?;
    let reading = Reading { encoding: args.encoding.clone(), width: args.width };
    let page = page::read(&bytes, &reading).map_err(|error| failure(&args.file, &error))?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    if !args.json || !args.drawing.is_empty() {
        args.drawing.write(&page, &clean(&name), ui)?;
    }
    if args.json {
        ui.json(&shown(args.file.display().to_string(), page))?;
    }
    Ok(Exit::Done)
}

fn shown(file: String, page: Page) -> Shown {
    let lines = page.lines();
    Shown {
        file,
        encoding: page.encoding,
        ansi: page.is_ansi,
        columns: page.columns,
        lines,
        sauce: page.sauce,
    }
}

/// The file, as far as a page may be long, and a byte more that tells a longer one.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = clean(&path.display().to_string());
    let fault = |error: io::Error| {
        if error.kind() == io::ErrorKind::NotFound {
            return Failure::missing(format!("`{shown}` does not exist"));
        }
        Failure::new(Exit::Failed, format!("cannot read `{shown}`: {}", words::reason(&error)))
    };
    let mut bytes = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(fault)?;
    } else {
        let file = File::open(path).map_err(fault)?;
        file.take(most).read_to_end(&mut bytes).map_err(fault)?;
    }
    Ok(bytes)
}

fn failure(path: &Path, error: &PageError) -> Failure {
    let shown = clean(&path.display().to_string());
    let hint = match error {
        PageError::UnknownEncoding(_) => {
            "cp437, cp850, or a name of the web such as utf-8, utf-16le, windows-1252"
        }
        PageError::Width => return Failure::usage(error.to_string()),
        PageError::NotText => "`--encoding NAME` shows it all the same",
        _ => return Failure::new(Exit::Failed, format!("cannot show `{shown}`: {error}")),
    };
    let exit = if matches!(error, PageError::UnknownEncoding(_)) { Exit::Usage } else { Exit::Failed };
    Failure::new(exit, format!("cannot show `{shown}`: {error}")).hint(hint)
}
