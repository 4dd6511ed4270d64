//! Reads a file whole, and never more of it than a manifest may have.
//!
//! Knows nothing of what the text says.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use engine::value::shown_path;

use crate::diagnostic::Diagnostic;
use crate::node::{File, Place};
use crate::parse::MAX_BYTES;

/// Reads a file that a person named, or stdin where that is `-`, which is called `name` in messages.
pub fn read_file(path: &Path, name: &str) -> Result<Arc<File>, Vec<Diagnostic>> {
    let text = if path == Path::new("-") { whole(std::io::stdin().lock(), name) } else { read(path, name) };
    text.map_err(|fault| vec![*fault])
}

/// Reads a file that a person named. It may be a pipe, such as a shell makes for `<(…)`.
pub(crate) fn read(path: &Path, name: &str) -> Result<Arc<File>, Box<Diagnostic>> {
    let open = fs::File::open(path).map_err(|error| unreadable(name, &reason(&error)))?;
    if open.metadata().is_ok_and(|found| found.is_dir()) {
        return Err(unreadable(name, "it is a folder"));
    }
    whole(open, name)
}

/// All that there is to read.
fn whole(from: impl Read, name: &str) -> Result<Arc<File>, Box<Diagnostic>> {
    let mut bytes = Vec::new();
    let read = from.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(name, &reason(&error)))?;
    if bytes.len() > MAX_BYTES {
        return Err(unreadable(name, &format!("it is longer than {} MiB", MAX_BYTES >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        unreadable(name, &format!("it is not UTF-8 text (byte {} is not)", error.utf8_error().valid_up_to()))
    })?;
    Ok(File::new(name, text))
}

fn unreadable(name: &str, why: &str) -> Box<Diagnostic> {
    let fault = Diagnostic::error("manifest/unreadable", format!("cannot read {}: {why}", shown_path(name)));
    fault.at(&Place::start_of(&File::new(name, ""))).boxed()
}

/// Reads a file that another file named. Only a regular one: a pipe would be waited for, and a device never ends.
pub(crate) fn read_regular(path: &Path, name: &str) -> Result<Arc<File>, Box<Diagnostic>> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let message = format!("cannot read {}: it is no regular file", shown_path(name));
            Err(Diagnostic::error("manifest/unreadable", message)
                .at(&Place::start_of(&File::new(name, "")))
                .boxed())
        }
        _ => read(path, name),
    }
}

/// The system's words without its number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
