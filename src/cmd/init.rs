//! `bindery init`: a manifest for files, with what was found in them as comments.

pub mod guess;

use std::fs;
use std::path::{Path, PathBuf};

use super::inspect;
use crate::exit::{Exit, Failure};
use crate::project::{Projects, Surroundings};
use crate::sources::{self, relative};
use crate::ui::{Ui, words};
use crate::yaml::{Maker, literal};

const AFTER: &str = "\
Examples:
  bindery init book.epub --group MYGRP
  bindery init photos/*.jpg --kind generic --output photos.yaml
  bindery init guide.txt --output -";

/// The group that stands in a manifest until someone writes another.
const NO_GROUP: &str = "NOGRP";
/// Most files whose facts are shown.
const MOST: usize = 5;

/// Write a manifest for files, with what was found in them as comments
///
/// The kind is chosen by the content of the files. A manifest that exists is left alone unless `--force` is given.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The files or folders to be packed
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the manifest is written; `-` prints it
    #[arg(long, short, value_name = "FILE", default_value = "release.yaml")]
    output: PathBuf,
    /// The kind of release, instead of the one the files suggest
    #[arg(long)]
    kind: Option<String>,
    /// The group whose name the release bears
    #[arg(long)]
    group: Option<String>,
    /// Replace a manifest that exists
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    if let Some(file) = args.files.iter().find(|file| file.symlink_metadata().is_err()) {
        return Err(Failure::missing(format!("there is no file `{}`", file.display())));
    }
    let prints = args.output == Path::new("-");
    if !prints && !args.force && args.output.exists() {
        return Err(Failure::usage(format!("`{}` exists already and is left alone", args.output.display()))
            .hint("replace it with `--force`, or choose another with `--output`"));
    }
    let home = if prints {
        surroundings.cwd.clone()
    } else {
        sources::folder_of(&surroundings.cwd.join(&args.output))?
    };
    let text = manifest(args, &home, &surroundings)?;
    if prints {
        ui.data(text.trim_end())?;
        return Ok(Exit::Done);
    }
    fs::write(&args.output, &text).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("cannot write `{}`: {}", args.output.display(), words::reason(&error)),
        )
    })?;
    ui.data(&args.output.display().to_string())?;
    let next = if args.output == Path::new("release.yaml") {
        String::new()
    } else {
        format!(" {}", args.output.display())
    };
    ui.say(&format!("look it over, then `bindery check{next}` and `bindery run{next}`"));
    Ok(Exit::Done)
}

fn manifest(args: &Args, home: &Path, surroundings: &Surroundings) -> Result<String, Failure> {
    let project = Projects::default().of(surroundings, home)?;
    let kind = match &args.kind {
        Some(kind) => {
            let folders = project.as_ref().map(|project| project.site.search.as_slice()).unwrap_or_default();
            let known: Vec<String> =
                manifests::Kinds::new(folders).list().into_iter().map(|kind| kind.name).collect();
            if !known.contains(kind) {
                return Err(Failure::usage(format!("there is no kind {}", engine::value::shown(kind)))
                    .hint(words::did_you_mean(kind, known.iter().map(String::as_str))));
            }
            kind.clone()
        }
        None => guess::kind(&args.files).to_owned(),
    };
    let configured = project
        .is_some_and(|project| project.configurations.iter().any(|known| known.config.group.is_some()));
    let group = args.group.as_deref().or_else(|| (!configured).then_some(NO_GROUP));
    let mut source = Vec::new();
    for file in &args.files {
        let path = relative(&surroundings.cwd.join(file), home);
        source.push(literal(&sources::text(&path)?));
    }
    let maker = Maker::new("init");
    let node = maker.mapping([
        ("release", Some(maker.number(1))),
        ("kind", Some(maker.text(&kind))),
        ("group", group.map(|group| maker.text(group))),
        ("source", Some(maker.few(&source))),
    ]);
    let mut text = manifests::emit(&node);
    if group == Some(NO_GROUP) && args.group.is_none() {
        let line = format!("group: {NO_GROUP}\n");
        text = text.replacen(&line, &format!("group: {NO_GROUP}  # the name your releases bear\n"), 1);
    }
    text.push_str(&comments(&args.files, &kind));
    Ok(text)
}

/// What was found in the files, and how to correct it.
fn comments(files: &[PathBuf], kind: &str) -> String {
    let mut text = String::new();
    for file in files.iter().filter(|file| file.is_file()).take(MOST) {
        let Some((format, lines)) = inspect::lines(file) else { continue };
        let shown = crate::ui::clean(&file.display().to_string());
        text.push_str(&format!("\n# Found in {shown} ({format}):\n"));
        lines.iter().for_each(|line| text.push_str(&format!("#   {line}\n")));
    }
    let example =
        if kind == "tv" { "#   title: …\n#   season: 1\n#   episode: 1\n" } else { "#   title: …\n" };
    text.push_str("\n# What is wrong or missing is set here, and wins over what is found:\n# metadata:\n");
    text.push_str(example);
    text.push_str(&format!(
        "\n# `bindery kinds {kind}` shows the steps; what differs goes under `steps:`.\n"
    ));
    text
}
