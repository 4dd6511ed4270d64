//! Holds all connections of a destination together to so many bytes a second.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine::StageError;

use super::destination::{Connection, Destination, Entry};
use super::flow::{Flow, lock};

/// The most that is let through at once, so that slow destinations get a steady stream.
const SIP: u64 = 64 * 1024;

/// A destination behind a narrow pipe.
pub(super) struct Limited {
    destination: Box<dyn Destination>,
    pipe: Arc<Pipe>,
}

struct Pipe {
    rate: u64,
    /// When the pipe is free again.
    free: Mutex<Instant>,
    flow: Arc<Flow>,
}

struct Through {
    connection: Box<dyn Connection>,
    pipe: Arc<Pipe>,
}

impl Limited {
    pub(super) fn new(destination: Box<dyn Destination>, rate: u64, flow: Arc<Flow>) -> Self {
        Self { destination, pipe: Arc::new(Pipe { rate, free: Mutex::new(Instant::now()), flow }) }
    }
}

impl Pipe {
    /// The most that may pass at once: an eighth of a second's worth.
    fn sip(&self) -> usize {
        usize::try_from((self.rate / 8).clamp(1, SIP)).unwrap_or(1)
    }

    /// Waits until so many bytes may pass. An interrupted wait ends the stream; the flow says why.
    fn pass(&self, bytes: usize) -> io::Result<()> {
        let micros = (bytes as u64).saturating_mul(1_000_000) / self.rate.max(1);
        let until = {
            let mut free = lock(&self.free);
            let until = (*free).max(Instant::now());
            *free = until + Duration::from_micros(micros);
            until
        };
        let wait = until.saturating_duration_since(Instant::now());
        self.flow.rest(wait).map_err(io::Error::other)
    }
}

impl Destination for Limited {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        let connection = self.destination.connect()?;
        Ok(Box::new(Through { connection, pipe: Arc::clone(&self.pipe) }))
    }

    fn address(&self) -> String {
        self.destination.address()
    }

    fn connections(&self) -> usize {
        self.destination.connections()
    }
}

/// Lets bytes pass at the rate of the pipe.
struct Slow<'p, T: ?Sized> {
    pipe: &'p Pipe,
    stream: &'p mut T,
}

impl<T: Read + ?Sized> Read for Slow<'_, T> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = room.len().min(self.pipe.sip());
        let count = self.stream.read(room.get_mut(..most).unwrap_or_default())?;
        self.pipe.pass(count)?;
        Ok(count)
    }
}

impl<T: Write + ?Sized> Write for Slow<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = bytes.len().min(self.pipe.sip());
        let count = self.stream.write(bytes.get(..most).unwrap_or_default())?;
        self.pipe.pass(count)?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Connection for Through {
    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        self.connection.put(path, offset, &mut Slow { pipe: &self.pipe, stream: from })
    }

    fn put_unconfirmed(&mut self, path: &str, from: &mut dyn Read) -> Result<u64, StageError> {
        self.connection.put_unconfirmed(path, &mut Slow { pipe: &self.pipe, stream: from })
    }

    fn settle(&mut self) -> Result<(), StageError> {
        self.connection.settle()
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        self.connection.get(path, offset, length, &mut Slow { pipe: &self.pipe, stream: to })
    }

    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        self.connection.stat(path)
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        self.connection.list(folder)
    }

    fn glance(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        self.connection.glance(folder)
    }

    fn make_folder(&mut self, folder: &str) -> Result<(), StageError> {
        self.connection.make_folder(folder)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError> {
        self.connection.rename(from, to)
    }

    fn remove(&mut self, path: &str) -> Result<(), StageError> {
        self.connection.remove(path)
    }

    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError> {
        self.connection.remove_folder(folder)
    }

    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError> {
        self.connection.hash(path, algorithms)
    }

    fn truncate(&mut self, path: &str, length: u64) -> Result<bool, StageError> {
        self.connection.truncate(path, length)
    }

    fn free(&mut self) -> Result<Option<u64>, StageError> {
        self.connection.free()
    }

    fn keep_alive(&mut self) -> Result<(), StageError> {
        self.connection.keep_alive()
    }
}
