//! Deliveries to a far end that fails in every way: they end proven, send little twice, and leave nothing behind.

use engine::StageError;

use super::fake::{Cut, NAME, Tide};
use crate::bench::noise;
use crate::upload::faults;
use crate::upload::ledger::{Row, State};
use crate::upload::options::{OnConflict, Order, Place, Proof};
use crate::upload::source::BLOCK;

/// Most that is sent twice for one cut.
const AGAIN: u64 = 1024 * 1024 + BLOCK;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let sizes = [
        ("a.rar", 700_000),
        ("b.r00", 262_144),
        ("c.r01", 262_145),
        ("d.sfv", 70),
        ("e/empty.nfo", 0),
        ("e/f.diz", 1),
        ("g.bin", 1_500_000),
    ];
    sizes.iter().enumerate().map(|(seed, &(name, size))| (name, noise(size, seed as u64 + 1))).collect()
}

fn small() -> Tide {
    Tide::new(&[("a.rar", noise(300_000, 1)), ("b.sfv", noise(50, 2))])
}

/// A number for a seed.
fn chance(seed: u64, what: u64, below: u64) -> u64 {
    let mut state = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ what.wrapping_mul(0xd134_2543_de82_ef95)) | 1;
    for _ in 0..3 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    state % below
}

/// Cuts at bytes that matter: ends of files and of blocks, their neighbours, and anywhere.
fn cuts(seed: u64, total: u64, most: u64) -> Vec<(u64, Cut)> {
    let number = 1 + chance(seed, 0, most);
    let mut cuts: Vec<(u64, Cut)> = (0..number)
        .map(|one| {
            let edges = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 70, 71, 700_000, total - 1];
            let at = match chance(seed, 10 + one, 3) {
                0 => edges[usize::try_from(chance(seed, 20 + one, edges.len() as u64)).unwrap()],
                _ => chance(seed, 30 + one, total),
            };
            let some = usize::try_from(chance(seed, 40 + one, 200_000)).unwrap();
            let cut = match chance(seed, 50 + one, 5) {
                0 => Cut::Lost,
                1 => Cut::Short(some),
                2 => Cut::Garbage(some % 500),
                3 => Cut::Silent,
                _ => Cut::Answer,
            };
            (at, cut)
        })
        .collect();
    cuts.sort_by_key(|(at, _)| *at);
    cuts
}

#[test]
fn three_hundred_cuts_end_proven_and_send_little_twice() {
    let files = files();
    let total: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    for seed in 0..320 {
        let tide = Tide::new(&files);
        let cuts = cuts(seed, total, 3);
        let when = format!("seed {seed}: {cuts:?}");
        tide.sea.with(|sea| {
            sea.algorithms = if seed % 3 == 0 { vec!["sha256"] } else { Vec::new() };
            sea.connections = 1 + usize::try_from(seed % 2).unwrap();
            sea.deaf_renames = usize::from(seed % 5 == 0);
            sea.cuts = cuts.iter().copied().collect();
        });
        let (delivered, notes) = tide.go();
        let delivered = delivered.unwrap_or_else(|error| panic!("{when}: {error:?} {notes:?}"));
        assert_eq!(delivered.sent, files.len(), "{when}");
        tide.is_there(NAME, &when);
        let sent = tide.sea.with(|sea| sea.sent);
        assert!(sent <= total + AGAIN * cuts.len() as u64, "{when}: {sent} of {total}");
        let known = tide.known();
        assert!(known.is_finished(), "{when}");
        let proven = |row: &Row| matches!(row.state, State::Verified { .. }) && row.sha256.is_some();
        assert!(known.rows.values().all(proven), "{when}: {:?}", known.rows);
    }
}

/// Whether the ledger claims no more than is there.
fn is_true(tide: &Tide, when: &str) {
    let sea = tide.sea.files();
    let size = |file: &str| {
        let places = [format!("{NAME}/{file}"), format!(".bindery-{NAME}.part/{file}")];
        places.iter().find_map(|place| sea.get(place)).map(|bytes| bytes.len() as u64)
    };
    let known = tide.known();
    for (file, row) in &known.rows {
        match row.state {
            State::Sending { offset } => {
                assert!(size(file).unwrap_or(0) >= offset, "{when}: {row:?}, {:?}", size(file));
            }
            State::Landed | State::Verified { .. } => {
                assert_eq!(size(file), Some(row.size), "{when}: {row:?}");
            }
            State::MayHaveLanded | State::Planned | State::Failed { .. } => {}
        }
    }
    assert!(!known.is_finished(), "{when}");
}

