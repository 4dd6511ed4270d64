//! `bindery templates new`: a template of one's own, begun from one that is there.

use std::path::PathBuf;

use serde_json::json;
use stages::nfo::is_name;

use super::{destination, find, here, write};
use crate::exit::{Exit, Failure};
use crate::ui::Ui;

const AFTER: &str = "\
Examples:
  bindery templates new mine
  bindery templates new mine --like classic
  bindery templates new house --user --like minimal";

/// Write a template of your own, begun from another
///
/// It goes to `.bindery/templates/NAME.liquid` of the project, and steps find it by its name from then on.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The name of the new template
    name: String,
    /// The template whose text it begins with
    #[arg(long, value_name = "TEMPLATE", default_value = "plain")]
    like: String,
    /// Write it to your configuration folder, for all projects
    #[arg(long)]
    user: bool,
    /// Replace a template that exists
    #[arg(long)]
    force: bool,
    /// Print JSON: the name, the file, and what it was begun from
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let (surroundings, _, templates) = here()?;
    if !is_name(&args.name) {
        let message = format!("{} is no template name", engine::value::shown(&args.name));
        return Err(Failure::usage(message).hint("a name without folders, such as `mine`"));
    }
    let begun = find(&templates, &args.like)?;
    let file: PathBuf = destination(&surroundings, &args.name, args.user)?;
    let own = format!("name: {}", begun.front.name.as_deref().unwrap_or(&begun.name));
    let text = begun.text.replacen(&own, &format!("name: {}", args.name), 1);
    write(&file, &text, args.force)?;
    if args.json {
        ui.json(&json!({ "name": args.name, "file": file.display().to_string(), "like": args.like }))?;
    } else {
        ui.data(&surroundings.shown(&file))?;
        ui.say(&format!(
            "name it in a step: `nfo: {{ with: {{ template: {} }} }}`, try it: `bindery templates render {}`",
            args.name, args.name
        ));
    }
    Ok(Exit::Done)
}
