//! Sends only at certain hours: a connection is made when the window opens, and what is being sent pauses when it
//! closes.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::StageError;
use serde_json::Value;

use super::destination::{Connection, Destination, Entry};
use super::faults;
use super::flow::Flow;

/// How often it is looked whether the window is open.
const LOOK: Duration = Duration::from_millis(500);

/// Hours of the day, in seconds since midnight where the user is. It may lie around midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    opens: u32,
    closes: u32,
}

impl Window {
    /// Reads `22:00-06:00`.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let (opens, closes) = value.as_str()?.split_once('-')?;
        let window = Self { opens: time(opens)?, closes: time(closes)? };
        (window.opens != window.closes).then_some(window)
    }

    /// Whether it is open at this second of the day.
    pub(super) const fn is_open(self, second: u32) -> bool {
        if self.opens < self.closes {
            self.opens <= second && second < self.closes
        } else {
            self.opens <= second || second < self.closes
        }
    }
}

fn time(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok());
    let (hour, minute): (u32, u32) = (number(hour)??, number(minute)??);
    (hour < 24 && minute < 60 || (hour, minute) == (24, 0)).then_some(hour * 3600 + minute * 60)
}

/// A destination that is reached at certain hours.
pub(super) struct Windowed {
    destination: Box<dyn Destination>,
    hours: Arc<Hours>,
}

struct Hours {
    window: Window,
    flow: Arc<Flow>,
    has_told: AtomicBool,
}

struct Within {
    connection: Box<dyn Connection>,
    hours: Arc<Hours>,
}

impl Windowed {
    pub(super) fn new(destination: Box<dyn Destination>, window: Window, flow: Arc<Flow>) -> Self {
        let hours = Hours { window, flow, has_told: AtomicBool::new(false) };
        Self { destination, hours: Arc::new(hours) }
    }
}

impl Hours {
    fn are_open(&self) -> bool {
        self.window.is_open(self.flow.second_of_day())
    }

    fn wait(&self, address: &str) -> Result<(), StageError> {
        while !self.are_open() {
            if !self.has_told.swap(true, Ordering::Relaxed) {
                let (hour, minute) = (self.window.opens / 3600, self.window.opens / 60 % 60);
                self.flow.note(format!("waits until {hour:02}:{minute:02} to send to {address}"));
            }
            self.flow.rest(LOOK)?;
        }
        self.has_told.store(false, Ordering::Relaxed);
        Ok(())
    }
}

impl Destination for Windowed {
    fn connect(&self) -> Result<Box<dyn Connection>, StageError> {
        self.hours.wait(&self.destination.address())?;
        Ok(Box::new(Within { connection: self.destination.connect()?, hours: Arc::clone(&self.hours) }))
    }

    fn address(&self) -> String {
        self.destination.address()
    }

    fn connections(&self) -> usize {
        self.destination.connections()
    }
}

/// A stream that ends when the window closes.
struct While<'h> {
    hours: &'h Hours,
    from: &'h mut dyn Read,
    closed: bool,
}

impl Read for While<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.hours.are_open() {
            return self.from.read(room);
        }
        self.closed = true;
        Err(io::Error::other("the window closed"))
    }
}

impl Within {
    /// Sends what a stream gives as long as the window is open.
    fn within(
        &mut self,
        from: &mut dyn Read,
        send: impl FnOnce(&mut dyn Connection, &mut dyn Read) -> Result<u64, StageError>,
    ) -> Result<u64, StageError> {
        let mut stream = While { hours: &self.hours, from, closed: false };
        let sent = send(self.connection.as_mut(), &mut stream);
        // The next connection waits for the window; this failure is what makes one.
        if stream.closed { Err(faults::lost("the window of the destination closed")) } else { sent }
    }
}

impl Connection for Within {
    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        self.within(from, |connection, from| connection.put(path, offset, from))
    }

    fn put_unconfirmed(&mut self, path: &str, from: &mut dyn Read) -> Result<u64, StageError> {
        self.within(from, |connection, from| connection.put_unconfirmed(path, from))
    }

    fn settle(&mut self) -> Result<(), StageError> {
        self.connection.settle()
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        self.connection.get(path, offset, length, to)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_window_may_lie_around_midnight() {
        let check = |text: &str, second: u32, wanted: Option<bool>| {
            let window = Window::parse(&json!(text));
            assert_eq!(window.map(|window| window.is_open(second)), wanted, "{text} at {second}");
        };
        check("22:00-06:00", 23 * 3600, Some(true));
        check("22:00-06:00", 6 * 3600 - 1, Some(true));
        check("22:00-06:00", 6 * 3600, Some(false));
        check("08:30 - 12:00", 9 * 3600, Some(true));
        check("08:30-12:00", 8 * 3600, Some(false));
        check("00:00-24:00", 86_399, Some(true));
        for wrong in ["22-6", "22:00", "25:00-01:00", "10:00-10:00", "a:b-c:d", "1:+5-2:00"] {
            check(wrong, 0, None);
        }
    }
}
