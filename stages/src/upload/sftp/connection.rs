//! What one connection of SFTP can do.

use std::collections::VecDeque;
use std::io::{Read, Write};

use engine::StageError;

use super::super::destination::{Connection, Entry};
use super::super::remote::{self, Patience};
use super::client::Client;
use super::fault;
use super::wire::{self, Attributes, Reply, Request};

/// How much is on the way at once, in bytes; a line of 100 MB/s with a round trip of 80 ms holds as much.
const ON_THE_WAY: usize = 8 << 20;

/// How many requests are on the way at once, for servers that take small blocks.
const MOST_REQUESTS: usize = 256;

/// How many answers to writing small files are waited for later, at most.
const MOST_UNSETTLED: usize = 24;

/// Most entries of a folder.
const MOST_ENTRIES: usize = 1_000_000;

pub(super) struct Sftp {
    pub(super) client: Client,
    base: String,
    /// The numbers of requests whose answers are waited for later.
    unsettled: VecDeque<u32>,
    pub(super) patience: Patience,
    /// Whether the server is known not to take digests itself.
    pub(super) checks_nothing: bool,
    /// Whether the account is known to run no programs.
    pub(super) runs_nothing: bool,
}

impl Sftp {
    pub(super) fn new(client: Client, base: String, patience: Patience) -> Self {
        Self {
            client,
            base,
            unsettled: VecDeque::new(),
            patience,
            checks_nothing: false,
            runs_nothing: false,
        }
    }

    /// A path as the server knows it; the folder where the login leads has a name, too.
    fn place(&self, path: &str) -> Result<String, StageError> {
        let place = remote::place(&self.base, path)?;
        Ok(if place.is_empty() { ".".into() } else { place })
    }

    fn look(&mut self, path: &str) -> Result<Option<Attributes>, StageError> {
        let doing = format!("looking at `{path}`");
        match self.client.ask(Request::Stat { path }, &doing)? {
            Reply::Attributes(found) => Ok(Some(found)),
            Reply::Status { number: wire::MISSING | 10, .. } => Ok(None),
            other => Err(fault::unexpected(&doing, other)),
        }
    }

    /// Asks for something that is done or not.
    fn order(&mut self, request: Request<'_>, doing: &str) -> Result<(), StageError> {
        done(self.client.ask(request, doing)?, doing)
    }

    fn open(&mut self, request: Request<'_>, doing: &str) -> Result<Vec<u8>, StageError> {
        match self.client.ask(request, doing)? {
            Reply::Handle(handle) => Ok(handle),
            other => Err(fault::unexpected(doing, other)),
        }
    }

    fn make_place(&mut self, path: &str) -> Result<(), StageError> {
        let doing = format!("making the folder `{path}`");
        let Err(refused) = self.order(Request::MakeFolder { path }, &doing) else { return Ok(()) };
        if refused.retriable {
            return Err(refused);
        }
        match self.look(path)? {
            Some(found) if found.is_folder() => return Ok(()),
            Some(_) => return Err(fault::taken(path)),
            None => {}
        }
        let Some(above) = remote::parent(path) else { return Err(refused) };
        if self.look(above)?.is_some() {
            return Err(refused);
        }
        self.make_place(above)?;
        self.order(Request::MakeFolder { path }, &doing)
    }

    fn names(&mut self, handle: &[u8], doing: &str) -> Result<Vec<(String, Attributes)>, StageError> {
        let mut found = Vec::new();
        loop {
            match self.client.ask(Request::ReadFolder { handle }, doing)? {
                Reply::Names(names) => found.extend(names),
                Reply::Status { number: wire::END, .. } => return Ok(found),
                other => return Err(fault::unexpected(doing, other)),
            }
            if found.len() > MOST_ENTRIES {
                return Err(StageError::new(
                    "remote/protocol",
                    format!("there are too many entries while {doing}"),
                )
                .hint("use a folder with less in it"));
            }
        }
    }

    /// Sends blocks and closes the file; failures of the server come in the order of their blocks. Gives how much could
    /// be read, and the numbers of what is not confirmed yet.
    fn send(
        &mut self,
        handle: &[u8],
        mut offset: u64,
        from: &mut dyn Read,
        doing: &str,
    ) -> Result<(Result<u64, StageError>, VecDeque<u32>), StageError> {
        let mut block = vec![0; self.client.block];
        let most = (ON_THE_WAY / block.len()).clamp(1, MOST_REQUESTS);
        let mut open = VecDeque::new();
        let begin = offset;
        let read = loop {
            let filled = match remote::fill(from, &mut block) {
                Ok(0) => break Ok(()),
                Ok(filled) => filled,
                Err(error) => break Err(error),
            };
            if open.len() >= most
                && let Some(id) = open.pop_front()
            {
                self.confirm(id, doing)?;
            }
            open.push_back(
                self.client.send(Request::Write { handle, offset, bytes: &block[..filled] }, doing)?,
            );
            offset += filled as u64;
        };
        open.push_back(self.client.send(Request::Close { handle }, doing)?);
        Ok((read.map(|()| offset - begin), open))
    }

