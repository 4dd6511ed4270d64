//! `bindery templates list`: every template that a step can name here.

use stages::nfo::{Encoding, Listing};

use super::here;
use crate::exit::{Exit, Failure};
use crate::ui::table::table;
use crate::ui::{Ui, clean};

const AFTER: &str = "\
Examples:
  bindery templates list
  bindery templates list --json | jq -r '.[].name'";

/// List the templates
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let (_, _, templates) = here()?;
    let listed = templates.list();
    if args.json {
        ui.json(&listed)?;
    } else {
        ui.data(&table(&listed.iter().map(|listing| row(listing, ui)).collect::<Vec<_>>()))?;
    }
    Ok(Exit::Done)
}

fn row(listing: &Listing, ui: &Ui) -> Vec<String> {
    let lines = listing.lines.map_or_else(String::new, |lines| format!(" × {lines}"));
    let about = match &listing.fault {
        Some(fault) => ui.out.bad(&clean(&format!("cannot be used: {fault}"))),
        None => clean(&listing.description),
    };
    vec![
        ui.out.name(&clean(&listing.name)),
        format!("{}{lines}", listing.width),
        word(listing.encoding).to_owned(),
        about,
        ui.out.dim(&clean(&listing.from)),
    ]
}

/// The word for an encoding.
pub fn word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Cp437 => "cp437",
        Encoding::Utf8 => "utf-8",
        Encoding::Ascii => "ascii",
    }
}
