//! The command line: what is common to the commands. Each command's own options lie with the command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, ColorChoice, CommandFactory, FromArgMatches, Parser, ValueEnum};

use engine::World;

use crate::cmd::{COMMANDS, Row};
use crate::exit::{Exit, Failure};
use crate::report::Wanted;
use crate::ui::{ColorWhen, Ui};

const AFTER: &str = "\
Begin with:
  bindery init book.epub        write release.yaml for a file
  bindery check                 see whether it is right
  bindery run                   make the release

`bindery help COMMAND` tells more, with examples.

Exit codes:
  0    done
  1    a step failed, or a test found a fault
  2    wrong usage, manifest or configuration
  3    something that was named does not exist
  70   a bug in Bindery
  130  interrupted";

/// Packs files into releases: archives, checksums and NFO, from manifests or straight from the command line.
#[derive(Debug, Parser)]
#[command(name = "bindery", version, after_help = AFTER, max_term_width = 100)]
#[command(arg_required_else_help = true, subcommand_required = true, disable_help_subcommand = false)]
struct Common {
    /// When to colour the output.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    #[arg(help = "Colour the output: auto, always or never")]
    color: ColorWhen,
}

/// What the command line asks for.
pub struct Asked {
    command: &'static Row,
    matches: ArgMatches,
    /// Where output goes, and in which colours.
    pub ui: Ui,
}

impl Asked {
    /// Does it.
    pub fn run(&self) -> Result<Exit, Failure> {
        self.command.run(&self.matches, &self.ui)
    }
}

/// Assignments over manifests.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Sets {
    /// Set a value over everything the manifest says, such as `steps.rar.with.volume=50MB`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// How much may run at once, and how one hears of it.
#[derive(Clone, Debug, clap::Args)]
pub struct Running {
    /// Run at most so many steps at once; as many as there are processors unless the configuration says otherwise
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
    /// Make everything anew, and replace whatever is there
    #[arg(long)]
    pub force: bool,
    /// Show progress as a moving bar, as plain lines, or as events in JSON on stdout, one a line
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    pub progress: Progress,
    /// Print the report of the run as JSON instead of the releases' paths
    #[arg(long)]
    pub json: bool,
    /// Also write reports to files: `junit`, `json`, `markdown` or `codequality`; may be repeated
    #[arg(long, value_name = "FORMAT=FILE,…", value_delimiter = ',', value_parser = Wanted::parse)]
    pub report: Vec<Wanted>,
    /// Also write where the time goes, as trace events for Perfetto or chrome://tracing
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// How metadata providers are asked.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Asking {
    /// Ask no metadata provider: take facts from the lock, or from what was fetched before
    #[arg(long)]
    pub offline: bool,
    /// Ask metadata providers anew instead of taking what they said before
    #[arg(long, conflicts_with = "offline")]
    pub refresh: bool,
    /// Write what metadata providers are asked and answer to a folder, without keys
    #[arg(long, value_name = "DIR", conflicts_with = "offline")]
    pub record: Option<PathBuf>,
    /// Take the answers of metadata providers from such a folder, and use no network
    #[arg(long, value_name = "DIR", conflicts_with_all = ["record", "refresh"])]
    pub replay: Option<PathBuf>,
}

impl Asking {
    /// Lets a world be asked in this way. A folder to play from has to be there.
    pub fn apply(&self, world: &mut World) -> Result<(), Failure> {
        if let Some(folder) = self.replay.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(Failure::missing(format!("there is no folder `{}` to play from", folder.display())));
        }
        world.offline |= self.offline;
        world.outside.refresh = self.refresh;
        world.outside.record.clone_from(&self.record);
        world.outside.replay.clone_from(&self.replay);
        Ok(())
    }
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// A bar on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// A moving display.
    Bar,
    /// Lines on stderr.
    Plain,
    /// Events on stdout.
    Json,
}

/// Reads the command line; when it only asks for help or is wrong, says so and gives the code to end with.
pub fn parse() -> Result<Asked, Exit> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let choice = match color(&args) {
        ColorWhen::Always => ColorChoice::Always,
        ColorWhen::Never => ColorChoice::Never,
        ColorWhen::Auto => ColorChoice::Auto,
    };
    let tell = |error: clap::Error| {
        // A closed pipe ends the help text, and there is nobody to tell.
        let _ = error.print();
        if error.exit_code() == 0 { Exit::Done } else { Exit::Usage }
    };
    let mut matches = command(&args).color(choice).try_get_matches_from(args).map_err(tell)?;
    let common = Common::from_arg_matches(&matches).map_err(tell)?;
    let ui = Ui { out: common.color.for_stdout(), err: common.color.for_stderr() };
    let named = matches.remove_subcommand();
    let found = named.and_then(|(name, matches)| Some((find(&name)?, matches)));
    // The parser takes no command line without a command of the table.
    let (command, matches) = found.ok_or(Exit::Usage)?;
    Ok(Asked { command, matches, ui })
}

/// The command line with all commands.
pub fn whole() -> clap::Command {
    Common::command().subcommands(COMMANDS.iter().map(Row::command))
}

/// The command line for these arguments. Where the first of them names a command it has that one alone: making all of
/// them takes longer than reading a small file.
fn command(args: &[OsString]) -> clap::Command {
    match args.get(1).and_then(|arg| arg.to_str()) {
        Some("--version" | "-V") => Common::command().subcommand_required(false),
        Some(first) => find(first).map_or_else(whole, |row| Common::command().subcommand(row.command())),
        None => whole(),
    }
}

fn find(name: &str) -> Option<&'static Row> {
    COMMANDS.iter().find(|row| row.name == name)
}

/// The `--color` of a command line that is not parsed yet, since its own faults are coloured too.
fn color(args: &[OsString]) -> ColorWhen {
    let words: Vec<&str> =
        args.iter().filter_map(|arg| arg.to_str()).take_while(|word| *word != "--").collect();
    let glued = words.iter().filter_map(|word| word.strip_prefix("--color="));
    let apart =
        words.iter().zip(words.iter().skip(1)).filter(|(word, _)| **word == "--color").map(|(_, when)| *when);
    let when = glued.chain(apart).next_back().and_then(|when| ColorWhen::from_str(when, false).ok());
    when.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        whole().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        for command in command(&[]).get_subcommands().filter(|command| command.get_name() != "help") {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("  bindery "), "{}", command.get_name());
        }
    }

    #[test]
    fn the_list_of_commands_says_what_each_does() {
        for args in [&["bindery", "--help"][..], &["bindery", "help"], &["bindery"]] {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let help = command(&args).try_get_matches_from(&args).unwrap_err().to_string();
            assert!(help.contains("Show the facts found in files"), "{args:?}: {help}");
        }
    }

    #[test]
    fn colour_is_known_before_the_rest() {
        let check = |args: &[&str], wanted| {
            assert_eq!(color(&args.iter().map(OsString::from).collect::<Vec<_>>()), wanted);
        };
        check(&["bindery", "--color=never", "run"], ColorWhen::Never);
        check(&["bindery", "run", "--color", "always"], ColorWhen::Always);
        check(&["bindery", "run", "--", "--color=always"], ColorWhen::Auto);
    }
}
