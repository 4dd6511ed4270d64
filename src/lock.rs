//! Joins manifests to their locks: reads them, pins plans to them, and holds them against what is there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::value::shown;
use engine::{Phase, Plan, ReleaseReport, Report, Status, TimeRule, World, look_at_sources, tree};
use manifests::lock::{LockedFile, MAX_LOCK};
use manifests::{Diagnostic, Lock, LockDifference, LockedRelease};

use crate::exit::{Exit, Failure};
use crate::sources::Compiled;
use crate::ui::words;

/// The version of the manifest language that this program reads.
const LANGUAGE: u32 = 1;
/// What a run is called that does not come to what its lock says.
const DIFFERS: &str = "lock/differs";
/// Most differences that are told one by one.
const MOST: usize = 20;
/// Keys of a manifest that change no byte of a release, or that are pinned as something else.
const WITHOUT_EFFECT: [&str; 4] = ["output", "release", "steps", "time"];

/// How far a run keeps to the lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keeping {
    /// It takes the time of releases from it.
    #[default]
    Time,
    /// It takes facts from it as well, and asks nobody.
    Offline,
    /// It makes what the lock says, or nothing.
    Locked,
}

/// Where the lock of a manifest lies.
pub fn path_of(manifest: &Path) -> PathBuf {
    manifest.with_extension("lock")
}

/// Reads the lock of a manifest, if it has one.
pub fn read(path: &Path) -> Result<Option<Lock>, Vec<Diagnostic>> {
    let name = path.display().to_string();
    let fault =
        |why: String| vec![Diagnostic::error("lock/invalid", format!("cannot read {}: {why}", shown(&name)))];
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(found) if found.len() > MAX_LOCK => {
            return Err(fault(format!("it is longer than {MAX_LOCK} bytes")));
        }
        _ => {}
    }
    let text = fs::read_to_string(path).map_err(|error| fault(words::reason(&error)))?;
    Lock::read(&manifests::File::new(name, text)).map(Some).map_err(|fault| vec![*fault])
}

/// Writes a lock whole or not at all.
pub fn write(path: &Path, lock: &Lock) -> Result<(), Failure> {
    let part = path.with_extension("lock.part");
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(lock.to_text().as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, path)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&part);
        Failure::new(Exit::Failed, format!("cannot write `{}`: {}", path.display(), words::reason(&error)))
    })
}

/// Pins plans to the locks of their manifests.
pub fn pin(compiled: &mut [Compiled], keeping: Keeping) {
    for manifest in compiled {
        let Some(lock) = &manifest.lock else { continue };
        for plan in &mut manifest.plans {
            let Some(locked) = lock.release(plan.item_id().as_deref()) else { continue };
            if let (TimeRule::NewestSource, Some(time)) = (plan.time, locked.seconds()) {
                plan.time = TimeRule::At(time);
            }
            if keeping != Keeping::Time && !locked.facts.is_empty() {
                plan.pinned = Some(Arc::new(locked.facts.clone()));
            }
        }
    }
}

/// What a lock says of a manifest, but for names, facts and files of releases, which only making them tells. Where
/// the manifest leaves the time to the sources and they are the ones that `before` knows, they keep its time.
pub fn observe(manifest: &Compiled, before: Option<&Lock>, world: &World) -> Result<Lock, Failure> {
    let mut lock = Lock::new(env!("CARGO_PKG_VERSION"), LANGUAGE);
    lock.manifest = keys(manifest);
    lock.files = manifest
        .rests_on
        .iter()
        .map(|(name, file)| (name.clone(), tree::digest(file.text.as_bytes())))
        .collect();
    if let Some(plan) = manifest.plans.first() {
        for (_, step) in plan.shape.steps().filter(|(_, step)| step.stage.phase() < Phase::Deliver) {
            lock.stages.insert(step.stage.name().to_owned(), step.stage.version());
            let assets = step.stage.assets(&world.site).into_iter();
            lock.assets.extend(assets.map(|asset| (asset.name, asset.digest.to_string())));
        }
    }
    for plan in &manifest.plans {
        let sources = look_at_sources(plan, world).map_err(|error| {
            let failure = Failure::new(Exit::Failed, error.message);
            error.hint.into_iter().fold(failure, Failure::hint)
        })?;
        let mut release = LockedRelease { item: plan.item_id(), ..LockedRelease::default() };
        release.sources = sources.files.into_iter().map(|(name, file)| (name, file.into())).collect();
        let known = before.and_then(|lock| lock.release(release.item.as_deref()));
        let known = known.filter(|known| known.sources == release.sources).and_then(LockedRelease::seconds);
        release.set_seconds(match (plan.time, known) {
            (TimeRule::At(time), _) => time,
            (TimeRule::NewestSource, known) => known.unwrap_or(sources.time),
        });
        lock.releases.push(release);
    }
    lock.sort();
    Ok(lock)
}

