//! A far end in memory, with every fault that a test asks for, and deliveries to it. For tests.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use engine::{Artifact, StageError};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::upload::deliver::{Delivered, Delivery, Release};
use crate::upload::destination::{Connection, Destination, Entry};
use crate::upload::faults;
use crate::upload::flow::{Flow, lock};
use crate::upload::kinds::Opened;
use crate::upload::ledger::{self, Known};
use crate::upload::options::{OnConflict, Order, Proof};
use crate::upload::retry::Retrying;
use crate::upload::settings::Common;
use crate::upload::source::Source;

/// The release's name.
pub(in crate::upload) const NAME: &str = "A.Release-GRP";

/// What goes wrong when so many bytes were sent in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upload) enum Cut {
    /// The connection ends; what was sent is there.
    Lost,
    /// The connection ends; of what was sent last, so many bytes never arrived.
    Short(usize),
    /// The connection ends, and so many bytes at the end are not what was sent.
    Garbage(usize),
    /// The far end stops taking and says that all is well.
    Silent,
    /// So many bytes at the end are stored wrong, and nobody notices.
    Wrong(usize),
    /// Everything arrives and the answer is lost.
    Answer,
    /// Our own process ends.
    Killed,
}

/// A far end in memory.
#[derive(Clone, Default)]
pub(in crate::upload) struct Sea(Arc<Mutex<Inner>>);

#[derive(Default)]
pub(in crate::upload) struct Inner {
    pub(in crate::upload) files: BTreeMap<String, Vec<u8>>,
    pub(in crate::upload) folders: BTreeSet<String>,
    /// When what goes wrong, in the order of bytes.
    pub(in crate::upload) cuts: VecDeque<(u64, Cut)>,
    /// Renames that are done and whose answers are lost.
    pub(in crate::upload) deaf_renames: usize,
    /// Digests that it takes.
    pub(in crate::upload) algorithms: Vec<&'static str>,
    /// It tells the digest that it took of a file first, whatever lies there since.
    pub(in crate::upload) remembers: bool,
    pub(in crate::upload) remembered: BTreeMap<String, (String, String)>,
    /// How a call fails, by its name and path.
    pub(in crate::upload) refuses: Option<fn(&str, &str) -> Option<StageError>>,
    /// What it says of sizes.
    pub(in crate::upload) lies: Option<fn(u64) -> u64>,
    /// Bytes that were sent to it, and read back from it.
    pub(in crate::upload) sent: u64,
    pub(in crate::upload) read: u64,
    /// Calls in their order.
    pub(in crate::upload) calls: Vec<String>,
    pub(in crate::upload) free: Option<u64>,
    pub(in crate::upload) connections: usize,
    pub(in crate::upload) stop: Option<Arc<Flow>>,
}

/// A connection to it. Once it was cut it answers nothing.
struct Line {
    sea: Sea,
    is_dead: bool,
}

impl Sea {
    pub(in crate::upload) fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut lock(&self.0))
    }

    /// Files by their paths.
    pub(in crate::upload) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.with(|sea| sea.files.clone())
    }
}

impl Destination for Sea {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        let mut line = Line { sea: self.clone(), is_dead: false };
        line.call("connect", "")?;
        Ok(Box::new(line))
    }

    fn address(&self) -> String {
        "sea:".into()
    }

    fn connections(&self) -> usize {
        self.with(|sea| sea.connections.max(1))
    }
}

impl Line {
    fn call(&mut self, name: &str, path: &str) -> Result<(), StageError> {
        if self.is_dead {
            return Err(faults::lost("the line is dead"));
        }
        let refused = self.sea.with(|sea| {
            sea.calls.push(format!("{name} {path}"));
            sea.refuses.and_then(|refuses| refuses(name, path))
        });
        match refused {
            Some(error) => {
                self.is_dead = error.retriable;
                Err(error)
            }
            None => Ok(()),
        }
    }

