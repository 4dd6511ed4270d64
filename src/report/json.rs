//! What `--json` prints, in a file.

use super::account::Account;

/// The text of the file.
pub fn write(account: &Account<'_>) -> String {
    // A report has text for keys and no number that JSON lacks, so it can always be written.
    let mut text = (account.json)().unwrap_or_default();
    text.push('\n');
    text
}
