//! Data connections: opened, fed, drained, and ended with what the server says of it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use engine::StageError;
use suppaftp::{DataStream, FtpError, Status, TlsStream, TransferStream};

use super::super::remote;
use super::connection::Ftp;
use super::data::EARLY;
use super::reply;
use super::tls::Tls;

/// How much is read and sent at a time.
const BLOCK: usize = 256 * 1024;

/// Most that is read of a list, in bytes.
const LONGEST_LIST: u64 = 64 << 20;

/// How long a server that closed the data connection may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How much of a file that is not wanted to its end is taken all the same, in bytes: as much as may be on the way, so
/// that a server is known to be still sending when it is told to stop.
const MOST_DRAINED: usize = 8 << 20;
const LONGEST_DRAIN: Duration = Duration::from_millis(300);

/// How long a server may take to close a data connection after everything was sent.
const FAREWELL: Duration = Duration::from_secs(2);

impl Ftp {
    /// Opens a data connection for a command; servers that do not know the one way to ask for it get the other from then
    /// on.
    pub(super) fn transfer(&mut self, offset: u64, line: &str) -> Result<TransferStream<Tls>, FtpError> {
        self.transfer_early(offset, line, None)
    }

    fn transfer_early(
        &mut self,
        offset: u64,
        line: &str,
        early: Option<&[u8]>,
    ) -> Result<TransferStream<Tls>, FtpError> {
        let offset = usize::try_from(offset).map_err(|_| FtpError::BadResponse)?;
        loop {
            self.early.iter().for_each(|slot| slot.set(early));
            self.control.resume_transfer(offset)?;
            let opened = self.control.custom_data_command(line, &[Status::AboutToSend, Status::AlreadyOpen]);
            match opened {
                Err(error) if self.is_without(&error) => {
                    self.passive.other = true;
                    self.control.set_mode(self.passive.mode());
                }
                found => return found.map(|(_, stream)| stream),
            }
        }
    }

    /// Whether the refusal is one of `EPSV` or `PASV`: it is told by asking for it alone.
    fn is_without(&mut self, error: &FtpError) -> bool {
        let unknown = matches!(reply::refusal(error), Some((500..=504 | 522, _)));
        if !unknown || self.passive.other {
            return false;
        }
        let (line, wanted) = self.passive.line();
        let refused = self.control.custom_command(line, &[wanted]);
        matches!(refused, Err(FtpError::UnexpectedResponse(_)))
    }

    /// Ends a transfer that failed, with what the server has to say for itself if it still speaks.
    fn aborted(&mut self, doing: &str, stream: TransferStream<Tls>, error: &io::Error) -> StageError {
        remote::hang_up(socket(&stream));
        let late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        let is_ours = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
        if late || is_ours {
            self.give_up();
        } else {
            // What cannot be set leaves the longer time.
            let _ = self.socket.set_read_timeout(Some(self.patience.answer.min(LAST_WORDS)));
        }
        let answer = stream.finish();
        self.give_up();
        match answer {
            Err(answer) if !late && !is_ours && reply::refusal(&answer).is_some() => {
                reply::failure(doing, answer, &self.secret)
            }
            _ => reply::broken(doing, error),
        }
    }

