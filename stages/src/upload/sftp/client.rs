//! Requests and replies over one channel of SSH, many of them on the way at once.
//!
//! Keeps the line full with blocks as large as the server takes, and holds none of what was sent.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use bytes::Bytes;
use engine::StageError;
use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};

use super::super::remote;
use super::session::Session;
use super::wire::{self, Reply, Request};

/// Largest block of a server that names no limit; the drafts ask for no more.
const SMALL_BLOCK: usize = 32 * 1024;

/// Largest block that is sent at once, whatever the server would take.
const BLOCK: usize = 255 * 1024;

/// Most replies that are kept because another one is waited for.
const MOST_EARLY: usize = 1024;

pub(super) struct Client {
    from: ChannelReadHalf,
    to: ChannelWriteHalf<Msg>,
    pub(super) session: Session,
    next: u32,
    extensions: Vec<String>,
    /// Largest block that the server takes.
    pub(super) block: usize,
    /// What came and was not read yet.
    intake: Bytes,
    early: BTreeMap<u32, Reply>,
}

impl Client {
    /// Begins SFTP on a session that is logged in.
    pub(super) fn start(mut session: Session) -> Result<Self, StageError> {
        let doing = "starting SFTP";
        let channel = session.step(doing, async |handle| {
            let mut channel = handle.channel_open_session().await?;
            channel.request_subsystem(true, "sftp").await?;
            loop {
                match channel.wait().await {
                    Some(ChannelMsg::Success) => return Ok(Some(channel)),
                    Some(ChannelMsg::Failure | ChannelMsg::Close) | None => return Ok(None),
                    Some(_) => {}
                }
            }
        })?;
        let Some(channel) = channel else {
            return Err(StageError::new("remote/protocol", "the server does not offer SFTP")
                .hint("the account may only log in to a shell; ask for the `sftp` subsystem"));
        };
        let (from, to) = channel.split();
        let mut this = Self {
            from,
            to,
            session,
            next: 0,
            extensions: Vec::new(),
            block: SMALL_BLOCK,
            intake: Bytes::new(),
            early: BTreeMap::new(),
        };
        this.session.wait(doing, this.to.data_bytes(wire::hello()))?;
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
        let packet = wire::write(id, request);
        self.session.wait(doing, self.to.data_bytes(packet))?;
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
            if self.intake.is_empty() {
                self.intake = self.take_in(doing)?;
            }
            let taken = self.intake.len().min(to.len());
            let (now, later) = to.split_at_mut(taken);
            now.copy_from_slice(&self.intake.split_to(taken));
            to = later;
        }
        Ok(())
    }

    fn take_in(&mut self, doing: &str) -> Result<Bytes, StageError> {
        let message = self.session.wait(doing, async {
            loop {
                match self.from.wait().await {
                    Some(ChannelMsg::Data { data }) => return Ok(Some(data)),
                    Some(ChannelMsg::Eof | ChannelMsg::Close) | None => return Ok(None),
                    Some(_) => {}
                }
            }
        })?;
        message.ok_or_else(|| remote::lost(doing, &ErrorKind::UnexpectedEof.into()))
    }
}

/// A server whose answers are not SFTP. Some shells print a greeting in front of it.
fn nonsense(doing: &str) -> StageError {
    StageError::new("remote/protocol", format!("the server's answer makes no sense while {doing}"))
        .hint("something that the account runs at login may print text; it must not for SFTP")
}
