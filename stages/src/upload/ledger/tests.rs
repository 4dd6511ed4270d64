//! Ledgers: what was noted is there again, whoever dies when, and two processes never write at once.

use serde_json::json;

use super::*;
use crate::upload::options::Proof;

fn head() -> Head {
    Head {
        release: "A-GRP".into(),
        path: "/r/A-GRP".into(),
        destination: "nas".into(),
        address: "/srv".into(),
        name: "A-GRP".into(),
        options: json!({ "to": ["nas"] }),
        ended: false,
    }
}

fn row(file: &str, state: State) -> Row {
    Row { file: file.into(), size: 7, modified: 1, sha256: None, state }
}

fn open(home: &Path) -> Ledger {
    Ledger::open(Some(home), &head(), &Arc::default()).unwrap()
}

#[test]
fn what_was_noted_is_there_again() {
    let home = tempfile::tempdir().unwrap();
    let ledger = open(home.path());
    ledger.note_head(head());
    ledger.note([row("a", State::Planned), row("b", State::Sending { offset: 3 })]);
    ledger.jot([row("a", State::Verified { proof: Proof::Hash, by: "sha256".into() })]);
    let known = ledger.known();
    drop(ledger);
    let again = open(home.path()).known();
    assert_eq!(again.rows, known.rows);
    assert_eq!((again.head, again.rows["b"].state.word()), (Some(head()), "sending"));
    assert_eq!(all(home.path()).len(), 1);
}

#[test]
fn a_long_ledger_is_written_anew_and_says_the_same() {
    let home = tempfile::tempdir().unwrap();
    let ledger = open(home.path());
    ledger.note_head(head());
    for offset in 0..500 {
        ledger.jot([row("a", State::Sending { offset })]);
    }
    let known = ledger.known();
    drop(ledger);
    drop(open(home.path()));
    let (_, after) = all(home.path()).pop().unwrap();
    assert_eq!(after.rows, known.rows);
    let log = fs::read_dir(home.path().join(FOLDER)).unwrap().flatten();
    let size: u64 = log.map(|entry| entry.metadata().unwrap().len()).sum();
    assert!(size < 1000, "{size}");
}

#[test]
fn another_process_is_waited_for_until_everything_is_to_stop() {
    let home = tempfile::tempdir().unwrap();
    let held = open(home.path());
    let flow: Arc<Flow> = Arc::default();
    let waiting = std::thread::spawn({
        let (flow, home) = (Arc::clone(&flow), home.path().to_owned());
        move || Ledger::open(Some(&home), &head(), &flow).map(drop)
    });
    while flow.take_notes().is_empty() {
        std::thread::yield_now();
    }
    flow.stop(&StageError::cancelled());
    assert_eq!(waiting.join().unwrap().unwrap_err().code, "step/cancelled");
    drop(held);
    drop(open(home.path()));
}

#[test]
fn without_a_place_to_write_the_delivery_goes_on_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(FOLDER), "a file where the folder should be").unwrap();
    let flow: Arc<Flow> = Arc::default();
    let ledger = Ledger::open(Some(home.path()), &head(), &flow).unwrap();
    assert!(flow.take_notes()[0].starts_with("the ledger cannot be kept"));
    ledger.note([row("a", State::Landed)]);
    assert_eq!(ledger.known().rows["a"].state, State::Landed);
}