    fn cut(&mut self, path: &str, cut: Cut) -> Option<StageError> {
        let mut sea = lock(&self.sea.0);
        let file = sea.files.entry(path.to_owned()).or_default();
        match cut {
            Cut::Short(bytes) => file.truncate(file.len().saturating_sub(bytes)),
            Cut::Garbage(bytes) => file.iter_mut().rev().take(bytes).for_each(|byte| *byte = !*byte),
            Cut::Silent | Cut::Wrong(_) => return None,
            Cut::Killed => sea.stop.iter().for_each(|flow| flow.stop(&StageError::cancelled())),
            Cut::Lost | Cut::Answer => {}
        }
        drop(sea);
        self.is_dead = true;
        Some(faults::lost(format!("cut: {cut:?}")))
    }
}

impl Connection for Line {
    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        self.call("stat", path)?;
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        Ok(self.sea.with(|sea| match sea.files.get(path) {
            Some(bytes) => {
                let size = bytes.len() as u64;
                Some(Entry { name, folder: false, size: sea.lies.map_or(size, |lies| lies(size)) })
            }
            None => sea.folders.contains(path).then_some(Entry { name, folder: true, size: 0 }),
        }))
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        self.call("list", folder)?;
        let below = format!("{folder}/");
        let inside =
            |path: &String| path.strip_prefix(&below).filter(|name| !name.contains('/')).map(str::to_owned);
        Ok(self.sea.with(|sea| {
            let files = sea.files.iter().filter_map(|(path, bytes)| {
                Some(Entry { name: inside(path)?, folder: false, size: bytes.len() as u64 })
            });
            let folders = sea
                .folders
                .iter()
                .filter_map(|path| Some(Entry { name: inside(path)?, folder: true, size: 0 }));
            files.chain(folders).collect()
        }))
    }

    fn make_folder(&mut self, folder: &str) -> Result<(), StageError> {
        self.call("make_folder", folder)?;
        self.sea.with(|sea| {
            let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
            sea.folders.extend(ends.map(|end| folder[..end].to_owned()));
        });
        Ok(())
    }

    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        self.call("put", path)?;
        let known = self.sea.with(|sea| {
            let file = sea.files.entry(path.to_owned()).or_default();
            if offset == 0 {
                file.clear();
            }
            file.len() as u64
        });
        assert_eq!(known, offset, "it goes on where {path} ends");
        let (mut block, mut sent) = (vec![0; 50_000], 0);
        loop {
            // Looked up and taken in one go: other lines send at the same time.
            let (left, due) = self.sea.with(|sea| {
                let left = sea.cuts.front().map(|(at, _)| at.saturating_sub(sea.sent));
                (left, sea.cuts.pop_front_if(|(at, _)| *at <= sea.sent))
            });
            if let Some((_, cut)) = due {
                if let Cut::Wrong(bytes) = cut {
                    self.sea.with(|sea| {
                        let file = sea.files.entry(path.to_owned()).or_default();
                        file.iter_mut().rev().take(bytes).for_each(|byte| *byte = !*byte);
                    });
                    continue;
                }
                if cut == Cut::Answer {
                    let mut rest = Vec::new();
                    from.read_to_end(&mut rest).map_err(|error| faults::lost(error.to_string()))?;
                    self.sea.with(|sea| {
                        sea.sent += rest.len() as u64;
                        sea.files.entry(path.to_owned()).or_default().extend(rest);
                    });
                }
                return self.cut(path, cut).map_or(Ok(sent), Err);
            }
            let most = left.map_or(block.len(), |left| usize::try_from(left).unwrap().min(block.len()));
            let count =
                from.read(&mut block[..most]).map_err(|error| faults::lost(format!("ended: {error}")))?;
            if count == 0 {
                return Ok(sent);
            }
            sent += count as u64;
            self.sea.with(|sea| {
                sea.sent += count as u64;
                sea.files.entry(path.to_owned()).or_default().extend(&block[..count]);
            });
        }
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        self.call("get", path)?;
        let bytes = self.sea.with(|sea| sea.files.get(path).cloned().unwrap_or_default());
        let begin = usize::try_from(offset).unwrap().min(bytes.len());
        let end = usize::try_from(offset.saturating_add(length)).unwrap_or(usize::MAX).min(bytes.len());
        to.write_all(&bytes[begin..end]).map_err(|error| faults::lost(error.to_string()))?;
        self.sea.with(|sea| sea.read += (end - begin) as u64);
        Ok((end - begin) as u64)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError> {
        self.call("rename", from)?;
        let below = format!("{from}/");
        let moved = |path: &String| {
            (path == from || path.starts_with(&below)).then(|| format!("{to}{}", &path[from.len()..]))
        };
        let is_deaf = self.sea.with(|sea| {
            if sea.files.contains_key(to) || sea.folders.contains(to) {
                return Err(faults::exists(format!("{to} is there")));
            }
            sea.files = std::mem::take(&mut sea.files)
                .into_iter()
                .map(|(path, bytes)| (moved(&path).unwrap_or(path), bytes))
                .collect();
            sea.folders = std::mem::take(&mut sea.folders)
                .into_iter()
                .map(|path| moved(&path).unwrap_or(path))
                .collect();
            let is_deaf = sea.deaf_renames > 0;
            sea.deaf_renames -= usize::from(is_deaf);
            Ok(is_deaf)
        })?;
        self.is_dead = is_deaf;
        if is_deaf { Err(faults::lost("the answer was lost")) } else { Ok(()) }
    }

    fn remove(&mut self, path: &str) -> Result<(), StageError> {
        self.call("remove", path)?;
        self.sea.with(|sea| drop(sea.files.remove(path)));
        Ok(())
    }

    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError> {
        self.call("remove_folder", folder)?;
        self.sea.with(|sea| sea.folders.retain(|known| known != folder));
        Ok(())
    }

    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError> {
        self.call("hash", path)?;
        Ok(self.sea.with(|sea| {
            if let Some(digest) = sea.remembered.get(path).filter(|_| sea.remembers) {
                return Some(digest.clone());
            }
            let algorithm = algorithms.iter().find(|name| sea.algorithms.contains(name))?;
            let mut digester = formats::digest::Digester::new([algorithm]).ok()?;
            digester.update(sea.files.get(path)?);
            let digest = digester.finish().into_iter().next()?;
            sea.remembered.insert(path.to_owned(), digest.clone());
            Some(digest)
        }))
    }

    fn truncate(&mut self, path: &str, length: u64) -> Result<bool, StageError> {
        self.call("truncate", path)?;
        self.sea.with(|sea| {
            sea.files.entry(path.to_owned()).or_default().truncate(usize::try_from(length).unwrap());
        });
        Ok(true)
    }

    fn free(&mut self) -> Result<Option<u64>, StageError> {
        self.call("free", "")?;
        Ok(self.sea.with(|sea| sea.free))
    }

    fn keep_alive(&mut self) -> Result<(), StageError> {
        self.call("keep_alive", "")
    }
}

