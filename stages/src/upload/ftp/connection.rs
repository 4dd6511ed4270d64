//! What one connection of FTP can do.
//!
//! Names are whole paths: the server's current folder changes only while a folder is listed by a server that cannot do
//! it otherwise. After a transfer that broke off the connection is given up, because nobody knows which answer belongs
//! to what; the next one begins where this one ended.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use engine::StageError;
use suppaftp::{FtpError, Status};

use super::super::destination::{Connection, Entry};
use super::super::remote::{self, Hidden, Patience};
use super::data::{Early, Passive};
use super::{Control, listing, reply};

pub(super) struct Ftp {
    pub(super) control: Control,
    /// The same connection, to close it while it is in use.
    pub(super) socket: TcpStream,
    pub(super) secret: Hidden,
    base: String,
    pub(super) patience: Patience,
    pub(super) features: HashMap<String, String>,
    /// What `HASH` takes now.
    pub(super) hashing: Option<&'static str>,
    /// What the next data connection sends at once, where that can be.
    pub(super) early: Option<Early>,
    /// Room for a block, kept from transfer to transfer.
    pub(super) room: Vec<u8>,
    /// How data connections are asked for.
    pub(super) passive: Passive,
    broken: bool,
}

impl Drop for Ftp {
    fn drop(&mut self) {
        remote::hang_up(&self.socket);
    }
}

impl Ftp {
    pub(super) fn new(
        control: Control,
        socket: TcpStream,
        secret: Hidden,
        base: String,
        patience: Patience,
    ) -> Self {
        let passive = Passive::usual(&socket);
        Self {
            control,
            socket,
            secret,
            base,
            patience,
            features: HashMap::new(),
            hashing: None,
            early: None,
            room: Vec::new(),
            passive,
            broken: false,
        }
    }

    /// Takes note of what the server can do, and asks for names in UTF-8.
    pub(super) fn learn(&mut self, features: HashMap<String, String>) {
        self.features = features;
        if self.has("UTF8") {
            // Servers that always use it may refuse to be asked.
            let _ = self.command("OPTS UTF8 ON", &[Status::CommandOk]);
        }
    }

    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.contains_key(feature)
    }

    /// A path as the server knows it, on a connection that is still good.
    fn place(&self, path: &str) -> Result<String, StageError> {
        if self.broken {
            return Err(remote::lost("using it again", &ErrorKind::ConnectionReset.into()));
        }
        remote::place(&self.base, path)
    }

    pub(super) fn failure(&mut self, doing: &str, error: FtpError) -> StageError {
        // A refusal leaves the connection as it was; anything else leaves it in doubt.
        if reply::refusal(&error).is_none_or(|(number, _)| number == 421) {
            self.give_up();
        }
        reply::failure(doing, error, &self.secret)
    }

    pub(super) fn give_up(&mut self) {
        self.broken = true;
        remote::hang_up(&self.socket);
    }

    /// Sends a command and gives the last line of the answer, without its number.
    pub(super) fn command(&mut self, line: &str, wanted: &[Status]) -> Result<String, FtpError> {
        let response = self.control.custom_command(line, wanted)?;
        let text = String::from_utf8_lossy(&response.body);
        let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        Ok(last.get(4..).unwrap_or_default().trim().to_owned())
    }

    /// Does what was asked for; a refusal is no failure but none.
    pub(super) fn attempt<T>(
        &mut self,
        doing: &str,
        result: Result<T, FtpError>,
    ) -> Result<Option<T>, StageError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => match reply::refusal(&error) {
                Some((500..=599, _)) => Ok(None),
                _ => Err(self.failure(doing, error)),
            },
        }
    }

    /// Writes a file from an offset on; what the server says then need not be true.
    fn store(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        let path = self.place(path)?;
        let doing = format!("writing `{path}`");
        let stream = self.transfer(offset, &format!("STOR {path}"));
        let stream = match stream {
            // Some servers go on with a file by `APPE` alone.
            Err(error) if offset > 0 && matches!(reply::refusal(&error), Some((451 | 500..=504, _))) => {
                self.transfer(0, &format!("APPE {path}"))
            }
            found => found,
        };
        let stream = stream.map_err(|error| self.failure(&doing, error))?;
        self.send(&doing, stream, from)
    }
}

