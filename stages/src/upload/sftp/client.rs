//! Requests and replies over one channel of SSH, many of them on the way at once.
//!
//! The library's own SFTP waits for each block of 30 KB to be sent and holds what it sent until it is answered; a
//! client of our own keeps the line full with blocks as large as the server takes, and holds none of them.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};

use engine::StageError;
use ssh2::{Channel, Session};

use super::super::remote;
use super::wire::{self, Reply, Request};

/// Largest block of a server that names no limit; the drafts ask for no more.
const SMALL_BLOCK: usize = 32 * 1024;

/// Largest block that is sent at once, whatever the server would take.
const BLOCK: usize = 255 * 1024;

/// How much is taken from the channel at a time.
const INTAKE: usize = 64 * 1024;

/// Most replies that are kept because another one is waited for.
const MOST_EARLY: usize = 1024;

pub(super) struct Client {
    channel: Channel,
    next: u32,
    extensions: Vec<String>,
    /// Largest block that the server takes.
    pub(super) block: usize,
    packet: Vec<u8>,
    intake: Box<[u8]>,
    begin: usize,
    end: usize,
    early: BTreeMap<u32, Reply>,
}

impl Client {
    /// Begins SFTP on a session that is logged in.
    pub(super) fn start(session: &Session) -> Result<Self, StageError> {
        let doing = "starting SFTP";
        let mut channel = session.channel_session().map_err(|error| broken(doing, &error))?;
        channel.subsystem("sftp").map_err(|error| {
            StageError::new("remote/protocol", format!("the server does not offer SFTP: {}", error.message()))
                .hint("the account may only log in to a shell; ask for the `sftp` subsystem")
        })?;
        let mut this = Self {
            channel,
            next: 0,
            extensions: Vec::new(),
            block: SMALL_BLOCK,
            packet: Vec::new(),
            intake: vec![0; INTAKE].into(),
            begin: 0,
            end: 0,
            early: BTreeMap::new(),
        };
        this.channel.write_all(&wire::hello()).map_err(|error| lost(doing, &error))?;
        let answer = this.receive(doing)?;
        this.extensions = wire::extensions(&answer).ok_or_else(|| nonsense(doing))?;
        if this.has("limits@openssh.com")
            && let Reply::Extended(limits) = this.ask(Request::Limits, doing)?
            && let Some((packet, write)) = wire::limits(&limits)
        {
            let most = [packet.saturating_sub(1024), write].into_iter().filter(|limit| *limit > 0).min();
            this.block = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(BLOCK).clamp(1024, BLOCK);
        }
        Ok(this)
    }

    pub(super) fn has(&self, extension: &str) -> bool {
        self.extensions.iter().any(|name| name == extension)
    }

    /// Asks, and waits for the answer.
    pub(super) fn ask(&mut self, request: Request<'_>, doing: &str) -> Result<Reply, StageError> {
        let id = self.send(request, doing)?;
        self.wait(id, doing)
    }

    /// Asks without waiting; gives the number to wait for.
    pub(super) fn send(&mut self, request: Request<'_>, doing: &str) -> Result<u32, StageError> {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        wire::write(&mut self.packet, id, request);
        self.channel.write_all(&self.packet).map_err(|error| lost(doing, &error))?;
        Ok(id)
    }

    /// The answer to a request; those that come before it are kept.
    pub(super) fn wait(&mut self, id: u32, doing: &str) -> Result<Reply, StageError> {
        loop {
            if let Some(reply) = self.early.remove(&id) {
                return Ok(reply);
            }
            let packet = self.receive(doing)?;
            let (found, reply) = wire::read(&packet).ok_or_else(|| nonsense(doing))?;
            if found == id {
                return Ok(reply);
            }
            if self.early.len() >= MOST_EARLY {
                return Err(nonsense(doing));
            }
            self.early.insert(found, reply);
        }
    }

    fn receive(&mut self, doing: &str) -> Result<Vec<u8>, StageError> {
        let mut length = [0; 4];
        self.read_exact(&mut length, doing)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > wire::LONGEST {
            return Err(nonsense(doing));
        }
        let mut packet = vec![0; length];
        self.read_exact(&mut packet, doing)?;
        Ok(packet)
    }

    fn read_exact(&mut self, mut to: &mut [u8], doing: &str) -> Result<(), StageError> {
        while !to.is_empty() {
            if self.begin == self.end {
                let read = self.channel.read(&mut self.intake).map_err(|error| lost(doing, &error))?;
                if read == 0 {
                    return Err(remote::lost(doing, &ErrorKind::UnexpectedEof.into()));
                }
                (self.begin, self.end) = (0, read);
            }
            let ready = &self.intake[self.begin..self.end];
            let taken = ready.len().min(to.len());
            let (now, later) = to.split_at_mut(taken);
            now.copy_from_slice(&ready[..taken]);
            to = later;
            self.begin += taken;
        }
        Ok(())
    }
}

/// A server whose answers are not SFTP. Some shells print a greeting in front of it.
fn nonsense(doing: &str) -> StageError {
    StageError::new("remote/protocol", format!("the server's answer makes no sense while {doing}"))
        .hint("something that the account runs at login may print text; it must not for SFTP")
}

fn lost(doing: &str, error: &std::io::Error) -> StageError {
    remote::lost(doing, error)
}

/// A failure of SSH itself.
pub(super) fn broken(doing: &str, error: &ssh2::Error) -> StageError {
    // The numbers are those of libssh2: https://libssh2.org/libssh2_session_last_errno.html
    match error.code() {
        ssh2::ErrorCode::Session(-9 | -30) => remote::timeout(doing),
        ssh2::ErrorCode::Session(-14 | -20 | -17 | -33) => StageError::new(
            "remote/protocol",
            format!("SSH failed while {doing}: {}", remote::said(error.message())),
        )
        .hint("the server may know old methods alone; it must be brought up to date"),
        _ => remote::lost(doing, &std::io::Error::other(error.message().to_owned())),
    }
}
