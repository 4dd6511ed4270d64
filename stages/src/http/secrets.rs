//! Keeps secrets out of everything that is written: texts that hold one come out without it.

use std::sync::{Mutex, PoisonError};

use super::request::encoded;

/// What stands where a secret stood.
const HIDDEN: &str = "[secret]";
/// Shorter texts than this are no secrets: to take them out would tear words apart.
const SHORTEST: usize = 4;

/// The secrets of a run.
#[derive(Debug, Default)]
pub(super) struct Secrets(Mutex<Vec<String>>);

impl Secrets {
    /// Hides this text from now on, also as it stands in addresses and in JSON.
    pub(super) fn add(&self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let quoted = serde_json::Value::from(secret).to_string();
        let unquoted = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let forms = [secret.to_owned(), encoded(secret), unquoted.unwrap_or(&quoted).to_owned()];
        // A list of whole texts cannot be left half-changed.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for form in forms {
            if !known.contains(&form) {
                known.push(form);
            }
        }
        // Longer ones first, since one secret may be part of another.
        known.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// The text without secrets.
    pub(super) fn clean(&self, text: &str) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .filter(|secret| text.contains(secret.as_str()))
            .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }

    /// The same for bytes that may be text.
    pub(super) fn clean_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(bytes) {
            Ok(text) => self.clean(&text).into_bytes(),
            Err(error) => error.into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let secrets = Secrets::default();
        secrets.add("p&q \"r\"");
        secrets.add("abc");
        assert_eq!(
            secrets.clean("x=p%26q%20%22r%22&y=p&q \"r\" {p&q \\\"r\\\"} abc"),
            "x=[secret]&y=[secret] {[secret]} abc"
        );
    }
}
