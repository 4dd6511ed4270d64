//! Joins plans to the state of their projects, which tells what earlier runs made of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, Keep, Selection, Store};

use crate::sources::Compiled;
use crate::ui::Ui;

/// How often it is tried to take a state that another run has.
const PAUSE: Duration = Duration::from_millis(20);

/// Takes the states of all projects for a run, and waits for other runs to give them back; nothing when the waiting
/// was interrupted.
pub fn hold(
    compiled: &mut [Compiled],
    selection: &Selection,
    cancel: &Cancel,
    ui: &Ui,
) -> Option<Vec<Arc<Store>>> {
    let mut stores: BTreeMap<PathBuf, Arc<Store>> = BTreeMap::new();
    let homes = compiled.iter().filter(|manifest| manifest.identity.is_some());
    // In the order of their names, so that no two runs ever wait for each other.
    let homes: std::collections::BTreeSet<PathBuf> =
        homes.map(|manifest| manifest.project.home.clone()).collect();
    for home in homes {
        let mut has_told = false;
        let store = Store::hold(&home, || {
            if !std::mem::replace(&mut has_told, true) {
                ui.say(&format!("waiting for another run in `{}` to end", home.display()));
            }
            std::thread::sleep(PAUSE);
            !cancel.is_cancelled()
        })?;
        stores.insert(home, Arc::new(store));
    }
    join(compiled, selection, &stores);
    Some(stores.into_values().collect())
}

/// Lets plans see the states of their projects as they are now.
pub fn look(compiled: &mut [Compiled], selection: &Selection) {
    let mut stores = BTreeMap::new();
    for manifest in compiled.iter().filter(|manifest| manifest.identity.is_some()) {
        let home = &manifest.project.home;
        stores.entry(home.clone()).or_insert_with(|| Arc::new(Store::read(home)));
    }
    join(compiled, selection, &stores);
}

/// Says where states could not be kept. The releases are made all the same.
pub fn tell_trouble(stores: &[Arc<Store>], ui: &Ui) {
    for trouble in stores.iter().filter_map(|store| store.trouble()) {
        ui.say(&format!(
            "{} {trouble}; the next run will not know what this one made",
            ui.err.odd("warning:")
        ));
    }
}

fn join(compiled: &mut [Compiled], selection: &Selection, stores: &BTreeMap<PathBuf, Arc<Store>>) {
    for manifest in compiled {
        let Some(store) = stores.get(&manifest.project.home) else { continue };
        let Some(identity) = &manifest.identity else { continue };
        let identity = match selection {
            Selection::All | Selection::Make | Selection::Deliver => identity.clone(),
            Selection::Only(step) => format!("{identity} only {step}"),
            Selection::Until(step) => format!("{identity} until {step}"),
        };
        for plan in &mut manifest.plans {
            plan.keep = Some(Keep { store: Arc::clone(store), key: store.key(&identity, plan) });
        }
    }
}
