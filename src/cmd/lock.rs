//! `bindery lock`: writes down what releases are made of and what they come to, so that they can be made again.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use engine::{Facts, Leftovers, Pinned, Plan, Selection, TimeRule, World, judge};
use manifests::{Lock, LockDifference};

use crate::args::{Asking, Running};
use crate::exit::{Exit, Failure};
use crate::fetch::{Manner, fetch};
use crate::lock::{observe, outputs, path_of, write};
use crate::rebuild::{Rebuilt, rebuild};
use crate::signals::{self, Interrupt};
use crate::sources::{self, Compiled};
use crate::state;
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery lock
  bindery lock releases/*.yaml
  bindery lock update
  bindery lock update --only source
  bindery run --locked";

/// The word for sources in `--only`, where others are names of providers.
const SOURCE: &str = "source";

/// Write down what releases are made of and what they come to
///
/// Writes `<manifest>.lock` beside each manifest: the version of Bindery, digests of sources, templates, fragments,
/// rule sets and outputs, facts that were fetched, and the time of each release. Releases that are not up to date are made once more
/// in a place that is thrown away. Keep the lock in version control: `bindery run --locked` makes exactly what it says.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// The manifests; `release.yaml` when none is named
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Update(Update),
}

/// Write locks anew and show what changed, field by field
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bindery lock update
  bindery lock update --only tmdb
  bindery lock update release.yaml --only source --json")]
struct Update {
    /// The manifests; `release.yaml` when none is named
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    /// Take over new facts of this provider alone, or of none (`source`); the others stay as they are locked
    #[arg(long, value_name = "PROVIDER|source")]
    only: Option<String>,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    asking: Asking,
}

/// Which facts are asked for anew.
enum Renewal {
    /// None that are locked and whose sources are the same.
    None,
    /// All.
    All,
    /// Those of one provider.
    Of(String),
}

pub fn run(args: Args, ui: &Ui) -> Result<Exit, Failure> {
    let (named, renewal, running, asking, tells) = match args.command {
        None => (args.manifests, Renewal::None, args.running, args.asking, false),
        Some(Command::Update(Update { manifests, only, running, asking })) => {
            let renewal = only.map_or(Renewal::All, Renewal::Of);
            // What was said before is what the lock says already.
            let refresh = !asking.offline && asking.replay.is_none();
            let asking = Asking { refresh, ..asking };
            (manifests, renewal, running, asking, true)
        }
    };
    let mut compiled = sources::check(&named, &[])?.clean(ui)?;
    let interrupt = signals::listen();
    fetch(&compiled, Manner { offline: asking.offline, keep_going: false }, &interrupt, ui)?;
    state::look(&mut compiled, &Selection::All);
    let (mut changed, mut any_new) = (Vec::new(), false);
    for manifest in &mut compiled {
        let path = manifest.path.as_deref().map(path_of).unwrap_or_default();
        if let (Renewal::Of(name), None) = (&renewal, &manifest.lock) {
            let message = format!("`--only {name}`: there is no lock `{}`", path.display());
            return Err(Failure::missing(message).hint("write one with `bindery lock`"));
        }
        let lock = lock(manifest, &renewal, &running, &asking, &interrupt, ui)?;
        let before = manifest.lock.clone().unwrap_or_else(|| Lock::new("", 0));
        let is_new = manifest.lock.is_none();
        changed.extend(if is_new { Vec::new() } else { before.differences(&lock) });
        any_new |= is_new;
        write(&path, &lock)?;
        if !running.json && !tells {
            ui.data(&path.display().to_string())?;
        } else if is_new {
            ui.say(&format!("`{}` is new", path.display()));
        }
    }
    if running.json {
        ui.json(&changed)?;
    } else if tells && !(any_new && changed.is_empty()) {
        tell(&changed, ui)?;
    }
    Ok(Exit::Done)
}

fn tell(changed: &[LockDifference], ui: &Ui) -> Result<(), Failure> {
    let lines: Vec<String> = changed.iter().map(|difference| clean(&difference.to_string())).collect();
    if lines.is_empty() {
        ui.say("nothing changed");
        return Ok(());
    }
    ui.data(&lines.join("\n"))
}

/// The lock of a manifest as things are now.
fn lock(
    manifest: &mut Compiled,
    renewal: &Renewal,
    running: &Running,
    asking: &Asking,
    interrupt: &Interrupt,
    ui: &Ui,
) -> Result<Lock, Failure> {
    let world = manifest.project.world();
    let mut lock = observe(manifest, manifest.lock.as_ref(), &world)?;
    if let (Renewal::Of(name), Some(before)) = (renewal, &manifest.lock) {
        known_provider(name, before)?;
    }
    let before = manifest.lock.take();
    for plan in &mut manifest.plans {
        let item = plan.item_id();
        let Some(locked) = lock.release(item.as_deref()) else { continue };
        plan.time = locked.seconds().map_or(plan.time, TimeRule::At);
        let known = before.as_ref().and_then(|before| before.release(item.as_deref()));
        let is_same = known.is_some_and(|known| known.sources == locked.sources);
        let pinned = known.and_then(|known| pinned(&known.facts, renewal, is_same));
        plan.pinned = pinned.filter(|pinned| !pinned.is_empty()).map(Arc::new);
    }
    manifest.lock = before;
    let left = Leftovers::default();
    let standing: Vec<Option<(String, PathBuf)>> =
        manifest.plans.iter().map(|plan| standing(plan, &world, &left)).collect();
    let missing: Vec<Plan> = manifest
        .plans
        .iter()
        .zip(&standing)
        .filter(|(_, standing)| standing.is_none())
        .map(|(plan, _)| plan.clone())
        .collect();
    let renew = if let Renewal::Of(name) = renewal { Some(name.as_str()) } else { None };
    let rebuilt: Rebuilt = rebuild(&missing, &manifest.project, running, asking, renew, interrupt, ui)?;
    let mut rebuilt = rebuilt.releases.iter();
    for (plan, standing) in manifest.plans.iter().zip(standing) {
        let item = plan.item_id();
        let found = match standing {
            Some((name, folder)) => Some((name, outputs(&folder)?, Pinned::new())),
            None => rebuilt
                .next()
                .map(|made| Ok::<_, Failure>((made.name.clone(), outputs(&made.folder)?, made.facts.clone())))
                .transpose()?,
        };
        let entry = lock.releases.iter_mut().find(|release| release.item == item);
        if let (Some(entry), Some((name, outputs, facts))) = (entry, found) {
            (entry.name, entry.outputs, entry.facts) = (name, outputs, facts);
        }
    }
    Ok(lock)
}

/// The name and the folder of a release that stands as it would be made, none of whose facts were fetched.
fn standing(plan: &Plan, world: &World, left: &Leftovers) -> Option<(String, PathBuf)> {
    let asks = plan.shape.steps().any(|(_, step)| step.asks_outside());
    let judgement = judge(plan, world, left).ok().filter(|judgement| !asks && judgement.stands())?;
    Some((judgement.name?, judgement.target?))
}

/// The facts of a release that are not asked for again.
fn pinned(locked: &Pinned, renewal: &Renewal, is_same: bool) -> Option<Pinned> {
    match renewal {
        Renewal::None => is_same.then(|| locked.clone()),
        Renewal::All => None,
        Renewal::Of(name) => {
            let stays = |facts: &Facts| {
                let stay = facts.iter().filter(|(_, fact)| fact.from != *name);
                stay.map(|(name, fact)| (name.to_owned(), fact.clone())).collect::<Facts>()
            };
            Some(locked.iter().map(|(step, facts)| (step.clone(), stays(facts))).collect())
        }
    }
}

fn known_provider(name: &str, lock: &Lock) -> Result<(), Failure> {
    let facts = lock.releases.iter().flat_map(|release| release.facts.values());
    let known: BTreeSet<&str> =
        facts.flat_map(Facts::iter).map(|(_, fact)| fact.from.as_str()).chain([SOURCE]).collect();
    if known.contains(name) {
        return Ok(());
    }
    let shown = engine::value::shown(name);
    Err(Failure::usage(format!("`--only`: no fact in the lock comes from {shown}"))
        .hint(words::did_you_mean(name, known)))
}

#[cfg(test)]
mod tests {
    use engine::Fact;

    use super::*;

    #[test]
    fn only_what_is_renewed_is_asked_for_again() {
        let fact = |from: &str| Fact::new("x", from, "");
        let facts = Facts::from_iter([("a".to_owned(), fact("tmdb")), ("b".to_owned(), fact("omdb"))]);
        let locked: Pinned = [("enrich".to_owned(), facts)].into();
        let check = |renewal: &Renewal, is_same: bool, wanted: Option<&[&str]>| {
            let pinned = pinned(&locked, renewal, is_same);
            let names = pinned
                .as_ref()
                .map(|pinned| pinned["enrich"].iter().map(|(name, _)| name).collect::<Vec<_>>());
            assert_eq!(names.as_deref(), wanted);
        };
        check(&Renewal::None, true, Some(&["a", "b"]));
        check(&Renewal::None, false, None);
        check(&Renewal::All, true, None);
        check(&Renewal::Of("tmdb".into()), true, Some(&["b"]));
        check(&Renewal::Of(SOURCE.into()), false, Some(&["a", "b"]));
    }
}
