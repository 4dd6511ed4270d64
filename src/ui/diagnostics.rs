//! Failures of runs and commands in the look of manifest diagnostics.

use super::{Paint, clean};

/// An error, the place it belongs to, and what to do about it.
pub fn fault(paint: &Paint, message: &str, place: Option<&str>, hint: Option<&str>) -> String {
    let mut text = format!("{} {}", paint.bad("error:"), paint.bold(&clean(message)));
    if let Some(place) = place {
        text.push_str(&format!("\n {} {}", paint.dim("-->"), clean(place)));
    }
    if let Some(hint) = hint {
        text.push_str(&format!("\n  {} {}", paint.dim("= help:"), clean(hint)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_like_a_diagnostic() {
        assert_eq!(
            fault(&Paint::PLAIN, "no such\u{7} thing", Some("release.yaml:1:2"), Some("look")),
            "error: no such\\u{7} thing\n --> release.yaml:1:2\n  = help: look"
        );
    }
}
