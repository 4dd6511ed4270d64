//! `bindery templates`: the designs of NFO pages. Each of its commands is a file, a `mod` line, a variant and a row.

pub mod check;
mod given;
mod import;
mod list;
mod new;
mod preview;
pub mod render;
mod show;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use engine::StageError;
use stages::nfo::{Found, Templates, Unfound};

use crate::exit::{Exit, Failure};
use crate::project::{Project, Surroundings};
use crate::ui::{Ui, words};

const AFTER: &str = "\
Examples:
  bindery templates list
  bindery templates preview ebook --png page.png
  bindery templates render ebook --from book.epub
  bindery templates new mine --like classic
  bindery templates import old.nfo
  bindery templates check mine";

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
    Show(show::Args),
    New(new::Args),
    Preview(preview::Args),
    Render(render::Args),
    Import(import::Args),
    Check(check::Args),
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    match &args.command {
        Command::List(args) => list::run(args, ui),
        Command::Show(args) => show::run(args, ui),
        Command::New(args) => new::run(args, ui),
        Command::Preview(args) => preview::run(args, ui),
        Command::Render(args) => render::run(args, ui),
        Command::Import(args) => import::run(args, ui),
        Command::Check(args) => check::run(args, ui),
    }
}

/// The project of the current folder and the templates it sees.
fn here() -> Result<(Surroundings, Project, Templates), Failure> {
    let surroundings = Surroundings::read()?;
    let project = surroundings.project(Path::new("."))?;
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

/// Where a template of one's own is written: in the project, or for all projects.
fn destination(surroundings: &Surroundings, name: &str, user: bool) -> Result<PathBuf, Failure> {
    let folder = if user { surroundings.user_folder() } else { Some(surroundings.project_folder()) };
    let folder =
        folder.ok_or_else(|| Failure::usage("there is no configuration folder, since `HOME` is not set"))?;
    Ok(folder.join("templates").join(format!("{name}.liquid")))
}

/// Writes a template, over none that exists unless that is asked for.
fn write(file: &Path, text: &str, force: bool) -> Result<(), Failure> {
    if !force && file.symlink_metadata().is_ok() {
        return Err(Failure::usage(format!("`{}` exists already and is left alone", file.display()))
            .hint("replace it with `--force`, or choose another name"));
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).and_then(|()| fs::write(file, text)).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write `{}`: {}", file.display(), words::reason(&error)))
    })
}
