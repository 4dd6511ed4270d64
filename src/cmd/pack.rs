//! `bindery pack`: a release without a manifest, or rather with one that is written on the spot.

use std::fs;
use std::path::{Path, PathBuf};

use engine::Selection;
use manifests::{Kinds, Node, merge, set_layer};

use crate::args::{Asking, Running, Sets};
use crate::execute::{Order, execute};
use crate::exit::{Exit, Failure};
use crate::lock::Keeping;
use crate::packing::{self, Packing, Stand};
use crate::project::{Projects, Surroundings};
use crate::report::Reports;
use crate::rules;
use crate::sources::{self, Compiled, relative};
use crate::ui::{Ui, words};

const AFTER: &str = "\
Examples:
  bindery pack --type EBOOK --file book.epub --group MYGRP
  bindery pack --type DOCS --file guide.txt map.png --group MYGRP --release-name My.Guide-MYGRP
  bindery pack --type EBOOK --file book.epub --group MYGRP --no-enrich --save release.yaml
  bindery pack --type GENERIC --file photos/*.jpg --group MYGRP --set metadata.title=Photos";

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
    asking: Asking,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    sets: Sets,
}

pub fn run(args: Args, ui: &Ui) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read()?;
    let reports = Reports::open(&args.running, &surroundings)?;
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
    let kinds: Vec<String> =
        Kinds::new(&project.site.search).list().into_iter().map(|kind| kind.name).collect();
    let configured = packing::has_output(&project);
    let stand = Stand { home: &home, cwd: &surroundings.cwd, configured, kinds: &kinds };
    let own = args.packing().manifest(&stand)?;
    let own = with_sets(own, &args.sets.set)?;
    let text = manifests::emit(&own);
    let context = surroundings.context(&project, &[]);
    let effective = manifests::load_text(&text, packing::NAME, &folder, &context)?;
    let done = manifests::compile(&effective, &context)?;
    let mut warnings = done.warnings;
    warnings.extend(rules::check(&effective, &done.plans, &project)?.warnings);
    if !warnings.is_empty() {
        Failure::from(warnings).tell(ui);
    }
    if let Some(file) = &args.save {
        save(file, &text)?;
        ui.say(&format!("wrote {}", file.display()));
    }
    // Where there is no project, nothing is left behind but the release.
    let identity = project.is_project.then(|| packing::identity(&own));
    let plans = done.plans;
    let compiled = vec![Compiled::own(packing::NAME, packing::NAME, identity, project, plans)];
    let order = Order {
        compiled,
        selection: Selection::All,
        keep_going: false,
        keeping: Keeping::default(),
        asking: args.asking,
        running: args.running,
    };
    execute(order, reports, ui)
}

impl Args {
    fn packing(&self) -> Packing {
        Packing {
            kind: self.kind.clone(),
            files: self.file.clone(),
            group: self.group.clone(),
            release_name: self.release_name.clone(),
            output: self.output.clone(),
            template: self.template.clone(),
            no_enrich: self.no_enrich,
            ..Packing::default()
        }
    }
}

/// Lays the assignments of the command line over the manifest, so that they are saved with it.
fn with_sets(own: Node, set: &[String]) -> Result<Node, Failure> {
    let set = set_layer(set)?;
    let foreign = ["source", "output", "extends", "for_each"];
    if let Some(key) = foreign.iter().find(|key| set.as_ref().is_some_and(|set| set.get(key).is_some())) {
        return Err(Failure::usage(format!("`--set {key}=…` does not go with `pack`"))
            .hint("use `--file` and `--output`; for anything else write a manifest with `--save`"));
    }
    merge([own].into_iter().chain(set)).ok_or_else(|| Failure::usage("there is nothing to pack"))
}

fn save(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write `{}`: {}", file.display(), words::reason(&error)))
    })
}
