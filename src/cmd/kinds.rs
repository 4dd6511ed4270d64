//! `bindery kinds`: the sets of defaults that manifests start from.

use std::path::PathBuf;

use manifests::Kinds;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::project::Surroundings;
use crate::ui::table::table;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery kinds
  bindery kinds ebook > .bindery/kinds/my-ebook.yaml";

/// List the kinds of releases, or print one
///
/// A kind is a manifest of defaults. Your own lie in `.bindery/kinds/NAME.yaml` of a project or in `kinds/` of your
/// configuration folder.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The kind to print
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let project = surroundings.project(&PathBuf::from("."))?;
    let kinds = Kinds::new(&project.site.search);
    let listed = kinds.list();
    let Some(name) = &args.name else {
        if args.json {
            ui.json(&listed)?;
        } else {
            let row = |kind: &manifests::Listed| {
                vec![ui.out.name(&clean(&kind.name)), clean(&kind.about), ui.out.dim(&clean(&kind.from))]
            };
            ui.data(&table(&listed.iter().map(row).collect::<Vec<_>>()))?;
        }
        return Ok(Exit::Done);
    };
    let Some(text) = kinds.text(name) else {
        return Err(Failure::missing(format!("there is no kind {}", engine::value::shown(name)))
            .hint(words::did_you_mean(name, listed.iter().map(|kind| kind.name.as_str()))));
    };
    if args.json {
        let tree = manifests::parse(&manifests::File::new(format!("kind {name}"), text)).clean()?;
        let kind = listed.iter().find(|kind| kind.name == *name);
        ui.json(&json!({
            "name": name,
            "about": kind.map(|kind| kind.about.as_str()),
            "from": kind.map(|kind| kind.from.as_str()),
            "manifest": tree.to_json(),
        }))?;
    } else {
        ui.data(text.trim_end())?;
    }
    Ok(Exit::Done)
}
