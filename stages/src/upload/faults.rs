//! Failures of destinations: each has its code and its advice in one place, whatever the type.

use std::io;

use engine::StageError;

/// The connection ended before the answer came.
pub(super) fn lost(message: impl Into<String>) -> StageError {
    StageError::new("remote/lost", message).hint("`bindery resume` goes on where it was cut off").retriable()
}

/// The far end does not let us write or read there.
pub(super) fn denied(message: impl Into<String>) -> StageError {
    StageError::new("remote/denied", message)
        .hint("choose another `path`, or have the permissions there changed")
}

/// No space is left at the far end.
pub(super) fn full(message: impl Into<String>) -> StageError {
    StageError::new("remote/full", message).hint("free some space there, then `bindery resume`")
}

/// Something else has the name.
pub(super) fn exists(message: impl Into<String>) -> StageError {
    StageError::new("remote/exists", message)
        .hint("remove it, name the release otherwise, or set `on_conflict` to `replace` or `rename`")
}

/// The far end says another size than what it confirmed.
pub(super) fn size(message: impl Into<String>) -> StageError {
    StageError::new("remote/size", message)
        .hint("the far end confirms bytes that it does not keep: ask who runs it")
}

/// What lies there is not what was sent.
pub(super) fn corrupt(message: impl Into<String>) -> StageError {
    StageError::new("remote/corrupt", message).hint("check the disk there, then `bindery resume`")
}

/// What was read to be sent is not what was packed.
pub(super) fn changed(file: &str) -> StageError {
    StageError::new("input/changed", format!("`{file}` is not as it was packed"))
        .hint("make the release again; nothing of this file was given its name there")
}

/// What the system says of a folder on this machine or on a mounted share.
pub(super) fn of_io(what: &str, error: &io::Error) -> StageError {
    use io::ErrorKind::{
        AlreadyExists, DirectoryNotEmpty, NotADirectory, NotFound, PermissionDenied, QuotaExceeded,
        ReadOnlyFilesystem, StorageFull,
    };
    let text = StageError::reading(std::path::Path::new(""), error).message;
    let reason = text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason);
    let message = format!("{what}: {reason}");
    match error.kind() {
        StorageFull | QuotaExceeded => full(message),
        PermissionDenied | ReadOnlyFilesystem => denied(message),
        AlreadyExists | DirectoryNotEmpty | NotADirectory => exists(message),
        NotFound => StageError::new("remote/missing", message).hint("check `path` of the destination"),
        // A share that went away says so in many ways.
        _ => lost(message),
    }
}
