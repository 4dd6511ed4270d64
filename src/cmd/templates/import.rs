//! `bindery templates import`: a template from one in an older language.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use stages::nfo::{import, is_name};

use super::{destination, here, write};
use crate::exit::{Exit, Failure};
use crate::ui::{Ui, words};

const AFTER: &str = "\
Examples:
  bindery templates import old/page.nfo
  bindery templates import old/page.nfo --name mine --output -";

/// Longest file that is taken for a template, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// Make a template of one with the placeholders of an older packer
///
/// Knows `{{name}}`, `{name}`, `{{#if name}}…{{/if}}` and `{{#ifnot name}}…{{/ifnot}}`. Before anything is written, both
/// are rendered over sets of sample facts and have to give the same page.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The older template, in UTF-8 or code page 437
    file: PathBuf,
    /// The name of the new template; that of the file otherwise
    #[arg(long)]
    name: Option<String>,
    /// Where it is written; `-` prints it
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write it to your configuration folder, for all projects
    #[arg(long, conflicts_with = "output")]
    user: bool,
    /// Replace a template that exists
    #[arg(long)]
    force: bool,
    /// Print JSON: name, file, text, the names it asks for, and which of them are no facts
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let (surroundings, project, _) = here()?;
    let shown = args.file.display();
    let size = fs::metadata(&args.file).map(|found| found.len());
    if size.is_ok_and(|size| size > MAX_BYTES) {
        return Err(Failure::usage(format!("`{shown}` is longer than {MAX_BYTES} bytes")));
    }
    let bytes = fs::read(&args.file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::missing(format!("there is no file `{shown}`")),
        _ => Failure::new(Exit::Failed, format!("cannot read `{shown}`: {}", words::reason(&error))),
    })?;
    let stem = args.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_lowercase();
    let name = args.name.clone().unwrap_or(stem);
    if !is_name(&name) {
        let message = format!("{} is no template name", engine::value::shown(&name));
        return Err(Failure::usage(message).hint("say another with `--name`"));
    }
    let made = import(&name, &bytes, &project.site.language).map_err(|fault| {
        let failure = Failure::new(Exit::Failed, format!("`{shown}`, {fault}"));
        fault.hint.into_iter().fold(failure, Failure::hint)
    })?;
    let prints = args.output.as_deref() == Some(Path::new("-"));
    let file = match &args.output {
        Some(file) => file.clone(),
        None => destination(&surroundings, &name, args.user)?,
    };
    if !prints {
        write(&file, &made.text, args.force)?;
    }
    if args.json {
        ui.json(&json!({
            "name": name,
            "file": (!prints).then(|| file.display().to_string()),
            "text": made.text,
            "names": made.names,
            "unknown": made.unknown,
            "checked": made.checked,
        }))?;
    } else if prints {
        ui.data(made.text.trim_end_matches('\n'))?;
    } else {
        ui.data(&surroundings.shown(&file))?;
    }
    ui.say(&format!("gives the same page as before over {} sets of sample facts", made.checked));
    if !made.unknown.is_empty() {
        let names = made.unknown.join(", ");
        ui.say(&format!(
            "no facts have these names, so that `metadata:` or `vars:` has to set them: {names}"
        ));
    }
    Ok(Exit::Done)
}
