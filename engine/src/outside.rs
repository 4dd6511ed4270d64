//! How a run may ask the world outside: where answers are kept, whether they are asked for anew, recorded or played.
//!
//! Says what was decided and holds what stages share while a run lasts. Knows no protocol and asks nobody.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// How the world outside is asked.
#[derive(Debug, Default)]
pub struct Outside {
    /// The folder in which answers are kept from run to run; none where nothing may be left behind.
    pub cache: Option<PathBuf>,
    /// Answers that are kept are asked for anew.
    pub refresh: bool,
    /// The one source of facts that is asked although a lock pins the facts of others.
    pub renew: Option<String>,
    /// The folder to which all that is asked and answered is written, without secrets.
    pub record: Option<PathBuf>,
    /// The folder from which answers are taken instead of asking anybody.
    pub replay: Option<PathBuf>,
    /// The proxy that requests to other networks go through.
    pub proxy: Option<String>,
    /// A number that no other run has, for pauses that should not fall together.
    pub seed: u64,
    /// What stages share.
    pub shared: Shared,
}

/// Things that live as long as a run, one of each type.
#[derive(Default)]
pub struct Shared(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Shared {
    /// The one thing of this type, made when it is first asked for.
    pub fn get<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        // What is put in here is whole before it is put in.
        let mut things = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = things.get(&TypeId::of::<T>()).cloned().and_then(|known| known.downcast().ok()) {
            return known;
        }
        let made = Arc::new(make());
        let thing: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&made);
        things.insert(TypeId::of::<T>(), thing);
        made
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_of_each_type() {
        let shared = Shared::default();
        assert_eq!(*shared.get(|| 1_u8), 1);
        assert_eq!((*shared.get(|| 2_u8), *shared.get(|| 3_u16)), (1, 3));
    }
}
