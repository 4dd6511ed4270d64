//! Pretends: reads what there is at the far end and what would be sent, and changes nothing there.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use engine::StageError;

use super::destination::{Connection, Destination, Entry};
use super::flow::lock;
use super::remote;

/// A destination that nothing is written to.
pub(super) struct Dry {
    destination: Box<dyn Destination>,
    /// What would be there: files with their sizes, folders with none.
    pretended: Arc<Mutex<BTreeMap<String, Option<u64>>>>,
}

struct Pretending {
    connection: Box<dyn Connection>,
    pretended: Arc<Mutex<BTreeMap<String, Option<u64>>>>,
}

impl Dry {
    pub(super) fn new(destination: Box<dyn Destination>) -> Self {
        Self { destination, pretended: Arc::default() }
    }
}

impl Destination for Dry {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        let connection = self.destination.connect()?;
        Ok(Box::new(Pretending { connection, pretended: Arc::clone(&self.pretended) }))
    }

    fn address(&self) -> String {
        self.destination.address()
    }

    fn connections(&self) -> usize {
        self.destination.connections()
    }
}

impl Connection for Pretending {
    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        let pretended = lock(&self.pretended).get(path).copied();
        match pretended {
            Some(size) => Ok(Some(Entry {
                name: path.rsplit('/').next().unwrap_or(path).to_owned(),
                folder: size.is_none(),
                size: size.unwrap_or(0),
            })),
            None => self.connection.stat(path),
        }
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        let below = format!("{folder}/");
        let mut found: BTreeMap<String, Entry> = BTreeMap::new();
        if !lock(&self.pretended).contains_key(folder) {
            found.extend(self.connection.list(folder)?.into_iter().map(|entry| (entry.name.clone(), entry)));
        }
        for (path, size) in lock(&self.pretended).iter() {
            if let Some(name) = path.strip_prefix(&below).filter(|name| !name.contains('/')) {
                let entry = Entry { name: name.to_owned(), folder: size.is_none(), size: size.unwrap_or(0) };
                found.insert(name.to_owned(), entry);
            }
        }
        Ok(found.into_values().collect())
    }

    fn make_folder(&mut self, folder: &str) -> Result<(), StageError> {
        if self.stat(folder)?.is_none() {
            lock(&self.pretended).insert(folder.to_owned(), None);
        }
        Ok(())
    }

    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        let sent = io::copy(from, &mut io::sink()).map_err(remote::source)?;
        lock(&self.pretended).insert(path.to_owned(), Some(offset + sent));
        Ok(sent)
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        self.connection.get(path, offset, length, to)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError> {
        let mut pretended = lock(&self.pretended);
        let below = format!("{from}/");
        let moves = |path: &String| path == from || path.starts_with(&below);
        let moved: Vec<String> = pretended.keys().filter(|path| moves(path)).cloned().collect();
        for path in moved {
            if let Some(size) = pretended.remove(&path) {
                pretended.insert(format!("{to}{}", path.strip_prefix(from).unwrap_or_default()), size);
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), StageError> {
        lock(&self.pretended).remove(path);
        Ok(())
    }

    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError> {
        lock(&self.pretended).remove(folder);
        Ok(())
    }

    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError> {
        if lock(&self.pretended).contains_key(path) {
            Ok(None)
        } else {
            self.connection.hash(path, algorithms)
        }
    }

    fn truncate(&mut self, _: &str, _: u64) -> Result<bool, StageError> {
        Ok(false)
    }

    fn free(&mut self) -> Result<Option<u64>, StageError> {
        self.connection.free()
    }

    fn keep_alive(&mut self) -> Result<(), StageError> {
        self.connection.keep_alive()
    }
}
