//! `bindery templates`: the designs of NFO pages. Each of its commands is a file, a `mod` line, a variant and a row.

mod given;
mod list;
mod preview;
pub mod render;

use clap::Subcommand;
use engine::StageError;
use stages::nfo::{Found, Templates, Unfound};

use crate::exit::{Exit, Failure};
use crate::project::{Project, Surroundings};
use crate::ui::Ui;

const AFTER: &str = "\
Examples:
  bindery templates list
  bindery templates preview ebook --png page.png
  bindery templates list --json | jq -r '.[].name'";

/// List, show, make, import, try and check the templates of NFO pages
///
/// A template is a Liquid file. Your own lie in `.bindery/templates/NAME.liquid` of a project or in `templates/` of
/// your configuration folder. The project's come before yours, and yours before the built-in ones.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER, subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Preview(preview::Args),
    Render(render::Args),
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    match &args.command {
        Command::List(args) => list::run(args, ui),
        Command::Preview(args) => preview::run(args, ui),
        Command::Render(args) => render::run(args, ui),
    }
}

/// The project of the current folder and the templates it sees.
fn here() -> Result<(Surroundings, Project, Templates), Failure> {
    let surroundings = Surroundings::read()?;
    let project = surroundings.project(std::path::Path::new("."))?;
    let templates = Templates::new(&project.site.search);
    Ok((surroundings, project, templates))
}

/// The template of this name or path.
fn find(templates: &Templates, name: &str) -> Result<Found, Failure> {
    templates.find(name).map_err(|unfound| {
        let exit = match &unfound {
            Unfound::Missing { .. } => Exit::Missing,
            Unfound::Unreadable(_) => Exit::Failed,
            Unfound::Faulty(_) => Exit::Usage,
        };
        let is_inside = matches!(unfound, Unfound::Faulty(_));
        let fault = unfound.fault();
        let message = if is_inside { format!("`{name}`, {fault}") } else { fault.message.clone() };
        fault.hint.into_iter().fold(Failure::new(exit, message), Failure::hint)
    })
}

/// Why a page or its facts could not be had.
fn failed(exit: Exit, error: StageError) -> Failure {
    let failure = Failure::new(exit, error.message);
    error.hint.into_iter().fold(failure, Failure::hint)
}