impl Connection for Ftp {
    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        let path = self.place(path)?;
        if path.is_empty() {
            return Ok(Some(Entry { name: String::new(), folder: true, size: 0 }));
        }
        self.stat_place(&path)
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        let folder = self.place(folder)?;
        let doing = format!("listing `{folder}`");
        if self.has("MLSD") || self.has("MLST") {
            let line = if folder.is_empty() { "MLSD".to_owned() } else { format!("MLSD {folder}") };
            if let Some(lines) = self.lines(&line, &doing)? {
                return Ok(lines.iter().filter_map(|line| listing::machine(line)).collect());
            }
        }
        self.list_by_going(&folder, &doing)
    }

    /// Servers write a list for people in half the time of one for machines.
    fn glance(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        let folder = self.place(folder)?;
        self.list_by_going(&folder, &format!("listing `{folder}`"))
    }

    fn make_folder(&mut self, folder: &str) -> Result<(), StageError> {
        let folder = self.place(folder)?;
        if folder.is_empty() || folder == "/" { Ok(()) } else { self.make_place(&folder) }
    }

    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        let sent = self.store(path, offset, from)?;
        let path = self.place(path)?;
        self.confirm(&path, offset + sent, &format!("writing `{path}`"))?;
        Ok(sent)
    }

    fn put_unconfirmed(&mut self, path: &str, from: &mut dyn Read) -> Result<u64, StageError> {
        let path = self.place(path)?;
        self.send_whole(&format!("writing `{path}`"), &format!("STOR {path}"), from)
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        let path = self.place(path)?;
        if length == 0 {
            return Ok(0);
        }
        let doing = format!("reading `{path}`");
        let stream = match self.transfer(offset, &format!("RETR {path}")) {
            Ok(stream) => stream,
            // The file has less than that.
            Err(error) if offset > 0 && matches!(reply::refusal(&error), Some((551 | 554, _))) => {
                return Ok(0);
            }
            Err(error) => {
                // Many say no more than that they cannot open it.
                let is_refused = matches!(reply::refusal(&error), Some((550, _)));
                if is_refused && self.stat_place(&path)?.is_none() {
                    return Err(reply::missing(&path));
                }
                return Err(self.failure(&doing, error));
            }
        };
        self.receive(&doing, stream, length, to)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError> {
        let (from, to) = (self.place(from)?, self.place(to)?);
        let Err(error) = self.control.rename(from.as_str(), to.as_str()) else { return Ok(()) };
        let is_refused = matches!(reply::refusal(&error), Some((550..=553, _)));
        if is_refused && self.stat_place(&to)?.is_some() {
            return Err(reply::taken(&to));
        }
        if is_refused && self.stat_place(&from)?.is_none() {
            return Err(reply::missing(&from));
        }
        Err(self.failure(&format!("renaming `{from}` to `{to}`"), error))
    }

    fn remove(&mut self, path: &str) -> Result<(), StageError> {
        let path = self.place(path)?;
        let Err(error) = self.control.rm(path.as_str()) else { return Ok(()) };
        if reply::refusal(&error).is_some() && self.stat_place(&path)?.is_none() {
            return Ok(());
        }
        Err(self.failure(&format!("removing `{path}`"), error))
    }

    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError> {
        let folder = self.place(folder)?;
        let Err(error) = self.control.rmdir(folder.as_str()) else { return Ok(()) };
        if reply::refusal(&error).is_some() && self.stat_place(&folder)?.is_none() {
            return Ok(());
        }
        Err(self.failure(&format!("removing the folder `{folder}`"), error))
    }

    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError> {
        let path = self.place(path)?;
        let doing = format!("taking the digest of `{path}`");
        self.digest(&path, algorithms, &doing)
    }

    fn truncate(&mut self, _path: &str, _length: u64) -> Result<bool, StageError> {
        Ok(false)
    }

    fn free(&mut self) -> Result<Option<u64>, StageError> {
        let folder = self.place("")?;
        if !self.has("AVBL") {
            return Ok(None);
        }
        let line = if folder.is_empty() { "AVBL".to_owned() } else { format!("AVBL {folder}") };
        let answer = self.command(&line, &[Status::File]);
        let answer = self.attempt("asking for free space", answer)?;
        Ok(answer.and_then(|text| text.split_whitespace().next()?.parse().ok()))
    }

    fn keep_alive(&mut self) -> Result<(), StageError> {
        self.place("")?;
        let answer = self.command("NOOP", &[Status::CommandOk, Status::RequestedFileActionOk]);
        answer.map(drop).map_err(|error| self.failure("keeping the connection open", error))
    }
}
