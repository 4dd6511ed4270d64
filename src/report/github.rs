//! Annotations that GitHub shows beside the lines of manifests.

use manifests::{Stretch, workflow_command};

use super::account::Fault;

/// One workflow command for each fault.
pub fn annotate(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(one).collect()
}

fn one(fault: &Fault) -> String {
    let at = fault.spot.as_ref().map(|spot| Stretch {
        file: &spot.file,
        line: spot.line,
        column: spot.column,
        length: spot.length,
    });
    let message = match &fault.of {
        Some(of) => format!("{of}: {}", fault.message),
        None => fault.message.clone(),
    };
    workflow_command(fault.severity, at, &fault.code, &message, fault.hint.as_deref())
}
