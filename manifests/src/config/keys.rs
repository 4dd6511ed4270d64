//! What the keys of a destination mean, for the schema and whoever completes and explains with it.
//!
//! Words alone: which type takes which key, and what is a good value, is checked by the type.

use schemars::Schema;
use serde_json::{Value, json};

/// Keys, what they say, and an example. In the order in which one writes them.
const KEYS: &[(&str, &str, &str)] = &[
    ("host", "Name or address of the server.", "\"ftp.example.org\""),
    ("port", "Its port, where it is not the usual one.", "2121"),
    ("user", "Who logs in.", "\"me\""),
    ("password", "The password, as a reference to where it is kept.", "{ \"env\": \"FTP_PASSWORD\" }"),
    ("path", "The folder that releases are taken to.", "\"/srv/incoming\""),
    ("connections", "How many connections may be open at once.", "4"),
    ("limit", "Bytes a second, for all connections together.", "\"2MB\""),
    ("window", "When anything may be sent, in the time of this machine.", "\"22:00-06:00\""),
    (
        "retries",
        "How often something that may pass is tried again before it counts as failed; usually 5.",
        "5",
    ),
    ("retry_delay", "The first pause before that, which doubles; usually `1s`.", "\"2s\""),
    ("timeout", "How long the far end may take to answer.", "\"60s\""),
    ("proof", "How deliveries are proven unless a step says: `hash`, `sample` or `size`.", "\"hash\""),
    ("dry_run", "Look what would be sent, and send nothing.", "true"),
];

/// Adds them to the schema of a destination.
pub(super) fn describe(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (key, about, example) in KEYS {
        let example: Value = serde_json::from_str(example).unwrap_or_default();
        let entry = json!({ "description": about, "examples": [example] });
        properties.entry(*key).or_insert(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_one() {
        for (key, _, example) in KEYS {
            assert!(serde_json::from_str::<Value>(example).is_ok(), "{key}");
        }
    }
}