    /// The lines that a listing command sends.
    pub(super) fn lines(&mut self, line: &str, doing: &str) -> Result<Option<Vec<String>>, StageError> {
        let stream = self.transfer(0, line);
        let Some(mut stream) = self.attempt(doing, stream)? else { return Ok(None) };
        let mut text = Vec::new();
        let read = (&mut stream).take(LONGEST_LIST).read_to_end(&mut text);
        match read {
            Ok(_) => {}
            // A server that ends without saying so in TLS says it on the control connection.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(self.aborted(doing, stream, &error)),
        }
        if text.len() as u64 == LONGEST_LIST {
            remote::hang_up(socket(&stream));
        }
        let ended = stream.finish();
        if self.attempt(doing, ended)?.is_none() {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()))
    }

    /// Room for a block: that of the last transfer, if it is there.
    fn block(&mut self) -> Vec<u8> {
        let mut room = std::mem::take(&mut self.room);
        room.resize(BLOCK, 0);
        room
    }

    /// Sends blocks until there are none, and gives how much that was.
    pub(super) fn send(
        &mut self,
        doing: &str,
        mut stream: TransferStream<Tls>,
        from: &mut dyn Read,
    ) -> Result<u64, StageError> {
        let mut block = self.block();
        let mut sent = 0;
        loop {
            let filled = match remote::fill(from, &mut block) {
                Ok(0) => break,
                Ok(filled) => filled,
                Err(error) => {
                    // Closed like this the server keeps what it has, and waits for nothing.
                    remote::hang_up(socket(&stream));
                    self.give_up();
                    return Err(error);
                }
            };
            if let Err(error) = stream.write_all(&block[..filled]) {
                return Err(self.aborted(doing, stream, &error));
            }
            sent += filled as u64;
        }
        if let Err(error) = stream.flush().and_then(|()| say_the_end(stream.get_mut())) {
            return Err(self.aborted(doing, stream, &error));
        }
        stream.finish().map_err(|error| self.failure(doing, error))?;
        self.room = block;
        Ok(sent)
    }

    /// Sends a whole file, if it is small before the server has said that it takes it. What the server says then need not
    /// be true.
    pub(super) fn send_whole(
        &mut self,
        doing: &str,
        line: &str,
        from: &mut dyn Read,
    ) -> Result<u64, StageError> {
        let mut block = self.block();
        let filled = remote::fill(from, block.get_mut(..=EARLY).unwrap_or_default())?;
        let begin = block.get(..filled).unwrap_or_default();
        if filled > EARLY || self.early.is_none() {
            let stream = self.transfer(0, line).map_err(|error| self.failure(doing, error))?;
            return self.send(doing, stream, &mut begin.chain(from));
        }
        let stream = self.transfer_early(0, line, Some(begin));
        // Whoever asked for this looks later whether all of it arrived, so nobody waits here for the end of the data.
        let stream = stream.map_err(|error| self.failure(doing, error))?;
        stream.finish().map_err(|error| self.failure(doing, error))?;
        self.room = block;
        Ok(filled as u64)
    }

    /// Makes sure that the server has as much as was sent. A data connection that is ended on its way is no fault to the
    /// server: it takes it for the end of the file, and says that all is well.
    pub(super) fn confirm(&mut self, path: &str, wanted: u64, doing: &str) -> Result<(), StageError> {
        let size = self.control.size(path);
        match self.attempt(doing, size)? {
            Some(size) if size as u64 != wanted => Err(StageError::new(
                "remote/size",
                format!("the server has {size} of {wanted} bytes while {doing}"),
            )
            .hint("try again; what has arrived is not sent twice")
            .retriable()),
            // A server that does not tell sizes is asked by other means later.
            _ => Ok(()),
        }
    }

    /// Takes at most `length` bytes and gives how many there were.
    pub(super) fn receive(
        &mut self,
        doing: &str,
        mut stream: TransferStream<Tls>,
        length: u64,
        to: &mut dyn Write,
    ) -> Result<u64, StageError> {
        let mut block = self.block();
        let mut taken = 0;
        while taken < length {
            let room = block.len().min(usize::try_from(length - taken).unwrap_or(usize::MAX));
            let read = match stream.read(&mut block[..room]) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // A server that ends without saying so in TLS says it on the control connection.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(self.aborted(doing, stream, &error)),
            };
            if let Err(error) = to.write_all(&block[..read]) {
                remote::hang_up(socket(&stream));
                self.give_up();
                return Err(remote::source(error));
            }
            taken += read as u64;
        }
        self.room = block;
        if taken == length && !drain(&mut stream) {
            self.stop(stream);
            return Ok(taken);
        }
        stream.finish().map(|()| taken).map_err(|error| self.failure(doing, error))
    }

    /// Has the server stop to send. Servers answer once or twice, so that only an answer to something else tells whether
    /// the next one will be to what was asked; where it does not, the connection is given up, and what came is good.
    fn stop(&mut self, stream: TransferStream<Tls>) {
        let stopped = self.control.abort(stream);
        let is_answered = stopped.map_or_else(|error| reply::refusal(&error).is_some(), |()| true);
        if !is_answered || self.control.noop().is_err() {
            self.give_up();
        }
    }
}

/// Says that all has been sent, and waits for the server to say so, too. Without that a connection that is cut on the
/// way looks to the server like a file that ends, and to us like one that arrived.
fn say_the_end(data: &mut DataStream<Tls>) -> io::Result<()> {
    if let DataStream::Ssl(stream) = data {
        stream.mut_ref().conn.send_close_notify();
        stream.mut_ref().flush()?;
    }
    let mut socket = data.get_ref();
    socket.shutdown(Shutdown::Write)?;
    socket.set_read_timeout(Some(FAREWELL))?;
    let mut rest = [0; 1024];
    loop {
        match socket.read(&mut rest) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // A server may keep its side open until it has answered on the control connection.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether so little is left that all of it can be taken.
fn drain(stream: &mut TransferStream<Tls>) -> bool {
    let mut block = vec![0; BLOCK];
    let mut drained = 0;
    let begun = Instant::now();
    while drained < MOST_DRAINED && begun.elapsed() < LONGEST_DRAIN {
        match stream.read(&mut block) {
            Ok(0) => return true,
            Ok(read) => drained += read,
            Err(error) => return error.kind() == ErrorKind::UnexpectedEof,
        }
    }
    false
}

/// The data connection itself.
fn socket(stream: &TransferStream<Tls>) -> &TcpStream {
    stream.get_ref().get_ref()
}