/// A lock that releases will be held against once they are made.
pub struct Held {
    path: PathBuf,
    lock: Lock,
    /// Where each release is written down, and what it is made of.
    items: BTreeMap<String, Option<String>>,
}

/// Fails unless the locks say what is there, before any work.
pub fn hold_against(compiled: &[Compiled]) -> Result<Vec<Held>, Failure> {
    let mut held = Vec::new();
    for manifest in compiled {
        let path = manifest.path.as_deref().map(path_of).unwrap_or_default();
        let Some(lock) = &manifest.lock else {
            return Err(Failure::missing(format!("there is no lock `{}`", path.display()))
                .hint("write one with `bindery lock`"));
        };
        let world = manifest.project.world();
        let mut now = observe(manifest, Some(lock), &world)?;
        for release in &mut now.releases {
            if let Some(locked) = lock.release(release.item.as_deref()) {
                release.name.clone_from(&locked.name);
                release.facts.clone_from(&locked.facts);
                release.outputs.clone_from(&locked.outputs);
            } else if let Some(item) = &release.item {
                release.name.clone_from(item);
            }
        }
        differs(&path, &lock.differences(&now))?;
        let items = manifest.plans.iter().map(|plan| (plan.at.clone(), plan.item_id())).collect();
        held.push(Held { path, lock: lock.clone(), items });
    }
    Ok(held)
}

/// Fails unless the releases that were made are those of the locks.
pub fn hold_releases_against(locks: &[Held], report: &Report) -> Result<(), Failure> {
    for Held { path, lock, items } in locks {
        let mut found = Vec::new();
        let made = |release: &&ReleaseReport| matches!(release.status, Status::Done | Status::UpToDate);
        for release in report.releases.iter().filter(made) {
            let Some(item) = items.get(&release.at) else { continue };
            let Some(locked) = lock.release(item.as_deref()) else { continue };
            let name = release.name.clone().unwrap_or_default();
            let outputs = outputs(Path::new(release.path.as_deref().unwrap_or_default()))?;
            found.extend(locked.differences(&LockedRelease { name, outputs, ..locked.clone() }));
        }
        differs(path, &found)?;
    }
    Ok(())
}

/// The files of a release with their digests.
pub fn outputs(folder: &Path) -> Result<BTreeMap<String, LockedFile>, Failure> {
    let digests = tree::digests(folder).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot read `{}`: {}", folder.display(), words::reason(&error)))
    })?;
    Ok(digests.into_iter().map(|(name, file)| (name, file.into())).collect())
}

fn differs(path: &Path, found: &[LockDifference]) -> Result<(), Failure> {
    if found.is_empty() {
        return Ok(());
    }
    let lines = found
        .iter()
        .take(MOST)
        .map(|difference| format!("\n  {}", crate::ui::clean(&difference.to_string())));
    let more = match found.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    let message =
        format!("the lock `{}` does not fit [{DIFFERS}]:{}{more}", path.display(), lines.collect::<String>());
    Err(Failure::new(Exit::Failed, message)
        .hint("undo the change, or take it over with `bindery lock update`"))
}

/// The keys of the effective manifest that decide what a release holds, each with a digest of what it says.
fn keys(manifest: &Compiled) -> BTreeMap<String, String> {
    let digest = |value: &serde_json::Value| engine::Digest::of(value.to_string().as_bytes()).to_string();
    let object = |value: &serde_json::Value| value.as_object().cloned().unwrap_or_default();
    let written = object(&manifest.effective);
    let steps = written.get("steps").map(object).unwrap_or_default();
    let has_effect = |id: &str| {
        let step = |plan: &Plan| Some(plan.shape.step(plan.shape.find(id)?).stage.phase());
        manifest.plans.first().and_then(step).is_some_and(|phase| phase < Phase::Deliver)
    };
    let own = written.iter().filter(|(key, _)| !WITHOUT_EFFECT.contains(&key.as_str()));
    let own = own.map(|(key, value)| (key.clone(), digest(value)));
    let steps = steps.iter().filter(|(id, _)| has_effect(id));
    own.chain(steps.map(|(id, step)| (format!("steps.{id}"), digest(step)))).collect()
}