/// A release in a folder, to be delivered to a sea.
pub(in crate::upload) struct Tide {
    pub(in crate::upload) folder: TempDir,
    pub(in crate::upload) sea: Sea,
    pub(in crate::upload) files: BTreeMap<String, Vec<u8>>,
    pub(in crate::upload) proof: Option<Proof>,
    pub(in crate::upload) on_conflict: OnConflict,
    pub(in crate::upload) order: Order,
    pub(in crate::upload) dry_run: bool,
    pub(in crate::upload) digests: BTreeMap<String, String>,
    /// Bytes that were sent.
    pub(in crate::upload) sent: Cell<u64>,
}

impl Tide {
    /// A release of these files. The folder lies in memory, where syncing costs nothing.
    pub(in crate::upload) fn new(files: &[(&str, Vec<u8>)]) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(NAME).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Self {
            folder,
            sea: Sea::default(),
            files: files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect(),
            proof: None,
            on_conflict: OnConflict::Verify,
            order: Order::default(),
            dry_run: false,
            digests: BTreeMap::new(),
            sent: Cell::new(0),
        }
    }

    /// Delivers to the sea; gives what came of it and what was said.
    pub(in crate::upload) fn go(&self) -> (Result<Delivered, StageError>, Vec<String>) {
        let inner: Box<dyn Destination> = if self.dry_run {
            Box::new(crate::upload::dry::Dry::new(Box::new(self.sea.clone())))
        } else {
            Box::new(self.sea.clone())
        };
        self.go_to(inner, &json!({ "retries": 5, "retry_delay": 0, "dry_run": self.dry_run }))
    }

    /// Delivers to any destination.
    pub(in crate::upload) fn go_to(
        &self,
        destination: Box<dyn Destination>,
        settings: &Value,
    ) -> (Result<Delivered, StageError>, Vec<String>) {
        let flow: Arc<Flow> = Arc::default();
        self.sea.with(|sea| sea.stop = Some(Arc::clone(&flow)));
        let path = self.folder.path().join(NAME);
        let shelf = Arc::default();
        let sources: Result<Vec<Source>, StageError> = self
            .files
            .iter()
            .map(|(name, bytes)| {
                let digest = self.digests.get(name).map(|digest| ("crc32".to_owned(), digest.clone()));
                let artifact = Artifact::new(name, path.join(name), bytes.len() as u64).with_digests(digest);
                Source::new(&artifact, 1, &shelf, &flow)
            })
            .collect();
        let sources = sources.unwrap();
        let common = Common::of(settings).unwrap();
        let retrying = Retrying::new(destination, common.retries, common.retry_delay, Arc::clone(&flow));
        let opened = Opened { name: "sea".into(), destination: Arc::new(retrying), common };
        let options = Value::Null;
        let release = Release {
            name: NAME,
            path: &path,
            is_file: false,
            sources: &sources,
            turns: &self.order.turns().unwrap(),
            proof: self.proof,
            on_conflict: self.on_conflict,
            options: &options,
            home: Some(self.folder.path()),
            is_shared: false,
        };
        let delivered = Delivery { release: &release, opened: &opened, flow: &flow }.run();
        self.sent.set(flow.sent.load(Ordering::Relaxed));
        (delivered, flow.take_notes())
    }

    /// Delivers, and it works.
    pub(in crate::upload) fn good(&self) -> Delivered {
        let (delivered, notes) = self.go();
        delivered.unwrap_or_else(|error| panic!("{error:?} {notes:?}"))
    }

    /// The code of the failure, which has a hint.
    pub(in crate::upload) fn code(&self) -> String {
        let error = self.go().0.expect_err("a failure");
        assert!(error.hint.is_some(), "{error:?}");
        error.code.to_string()
    }

    /// What the ledger says.
    pub(in crate::upload) fn known(&self) -> Known {
        ledger::all(self.folder.path()).pop().map(|(_, known)| known).unwrap_or_default()
    }

    /// Everything lies there under its name, and nothing else.
    pub(in crate::upload) fn is_there(&self, name: &str, when: &str) {
        let wanted: Vec<String> = self.files.keys().map(|file| format!("{name}/{file}")).collect();
        let files = self.sea.files();
        assert_eq!(files.keys().cloned().collect::<Vec<_>>(), wanted, "{when}");
        let same = self.files.iter().all(|(file, bytes)| files[&format!("{name}/{file}")] == *bytes);
        assert!(same, "{when}: other bytes");
        let folders = self.sea.with(|sea| sea.folders.clone());
        assert!(folders.iter().all(|folder| folder.starts_with(name)), "{when}: {folders:?}");
    }
}