#[test]
fn a_process_that_dies_at_any_byte_goes_on_where_it_was() {
    let files = files();
    let total: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    for seed in 0..120 {
        let tide = Tide::new(&files);
        let at = chance(seed, 1, total);
        let when = format!("seed {seed}, dies at {at}");
        tide.sea.with(|sea| {
            sea.connections = 1 + usize::try_from(seed % 3).unwrap();
            sea.cuts = [(at, Cut::Killed)].into();
        });
        let error = tide.go().0.unwrap_err();
        assert_eq!(error.code, "step/cancelled", "{when}");
        is_true(&tide, &when);
        assert!(!tide.sea.files().keys().any(|path| path.starts_with(NAME)), "{when}: half a release");
        tide.good();
        tide.is_there(NAME, &when);
        let sent = tide.sea.with(|sea| sea.sent);
        assert!(sent <= total + AGAIN * 3, "{when}: {sent} of {total}");
    }
}

#[test]
fn what_is_there_is_not_sent_again() {
    let tide = small();
    tide.good();
    let before = tide.sea.with(|sea| (std::mem::take(&mut sea.sent), std::mem::take(&mut sea.read)));
    assert!(before.0 == 300_050 && before.1 > 0, "{before:?}");
    let again = tide.good();
    assert_eq!((again.sent, again.found, tide.sea.with(|sea| (sea.sent, sea.read))), (0, 2, (0, 0)));
    // Without the ledger the far end is asked about everything, and nothing is sent either.
    std::fs::remove_dir_all(tide.folder.path().join("uploads")).unwrap();
    assert_eq!(tide.good().found, 2);
    assert_eq!(tide.sea.with(|sea| sea.sent), 0);
    // A file that went missing there is all that is sent.
    tide.sea.with(|sea| sea.files.remove(&format!("{NAME}/b.sfv")));
    assert_eq!(tide.good().sent, 1);
    tide.is_there(NAME, "one file again");
    assert_eq!(tide.sea.with(|sea| sea.sent), 50);
}

#[test]
fn other_content_of_that_name_is_left_alone_replaced_or_avoided() {
    let spoiled = |on_conflict| {
        let mut tide = small();
        tide.good();
        tide.on_conflict = on_conflict;
        tide.sea.with(|sea| sea.files.get_mut(&format!("{NAME}/a.rar")).unwrap()[7] ^= 1);
        std::fs::remove_dir_all(tide.folder.path().join("uploads")).unwrap();
        tide
    };
    let tide = spoiled(OnConflict::Verify);
    let before = tide.sea.files();
    assert_eq!(tide.code(), "remote/exists");
    assert!(tide.sea.files() == before);
    let tide = spoiled(OnConflict::Replace);
    assert_eq!(tide.good().sent, 1);
    tide.is_there(NAME, "replaced");
    let tide = spoiled(OnConflict::Rename);
    let before = tide.sea.files();
    let name = format!("{NAME}.2");
    assert_eq!((tide.good().name, tide.good().sent), (name.clone(), 0));
    let after = tide.sea.files();
    assert!(before.iter().all(|(path, bytes)| after[path] == *bytes), "the old one is as it was");
    assert_eq!(after[&format!("{name}/a.rar")], tide.files["a.rar"]);
    assert_eq!(after.len(), 4);
}

fn refused() -> StageError {
    StageError::new("remote/refused", "530 no").hint("look at the password")
}

fn unreachable() -> StageError {
    StageError::new("remote/unreachable", "nobody is there").hint("look at the host").retriable()
}

fn late() -> StageError {
    StageError::new("remote/timeout", "no answer").hint("wait").retriable()
}

#[test]
fn each_failure_has_its_own_code_and_is_not_tried_again_in_vain() {
    let check = |refuses: fn(&str, &str) -> Option<StageError>, wanted: &str, tries: usize| {
        let tide = small();
        tide.sea.with(|sea| sea.refuses = Some(refuses));
        assert_eq!(tide.code(), wanted);
        let (call, calls) = tide.sea.with(|sea| (sea.calls.last().unwrap().clone(), sea.calls.clone()));
        assert_eq!(calls.iter().filter(|one| **one == call).count(), tries, "{calls:?}");
    };
    check(|name, _| (name == "connect").then(refused), "remote/refused", 1);
    check(|name, _| (name == "connect").then(unreachable), "remote/unreachable", 3);
    check(|name, _| (name == "make_folder").then(late), "remote/timeout", 6);
}

#[test]
fn a_folder_that_must_not_be_written_to_is_told() {
    let tide = small();
    tide.sea.with(|sea| sea.refuses = Some(|name, _| (name == "put").then(|| faults::denied("550 no"))));
    assert_eq!(tide.code(), "remote/denied");
    let known = tide.known();
    assert!(known.rows.values().any(|row| row.state == State::Failed { code: "remote/denied".into() }));
    tide.sea.with(|sea| sea.refuses = None);
    tide.good();
    tide.is_there(NAME, "after the permission was mended");
}

#[test]
fn a_full_far_end_is_told_before_a_byte_is_sent() {
    let tide = small();
    tide.sea.with(|sea| sea.free = Some(300_049));
    assert_eq!(tide.code(), "remote/full");
    assert_eq!(tide.sea.with(|sea| sea.sent), 0);
    tide.sea.with(|sea| sea.free = Some(300_050));
    tide.good();
}

