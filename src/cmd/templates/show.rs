//! `bindery templates show`: the text of a template.

use serde::Serialize;
use stages::nfo::Listing;

use super::{find, here};
use crate::exit::{Exit, Failure};
use crate::ui::{Ui, clean};

const AFTER: &str = "\
Examples:
  bindery templates show ebook
  bindery templates show classic > .bindery/templates/mine.liquid";

/// Print the text of a template
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The template: a name, or the path of a file that ends in `.liquid`
    template: String,
    /// Print JSON: what the template says of itself, and its text
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listing: Listing,
    text: String,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let (_, _, templates) = here()?;
    let found = find(&templates, &args.template)?;
    if args.json {
        ui.json(&Shown { listing: Listing::of(&found), text: found.text })?;
    } else {
        // Lines stay lines; what would steer a terminal is shown instead.
        ui.data(&found.text.trim_end().lines().map(clean).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Done)
}
