//! `bindery pack`: a release without a manifest, or rather with one that is written on the spot.

use std::fs;
use std::path::{Path, PathBuf};

use engine::Selection;
use manifests::{Kinds, Node, merge, set_layer};

use super::yaml::{Maker, literal};
use crate::args::{Running, Sets};
use crate::execute::{Order, execute};
use crate::exit::{Exit, Failure};
use crate::project::{Projects, Surroundings};
use crate::sources::{self, Compiled, relative};
use crate::ui::{Ui, words};

const AFTER: &str = "\
Examples:
  bindery pack --type EBOOK --file book.epub --group MYGRP
  bindery pack --type DOCS --file guide.txt map.png --group MYGRP --release-name My.Guide-MYGRP
  bindery pack --type EBOOK --file book.epub --group MYGRP --no-enrich --save release.yaml
  bindery pack --type GENERIC --file photos/*.jpg --group MYGRP --set metadata.title=Photos";

/// What the manifest is called in messages while it lies in no file.
const NAME: &str = "pack";

/// Make a release straight from files, without a manifest
///
/// Does what `bindery run` would do with the manifest that `--save` writes, and gives the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The kind of the release: EBOOK, TV, DOCS, GENERIC, or one of your own, in any case
    #[arg(long = "type", value_name = "KIND")]
    kind: String,
    /// A file, folder or glob to pack; may be repeated
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    file: Vec<PathBuf>,
    /// The group whose name the release bears; the configuration may have one
    #[arg(long)]
    group: Option<String>,
    /// The name of the release; the kind builds one from the facts otherwise
    #[arg(long, value_name = "NAME")]
    release_name: Option<String>,
    /// The folder in which the release folder appears
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The template of the NFO
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// Ask no metadata provider
    #[arg(long)]
    no_enrich: bool,
    /// Also write the manifest that this command stands for; `--force` replaces one that exists
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    sets: Sets,
}

pub fn run(args: Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let home = match &args.save {
        Some(file) => sources::folder_of(&surroundings.cwd.join(file))?,
        None => surroundings.cwd.clone(),
    };
    if let Some(file) = args.save.as_ref().filter(|file| !args.running.force && file.exists()) {
        return Err(Failure::usage(format!("`{}` exists already and is left alone", file.display()))
            .hint("replace it with `--force`"));
    }
    // As `run` would see the manifest from here, so that paths look as they were typed.
    let folder = relative(&home, &surroundings.cwd);
    let Some(project) = Projects::default().of(&surroundings, &home)? else { return Ok(Exit::Usage) };
    let kind = kind(&args.kind, &Kinds::new(&project.site.search))?;
    let configured = project.configurations.iter().any(|known| known.config.output.is_some());
    let text = manifests::emit(&manifest(&args, &kind, &home, configured, &surroundings)?);
    let context = surroundings.context(&project, &[]);
    let effective = manifests::load_text(&text, NAME, &folder, &context)?;
    let done = manifests::compile(&effective, &context)?;
    if !done.warnings.is_empty() {
        Failure::from(done.warnings).tell(ui);
    }
    if let Some(file) = &args.save {
        save(file, &text)?;
        ui.say(&format!("wrote {}", file.display()));
    }
    // Where there is no project, nothing is left behind but the release.
    let identity = project.is_project.then(|| format!("{NAME} {}", text));
    let compiled = vec![Compiled { shown: NAME.to_owned(), identity, project, plans: done.plans }];
    execute(Order { compiled, selection: Selection::All, keep_going: false, running: args.running }, ui)
}

/// The manifest that the command line stands for, as it would lie in `home`.
fn manifest(
    args: &Args,
    kind: &str,
    home: &Path,
    configured: bool,
    surroundings: &Surroundings,
) -> Result<Node, Failure> {
    let maker = Maker::new(NAME);
    let mut source = Vec::new();
    for file in &args.file {
        let text = sources::text(file)?;
        if !text.contains(['*', '?', '[', '{']) && surroundings.cwd.join(file).symlink_metadata().is_err() {
            return Err(Failure::missing(format!("there is no file `{text}`")));
        }
        let path = relative(&surroundings.cwd.join(file), home);
        source.push(literal(&sources::text(&path)?));
    }
    // Without a word the release appears where the command was typed, also when the manifest lies elsewhere.
    let elsewhere = home != surroundings.cwd && !configured;
    let output = args.output.clone().or_else(|| elsewhere.then(|| PathBuf::from("dist")));
    let output =
        output.map(|output| sources::text(&relative(&surroundings.cwd.join(output), home))).transpose()?;
    let template = args.template.as_deref().map(|name| maker.mapping([("template", Some(maker.text(name)))]));
    let nfo = template.map(|with| maker.mapping([("with", Some(with))]));
    let enrich = args.no_enrich.then(|| maker.bool(false));
    let steps =
        (nfo.is_some() || enrich.is_some()).then(|| maker.mapping([("enrich", enrich), ("nfo", nfo)]));
    let own = maker.mapping([
        ("release", Some(maker.number(1))),
        ("kind", Some(maker.text(kind))),
        ("group", args.group.as_deref().map(|group| maker.text(group))),
        ("name", args.release_name.as_deref().map(|name| maker.text(&literal(name)))),
        ("source", Some(maker.few(&source))),
        ("output", output.as_deref().map(|output| maker.text(output))),
        ("steps", steps),
    ]);
    let set = set_layer(&args.sets.set)?;
    let foreign = ["source", "output", "extends", "for_each"];
    if let Some(key) = foreign.iter().find(|key| set.as_ref().is_some_and(|set| set.get(key).is_some())) {
        return Err(Failure::usage(format!("`--set {key}=…` does not go with `pack`"))
            .hint("use `--file` and `--output`; for anything else write a manifest with `--save`"));
    }
    merge([own].into_iter().chain(set)).ok_or_else(|| Failure::usage("there is nothing to pack"))
}

/// The kind of this name in any case.
fn kind(typed: &str, kinds: &Kinds) -> Result<String, Failure> {
    let known: Vec<String> = kinds.list().into_iter().map(|kind| kind.name).collect();
    let found = known
        .iter()
        .find(|name| *name == typed)
        .or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(typed)));
    found.cloned().ok_or_else(|| {
        let lower = typed.to_lowercase();
        Failure::usage(format!("there is no kind {}", engine::value::shown(typed)))
            .hint(words::did_you_mean(&lower, known.iter().map(String::as_str)))
    })
}

fn save(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write `{}`: {}", file.display(), words::reason(&error)))
    })
}
