//! The state of a project: who has it, what it remembers, and that its log does not grow for ever.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::record::FolderRecord;
use super::*;

fn record(target: &str, inode: u64) -> ReleaseRecord {
    ReleaseRecord {
        name: target.into(),
        target: target.into(),
        folder: FolderRecord { name: String::new(), inode, modified: 0 },
        folders: Vec::new(),
        files: Vec::new(),
        time: 0,
        whole: Digest::default(),
        shape: Digest::default(),
        sources: Vec::new(),
        steps: Vec::new(),
    }
}

fn key(name: &str) -> ReleaseKey {
    ReleaseKey(Digest::of(name.as_bytes()))
}

fn hold(home: &Path) -> Store {
    Store::hold(home, || panic!("nobody has it")).unwrap()
}

#[test]
fn what_one_run_keeps_the_next_one_knows() {
    let home = tempfile::tempdir().unwrap();
    let store = hold(home.path());
    store.keep(key("a"), &record("dist/a", 1));
    store.keep_shape(Digest::of(b"s"), &serde_json::json!({ "rar": 1 }));
    assert_eq!(store.release(key("a")).unwrap().target, "dist/a");
    drop(store);
    let store = Store::read(home.path());
    assert_eq!(store.release(key("a")).unwrap().target, "dist/a");
    assert_eq!(store.shape(Digest::of(b"s")), Some(serde_json::json!({ "rar": 1 })));
    assert!(store.release(key("b")).is_none() && store.trouble().is_none());
}

#[test]
fn of_two_records_the_one_that_lies_there_is_true() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("r")).unwrap();
    let (stamp, _) = crate::stamp::at(&home.path().join("r")).unwrap();
    let store = hold(home.path());
    store.keep(key("r"), &ReleaseRecord { name: "old".into(), ..record("r", stamp.inode) });
    // The run that was about to replace it ended just before.
    store.keep(key("r"), &ReleaseRecord { name: "new".into(), ..record("r", 0) });
    assert_eq!(store.release(key("r")).unwrap().name, "old");
    fs::remove_dir(home.path().join("r")).unwrap();
    assert_eq!(store.release(key("r")).unwrap().name, "new");
}

#[test]
fn what_was_delivered_belongs_to_the_release_that_lay_there() {
    let home = tempfile::tempdir().unwrap();
    let store = hold(home.path());
    let step = StepRecord { id: "send".into(), ..StepRecord::default() };
    let steps = |store: &Store| store.release(key("a")).unwrap().steps.len();
    store.keep(key("a"), &record("a", 1));
    store.keep_delivered(key("a"), 1, std::slice::from_ref(&step));
    assert_eq!(steps(&store), 1);
    drop(store);
    let store = hold(home.path());
    assert_eq!(steps(&store), 1);
    store.keep(key("a"), &record("a", 2));
    assert_eq!(steps(&store), 0);
    store.keep_delivered(key("a"), 1, &[step]);
    assert_eq!(steps(&store), 0);
}

#[test]
fn a_second_run_waits_until_the_first_is_over() {
    let home = tempfile::tempdir().unwrap();
    let first = Arc::new(hold(home.path()));
    let begun = Instant::now();
    let mut asked = 0;
    assert!(
        Store::hold(home.path(), || {
            asked += 1;
            asked < 3
        })
        .is_none()
    );
    assert_eq!(asked, 3);
    let keeper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        first.keep(key("a"), &record("a", 1));
    });
    let second = Store::hold(home.path(), || {
        std::thread::sleep(Duration::from_millis(1));
        begun.elapsed() < Duration::from_secs(20)
    });
    keeper.join().unwrap();
    assert!(second.unwrap().release(key("a")).is_some());
}

#[test]
fn the_log_is_written_anew_when_most_of_it_is_of_no_use() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("stays")).unwrap();
    let long = ReleaseRecord { name: "x".repeat(10_000), ..record("stays", 1) };
    let store = hold(home.path());
    store.keep(key("gone"), &ReleaseRecord { target: "gone".into(), ..long.clone() });
    (0..300).for_each(|_| store.keep(key("stays"), &long));
    drop(store);
    let log = home.path().join(FOLDER).join(LOG);
    assert!(fs::metadata(&log).unwrap().len() > 3_000_000);
    drop(hold(home.path()));
    assert!(fs::metadata(&log).unwrap().len() < 30_000);
    let store = hold(home.path());
    assert!(store.release(key("stays")).is_some() && store.release(key("gone")).is_none());
}

#[test]
fn where_nothing_can_be_kept_the_reason_is_told() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(".bindery"), "a file").unwrap();
    let store = hold(home.path());
    store.keep(key("a"), &record("a", 1));
    assert!(store.release(key("a")).is_none());
    assert!(store.trouble().unwrap().contains(".bindery/state"), "{:?}", store.trouble());
}
