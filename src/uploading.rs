//! Plans that deliver finished releases, without a manifest: what `upload` and `resume` have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{
    Facts, From, OptionFault, Plan, Retry, Selection, Shape, Source, StageError, Step, Template, TimeRule,
};
use serde_json::Value;

use crate::args::{Asking, Progress, Running};
use crate::execute::{Order, execute};
use crate::exit::{Exit, Failure};
use crate::lock::Keeping;
use crate::project::{Project, Surroundings};
use crate::report::Reports;
use crate::sources::Compiled;
use crate::ui::Ui;
use crate::yaml::literal;

/// The stage that delivers.
const STAGE: &str = "upload";

/// A finished release that is to be delivered.
pub struct Finished {
    /// Where it lies.
    pub path: PathBuf,
    /// Its files, by their names in it.
    pub files: Vec<(String, PathBuf)>,
    /// The options of the stage.
    pub options: Value,
}

/// How a delivery is shown.
#[derive(Clone, Debug, clap::Args)]
pub struct Showing {
    /// Show progress as a moving bar, as plain lines, or as events in JSON on stdout, one a line
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    pub progress: Progress,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Delivers releases, several at a time, and tells what came of it.
pub fn deliver(
    finished: &[Finished],
    project: &Arc<Project>,
    surroundings: &Surroundings,
    showing: &Showing,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let plans: Result<Vec<Plan>, Failure> =
        finished.iter().map(|one| plan(one, project, surroundings)).collect();
    let compiled = vec![Compiled::own(STAGE, "the command line", None, Arc::clone(project), plans?)];
    let running = Running {
        jobs: None,
        force: false,
        progress: showing.progress,
        json: showing.json,
        report: Vec::new(),
        trace: None,
    };
    let reports = Reports::open(&running, surroundings)?;
    let order = Order {
        compiled,
        selection: Selection::Deliver,
        keep_going: true,
        keeping: Keeping::Time,
        asking: Asking::default(),
        running,
    };
    execute(order, reports, ui)
}

/// The name of a release by the path of its folder, and that path without detours.
pub fn name_of(path: &Path) -> Result<(String, PathBuf), Failure> {
    let whole = path
        .canonicalize()
        .map_err(|_| Failure::missing(format!("there is no release `{}`", path.display())))?;
    match whole.file_name().and_then(|name| name.to_str()) {
        Some(name) => Ok((name.to_owned(), whole)),
        None => Err(Failure::usage(format!("`{}` has no name that a release could have", path.display()))),
    }
}

/// A failure of a stage as one of a command.
pub fn failed(error: StageError) -> Failure {
    let exit = match error.code.as_ref() {
        "input/missing" | "remote/missing" => Exit::Missing,
        "input/invalid" => Exit::Usage,
        "step/cancelled" => Exit::Interrupted,
        _ => Exit::Failed,
    };
    let failure = Failure::new(exit, format!("{} [{}]", error.message, error.code));
    error.hint.into_iter().fold(failure, Failure::hint)
}

/// An option that cannot be used.
fn wrong(fault: OptionFault) -> Failure {
    let failure = Failure::usage(fault.message);
    fault.hint.into_iter().fold(failure, Failure::hint)
}

fn plan(one: &Finished, project: &Project, surroundings: &Surroundings) -> Result<Plan, Failure> {
    let bug = || Failure::new(Exit::Bug, "the stage `upload` cannot be used");
    let kind = surroundings.registry.get(STAGE).ok_or_else(bug)?;
    let stage = (kind.build)(one.options.clone()).map_err(wrong)?;
    if let Some(fault) = stage.check(&project.site).into_iter().next() {
        return Err(wrong(fault));
    }
    let step = Step {
        id: STAGE.into(),
        place: "the command line".into(),
        stage,
        from: vec![From::Source],
        pick: None,
        into: None,
        ship: true,
        optional: false,
        condition: None,
        retry: Retry::default(),
        timeout: None,
        written: Value::Null,
    };
    let (name, path) = name_of(&one.path)?;
    let sources =
        one.files.iter().map(|(name, path)| Source { path: path.clone(), name: name.clone(), origin: None });
    Ok(Plan {
        shape: Arc::new(Shape::new(vec![step]).map_err(|_| bug())?),
        at: one.path.display().to_string(),
        name: Arc::new(Template::new(literal(&name))),
        output: Arc::new(path.parent().unwrap_or(Path::new("/")).to_owned()),
        sources: sources.collect(),
        metadata: Facts::new(),
        names: Arc::default(),
        item: None,
        time: TimeRule::At(0),
        keep: None,
        pinned: None,
    })
}
