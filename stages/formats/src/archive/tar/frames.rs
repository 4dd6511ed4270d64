//! Reads compressed frames that follow one another as one stream.
//!
//! Knows no compression: a [`Codec`] does, and this finds where its frames begin and end.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use super::super::ReadSeek;

/// How one compression is undone. A stream is frames of it, one after another.
pub trait Codec {
    /// One frame that is being read.
    type Frame<R: BufRead>: Read;
    /// Says whether a frame can begin with this byte.
    fn begins(first: u8) -> bool;
    /// Begins to read a frame.
    fn begin<R: BufRead>(source: R) -> io::Result<Self::Frame<R>>;
    /// Gives back what comes after the frame.
    fn end<R: BufRead>(frame: Self::Frame<R>) -> R;
    /// Says whether the error means that nothing is wrong but the frame asks for too much.
    fn refuses(error: &io::Error) -> bool;
}

/// The unpacked bytes of all frames.
pub(super) struct Frames<'a, C: Codec> {
    state: State<'a, C>,
    /// Frames that were begun.
    pub(super) begun: usize,
    /// Something follows the last frame that is none.
    pub(super) trailing: bool,
}

/// A compressed file, whose bytes are counted as they are read.
pub(super) type Packed<'a> = BufReader<Counted<Box<dyn ReadSeek + 'a>>>;

/// Counts what is read through it.
pub(super) struct Counted<R> {
    from: R,
    count: Rc<Cell<u64>>,
}

enum State<'a, C: Codec> {
    Between(Packed<'a>),
    In(C::Frame<Packed<'a>>),
    Done,
}

impl<'a, C: Codec> Frames<'a, C> {
    /// Begins at the first byte of a file; `count` tells how much of it was read.
    pub(super) fn new(file: Box<dyn ReadSeek + 'a>, count: Rc<Cell<u64>>) -> Self {
        let source = BufReader::with_capacity(64 << 10, Counted { from: file, count });
        Self { state: State::Between(source), begun: 0, trailing: false }
    }
}

impl<C: Codec> Read for Frames<'_, C> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if room.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::In(mut frame) => match frame.read(room)? {
                    0 => self.state = State::Between(C::end(frame)),
                    got => {
                        self.state = State::In(frame);
                        return Ok(got);
                    }
                },
                State::Between(mut source) => {
                    let Some(&first) = source.fill_buf()?.first() else { return Ok(0) };
                    if !C::begins(first) {
                        self.trailing = true;
                        return Ok(0);
                    }
                    self.begun += 1;
                    self.state = State::In(C::begin(source)?);
                }
            }
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let got = self.from.read(room)?;
        self.count.set(self.count.get() + got as u64);
        Ok(got)
    }
}