    fn send_confirmed(
        &mut self,
        handle: &[u8],
        offset: u64,
        from: &mut dyn Read,
        doing: &str,
    ) -> Result<u64, StageError> {
        let (read, open) = self.send(handle, offset, from, doing)?;
        for id in open {
            self.confirm(id, doing)?;
        }
        read
    }

    /// Waits for answers that were left for later, until no more are left than so many; gives the first failure.
    fn settle_down_to(&mut self, most: usize) -> Result<(), StageError> {
        let mut settled = Ok(());
        while self.unsettled.len() > most
            && let Some(id) = self.unsettled.pop_front()
        {
            match self.confirm(id, "writing small files") {
                // Nothing more will come.
                Err(error) if error.retriable => return Err(error),
                answered => settled = settled.and(answered),
            }
        }
        settled
    }

    fn confirm(&mut self, id: u32, doing: &str) -> Result<(), StageError> {
        let reply = self.client.wait(id, doing)?;
        done(reply, doing)
    }

    /// Asks for blocks ahead and gives them in order, until the file ends or there are enough.
    fn receive(
        &mut self,
        handle: &[u8],
        mut offset: u64,
        length: u64,
        to: &mut dyn Write,
        doing: &str,
    ) -> Result<u64, StageError> {
        let block = self.client.block as u64;
        let most = (ON_THE_WAY / self.client.block).clamp(1, MOST_REQUESTS) / 4 + 1;
        let (begin, end) = (offset, offset.saturating_add(length));
        let mut asked = offset;
        let mut open: VecDeque<(u32, u64)> = VecDeque::new();
        let mut result = Ok(());
        loop {
            while asked < end && open.len() < most && result.is_ok() {
                let length = block.min(end - asked) as u32;
                open.push_back((
                    self.client.send(Request::Read { handle, offset: asked, length }, doing)?,
                    asked,
                ));
                asked += u64::from(length);
            }
            let Some((id, at)) = open.pop_front() else { break };
            let reply = self.client.wait(id, doing)?;
            if result.is_err() || at != offset {
                // Asked for before it was known that the block before it is short; it is asked for again.
                continue;
            }
            match reply {
                Reply::Data(bytes) if !bytes.is_empty() && bytes.len() as u64 <= block => {
                    result = to.write_all(&bytes).map_err(remote::source);
                    offset += bytes.len() as u64;
                    let next = open.front().map_or(asked, |(_, next)| *next);
                    if offset < next {
                        asked = offset;
                    }
                }
                Reply::Status { number: wire::END, .. } => asked = end,
                other => result = Err(fault::unexpected(doing, other)),
            }
        }
        result.map(|()| offset - begin)
    }

    /// Free bytes where a path lies, if the server tells; the folder may not be made yet.
    fn space(&mut self, path: &str) -> Result<Option<u64>, StageError> {
        if !self.client.has("statvfs@openssh.com") {
            return Ok(None);
        }
        let mut path = path;
        loop {
            match self.client.ask(Request::Space { path }, "asking for free space")? {
                Reply::Extended(answer) => return Ok(wire::space(&answer)),
                Reply::Status { number: wire::MISSING, .. } => match remote::parent(path) {
                    Some(above) => path = above,
                    None => return Ok(None),
                },
                _ => return Ok(None),
            }
        }
    }

    /// A failure that says nothing of itself may be a lack of space.
    fn explained(&mut self, error: StageError, path: &str, doing: &str) -> StageError {
        if &*error.code != "remote/failed" {
            return error;
        }
        match self.space(path) {
            Ok(Some(free)) if free < self.client.block as u64 => fault::full(doing),
            _ => error,
        }
    }
}

/// Whether an order was carried out.
fn done(reply: Reply, doing: &str) -> Result<(), StageError> {
    match reply {
        Reply::Status { number: wire::OK, .. } => Ok(()),
        other => Err(fault::unexpected(doing, other)),
    }
}

fn is_missing(error: &StageError) -> bool {
    &*error.code == "remote/missing"
}

