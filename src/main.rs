//! The `bindery` command: reads the command line, does what it says, and ends with the code that tells how it went.
//!
//! Wiring only: what a release is and how it is made lies in the crates below.

mod args;
mod cmd;
mod crash;
mod execute;
mod exit;
mod fetch;
mod lock;
mod packing;
mod project;
mod rebuild;
mod report;
mod rules;
mod signals;
mod sources;
mod state;
mod ui;
mod uploading;
mod yaml;

use std::process::ExitCode;

fn main() -> ExitCode {
    crash::keep_quiet();
    crash::guarded(|| {
        let asked = match args::parse() {
            Ok(asked) => asked,
            Err(exit) => return exit,
        };
        asked.run().unwrap_or_else(|failure| failure.tell(&asked.ui))
    })
    .into()
}
