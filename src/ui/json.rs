//! Events as JSON, one a line.

use std::io::{self, Write};

use engine::Event;

/// Writes each event to stdout as it happens.
pub fn lines() -> impl FnMut(&Event) {
    move |event| {
        let mut out = io::stdout().lock();
        // A closed pipe ends the listing, not the release.
        let _ =
            serde_json::to_writer(&mut out, event).map(|()| out.write_all(b"\n").and_then(|()| out.flush()));
    }
}
