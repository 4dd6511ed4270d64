//! How a command ends: the exit codes that scripts rely on, and failures on their way to one.

use std::process::ExitCode;

use manifests::{Diagnostic, Severity};

use crate::ui::{Ui, diagnostics};

/// How a command ended. The numbers never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Done = 0,
    /// A step failed, or a test found a fault.
    Failed = 1,
    /// The command line, a manifest or the configuration is wrong.
    Usage = 2,
    /// Something that was named does not exist.
    Missing = 3,
    /// A bug in Bindery.
    Bug = 70,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// A sentence of our own.
    Message {
        /// The code to end with.
        exit: Exit,
        /// What happened: a lower-case fragment.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Faults of manifests and configuration files.
    Diagnostics(Vec<Diagnostic>),
}

impl Failure {
    /// A failure that ends with this code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Message { exit, message: message.into(), hint: None }
    }

    /// A command line that cannot be followed.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something that was named and is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(Exit::Missing, message)
    }

    /// The same, with advice.
    #[must_use]
    pub fn hint(mut self, advice: impl Into<String>) -> Self {
        if let Self::Message { hint, .. } = &mut self {
            *hint = Some(advice.into());
        }
        self
    }

    /// Says it on stderr and gives the code to end with.
    pub fn tell(&self, ui: &Ui) -> Exit {
        match self {
            Self::Message { exit, message, hint } => {
                ui.say(&diagnostics::fault(&ui.err, message, None, hint.as_deref()));
                *exit
            }
            Self::Diagnostics(faults) => {
                ui.say(manifests::render(faults, ui.err.on()).trim_end());
                let errors = faults.iter().any(|fault| fault.severity == Severity::Error);
                if errors { Exit::Usage } else { Exit::Done }
            }
        }
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(faults: Vec<Diagnostic>) -> Self {
        Self::Diagnostics(faults)
    }
}