impl Connection for Sftp {
    fn stat(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        let place = self.place(path)?;
        let found = self.look(&place)?;
        Ok(found.map(|found| {
            let folder = found.is_folder();
            Entry { name: remote::name(path).into(), folder, size: if folder { 0 } else { found.size } }
        }))
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Entry>, StageError> {
        let place = self.place(folder)?;
        let doing = format!("listing `{place}`");
        let handle = self.open(Request::OpenFolder { path: &place }, &doing)?;
        let names = self.names(&handle, &doing);
        let closed = self.order(Request::Close { handle: &handle }, &doing);
        let names = names.and_then(|names| closed.map(|()| names))?;
        let mut entries = Vec::new();
        for (name, mut found) in names {
            if matches!(name.as_str(), "" | "." | "..") || name.chars().any(|c| c == '/' || c.is_control()) {
                continue;
            }
            if found.is_link() || found.mode.is_none() {
                // A link that leads nowhere is nothing.
                let Some(target) = self.look(&format!("{place}/{name}"))? else { continue };
                found = target;
            }
            let folder = found.is_folder();
            entries.push(Entry { name, folder, size: if folder { 0 } else { found.size } });
        }
        Ok(entries)
    }

    fn make_folder(&mut self, folder: &str) -> Result<(), StageError> {
        let place = self.place(folder)?;
        if matches!(place.as_str(), "." | "/") { Ok(()) } else { self.make_place(&place) }
    }

    fn put(&mut self, path: &str, offset: u64, from: &mut dyn Read) -> Result<u64, StageError> {
        let path = self.place(path)?;
        let doing = format!("writing `{path}`");
        let flags = wire::WRITE | wire::CREATE | if offset == 0 { wire::TRUNCATE } else { 0 };
        let sent = self
            .open(Request::Open { path: &path, flags }, &doing)
            .and_then(|handle| self.send_confirmed(&handle, offset, from, &doing));
        sent.map_err(|error| self.explained(error, &path, &doing))
    }

    fn put_unconfirmed(&mut self, path: &str, from: &mut dyn Read) -> Result<u64, StageError> {
        let path = self.place(path)?;
        let doing = format!("writing `{path}`");
        let flags = wire::WRITE | wire::CREATE | wire::TRUNCATE;
        let handle = self.open(Request::Open { path: &path, flags }, &doing)?;
        let (read, open) = self.send(&handle, 0, from, &doing)?;
        self.unsettled.extend(open);
        self.settle_down_to(MOST_UNSETTLED)?;
        read
    }

    fn settle(&mut self) -> Result<(), StageError> {
        self.settle_down_to(0)
    }

    fn get(&mut self, path: &str, offset: u64, length: u64, to: &mut dyn Write) -> Result<u64, StageError> {
        let path = self.place(path)?;
        let doing = format!("reading `{path}`");
        let handle = self.open(Request::Open { path: &path, flags: wire::READ }, &doing)?;
        let taken = self.receive(&handle, offset, length, to, &doing);
        let closed = self.order(Request::Close { handle: &handle }, &doing);
        taken.and_then(|taken| closed.map(|()| taken))
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), StageError> {
        let (from, to) = (self.place(from)?, self.place(to)?);
        let doing = format!("renaming `{from}` to `{to}`");
        let Err(error) = self.order(Request::Rename { from: &from, to: &to }, &doing) else { return Ok(()) };
        // The order without a name of its own refuses to replace anything, and says no more than that it failed.
        if &*error.code == "remote/failed" && self.look(&to)?.is_some() {
            return Err(fault::taken(&to));
        }
        Err(error)
    }

    fn remove(&mut self, path: &str) -> Result<(), StageError> {
        let path = self.place(path)?;
        let removed = self.order(Request::Remove { path: &path }, &format!("removing `{path}`"));
        removed.or_else(|error| if is_missing(&error) { Ok(()) } else { Err(error) })
    }

    fn remove_folder(&mut self, folder: &str) -> Result<(), StageError> {
        let path = self.place(folder)?;
        let removed =
            self.order(Request::RemoveFolder { path: &path }, &format!("removing the folder `{path}`"));
        removed.or_else(|error| if is_missing(&error) { Ok(()) } else { Err(error) })
    }

    fn hash(&mut self, path: &str, algorithms: &[&str]) -> Result<Option<(String, String)>, StageError> {
        let path = self.place(path)?;
        let size = self.look(&path)?.map(|found| found.size).unwrap_or_default();
        self.digest(&path, size, algorithms)
    }

    fn truncate(&mut self, path: &str, length: u64) -> Result<bool, StageError> {
        let path = self.place(path)?;
        self.order(
            Request::SetSize { path: &path, size: length },
            &format!("cutting `{path}` to its length"),
        )?;
        Ok(true)
    }

    fn free(&mut self) -> Result<Option<u64>, StageError> {
        let path = self.place("")?;
        self.space(&path)
    }

    fn keep_alive(&mut self) -> Result<(), StageError> {
        let doing = "keeping the connection open";
        match self.client.ask(Request::RealPath { path: "." }, doing)? {
            Reply::Names(_) => Ok(()),
            other => Err(fault::unexpected(doing, other)),
        }
    }
}
