//! `bindery verify --remote`: tests releases where they were delivered to.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use stages::upload::{self, Remote};

use super::tell;
use crate::exit::{Exit, Failure};
use crate::project::{self, Surroundings};
use crate::signals;
use crate::ui::{Ui, clean};
use crate::uploading::{failed, name_of};

pub fn run(paths: &[PathBuf], destination: &str, json: bool, ui: &Ui) -> Result<Exit, Failure> {
    let project = Surroundings::read()?.project(Path::new("."))?;
    if project.site.setting("destinations", destination).is_none() {
        return Err(Failure::missing(format!(
            "there is no destination {}",
            engine::value::shown(destination)
        ))
        .hint("`bindery destinations` lists them"));
    }
    let home = project.state_folder();
    let world = project::world(project.site);
    let cancel = signals::listen().cancel;
    let worst = Cell::new(Exit::Done);
    let worse = |exit: Exit| {
        if (worst.get() as u8) < (exit as u8) {
            worst.set(exit);
        }
    };
    for path in paths {
        let (name, here) = named(path)?;
        let remote = Remote { destination, name: &name, here: here.as_deref(), home: &home };
        let note = |note: String| ui.say(&clean(&note));
        match upload::verify(&remote, &world, &|| cancel.is_cancelled(), &note) {
            Ok(verdict) => worse(tell(&verdict, json, ui)?),
            Err(_) if cancel.is_cancelled() => return Ok(Exit::Interrupted),
            Err(error) => worse(failed(error).tell(ui)),
        }
    }
    Ok(worst.get())
}

/// What a release is called there, and where it lies here, if it does.
fn named(path: &Path) -> Result<(String, Option<PathBuf>), Failure> {
    if path.exists() {
        let (name, whole) = name_of(path)?;
        return Ok((name, Some(whole)));
    }
    let text = path.to_str().map(|text| text.trim_end_matches('/')).filter(|text| !text.is_empty());
    let name =
        text.filter(|text| !text.split('/').any(|part| part.is_empty() || part == ".." || part == "."));
    name.map(|name| (name.to_owned(), None))
        .ok_or_else(|| Failure::usage(format!("`{}` names no release at a destination", path.display())))
}
