//! Lets the connections of a destination take files from its queue, and do something with each.

use std::sync::Mutex;
use std::thread;

use engine::StageError;

use super::destination::{Connection, Destination};
use super::flow::{Flow, lock};
use super::queue::{Next, Queue};
use super::retry::Retrying;

/// What a connection does with a file, by its number.
pub(super) type Act<'a> = dyn Fn(&mut dyn Connection, usize) -> Result<(), StageError> + Sync + 'a;

/// What it does with several.
type OfMany<'a, T> = dyn Fn(&mut dyn Connection, &[usize]) -> Result<T, StageError> + Sync + 'a;

/// What connections do with small files before they do something with each.
pub(super) struct Handfuls<'a> {
    /// With a handful; says whether all went well.
    pub(super) send: &'a OfMany<'a, bool>,
    /// Then, with many of them.
    pub(super) look: &'a OfMany<'a, ()>,
}

/// Lets as many connections as there may be take files from a queue. The first failure ends it for all.
pub(super) fn work(
    destination: &Retrying,
    flow: &Flow,
    connection: &mut Box<dyn Connection>,
    queue: &Queue,
    handfuls: &Handfuls<'_>,
    act: &Act<'_>,
) -> Result<(), StageError> {
    let count = destination.connections().max(1).min(queue.len());
    let failure: Mutex<Option<StageError>> = Mutex::default();
    let work = |connection: &mut dyn Connection, large: bool| {
        let worked = one_connection(connection, queue, large, handfuls, act);
        if let Err(error) = worked {
            queue.end();
            let mut first = lock(&failure);
            if first.as_ref().is_none_or(|known| known.code == "step/skipped") {
                *first = Some(error);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..count {
            scope.spawn(|| match destination.connect_once() {
                Ok(mut connection) => work(connection.as_mut(), false),
                // Some allow fewer than they are asked for: the others do its work.
                Err(error) => {
                    if flow.check().is_ok() {
                        flow.note(format!("goes on with a connection less: {}", error.message));
                    }
                }
            });
        }
        work(connection.as_mut(), count > 1);
    });
    failure.into_inner().unwrap_or_default().map_or(Ok(()), Err)
}

fn one_connection(
    connection: &mut dyn Connection,
    queue: &Queue,
    large: bool,
    handfuls: &Handfuls<'_>,
    act: &Act<'_>,
) -> Result<(), StageError> {
    loop {
        match queue.next(large) {
            Next::Nothing => return Ok(()),
            Next::Wait => connection.keep_alive()?,
            Next::Send(files) => {
                let well = (handfuls.send)(connection, &files)?;
                queue.sent(&files, well);
            }
            Next::Look(files) => {
                (handfuls.look)(connection, &files)?;
                queue.seen(&files);
            }
            Next::One(file) => {
                let done = act(connection, file);
                queue.done();
                done?;
            }
        }
    }
}
