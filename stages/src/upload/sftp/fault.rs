//! What a server of SFTP answers, as failures with a code.

use engine::StageError;

use super::super::remote;
use super::wire::{self, Reply};

/// A status of failure while `doing` something with a file.
pub(super) fn refused(doing: &str, number: u32, text: &str) -> StageError {
    let text = remote::said(text);
    let fault =
        |code: &'static str, what: &str| StageError::new(code, format!("{what} while {doing}: {text}"));
    match number {
        wire::MISSING | 10 => fault("remote/missing", "there is no such file or folder")
            .hint("it may have been removed meanwhile; deliver it again"),
        wire::DENIED | 12 => fault("remote/denied", "the server does not allow it")
            .hint("check the rights of `user` below `path` at the destination"),
        6 | 7 => fault("remote/lost", "the server lost its own connection").retriable(),
        11 => fault("remote/exists", "the name is taken").hint("remove it, or choose another name"),
        14 | 15 => full(doing),
        wire::FAILURE if is_full(&text) => full(doing),
        wire::FAILURE => fault("remote/failed", "the server could not do it").hint(
            "check that there is space, that the file system is not read-only, and the quota of `user`",
        ),
        8 => fault("remote/protocol", "the server cannot do that"),
        _ => fault("remote/protocol", "the server answers otherwise than expected"),
    }
}

/// A destination without space.
pub(super) fn full(doing: &str) -> StageError {
    StageError::new("remote/full", format!("no space is left while {doing}"))
        .hint("free some space at the destination")
}

/// A name that something has already.
pub(super) fn taken(path: &str) -> StageError {
    StageError::new("remote/exists", format!("there is something at `{path}` already"))
        .hint("remove it, or choose another name")
}

/// A reply of a kind that does not belong to the question.
pub(super) fn unexpected(doing: &str, reply: Reply) -> StageError {
    match reply {
        Reply::Status { number, text } => refused(doing, number, &text),
        _ => StageError::new("remote/protocol", format!("the server's answer makes no sense while {doing}"))
            .hint("the server does not speak SFTP as others do"),
    }
}

fn is_full(text: &str) -> bool {
    let text = text.to_lowercase();
    ["no space", "disk full", "quota"].iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_code() {
        let check = |number, text: &str, code: &str, retriable| {
            let error = refused("writing `a`", number, text);
            assert_eq!((&*error.code, error.retriable), (code, retriable), "{number} {text}");
        };
        check(2, "No such file", "remote/missing", false);
        check(3, "Permission denied", "remote/denied", false);
        check(4, "Failure", "remote/failed", false);
        check(4, "write: No space left on device", "remote/full", false);
        check(7, "", "remote/lost", true);
        check(11, "", "remote/exists", false);
        check(14, "", "remote/full", false);
        check(8, "", "remote/protocol", false);
        check(99, "\u{1b}[31m", "remote/protocol", false);
    }
}
