//! How data connections are asked for and opened, and what goes over them before anybody has asked for it.

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use suppaftp::{FtpError, FtpResult, Mode, Status};

use super::super::flow::lock;
use super::super::remote::{self, Patience};

/// Most that is sent before the server has said that it takes it: what fits into its window in any case.
pub(super) const EARLY: usize = 32 * 1024;

/// The bytes of a small file that are sent as soon as there is a connection for them: far away that saves two ways there
/// and back. A server that refuses the file drops them.
#[derive(Clone, Debug, Default)]
pub(super) struct Early(Arc<Mutex<Option<Vec<u8>>>>);

impl Early {
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        lock(&self.0).take()
    }

    pub(super) fn set(&self, bytes: Option<&[u8]>) {
        *lock(&self.0) = bytes.map(<[u8]>::to_vec);
    }
}

/// How data connections are asked for: over IPv4 with `PASV`, which every server knows and some answer with less work
/// than `EPSV`; else with that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passive {
    is_old: bool,
    /// The server knows the other one alone.
    pub(super) other: bool,
}

impl Passive {
    pub(super) fn usual(socket: &TcpStream) -> Self {
        Self { is_old: socket.peer_addr().is_ok_and(|address| address.is_ipv4()), other: false }
    }

    pub(super) const fn mode(self) -> Mode {
        if self.is_old == self.other { Mode::ExtendedPassive } else { Mode::Passive }
    }

    pub(super) const fn line(self) -> (&'static str, Status) {
        match self.mode() {
            Mode::Passive => ("PASV", Status::PassiveMode),
            _ => ("EPSV", Status::ExtendedPassiveMode),
        }
    }
}

/// Data connections with their time limits. What is there early is sent at once, and is all that is sent.
pub(super) fn data_connection(
    patience: Patience,
    early: Early,
) -> impl Fn(SocketAddr) -> FtpResult<TcpStream> {
    move |address| {
        let stream = TcpStream::connect_timeout(&address, patience.connect).and_then(|stream| {
            remote::tune(&stream, patience)?;
            if let Some(bytes) = early.take() {
                (&stream).write_all(&bytes)?;
                stream.shutdown(Shutdown::Write)?;
            }
            Ok::<_, io::Error>(stream)
        });
        stream.map_err(FtpError::ConnectionError)
    }
}