#[test]
fn a_far_end_that_lies_about_sizes_is_found_out() {
    let check = |lies: fn(u64) -> u64| {
        let tide = small();
        tide.sea.with(|sea| sea.lies = Some(lies));
        assert_eq!(tide.code(), "remote/size");
    };
    check(|size| size / 2);
    check(|size| size + 1);
    check(|_| 0);
}

#[test]
fn a_far_end_that_stores_other_bytes_is_found_out() {
    let wrong = |cuts: &[u64], remembers: bool| {
        let tide = small();
        tide.sea.with(|sea| {
            sea.algorithms = vec!["crc32"];
            sea.remembers = remembers;
            sea.cuts = cuts.iter().map(|at| (*at, Cut::Wrong(9))).collect();
        });
        tide
    };
    for remembers in [false, true] {
        let once = wrong(&[200_000], remembers);
        assert_eq!(once.good().sent, 2);
        once.is_there(NAME, "sent once more");
        let twice = wrong(&[200_000, 500_000], remembers);
        assert_eq!(twice.code(), "remote/corrupt");
        assert!(!twice.sea.files().keys().any(|path| path.starts_with(NAME)));
    }
}

#[test]
fn what_changed_since_it_was_packed_is_not_delivered() {
    let mut tide = small();
    tide.digests.insert("a.rar".into(), "00000001".into());
    assert_eq!(tide.code(), "input/changed");
    assert!(!tide.sea.files().keys().any(|path| path.starts_with(NAME)));
}

#[test]
fn the_level_of_proof_is_reached_or_the_best_there_is() {
    let check = |algorithms: &[&'static str], size: usize, asked: Option<Proof>, wanted: (Proof, &str)| {
        let mut tide = Tide::new(&[("a.rar", noise(size, 3))]);
        tide.proof = asked;
        tide.sea.with(|sea| sea.algorithms = algorithms.to_vec());
        let reached = tide.good().reached.unwrap();
        assert_eq!((reached.proof, reached.by.as_str()), wanted);
        let row = tide.known().rows["a.rar"].state.clone();
        assert_eq!(row, State::Verified { proof: reached.proof, by: reached.by });
    };
    check(&["md5"], 900_000, None, (Proof::Hash, "md5"));
    check(&["crc32", "sha256"], 900_000, None, (Proof::Hash, "sha256"));
    check(&[], 900_000, None, (Proof::Sample, "samples"));
    check(&[], 900_000, Some(Proof::Hash), (Proof::Hash, "read back"));
    check(&[], 200_000, None, (Proof::Hash, "read back"));
    check(&["sha256"], 900_000, Some(Proof::Sample), (Proof::Sample, "samples"));
    check(&["sha256"], 900_000, Some(Proof::Size), (Proof::Size, "size"));
}

#[test]
fn files_go_in_the_order_that_was_asked_for() {
    let check = |order: Order, first: &str, last: &str| {
        let mut tide = Tide::new(&[
            ("a.sfv", noise(60, 1)),
            ("b.rar", noise(90_000, 2)),
            ("c.rar", noise(80_000, 3)),
            ("d.nfo", noise(70, 4)),
        ]);
        tide.order = order;
        tide.sea.with(|sea| sea.connections = 3);
        tide.good();
        let puts = tide.sea.with(|sea| {
            let puts = sea.calls.iter().filter_map(|call| call.strip_prefix("put "));
            puts.map(|path| path.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>()
        });
        assert!(puts[0].ends_with(first) && puts[3].ends_with(last), "{puts:?}");
    };
    check(Order::Place(Place::First), "", ".rar");
    check(Order::Place(Place::Last), ".rar", "");
    check(Order::Globs(vec!["*.sfv".into(), "*".into(), "*.nfo".into()]), "a.sfv", "d.nfo");
}

#[test]
fn left_overs_of_an_older_release_go() {
    let tide = small();
    tide.sea.with(|sea| {
        let part = format!(".bindery-{NAME}.part");
        sea.folders.extend([part.clone(), format!("{part}/old")]);
        sea.files.insert(format!("{part}/old/stale.rar"), vec![1]);
        sea.files.insert(format!("{part}/a.rar"), noise(500_000, 9));
    });
    tide.good();
    tide.is_there(NAME, "over left-overs");
}

#[test]
fn a_dry_run_changes_nothing_and_remembers_nothing() {
    let mut tide = small();
    tide.dry_run = true;
    assert_eq!(tide.good().sent, 2);
    assert!(tide.sea.files().is_empty() && tide.known().head.is_none());
}

#[test]
fn a_far_end_that_cannot_rename_folders_gets_files_one_by_one() {
    let tide = small();
    tide.sea.with(|sea| {
        sea.refuses = Some(|name, path| {
            let is_folder = name == "rename" && !path.contains('/');
            is_folder.then(|| StageError::new("remote/unsupported", "folders stay"))
        });
    });
    tide.good();
    tide.is_there(NAME, "one by one");
}
