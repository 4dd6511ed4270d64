//! What happens when Bindery itself is wrong: one calm message instead of a torn screen.
//!
//! Panics of workers are caught by the engine and reported as failed steps; here they only keep quiet.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

use crate::exit::Exit;
use crate::ui;

/// Where the last panic happened and what it said.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Keeps panics from printing on their own, unless a backtrace is asked for.
pub fn keep_quiet() {
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
        return;
    }
    panic::set_hook(Box::new(|info| {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(words(info));
    }));
}

/// Does the work; a panic in it becomes a message and the exit code for bugs.
pub fn guarded(work: impl FnOnce() -> Exit) -> Exit {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        ui::say_plainly(&format!(
            "error: this is a bug in Bindery: {}\n  = help: please report it with the command you ran; `RUST_BACKTRACE=1` shows where it happened",
            last.as_deref().unwrap_or("it panicked"),
        ));
        Exit::Bug
    })
}

fn words(info: &PanicHookInfo<'_>) -> String {
    let text = info.payload_as_str().unwrap_or("it panicked");
    let place = info.location().map(|place| format!(" (at {}:{})", place.file(), place.line()));
    format!("{}{}", ui::clean(text), place.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_code_for_bugs() {
        assert_eq!(guarded(|| panic!("on purpose")), Exit::Bug);
        assert_eq!(guarded(|| Exit::Done), Exit::Done);
    }
}
