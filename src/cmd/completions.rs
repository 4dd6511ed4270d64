//! `bindery completions`: completions for shells.

use clap_complete::Shell;

use crate::args;
use crate::exit::{Exit, Failure};
use crate::ui::Ui;

const AFTER: &str = "\
Examples:
  bindery completions bash > ~/.local/share/bash-completion/completions/bindery
  bindery completions zsh > ~/.zfunc/_bindery
  bindery completions fish > ~/.config/fish/completions/bindery.fish";

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut args::whole(), "bindery", &mut bytes);
    ui.data(String::from_utf8_lossy(&bytes).trim_end())?;
    Ok(Exit::Done)
}
